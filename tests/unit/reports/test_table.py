import re
from datetime import timedelta
from itertools import pairwise

import pytest
from rich.cells import cell_len

from lastseen.model.decision import Reason, SeenBy, Verdict
from lastseen.model.instant import Instant
from lastseen.model.plan import Cohort, Policy
from lastseen.reports import PlanContext, Screen, render_plan
from tests.unit.reports.samples import (
    NOW,
    POPULATION,
    PORTAL,
    days_ago,
    decision,
    hostile_plan,
    incomplete_evidence,
    plan_of,
    roster_of,
)

SGR = re.compile(r"\x1b\[[0-9;]*m")
KEPT = {"decision": Verdict.KEEP, "reason": Reason.ACTIVE}


def table(plan, *, context=None, **screen):
    shown_on = Screen(**screen)
    context = PlanContext(screen=shown_on, **(context or {}))
    return render_plan(plan, "table", context=context).decode(shown_on.encoding)


@pytest.mark.parametrize("width", [40, 60, 71, 72, 80, 100, 149, 150, 200])
@pytest.mark.parametrize("plan", [plan_of(*roster_of(40)), hostile_plan()], ids=["some", "hostile"])
def test_no_line_is_wider_than_the_screen(plan, width):
    lines = table(plan, width=width, everyone=True, in_full=True).split("\n")
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", [60, 80, 120, 160])
def test_everything_about_a_person_is_there_at_any_width(width):
    somebody = decision(
        failed_sign_ins=3,
        sponsor="Dana",
        email="a@b.io",
        cohort="audit",
        session_may_be_open=True,
    )
    shown = table(plan_of(somebody), width=width)
    for part in (
        "Anna Kowalska",
        "a@b.io",
        "2026-10-15",
        "sign-in",
        "41 d",
        "3 failed sign-ins",
        "cohort audit",
        "may be signed in",
        "Dana",
    ):
        assert part in shown


@pytest.mark.parametrize(("width", "lines"), [(80, 2), (120, 1)])
def test_a_person_takes_two_lines_at_80_columns_and_one_at_120(width, lines):
    plan = plan_of(*(decision(display_name=f"Person {n}", sponsor="Dana") for n in range(5)))
    shown = table(plan, width=width).split("\n")
    first, last = (next(i for i, line in enumerate(shown) if f"Person {n}" in line) for n in (0, 4))
    assert last - first == 4 * lines


def test_failed_sign_ins_and_holds_take_one_line_at_120_columns_too():
    somebody = {
        "sponsor": "Employee 014",
        "email": "contractor.074@example.org",
        "session_may_be_open": True,
        "failed_sign_ins": 267,
    }
    held = {"decision": Verdict.HOLD, "reason": Reason.EVIDENCE_INCOMPLETE}
    people = [
        decision(display_name="Contractor 074", **somebody),
        decision(display_name="Contractor 075", clears_at=days_ago(-23), **held, **somebody),
        decision(
            display_name="Contractor 076",
            email="contractor.076@example.org",
            clears_at=days_ago(-23),
            last_seen_at=days_ago(400),
            last_seen_by=SeenBy.REGISTRATION,
            **held,
        ),
    ]
    shown = table(plan_of(*people), width=120).split("\n")
    for name in ("Contractor 074", "Contractor 075"):
        (line,) = (line for line in shown if name in line)
        assert line.endswith("may be signed in · 267 failed")
    (line,) = (line for line in shown if "Contractor 076" in line)
    assert line.endswith("clears by 2026-12-18")


def test_people_to_be_signed_out_or_held_for_a_session_get_no_cut_sentence():
    told = {
        "reason": Reason.SESSION_MAY_BE_OPEN,
        "session_may_be_open": True,
        "explanation": "Last seen 2026-07-15 (sign-in), 135 days ago; limit 30. And more.",
        "email": "a@b.io",
    }
    people = [
        decision(decision=Verdict.SIGN_OUT, **told),
        decision(decision=Verdict.HOLD, **told),
        decision(decision=Verdict.HOLD, clears_at=days_ago(-9), **told),
    ]
    shown = " ".join(table(plan_of(*people), width=80).split())
    assert "Last seen 2026-07-15" not in shown
    assert "authorised an application · may be signed in" in shown
    assert "clears with a sighting: an application that they authorised (OAuth)" in shown
    assert "clears by 2026-12-04, when their sessions have ended" in shown


@pytest.mark.parametrize(
    "name", ["Contractor 074", "Anastasia Konstantinopolitanskaya-Featherstone"]
)
def test_the_sponsor_is_whole_at_80_columns(name):
    marked = decision(
        display_name=name,
        sponsor="Dana Whitfield",
        email="contractor.074@example.org",
        session_may_be_open=True,
        failed_sign_ins=94,
    )
    assert "sponsor Dana Whitfield" in table(plan_of(marked), width=80)


