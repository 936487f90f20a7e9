"""Collects evidence on the people of a review, and decides on each with what is known so far."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial

import msgspec

from lastseen.docspace.interface import clocks_agree
from lastseen.evidence.collector import Collector, Span, open_collector
from lastseen.evidence.silence_finder import SilenceFinder, SilenceLimit, find_silences
from lastseen.ledger import EvidenceStore, Ledger
from lastseen.model.concurrency import task_group
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.instant import EPOCH, Instant, before, days
from lastseen.model.sighting import EvidenceKind
from lastseen.open_sessions import SessionTrace
from lastseen.policy import decide
from lastseen.subject import NOTHING_KNOWN, PersonEvidence, Subject
from lastseen.workflows.circumstances import (
    Circumstances,
    circumstances_from,
    ended_sessions,
    longest_session,
    longest_window,
    read_circumstances,
    spares_open_sessions,
)
from lastseen.workflows.evidence_needs import (
    EvidenceNeeds,
    rests_on_absence,
    undecided_without_logs,
)
from lastseen.workflows.first_answers import FirstAnswers
from lastseen.workflows.log_silences import LogSilences, limits_of
from lastseen.workflows.review_context import ReviewContext

_ROUNDS = 3
LEAST_FOR_DATES = 50
"""Requests that every review but the first may spend on dates, however few deciding took."""


class ReviewEvidence:
    """The evidence of one review."""

    def __init__(self, context: ReviewContext, first: FirstAnswers) -> None:
        """Start without evidence but for what was asked `first`."""
        self._context = context
        self._first = first
        self._kinds: list[EvidenceKind] = [EvidenceKind(kind) for kind in context.policy.evidence]
        self.now = context.now or context.clock()
        """The instant that decisions are for; never before the last reading."""
        self.collector: Collector | None = None
        """What was read from the logs; None if they were not needed."""
        self._circumstances: Circumstances | None = None
        self._asked_the_trail: set[UserId] = set()
        self._spent_on_dates = 0

    @property
    def requests(self) -> int:
        """How many requests the review has sent."""
        return self._context.portal.traffic.requests - self._first.requests_before

    @property
    def session_minutes(self) -> int | None:
        """How long sessions live; None if the portal doesn't limit them or was not asked."""
        return self._circumstances.session_minutes if self._circumstances else None

    @property
    def clock_trusted(self) -> bool:
        """Whether the portal sends its time and it agrees with this machine's."""
        return clocks_agree(self._context.portal)

    async def collect(self, subjects: Sequence[Subject]) -> None:
        """Collect evidence on the people whose decision depends on the logs."""
        if not self.clock_trusted:
            return
        undecided = undecided_without_logs(subjects, policy=self._context.policy, now=self.now)
        if not undecided:
            return
        collector = self.collector = await open_collector(
            self._context.portal,
            store=self._store(),
            span=self._span(undecided, subjects),
            progress=self._context.progress,
            facts=self._first.log_facts,
        )
        if EvidenceKind.SIGN_IN in self._kinds:
            await collector.sign_ins(undecided)
        for round_number in range(_ROUNDS):
            needs = self._needs(undecided, collector)
            due = needs.people_to_ask_the_trail(collector.trail_lifetime) - self._asked_the_trail
            if round_number and not due:
                break
            if EvidenceKind.ACTIVITY in self._kinds:
                await collector.activity(sorted(due))
            self._asked_the_trail |= due
            needs = self._needs(undecided, collector)
            await collector.dates(sorted(needs.people_whose_date_decides()), self._kinds)
            await collector.earlier_sign_ins(needs.people_whose_sessions_decide())
            await self._look_up_dates(collector, needs)

    def _needs(self, undecided: Mapping[UserId, Subject], collector: Collector) -> EvidenceNeeds:
        """Return what is still to be known by now.

        The decision is for the instant after the last reading, never before it: the edges of the
        window and of the logs move on together.
        """
        self.now = self._context.now or self._context.clock()
        return EvidenceNeeds(
            undecided=undecided,
            known=self._evidence,
            sighting=partial(collector.sighting, kinds=self._kinds),
            policy=self._context.policy,
            now=self.now,
        )

    async def _look_up_dates(self, collector: Collector, needs: EvidenceNeeds) -> None:
        """Look up the dates to show, for as many requests as `_most_for_dates` allows."""
        begun = self.requests
        allowed = self._most_for_dates(collector) - self._spent_on_dates
        await collector.dates(
            sorted(needs.people_to_date()), self._kinds, most_requests=max(0, allowed)
        )
        self._spent_on_dates += self.requests - begun

    def _most_for_dates(self, collector: Collector) -> float:
        """Return how many requests in total this review may spend on dates.

        As many as deciding took so far, unless all dates are wanted. A later review decides with
        few: it may take as many as reading the window does, so that dates are known in some runs.
        """
        if self._context.all_dates:
            return math.inf
        spent_on_deciding = self.requests - self._spent_on_dates
        if collector.is_first:
            return spent_on_deciding
        return max(spent_on_deciding, LEAST_FOR_DATES, collector.pages_of_window)

    async def collect_circumstances(self, subjects: Sequence[Subject]) -> None:
        """Read what else matters about people who would be disabled, if there are any."""
        if not any(self.decide(subject).decision is Verdict.DISABLE for subject in subjects):
            return
        context, now = self._context, self.now
        pending = (
            one for one in subjects if one.profile and one.profile.status is AccountStatus.PENDING
        )
        to_pending = any(self.decide(one).decision is Verdict.DISABLE for one in pending)
        async with task_group() as group:
            silent = group.create_task(self._silences(subjects))
            asked = group.create_task(
                read_circumstances(
                    context.portal,
                    policy=context.policy,
                    now=now,
                    to_pending=to_pending,
                    is_contradicted=self.collector is not None and self.collector.is_contradicted,
                    progress=context.progress,
                )
            )
        silences, history = silent.result(), context.ledger.evidence.retention_history()
        self._circumstances = circumstances_from(
            asked.result(),
            policy=context.policy,
            now=now,
            signed_out=ended_sessions(context.ledger),
            longest_session=longest_session(history, context.policy, now),
            trail_known_since=self._trail_known_since(silences),
            silences=silences,
        )
        self.now = context.now or context.clock()

    async def _silences(self, subjects: Sequence[Subject]) -> LogSilences:
        """Return when each log that counts had stopped, if ever; nothing where none was read.

        The sign-in log always does, since it shows how sessions began. Where they spare people the
        trail does too: it would show that their limit changed.
        """
        collector, policy = self.collector, self._context.policy
        silence_days = self._context.log_silence_days
        if collector is None:
            return LogSilences(log_silence_days=silence_days)
        # A log says nothing of a time that is still to come (`--now`), and has not stopped.
        now = min(self.now, self._context.clock())
        kinds = dict.fromkeys((*self._kinds, EvidenceKind.SIGN_IN))
        if spares_open_sessions(policy):
            kinds |= dict.fromkeys((EvidenceKind.ACTIVITY,))
        found = {}
        for limit in limits_of(policy, silence_days):
            finders = [
                SilenceFinder(
                    kind,
                    self._context.portal,
                    self._store(),
                    limit=days(limit),
                    kept_for=collector.kept_for(kind),
                    can_filter=collector.can_ask_for_times(kind),
                    read=collector.known(kind),
                )
                for kind in kinds
            ]
            window = before(now, days(longest_window(policy)))
            found[limit] = await find_silences(
                finders, window=window, born=_born(subjects), now=now
            )
        return LogSilences(
            log_silence_days=silence_days, counted=tuple(self._kinds), by_limit=found
        )

    def _trail_known_since(self, silences: LogSilences) -> Instant | None:
        """Return since when the trail is kept and written; None if it has stopped."""
        kept = days(self.collector.retention.trail_days) if self.collector else timedelta()
        silence = silences.of(EvidenceKind.ACTIVITY)
        if silence.since is not None:
            return None
        return max([before(self.now, kept), *(pause.until for pause in silence.pauses)])

    def decide(self, subject: Subject) -> Decision:
        """Decide on one contractor."""
        if subject.profile is None:
            return self._decision(subject, NOTHING_KNOWN)
        person = subject.profile.id
        if self.collector is not None and self._is_seen_lately(subject, person):
            # Most people: neither what the logs prove nor a session that may be open matters.
            decision = self._ruling(subject, self._presence(self.collector, subject.profile))
            if decision.reason is Reason.ACTIVE:
                return decision
        if person not in self._asked_the_trail:
            # The sign-in log alone has kept or held them: what the trail proves doesn't matter.
            without_trail = [kind for kind in self._kinds if kind is not EvidenceKind.ACTIVITY]
            decision = self._decision(subject, self._evidence(person, without_trail))
            if not rests_on_absence(decision):
                return decision
        return self._decision(subject, self._evidence(person, self._kinds))

    def _store(self) -> EvidenceStore:
        """Return the ledger's evidence, or an empty store if decisions are for a past instant.

        The ledger keeps only the newest sightings, which may be later than that instant.
        """
        context = self._context
        if context.is_of_the_past:
            return Ledger.in_memory(clock=context.clock).portal(context.portal.url).evidence
        return context.ledger.evidence

    def _span(self, undecided: Mapping[UserId, Subject], subjects: Sequence[Subject]) -> Span:
        windows = {
            person: subject.own_policy(self._context.policy).window_start(self.now)
            for person, subject in undecided.items()
        }
        return Span(
            window=min(windows.values()),
            windows=windows,
            lookback=self._context.policy.lookback_start(self.now),
            emails={person: s.profile.email for person, s in undecided.items() if s.profile},
            on_directory=_on_directory(subjects),
            trail_silence=None
            if EvidenceKind.ACTIVITY in self._kinds
            else SilenceLimit(days=self._context.log_silence_days, born=_born(subjects)),
            nothing_after=self.now if self._context.is_of_the_past else None,
        )

    def _evidence(self, person: UserId, kinds: Sequence[EvidenceKind]) -> PersonEvidence:
        """Return what is known about `person`, counting what the named logs prove as proven."""
        collector = self.collector
        if collector is None:
            return NOTHING_KNOWN
        return PersonEvidence(
            sighting=collector.sighting(person, self._kinds),
            unrecognised=collector.unrecognised(person),
            proven_since=collector.proven_since(person, kinds),
            reaches_beginning=collector.reaches_beginning(person, kinds),
        )

    def _is_seen_lately(self, subject: Subject, person: UserId) -> bool:
        seen = self.collector.sighting(person, self._kinds) if self.collector else None
        start = subject.own_policy(self._context.policy).window_start(self.now)
        return seen is not None and seen.at >= start

    def _presence(self, collector: Collector, profile: Profile) -> PersonEvidence:
        """Return what is known about a person but for what is proven of their absence."""
        evidence = PersonEvidence(
            sighting=collector.sighting(profile.id, self._kinds),
            failed=collector.failed(profile.id, profile.email),
        )
        if self._circumstances is None:
            return evidence
        return self._circumstances.with_presence(evidence, profile, now=self.now)

    def _decision(self, subject: Subject, evidence: PersonEvidence) -> Decision:
        return self._ruling(subject, self._with_circumstances(subject, evidence))

    def _ruling(self, subject: Subject, evidence: PersonEvidence) -> Decision:
        return decide(
            subject,
            evidence,
            policy=self._context.policy,
            now=self.now,
            clock_trusted=self.clock_trusted,
        )

    def _with_circumstances(self, subject: Subject, evidence: PersonEvidence) -> PersonEvidence:
        """Return what is known about a person, including what is not in their own log entries."""
        profile, collector = subject.profile, self.collector
        if profile is None:
            return evidence
        if collector is not None:
            failed = collector.failed(profile.id, profile.email)
            evidence = msgspec.structs.replace(evidence, failed=failed)
        if self._circumstances is None:
            return evidence
        logs = [EvidenceKind.SIGN_IN]
        trace = SessionTrace(
            authorised_at=collector.authorised(profile.id) if collector else None,
            known_since=collector.proven_since(profile.id, logs) if collector else None,
        )
        sign_in = collector.sighting(profile.id, logs) if collector else None
        if sign_in is not None:
            trace = msgspec.structs.replace(trace, signed_in_at=sign_in.at)
        window = subject.own_policy(self._context.policy).inactive_days
        return self._circumstances.added_to(
            evidence, subject, trace, inactive_days=window, now=self.now
        )


def _on_directory(subjects: Iterable[Subject]) -> frozenset[UserId]:
    """Return the people with single sign-on, whom their directory may sign out."""
    return frozenset(s.profile.id for s in subjects if s.profile and s.profile.is_sso)


def _born(subjects: Iterable[Subject]) -> Instant:
    """Return a time at which the portal existed: when its first known account was registered."""
    profiles = [subject.profile for subject in subjects if subject.profile]
    return min((p.registered_at for p in profiles if p.registered_at), default=EPOCH)
