import logging

from lastseen.cli.invocation import Invocation
from lastseen.cli.progress import LoggedProgress, watched


def test_without_a_terminal_steps_are_told_at_their_end_and_not_each(caplog):
    caplog.set_level(logging.INFO, "lastseen.progress")
    with watched(Invocation()) as progress:
        for done in range(1, 101):
            progress.step("reading", done, 100)
    assert [record.getMessage() for record in caplog.records] == [
        "reading: 1 of 100",
        "reading: 100 of 100",
    ]


def test_pages_of_a_log_are_called_so(caplog):
    caplog.set_level(logging.INFO, "lastseen.progress")
    LoggedProgress().step("sign-in log", 1, 1)
    LoggedProgress().step("sign-in log, person by person", 3, 3)
    assert caplog.messages == [
        "sign-in log: 1 of 1 pages",
        "sign-in log, person by person: 3 of 3 people",
    ]


def test_a_total_that_is_not_known_is_not_told(caplog):
    caplog.set_level(logging.INFO, "lastseen.progress")
    LoggedProgress().step("reading", 7)
    assert caplog.messages == ["reading: 7"]


def test_notes_are_warnings_so_that_they_are_always_seen(caplog):
    caplog.set_level(logging.WARNING, "lastseen.progress")
    LoggedProgress().note("row 3 was left out, 100%")
    assert caplog.messages == ["row 3 was left out, 100%"]


def test_a_terminal_gets_a_bar_that_is_gone_at_the_end(monkeypatch, capsys):
    monkeypatch.setattr("lastseen.cli.progress._on_a_terminal", lambda: True)
    with watched(Invocation()) as progress:
        progress.step("reading", 1, 2)
        progress.note("[bold]row 3[/bold] was left out")
        progress.step("reading", 2, 2)
    said = capsys.readouterr()
    assert said.out == ""
    assert "[bold]row 3[/bold] was left out" in said.err


def test_a_note_above_the_bar_controls_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr("lastseen.cli.progress._on_a_terminal", lambda: True)
    with watched(Invocation()) as progress:
        progress.note("a\x1b[2J\u202eb.csv, line 3: ignored")
    said = capsys.readouterr().err
    assert "a\ufffd[2J\ufffdb.csv, line 3: ignored" in said
    assert "\x1b[2J" not in said
    assert "\u202e" not in said
