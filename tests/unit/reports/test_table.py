import re
from datetime import timedelta

import pytest
from rich.cells import cell_len

from lastseen.model.decision import Reason, Verdict
from lastseen.model.instant import Instant
from lastseen.reports import Screen, render_plan
from tests.unit.reports.samples import (
    NOW,
    PORTAL,
    decision,
    hostile_plan,
    incomplete_evidence,
    plan_of,
    roster_of,
)

SGR = re.compile(r"\x1b\[[0-9;]*m")
KEPT = {"decision": Verdict.KEEP, "reason": Reason.ACTIVE}


def table(plan, **screen):
    shown_on = Screen(**screen)
    return render_plan(plan, "table", screen=shown_on).decode(shown_on.encoding)


@pytest.mark.parametrize("width", [40, 60, 71, 72, 80, 100, 149, 150, 200])
@pytest.mark.parametrize("plan", [plan_of(*roster_of(40)), hostile_plan()], ids=["some", "hostile"])
def test_no_line_is_wider_than_the_screen(plan, width):
    lines = table(plan, width=width, verbose=True).split("\n")
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", [60, 80, 160])
def test_everything_about_a_person_is_there_at_any_width(width):
    somebody = decision(failed_sign_ins=3, sponsor="Dana", email="a@b.example", explanation="Gone.")
    shown = table(plan_of(somebody), width=width)
    for part in (
        "Anna Kowalska",
        "a@b.example",
        "2026-10-15",
        "sign-in",
        "41",
        "Gone.",
        "3",
        "Dana",
    ):
        assert part in shown


def test_those_to_be_disabled_come_first_then_those_on_hold_then_the_summary():
    shown = table(plan_of(*roster_of(60)))
    places = [shown.index(title) for title in ("To be disabled:", "On hold:", "Summary")]
    assert places == sorted(places)


def test_the_longest_idle_comes_first():
    shown = table(
        plan_of(
            decision(display_name="Short", idle_days=31),
            decision(display_name="Long", idle_days=90),
        )
    )
    assert shown.index("Long") < shown.index("Short")


def test_those_kept_are_only_counted_unless_asked_for():
    plan = plan_of(decision(display_name="Kept Person", **KEPT))
    assert "Kept Person" not in table(plan)
    assert "active 1" in table(plan)
    assert "Kept Person" in table(plan, verbose=True)


def test_the_header_tells_portal_instant_policy_and_evidence():
    shown = " ".join(table(plan_of(decision())).split())
    for part in (
        PORTAL,
        "2026-11-25 10:30 UTC",
        "Disable after 30 days or more",
        "Complete:",
        "without a gap since 2026-05-29 10:30 UTC",
        "123 requests, 4,567 events",
    ):
        assert part in shown


def test_incomplete_evidence_is_said_with_its_reason():
    shown = " ".join(table(plan_of(decision(), evidence=incomplete_evidence())).split())
    assert "Incomplete:" in shown
    assert "keeps its sign-in log for 7 days" in shown


def test_a_pretended_plan_says_that_it_cannot_be_applied():
    plan = plan_of(decision(), created_at=Instant(NOW - timedelta(days=1)))
    assert "can't be applied" in " ".join(table(plan).split())


def test_without_colour_there_is_no_escape_sequence_and_no_trailing_blank():
    shown = table(plan_of(*roster_of(40)))
    assert "\x1b" not in shown
    assert not re.search(r"[ \t]$", shown, re.MULTILINE)


def test_colour_adds_colours_and_nothing_else():
    plan = plan_of(*roster_of(40))
    coloured = table(plan, colour=True)
    plain = SGR.sub("", coloured)
    assert SGR.search(coloured)
    assert "\x1b" not in plain
    assert [line.rstrip() for line in plain.split("\n")] == table(plan).split("\n")


def test_hostile_names_add_no_escape_sequence_to_a_coloured_table():
    plain = SGR.sub("", table(hostile_plan(), colour=True, verbose=True))
    assert all(character == "\n" or character.isprintable() for character in plain)
    assert "\\x1b[31mred\\x1b[0m" in plain
    assert "[red]markup[/red]" in plain
    assert "\\u202egnp.exe" in plain
    assert ":smile:" in plain


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437", "cp1252"])
def test_a_terminal_without_unicode_gets_what_it_can_show(encoding):
    shown = table(plan_of(*roster_of(40)), encoding=encoding)
    assert "─" not in shown
    assert "----" in shown
    assert "?" not in shown


def test_a_roster_of_nobody_is_no_error():
    shown = table(plan_of())
    assert "nobody on the roster" in shown
    assert "Summary" not in shown


def test_ten_thousand_people_are_shown_to_the_last():
    plan = plan_of(*roster_of(10_000))
    shown = table(plan)
    assert f"To be disabled: {plan.summary.disable:,}" in shown
    assert all((d.email or "")[:20] in shown for d in plan.to_disable()[-50:])
