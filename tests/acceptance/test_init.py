import stat
import tomllib
from dataclasses import replace

import pytest

from tests.acceptance.levers import tell
from tests.acceptance.terminal import on_a_terminal


def written(lastseen, name="lastseen.toml"):
    return tomllib.loads((lastseen.folder / name).read_text())


def test_options_and_yes_make_a_configuration_without_a_question(lastseen):
    ran = lastseen("init", "--portal-url", "https://Portal.example.org/", "--days", "45", "--yes")
    assert ran.exit_code == 0, ran.stderr
    made = written(lastseen)
    assert made["portal"]["url"] == "https://portal.example.org"
    assert made["policy"]["inactive_days"] == 45
    assert made["roster"]["source"] == "guests"


def test_what_init_writes_can_be_used(lastseen):
    lastseen("-c", "other.toml", "init", "--portal-url", "https://portal.example.org", "--yes")
    ran = lastseen("-c", "other.toml", "history")
    assert ran.exit_code == 0, ran.stderr


def test_a_link_that_others_could_have_planted_is_not_followed(lastseen, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    (lastseen.folder / "lastseen.toml").symlink_to(elsewhere)
    lastseen.folder.chmod(0o1777)
    ran = lastseen("init", "--portal-url", "https://portal.example.org", "--yes")
    assert ran.exit_code == 0, ran.stderr
    assert not elsewhere.exists()
    assert written(lastseen)["portal"]["url"] == "https://portal.example.org"


def test_a_roster_file_is_named_so_that_it_is_found_from_anywhere(lastseen):
    (lastseen.folder / "people.csv").write_text("email\na@example.org\n")
    lastseen(
        "init", "--portal-url", "https://portal.example.org", "--roster", "people.csv", "--yes"
    )
    made = written(lastseen)
    assert made["roster"]["source"] == "csv"
    assert made["roster"]["path"] == str(lastseen.folder / "people.csv")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--yes",),
        ("--portal-url", "http://portal.example.org", "--yes"),
        ("--portal", "https://portal.example.org", "--roster", "people.pdf"),
        ("--portal-url", "https://portal.example.org", "--days", "-3", "--yes"),
    ],
    ids=" ".join,
)
def test_what_makes_no_configuration_writes_none(lastseen, arguments):
    ran = lastseen("init", *arguments)
    assert ran.exit_code == 2
    assert ran.stderr.startswith("Attempted:")
    assert list(lastseen.folder.iterdir()) == []


def test_a_file_that_is_there_is_never_replaced_without_a_question(lastseen):
    (lastseen.folder / "lastseen.toml").write_text("# mine\n")
    ran = lastseen("init", "--portal-url", "https://portal.example.org", "--yes")
    assert ran.exit_code == 2
    code, said = on_a_terminal(lastseen, "init", answers=[("Go ahead?", "n")])
    assert code == 0
    assert "exists already" in said
    assert (lastseen.folder / "lastseen.toml").read_text() == "# mine\n"


def test_options_suffice_without_a_terminal_and_without_yes(lastseen):
    (lastseen.folder / "key").write_text("sk-0123456789abcdef\n")
    (lastseen.folder / "key").chmod(0o600)
    ran = lastseen(
        "init", "--portal", "https://portal.example.org", "--key-file", "key", "--roster", "guests"
    )
    assert ran.exit_code == 0, ran.stderr
    made = written(lastseen)
    assert made["portal"]["api_key_file"] == str(lastseen.folder / "key")
    assert made["roster"]["source"] == "guests"
    assert "# Disable anyone" in (lastseen.folder / "lastseen.toml").read_text()


def test_a_terminal_is_asked_and_the_key_goes_into_a_file_of_its_own(lastseen):
    key = "sk-0123456789abcdef"
    answers = [
        ("address", "https://portal.example.invalid"),
        ("Keep this address anyway?", "y"),
        ("Contractors", ""),
        ("how many days", "45"),
        ("API key", key),
        ("may still be signed in", "hold"),
        ("Go ahead?", "y"),
        ("Check the portal now?", "n"),
    ]
    code, said = on_a_terminal(lastseen, "init", answers=answers)
    assert code == 0, said
    assert key not in said
    made = written(lastseen)
    assert made["policy"]["inactive_days"] == 45
    assert made["policy"]["open_sessions"] == "hold"
    assert "`lastseen doctor` will tell" in said
    assert key not in (lastseen.folder / "lastseen.toml").read_text()
    kept = lastseen.folder / "lastseen.key"
    assert kept.read_text().splitlines()[0] == key
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert made["portal"]["api_key_file"] == str(kept)


def test_each_answer_is_checked_when_it_is_given_and_the_right_ones_are_kept(lastseen):
    answers = [
        ("address", "portal.example.org"),
        ("does not begin with https://", "https://portal.example.invalid"),
        ("Keep this address anyway?", "y"),
        ("Contractors", "people.csv"),
        ("how many days", "soon"),
        ("is not a number of days", "45"),
        ("API key", "with a blank"),
        ("can't be an API key", ""),
        ("may still be signed in", "close them"),
        ("is none of", ""),
    ]
    code, said = on_a_terminal(lastseen, "init", answers=answers)
    assert code == 0, said
    assert "people.csv does not exist yet" in said
    made = written(lastseen)
    assert made["portal"]["url"] == "https://portal.example.invalid"
    assert made["roster"]["source"] == "csv"
    assert made["policy"]["inactive_days"] == 45


def init_with_defaults(lastseen, portal, *, check):
    """Answer `init` with the portal's address and the defaults; `check` is the last answer."""
    answers = [
        ("address", portal.url),
        ("Contractors", ""),
        ("how many days", "30"),
        ("API key", ""),
        ("may still be signed in", ""),
        ("Check the portal now?", check),
    ]
    environment = {**lastseen.environment, "LASTSEEN_API_KEY": portal.api_key}
    command = type(lastseen)(folder=lastseen.folder, environment=environment)
    return on_a_terminal(command, "init", answers=answers)


