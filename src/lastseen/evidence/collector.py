"""Collecting evidence on the people of a roster: as few requests as the answer needs.

First the sign-ins of everyone, then the activity of those about to be disabled, then the older
dates to show. What each step proves is kept in the ledger and counts for the next run.
"""

from collections.abc import Collection, Sequence
from contextlib import aclosing
from datetime import timedelta
from functools import partial

import msgspec

from lastseen.docspace.interface import EventQuery, Portal
from lastseen.evidence.actions import EventAccumulator
from lastseen.evidence.proof.page_proof import SECOND
from lastseen.evidence.reading.canary import Canary
from lastseen.evidence.reading.cutover import Cutover
from lastseen.evidence.reading.filter_detection import (
    WITHOUT_OPTION,
    Detected,
    FilterMode,
    detect_filters,
    ignores_everything,
)
from lastseen.evidence.reading.log import Log, activity_trail, sign_in_log
from lastseen.evidence.reading.log_state import LogState
from lastseen.evidence.reading.per_user import PerUserReader
from lastseen.evidence.reading.request_cost import Search, as_stream, pages_ahead_of_leaving
from lastseen.evidence.reading.stream import Stream
from lastseen.evidence.record import EvidenceRecord
from lastseen.evidence.retention_history import Lifetime
from lastseen.ledger import EvidenceStore
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, days
from lastseen.model.progress import Progress
from lastseen.model.sighting import EvidenceKind, FailedSignIns, Sighting, UnrecognisedEvent

