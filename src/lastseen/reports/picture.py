"""Where everything of the report's picture lies: a histogram in, shapes for an SVG out.

Pure geometry in the units of the picture's own view box; colours and words for the page are the
template's matter.
"""

import math

import msgspec

from lastseen.model.decision import Verdict
from lastseen.reports.histogram import Column, Histogram
from lastseen.reports.text import number

_DAY_STEPS = (1, 2, 5, 10, 15, 30, 60, 90, 180, 365, 730, 1825, 3650)
_PEOPLE_STEPS = tuple(lead * 10**power for power in range(9) for lead in (1, 2, 5))
_TOWERING = 3.0
"""A column is cut off when it is this many times as high as the next one."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """The people of one verdict in one column."""

    verdict: Verdict
    y: float
    height: float


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """One column of the picture."""

    x: float
    width: float
    top: float
    blocks: tuple[Block, ...]
    says: str
    """What it stands for, in words."""
    figure: str
    """The number to write above it; empty for none."""
    cut: bool
    """Whether it is higher than the picture, and drawn cut off."""


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A number on an axis."""

    at: float
    label: str


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """Every shape of the picture, in units of its view box."""

    name: str
    """Makes the ids of the picture unique on its page."""
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
    """Labels of the columns that stand apart."""
    line: float
    """Where the policy's line stands."""
    line_at_end: bool
    """Whether the line's label belongs to its left."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """How large a picture is to be."""

    name: str
    width: int
    height: int
    day_ticks: int
    """How many numbers the axis of days has room for."""
    apart: int
    """The width of a column that stands apart, with the gap before it."""


WIDE = Frame(name="wide", width=960, height=300, day_ticks=10, apart=106)
"""For a page on a desk, and for paper."""
MIDDLE = Frame(name="middle", width=640, height=280, day_ticks=8, apart=98)
"""For a page in a small window."""
SMALL = Frame(name="small", width=340, height=250, day_ticks=5, apart=70)
"""For a page on a telephone."""


def picture(histogram: Histogram, frame: Frame) -> Picture:
    """Lay the histogram out in the frame."""
    apart = [column for column in (histogram.beyond, histogram.unseen) if column.total]
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
        label = "no sighting" if column is histogram.unseen else f"{histogram.end}+"
        labels.append(Tick(at=middle, label=label))
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


class _Room(msgspec.Struct, frozen=True, kw_only=True):
    floor: float
    unit: float
    highest: float
    top: float


def _ceiling(totals: list[int]) -> tuple[float, float]:
    """Return the highest count that is drawn whole, and the count that the top edge stands for.

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
    Verdict.HOLD: "on hold",
    Verdict.KEEP: "kept",
    Verdict.SKIP: "skipped",
}
