"""The roster counted by days since last seen: the numbers behind the report's picture.

Pure: a plan in, columns of counts out. Geometry is `picture`'s matter.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from lastseen.model.decision import Decision, SeenBy, Verdict
from lastseen.model.plan import Plan
from lastseen.reports.sections import ORDER
from lastseen.reports.text import counted

_WIDTHS = (1, 2, 3, 5, 7, 10, 14, 15, 20, 30, 45, 60, 90, 120, 180, 365)
_MOST_COLUMNS = 40


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """The people of one stretch of idle days, by what is to be done."""

    label: str
    """Which days, in words."""
    since: int = 0
    """The first day inside."""
    until: int = 0
    """The first day after it."""
    counts: tuple[tuple[Verdict, int], ...] = ()
    """How many of each verdict, in the order of reports; those with none left out."""

    @property
    def total(self) -> int:
        """How many people."""
        return sum(count for _, count in self.counts)


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """Everyone of a roster by days since last seen."""

    line: int
    """The policy's limit: idle this many days or more."""
    end: int
    """The day at which the axis ends."""
    columns: tuple[Column, ...]
    """One for each stretch from 0 to `end`, none left out; a border falls on `line`."""
    beyond: Column
    """Those idle for `end` days or more."""
    unseen: Column
    """Those without any sighting: never seen, or not in what is known."""
    left_out: int
    """Those who have no place: not on the portal, or not looked at and without a date."""

    @property
    def occupied(self) -> tuple[Column, ...]:
        """All columns with anyone in them, the two that stand apart last."""
        return tuple(column for column in (*self.columns, self.beyond, self.unseen) if column.total)

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """The verdicts of those who have a place."""
        return frozenset(verdict for column in self.occupied for verdict, _ in column.counts)


def histogram(plan: Plan) -> Histogram:
    """Count a plan's people by days since last seen."""
    line = plan.policy.inactive_days
    unseen, left_out = [], 0
    seen: list[tuple[int, Verdict]] = []
    for decision in plan.decisions:
        if decision.idle_days is not None and decision.last_seen_by is not SeenBy.REGISTRATION:
            seen.append((max(0, decision.idle_days), decision.decision))
        elif _was_looked_at(decision):
            unseen.append(decision.decision)
        else:
            left_out += 1
    end = _end(plan, max((idle for idle, _ in seen), default=0))
    borders = _borders(line, end)
    return Histogram(
        line=line,
        end=end,
        columns=tuple(
            _column(
                _days(since, until),
                (v for idle, v in seen if since <= idle < until),
                since=since,
                until=until,
            )
            for since, until in pairwise(borders)
        ),
        beyond=_column(f"{end} days ago or longer", (v for idle, v in seen if idle >= end)),
        unseen=_column("no sighting", unseen),
        left_out=left_out,
    )


def _was_looked_at(decision: Decision) -> bool:
    return decision.decision is not Verdict.SKIP and decision.user_id is not None


def _end(plan: Plan, longest: int) -> int:
    line = plan.policy.inactive_days
    room = max(line + max(2, line // 4), longest + 1)
    return min(room, max(plan.policy.lookback_days, 2 * line, 4))


def _borders(line: int, end: int) -> tuple[int, ...]:
    width = next((w for w in _WIDTHS if end / w <= _MOST_COLUMNS), -(-end // _MOST_COLUMNS))
    inner = range(line % width, end, width)
    return (0, *(border for border in inner if border > 0), end)


def _days(since: int, until: int) -> str:
    if until - since == 1:
        return f"{counted(since, 'day')} ago"
    return f"{since} to {until - 1} days ago"


def _column(label: str, verdicts: Iterable[Verdict], *, since: int = 0, until: int = 0) -> Column:
    found = Counter(verdicts)
    counts = tuple((verdict, found[verdict]) for verdict in ORDER if found[verdict])
    return Column(label=label, since=since, until=until, counts=counts)
