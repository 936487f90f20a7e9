"""What was seen of a portal's people, and for which time that is known to be complete.

Times go in and out as instants. Nothing here decides what the evidence means.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from operator import itemgetter

import msgspec
from sqlalchemy import Insert, bindparam, delete, func, select

from lastseen.ledger.db.database import insert_into, insert_rows
from lastseen.ledger.db.schema import (
    coverage,
    failures,
    filter_notes,
    retention_notes,
    sightings,
    unrecognised,
)
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.coverage_rows import (
    COVERAGE_OF_ONE,
    COVERAGE_OF_PEOPLE,
    WHOLE_PORTAL,
    CoverageRow,
    cover,
)
from lastseen.ledger.stores.observations import FilterNote, RetentionNote, note_change, noted
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, Interval
from lastseen.model.sighting import (
    Event,
    EvidenceKind,
    FailedSignIns,
    Sighting,
    UnrecognisedEvent,
)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a reading of one log brought, and what it proves to be complete."""

    kind: EvidenceKind
    """Which log was read."""
    user_id: UserId | None
    """Whose events were asked for; None for the whole portal's stream."""
    intervals: tuple[Interval, ...]
    """The stretches that are now known to be complete; may be none."""
    sightings: tuple[Sighting, ...]
    """Proofs of presence, in any order, several of one person allowed."""
    failures: tuple[Event, ...]
    """Refused attempts to sign in."""
    unrecognised: tuple[Event, ...]
    """Entries whose action is in no table."""
    events: int
    """How many events were read; counted to the newest of `intervals`."""
    proof: str
    """What was read, in a few words, such as "pages 0-9900 of the sign-in log, 101 requests"."""
    read_at: Instant
    """When."""


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time for which one log is known to be complete."""

    interval: Interval
    """The stretch; no other one of the same log and person touches it."""
    events: int
    """How many events were read in it, as far as that can be told."""
    proof: str
    """What was read last to prove it."""
    recorded_at: Instant
    """When it was last added to."""


class EvidenceStore:
    """Sightings, failed sign-ins, unrecognised events and coverage of one portal.

    Every method may raise LedgerError.
    """

    def __init__(self, scope: Scope) -> None:
        """Work on one portal's rows."""
        self._scope = scope

    def keep(self, reading: Reading) -> None:
        """Keep all of a reading or, when that fails, nothing of it: see `keep_all`."""
        self.keep_all((reading,))

    def keep_all(self, readings: Sequence[Reading]) -> None:
        """Keep all of several readings in one go or, when that fails, nothing of them.

        The newest sighting of a person in a log stays; failures and unrecognised events are known
        by their event; intervals are joined with those that they touch. Two processes may keep at
        once, in any order.
        """
        portal_id, dialect = self._scope.portal_id, self._scope.database.dialect
        seen = [
            (
                portal_id,
                _NAMES[one.kind],
                one.user_id,
                to_micros(one.at),
                one.event_id,
                one.action_id,
            )
            for reading in readings
            for one in reading.sightings
        ]
        failed = [
            (portal_id, one.id, one.user_id, to_micros(one.at), one.address)
            for reading in readings
            for one in reading.failures
        ]
        failed.sort(key=itemgetter(1))  # rows in the order of the table's key go in fastest
        unknown = [
            (portal_id, one.id, one.user_id, to_micros(one.at), one.action_id)
            for reading in readings
            for one in reading.unrecognised
        ]
        with self._scope.writing(durable=False) as connection:
            insert_rows(connection, _keep_newest_sighting(dialect), seen)
            insert_rows(connection, _keep_failure(dialect), failed)
            insert_rows(connection, _keep_unrecognised(dialect), unknown)
            for kind, stretches in _stretches(readings).items():
                cover(connection, self._scope, kind, stretches)

    def forget_coverage(self) -> None:
        """Forget for which time any log is complete; sightings stay."""
        with self._scope.writing(durable=False) as connection:
            connection.execute(_FORGET_COVERAGE, {"portal": self._scope.portal_id})

    def coverage(self, kind: EvidenceKind, user_id: UserId | None = None) -> tuple[Covered, ...]:
        """Return the stretches known of a log, oldest first: the whole portal's or one person's.

        What is known of the whole portal isn't repeated for each person.
        """
        with self._scope.reading() as connection:
            rows = connection.execute(
                COVERAGE_OF_ONE,
                {
                    "portal": self._scope.portal_id,
                    "log": kind.value,
                    "person": WHOLE_PORTAL if user_id is None else user_id,
                },
            ).all()
        return tuple(
            Covered(
                interval=Interval(from_micros(row.since), from_micros(row.until)),
                events=row.events,
                proof=row.proof,
                recorded_at=from_micros(row.last_recorded),
            )
            for row in rows
        )

    def coverage_of_people(self, kind: EvidenceKind) -> dict[UserId, tuple[Interval, ...]]:
        """Return the stretches known of single people, oldest first, without the portal's own."""
        with self._scope.reading() as connection:
            rows = connection.execute(
                COVERAGE_OF_PEOPLE, {"portal": self._scope.portal_id, "log": kind.value}
            ).all()
        people: dict[UserId, list[Interval]] = {}
        for user_id, since, until in rows:
            people.setdefault(user_id, []).append(Interval(from_micros(since), from_micros(until)))
        return {user_id: tuple(stretches) for user_id, stretches in people.items()}

    def newest_sightings(self, kind: EvidenceKind) -> dict[UserId, Sighting]:
        """Return the newest sighting of each person in a log."""
        with self._scope.reading() as connection:
            rows = connection.execute(
                _SIGHTINGS, {"portal": self._scope.portal_id, "log": kind.value}
            ).all()
        return {
            user_id: Sighting(
                user_id=user_id,
                at=from_micros(at),
                kind=kind,
                event_id=event_id,
                action_id=action_id,
            )
            for user_id, at, event_id, action_id in rows
        }

    def failed_sign_ins(self, since: Instant) -> dict[UserId, FailedSignIns]:
        """Return each person's refused attempts at or after `since`."""
        with self._scope.reading() as connection:
            rows = connection.execute(
                _FAILURES, {"portal": self._scope.portal_id, "since": to_micros(since)}
            ).all()
        return {
            user_id: FailedSignIns(count=count, last_at=from_micros(last_at), addresses=addresses)
            for user_id, count, last_at, addresses in rows
        }

    def unrecognised(self, since: Instant) -> dict[UserId, UnrecognisedEvent]:
        """Return each person's newest unrecognised event at or after `since`."""
        with self._scope.reading() as connection:
            rows = connection.execute(
                _UNRECOGNISED, {"portal": self._scope.portal_id, "since": to_micros(since)}
            ).all()
        return {
            user_id: UnrecognisedEvent(
                user_id=user_id, at=from_micros(at), event_id=event_id, action_id=action_id
            )
            for user_id, at, event_id, action_id in rows
        }

    def unrecognised_ids(self) -> dict[int, int]:
        """Return how often each action that is in no table was met."""
        with self._scope.reading() as connection:
            rows = connection.execute(_UNRECOGNISED_IDS, {"portal": self._scope.portal_id}).all()
        return dict(rows)

    def note_retention(self, sign_in_days: int, trail_days: int, at: Instant) -> None:
        """Remember for how many days the portal said at `at` that it keeps its logs."""
        said = {"sign_in_days": sign_in_days, "trail_days": trail_days}
        note_change(self._scope, retention_notes, at=at, said=said)

    def retention_history(self) -> tuple[RetentionNote, ...]:
        """Return what the portal said of its logs' retention, one note a change, oldest first."""
        return tuple(RetentionNote(**note) for note in noted(self._scope, retention_notes))

    def note_filters(self, mode: str, at: Instant) -> None:
        """Remember how the portal was found to treat filters at `at` (`plan.Filters`)."""
        note_change(self._scope, filter_notes, at=at, said={"mode": mode})

    def filters_history(self) -> tuple[FilterNote, ...]:
        """Return how the portal treated filters, one note a change, oldest first."""
        return tuple(FilterNote(**note) for note in noted(self._scope, filter_notes))


