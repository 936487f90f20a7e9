"""What was seen of a portal's people, and for which intervals that is complete.

Times go in and out as instants. Every row is checked against its digest when it is read. Nothing
here decides what the evidence means.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Insert, Row, bindparam, func, select

from lastseen.ledger.db.database import insert_into, insert_rows
from lastseen.ledger.db.schema import coverage, failures, sightings, unrecognised
from lastseen.ledger.db.seals import (
    SIGHTINGS,
    UNRECOGNISED,
    intact_rows,
    seal_of,
    seal_over,
)
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.coverage_rows import (
    COVERAGE_OF_ONE,
    COVERAGE_OF_PEOPLE,
    WHOLE_PORTAL,
    CoverageRow,
    cover,
    forget_coverage,
)
from lastseen.ledger.stores.event_rows import keep_newest_sightings, keep_unrecognised
from lastseen.ledger.stores.repair import drop_damaged_evidence
from lastseen.ledger.stores.retention import RetentionNote, note_retention, retention_history
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
    """The result of reading one log, and the intervals that it proves complete."""

    kind: EvidenceKind
    """Which log was read."""
    user_id: UserId | None
    """The person whose events were requested; None for the whole portal's log."""
    intervals: tuple[Interval, ...]
    """The intervals now known to be complete; may be empty."""
    sightings: tuple[Sighting, ...]
    """Proofs of presence, in any order; several per person are allowed."""
    failures: tuple[Event, ...]
    """Refused attempts to sign in."""
    unrecognised: tuple[Event, ...]
    """Entries with an unknown action."""
    events: int
    """How many events were read; counted to the newest of `intervals`."""
    proof: str
    """What was read, in a few words, such as "pages 0-9900 of the sign-in log, 101 requests"."""
    read_at: Instant
    """When it was read."""


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """An interval for which one log is known to be complete."""

    interval: Interval
    """The interval; no other one of the same log and person touches it."""
    events: int
    """How many of its events were read, as far as that is known."""
    proof: str
    """The last reading that proves it."""


