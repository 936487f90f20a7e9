import json
import socket

import pytest

from tests.acceptance.answering import portal_that_answers

KEY = "sk-0123456789abcdef0123456789abcdef"
TOML = '[portal]\nurl = "https://portal.example.org"\n'


def told(ran):
    """The four lines of an error, by their names; fails when there is anything else."""
    assert "Traceback" not in ran.stderr
    lines = ran.stderr.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "Attempted",
        "Found",
        "Meaning",
        "Remedy",
    ], ran.stderr
    assert all(line.partition(":")[2].strip() for line in lines)
    return {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}


def at(url):
    return {"LASTSEEN_PORTAL__URL": url, "LASTSEEN_API_KEY": KEY}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("command", ["doctor", "review", ("run", "--yes"), ("explain", "a@x.org")])
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_one_clear_message(lastseen, command, status):
    arguments = (command,) if isinstance(command, str) else command
    with portal_that_answers(status, "no entry") as url:
        ran = lastseen(*arguments, environment=at(url))
    assert ran.exit_code == 3
    assert ran.stdout == ""
    assert str(status) in told(ran)["found"]


def test_a_refused_connection_is_one_clear_message(lastseen):
    ran = lastseen("review", environment=at(f"http://127.0.0.1:{free_port()}"))
    assert ran.exit_code == 3
    assert "127.0.0.1" in "".join(told(ran).values())


