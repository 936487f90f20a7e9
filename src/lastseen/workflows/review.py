"""A review: load the roster, match it to the portal, collect evidence, decide each, write the plan.

The heart of Lastseen, without HTTP, SQL or formatting.
"""

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.docspace.release import require_supported
from lastseen.evidence.collector import Collector, Span, open_collector
from lastseen.evidence.log_pulse import LogPulse, find_silences
from lastseen.evidence.record import EvidenceRecord, encode_record
from lastseen.ledger import EvidenceStore, Ledger, PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.due import soon_due
from lastseen.model.errors import LastseenError
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import CLOCK_TOLERANCE, EPOCH, Clock, Instant, before, days
from lastseen.model.plan import (
    EvidenceSummary,
    Filters,
    Plan,
    Policy,
    Soon,
    sealed,
    summarise,
)
from lastseen.model.progress import Progress, Silent
from lastseen.model.sighting import EvidenceKind
from lastseen.open_sessions import SessionTrace
from lastseen.policy import NOTHING_KNOWN, PersonEvidence, Subject, decide
from lastseen.rosters import Roster
from lastseen.workflows.circumstances import (
    Circumstances,
    ended_sessions,
    find_circumstances,
    longest_session,
)
from lastseen.workflows.evidence_needs import (
    EvidenceNeeds,
    rests_on_absence,
    undecided_without_logs,
)
from lastseen.workflows.subjects import Reviewed, load_subjects

LOG_SILENCE_DAYS = Guardrails().log_silence_days
"""A log without an entry for more days than this has probably stopped."""

_ROUNDS = 3
_ORDER = {
    Verdict.DISABLE: 0,
    Verdict.SIGN_OUT: 1,
    Verdict.HOLD: 2,
    Verdict.KEEP: 3,
    Verdict.SKIP: 4,
}