_NAMES = {kind: kind.value for kind in EvidenceKind}  # `.value` itself runs through Python code


def _stretches(readings: Iterable[Reading]) -> dict[EvidenceKind, dict[str, list[CoverageRow]]]:
    """Return what the readings prove to be complete, by log and person."""
    found: dict[EvidenceKind, dict[str, list[CoverageRow]]] = {}
    for reading in readings:
        recorded = to_micros(reading.read_at)
        intervals = sorted(i for i in reading.intervals if i.since < i.until)
        for interval in intervals:
            person = WHOLE_PORTAL if reading.user_id is None else reading.user_id
            found.setdefault(reading.kind, {}).setdefault(person, []).append(
                CoverageRow(
                    since=to_micros(interval.since),
                    until=to_micros(interval.until),
                    events=reading.events if interval is intervals[-1] else 0,
                    proof=reading.proof,
                    first_recorded=recorded,
                    last_recorded=recorded,
                )
            )
    return found


@cache
def _keep_newest_sighting(dialect: str) -> Insert:
    insert = insert_into(dialect, sightings)
    new, old = insert.excluded, sightings.c
    return insert.on_conflict_do_update(
        index_elements=["portal_id", "kind", "user_id"],
        set_={"at": new.at, "event_id": new.event_id, "action_id": new.action_id},
        where=(new.at > old.at) | ((new.at == old.at) & (new.event_id > old.event_id)),
    )


@cache
def _keep_failure(dialect: str) -> Insert:
    return insert_into(dialect, failures).on_conflict_do_nothing()


@cache
def _keep_unrecognised(dialect: str) -> Insert:
    return insert_into(dialect, unrecognised).on_conflict_do_nothing()


_FORGET_COVERAGE = delete(coverage).where(coverage.c.portal_id == bindparam("portal"))
_SIGHTINGS = select(
    sightings.c.user_id, sightings.c.at, sightings.c.event_id, sightings.c.action_id
).where(sightings.c.portal_id == bindparam("portal"), sightings.c.kind == bindparam("log"))

_FAILURES = (
    select(
        failures.c.user_id,
        func.count(),
        func.max(failures.c.at),
        func.count(failures.c.address.distinct()),
    )
    .where(failures.c.portal_id == bindparam("portal"), failures.c.at >= bindparam("since"))
    .group_by(failures.c.user_id)
)
_UNRECOGNISED = (
    select(
        unrecognised.c.user_id,
        unrecognised.c.at,
        unrecognised.c.event_id,
        unrecognised.c.action_id,
    )
    .where(unrecognised.c.portal_id == bindparam("portal"), unrecognised.c.at >= bindparam("since"))
    .order_by(unrecognised.c.at, unrecognised.c.event_id)  # the newest of a person comes last
)
_UNRECOGNISED_IDS = (
    select(unrecognised.c.action_id, func.count())
    .where(unrecognised.c.portal_id == bindparam("portal"))
    .group_by(unrecognised.c.action_id)
    .order_by(unrecognised.c.action_id)
)
