"""What the entries of one log show: sightings, refused attempts, unknown actions."""

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from lastseen.evidence.actions import (
    CLEANED_UP,
    FAILED,
    NOBODY,
    OAUTH,
    PRESENT,
    SIGNED_BY_OTHERS,
    SIGNED_OUT,
)
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, instant
from lastseen.model.sighting import ANONYMOUS, Event, EvidenceKind, Sighting, login_key


class EventAccumulator:
    """Collects what the entries of one log show, keeping the newest sighting of each person."""

    def __init__(
        self,
        kind: EvidenceKind,
        *,
        nothing_after: Instant | None = None,
        on_directory: Collection[UserId] = (),
    ) -> None:
        """`nothing_after`: entries later than this are ignored (a past time given by `--now`).

        `on_directory`: people on single sign-on, whom their directory may sign out.
        """
        self.kind = kind
        self._on_directory = on_directory
        self._authorised: dict[str, Event] = {}
        self.seen: dict[str, datetime] = {}
        self._met: list[str] = []
        self.events = 0
        self._nothing_after = nothing_after
        self._newest: dict[str, Event] = {}
        self._failures: list[Event] = []
        self._unrecognised: list[Event] = []
        self._nameless_at: datetime | None = None

    def take(self, events: Sequence[Event]) -> None:
        """Take the entries of a page, in any order."""
        if self._nothing_after is not None:
            events = [event for event in events if event.at <= self._nothing_after]
        self.events += len(events)
        # Few entries of a page are newer than their person's last sighting: only those matter.
        known_at = self.seen.get
        news = [e for e in events if (at := known_at(e.user_id)) is None or e.at > at]
        if self.kind is EvidenceKind.ACTIVITY:
            self._see([e for e in news if not _is_background_work(e)])
        else:
            self._see([e for e in news if e.action_id in PRESENT and not self._is_not_theirs(e)])
            self._authorise([event for event in events if event.action_id == OAUTH])
            self._note([event for event in events if event.action_id not in PRESENT])
            self._note_nameless([e for e in news if e.user_id in NOBODY])

    def _see(self, news: list[Event]) -> None:
        """Keep the newest of each person's events that show them."""
        for event in news:
            known = self.seen.get(event.user_id)
            if known is None:
                self._met.append(event.user_id)
            elif event.at <= known:
                continue
            self.seen[event.user_id] = event.at
            self._newest[event.user_id] = event

    def _is_not_theirs(self, event: Event) -> bool:
        """Return whether it names nobody, or their directory may have signed the person out."""
        if event.user_id in NOBODY:
            return True
        return event.action_id == SIGNED_OUT and event.user_id in self._on_directory

    def _authorise(self, events: list[Event]) -> None:
        """Keep the newest application that each person authorised."""
        for event in events:
            known = self._authorised.get(event.user_id)
            if known is None or event.at > known.at:
                self._authorised[event.user_id] = event

    def _note(self, events: list[Event]) -> None:
        """Keep the entries that show nobody."""
        for event in events:
            if event.action_id in FAILED and event.user_id in NOBODY and event.login:
                tried = login_key(event.login)
                self._failures.append(msgspec.structs.replace(event, user_id=tried))
            elif event.action_id in FAILED:
                if event.user_id not in NOBODY:
                    self._failures.append(event)
            elif event.user_id not in NOBODY:
                self._unrecognised.append(event)
            elif event.login:
                tried = login_key(event.login)
                self._unrecognised.append(msgspec.structs.replace(event, user_id=tried))

    def _note_nameless(self, events: list[Event]) -> None:
        """Keep the newest successful sign-in in nobody's name: it may be anybody's.

        Known servers write none, but sign-outs after the session's end
        (AuthenticationController.cs).
        """
        for event in events:
            if event.action_id not in PRESENT or event.action_id == SIGNED_OUT:
                continue
            if self._nameless_at is None or event.at > self._nameless_at:
                self._nameless_at = event.at
                self._unrecognised.append(msgspec.structs.replace(event, user_id=ANONYMOUS))

    def met_since(self, since: Instant) -> list[str]:
        """Return, and forget, the people first seen since the last call, if at or after `since`."""
        met = [person for person in self._met if self.seen[person] >= since]
        self._met.clear()
        return met

    def sightings(self) -> tuple[Sighting, ...]:
        """Return, and forget, the sightings that are newer than any returned before."""
        found = [
            Sighting(
                user_id=UserId(person),
                at=instant(event.at),
                kind=kind,
                event_id=event.id,
                action_id=event.action_id,
            )
            for kind, newest in (
                (self.kind, self._newest),
                (EvidenceKind.AUTHORISATION, self._authorised),
            )
            for person, event in newest.items()
            if person not in NOBODY
        ]
        self._newest.clear()
        self._authorised.clear()
        return tuple(found)

    def failures(self) -> tuple[Event, ...]:
        """Return, and forget, the refused attempts taken since the last call."""
        found = tuple(self._failures)
        self._failures.clear()
        return found

    def unrecognised(self) -> tuple[Event, ...]:
        """Return, and forget, the entries with unknown actions taken since the last call."""
        found = tuple(self._unrecognised)
        self._unrecognised.clear()
        return found


def _is_background_work(event: Event) -> bool:
    """Return whether an entry of the trail is in the name of somebody who was not there.

    The portal cuts addresses in IPv6 down to what may be empty; background work has none at all.
    """
    if event.action_id in CLEANED_UP:
        return event.address is None
    return event.action_id == SIGNED_BY_OTHERS
