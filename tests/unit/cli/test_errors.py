import json
import logging
from contextvars import Context, copy_context

import pytest

from lastseen.cli.errors import print_bug, print_error, print_line, print_usage
from lastseen.cli.invocation import run_async
from lastseen.config.logging import configure_logs, hide
from lastseen.model.errors import PortalUnreachable, UsageError
from lastseen.model.progress import run_at_work
from lastseen.model.secret import ApiKey

KEY = "sk-never-to-be-shown"
ERROR = PortalUnreachable(
    attempted="asking the portal",
    found="no answer\n  came",
    meaning="the portal is away",
    remedy=f"try again with {KEY}",
)


@pytest.fixture(autouse=True)
def _hidden():
    hide(ApiKey(KEY))
    yield
    configure_logs("text", logging.ERROR)


def test_an_error_is_four_lines_and_nothing_else(capsys):
    print_error(ERROR, "text")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "Attempted: asking the portal",
        "Found:     no answer came",
        "Meaning:   the portal is away",
        "Remedy:    try again with ***",
    ]


def test_an_error_is_one_object_where_logs_are_json(capsys):
    print_error(ERROR, "json")
    told = json.loads(capsys.readouterr().err)
    assert told["error"] == "PortalUnreachable"
    assert told["meaning"] == "the portal is away"
    assert told["exit_code"] == 3


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_value_of_thousands_of_characters_is_shortened_in_every_line(capsys, form):
    who = "x" * 5_000
    error = UsageError(
        attempted=who, found=who, meaning=who, remedy=f"run `lastseen explain {who}`"
    )

    print_error(error, form)
    print_usage(f"No such option: --{'Ann Bee ' * 625}", usage="Usage", command="l", form=form)

    err = capsys.readouterr().err
    assert max(map(len, err.splitlines())) < (500 if form == "text" else 2_000)
    assert "(5,000 characters)" in err


@pytest.mark.parametrize("length", [150, 250, 700, 5_000])
def test_a_record_is_json_however_long_its_values_are(capsys, length):
    long = ("a word " * 1_000)[:length]
    print_error(UsageError(attempted=long, found=long, meaning=long, remedy=f"'{long}'"), "json")
    print_usage(long, usage="", command="l", form="json")
    configure_logs("json", logging.INFO)
    print_line(long, why_not=long, files=[long])

    for line in capsys.readouterr().err.splitlines():
        json.loads(line)


def test_shortening_leaves_no_part_of_a_key(capsys):
    for start in range(150, 210):
        value = "x" * start + KEY + "x" * 200
        error = UsageError(attempted=value, found=value, meaning="none", remedy=f"'{value}'")
        print_error(error, "text")
        print_error(error, "json")

    err = capsys.readouterr().err
    assert KEY[:6] not in err
    assert "***" in err


def test_a_terminal_breaks_errors_between_words_and_never_inside_a_command(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    command = "lastseen apply plan.json --only ada@vendor.com --max-disable 50"
    error = UsageError(
        attempted="reading a file",
        found="word " * 30,
        meaning="none",
        remedy=f"run `{command}` now",
    )

    print_error(error, "text")

    err = capsys.readouterr().err
    assert f"`{command}`" in err
    found = err.partition("Found:")[2].partition("Meaning:")[0]
    assert len(found.splitlines()) > 2
    assert all(len(line) <= 60 for line in found.splitlines())
    assert found.split() == ["word"] * 30


def test_the_error_that_ends_a_run_names_the_run_and_so_does_a_bug(capsys):
    async def fail() -> None:
        run_at_work.set("9f2c11d04a7e")
        raise ERROR

    def failed() -> None:
        with pytest.raises(PortalUnreachable):
            run_async(fail())
        print_error(ERROR, "json")
        print_bug(ERROR, "json", with_traceback=False)

    copy_context().run(failed)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["run_id"] for line in lines] == ["9f2c11d04a7e"] * 2
    Context().run(print_error, ERROR, "json")  # no run has begun there
    assert "run_id" not in json.loads(capsys.readouterr().err)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_bug_is_one_line_without_key_and_traceback(capsys, form):
    try:
        raise ValueError(f"odd\nheader {KEY}")
    except ValueError as error:
        print_bug(error, form, with_traceback=False)
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert "bug in Lastseen: ValueError: odd header ***" in err
    assert KEY not in err
    assert "Traceback" not in err


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_bugs_traceback_is_shown_when_asked_for_and_hides_the_key(capsys, form):
    try:
        raise ValueError(f"header {KEY}")
    except ValueError as error:
        print_bug(error, form, with_traceback=True)
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert KEY not in err


def test_a_name_cannot_move_the_cursor(capsys):
    print_usage("no such person: \x1b[2Jann\u202e", usage="", command="lastseen", form="text")
    assert capsys.readouterr().err == "Error: no such person: \ufffd[2Jann\ufffd\n"


def test_a_usage_error_has_the_four_fields_where_logs_are_json(capsys):
    print_usage("No such option: --bogus", usage="", command="lastseen review", form="json")
    told = json.loads(capsys.readouterr().err)
    assert told["found"] == "No such option: --bogus"
    assert told["remedy"] == "see `lastseen review --help`"
    assert told["attempted"]
    assert told["meaning"]
    assert (told["error"], told["exit_code"]) == ("UsageError", 2)
