"""Writes what was counted as tables in Markdown. It counts nothing itself."""

from collections.abc import Iterable, Sequence

from campaigns.safety.cases import OPEN_SESSIONS
from campaigns.safety.judging import Fault
from campaigns.safety.tallies import ALL, LASTSEEN, Column, Tally
from testing.baseline import VARIANTS

SUBJECTS = (LASTSEEN, *VARIANTS)
"""The columns of the first table."""

_SIDE_BY_SIDE = (
    (Column.DECISIONS, "people decided on"),
    (Column.THERE, "of them at work in the window, or protected"),
    (Column.DISABLES, "decisions to disable"),
    (Fault.WRONGFUL, "**wrongful disables**"),
    (Fault.MISSED, "missed: kept though idle for long enough"),
)
_ALONE = (
    (Fault.HELD_THOUGH_WHOLE, "held though the evidence was whole and nothing went wrong"),
    (Fault.HELD_IN_TROUBLE, "held while something went wrong (allowed)"),
    (Fault.UNPROVEN, "disabled though nothing can have proven it"),
    (Fault.UNMARKED, "`report`: disabled though reading, and not marked"),
    (Fault.FALSELY_NEVER, "called never seen, wrongly"),
    (Column.CRASHES, "crashes"),
    (Column.NO_PLAN_UNDISTURBED, "reviews without a plan though nothing went wrong"),
    (Column.NO_PLAN, "reviews that ended with an error, in trouble or not (allowed in trouble)"),
    (Column.APPLIED, "plans carried out, with a recheck"),
    (Column.DISABLED, "people disabled by that"),
    (Column.DISABLED_WRONGLY, "of them wrongly"),
    (Column.SPARED, "people spared by the recheck"),
    (Column.UNDONE_UNDISTURBED, "people left alone for lack of proof though nothing went wrong"),
)


_SESSIONS = (
    (Column.PORTALS, "portals"),
    (Column.DISABLES, "decisions to disable"),
    (Fault.WRONGFUL, "wrongful"),
    (Fault.MISSED, "missed"),
    (Fault.HELD_THOUGH_WHOLE, "held, whole"),
    (Column.SESSION_HOLDS, "held for an open session"),
    (Column.SIGN_OUTS, "to sign out"),
    (Column.READING, "reading, disabled"),
)


def written(counts: Tally) -> str:
    """Return the tables: side by side, Lastseen alone, by mode and by fault."""
    return "\n".join(
        [
            *_side_by_side(counts),
            "",
            *_alone(counts),
            "",
            *_by_open_sessions(counts),
            "",
            *_by_group(counts, "release: ", "Release"),
            "",
            *_by_group(counts, "logs: ", "Logs"),
            "",
            *_by_group(counts, "mode: ", "What the portal does with filters"),
            "",
            *_by_group(counts, "fault: ", "Portals on which this happened"),
            "",
        ]
    )


def _side_by_side(counts: Tally) -> Iterable[str]:
    yield _row(["", *SUBJECTS])
    yield _row(["---", *["---:"] * len(SUBJECTS)])
    for column, heading in _SIDE_BY_SIDE:
        yield _row([heading, *(_number(counts[ALL, subject, column]) for subject in SUBJECTS)])


def _alone(counts: Tally) -> Iterable[str]:
    yield _row([LASTSEEN, ""])
    yield _row(["---", "---:"])
    for column, heading in _ALONE:
        yield _row([heading, _number(counts[ALL, LASTSEEN, column])])


def _by_open_sessions(counts: Tally) -> Iterable[str]:
    """Tell what becomes of people who only read, by how the policy treats open sessions."""
    headings = [heading for _, heading in _SESSIONS]
    sample = [f"reading, disabled: {variant}" for variant in VARIANTS]
    yield _row(["`open_sessions`", *headings, *sample])
    yield _row(["---", *["---:"] * (len(headings) + len(sample))])
    for mode in OPEN_SESSIONS:
        group = f"open sessions: {mode}"
        cells = [counts[group, LASTSEEN, column] for column, _ in _SESSIONS]
        cells += [counts[group, variant, Column.READING] for variant in VARIANTS]
        yield _row([f"`{mode}`", *map(_number, cells)])


def _by_group(counts: Tally, prefix: str, heading: str) -> Iterable[str]:
    groups = sorted({group for group, _, _ in counts if group.startswith(prefix)})
    wrongful = [f"wrongful: {subject}" for subject in SUBJECTS]
    yield _row([heading, "portals", *wrongful, "held, whole", "held in trouble", "unproven"])
    yield _row(["---", *["---:"] * (len(wrongful) + 4)])
    for group in groups:
        cells = [counts[group, LASTSEEN, Column.PORTALS]]
        cells += [counts[group, subject, Fault.WRONGFUL] for subject in SUBJECTS]
        cells += [
            counts[group, LASTSEEN, column]
            for column in (Fault.HELD_THOUGH_WHOLE, Fault.HELD_IN_TROUBLE, Fault.UNPROVEN)
        ]
        yield _row([group.removeprefix(prefix), *map(_number, cells)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(count: int) -> str:
    return f"{count:,}"
