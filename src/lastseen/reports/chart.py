"""The report's chart: the roster counted by days since last seen, and the shape of each bar.

Pure: a plan in, columns of counts out; a histogram in, shapes for an SVG out, in the units of its
own view box. Colours and words are up to the page's template.
"""

import math
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from lastseen.model.counting import counted, number
from lastseen.model.decision import Decision, Reason, SeenBy, Verdict, idle_for_longer
from lastseen.model.instant import Instant
from lastseen.model.plan import Plan
from lastseen.reports.sections import ORDER

_WIDTHS = (1, 2, 3, 5, 7, 10, 14, 15, 20, 30, 45, 60, 90, 120, 180, 365)
_MOST_COLUMNS = 40
_DAY_STEPS = (1, 2, 5, 10, 15, 30, 60, 90, 180, 365, 730, 1825, 3650)
_PEOPLE_STEPS = tuple(lead * 10**power for power in range(9) for lead in (1, 2, 5))
_SIGHTINGS = frozenset({SeenBy.SIGN_IN, SeenBy.ACTIVITY, SeenBy.API_KEY})
_TOWERING = 3.0
"""A column is cut off if it is this many times as high as the next one."""


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """The people in one range of idle days, by decision."""

    label: str
    """The days, in words."""
    since: int = 0
    """The first day inside."""
    until: int = 0
    """The first day after it."""
    counts: tuple[tuple[Verdict, int], ...] = ()
    """How many of each verdict, in the order of reports; those with none are left out."""

    @property
    def total(self) -> int:
        """How many people."""
        return sum(count for _, count in self.counts)

    def of(self, verdict: Verdict) -> int:
        """Return how many have that verdict."""
        return dict(self.counts).get(verdict, 0)


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """Everyone on a roster by days since last seen."""

    line: int
    """The policy's limit: idle this many days or more."""
    end: int
    """The day at which the axis ends."""
    columns: tuple[Column, ...]
    """One for each range from 0 to `end`, none left out; one starts at `line`."""
    beyond: Column
    """Those idle for `end` days or more."""
    undated: Column
    """Those not seen for as long as was read, whose last sighting lies further back."""
    unseen: Column
    """Those without any sighting."""
    left_out: int
    """Those not in the chart: not on the portal, or not examined and without a date."""

    @property
    def occupied(self) -> tuple[Column, ...]:
        """All columns with anyone in them, those that stand apart last."""
        return tuple(column for column in (*self.columns, *self.apart) if column.total)

    @property
    def apart(self) -> tuple[Column, ...]:
        """The columns beside the axis of days."""
        return self.beyond, self.undated, self.unseen

    @property
    def verdicts(self) -> frozenset[Verdict]:
        """The verdicts of those in the chart."""
        return frozenset(verdict for column in self.occupied for verdict, _ in column.counts)


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """The people of one verdict in one column."""

    verdict: Verdict
    y: float
    height: float


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the chart."""

    x: float
    width: float
    top: float
    blocks: tuple[Block, ...]
    says: str
    """What it shows, in words."""
    figure: str
    """The number to write above it; empty for none."""
    cut: bool
    """Whether it is higher than the chart, and drawn cut off."""


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A number on an axis."""

    at: float
    label: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Every shape of the chart, in units of its view box."""

    name: str
    """Makes the ids of the chart unique on its page."""
    width: int
    height: int
    left: float
    right: float
    """Where the axis of days ends."""
    top: float
    floor: float
    bars: tuple[Bar, ...]
    days: tuple[Tick, ...]
    people: tuple[Tick, ...]
    apart: tuple[Tick, ...]
    """Labels of the separate columns at the right."""
    line: float
    """The position of the policy's line."""
    line_at_end: bool
    """Whether the line's label belongs to its left."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a chart."""

    name: str
    width: int
    height: int
    day_ticks: int
    """How many numbers fit on the axis of days."""
    apart: int
    """The width of a separate column, with the gap before it."""


WIDE = Frame(name="wide", width=960, height=300, day_ticks=10, apart=106)
"""For a page on a desk, and for paper."""
MIDDLE = Frame(name="middle", width=640, height=280, day_ticks=8, apart=98)
"""For a page in a small window."""
SMALL = Frame(name="small", width=340, height=250, day_ticks=5, apart=70)
"""For a page on a telephone."""


def histogram(plan: Plan) -> Histogram:
    """Count a plan's people by days since last seen."""
    line = plan.policy.inactive_days
    unseen, left_out = [], 0
    undated: list[Decision] = []
    seen: list[tuple[int, Verdict]] = []
    for decision in plan.decisions:
        if _lies_further_back(decision, plan.now):
            undated.append(decision)
        elif decision.idle_days is not None and decision.last_seen_by in _SIGHTINGS:
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
        undated=_column(_undated_label(undated), (one.decision for one in undated)),
        unseen=_column(_unseen_label(plan), unseen),
        left_out=left_out,
    )


