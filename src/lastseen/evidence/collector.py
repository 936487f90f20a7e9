"""Collects evidence about the people of a roster with as few requests as the answer needs.

First the sign-ins of everyone, then the activity of those about to be disabled, then the older
dates to show. What each step proves is kept in the ledger and counts for the next run.
"""

import math
from collections.abc import Awaitable, Collection, Mapping, Sequence
from datetime import timedelta

import msgspec

from lastseen.docspace.interface import EventQuery, Portal, Retention
from lastseen.evidence.proof.coverage import Coverage
from lastseen.evidence.proof.page_proof import SECOND
from lastseen.evidence.reading.canary import Canary
from lastseen.evidence.reading.filter_detection import Detected, FilterMode, ignores_everything
from lastseen.evidence.reading.log import Log, activity_trail, sign_in_log
from lastseen.evidence.reading.log_facts import LogFacts, read_log_facts
from lastseen.evidence.reading.log_reader import LogReader, Wanted
from lastseen.evidence.record import EvidenceRecord
from lastseen.evidence.retention_history import RetentionHistory
from lastseen.evidence.silence_finder import SilenceLimit
from lastseen.ledger import EvidenceStore
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, after, days
from lastseen.model.progress import Progress
from lastseen.model.sighting import (
    EvidenceKind,
    FailedSignIns,
    Sighting,
    UnrecognisedEvent,
    login_key,
    unrecognised_of,
)

NO_ATTEMPTS = FailedSignIns()
"""For an account on which no sign-in attempt failed."""
ANOTHER_HISTORY = (
    "does not match the ledger: the portal was moved, restored or set up again, so all of it is "
    "read again"
)
"""The note when a log no longer holds what earlier runs read."""

DAMAGED = "the ledger's copy was damaged ({}), so all of it is read from the portal again"
"""The note when the ledger's copy of a log can't be trusted."""

MOST_TRAIL_PAGES_AGAIN = 200
"""Pages of the trail that may be read for those whom per-user requests could not prove."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The time for which evidence is wanted."""

    window: Instant
    """The first second at which a sighting keeps somebody; the earliest of `windows`."""
    windows: Mapping[UserId, Instant] = {}
    """The same for people whose policy has a window of its own."""
    lookback: Instant
    """How far back the date to show is looked for; not after `window`."""
    emails: Mapping[UserId, str] = {}
    """The addresses of the people, by which entries may mean them that name no account."""
    on_directory: frozenset[UserId] = frozenset()
    """People on single sign-on: their sign-outs may be their directory's and prove nothing."""
    trail_silence: SilenceLimit | None
    """When the trail counts as stopped; None if it counts as evidence and is judged as such."""
    nothing_after: Instant | None = None
    """Entries later than this are ignored; set where `--now` gives a past instant."""

    def window_of(self, person: UserId) -> Instant:
        """Return the first second at which a sighting keeps this person."""
        return self.windows.get(person, self.window)


