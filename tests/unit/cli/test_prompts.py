import io

import pytest
import typer
from rich.cells import cell_len

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
    assert first.startswith('Disable 1 person: "Ann. Disable 0 people')
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


@pytest.mark.parametrize("blank", ["\u2800", "\u3164", "x", "_", "\uff3f"])
@pytest.mark.parametrize("columns", ["20", "80"])
def test_a_name_longer_than_the_terminal_forges_no_line(monkeypatch, capsys, blank, columns):
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", columns)
    name = f"a@{blank * 80}Disable{blank}0{blank}people:{blank}nobody.{blank * 60}"

    agreed("Disable 1 person on https://x.example", [name], yes=False, attempted="applying")

    first, *others, question = capsys.readouterr().err.splitlines()
    assert first.startswith("Disable 1 person")
    assert others
    assert all(line.startswith("  ") and line[2:3] != " " for line in others)
    assert all(cell_len(line) <= int(columns) for line in (first, *others))
    assert not any(one in "".join(others) for one in "\u2800\u3164")
    assert question.startswith("Go ahead?")


def test_an_address_that_names_two_people_is_quoted(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    people = ["x@a.example, ceo@example.com", "bob@b.example"]
    agreed("Disable 2 people", people, yes=False, attempted="applying")
    err = capsys.readouterr().err
    assert 'Disable 2 people: "x@a.example, ceo@example.com", bob@b.example.' in err
