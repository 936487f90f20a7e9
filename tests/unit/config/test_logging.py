import json
import logging
from collections.abc import Iterator

import pytest

from lastseen.config.logging import configure_logs, hide, printable, scrubbed
from lastseen.model.secret import ApiKey

KEY = "sk-logs-never-show-this"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("lastseen")
    before = (root.handlers[:], root.level, ours.level)
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)
    logging.captureWarnings(capture=False)


def test_text_lines_are_short_and_go_to_standard_error(capsys):
    configure_logs("text", logging.INFO)
    logging.getLogger("lastseen.workflows.review").info("read %d pages", 3)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(" info: read 3 pages\n")


def test_json_lines_carry_what_was_given_beside_the_message(capsys):
    configure_logs("json", logging.INFO)
    logging.getLogger("lastseen.workflows.review").info("read", extra={"pages": 3})
    told = json.loads(capsys.readouterr().err)
    assert told["message"] == "read"
    assert told["pages"] == 3
    assert told["level"] == "info"
    assert told["time"].endswith("Z")
    assert told["event"] == "log"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_hidden_key_never_reaches_a_log(capsys, form):
    hide(ApiKey(KEY))
    configure_logs(form, logging.DEBUG)
    log = logging.getLogger("lastseen.docspace")
    try:
        raise ValueError(KEY)
    except ValueError:
        log.exception("sent %s", {"Authorization": f"Bearer {KEY}"}, extra={"header": KEY})
    err = capsys.readouterr().err
    assert KEY not in err
    assert "***" in err


HOSTILE = "a\x1b[2J\x07\x9b5m\u202eb\n23:59:59 error: forged"


def test_no_text_from_outside_controls_the_terminal_or_forges_a_line(capsys):
    configure_logs("text", logging.INFO)
    logging.getLogger("lastseen.progress").warning("%s, line 3: ignored", HOSTILE)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert "forged, line 3: ignored" in line


def test_a_letter_that_shows_nothing_is_marked_in_messages():
    assert printable("Ann\u3164\u2800\ufe0fRoe") == "Ann\ufffd\ufffd\ufffdRoe"
    assert printable("\u2764\ufe0f") == "\u2764\ufe0f"


def test_json_lines_keep_hostile_text_whole_and_escaped(capsys):
    configure_logs("json", logging.INFO)
    logging.getLogger("lastseen.progress").warning("%s", HOSTILE, extra={"who": "\U000e0041"})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()
    assert json.loads(line)["message"] == HOSTILE
    assert json.loads(line)["who"] == "\U000e0041"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_long_value_is_shortened_in_a_log_line_and_whole_in_its_fields(capsys, form):
    configure_logs(form, logging.INFO)
    who = "x" * 5_000
    logging.getLogger("lastseen.progress").warning("%s is ignored", who, extra={"who": who})
    (line,) = capsys.readouterr().err.splitlines()
    assert "x… (5,000 characters) is ignored" in line
    assert form == "text" or json.loads(line)["who"] == who


def test_other_libraries_are_heard_from_warning_on_only(capsys):
    configure_logs("text", logging.DEBUG)
    logging.getLogger("aiohttp.client").info("chatter")
    logging.getLogger("aiohttp.client").warning("trouble")
    assert "chatter" not in (err := capsys.readouterr().err)
    assert "trouble" in err


def test_an_empty_key_hides_nothing():
    hide(ApiKey(""))
    assert scrubbed("plain") == "plain"