def picture(histogram: Histogram, frame: Frame) -> Picture:
    """Lay out the histogram in the frame."""
    apart = [column for column in histogram.apart if column.total]
    left, right, top, floor = 34.0, float(frame.width - 6), 34.0, float(frame.height - 44)
    right -= frame.apart * len(apart)
    scale = (right - left) / histogram.end
    highest, ceiling = _ceiling([column.total for column in (*histogram.columns, *apart)])
    room = _Room(floor=floor, unit=(floor - top) / ceiling, highest=highest, top=top)
    bars = [
        _bar(column, left + column.since * scale, (column.until - column.since) * scale, room)
        for column in histogram.columns
        if column.total
    ]
    labels = []
    for place, column in enumerate(apart):
        middle = right + frame.apart * (place + 0.6)
        width = frame.apart * 0.42
        bars.append(_bar(column, middle - width / 2, width, room, figure=True))
        labels.append(Tick(at=middle, label=_short_label(column, histogram)))
    line = left + histogram.line * scale
    return Picture(
        name=frame.name,
        width=frame.width,
        height=frame.height,
        left=left,
        right=right,
        top=top,
        floor=floor,
        bars=tuple(bars),
        days=tuple(
            Tick(at=left + day * scale, label=number(day))
            for day in _steps(histogram.end, frame.day_ticks, _DAY_STEPS)
        ),
        people=tuple(
            Tick(at=floor - count * room.unit, label=number(count))
            for count in _steps(math.floor(highest), 4, _PEOPLE_STEPS)
            if count
        ),
        apart=tuple(labels),
        line=line,
        line_at_end=line > left + (right - left) * 0.6,
    )


def _lies_further_back(decision: Decision, now: Instant) -> bool:
    """Return whether somebody was, or may have been, seen before the part that was read."""
    if decision.last_seen_by in _SIGHTINGS:
        if decision.idle_days is None:
            return _was_looked_at(decision)
        return idle_for_longer(decision, now)
    return decision.reason is Reason.INACTIVE and decision.last_seen_at is None


def _undated_label(undated: list[Decision]) -> str:
    known = [one.idle_days for one in undated if one.idle_days is not None]
    if not known or len(known) < len(undated):
        return "without a known date"
    return f"not seen for {counted(min(known), 'day')} or longer (no date)"


def _short_label(column: Column, histogram: Histogram) -> str:
    """Return what fits below a column beside the axis."""
    if column is histogram.beyond:
        return f"{histogram.end}+"
    return "no date" if column is histogram.undated else column.label


def _unseen_label(plan: Plan) -> str:
    """Return `never seen` if the logs show that for everyone without a sighting."""
    less_known = (
        _was_looked_at(one)
        and one.last_seen_by in (None, SeenBy.REGISTRATION)
        and one.decision is Verdict.HOLD
        for one in plan.decisions
    )
    return "no sighting" if any(less_known) else "never seen"


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


class _Room(msgspec.Struct, frozen=True, kw_only=True):
    floor: float
    unit: float
    highest: float
    top: float


def _ceiling(totals: list[int]) -> tuple[float, float]:
    """Return the highest count that is drawn in full, and the count at the top edge.

    Up to two columns that tower over the rest are cut off, so that the rest can be seen.
    """
    ranked = [*sorted((total for total in totals if total), reverse=True), 0]
    for place in (1, 0):
        if len(ranked) > place + 2 and ranked[place] > _TOWERING * ranked[place + 1]:
            return ranked[place + 1], ranked[place + 1] * 1.3
    return max(1, ranked[0]), max(1, ranked[0])


def _bar(column: Column, x: float, width: float, room: _Room, *, figure: bool = False) -> Bar:
    cut = column.total > room.highest
    whole = room.floor - room.top if cut else column.total * room.unit
    whole = max(whole, 2.0)
    blocks = []
    y = room.floor
    for verdict, count in column.counts:
        height = max(whole * count / column.total, 1.0)
        y -= height
        blocks.append(Block(verdict=verdict, y=round(y, 2), height=round(height, 2)))
    parts = ", ".join(f"{number(count)} {_VERDICTS[verdict]}" for verdict, count in column.counts)
    gap = min(2.0, width * 0.15)
    return Bar(
        x=round(x + gap / 2, 2),
        width=round(width - gap, 2),
        top=round(y, 2),
        blocks=tuple(blocks),
        says=f"{column.label}: {parts}",
        figure=number(column.total) if cut or figure else "",
        cut=cut,
    )


def _steps(end: int, most: int, sizes: tuple[int, ...]) -> tuple[int, ...]:
    step = next((size for size in sizes if end / size <= most), max(end, 1))
    return tuple(range(0, end + 1, step))


_VERDICTS = {
    Verdict.DISABLE: "to disable",
    Verdict.SIGN_OUT: "to sign out",
    Verdict.HOLD: "on hold",
    Verdict.KEEP: "kept",
    Verdict.SKIP: "skipped",
}
