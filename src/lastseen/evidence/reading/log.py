"""One log of the portal as the readers see it: how to fetch it, and what an answer proves.

The sign-in log is written at once, the trail through a queue (MessagesRepository.cs); so the
newest stretch of each is left for the next reading.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import msgspec

from lastseen.docspace.interface import (
    FORBIDDEN,
    PAYMENT_REQUIRED,
    UNAUTHORIZED,
    EventPage,
    EventQuery,
    Portal,
    Retention,
)
from lastseen.evidence.proof.page_proof import SECOND, PageView
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalError, PortalRefused
from lastseen.model.instant import CLOCK_TOLERANCE, EPOCH, Instant, Interval, before, days
from lastseen.model.sighting import EvidenceKind

ALLOWED_LATENESS = {
    EvidenceKind.SIGN_IN: timedelta(seconds=60),
    EvidenceKind.ACTIVITY: timedelta(minutes=15),
}
"""How long before a reading its log is assumed to be complete."""

RIGHT_MISSING = frozenset({UNAUTHORIZED, PAYMENT_REQUIRED, FORBIDDEN})
"""Answers that asking again does not change."""

NAMES = {EvidenceKind.SIGN_IN: "sign-in log", EvidenceKind.ACTIVITY: "activity trail"}
"""What the two logs are called on screen."""


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """A log of one portal."""

    kind: EvidenceKind
    """Which of the two."""
    fetch: Callable[[EventQuery], Awaitable[EventPage]]
    """Fetches one page."""
    shown: Callable[[], tuple[Interval, ...]]
    """Gives the stretches over which the pages fetched so far show entries at least daily."""
    kept_for: timedelta
    """How long the portal keeps its entries."""
    on_directory: frozenset[UserId] = frozenset()
    """People on single sign-on: their sign-outs may be their directory's."""
    complete_since: Callable[[], Awaitable[Instant]] | None = None
    """Gives the instant before which the log may have lost entries for good, because its lifetime
    was once shorter; called only if the log's end must prove something. None: it has lost none."""

    @property
    def name(self) -> str:
        """The log's name for people."""
        return NAMES[self.kind]

    @property
    def margin(self) -> timedelta:
        """How long before a reading the log is assumed to be complete."""
        return ALLOWED_LATENESS[self.kind]

    def known_until(self, page: EventPage) -> Instant:
        """Return up to which instant of the portal's clock `page` knows the newest events.

        The `Date` header is written with the answer; the log was read at some time before, at the
        earliest when the request was sent. A header ahead of the machine's clock is not believed,
        or coverage would reach into the future.
        """
        if page.portal_time is None:
            return Instant(page.sent_at - CLOCK_TOLERANCE - self.margin)
        under_way = page.answered_at - page.sent_at
        return Instant(min(page.sent_at, page.portal_time - under_way) - self.margin)

    def view(self, page: EventPage) -> PageView:
        """Return `page` in the form that the proof takes."""
        return PageView(
            start=page.query.start,
            events=page.events,
            sent_at=page.sent_at,
            answered_at=page.answered_at,
            known_until=self.known_until(page),
            floor=self.kept_since(page),
        )

    async def view_of_end(self, page: EventPage) -> PageView:
        """Return the view of `page`, which is known to be the oldest there is."""
        view = self.view(page)
        complete_since = await self.complete_since() if self.complete_since else EPOCH
        return msgspec.structs.replace(view, ends_log=True, floor=max(view.floor, complete_since))

    def kept_since(self, page: EventPage) -> Instant:
        """Return since when nothing can have been deleted at `page`, by whichever clock is ahead.

        The portal deletes by its own clock, which the `Date` header gives in whole seconds.
        """
        if page.portal_time is None:
            latest = Instant(page.answered_at + CLOCK_TOLERANCE)
        else:
            latest = max(page.answered_at, Instant(page.portal_time + SECOND))
        return before(latest, self.kept_for)


def sign_in_log(
    portal: Portal,
    retention: Retention,
    complete_since: Callable[[], Awaitable[Instant]] | None = None,
) -> Log:
    """Return the portal's sign-in log; `complete_since` is as in `Log`."""
    return Log(
        kind=EvidenceKind.SIGN_IN,
        fetch=portal.sign_ins,
        shown=partial(portal.shown, EvidenceKind.SIGN_IN),
        kept_for=days(retention.sign_in_days),
        complete_since=complete_since,
    )


def activity_trail(portal: Portal, retention: Retention) -> Log:
    """Return the portal's audit trail; release 3.7.2 keeps more of it, which is not relied on."""
    return Log(
        kind=EvidenceKind.ACTIVITY,
        fetch=portal.trail,
        shown=partial(portal.shown, EvidenceKind.ACTIVITY),
        kept_for=days(retention.trail_days),
    )


def is_right_missing(error: PortalError) -> bool:
    """Return whether the portal refuses the key, which asking again does not change."""
    return isinstance(error, PortalRefused) and error.status in RIGHT_MISSING
