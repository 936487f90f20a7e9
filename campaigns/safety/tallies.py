"""Counts what came of cases, by mode and by fault, so that two processes' counts can be added.

It knows the groups and the columns, nothing of how they are shown.
"""

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum

from campaigns.safety.cases import Case, Review, Switch
from campaigns.safety.doings import SILENCE_DAYS
from campaigns.safety.judging import Fault
from campaigns.safety.nameless import NAMELESS
from campaigns.safety.playing import Played
from campaigns.safety.sampling import Sampled

LASTSEEN = "Lastseen"
"""The subject of what the product did; the other subjects are the baseline's variants."""

ALL = "all"
"""The group of every case."""


class Column(StrEnum):
    """What is counted beside the faults of single decisions."""

    PORTALS = "portals"
    REVIEWS = "reviews"
    DECISIONS = "decisions"
    THERE = "there in the window, or untouchable"
    DISABLES = "decisions to disable"
    READING = "decisions to disable, of people who read in the window"
    SIGN_OUTS = "decisions to end sessions"
    SESSION_HOLDS = "held since a session may be open"
    NO_PLAN = "reviews that ended without a plan"
    NO_PLAN_UNDISTURBED = "reviews that ended without a plan, undisturbed"
    CRASHES = "crashes"
    APPLIED = "plans carried out"
    DISABLED = "people disabled"
    DISABLED_WRONGLY = "people disabled wrongly"
    SPARED = "people spared by the recheck"
    UNDONE = "people left alone by the recheck for lack of proof"
    UNDONE_UNDISTURBED = "people left alone for lack of proof, undisturbed"
    REQUESTS = "requests"


Key = tuple[str, str, str]
"""Group, subject, column."""

Tally = Counter[Key]
"""Counts by key; two are added with `+`."""


def tally(case: Case, played: Played, sampled: dict[str, Sampled]) -> Tally:
    """Count one case."""
    counts: Tally = Counter()
    for group in groups_of(case, played):
        _count_product(counts, group, case, played)
        for subject, found in sampled.items():
            counts[group, subject, Column.DECISIONS] += found.people
            counts[group, subject, Column.THERE] += found.there
            counts[group, subject, Column.DISABLES] += found.disables
            counts[group, subject, Column.READING] += len(found.reading)
            counts[group, subject, Fault.WRONGFUL] += len(found.wrongful)
            counts[group, subject, Fault.MISSED] += len(found.missed)
            counts[group, subject, Column.REQUESTS] += found.requests
    return counts


def groups_of(case: Case, played: Played) -> Iterator[str]:
    """Name the groups that a case counts in."""
    yield ALL
    changes = any(isinstance(step, Review) and step.switches for step in case.steps)
    changes |= any(isinstance(step, Switch) for step in case.steps)
    yield f"open sessions: {case.rules.open_sessions}"
    yield f"release: {case.release}"
    yield f"logs: {_logs_of(case)}"
    yield "mode: changing" if changes else f"mode: {case.mode}"
    named = [NAMELESS] if NAMELESS in case.faults else []
    if not played.happened and not named:
        yield "fault: none"
    for name in (*played.happened, *named):
        yield f"fault: {name}"


def _logs_of(case: Case) -> str:
    """Say in words whether a log stops, and whether the product looks for that."""
    if case.outages:
        stopped = " and ".join(sorted({f"{one.log} log" for one in case.outages}))
        return f"{stopped} stops".replace("trail log", "trail")
    default = case.rules.log_silence_days == SILENCE_DAYS
    return "written throughout" if default else "silence means nothing"


def _count_product(counts: Tally, group: str, case: Case, played: Played) -> None:
    def count(column: str, number: int = 1) -> None:
        counts[group, LASTSEEN, column] += number

    count(Column.PORTALS)
    count(Column.CRASHES, played.crash is not None)
    for review in played.reviews:
        count(Column.REVIEWS)
        count(Column.REQUESTS, review.requests)
        if review.refused is not None and not case.is_hidden:
            count(Column.NO_PLAN)
            count(Column.NO_PLAN_UNDISTURBED, not review.disturbed)
        for judged in review.judged:
            count(Column.DECISIONS)
            count(Column.THERE, judged.present)
            count(Column.DISABLES, judged.decision == "disable")
            count(Column.READING, judged.decision == "disable" and judged.reads)
            count(Column.SIGN_OUTS, judged.decision == "sign-out")
            is_held = judged.decision == "hold" and judged.reason == "session-may-be-open"
            count(Column.SESSION_HOLDS, is_held)
            if judged.fault is not None:
                count(judged.fault)
    for applied in played.applied:
        count(Column.APPLIED)
        count(Column.DISABLED, applied.disabled)
        count(Column.DISABLED_WRONGLY, len(applied.wrongful))
        count(Column.SPARED, applied.spared)
        count(Column.UNDONE, applied.undone)
        excused = case.is_disturbed or applied.may_lack_proof
        count(Column.UNDONE_UNDISTURBED, 0 if excused else applied.undone)
