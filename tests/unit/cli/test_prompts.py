import io

import pytest
import typer

from lastseen.cli.prompts import agreed, named
from lastseen.model.errors import UsageError


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("y\n", True),
        ("YES\n", True),
        ("n\n", False),
        ("\n", False),
        ("maybe\ny\n", True),
    ],
)
def test_only_a_clear_yes_is_a_yes(monkeypatch, capsys, typed, meant):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    assert agreed("Disable 2 people", ["Ann", "Bob"], yes=False, attempted="applying") is meant
    out, err = capsys.readouterr()
    assert out == ""
    assert "Disable 2 people: Ann, Bob." in err


def test_a_name_of_thousands_of_characters_does_not_hide_the_question(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    agreed("Disable 2 people", ["x" * 5_000, "Bob"], yes=False, attempted="applying")
    err = capsys.readouterr().err
    assert "(5,000 characters), Bob." in " ".join(err.split())
    assert len(err) < 400


def test_the_end_of_the_input_is_an_interruption(monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal(""))
    with pytest.raises(typer.Abort):
        agreed("Disable 1 person", ["Ann"], yes=False, attempted="applying")


def test_without_a_terminal_and_without_yes_nothing_is_done(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError) as refused:
        agreed("Disable 1 person", ["Ann"], yes=False, attempted="applying")
    assert refused.value.meaning == "nothing was changed"
    assert "--yes" in refused.value.remedy


def test_yes_asks_nothing(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", None)
    assert agreed("Disable 1 person", ["Ann"], yes=True, attempted="applying")
    assert capsys.readouterr().err == ""


def test_the_first_five_are_named_and_the_rest_counted():
    assert named(list("abcdefg")) == "a, b, c, d, e and 2 others"
    assert named(list("abcdef")) == "a, b, c, d, e and 1 other"
    assert named(["a"]) == "a"


def test_a_name_with_line_breaks_and_escapes_forges_no_question(monkeypatch, capsys):
    # As a contractor may call themselves on the portal.
    name = "Ann.\r\n\x0bDisable 0 people on https://other.\u2028Go ahead? [y/N]: y\n\x1b[2J\u202e"
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))

    assert not agreed("Disable 1 person", [name], yes=False, attempted="applying")

    first, *others, question = capsys.readouterr().err.splitlines()
    assert first.startswith("Disable 1 person: Ann. Disable 0 people")
    assert all(line.startswith("  ") for line in others)
    assert all(line.isprintable() for line in (first, *others))
    assert question.startswith("Go ahead? [y/N]")


def test_a_question_fits_the_terminal(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    monkeypatch.setenv("COLUMNS", "80")
    people = [f"somebody.{n}@agency.example" for n in range(9)]
    agreed("Disable 9 people on https://x.example", people, yes=False, attempted="applying")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 80
