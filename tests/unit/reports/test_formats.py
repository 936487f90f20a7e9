import io

import msgspec
import pytest

from lastseen import reports
from lastseen.model.errors import ExitCode, UsageError
from lastseen.model.plan_document import encode_plan
from lastseen.reports import (
    PlanContext,
    Screen,
    format_of,
    plan_formats,
    render_plan,
    render_receipt,
    screen_of,
)
from tests.unit.reports.samples import decision, outcome, plan_of, receipt_of


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a package that registers a report format, as pip would lay it."""

    def lay(source: str, name: str = "lines") -> None:
        (tmp_path / "other_reports.py").write_text(source)
        about = tmp_path / "other_reports-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: other-reports\nVersion: 1.0\n"
        )
        (about / "entry_points.txt").write_text(
            f"[lastseen.reports]\n{name} = other_reports:FORMAT\n"
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(__import__("sys").modules, "other_reports", raising=False)

    return lay


LINES = """
class Lines:
    endings = (".lines",)

    def render(self, plan, context):
        return b"\\n".join(d.email.encode() for d in plan.decisions)


FORMAT = Lines()
"""


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("plan.json", "json"),
        ("PLAN.CSV", "csv"),
        ("a.b.html", "html"),
        ("x.htm", "html"),
        ("x.txt", "table"),
    ],
)
def test_a_files_ending_names_the_format(name, form):
    assert format_of(name) == form


@pytest.mark.parametrize("name", ["plan", "plan.pdf", ".json"])
def test_an_ending_that_says_nothing_is_a_usage_error(name):
    with pytest.raises(UsageError) as refused:
        format_of(name)
    assert refused.value.exit_code is ExitCode.USAGE
    assert "--format" in refused.value.remedy


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
def test_every_built_in_format_gives_bytes(form):
    assert render_plan(plan_of(decision()), form)


def test_an_unknown_format_names_those_there_are():
    with pytest.raises(UsageError, match="pdf") as refused:
        render_plan(plan_of(), "pdf")
    assert "table, json, csv, html" in refused.value.remedy


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
def test_a_receipt_comes_in_every_built_in_format(form):
    assert render_receipt(receipt_of(outcome()), form)


def test_a_receipt_in_another_format_is_a_usage_error():
    with pytest.raises(UsageError, match="pdf"):
        render_receipt(receipt_of(outcome()), "pdf")


def test_json_is_the_plan_as_apply_reads_it():
    plan = plan_of(decision())
    assert render_plan(plan, "json") == encode_plan(plan)


def test_a_hostile_address_in_a_receipt_is_an_escape_in_json():
    receipt = receipt_of(outcome(email="a\x9b\u202e@b.example", error="\u2066"))
    shown = render_receipt(receipt, "json")
    assert '"a\\u009b\\u202e@b.example"' in shown.decode()
    assert '"\\u2066"' in shown.decode()
    assert msgspec.json.decode(shown, type=type(receipt)) == receipt


def test_somebody_elses_format_is_found_by_name_and_by_ending(install):
    install(LINES)
    assert plan_formats() == ("table", "json", "csv", "html", "lines")
    assert format_of("people.lines") == "lines"
    assert render_plan(plan_of(decision(email="a@b.example")), "lines") == b"a@b.example"


def test_nobody_else_takes_the_place_of_a_built_in_format(install):
    install(LINES, name="json")
    assert plan_formats() == ("table", "json", "csv", "html")
    assert render_plan(plan_of(), "json").startswith(b"{")


@pytest.mark.parametrize("source", ["raise RuntimeError('broken')", "FORMAT = object()", ""])
def test_a_format_that_cannot_be_used_is_said_to_be_so(install, source):
    install(source)
    with pytest.raises(UsageError, match="other_reports:FORMAT"):
        render_plan(plan_of(), "lines")


FAILING = """
class Failing:
    endings = (".lines",)

    def render(self, plan, context):
        {body}


FORMAT = Failing()
"""


@pytest.mark.parametrize(
    ("body", "found"),
    [("return 1 / 0", "ZeroDivisionError"), ("return 'text'", "it returned str, not bytes")],
)
def test_a_fault_of_another_package_is_called_that_package_s(install, body, found):
    install(FAILING.format(body=body))
    with pytest.raises(UsageError) as refused:
        render_plan(plan_of(), "lines")
    assert found in refused.value.found
    assert "the fault is in the package other-reports 1.0" in refused.value.meaning


def test_a_pipe_gets_no_colour_and_eighty_columns():
    assert screen_of(io.StringIO(), {}) == Screen(
        width=80, colour=False, encoding="utf-8", limit=10
    )
    everyone = screen_of(io.StringIO(), {}, everyone=True)
    assert everyone.limit is None
    assert everyone.in_full


def test_columns_and_encoding_are_those_of_the_stream():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    assert screen_of(stream, {"COLUMNS": "61"}).width == 61
    assert screen_of(stream, {}).encoding == "ascii"


def test_no_color_wins_over_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert screen_of(Terminal(), {"TERM": "xterm-256color"}).colour
    assert not screen_of(Terminal(), {"TERM": "xterm-256color", "NO_COLOR": "1"}).colour
    assert not screen_of(Terminal(), {"TERM": "dumb"}).colour


@pytest.mark.parametrize("form", ["table", "json", "csv", "html"])
def test_the_endings_that_choose_a_built_in_format_are_its_own(form):
    names = {ending: format_of(f"x{ending}") for ending in reports._built_in(form).endings}
    assert set(names.values()) == {form}


@pytest.mark.parametrize("form", ["table", "csv", "html"])
def test_letters_that_show_nothing_are_visible_in_every_format(form):
    plan = plan_of(decision(email="A\u3164\u2800\ufe0fB"))
    wide = PlanContext(screen=Screen(width=200, everyone=True))
    shown = render_plan(plan, form, context=wide).decode("utf-8-sig")
    assert "A\\u3164\\u2800\\ufe0fB" in shown
