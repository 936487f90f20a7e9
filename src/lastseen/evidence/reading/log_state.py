"""What one run knows of one log: from the ledger, from its pages, and from asking about people.

Passive: it is given what was read and says what follows from it. It asks the portal for nothing.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from lastseen.docspace.interface import EventPage
from lastseen.evidence.accumulator import EventAccumulator
from lastseen.evidence.proof.coverage import Coverage, covered_since
from lastseen.evidence.proof.page_proof import SECOND, PageProof, PageView
from lastseen.evidence.proof.same_log import Anchor
from lastseen.evidence.reading.log import Log
from lastseen.evidence.reading.request_cost import STEP
from lastseen.evidence.record import CoverageRecord
from lastseen.ledger import Covered, EvidenceStore, proof_in_words
from lastseen.model.contractor import UserId
from lastseen.model.counting import counted
from lastseen.model.instant import DAY_SECONDS, EPOCH, Instant, Interval, instant
from lastseen.model.sighting import EvidenceKind, Sighting

ASKED_EARLIER = "asked for this person alone, in an earlier run"
"""How it is known what an earlier run has proven about one person."""


class PersonAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What the per-user requests about one person proved."""

    user_id: UserId
    """The person asked about."""
    covered: Coverage
    """For which time all of this person's entries are known."""
    known_until: Instant
    """Up to which instant the answer covers the newest entries."""
    kept_since: Instant
    """Before this the portal may already have deleted entries when it answered."""
    requests: int
    """How many requests it took."""

    @property
    def proof(self) -> str:
        """One line on how it is known."""
        return f"asked for this person alone, {counted(self.requests, 'request')}"