class EvidenceStore:
    """Sightings, failed sign-ins, unrecognised events and coverage of one portal.

    Every method may raise LedgerError.
    """

    def __init__(self, scope: Scope) -> None:
        """Work on one portal's rows."""
        self._scope = scope
        self._checked: dict[EvidenceKind, Sequence[Row[Any]]] = {}
        """The sightings of each log that were checked, until they are asked for."""

    def keep(self, reading: Reading) -> None:
        """Keep a reading completely or, on failure, not at all: see `keep_all`."""
        self.keep_all((reading,))

    def keep_all(self, readings: Sequence[Reading]) -> None:
        """Keep several readings completely or, on failure, none of them.

        The newest sighting of a person in a log stays; failures and unrecognised events are known
        by their event; intervals are joined with those that they touch. Two processes may keep at
        once, in any order.
        """
        portal_id, dialect = self._scope.portal_id, self._scope.database.dialect
        failed = [
            (portal_id, one.id, one.user_id, to_micros(one.at), one.address)
            for reading in readings
            for one in reading.failures
        ]
        failed.sort(key=itemgetter(1))  # rows in the order of the table's key go in fastest
        with self._scope.writing(durable=False) as connection:
            for kind in EvidenceKind:
                seen = [s for r in readings for s in r.sightings if s.kind is kind]
                keep_newest_sightings(connection, self._scope, kind, seen)
            insert_rows(connection, _keep_failure(dialect), failed)
            unknown = [event for reading in readings for event in reading.unrecognised]
            keep_unrecognised(connection, self._scope, unknown)
            for kind, stretches in _stretches(readings).items():
                cover(connection, self._scope, kind, stretches)

    def drop_damaged(self, kind: EvidenceKind) -> str | None:
        """Check everything kept about a log, and drop its coverage if anything is wrong.

        Rows that were changed are dropped, intact rows stay: a sighting proves presence whatever
        else is lost. The log then counts as unread, so that it is read from the portal again.
        Returns what was wrong, in a few words, or None.
        """
        found = drop_damaged_evidence(self._scope, kind)
        if found.damage is None:
            self._checked[kind] = found.sightings
        return found.damage

    def forget_coverage(self) -> None:
        """Remove the coverage of all logs; sightings are kept."""
        with self._scope.writing(durable=False) as connection:
            for kind in EvidenceKind:
                forget_coverage(connection, self._scope, kind)

    def coverage(self, kind: EvidenceKind, user_id: UserId | None = None) -> tuple[Covered, ...]:
        """Return the covered intervals of a log, oldest first: the whole portal's or one person's.

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
        intact_rows(coverage, rows, place=self._scope.database.place)
        return tuple(
            Covered(
                interval=Interval(from_micros(row.since), from_micros(row.until)),
                events=row.events,
                proof=row.proof,
            )
            for row in rows
        )

    def coverage_of_people(self, kind: EvidenceKind) -> dict[UserId, tuple[Interval, ...]]:
        """Return the covered intervals of single people, oldest first, without the portal's."""
        with self._scope.reading() as connection:
            rows = connection.execute(
                COVERAGE_OF_PEOPLE, {"portal": self._scope.portal_id, "log": kind.value}
            ).all()
        people: dict[UserId, list[Interval]] = {}
        for row in intact_rows(coverage, rows, place=self._scope.database.place):
            interval = Interval(from_micros(row.since), from_micros(row.until))
            people.setdefault(row.user_id, []).append(interval)
        return {user_id: tuple(stretches) for user_id, stretches in people.items()}

    def newest_sightings(self, kind: EvidenceKind) -> dict[UserId, Sighting]:
        """Return the newest sighting of each person in a log."""
        with self._scope.reading() as connection:
            checked = self._checked.pop(kind, None)
            if checked is not None:
                rows, seal = checked, seal_of(connection, SIGHTINGS[kind], self._scope.portal_id)
                if seal == seal_over(rows):
                    return _sightings_in(rows, kind)
            read = connection.execute(
                SIGHTINGS[kind].all(), {"portal": self._scope.portal_id}
            ).all()
        return _sightings_in(intact_rows(sightings, read, place=self._scope.database.place), kind)

    def failed_sign_ins(self, since: Instant) -> dict[UserId, FailedSignIns]:
        """Return each person's refused attempts at or after `since`."""
        with self._scope.reading() as connection:
            rows = connection.execute(
                _FAILURES, {"portal": self._scope.portal_id, "since": to_micros(since)}
            ).all()
        try:
            return {
                user_id: FailedSignIns(count=many, last_at=from_micros(last), addresses=addresses)
                for user_id, many, last, addresses in rows
            }
        except (TypeError, OverflowError):  # they decide nothing, and so have no digest
            raise self._scope.damaged("a row of its table `failures` can't be read") from None

    def unrecognised(self, since: Instant) -> dict[UserId, UnrecognisedEvent]:
        """Return each person's newest unrecognised event at or after `since`."""
        start = to_micros(since)
        rows = sorted(self._all_unrecognised(), key=lambda row: (row.at, row.event_id))
        return {  # the newest of a person comes last
            row.user_id: UnrecognisedEvent(
                user_id=row.user_id,
                at=from_micros(row.at),
                event_id=row.event_id,
                action_id=row.action_id,
            )
            for row in rows
            if row.at >= start
        }

    def unrecognised_ids(self) -> dict[int, int]:
        """Return how often each unknown action was seen, by its number."""
        return dict(sorted(Counter(row.action_id for row in self._all_unrecognised()).items()))

    def note_retention(self, sign_in_days: int, trail_days: int, at: Instant) -> None:
        """Record for how many days the portal keeps its logs, as it reported at `at`."""
        note_retention(self._scope, at=at, sign_in_days=sign_in_days, trail_days=trail_days)

    def retention_history(self) -> tuple[RetentionNote, ...]:
        """Return the log retention that the portal reported, one entry per change, oldest first."""
        return retention_history(self._scope)

    def _all_unrecognised(self) -> Sequence[Row[Any]]:
        with self._scope.reading() as connection:
            rows = connection.execute(UNRECOGNISED.all(), {"portal": self._scope.portal_id}).all()
        return intact_rows(unrecognised, rows, place=self._scope.database.place)


def _sightings_in(rows: Iterable[Sequence[Any]], kind: EvidenceKind) -> dict[UserId, Sighting]:
    return {
        user_id: Sighting(
            user_id=user_id,
            at=from_micros(at),
            kind=kind,
            event_id=event_id,
            action_id=action_id,
        )
        for _, _, user_id, at, event_id, action_id, _ in rows
    }


def _stretches(readings: Iterable[Reading]) -> dict[EvidenceKind, dict[str, list[CoverageRow]]]:
    """Return the intervals that the readings prove complete, by log and person."""
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
def _keep_failure(dialect: str) -> Insert:
    return insert_into(dialect, failures).on_conflict_do_nothing()


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