def test_the_portal_is_tried_at_once_when_asked_to(lastseen, small_portal):
    code, said = init_with_defaults(lastseen, small_portal, check="y")
    assert code == 0, said
    assert "25 contractors listed" in " ".join(said.split())
    assert "`sign-out` is recommended" in said
    assert written(lastseen)["policy"]["open_sessions"] == "sign-out"


def test_a_wrong_address_or_key_is_reported_at_once_and_kept_only_by_those_who_confirm_it(
    lastseen, small_portal, free_port
):
    answers = [
        ("address", f"http://127.0.0.1:{free_port}"),
        ("connection was refused", "n"),
        ("give another", small_portal.url),
        ("It is DocSpace 3.7", ""),
        ("how many days", ""),
        ("press Enter to set it later", "sk-0123456789wrong"),
        ("The portal refuses this key", "n"),
        ("give another", small_portal.api_key),
        ("may still be signed in", ""),
        ("Go ahead?", "y"),
        ("Check the portal now?", "n"),
    ]
    code, said = on_a_terminal(lastseen, "init", answers=answers)
    assert code == 0, said
    assert "wrong" not in (lastseen.folder / "lastseen.key").read_text()
    assert small_portal.api_key in (lastseen.folder / "lastseen.key").read_text()
    assert written(lastseen)["portal"]["url"] == small_portal.url


def test_a_roster_file_is_read_when_it_is_named(lastseen, small_portal):
    (lastseen.folder / "wrong.csv").write_text("Name;Phone\nAda;1\n")
    (lastseen.folder / "people.csv").write_text("Name;E-Mail\nAda;ada@x.example\n")
    answers = [
        ("address", small_portal.url),
        ("Contractors", "wrong.csv"),
        ("Use this file anyway?", "n"),
        ("give another", "people.csv"),
        ("people.csv: 1 contractor", ""),
        ("API key", ""),
        ("may still be signed in", ""),
    ]
    code, said = on_a_terminal(lastseen, "init", answers=answers)
    assert code == 0, said
    assert "no column id or email, only Name, Phone" in " ".join(said.split())
    assert written(lastseen)["roster"]["path"].endswith("people.csv")


def test_without_a_question_a_roster_that_cannot_be_used_is_warned_of(lastseen):
    (lastseen.folder / "wrong.csv").write_text("Name;Phone\nAda;1\n")
    ran = lastseen(
        "init", "--portal", "https://portal.example.invalid", "--roster", "wrong.csv", "--yes"
    )
    assert ran.exit_code == 0
    assert "no column id or email" in ran.stderr


def test_sign_out_is_not_recommended_to_a_key_that_may_not_end_sessions(lastseen, small_portal):
    tell(small_portal, "settings", {"key_scopes": ["*:read", "accounts:write"]})
    code, said = init_with_defaults(lastseen, small_portal, check="n")
    assert code == 0, said
    assert "may not end sessions" in said
    assert written(lastseen)["policy"]["open_sessions"] == "report"


def test_without_a_question_the_option_says_what_becomes_of_open_sessions(lastseen):
    made = ("init", "--portal", "https://portal.example.org", "--yes")
    lastseen(*made)
    assert written(lastseen)["policy"]["open_sessions"] == "report"
    lastseen("-c", "other.toml", *made, "--open-sessions", "sign-out")
    assert written(lastseen, "other.toml")["policy"]["open_sessions"] == "sign-out"
    ran = lastseen("-c", "third.toml", *made, "--open-sessions", "close")
    assert ran.exit_code == 2
    assert not (lastseen.folder / "third.toml").exists()


def test_a_key_that_may_not_be_kept_is_said_to_be_missing(lastseen):
    answers = [
        ("address", "https://portal.example.invalid"),
        ("Keep this address anyway?", "y"),
        ("Contractors", "guests"),
        ("how many days", "45"),
        ("API key", "sk-0123456789abcdef"),
        ("may still be signed in", ""),
        ("Go ahead?", "n"),
    ]
    code, said = on_a_terminal(lastseen, "init", answers=answers)
    assert code == 0, said
    assert "Nothing was changed" not in said
    assert "The key is not kept. Set LASTSEEN_API_KEY" in said
    assert "Check the portal now?" not in said
    assert "Next: `lastseen doctor`" in said
    assert not (lastseen.folder / "lastseen.key").exists()


def test_the_address_in_the_environment_is_offered_as_the_answer(lastseen):
    answers = [
        ("address", ""),
        ("Keep this address anyway?", "y"),
        ("Contractors", ""),
        ("how many days", ""),
        ("API key", ""),
        ("may still be signed in", ""),
    ]
    environment = {**lastseen.environment, "LASTSEEN_PORTAL__URL": "https://portal.example.invalid"}
    there = replace(lastseen, environment=environment)
    code, said = on_a_terminal(there, "init", answers=answers)
    assert code == 0, said
    assert "[https://portal.example.invalid]" in said
    assert written(lastseen)["portal"]["url"] == "https://portal.example.invalid"


def test_without_a_terminal_everything_that_is_wrong_is_said_together(lastseen):
    ran = lastseen(
        "init",
        *("--portal", "portal.example.org", "--roster", "people.doc", "--days", "0"),
        *("--key-file", "missing", "--open-sessions", "close"),
    )
    assert ran.exit_code == 2
    for wrong in ("https://", "people.doc", "0 is not", "missing", "'close'"):
        assert wrong in ran.stderr
    assert not (lastseen.folder / "lastseen.toml").exists()