class LogState:
    """What is known of one log so far."""

    def __init__(
        self, log: Log, store: EvidenceStore, *, nothing_after: Instant | None = None
    ) -> None:
        """Start with what the ledger knows; `nothing_after` is as in `EventAccumulator`."""
        self.log = log
        self.authorisations: dict[UserId, Sighting] = (
            store.newest_sightings(EvidenceKind.AUTHORISATION)
            if log.kind is EvidenceKind.SIGN_IN
            else {}
        )
        """The newest application that each person authorised."""
        self._nothing_after = nothing_after
        self.accumulator = self.separate_accumulator()
        self.proof = PageProof()
        self.counted = store.coverage(log.kind)
        self.sightings: dict[UserId, Sighting] = store.newest_sightings(log.kind)
        self.anchor = Anchor(self.sightings.values())
        self.asked: dict[UserId, PersonAnswer] = {}
        self.watermark: Instant | None = None
        """Up to where this run's newest page is complete; None before that page was read."""
        self.kept_since = EPOCH
        """Before this the portal may be deleting: no page can prove anything there."""
        self.end: Instant | None = None
        """When the log's oldest event happened, if its end is proven."""
        self.read_at = EPOCH
        """When the newest answer came."""
        self.contradicted = False
        """Whether one answer left out what another one had."""
        self._earlier = Coverage(tuple(covered.interval for covered in self.counted))
        self._joined: tuple[Coverage | None, Coverage] = (None, Coverage())
        self._everyone: tuple[object, Instant | None] = (None, None)
        self._earlier_alone = {
            person: Coverage(intervals)
            for person, intervals in store.coverage_of_people(log.kind).items()
        }
        self._seconds_counted_earlier = _seconds(self.counted)
        self.density = _density(self.counted)
        """Entries a second as counted by earlier runs, if they counted a whole day."""

    def take(self, page: EventPage) -> None:
        """Take what an answer shows: a sighting counts whichever page it is on."""
        self.read_at = page.answered_at
        self.accumulator.take(page.events)
        self.anchor.take(page.events)
        if page.query.start == 0:
            # Answers take different times, and the portal gives whole seconds: this run knows the
            # log up to where all of its newest pages do.
            reached = Instant(self.log.known_until(page) - SECOND)
            self.watermark = reached if self.watermark is None else min(self.watermark, reached)

    def uncounted(self, page: EventPage) -> int:
        """Return how many entries of an answer no earlier run has counted."""
        earlier, events = self._earlier, page.events
        if not events or not earlier.intervals:
            return len(events)
        span = Interval(instant(events[-1].at), Instant(events[0].at + SECOND))
        new = earlier.gaps(span)
        if new == (span,):
            return len(events)
        return sum(any(gap.since <= event.at < gap.until for gap in new) for event in events)

    def prove(self, view: PageView) -> bool:
        """Take what a page proves; return whether any of it is new."""
        if view.ends_log:
            # Its floor is that of what the end proves; entries before it may be there to be read.
            self.end = instant(view.events[-1].at) if view.events else view.known_until
        else:
            self.kept_since = max(self.kept_since, view.floor)
        return self.proof.add(view)

    def notice(self, sightings: Iterable[Sighting]) -> None:
        """Take sightings from any source: the newest of each person is kept."""
        for seen in sightings:
            if seen.kind is EvidenceKind.AUTHORISATION:
                self.authorisations[seen.user_id] = seen
                continue
            known = self.sightings.get(seen.user_id)
            if known is None or known.at < seen.at:
                self.sightings[seen.user_id] = seen

    def forget_earlier(self) -> None:
        """Disregard what earlier runs proved: it was another history."""
        self.counted = ()
        self._earlier = Coverage()
        self._joined = None, Coverage()
        self._earlier_alone = {}

    def separate_accumulator(self) -> EventAccumulator:
        """Return an accumulator of this log for answers about single people."""
        return EventAccumulator(
            self.log.kind,
            nothing_after=self._nothing_after,
            on_directory=self.log.on_directory,
        )

    def proven(self) -> Coverage:
        """Return for which time the pages of this run alone are complete."""
        return self.proof.covered()

    def covered(self) -> Coverage:
        """Return for which time the log is complete: by this run's pages and by earlier ones."""
        proven = self.proof.covered()
        if self._joined[0] is not proven:  # asked for every person, changed by a page only
            self._joined = proven, self._earlier.union(proven)
        return self._joined[1]

    def covers(self, needed: Interval) -> bool:
        """Return whether the log is complete over `needed`."""
        if not self._earlier.intervals or self.proof.covers(needed):
            return self.proof.covers(needed)
        return self.covered().covers(needed)

    def needed(self, since: Instant) -> Interval:
        """Return the time from `since` up to where this run's pages reach."""
        return Interval(since, max(since, self.watermark or since))

    def readable_gaps(self, needed: Interval) -> tuple[Interval, ...]:
        """Return the parts of `needed` that are not known and that the portal may still have."""
        return tuple(
            gap
            for gap in self.covered().gaps(needed)
            if gap.until > self.kept_since and (self.end is None or gap.until > self.end)
        )

    def pages_left(self, needed: Interval) -> float:
        """Estimate how many pages are still to be read for `needed`."""
        offsets = self.proof.offsets
        left = 0.0
        for gap in self.readable_gaps(needed):
            entries: float = offsets.of(gap.since) - offsets.of(gap.until)
            if self.density and not offsets.reach(gap.since):
                entries = self.density * (gap.until - gap.since).total_seconds()
            left += max(1.0, entries / STEP)
        return left

    @property
    def seconds_counted(self) -> float:
        """Over how many seconds entries were counted, on which estimates rest."""
        return max(self._seconds_counted_earlier, self.proof.offsets.seconds)

    def pages_since(self, since: Instant) -> float:
        """Estimate how many pages the log has since then, from earlier counts; else 0."""
        needed = self.needed(since)
        return (self.density or 0.0) * (needed.until - needed.since).total_seconds() / STEP

    def is_seen_since(self, person: UserId, since: Instant) -> bool:
        """Return whether `person` was seen at or after `since`."""
        sighting = self.sightings.get(person)
        return sighting is not None and sighting.at >= since

    def is_proven_since(self, person: UserId, since: Instant) -> bool:
        """Return whether all entries of `person` are known from `since` on."""
        proven = self.proven_since(person)
        return proven is not None and proven <= since

    def proven_since(self, person: UserId | None) -> Instant | None:
        """Return since when all entries of `person`, or of everyone for None, are known."""
        if person not in self._earlier_alone and person not in self.asked:
            return self._everyone_proven_since()
        known = [self.covered()]
        watermarks = [self.watermark] if self.watermark else []
        if person in self._earlier_alone:
            known.append(self._earlier_alone[person])
        if person in self.asked:
            known.append(self.asked[person].covered)
            watermarks.append(self.asked[person].known_until)
        reached = [covered_since(watermark, known) for watermark in watermarks]
        return min((moment for moment in reached if moment is not None), default=None)

    def _everyone_proven_since(self) -> Instant | None:
        now = self.covered(), self.watermark
        if self._everyone[0] != now:  # asked for every person, changed by a page only
            covered, watermark = now
            self._everyone = now, covered.since(watermark) if watermark else None
        return self._everyone[1]

    def is_answered(self, person: UserId, since: Instant) -> bool:
        """Return whether per-user requests have shown all that the portal keeps from `since` on."""
        answer = self.asked.get(person)
        return answer is not None and self.is_proven_since(person, max(since, answer.kept_since))

    def proven_alone(self, wanted: Mapping[UserId, Instant]) -> dict[UserId, Instant]:
        """Return until when earlier runs have proven people of `wanted` by per-user requests.

        `wanted`: since when the entries of each are to be known.
        """
        newest = {
            person: self._earlier_alone[person].intervals[-1]
            for person in wanted
            if person in self._earlier_alone
        }
        return {who: alone.until for who, alone in newest.items() if alone.since <= wanted[who]}

    def looked(self, store: EvidenceStore) -> list[CoverageRecord]:
        """Return which stretches are known and which requests showed it."""
        kind = self.log.kind
        everyone = [
            CoverageRecord(
                kind=kind,
                user_id=None,
                since=covered.interval.since,
                until=covered.interval.until,
                proof=proof_in_words(covered.proof),
            )
            for covered in store.coverage(kind)
        ]
        people = [
            *((person, answer.covered, answer.proof) for person, answer in self.asked.items()),
            *((person, covered, ASKED_EARLIER) for person, covered in self._earlier_alone.items()),
        ]
        alone = [
            CoverageRecord(
                kind=kind, user_id=person, since=interval.since, until=interval.until, proof=proof
            )
            for person, covered, proof in people
            for interval in covered.intervals
        ]
        return everyone + alone


def _density(counted: Sequence[Covered]) -> float | None:
    """Return how many entries a second earlier runs saw, if they covered a whole day."""
    seconds = _seconds(counted)
    return sum(c.events for c in counted) / seconds if seconds >= DAY_SECONDS else None


def _seconds(counted: Sequence[Covered]) -> float:
    """Return over how many seconds earlier runs counted entries."""
    stretches = [covered.interval for covered in counted if covered.events]
    return sum((stretch.until - stretch.since).total_seconds() for stretch in stretches)