NO_ATTEMPTS = FailedSignIns()
"""What is known of an account that nobody tried."""
ANOTHER_HISTORY = (
    "is not the one that the ledger knows: the portal was moved, restored or made anew, so all of "
    "it is read again"
)
"""What is said when a log goes on otherwise than it did."""

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
        self._known: dict[EvidenceKind, LogState] = {}
        self._events_asked = 0
        self._trail_canary: Canary | None = None
        self._failed: dict[UserId, FailedSignIns] = {}
        self._unrecognised: dict[UserId, UnrecognisedEvent] = {}

    async def begin(self) -> None:
        """Find out what this portal can prove. Raises PortalError where it doesn't answer."""
        self.retention = await self._portal.retention()
        probe = sign_in_log(self._portal, self.retention)
        self.detected: Detected = await detect_filters(probe)
        at = self.detected.newest.answered_at
        lifetime = Lifetime(
            self._portal, self.retention, self._store, now=at, is_unsteady=self._is_unsteady
        )
        self._store.note_retention(self.retention.sign_in_days, self.retention.trail_days, at)
        self._store.note_filters(self.detected.mode.value, at)
        known = self._open(sign_in_log(self._portal, self.retention, lifetime.complete_since))
        await self._take_newest(known, self.detected)

    async def sign_ins(self, people: Collection[UserId]) -> None:
        """Collect sign-ins until everyone of `people` is seen in the window or proven absent."""
        known = self._known[EvidenceKind.SIGN_IN]
        missing = [p for p in people if not known.is_seen_since(p, self._span.window)]
        await self._collect(known, missing, since=self._span.window)

    async def activity(self, people: Collection[UserId]) -> None:
        """Collect the activity of `people`, who are about to be disabled."""
        if not people:
            return
        log = activity_trail(self._portal, self.retention)
        known = self._open(log)
        missing = [p for p in people if not known.is_seen_since(p, self._span.window)]
        newest = await log.fetch(EventQuery())
        ignored = not self.detected.has_audit_option and await ignores_everything(log, newest)
        mode = FilterMode.IGNORED if ignored else FilterMode.BEFORE_WINDOW
        detected = Detected(mode=mode, proven=True, newest=newest)
        await self._take_newest(known, detected)
        if not ignored:
            self._trail_canary = Canary(log, newest, known.sightings)
            await self._collect_trail(known, missing, since=self._span.window)

    async def lookback(self, people: Collection[UserId], kinds: Sequence[EvidenceKind]) -> None:
        """Look further back for the date to show of `people`, who were not seen in the window.

        `kinds`: in which logs.
        """
        if self._span.lookback >= self._span.window:
            return
        for kind, collect in (
            (EvidenceKind.SIGN_IN, self._collect),
            (EvidenceKind.ACTIVITY, self._collect_trail),
        ):
            known = self._known.get(kind)
            if known is not None and kind in kinds:
                undated = [p for p in people if not self._is_dated(kind, p, kinds)]
                known.stream.begin_stage(f"{known.stream.log.name}, further back")
                await collect(known, undated, since=self._span.lookback)

    @property
    def trail_lifetime(self) -> timedelta:
        """How long the portal keeps its trail."""
        return days(self.retention.trail_days)

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
        return self._events_asked + sum(k.stream.accumulator.events for k in self._known.values())

    def covered_since(self, people: Sequence[UserId]) -> Instant | None:
        """Return since when the sign-in log is known without a gap for all of `people`.

        Where nobody is named: for everyone.
        """
        since = [self._proven_in(EvidenceKind.SIGN_IN, person) for person in people]
        reached = [moment for moment in since if moment is not None]
        if reached:
            return max(reached)
        return self._proven_in(EvidenceKind.SIGN_IN, None)

    def record(self) -> EvidenceRecord:
        """Return what was looked at, for `explain`."""
        return EvidenceRecord(
            filters=self.detected.mode.value,
            filters_proven=self.detected.proven,
            looked=tuple(looked for known in self._known.values() for looked in known.looked()),
            notes=tuple(self.notes),
        )

    def _open(self, log: Log) -> LogState:
        """Begin with what the ledger knows of `log`."""
        known = self._known.get(log.kind)
        if known is None:
            stream = Stream(
                log,
                store=self._store,
                accumulator=EventAccumulator(log.kind, nothing_after=self._span.nothing_after),
                concurrency=lambda: self._portal.concurrency,
                is_unsteady=self._is_unsteady,
                progress=self._progress,
            )
            known = self._known[log.kind] = LogState(stream, self._store)
        return known

    async def _take_newest(self, known: LogState, detected: Detected) -> None:
        """Take in the newest page; of a portal without the audit option it is all there is."""
        stream, newest = known.stream, detected.newest
        ignored = detected.mode is FilterMode.IGNORED
        if ignored and len(newest.events) >= WITHOUT_OPTION:
            stream.take_full(newest)
        else:
            await stream.take(newest, shows_at_most=WITHOUT_OPTION if ignored else None)
        stream.write()
        self._refresh(known)

    async def _collect(self, known: LogState, missing: list[UserId], *, since: Instant) -> None:
        """Read the sign-in log for `missing`, as a stream or one by one, whichever is less."""
        if self.detected.mode is FilterMode.IGNORED or not missing:
            return
        filters_first = self.detected.mode is FilterMode.BEFORE_WINDOW
        canary = (
            Canary(known.stream.log, self.detected.newest, known.sightings)
            if filters_first
            else None
        )
        left = await self._stream_or_ask(known, missing, canary, since=since)
        # Whoever could not be proven alone is looked for in the stream after all.
        await self._read_stream(known, left, since=since)

    async def _collect_trail(
        self, known: LogState, missing: list[UserId], *, since: Instant
    ) -> None:
        """Read the trail for `missing`, as a stream or one by one, whichever is less."""
        if self._trail_canary is None:
            return
        left = await self._stream_or_ask(known, missing, self._trail_canary, since=since)
        if known.stream.pages_left(known.needed(since)) <= MOST_PAGES_FOR_THE_REST:
            await self._read_stream(known, left, since=since)

    async def _stream_or_ask(
        self, known: LogState, missing: list[UserId], canary: Canary | None, *, since: Instant
    ) -> list[UserId]:
        """Read a log as a stream as long as that pays, then ask one by one if that costs less.

        `canary` is None where nobody can be asked about alone. Returns who could not be proven.
        """
        missing = await self._read_what_is_new(known, missing, since=since)
        may_leave = canary is not None and not _as_stream_by_guess(known, len(missing), since)
        left = await self._read_stream(known, missing, since=since, may_leave=may_leave)
        if canary is None or not left or known.covers(known.needed(since)):
            return []
        if not canary.exists:
            return left
        proven = await self._ask_each(known, left, canary, since=since)
        return [person for person in left if person not in proven]

    async def _as_stream(self, known: LogState, people: int, *, since: Instant) -> bool:
        """Say whether the rest of the stream costs fewer requests than one request a person."""
        surely = _as_stream_by_guess(known, people, since)
        if surely is not None:
            return surely
        return not await known.stream.is_longer_than(people, known.needed(since))

    async def _read_what_is_new(
        self, known: LogState, missing: list[UserId], *, since: Instant
    ) -> list[UserId]:
        """Read what came since earlier runs proved people one by one; returns who is left."""
        reached = known.proven_alone(missing, since)
        if not reached or not await self._as_stream(known, len(reached), since=min(reached)):
            return missing
        await self._read_stream(known, missing, since=max(since, min(reached)))
        return [
            person
            for person in missing
            if not known.is_seen_since(person, since) and not known.is_proven_since(person, since)
        ]

    async def _read_stream(
        self, known: LogState, missing: list[UserId], *, since: Instant, may_leave: bool = False
    ) -> list[UserId]:
        """Read the stream back to `since` or until all are seen; returns who was not."""
        if not missing:
            return []
        stream = known.stream
        needed = known.needed(since)
        stream.search = search = Search(missing, since=since)

        cutover = Cutover(search, partial(self._as_stream, known, since=since))

        def enough() -> bool:
            return not search.missing or (may_leave and cutover.is_due())

        def ahead() -> int:
            return pages_ahead_of_leaving(search) if may_leave else search.pages_ahead()

        try:
            await stream.read(needed, enough=enough, ahead=ahead)
        finally:
            await cutover.close()
        if stream.is_another_history:
            self.notes.append(f"{stream.log.name}: {ANOTHER_HISTORY}")
            self._progress.note(f"The {stream.log.name} {ANOTHER_HISTORY}.")
            stream.is_another_history = False
            for one in self._known.values():
                one.forget_earlier()
        if stream.broken:
            self.notes.append(f"{stream.log.name}: {stream.broken.found}")
            stream.broken = None
        self._refresh(known)
        return [person for person in missing if person in search.missing]

    async def _ask_each(
        self,
        known: LogState,
        people: list[UserId],
        canary: Canary,
        *,
        since: Instant,
    ) -> Collection[UserId]:
        """Ask about `people` one by one, keep what that proves, and return of whom it does.

        Not of those of whom the stream may still prove more: after a change of lifetimes an empty
        answer says nothing of the time before it.
        """
        log = known.stream.log
        accumulator = EventAccumulator(log.kind, nothing_after=self._span.nothing_after)
        asking = PerUserReader(
            log,
            accumulator=accumulator,
            canary=canary,
            concurrency=lambda: self._portal.concurrency,
            is_unsteady=self._is_unsteady,
            progress=self._progress,
        )
        needed = known.needed(since)
        pages = known.stream.pages_left(needed)
        async with aclosing(asking.ask(people, needed, stream_pages=pages)) as answers:
            async for batch in answers:
                known.keep(accumulator, batch)
        self._events_asked += asking.events
        self._refresh(known)
        wanted = max(since, known.stream.kept_since)
        return {
            person
            for person in known.asked
            if person in known.sightings or known.is_proven_since(person, wanted)
        }

    def _is_unsteady(self) -> bool:
        """Say whether any answer so far was none, or was contradicted by another."""
        contradicted = any(known.stream.contradicted for known in self._known.values())
        return contradicted or self._portal.traffic.retries > 0

    def _refresh(self, known: LogState) -> None:
        known.refresh()
        if known.stream.log.kind is EvidenceKind.ACTIVITY:
            return  # it knows of no failures
        self._failed = self._store.failed_sign_ins(self._span.lookback)
        self._unrecognised = self._store.unrecognised(self._span.window)

    def _is_dated(self, kind: EvidenceKind, person: UserId, kinds: Sequence[EvidenceKind]) -> bool:
        """Say whether nothing newer than the date to show, or nothing at all, is in this log.

        The date is that of the newest sighting in the logs that count, `kinds`.
        """
        newest = self.sighting(person, kinds)
        first_unseen = Instant(newest.at + SECOND) if newest else self._span.lookback
        known = self._known[kind]
        return known.is_proven_since(person, max(self._span.lookback, first_unseen))

    def _proven_in(self, kind: EvidenceKind, person: UserId | None) -> Instant | None:
        known = self._known.get(kind)
        return known.proven_since(person) if known else None


def _as_stream_by_guess(known: LogState, people: int, since: Instant) -> bool | None:
    """Say whether the rest of a stream costs fewer requests than one a person; None: unclear."""
    pages = known.stream.pages_left(known.needed(since))
    return as_stream(people, pages, counted=known.stream.density is not None)
