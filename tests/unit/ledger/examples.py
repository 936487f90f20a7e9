"""Short ways to say what the tests of the ledger put into it."""

from datetime import UTC, datetime, timedelta

from lastseen.ledger import Reading
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, Interval
from lastseen.model.sighting import Event, EvidenceKind, Sighting

START = datetime(2026, 1, 1, tzinfo=UTC)
ANNA, BORIS, CARLA = (UserId(f"{n:08x}-0000-4000-8000-000000000000") for n in (1, 2, 3))


def minute(number: float) -> Instant:
    """The instant `number` minutes after the start of the examples."""
    return Instant(START + timedelta(minutes=number))


def stretch(since: float, until: float) -> Interval:
    return Interval(minute(since), minute(until))


def seen(
    who: UserId,
    at: float,
    *,
    event_id: int = 1,
    kind: EvidenceKind = EvidenceKind.SIGN_IN,
) -> Sighting:
    return Sighting(user_id=who, at=minute(at), kind=kind, event_id=event_id, action_id=1000)


def failed(who: UserId, at: float, *, event_id: int, address: str | None = None) -> Event:
    return Event(id=event_id, at=minute(at), user_id=who, action_id=1002, address=address)


def unknown(who: UserId, at: float, *, event_id: int, action_id: int = 9999) -> Event:
    return Event(id=event_id, at=minute(at), user_id=who, action_id=action_id)


def reading(
    *intervals: Interval,
    kind: EvidenceKind = EvidenceKind.SIGN_IN,
    user_id: UserId | None = None,
    sightings: tuple[Sighting, ...] = (),
    failures: tuple[Event, ...] = (),
    unrecognised: tuple[Event, ...] = (),
    events: int = 0,
    proof: str = "one page",
    read_at: float = 100_000,
) -> Reading:
    return Reading(
        kind=kind,
        user_id=user_id,
        intervals=intervals,
        sightings=sightings,
        failures=failures,
        unrecognised=unrecognised,
        events=events,
        proof=proof,
        read_at=minute(read_at),
    )
