"""How requests and time grow with the number of contractors, as rows and as a picture."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from benchmarks.bench.portals import Place, served
from benchmarks.bench.reviewing import desk
from benchmarks.bench.table import WITHOUT_DATES, Row
from testing.virtual import WINDOW_ONLY
from testing.worlds import company

PICTURE = Path("docs/images/growth.svg")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 360, 220, 60, 40


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A review of one size."""

    contractors: int
    requests: int
    seconds: float


def growth(sizes: Sequence[int], *, picture: Path | None) -> list[Row]:
    """Measure a first review at each size; write the picture where one is wanted."""
    points = [_measured(size) for size in sizes]
    if picture is not None:
        picture.write_text(drawn(points), encoding="utf-8")
    rows = []
    for smaller, larger in pairwise(points):
        factor = larger.contractors / smaller.contractors
        requests = larger.requests / smaller.requests / factor
        seconds = larger.seconds / smaller.seconds / factor
        rows.append(
            Row(
                figure=f"growth from {smaller.contractors:,} to {larger.contractors:,} "
                f"contractors: requests; time (1 is linear; {WITHOUT_DATES})",
                measured=f"{requests:.2f}; {seconds:.2f} ({larger.requests:,} requests, "
                f"{larger.seconds:.1f} s)",
                goal="≤ 1.05; ≤ 1.05",
                met=requests <= 1.05 and seconds <= 1.05,
            )
        )
    return rows


def _measured(contractors: int) -> Point:
    with (
        served(Place(shape=company(contractors))) as portal,
        desk(portal, lookback_days=WINDOW_ONLY.lookback_days) as commands,
    ):
        took, plan = commands.review()
    return Point(contractors=contractors, requests=plan.evidence.requests, seconds=took.seconds)


def drawn(points: Sequence[Point]) -> str:
    """Return the points as a picture: requests and seconds over contractors, on log scales."""
    panels = [
        _panel("requests", [(p.contractors, p.requests) for p in points], 0),
        _panel("seconds", [(p.contractors, p.seconds) for p in points], _WIDTH),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="11" role="img">'
        "<title>Requests and seconds of a first review over the number of contractors</title>"
        f'<rect width="{2 * _WIDTH}" height="{_HEIGHT}" fill="#fff"/>{"".join(panels)}</svg>\n'
    )


def _panel(name: str, values: Sequence[tuple[int, float]], left: int) -> str:
    from math import log10

    xs = [log10(x) for x, _ in values]
    ys = [log10(max(y, 0.01)) for _, y in values]
    wide, high = _WIDTH - _LEFT - 30, _HEIGHT - _BOTTOM - 40

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - xs[0]) / max(1e-9, xs[-1] - xs[0])
        up = (y - min(ys)) / max(1e-9, max(ys) - min(ys))
        return left + _LEFT + across * wide, 30 + (1 - up) * high

    spots = [place(x, y) for x, y in zip(xs, ys, strict=True)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    marks = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="#1f6f8b"/>'
        f'<text x="{x:.1f}" y="{y - 9:.1f}" text-anchor="middle">{value:,.4g}</text>'
        f'<text x="{x:.1f}" y="{_HEIGHT - 18}" text-anchor="middle">{count:,}</text>'
        for (x, y), (count, value) in zip(spots, values, strict=True)
    )
    return (
        f'<text x="{left + _LEFT - 30}" y="16" font-weight="bold">{name}</text>'
        f'<polyline points="{line}" fill="none" stroke="#1f6f8b" stroke-width="2"/>{marks}'
        f'<text x="{left + _WIDTH / 2:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">contractors'
        "</text>"
    )