@pytest.mark.parametrize("shared", [False, True])
def test_why_and_since_when_a_contract_has_ended_is_whole_in_two_lines_at_80_columns(shared):
    ended = {
        "reason": Reason.CONTRACT_ENDED,
        "session_may_be_open": True,
        "failed_sign_ins": 313,
        "sponsor": "Employee 007",
    }
    people = [
        decision(
            display_name=f"Contractor {n:03}",
            email=f"contractor.{n:03}@example.org",
            explanation=f"Contract ended on 2026-10-{1 if shared else n:02}.",
            **ended,
        )
        for n in range(1, 5)
    ]

    shown = table(plan_of(*people), width=80).split("\n")

    starts = [i for i, line in enumerate(shown) if line.startswith("Contractor 00")]
    assert [later - start for start, later in pairwise(starts)] == [2, 2, 2]
    for start, one in zip(starts, people, strict=True):
        assert one.explanation.removesuffix(".") in shown[start + 1]
        assert str(one.email) in shown[start + 1]


def test_a_sentence_is_shown_only_where_it_adds_something():
    told = {"explanation": "The contract ended on 2026-11-01."}
    assert "The contract ended" not in table(plan_of(decision(**told)))
    assert "The contract ended" in table(plan_of(decision(reason=Reason.CONTRACT_ENDED, **told)))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_hold_says_when_it_clears_and_what_clears_it(width):
    held = decision(
        decision=Verdict.HOLD,
        reason=Reason.EVIDENCE_INCOMPLETE,
        idle_days=None,
        clears_at=days_ago(-23),
    )
    shown = " ".join(table(plan_of(held, evidence=incomplete_evidence()), width=width).split())
    assert "evidence incomplete: clears by 2026-12-18, with reviews at least every 3 days" in shown


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_date_that_was_not_read_is_not_shown_as_one(width):
    undated = decision(last_seen_at=None, last_seen_by=None, idle_days=57)
    behind = decision(last_seen_at=days_ago(90), idle_days=56)
    shown = table(plan_of(undated, behind, decision(idle_days=40)), width=width)
    assert "not in 57 days" in shown
    assert "≥ 57 d" in shown
    assert "2026-08-27 or later" in shown
    assert "≥ 56 d" in shown
    assert "≥ 40 d" not in shown
    assert ">= 57 d" in table(plan_of(undated), width=width, encoding="ascii")
    told = "older entries were not all read; `lastseen review --dates all` reads them"
    assert told in " ".join(shown.split())
    assert told not in " ".join(table(plan_of(decision()), width=width).split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_nothing_is_cut_where_everyone_is_listed(width):
    long = decision(
        display_name="Wolfeschlegelsteinhausenbergerdorff the Second of that Name",
        email="wolfeschlegelsteinhausenbergerdorff.second@a-long-name.example.org",
        sponsor="Somebody with a name of more than twenty signs",
        reason=Reason.CONTRACT_ENDED,
        explanation="The contract ended on 2026-10-01. " + "More is to be said. " * 20,
        session_may_be_open=True,
        cohort="auditors",
    )
    policy = Policy(cohorts=tuple(Cohort(name=f"cohort-{n}", kind="x") for n in range(20)))
    shown = table(plan_of(long, policy=policy), width=width, everyone=True, in_full=True)
    assert "…" not in shown
    whole = "".join(shown.split())
    for part in (long.email, long.sponsor, long.explanation, "cohort-19", long.display_name):
        assert "".join(str(part).split()) in whole


def test_a_section_lists_its_first_people_and_says_how_many_more_there_are():
    plan = plan_of(*(decision(display_name=f"P{n:02}", idle_days=90 - n) for n in range(31)))
    shown = table(plan, limit=10)
    assert "P09" in shown
    assert "P10" not in shown
    assert "and 21 more; --all lists everyone" in shown


def test_the_end_says_how_to_carry_it_out():
    plan = plan_of(decision())
    ends = table(plan).rstrip().split("\n")[-2:]
    assert [line.strip() for line in ends] == [
        "lastseen show r-7k2m9q4d -o plan.json",
        "lastseen apply plan.json",
    ]
    written = table(plan, context={"plan_file": "/tmp/p.json"})
    assert written.rstrip().endswith("lastseen apply /tmp/p.json")
    assert "lastseen apply" not in table(plan_of(decision(**KEPT)))


def test_a_guardrail_in_the_way_is_reported_with_the_ways_on():
    shown = table(plan_of(decision()), context={"stopped_by": "184 people, at most 50"})
    assert "A guardrail would stop this. 184 people, at most 50" in shown
    assert "lastseen apply" not in shown
    assert shown.rstrip().endswith("lastseen show r-7k2m9q4d -o report.html")


@pytest.mark.parametrize("width", [80, 100, 120])
def test_advice_past_a_guardrail_is_whole_and_at_the_end_at_any_width(width):
    advice = (
        "Disabling 77 people, with 600 people on the roster: at most 50 people may be disabled in "
        "7 days. Check the plan; carry out part of it with `lastseen apply plan.json --limit 50`, "
        "or with `--only WHO` instead of `--limit`; allow all of them this once with "
        "`lastseen apply plan.json --max-disable 77`, or raise `max_disable` in [guardrails]."
    )
    context = {"stopped_by": advice, "still_allowed": 50}
    shown = table(plan_of(*roster_of(60)), width=width, context=context)
    assert f"A guardrail would stop this. {advice}" in " ".join(shown.split())
    assert shown.splitlines()[-2:] == [
        "  lastseen show r-7k2m9q4d -o report.html -o plan.json",
        "  lastseen apply plan.json --limit 50",
    ]


def test_advice_past_a_guardrail_is_whole_however_long_it_is():
    advice = f"Disabling 77 people{', and many others' * 20}. Raise `max_disable` in [guardrails]."
    shown = " ".join(table(plan_of(decision()), context={"stopped_by": advice}).split())
    assert advice in shown


def test_a_plan_carried_out_in_part_says_how_many_are_left_and_how_to_go_on():
    plan = plan_of(*roster_of(60))
    shown = table(plan, context={"applied_by": "2f2a83129182", "left": 4, "plan_file": "p.json"})
    assert "Carried out in part by run 2f2a83129182: 4 people are left." in shown
    assert "Nobody has been changed" not in shown
    assert shown.splitlines()[-2:] == ["To carry out the rest:", "  lastseen apply p.json"]


def test_a_plan_carried_out_in_full_names_its_run_and_no_command():
    shown = table(plan_of(*roster_of(60)), context={"applied_by": "2f2a83129182"})
    assert shown.splitlines()[-1] == "Carried out by run 2f2a83129182."


def test_the_command_past_an_approved_number_repeats_it():
    context = {"stopped_by": "12 people", "still_allowed": 11, "max_disable": 11}
    shown = table(plan_of(decision()), context=context)
    assert shown.endswith("  lastseen apply plan.json --limit 11 --max-disable 11\n")


def test_the_command_past_a_guardrail_names_the_file_that_was_written():
    context = {"stopped_by": "184 people", "still_allowed": 5, "plan_file": "/tmp/p.json"}
    shown = table(plan_of(decision()), context=context)
    assert shown.splitlines()[-2:] == [
        "  lastseen show r-7k2m9q4d -o report.html",
        "  lastseen apply /tmp/p.json --limit 5",
    ]


@pytest.mark.parametrize("width", [50, 80, 100, 120])
def test_a_sentence_that_many_people_share_is_reported_once_with_their_number(width):
    clock = "The portal's clock is unknown, so idle time is unknown."
    held = {"decision": Verdict.HOLD, "reason": Reason.EVIDENCE_INCOMPLETE, "idle_days": None}
    people = [decision(user_id=str(n), explanation=clock, **held) for n in range(12)]
    other = decision(user_id="13", explanation="Its log was damaged.", **held)

    shown = " ".join(table(plan_of(*people, other), width=width).split())

    assert shown.count("The portal's clock is unknown") == 1
    assert f"12 {clock}" in shown
    assert "Its log was damaged" in shown


def test_a_file_name_with_blanks_is_quoted_in_the_command():
    shown = table(plan_of(decision()), context={"plan_file": "/tmp/my plans/p.json"})
    assert shown.endswith("  lastseen apply '/tmp/my plans/p.json'\n")


def test_one_decision_may_be_shown_alone():
    plan = plan_of(decision(display_name="Gone"), decision(display_name="Kept Person", **KEPT))
    shown = table(plan, context={"only": Verdict.KEEP})
    assert "Kept Person" in shown
    assert "Gone" not in shown
    assert shown.startswith("1 of 2 contractors kept.")
    assert "To carry this out" not in shown


def test_those_due_soon_are_listed_when_asked_for():
    soon = decision(display_name="Soon", idle_days=25, last_seen_at=days_ago(25), **KEPT)
    later = decision(user_id="2", display_name="Later", last_seen_at=days_ago(5), **KEPT)
    shown = table(plan_of(soon, later), context={"soon_days": 7})
    assert "Due within 7 days: 1" in shown
    assert re.search(r"2026-11-30 +Soon", shown)
    assert "Later" not in shown


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
    assert re.search(r"kept +1 +active 1", table(plan))
    assert "Kept Person" in table(plan, everyone=True)


def test_the_header_tells_portal_instant_policy_roster_and_evidence():
    plan = plan_of(decision(), population=POPULATION)
    shown = " ".join(table(plan, everyone=True).split())
    for part in (
        PORTAL,
        "2026-11-25 10:30 UTC",
        "csv: 153 contractors listed, 150 with an account of 160 guests on the portal",
        "Disable after 30 days or more",
        "Complete:",
        "without a gap since 2026-05-29 10:30 UTC",
        "123 requests, 4,567 events",
    ):
        assert part in shown


def test_incomplete_evidence_is_said_with_its_reason():
    shown = " ".join(table(plan_of(decision(), evidence=incomplete_evidence())).split())
    assert "Incomplete:" in shown
    assert "known without a gap since" in shown


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
    plain = SGR.sub("", table(hostile_plan(), colour=True, everyone=True))
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
