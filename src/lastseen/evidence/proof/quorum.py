"""Deciding whether to believe a page that is shorter than asked for.

A short page means either that nothing older exists or that the portal lost something; one answer
can't tell which. What a lossy portal leaves out differs from answer to answer, so a short page is
believed only when several answers agree.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import msgspec

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.model.instant import Instant

AGREEING = 3
"""Answers that must agree on a short page."""
AGREEING_ON_FEW = 5
"""The same for a page with so few events that two lossy answers may agree by chance."""
FEW_EVENTS = 2
"""A page with at most this many events has few."""
AGREEING_ON_NOTHING = ((1_000, 2), (100, 3), (20, 4), (0, 5))
"""Answers that must agree that a log holds nothing of a person, by how many people were found.

Chosen so that a portal that loses answers at random, however often, hides anyone unnoticed in about
one review of a thousand at most: a lossy portal would have lost some of those found, and asking for
them again would have contradicted it.
"""
MOST_ASKED = 24
"""Answers after which a page whose answers never agree is given up."""


Fetch = Callable[[EventQuery, int], Awaitable[Sequence[EventPage]]]
"""Requests a page this many times, concurrently, and returns the answers."""


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of requesting a page until its answers agree."""

    page: EventPage
    """The fullest answer."""
    answers: tuple[EventPage, ...]
    """Every answer, agreeing or not: each may show a sighting."""
    is_believed: bool
    """Whether the page is full, or enough answers agreed on it."""
    ends_log: bool
    """Whether it is also known that nothing older exists."""
    contradicted: bool
    """Whether one answer lacked an event that another one showed."""


def agreeing_answers(events: int, *, unsteady: bool) -> int:
    """Return how many answers must agree on a short page of that many events.

    `unsteady`: the portal has shown a fault during this run, so twice as many.
    """
    return (AGREEING_ON_FEW if events <= FEW_EVENTS else AGREEING) * (2 if unsteady else 1)


def agreeing_on_nothing(found: int, *, unsteady: bool) -> int:
    """Return how many answers must agree that a log holds nothing of a person.

    `found`: people whose entries came back when asked about in the same way. Each is a test that
    the portal has passed. `unsteady`: the portal has shown a fault during this run.
    """
    if unsteady:
        return 2 * AGREEING_ON_FEW
    return next(enough for least, enough in AGREEING_ON_NOTHING if found >= least)


async def agreed_page(
    first: EventPage,
    fetch: Fetch,
    is_unsteady: Callable[[], bool],
    *,
    kept_since: Callable[[EventPage], Instant],
    shows_at_most: int | None = None,
) -> Agreed:
    """Request `first` again until it is full or enough answers agree, then look past its end.

    `fetch` requests a page this many times at once. `kept_since`: the instant before which the
    portal may have deleted entries by the time of an answer; their absence is no contradiction.
    `shows_at_most`: the portal ignores the query and returns only its newest events, at most this
    many: if there are fewer, they are all. Raises PortalError from `fetch`.
    """
    best, answers = first, [first]
    agreeing, contradicted = 1, False
    while not _is_full(best) and len(answers) < MOST_ASKED:
        enough = agreeing_answers(len(best.events), unsteady=contradicted or is_unsteady())
        if agreeing >= enough:
            break
        more = min(enough - agreeing, MOST_ASKED - len(answers))
        for again in await fetch(first.query, more):
            answers.append(again)
            over = _over(best, again, kept_since(again))
            if _agree(best, again, over):
                agreeing = 1 if over else agreeing + 1
                best = again
            else:
                contradicted = True
                if len(again.events) > len(best.events):
                    best, agreeing = again, 1
    full = _is_full(best)
    believed = full or agreeing >= agreeing_answers(
        len(best.events), unsteady=contradicted or is_unsteady()
    )
    ends = False
    if believed and not full and shows_at_most is not None:
        ends = len(best.events) < shows_at_most
    elif believed and not full:
        ends = len(best.events) < 2 or await _nothing_behind(best, fetch, answers)
    return Agreed(
        page=best,
        answers=tuple(answers),
        is_believed=believed,
        ends_log=ends,
        contradicted=contradicted,
    )


def _is_full(page: EventPage) -> bool:
    return len(page.events) >= page.query.count


def _agree(one: EventPage, again: EventPage, over: Sequence[datetime]) -> bool:
    """Return whether `again` shows the same events, but for those `over` and new arrivals."""
    if not one.events:
        return not again.events
    if over and any(event.at < max(over) for event in again.events):
        return False  # time takes the oldest first; a portal that loses entries takes any
    newest = one.events[0].at
    known = {event.id for event in one.events}
    now = {event.id for event in again.events}
    gone = [event.at for event in one.events if event.id not in now and event.at not in over]
    arrived = [event.at for event in again.events if event.id not in known]
    if one.query.start == 0:
        return not gone and all(at > newest for at in arrived)
    # Events of the page's first second have no order: any of them may precede its offset.
    return (
        all(at == newest for at in gone)
        and len(now) >= len(known) - len(over)
        and all(at >= newest for at in arrived)
    )


def _over(one: EventPage, again: EventPage, kept_since: Instant) -> list[datetime]:
    """Return when those events happened that `again` shows no longer and need not."""
    now = {event.id for event in again.events}
    return [event.at for event in one.events if event.at < kept_since and event.id not in now]


async def _nothing_behind(page: EventPage, fetch: Fetch, answers: list[EventPage]) -> bool:
    """Return whether the offset of the page's last event shows that event and nothing older.

    Some portals always return fewer events than requested: their short pages end nothing. Others
    return their newest events, or some of them, whatever is requested: the answer must hold the
    page's last event, except for a few that new arrivals have pushed down.
    """
    offset = page.query.start + len(page.events) - 1
    ids = {event.id for event in page.events}
    for _ in range(AGREEING):
        (behind,) = await fetch(msgspec.structs.replace(page.query, start=offset), 1)
        answers.append(behind)
        many = len(behind.events)
        if 0 < many <= max(1, len(page.events) // 4) and all(
            event.id in ids and event.at <= page.events[-many].at for event in behind.events
        ):
            return True
    return False