@pytest.mark.parametrize(
    "command",
    [
        ("review", "--cohort", "nope"),
        ("review", "--cohort", "nope", "--same-portal"),
        ("review", "--only-decision", "nope"),
        ("review", "--now", "nope"),
        ("review", "--roster-out", "nowhere/roster.csv"),
        ("review", "-o", "nowhere/plan.json"),
        ("run", "--now", "nope"),
        ("run", "--metrics-file", "nowhere/run.prom"),
        ("run", "--metrics-file", "nowhere/run.prom", "--same-portal"),
        ("run", "--metrics-file", "nowhere/run.prom", "--now", "2026-01-01"),
        ("undo", "nope"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_refused_before_the_portal_is_asked_and_is_no_failed_run(
    lastseen, command
):
    nobody_there = at(f"http://127.0.0.1:{free_port()}")
    ran = lastseen(*command, environment=nobody_there)
    assert ran.exit_code == 2
    told(ran)
    assert "Failed" not in lastseen("status", environment=nobody_there).stdout
    assert "No run yet" in lastseen("history", environment=nobody_there).stdout


def test_an_unknown_host_is_one_clear_message(lastseen):
    ran = lastseen("review", environment=at("https://no-such-portal.invalid"))
    assert ran.exit_code == 3
    assert "no-such-portal.invalid" in "".join(told(ran).values())


def test_no_address_is_one_clear_message(lastseen):
    ran = lastseen("review", environment={"LASTSEEN_API_KEY": KEY})
    assert ran.exit_code == 2
    assert "portal.url" in told(ran)["found"]


def test_no_key_is_one_clear_message(lastseen):
    ran = lastseen("review", environment={"LASTSEEN_PORTAL__URL": "https://portal.example.org"})
    assert ran.exit_code == 2
    assert "LASTSEEN_API_KEY" in told(ran)["remedy"]


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("[portal\n", "line 1"),
        (TOML + "[polcy]\ninactive_days = 30\n", "polcy"),
        (TOML + "[policy]\ninactive_day = 30\n", "inactive_day"),
        (TOML + "[policy]\ninactive_days = -3\n", "inactive_days"),
        (TOML + "[policy]\ninactive_days = 30\nlookback_days = 10\n", "lookback_days"),
        (TOML + '[policy]\nnever_seen = "maybe"\n', "never_seen"),
        ('[portal]\nurl = "http://portal.example.org"\n', "url"),
        (TOML + '[roster]\nsource = "nowhere"\n', "source"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_one_clear_message(lastseen, toml, named):
    (lastseen.folder / "lastseen.toml").write_text(toml)
    ran = lastseen("review", environment={"LASTSEEN_API_KEY": KEY})
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert named in told(ran)["found"]


def test_a_configuration_that_is_not_there_is_one_clear_message(lastseen):
    ran = lastseen("-c", "nowhere.toml", "review")
    assert ran.exit_code == 2
    assert "nowhere.toml" in told(ran)["attempted"]


def test_a_roster_file_that_is_not_there_is_one_clear_message(at_work):
    roster = {"LASTSEEN_ROSTER__SOURCE": "csv", "LASTSEEN_ROSTER__PATH": "nowhere.csv"}
    ran = at_work("review", environment=roster)
    assert ran.exit_code == 2
    assert "nowhere.csv" in told(ran)["attempted"]


@pytest.mark.parametrize("document", ["", "{}", "[1, 2]", '{"schema": "lastseen.plan/1"}', "\x00"])
def test_what_is_no_plan_is_one_clear_message(lastseen, document):
    (lastseen.folder / "plan.json").write_text(document)
    ran = lastseen("apply", "plan.json", "--yes", environment=at("https://portal.example.org"))
    assert ran.exit_code == 2
    assert "plan.json" in told(ran)["attempted"]


def test_a_plan_that_is_not_there_is_one_clear_message(lastseen):
    ran = lastseen("apply", "plan.json", "--yes", environment=at("https://portal.example.org"))
    assert ran.exit_code == 2
    assert "nothing was changed" in told(ran)["meaning"]


def test_a_run_that_is_not_there_is_one_clear_message(lastseen):
    for arguments in (("undo", "f00"), ("history", "f00"), ("explain", "a@x.org", "--run", "f00")):
        ran = lastseen(*arguments, environment=at("https://portal.example.org"))
        assert ran.exit_code == 2
        assert "lastseen history" in told(ran)["remedy"]


def test_a_ledger_that_cannot_be_used_is_one_clear_message(lastseen):
    (lastseen.folder / "ledger.sqlite3").write_bytes(b"this is not a database at all" * 100)
    ran = lastseen(
        "history",
        environment={
            **at("https://portal.example.org"),
            "LASTSEEN_LEDGER__URL": f"sqlite:///{lastseen.folder / 'ledger.sqlite3'}",
        },
    )
    assert ran.exit_code == 2
    told(ran)


@pytest.mark.parametrize(
    "arguments",
    [
        ("review", "--now", "yesterday"),
        ("review", "--format", "pdf"),
        ("review", "-o", "plan.pdf"),
        ("review", "-o", "nowhere/plan.json"),
        ("doctor", "-o", "doctor.csv"),
        ("explain", "a@x.org", "--run", "f00", "--now", "2026-01-01"),
        ("exempt", "add", "a@x.org", "--until", "soon", "--reason", "leave"),
        ("exempt", "remove", "a@x.org"),
        ("history", "--verify", "--export"),
        ("demo", "-o", "nowhere"),
    ],
    ids=" ".join,
)
def test_an_option_that_cannot_be_meant_is_one_clear_message(lastseen, arguments):
    ran = lastseen(*arguments, environment=at("https://portal.example.org"))
    assert ran.exit_code == 2
    assert ran.stdout == ""
    told(ran)


def test_an_error_is_one_json_object_where_logs_are_json(lastseen):
    ran = lastseen("--log-format", "json", "review")
    assert ran.exit_code == 2
    error = json.loads(ran.stderr)
    assert error["attempted"]
    assert error["remedy"]
    assert error["exit_code"] == 2


def test_doctor_names_the_address_that_is_really_asked(lastseen):
    # IDNA 2003 would have asked fass.invalid, with the key.
    ran = lastseen("doctor", environment=at("https://Fa\xdf.invalid"))

    assert ran.exit_code == 3
    assert "xn--fa-hia.invalid" in ran.stderr
    assert "fass.invalid" not in ran.stderr


def test_a_hostile_path_of_a_roster_writes_no_escapes(at_work):
    hostile = "a\x1b[2J\x1b]0;owned\x07\u202eb.csv"
    (at_work.folder / hostile).write_text("email,end_date\nann@x.org,0001-01-01\n,\nx y,\n")
    roster = {"LASTSEEN_ROSTER__SOURCE": "csv", "LASTSEEN_ROSTER__PATH": hostile}

    refused = at_work("review", environment=roster)
    (at_work.folder / hostile).write_text("email,end_date\nann@x.org,0001-01-01\n")
    warned = at_work("review", environment=roster)
    diagnosed = at_work("doctor", environment=roster)

    assert refused.exit_code == 2
    assert "before the year 2000" in warned.stderr
    for ran in (refused, warned, diagnosed):
        said = ran.stdout + ran.stderr
        assert all(sign.isprintable() or sign == "\n" for sign in said), said
