"""What one run knows of one log: from the ledger, from the stream, and from asking about people."""

from collections.abc import Iterable, Mapping

from lastseen.evidence.actions import EventAccumulator
from lastseen.evidence.proof.coverage import Coverage
from lastseen.evidence.reading.per_user import PersonAnswer
from lastseen.evidence.reading.stream import Stream
from lastseen.evidence.record import CoverageRecord
from lastseen.ledger import EvidenceStore, Reading
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, Interval
from lastseen.model.sighting import Sighting

ASKED_EARLIER = "asked for this person alone, in an earlier run"
"""How it is known what an earlier run has proven of one person."""


class LogState:
    """One log, as far as it is known by now."""

    def __init__(self, stream: Stream, store: EvidenceStore) -> None:
        """Begin with what the ledger knows of the stream's log."""
        self.stream = stream
        self.asked: dict[UserId, PersonAnswer] = {}
        self._store = store
        self._earlier = {
            person: Coverage(intervals)
            for person, intervals in store.coverage_of_people(stream.log.kind).items()
        }
        self._covered = Coverage()
        self.refresh()

    @property
    def sightings(self) -> Mapping[UserId, Sighting]:
        """The newest sighting of each person that the ledger knew or this run has met."""
        return self.stream.sightings

    def refresh(self) -> None:
        """Take notice of what was proven since the last time."""
        self._covered = self.stream.covered()

    def forget_earlier(self) -> None:
        """Count no more on what earlier runs proved: it was of another history."""
        self._earlier = {}
        self.stream.forget_earlier()

    def needed(self, since: Instant) -> Interval:
        """Return the time from `since` up to where this run's reading of the stream reaches."""
        return Interval(since, max(since, self.stream.top or since))

    def covers(self, needed: Interval) -> bool:
        """Say whether the stream is known without a gap over `needed`."""
        return self._covered.covers(needed)

    def is_seen_since(self, person: UserId, since: Instant) -> bool:
        """Say whether `person` was seen at or after `since`."""
        sighting = self.sightings.get(person)
        return sighting is not None and sighting.at >= since

    def is_proven_since(self, person: UserId, since: Instant) -> bool:
        """Say whether all entries of `person` are known from `since` on."""
        proven = self.proven_since(person)
        return proven is not None and proven <= since

    def proven_since(self, person: UserId | None) -> Instant | None:
        """Return since when all entries of `person`, or of everyone for None, are known."""
        covered = self._covered
        tops = [self.stream.top] if self.stream.top else []
        if person in self._earlier:
            covered = covered.union(self._earlier[person])
        if person in self.asked:
            covered = covered.union(self.asked[person].covered)
            tops.append(self.asked[person].known_until)
        reached = [covered.since(top) for top in tops]
        return min((moment for moment in reached if moment is not None), default=None)

    def proven_alone(self, people: Iterable[UserId], since: Instant) -> list[Instant]:
        """Return until when earlier runs have proven those of `people` asked about alone."""
        stretches = [
            self._earlier[person].intervals[-1] for person in people if person in self._earlier
        ]
        return [stretch.until for stretch in stretches if stretch.since <= since]

    def keep(self, accumulator: EventAccumulator, answers: Iterable[PersonAnswer]) -> None:
        """Write down what asking about people alone showed and proved."""
        kept = {answer.user_id: answer for answer in answers}
        readings = [self._reading(accumulator, None, (), "")]
        self.stream.notice(readings[0].sightings)
        readings += [
            self._reading(None, person, answer.covered.intervals, answer.proof)
            for person, answer in kept.items()
        ]
        self._store.keep_all(readings)
        self.asked.update(kept)

    def looked(self) -> list[CoverageRecord]:
        """Return which stretches are known and which requests showed it."""
        kind = self.stream.log.kind
        whole = [
            CoverageRecord(
                kind=kind,
                user_id=None,
                since=covered.interval.since,
                until=covered.interval.until,
                proof=covered.proof,
            )
            for covered in self._store.coverage(kind)
        ]
        people = [
            *((person, answer.covered, answer.proof) for person, answer in self.asked.items()),
            *((person, covered, ASKED_EARLIER) for person, covered in self._earlier.items()),
        ]
        alone = [
            CoverageRecord(
                kind=kind, user_id=person, since=interval.since, until=interval.until, proof=proof
            )
            for person, covered, proof in people
            for interval in covered.intervals
        ]
        return whole + alone

    def _reading(
        self,
        accumulator: EventAccumulator | None,
        person: UserId | None,
        intervals: tuple[Interval, ...],
        proof: str,
    ) -> Reading:
        return Reading(
            kind=self.stream.log.kind,
            user_id=person,
            intervals=intervals,
            sightings=accumulator.sightings() if accumulator else (),
            failures=accumulator.failures() if accumulator else (),
            unrecognised=accumulator.unrecognised() if accumulator else (),
            events=0,
            proof=proof,
            read_at=self.stream.read_at,
        )
