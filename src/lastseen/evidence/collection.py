"""Collecting evidence on the people of a roster: as few requests as the answer needs.

First the sign-ins of everyone, then the activity of those about to be disabled, then the older
dates to show. What each step proves is kept in the ledger and counts for the next run.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta

import msgspec

from lastseen.contractor import UserId
from lastseen.docspace.interface import EventQuery, Portal
from lastseen.evidence.coverage import Coverage
from lastseen.evidence.filters import (
    WITHOUT_OPTION,
    Detected,
    FilterMode,
    detect_filters,
    ignores_everything,
)
from lastseen.evidence.lifetime import whole_since
from lastseen.evidence.log import Log, activity_trail, sign_in_log
from lastseen.evidence.paging import SECOND
from lastseen.evidence.persons import PersonAnswer, PersonByPerson
from lastseen.evidence.planning import Watch, as_stream, leave_stream
from lastseen.evidence.record import EvidenceRecord, Looked
from lastseen.evidence.sign_ins import Harvest
from lastseen.evidence.stream import Stream
from lastseen.evidence.witness import Witness
from lastseen.instant import Instant, Interval, days
from lastseen.ledger import EvidenceStore, Reading
from lastseen.progress import Progress
from lastseen.sighting import EvidenceKind, FailedSignIns, Sighting, UnrecognisedEvent

NO_ATTEMPTS = FailedSignIns()
"""What is known of an account that nobody tried."""


MOST_PAGES_FOR_THE_REST = 200
"""Pages of the trail up to which those whom asking alone could not prove are looked for there."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """For which time evidence is wanted."""

    window: Instant
    """The first second at which a sighting keeps somebody."""
    lookback: Instant
    """How far back the date to show is looked for; not after `window`."""
    nothing_after: Instant | None = None
    """Entries later than this are passed over: set where a past instant is pretended."""


class _Known(msgspec.Struct):
    """What this run knows of one log."""

    stream: Stream
    asked: dict[UserId, PersonAnswer]
    earlier: dict[UserId, Coverage]
    sightings: dict[UserId, Sighting]


class Collector:
    """Collects evidence from one portal for one run. Call `begin` first."""

    def __init__(
        self, portal: Portal, *, store: EvidenceStore, span: Span, progress: Progress
    ) -> None:
        """`store`: the ledger's evidence on this portal, read and written."""
        self.notes: list[str] = []
        self._portal = portal
        self._store = store
        self._span = span
        self._progress = progress
        self._known: dict[EvidenceKind, _Known] = {}
        self._events_asked = 0
        self._failed: dict[UserId, FailedSignIns] = {}
        self._unrecognised: dict[UserId, UnrecognisedEvent] = {}

    async def begin(self) -> None:
        """Find out what this portal can prove. Raises PortalError where it doesn't answer."""
        self.retention = await self._portal.retention()
        probe = sign_in_log(self._portal, self.retention)
        self.detected: Detected = await detect_filters(probe)
        whole = await whole_since(
            self._portal,
            self.retention,
            self._store,
            ask_trail=self.detected.mode is not FilterMode.IGNORED,
        )
        at = self.detected.newest.answered_at
        self._store.note_retention(self.retention.sign_in_days, self.retention.trail_days, at)
        self._store.note_filters(self.detected.mode.value, at)
        known = self._open(sign_in_log(self._portal, self.retention, whole))
        await self._take_newest(known.stream, self.detected)

    async def sign_ins(self, people: Collection[UserId]) -> None:
        """Collect sign-ins until everyone of `people` is seen in the window or proven absent."""
        known = self._known[EvidenceKind.SIGN_IN]
        missing = [p for p in people if not self._seen_since(known, p, self._span.window)]
        await self._collect(known, missing, since=self._span.window)

    async def activity(self, people: Collection[UserId]) -> None:
        """Collect the activity of `people`, who are about to be disabled."""
        if not people:
            return
        log = activity_trail(self._portal, self.retention)
        known = self._open(log)
        missing = [p for p in people if not self._seen_since(known, p, self._span.window)]
        newest = await log.fetch(EventQuery())
        ignored = not self.detected.has_audit_option and await ignores_everything(log, newest)
        mode = FilterMode.IGNORED if ignored else FilterMode.BEFORE_WINDOW
        detected = Detected(mode=mode, proven=True, newest=newest)
        await self._take_newest(known.stream, detected)
        if ignored:
            return
        missing = await self._read_what_is_new(known, missing, since=self._span.window)
        if not missing:
            return
        pages = known.stream.pages_left(self._needed(known, self._span.window))
        witness = Witness(log, newest)
        if as_stream(len(missing), pages) or not witness.exists:
            await self._read_stream(known, missing, since=self._span.window)
            return
        await self._ask_each(known, missing, witness, since=self._span.window)
        left = [person for person in missing if person not in known.asked]
        if pages <= MOST_PAGES_FOR_THE_REST:
            await self._read_stream(known, left, since=self._span.window)

    async def lookback(self, people: Collection[UserId]) -> None:
        """Look further back for the date to show of `people`, who were not seen in the window."""
        if self._span.lookback >= self._span.window:
            return
        known = self._known[EvidenceKind.SIGN_IN]
        undated = [p for p in people if not self._is_dated(known, p)]
        await self._collect(known, undated, since=self._span.lookback)

    def trail_is_kept_shorter(self, span: timedelta) -> bool:
        """Say whether the trail's lifetime is shorter than `span`: then no run may miss it."""
        return days(self.retention.trail_days) < span

    def sighting(self, person: UserId, kinds: Sequence[EvidenceKind]) -> Sighting | None:
        """Return the newest sighting of `person` in the logs named."""
        found = [
            self._known[kind].sightings[person]
            for kind in kinds
            if kind in self._known and person in self._known[kind].sightings
        ]
        return max(found, key=lambda sighting: sighting.at, default=None)

    def proven_since(self, person: UserId, kinds: Sequence[EvidenceKind]) -> Instant | None:
        """Return since when all entries of `person` are known in every log named, or None."""
        since = [self._proven_in(kind, person) for kind in kinds]
        reached = [moment for moment in since if moment is not None]
        return max(reached) if reached and len(reached) == len(since) else None

    def failed(self, person: UserId) -> FailedSignIns:
        """Return the refused attempts on `person` that are known since the lookback."""
        return self._failed.get(person, NO_ATTEMPTS)

    def unrecognised(self, person: UserId) -> UnrecognisedEvent | None:
        """Return the newest entry of `person` with an unknown action, in the window."""
        return self._unrecognised.get(person)

    @property
    def events(self) -> int:
        """How many entries were read."""
        return self._events_asked + sum(k.stream.harvest.events for k in self._known.values())

    def covered_since(self, people: Sequence[UserId]) -> Instant | None:
        """Return since when the sign-in log is known without a gap for all of `people`.

        Where nobody is named: for everyone.
        """
        since = [self._proven_in(EvidenceKind.SIGN_IN, person) for person in people]
        reached = [moment for moment in since if moment is not None]
        if reached:
            return max(reached)
        stream = self._known[EvidenceKind.SIGN_IN].stream
        return stream.covered().since(stream.top) if stream.top else None

    def record(self) -> EvidenceRecord:
        """Return what was looked at, for `explain`."""
        looked: list[Looked] = []
        for kind, known in self._known.items():
            looked += [
                Looked(
                    kind=kind,
                    user_id=None,
                    since=covered.interval.since,
                    until=covered.interval.until,
                    proof=covered.proof,
                )
                for covered in self._store.coverage(kind)
            ]
            looked += [
                Looked(
                    kind=kind,
                    user_id=person,
                    since=interval.since,
                    until=interval.until,
                    proof=_proof_of(answer),
                )
                for person, answer in known.asked.items()
                for interval in answer.covered.intervals
            ]
        return EvidenceRecord(
            filters=self.detected.mode.value,
            filters_proven=self.detected.proven,
            looked=tuple(looked),
            notes=tuple(self.notes),
        )

    def _open(self, log: Log) -> _Known:
        """Begin with what the ledger knows of `log`."""
        known = self._known.get(log.kind)
        if known is None:
            known = self._known[log.kind] = _Known(
                stream=Stream(
                    log,
                    store=self._store,
                    harvest=Harvest(log.kind, nothing_after=self._span.nothing_after),
                    concurrency=lambda: self._portal.concurrency,
                    is_unsteady=self._is_unsteady,
                    progress=self._progress,
                ),
                asked={},
                earlier={
                    person: Coverage(intervals)
                    for person, intervals in self._store.coverage_of_people(log.kind).items()
                },
                sightings=self._store.newest_sightings(log.kind),
            )
        return known

    async def _take_newest(self, stream: Stream, detected: Detected) -> None:
        """Take in the newest page; of a portal without the audit option it is all there is."""
        newest = detected.newest
        if detected.mode is FilterMode.IGNORED and len(newest.events) >= WITHOUT_OPTION:
            stream.take_full(newest)
        else:
            await stream.take(newest)
        stream.write()
        self._refresh(stream.log.kind)

    async def _collect(self, known: _Known, missing: list[UserId], *, since: Instant) -> None:
        """Read the sign-in log for `missing`, as a stream or one by one, whichever is less."""
        if self.detected.mode is FilterMode.IGNORED or not missing:
            return
        missing = await self._read_what_is_new(known, missing, since=since)
        witness = Witness(known.stream.log, self.detected.newest)
        alone = self.detected.mode is FilterMode.BEFORE_WINDOW and witness.exists
        left = await self._read_stream(known, missing, since=since, may_leave=alone)
        if left and alone and not known.stream.covered().covers(self._needed(known, since)):
            await self._ask_each(known, left, witness, since=since)
            left = [p for p in left if p not in known.asked]
            # Whoever could not be proven alone is looked for in the stream after all.
            await self._read_stream(known, left, since=since)

    async def _read_what_is_new(
        self, known: _Known, missing: list[UserId], *, since: Instant
    ) -> list[UserId]:
        """Read what came since earlier runs proved people one by one; returns who is left."""
        reached = [
            known.earlier[person].intervals[-1].until
            for person in missing
            if person in known.earlier and known.earlier[person].intervals[-1].since <= since
        ]
        pages = known.stream.pages_left(self._needed(known, min(reached, default=since)))
        if not reached or not as_stream(len(reached), pages):
            return missing
        await self._read_stream(known, missing, since=max(since, min(reached)))
        kind = known.stream.log.kind
        return [
            person
            for person in missing
            if not self._seen_since(known, person, since)
            and not _reaches(self._proven_in(kind, person), since)
        ]

    async def _read_stream(
        self, known: _Known, missing: list[UserId], *, since: Instant, may_leave: bool = False
    ) -> list[UserId]:
        """Read the stream back to `since` or until all are seen; returns who was not."""
        if not missing:
            return []
        stream = known.stream
        needed = self._needed(known, since)
        stream.watch = watch = Watch(missing, since=since)

        def enough() -> bool:
            return not watch.missing or (
                may_leave and leave_stream(watch, stream.pages_left(needed))
            )

        def ahead() -> int:
            return (
                min(watch.pages_ahead(), 1 + watch.pages // 8)
                if may_leave
                else (watch.pages_ahead())
            )

        await stream.read(needed, enough=enough, ahead=ahead)
        if stream.broken:
            self.notes.append(f"{stream.log.name}: {stream.broken.found}")
            stream.broken = None
        self._refresh(stream.log.kind)
        return [person for person in missing if person in watch.missing]

    async def _ask_each(
        self,
        known: _Known,
        people: list[UserId],
        witness: Witness,
        *,
        since: Instant,
    ) -> None:
        """Ask about `people` one by one and keep what that proves."""
        log = known.stream.log
        harvest = Harvest(log.kind, nothing_after=self._span.nothing_after)
        asking = PersonByPerson(
            log,
            harvest=harvest,
            witness=witness,
            concurrency=lambda: self._portal.concurrency,
            is_unsteady=self._is_unsteady,
            progress=self._progress,
        )
        needed = self._needed(known, since)
        answers = await asking.ask(people, needed, stream_pages=known.stream.pages_left(needed))
        self._events_asked += asking.events
        known.asked.update(answers)
        self._keep(log, harvest, answers)
        self._refresh(log.kind)

    def _keep(self, log: Log, harvest: Harvest, answers: dict[UserId, PersonAnswer]) -> None:
        """Write down what asking person by person showed and proved."""
        at = self.detected.newest.answered_at
        seen = Reading(
            kind=log.kind,
            user_id=None,
            intervals=(),
            sightings=harvest.sightings(),
            failures=harvest.failures(),
            unrecognised=harvest.unrecognised(),
            events=0,
            proof="",
            read_at=at,
        )
        proven = [
            Reading(
                kind=log.kind,
                user_id=person,
                intervals=answer.covered.intervals,
                sightings=(),
                failures=(),
                unrecognised=(),
                events=0,
                proof=_proof_of(answer),
                read_at=at,
            )
            for person, answer in answers.items()
        ]
        self._store.keep_all((seen, *proven))

    def _is_unsteady(self) -> bool:
        """Say whether any answer so far was none, or was contradicted by another."""
        contradicted = any(known.stream.contradicted for known in self._known.values())
        return contradicted or self._portal.traffic.retries > 0

    def _refresh(self, kind: EvidenceKind) -> None:
        self._known[kind].sightings = self._store.newest_sightings(kind)
        self._failed = self._store.failed_sign_ins(self._span.lookback)
        self._unrecognised = self._store.unrecognised(self._span.window)

    def _needed(self, known: _Known, since: Instant) -> Interval:
        top = known.stream.top or since
        return Interval(since, max(since, top))

    def _seen_since(self, known: _Known, person: UserId, since: Instant) -> bool:
        sighting = known.sightings.get(person)
        return sighting is not None and sighting.at >= since

    def _is_dated(self, known: _Known, person: UserId) -> bool:
        """Say whether the newest sighting of `person` is known, or that there is none to show."""
        since = self._proven_in(known.stream.log.kind, person)
        sighting = known.sightings.get(person)
        first_unseen = Instant(sighting.at + SECOND) if sighting else self._span.lookback
        return _reaches(since, max(self._span.lookback, first_unseen))

    def _proven_in(self, kind: EvidenceKind, person: UserId) -> Instant | None:
        known = self._known.get(kind)
        if known is None:
            return None
        covered = known.stream.covered()
        if person in known.earlier:
            covered = covered.union(known.earlier[person])
        answer = known.asked.get(person)
        tops = [known.stream.top] if known.stream.top else []
        if answer is not None:
            covered = covered.union(answer.covered)
            tops.append(answer.known_until)
        reached = [covered.since(top) for top in tops]
        return min((moment for moment in reached if moment is not None), default=None)


def _reaches(proven: Instant | None, since: Instant) -> bool:
    return proven is not None and proven <= since


def _proof_of(answer: PersonAnswer) -> str:
    return f"asked for this person alone, {answer.requests} requests"
