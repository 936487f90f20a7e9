"""How this portal treats filters: before it cuts the page, after it, or not at all.

Release 3.7.2 cuts the page first and filters what is left (LoginEventsRepository.cs); newer
documentation says the reverse; without the audit option every parameter is ignored
(SecurityController.cs). Only an answer that could not have come otherwise counts as proof.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.actions import NOBODY
from lastseen.model.contractor import user_id
from lastseen.model.instant import instant
from lastseen.model.sighting import Event

WITHOUT_OPTION = 20
"""How many events a portal without the audit option answers with."""

TRIES = 3

Fetch = Callable[[EventQuery], Awaitable[EventPage]]
"""Requests one page of a log."""


class FilterMode(StrEnum):
    """How the portal treats filters of its sign-in log; the plan's words."""

    BEFORE_WINDOW = "before-window"
    AFTER_WINDOW = "after-window"
    IGNORED = "ignored"


class Detected(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the detection."""

    mode: FilterMode
    """How filters are treated; `after-window` where nothing proves otherwise."""
    proven: bool
    """Whether an answer proves it. Unproven is safe: the stream is right either way."""
    newest: EventPage
    """The newest page, read on the way."""

    @property
    def has_audit_option(self) -> bool:
        """Whether the portal is shown to have the audit option."""
        if self.mode is FilterMode.IGNORED:
            return False
        return self.proven or len(self.newest.events) > WITHOUT_OPTION


async def ignores_everything(fetch: Fetch, newest: EventPage) -> bool:
    """Return whether a log ignores its parameters, `newest` being its newest page."""
    if not 1 < len(newest.events) <= WITHOUT_OPTION:
        return False
    return len((await fetch(EventQuery(count=1))).events) > 1


async def detect_filters(fetch: Fetch) -> Detected:
    """Find out how a log treats filters, in two requests if the log allows it.

    `fetch` requests a page of it. Raises PortalError if the portal doesn't answer.
    """
    newest = await fetch(EventQuery())
    for _ in range(TRIES):
        known = find_canary(newest.events)
        if known is None:
            return await _detect_by_date(fetch, newest)
        answer = await fetch(EventQuery(user_id=user_id(known.user_id), count=1))
        if len(answer.events) > 1:
            mode = FilterMode.IGNORED
        elif not answer.events:
            mode = FilterMode.AFTER_WINDOW
        elif proves_filter_first(answer, newest):
            mode = FilterMode.BEFORE_WINDOW
        else:
            # This person has just come back and is at the head of the log: start again.
            newest = await fetch(EventQuery())
            continue
        return Detected(mode=mode, proven=True, newest=newest)
    return Detected(mode=FilterMode.AFTER_WINDOW, proven=False, newest=newest)


def proves_filter_first(answer: EventPage, newest: EventPage) -> bool:
    """Return whether `answer`, asked for one person with `count=1`, was filtered before the cut.

    It was if it returns one event of that person that is older than one known to be newer: a
    portal that cuts first could only have returned the head of the log.
    """
    if len(answer.events) != 1 or not newest.events:
        return False
    found = answer.events[0]
    return found.user_id == answer.query.user_id and found.at < newest.events[0].at


async def _detect_by_date(fetch: Fetch, newest: EventPage) -> Detected:
    """Detect by date, for a log whose newest page shows one person only.

    Asked for one event no newer than a known one, a portal that cuts first finds nothing, since
    the head of its log is newer.
    """
    behind = next((e for e in newest.events if e.at < newest.events[0].at), None)
    if behind is None:
        ignored = await ignores_everything(fetch, newest)
        mode = FilterMode.IGNORED if ignored else FilterMode.AFTER_WINDOW
        return Detected(mode=mode, proven=ignored, newest=newest)
    answer = await fetch(EventQuery(until=instant(behind.at), count=1))
    if len(answer.events) > 1:
        mode = FilterMode.IGNORED
    elif answer.events and answer.events[0].at <= behind.at:
        mode = FilterMode.BEFORE_WINDOW
    else:
        mode = FilterMode.AFTER_WINDOW
    return Detected(mode=mode, proven=True, newest=newest)


def find_canary(events: list[Event]) -> Event | None:
    """Return an event of a person who isn't among those of the newest second."""
    if not events:
        return None
    head = {event.user_id for event in events if event.at == events[0].at}
    return next((e for e in events if e.user_id not in head and e.user_id not in NOBODY), None)