async def review(
    portal: Portal,
    roster: Roster,
    *,
    ledger: PortalLedger,
    policy: Policy,
    clock: Clock,
    now: Instant | None = None,
    reconcile: bool = True,
    cohort: str | None = None,
    on_roster: Callable[[bytes], None] | None = None,
    all_dates: bool = False,
    log_silence_days: float = LOG_SILENCE_DAYS,
    soon_days: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Decide on everyone of `roster` and return the plan; it is kept in `ledger` as well.

    `now` pretends that it is another instant; such a plan can't be applied. `reconcile`: for
    rosters outside the portal, also list the guests that are on none. `cohort`: only the people of
    this cohort. `on_roster` is given the roster as a document whose SHA-256 is in the plan's
    population. `all_dates`: read on until the date of everyone to be disabled is known; else
    looking for dates takes no more requests than deciding did, and the next reviews read on from
    there. `soon_days`: the plan also lists who will be due within so many days. Raises PortalError,
    RosterError, UsageError and LedgerError; an interrupted review keeps
    what it has read.
    """
    work = _Review(
        portal,
        ledger,
        policy,
        clock,
        now,
        progress or Silent(),
        all_dates=all_dates,
        log_silence_days=log_silence_days,
        soon_days=soon_days,
    )
    run = ledger.runs.begin("review")
    try:
        outcome = await work.outcome(
            run.run_id, roster, reconcile=reconcile, cohort=cohort, on_roster=on_roster
        )
    except LastseenError as error:
        ledger.journal.append("failure", run_id=run.run_id, content=failure(error))
        ledger.runs.finish(run.run_id, state="failed", summary={}, exit_code=error.exit_code)
        raise
    except asyncio.CancelledError:
        ledger.runs.finish(run.run_id, state="interrupted", summary={}, exit_code=None)
        raise
    plan = outcome.plan
    ledger.runs.keep_plan(run.run_id, plan, encode_record(outcome.record))
    summary = msgspec.to_builtins(plan.summary)
    ledger.runs.finish(run.run_id, state="done", summary=summary, exit_code=0)
    return plan


class ReviewOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a review found: the plan, and the evidence behind it."""

    plan: Plan
    """The decisions."""
    record: EvidenceRecord
    """Which stretches of the logs they rest on."""


async def review_unrecorded(
    portal: Portal,
    roster: Roster,
    *,
    ledger: PortalLedger,
    policy: Policy,
    clock: Clock,
    now: Instant | None = None,
    reconcile: bool = True,
    progress: Progress | None = None,
) -> ReviewOutcome:
    """Decide as `review` does, without entering a run: for questions about single people.

    What was read of the logs is kept. Raises what `review` does.
    """
    work = _Review(
        portal,
        ledger,
        policy,
        clock,
        now,
        progress or Silent(),
        all_dates=False,
        log_silence_days=LOG_SILENCE_DAYS,
        soon_days=None,
    )
    return await work.outcome("", roster, reconcile=reconcile, cohort=None, on_roster=None)


def failure(error: LastseenError) -> dict[str, str]:
    """Return why a review failed, as its journal entry keeps it."""
    return {"attempted": error.attempted, "found": error.found, "remedy": error.remedy}


class _Review:
    """One review under way."""

    def __init__(
        self,
        portal: Portal,
        ledger: PortalLedger,
        policy: Policy,
        clock: Clock,
        pretended: Instant | None,
        progress: Progress,
        *,
        all_dates: bool,
        log_silence_days: float,
        soon_days: int | None,
    ) -> None:
        self._portal = portal
        self._ledger = ledger
        self._policy = policy
        self._kinds: list[EvidenceKind] = [EvidenceKind(kind) for kind in policy.evidence]
        self._clock = clock
        self._pretended = pretended
        self._now = pretended or clock()
        self._progress = progress
        self._all_dates = all_dates
        self._soon_days = soon_days
        self._collector: Collector | None = None
        self._circumstances: Circumstances | None = None
        self._log_silence_days = log_silence_days
        self._asked_the_trail: set[UserId] = set()
        self._requests_before = portal.traffic.requests
        self._spent_on_dates = 0

    async def outcome(
        self,
        plan_id: str,
        roster: Roster,
        *,
        reconcile: bool,
        cohort: str | None,
        on_roster: Callable[[bytes], None] | None,
    ) -> ReviewOutcome:
        """Load the roster, collect evidence, decide each, write the plan."""
        await require_supported(self._portal)
        reviewed = await self.load(roster, reconcile=reconcile, cohort=cohort)
        if on_roster is not None:
            on_roster(reviewed.roster)
        subjects = reviewed.subjects
        await self.collect(subjects)
        await self.look_around(subjects)
        decisions = tuple(sorted(map(self.decide, subjects), key=_reading_order))
        plan = self.plan(plan_id, decisions, reviewed)
        return ReviewOutcome(plan=plan, record=self.record(plan, subjects))

    async def load(self, roster: Roster, *, reconcile: bool, cohort: str | None) -> Reviewed:
        """Load the roster and match it to the portal."""
        return await load_subjects(
            self._portal,
            roster,
            ledger=self._ledger,
            policy=self._policy,
            now=self._now,
            noted_at=None if self._pretended else self._clock(),
            reconcile=reconcile,
            cohort=cohort,
            progress=self._progress,
        )

    async def collect(self, subjects: Sequence[Subject]) -> None:
        """Collect evidence on those on whom only the logs can decide."""
        undecided = undecided_without_logs(
            subjects, policy=self._policy, now=self._now, clock_trusted=self._clock_trusted
        )
        if not undecided or not self._clock_trusted:
            return
        collector = self._collector = await open_collector(
            self._portal,
            store=self._store(),
            span=self._span(undecided, on_directory(subjects)),
            progress=self._progress,
        )
        if EvidenceKind.SIGN_IN in self._kinds:
            await collector.sign_ins(undecided)
        for round_number in range(_ROUNDS):
            # The decision is for the instant after the last reading, never before it.
            self._now = self._pretended or self._clock()
            needs = EvidenceNeeds(
                undecided=undecided, known=self._evidence, policy=self._policy, now=self._now
            )
            due = needs.people_to_ask_the_trail(collector.trail_lifetime) - self._asked_the_trail
            if round_number and not due:
                break
            if EvidenceKind.ACTIVITY in self._kinds:
                await collector.activity(sorted(due))
            self._asked_the_trail |= due
            await collector.dates(sorted(needs.people_whose_date_decides()), self._kinds)
            await collector.earlier_sign_ins(needs.people_whose_sessions_decide())
            await self._look_up_dates(collector, needs)

    async def _look_up_dates(self, collector: Collector, needs: EvidenceNeeds) -> None:
        """Look up the dates to show; unless all are wanted, for no more than deciding has cost."""
        begun = self._portal.traffic.requests
        spent_on_deciding = begun - self._requests_before - self._spent_on_dates
        await collector.dates(
            sorted(needs.people_to_date()),
            self._kinds,
            most_requests=math.inf
            if self._all_dates
            else max(0, spent_on_deciding - self._spent_on_dates),
        )
        self._spent_on_dates += self._portal.traffic.requests - begun

    async def look_around(self, subjects: Sequence[Subject]) -> None:
        """Ask for what else bears on those who would be disabled, if anybody would be."""
        if not any(self.decide(subject).decision is Verdict.DISABLE for subject in subjects):
            return
        collector, now, evidence = self._collector, self._now, self._ledger.evidence
        silences = {}
        if collector is not None:
            pulses = [
                LogPulse(
                    kind,
                    self._portal,
                    self._store(),
                    limit=days(self._log_silence_days),
                    can_filter=collector.can_ask_for_times(kind),
                )
                for kind in self._kinds
            ]
            window = self._policy.window_start(now)
            silences = await find_silences(pulses, window=window, born=_born(subjects), now=now)
        kept = days(collector.retention.trail_days) if collector else timedelta()
        self._circumstances = await find_circumstances(
            self._portal,
            policy=self._policy,
            now=now,
            signed_out=ended_sessions(self._ledger),
            longest_session=longest_session(evidence.retention_history(), self._policy, now),
            trail_known_since=before(now, kept),
            silences=silences,
            progress=self._progress,
        )
        self._now = self._pretended or self._clock()

    def decide(self, subject: Subject) -> Decision:
        """Decide on one contractor."""
        person = subject.profile.id if subject.profile else None
        if person is None:
            return self._decision(subject, NOTHING_KNOWN)
        if person not in self._asked_the_trail:
            # The sign-in log alone has kept or held them: what the trail proves doesn't matter.
            without_trail = [kind for kind in self._kinds if kind is not EvidenceKind.ACTIVITY]
            decision = self._decision(subject, self._evidence(person, without_trail))
            if not rests_on_absence(decision):
                return decision
        return self._decision(subject, self._evidence(person, self._kinds))

    def plan(self, plan_id: str, decisions: tuple[Decision, ...], reviewed: Reviewed) -> Plan:
        """Write the plan."""
        return sealed(
            Plan(
                plan_id=plan_id,
                portal=self._portal.url,
                created_at=self._clock() if self._pretended else self._now,
                now=self._now,
                policy=self._policy,
                population=reviewed.population,
                soon=self._soon(decisions, reviewed.subjects),
                evidence=self._summary(decisions),
                decisions=decisions,
                summary=summarise(decisions),
            )
        )

    def _soon(self, decisions: Sequence[Decision], subjects: Sequence[Subject]) -> Soon | None:
        if self._soon_days is None:
            return None
        ends = {
            subject.profile.id: subject.contractor.end_date
            for subject in subjects
            if subject.profile and subject.contractor and subject.contractor.end_date
        }
        return soon_due(
            decisions, self._policy, ends=ends, now=self._now, within_days=self._soon_days
        )

    def record(self, plan: Plan, subjects: Sequence[Subject]) -> EvidenceRecord:
        """Return what was looked at, and which types of account are to be disabled."""
        due = {decision.user_id for decision in plan.to_disable()}
        types = {
            s.profile.id: s.profile.type for s in subjects if s.profile and s.profile.id in due
        }
        if self._collector is None:
            record = EvidenceRecord(filters="", filters_proven=False, looked=())
        else:
            record = self._collector.record()
        return msgspec.structs.replace(record, account_types=types)

    @property
    def _session_minutes(self) -> int | None:
        return self._circumstances.session_minutes if self._circumstances else None

    @property
    def _clock_trusted(self) -> bool:
        skew = abs(self._portal.largest_skew_seconds)
        return self._portal.tells_its_time and skew <= CLOCK_TOLERANCE.total_seconds()

    def _store(self) -> EvidenceStore:
        """Return the ledger's evidence, or an empty one where a past instant is pretended.

        The ledger keeps newest sightings only: of the past it would know too much.
        """
        if self._pretended and self._pretended < self._clock():
            return Ledger.in_memory(clock=self._clock).portal(self._portal.url).evidence
        return self._ledger.evidence

    def _span(
        self, undecided: Mapping[UserId, Subject], signed_out_by_directory: frozenset[UserId]
    ) -> Span:
        past = self._pretended is not None and self._pretended < self._clock()
        windows = {
            person: subject.own_policy(self._policy).window_start(self._now)
            for person, subject in undecided.items()
        }
        return Span(
            window=min(windows.values()),
            windows=windows,
            lookback=self._policy.lookback_start(self._now),
            on_directory=signed_out_by_directory,
            nothing_after=self._now if past else None,
        )

    def _evidence(self, person: UserId, kinds: Sequence[EvidenceKind]) -> PersonEvidence:
        """Return what is known of `person`, counting as proven what the logs named prove."""
        collector = self._collector
        if collector is None:
            return NOTHING_KNOWN
        return PersonEvidence(
            sighting=collector.sighting(person, self._kinds),
            unrecognised=collector.unrecognised(person),
            proven_since=collector.proven_since(person, kinds),
            reaches_beginning=collector.reaches_beginning(person, kinds),
        )

    def _decision(self, subject: Subject, evidence: PersonEvidence) -> Decision:
        return decide(
            subject,
            self._with_circumstances(subject, evidence),
            policy=self._policy,
            now=self._now,
            clock_trusted=self._clock_trusted,
        )

    def _with_circumstances(self, subject: Subject, evidence: PersonEvidence) -> PersonEvidence:
        """Return what is known of a person, and what bears on it beside their own entries."""
        profile, collector = subject.profile, self._collector
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
        return self._circumstances.added_to(evidence, subject, trace, now=self._now)

    def _summary(self, decisions: Sequence[Decision]) -> EvidenceSummary:
        collector = self._collector
        requests = self._portal.traffic.requests - self._requests_before
        complete = self._clock_trusted and not any(
            decision.reason is Reason.EVIDENCE_INCOMPLETE for decision in decisions
        )
        if collector is None:
            return EvidenceSummary(
                complete=complete,
                covered_since=None,
                filters="after-window",
                retention_days=None,
                session_minutes=self._session_minutes,
                requests=requests,
                events=0,
            )
        filters: Filters = collector.detected.mode.value
        absent = [UserId(d.user_id) for d in decisions if d.user_id and rests_on_absence(d)]
        return EvidenceSummary(
            complete=complete,
            covered_since=collector.covered_since(absent),
            filters=filters,
            retention_days=collector.retention.sign_in_days,
            session_minutes=self._session_minutes,
            requests=requests,
            events=collector.events,
        )


def on_directory(subjects: Iterable[Subject]) -> frozenset[UserId]:
    """Return the people on single sign-on, whom their directory may sign out."""
    return frozenset(s.profile.id for s in subjects if s.profile and s.profile.is_sso)


def _born(subjects: Iterable[Subject]) -> Instant:
    """Return since when the portal exists at least: since its first account that is known."""
    profiles = [subject.profile for subject in subjects if subject.profile]
    return min((p.registered_at for p in profiles if p.registered_at), default=EPOCH)


def _reading_order(decision: Decision) -> tuple[int, int, str, str]:
    return (
        _ORDER[decision.decision],
        -(decision.idle_days or 0),
        (decision.email or "").casefold(),
        decision.user_id or "",
    )
