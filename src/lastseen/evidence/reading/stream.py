"""Reads a log newest first, as a stream of overlapping pages, until enough is proven.

What this run's pages prove is joined with what the ledger knows; the remaining gaps are read again.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta

from lastseen.docspace.interface import EventQuery
from lastseen.evidence.reading.gap_reader import PAGES_AHEAD_EACH, GapReader
from lastseen.evidence.reading.log import is_right_missing
from lastseen.evidence.reading.page_reader import PageReader
from lastseen.evidence.reading.request_cost import STEP
from lastseen.evidence.reading.seek import Bracket, seek
from lastseen.model.concurrency import task_group
from lastseen.model.errors import PortalError
from lastseen.model.instant import Instant, Interval, instant

ATTEMPTS = 12
"""How often an unproven stretch is read again before it is given up."""
SEAM = timedelta(seconds=5)
"""A gap no longer than this is where two pages meet."""
MOST_PAGES_TO_THE_ANCHOR = 16
"""Pages searched for the newest entry that the ledger knows."""


async def read_stream(
    reader: PageReader,
    needed: Interval,
    *,
    enough: Callable[[], bool],
    ahead: Callable[[], int],
) -> bool:
    """Read until `needed` is proven, `enough()` says so, or it can't be proven.

    `ahead()` says how many pages may be in flight before it is known that they are needed. Returns
    whether the log is still the one that earlier runs read; if not, what they proved is dropped.
    Raises PortalRefused if a right is missing; any other failure ends the reading and is left
    in `reader.broken`.
    """
    reader.begin_reading(needed)
    await _read_gaps(reader, needed, enough=enough, ahead=ahead)
    is_same = bool(reader.broken) or await _is_same_log(reader)
    if not is_same:
        reader.forget_earlier()
        await _read_gaps(reader, needed, enough=enough, ahead=ahead)
    reader.end_reading()
    return is_same


async def is_longer_than(reader: PageReader, pages: int, needed: Interval) -> bool:
    """Ask in one request whether more than `pages` pages are still to be read for `needed`.

    If that fails the answer is a guess. Raises PortalRefused if a right is missing.
    """
    state = reader.state
    gaps = state.readable_gaps(needed)
    if not gaps:
        return False
    offsets = state.proof.offsets
    longest = max(gaps, key=lambda gap: gap.until - gap.since)
    passed = [c for c in state.counted if needed.since <= c.interval.since < longest.until]
    left_out = sum(offsets.of(g.since) - offsets.of(g.until) for g in gaps if g != longest)
    read = offsets.of(longest.until) - left_out + sum(covered.events for covered in passed)
    offset = max(0, read) + pages * STEP
    try:
        page = await state.log.fetch(EventQuery(start=offset, count=1))
    except PortalError as error:
        if is_right_missing(error):
            raise
        return state.pages_left(needed) > pages
    if not page.events:
        return False
    moment = instant(page.events[0].at)
    offsets.add(moment, offset)
    return moment >= needed.since


async def _read_gaps(
    reader: PageReader,
    needed: Interval,
    *,
    enough: Callable[[], bool],
    ahead: Callable[[], int],
) -> None:
    """Read the gaps of `needed` again and again, until none is left that can be closed."""
    tries: dict[Instant, int] = {}
    while not reader.broken and not enough():
        gaps = [
            gap for gap in reader.state.readable_gaps(needed) if tries.get(gap.until, 0) < ATTEMPTS
        ]
        if not gaps:
            return
        # All the seconds that a pass has left open at once; otherwise the newest stretches.
        seams = [gap for gap in gaps if gap.until - gap.since <= SEAM]
        chosen = seams or gaps[-max(1, ahead() // PAGES_AHEAD_EACH) :]
        await _read_each(reader, chosen, tries, enough=enough, ahead=ahead)


async def _read_each(
    reader: PageReader,
    gaps: Sequence[Interval],
    tries: dict[Instant, int],
    *,
    enough: Callable[[], bool],
    ahead: Callable[[], int],
) -> None:
    """Read each of `gaps` once, concurrently; `tries` counts how often each was, by its end."""

    async def read(gap: Interval, share: float) -> None:
        attempt = tries.get(gap.until, 0)
        tries[gap.until] = attempt + 1
        frontier = await seek(reader, gap, attempt)
        one = GapReader(reader, gap, enough=enough, ahead=lambda: max(1, int(ahead() * share)))
        await one.run(frontier)

    offsets = reader.state.proof.offsets
    lengths = [max(STEP, offsets.of(gap.since) - offsets.of(gap.until)) for gap in gaps]
    async with task_group() as group:
        for gap, length in zip(gaps, lengths, strict=True):
            group.create_task(read(gap, length / sum(lengths)))


async def _is_same_log(reader: PageReader) -> bool:
    """Return whether this is still the log that earlier runs read.

    Needs no request if the newest entry that the ledger knows was already met, which is so
    whenever only new entries were read.
    """
    state = reader.state
    anchor = state.anchor.sighting
    if not state.counted or anchor is None:
        return True
    bracket = Bracket(state.proof.offsets, anchor.at)
    for _ in range(MOST_PAGES_TO_THE_ANCHOR):
        verdict = state.anchor.is_same_log(state.proven(), state.kept_since)
        if verdict is not None:
            return verdict
        offset = bracket.next_offset()
        page = await reader.page(offset)
        if page is None:
            break
        if not page.events:
            bracket.ends_before(offset)
    return state.anchor.is_same_log(state.proven(), state.kept_since) or False
