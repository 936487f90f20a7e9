import csv
import io

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lastseen.model.decision import Decision
from lastseen.reports import render_plan
from tests.unit.reports.samples import days_ago, decision, hostile_plan, plan_of, roster_of


def cells_of(plan):
    text = render_plan(plan, "csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_header_is_the_field_names_of_the_json_form():
    header = render_plan(plan_of(decision()), "csv").decode("utf-8-sig").split("\r\n")[0]
    names = [field.encode_name for field in msgspec.structs.fields(Decision)]
    assert header.split(",") == [*names, "idle_days_is_minimum"]


def test_a_nobody_has_a_header_all_the_same():
    assert render_plan(plan_of(), "csv").count(b"\r\n") == 1


def test_values_are_those_of_the_json_form():
    plan = plan_of(*roster_of(60))
    for decided, row in zip(msgspec.to_builtins(plan.decisions), cells_of(plan), strict=True):
        del row["idle_days_is_minimum"]
        assert row == {name: "" if v is None else str(v) for name, v in decided.items()}


def test_an_idle_time_that_is_a_lower_bound_is_marked_and_an_unknown_one_is_not():
    known = decision(idle_days=41, last_seen_at=days_ago(41))
    at_least = decision(user_id="2", idle_days=64, last_seen_at=days_ago(160))
    unknown = decision(user_id="3", idle_days=None, last_seen_at=None)
    marks = [row["idle_days_is_minimum"] for row in cells_of(plan_of(known, at_least, unknown))]
    assert marks == ["False", "True", ""]


def test_it_begins_with_a_byte_order_mark_for_spreadsheets():
    assert render_plan(plan_of(decision(display_name="Zoë")), "csv").startswith(b"\xef\xbb\xbf")


def test_every_record_is_a_line_that_ends_in_crlf():
    plan = hostile_plan()
    document = render_plan(plan, "csv")
    assert document.count(b"\n") == document.count(b"\r\n") == len(plan.decisions) + 1


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\uff1d1+1", "\uff20x"],
)
def test_a_cell_that_would_run_as_a_formula_begins_with_an_apostrophe(text):
    (row,) = cells_of(plan_of(decision(display_name=text)))
    assert row["display_name"].startswith("'")


def test_a_formula_behind_another_separator_is_defused_too():
    (row,) = cells_of(plan_of(decision(display_name='Smith";=HYPERLINK("x")')))
    assert ";'=HYPERLINK" in row["display_name"]


@pytest.mark.parametrize("separator", [";", "|", "\t", "\n"])
@pytest.mark.parametrize("between", ['"', '""', ' "', '" "'])
def test_no_formula_begins_where_another_separator_is_read(separator, between):
    name = f"x{separator}{between}=HYPERLINK(1){separator}y"
    document = render_plan(plan_of(decision(display_name=name)), "csv").decode("utf-8-sig")
    for row in csv.reader(io.StringIO(document, newline=""), delimiter=separator):
        assert not [cell for cell in row if cell.lstrip().startswith("=")]


@given(st.text(alphabet=st.sampled_from('a =;"')))
def test_no_cell_begins_as_a_formula_where_semicolons_separate(text):
    document = render_plan(plan_of(decision(display_name=text)), "csv").decode("utf-8-sig")
    for row in csv.reader(io.StringIO(document, newline=""), delimiter=";"):
        assert not [cell for cell in row if cell.lstrip().startswith("=")]


@given(st.text(alphabet=st.sampled_from("a =+-@;|\t\r\n\"',\x1b\u202e")))
def test_no_cell_ever_begins_as_a_formula(text):
    (row,) = cells_of(plan_of(decision(display_name=text, sponsor=text, email=text)))
    for cell in (row["display_name"], row["sponsor"], row["email"]):
        assert not cell.lstrip().startswith(("=", "+", "-", "@"))
        assert "\n" not in cell
        assert "\x1b" not in cell


def test_a_long_sentence_is_whole():
    long = "More is to be said. " * 30
    (row,) = cells_of(plan_of(decision(explanation=long)))
    assert row["explanation"] == long


def test_ordinary_cells_stay_as_they_are():
    (row,) = cells_of(plan_of(decision(display_name='O\'Brien, "Bo" – Müller-Lüdenscheidt')))
    assert row["display_name"] == 'O\'Brien, "Bo" – Müller-Lüdenscheidt'