class Collector:
    """Collects evidence from one portal for one run. Make one with `open_collector`."""

    def __init__(
        self,
        portal: Portal,
        *,
        store: EvidenceStore,
        span: Span,
        progress: Progress,
        retention: Retention,
        detected: Detected,
    ) -> None:
        """Collect as `open_collector` found that this portal allows."""
        self.retention = retention
        self.detected = detected
        self.is_first = not any(store.coverage(kind) for kind in EvidenceKind)
        """Whether the ledger knew nothing of this portal's logs before."""
        self.notes: list[str] = []
        """What went wrong during the collection, and what follows from it."""
        self._portal = portal
        self._store = store
        self._span = span
        self._progress = progress
        self._logs: dict[EvidenceKind, LogReader] = {}
        self._failed: dict[UserId, FailedSignIns] | None = None
        self._unrecognised: dict[UserId, UnrecognisedEvent] | None = None

    async def open_sign_in_log(self) -> None:
        """Take the newest page of the sign-in log, which detecting the filters has already read."""
        detected = self.detected
        lifetime = RetentionHistory(
            self._portal,
            self.retention,
            self._store,
            now=detected.newest.answered_at,
            window=self._span.window,
            silence=self._span.trail_silence,
            is_unsteady=self._is_unsteady,
        )
        log = msgspec.structs.replace(
            sign_in_log(self._portal, self.retention, lifetime.complete_since),
            on_directory=self._span.on_directory,
        )
        reader = self._open(log)
        await reader.take_newest(detected.newest, is_all=detected.mode is FilterMode.IGNORED)
        if detected.mode is FilterMode.BEFORE_WINDOW:
            reader.allow_asking(Canary(log, detected.newest, reader.state.sightings))

    async def sign_ins(self, people: Collection[UserId]) -> None:
        """Collect sign-ins until everyone of `people` is seen in the window or proven absent."""
        if self.detected.mode is not FilterMode.IGNORED:
            await self._find(EvidenceKind.SIGN_IN, people, most_pages_again=math.inf)

    async def activity(self, people: Collection[UserId]) -> None:
        """Collect the activity of `people`, who are about to be disabled."""
        if not people:
            return
        log = activity_trail(self._portal, self.retention)
        newest = await log.fetch(EventQuery())
        is_ignored = not self.detected.has_audit_option and await ignores_everything(
            log.fetch, newest
        )
        reader = self._open(log)
        await reader.take_newest(newest, is_all=is_ignored)
        if not is_ignored:
            reader.allow_asking(Canary(log, newest, reader.state.sightings))
            await self._find(EvidenceKind.ACTIVITY, people, most_pages_again=MOST_TRAIL_PAGES_AGAIN)

    async def dates(
        self,
        people: Collection[UserId],
        kinds: Sequence[EvidenceKind],
        *,
        most_requests: float = math.inf,
    ) -> None:
        """Look further back for the date to show of `people`, who were not seen in the window.

        `kinds`: in which logs; `most_requests`: how many requests that may take in total.
        """
        end = self._portal.traffic.requests + most_requests
        # Per-user requests come first: a date from there leaves less of the other log to be read.
        for kind in sorted(kinds, key=self._is_streamed):
            reader = self._logs.get(kind)
            if reader is not None and self._span.lookback < self._span.window:
                left = max(0, end - self._portal.traffic.requests)
                await reader.find_dates(self._undated(reader, people, kinds), most_requests=left)
                self._after_reading(reader)

    async def earlier_sign_ins(self, people: Mapping[UserId, Instant]) -> None:
        """Read the sign-ins of each of `people` since the given instant: sessions begin with them.

        Entries that the portal no longer keeps are not looked for; those that it deletes within a
        day are, if they are all that is missing.
        """
        reader = self._logs.get(EvidenceKind.SIGN_IN)
        if reader is not None and people:
            kept_since = reader.state.kept_since
            wanted = {
                person: since if since > kept_since else reader.begins
                for person, since in people.items()
            }
            _announce(self._portal, self.retention, min(wanted.values()), reader.state.read_at)
            await reader.find_dates(wanted, most_requests=math.inf)
            self._after_reading(reader)

    @property
    def pages_of_window(self) -> float:
        """How many pages the sign-in log has in the window, as earlier runs counted; else 0."""
        log = self._logs.get(EvidenceKind.SIGN_IN)
        return log.state.pages_since(self._span.window) if log else 0.0

    @property
    def trail_lifetime(self) -> timedelta:
        """How long the portal keeps its trail."""
        return days(self.retention.trail_days)

    def sighting(self, person: UserId, kinds: Sequence[EvidenceKind]) -> Sighting | None:
        """Return the newest sighting of `person` in the given logs."""
        newest: Sighting | None = None
        for kind in kinds:
            log = self._logs.get(kind)
            found = log.state.sightings.get(person) if log else None
            if found is not None and (newest is None or found.at > newest.at):
                newest = found
        return newest

    def proven_since(self, person: UserId, kinds: Sequence[EvidenceKind]) -> Instant | None:
        """Return since when all entries of `person` are known in every given log, or None."""
        since = [self._proven_in(kind, person) for kind in kinds]
        reached = [moment for moment in since if moment is not None]
        return max(reached) if reached and len(reached) == len(since) else None

    def reaches_beginning(self, person: UserId, kinds: Sequence[EvidenceKind]) -> bool:
        """Return whether all entries of `person` that the portal keeps in those logs are known."""
        logs = [self._logs[kind] for kind in kinds if kind in self._logs]
        return len(logs) == len(kinds) and all(
            log.state.is_proven_since(person, log.begins) for log in logs
        )

    def failed(self, person: UserId, email: str) -> FailedSignIns:
        """Return the refused attempts on `person` that are known since the lookback.

        Most of them name no account, only the address that was tried.
        """
        if self._failed is None:
            self._failed = self._store.failed_sign_ins(self._span.lookback)
        failed = self._failed
        found = [failed[key] for key in (person, login_key(email)) if key in failed]
        if len(found) < 2:
            return found[0] if found else NO_ATTEMPTS
        return FailedSignIns(
            count=sum(one.count for one in found),
            last_at=max(one.last_at for one in found if one.last_at),
            addresses=max(one.addresses for one in found),
        )

    def authorised(self, person: UserId) -> Instant | None:
        """Return when `person` last authorised an application, as far as is known."""
        log = self._logs.get(EvidenceKind.SIGN_IN)
        found = log.state.authorisations.get(person) if log else None
        return found.at if found else None

    def known(self, kind: EvidenceKind) -> Coverage:
        """Return for which time all entries of a log are known; never, if it was not read."""
        log = self._logs.get(kind)
        return log.state.covered() if log else Coverage()

    def kept_for(self, kind: EvidenceKind) -> timedelta:
        """Return how long the portal keeps the entries of a log."""
        is_trail = kind is EvidenceKind.ACTIVITY
        return self.trail_lifetime if is_trail else days(self.retention.sign_in_days)

    def can_ask_for_times(self, kind: EvidenceKind) -> bool:
        """Return whether a time can be asked for in a log: the portal filters before it cuts."""
        if kind is EvidenceKind.ACTIVITY:
            return self.detected.mode is not FilterMode.IGNORED
        return self.detected.mode is FilterMode.BEFORE_WINDOW

    def unrecognised(self, person: UserId) -> UnrecognisedEvent | None:
        """Return the newest entry in the window that may be a sign-in of `person`."""
        if self._unrecognised is None:
            self._unrecognised = self._store.unrecognised(self._span.window)
        return unrecognised_of(self._unrecognised, person, self._span.emails.get(person, ""))

    @property
    def is_contradicted(self) -> bool:
        """Whether any answer so far left out what another one had."""
        return any(log.state.contradicted for log in self._logs.values())

    @property
    def events(self) -> int:
        """How many entries were read."""
        return sum(log.events for log in self._logs.values())

    def covered_since(self, people: Sequence[UserId]) -> Instant | None:
        """Return since when the sign-in log is known without a gap for all of `people`.

        If nobody is named: for everyone.
        """
        since = [self._proven_in(EvidenceKind.SIGN_IN, person) for person in people]
        reached = [moment for moment in since if moment is not None]
        if reached:
            return max(reached)
        return self._proven_in(EvidenceKind.SIGN_IN, None)

    def record(self) -> EvidenceRecord:
        """Return the coverage of all logs, for `explain`."""
        return EvidenceRecord(
            filters=self.detected.mode.value,
            looked=tuple(
                looked for log in self._logs.values() for looked in log.state.looked(self._store)
            ),
            notes=tuple(self.notes),
        )

    def _open(self, log: Log) -> LogReader:
        """Start reading `log` from what the ledger knows about it."""
        if log.kind not in self._logs:
            damage = self._store.drop_damaged(log.kind)
            if damage is not None:
                self.notes.append(f"{log.name}: {DAMAGED.format(damage)}")
                self._progress.note(f"The {log.name}: {DAMAGED.format(damage)}.")
            self._logs[log.kind] = LogReader(
                log,
                self._portal,
                store=self._store,
                nothing_after=self._span.nothing_after,
                is_unsteady=self._is_unsteady,
                progress=self._progress,
            )
        return self._logs[log.kind]

    async def _find(
        self, kind: EvidenceKind, people: Collection[UserId], *, most_pages_again: float
    ) -> None:
        reader = self._logs[kind]
        await reader.find(
            {person: self._span.window_of(person) for person in people},
            dates_follow=self._span.lookback < self._span.window,
            most_pages_again=most_pages_again,
        )
        self._after_reading(reader)

    def _undated(
        self, reader: LogReader, people: Collection[UserId], kinds: Sequence[EvidenceKind]
    ) -> Wanted:
        """Return since when the entries of each of `people` must be known to date them.

        Nothing older matters than the newest sighting in the logs that count, `kinds`, and nothing
        that this log no longer keeps.
        """
        furthest = max(self._span.lookback, reader.begins)
        seen = {person: self.sighting(person, kinds) for person in people}
        return {
            person: max(furthest, after(last.at, SECOND)) if last else furthest
            for person, last in seen.items()
        }

    def _is_streamed(self, kind: EvidenceKind) -> bool:
        return kind is EvidenceKind.SIGN_IN and self.detected.mode is not FilterMode.BEFORE_WINDOW

    def _after_reading(self, reader: LogReader) -> None:
        name = reader.state.log.name
        if reader.is_another_history:
            reader.is_another_history = False
            self.notes.append(f"{name}: {ANOTHER_HISTORY}")
            self._progress.note(f"The {name} {ANOTHER_HISTORY}.")
            for log in self._logs.values():
                log.state.forget_earlier()
        if reader.trouble:
            self.notes.append(f"{name}: {reader.trouble.found}")
            reader.trouble = None
        self._failed = self._unrecognised = None  # read from the ledger again when needed

    def _is_unsteady(self) -> bool:
        """Return whether any answer so far was lost, or contradicted by another."""
        return self.is_contradicted or self._portal.traffic.retries > 0

    def _proven_in(self, kind: EvidenceKind, person: UserId | None) -> Instant | None:
        log = self._logs.get(kind)
        return log.state.proven_since(person) if log else None


async def open_collector(
    portal: Portal,
    *,
    store: EvidenceStore,
    span: Span,
    progress: Progress,
    facts: Awaitable[LogFacts] | None = None,
) -> Collector:
    """Find out what the portal can prove, and return a collector that knows the newest sign-ins.

    `store`: the ledger's evidence on this portal, read and written. `facts`: what was asked
    already; None: nothing yet. Raises PortalError if the portal doesn't answer.
    """
    known = await (facts or read_log_facts(portal))
    retention, detected = known.retention, known.detected
    at = detected.newest.answered_at
    _announce(portal, retention, span.lookback, at)
    store.note_retention(retention.sign_in_days, retention.trail_days, at)
    collector = Collector(
        portal,
        store=store,
        span=span,
        progress=progress,
        retention=retention,
        detected=detected,
    )
    await collector.open_sign_in_log()
    return collector


def _announce(portal: Portal, retention: Retention, since: Instant, now: Instant) -> None:
    """Have `portal` allow for reading its logs back to `since`, as far as it keeps them."""
    kept = max(retention.sign_in_days, retention.trail_days)
    portal.expect_days(min((now - since) / days(1), kept))
