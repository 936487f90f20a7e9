"""What an entry of the sign-in log says about presence.

The numbers are those of MessageAction.cs, release 3.7.2. A number that stands in no table is
neither presence nor absence.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum, auto
from operator import attrgetter

from lastseen.contractor import UserId
from lastseen.instant import Instant, instant
from lastseen.sighting import Event, EvidenceKind, FailedSignIn, Sighting, UnrecognisedEvent


class Meaning(Enum):
    """What an action of the sign-in log says."""

    PRESENT = auto()
    """A sign-in that worked, a session event or a sign-out: the person was there."""
    REFUSED = auto()
    """A sign-in that failed: someone tried, nobody knows who."""


SUCCESSFUL = frozenset(
    {1000, 1001, 1007, 1010, 1011, 1012, 1015, 1019, 1021, 1024, 1027, 1028, 1029}
)
FAILED = frozenset(
    {1002, 1003, 1004, 1005, 1008, 1009, 1013, 1014, 1018, 1020, 1022, 1023, 1025, 1026}
)
SESSION = frozenset({1006, 1016, 1017})

PRESENT = SUCCESSFUL | SESSION
"""The actions that show presence."""

MEANINGS: dict[int, Meaning] = {
    **dict.fromkeys(PRESENT, Meaning.PRESENT),
    **dict.fromkeys(FAILED, Meaning.REFUSED),
}
"""Every known action of the sign-in log."""

NOBODY = frozenset({"", "00000000-0000-0000-0000-000000000000"})
"""The ids of an unknown user."""


_USER_ID = attrgetter("user_id")


class Harvest:
    """Gathers what the entries of one log show, keeping the newest sighting of each person."""

    def __init__(self, kind: EvidenceKind, *, nothing_after: Instant | None = None) -> None:
        """`nothing_after`: entries later than this are passed over (a pretended past)."""
        self.kind = kind
        self.seen: dict[str, datetime] = {}
        self._met: list[str] = []
        self.events = 0
        self._nothing_after = nothing_after
        self._newest: dict[str, Event] = {}
        self._failures: list[Event] = []
        self._unrecognised: list[Event] = []

    def take(self, events: Iterable[Event]) -> None:
        """Take in the entries of a page, in any order."""
        if self._nothing_after is not None:
            events = [e for e in events if e.at <= self._nothing_after]
        page = list(events)
        self.events += len(page)
        if self.kind is EvidenceKind.ACTIVITY:
            self._see(page)
            return
        self._see([event for event in page if event.action_id in PRESENT])
        for event in [event for event in page if event.action_id not in PRESENT]:
            if event.user_id in NOBODY:
                continue
            if MEANINGS.get(event.action_id) is Meaning.REFUSED:
                self._failures.append(event)
            else:
                self._unrecognised.append(event)

    def _see(self, events: list[Event]) -> None:
        """Keep the newest of each person's events that show them."""
        # Few events of a page are newer than what is known of their person: sort those out at once.
        known_at = map(self.seen.get, map(_USER_ID, events))
        news = [e for e, at in zip(events, known_at, strict=True) if at is None or e.at > at]
        for event in news:
            known = self.seen.get(event.user_id)
            if known is None:
                self._met.append(event.user_id)
            elif event.at <= known:
                continue
            self.seen[event.user_id] = event.at
            self._newest[event.user_id] = event

    def met_since(self, since: Instant) -> list[str]:
        """Return, and forget, who was seen for the first time, if at or after `since`."""
        met = [person for person in self._met if self.seen[person] >= since]
        self._met.clear()
        return met

    def sightings(self) -> tuple[Sighting, ...]:
        """Return, and forget, the sightings that are newer than any returned before."""
        found = tuple(
            Sighting(
                user_id=UserId(person),
                at=instant(event.at),
                kind=self.kind,
                event_id=event.id,
                action_id=event.action_id,
            )
            for person, event in self._newest.items()
            if person not in NOBODY
        )
        self._newest.clear()
        return found

    def failures(self) -> tuple[FailedSignIn, ...]:
        """Return, and forget, the refused attempts taken in since the last call."""
        found = tuple(
            FailedSignIn(
                user_id=UserId(event.user_id),
                at=instant(event.at),
                event_id=event.id,
                address=event.address,
            )
            for event in self._failures
        )
        self._failures.clear()
        return found

    def unrecognised(self) -> tuple[UnrecognisedEvent, ...]:
        """Return, and forget, the entries with unknown actions taken in since the last call."""
        found = tuple(
            UnrecognisedEvent(
                user_id=UserId(event.user_id),
                at=instant(event.at),
                event_id=event.id,
                action_id=event.action_id,
            )
            for event in self._unrecognised
        )
        self._unrecognised.clear()
        return found
