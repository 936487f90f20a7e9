"""A review: who is on the roster, what do the logs show of them, what is to be done about each.

The heart of Lastseen, without HTTP, SQL or formatting: load the roster, match it to the portal,
collect evidence, decide each, write the plan.
"""

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.evidence.collector import Collector, Span
from lastseen.evidence.record import EvidenceRecord, encode_record
from lastseen.ledger import EvidenceStore, Exemption, Ledger, PortalLedger
from lastseen.model.contractor import Contractor, Profile, UserId, email_key, user_id
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.errors import LastseenError
from lastseen.model.instant import Clock, Instant, before, days, utc_date
from lastseen.model.plan import EvidenceSummary, Filters, Plan, Policy, sealed, summarise
from lastseen.model.progress import Progress, Silent
from lastseen.model.sighting import EvidenceKind
from lastseen.policy import (
    NOTHING_KNOWN,
    PersonEvidence,
    Subject,
    decide,
)
from lastseen.rosters import Match, Roster, match

CLOCK_TOLERANCE_SECONDS = 300.0
"""By how much the machine's and the portal's clock may differ before nothing is decided."""

_ROUNDS = 3
_ORDER = {Verdict.DISABLE: 0, Verdict.HOLD: 1, Verdict.KEEP: 2, Verdict.SKIP: 3}


async def review(
    portal: Portal,
    roster: Roster,
    *,
    ledger: PortalLedger,
    policy: Policy,
    clock: Clock,
    now: Instant | None = None,
    reconcile: bool = True,
    progress: Progress | None = None,
) -> Plan:
    """Decide on everyone of `roster` and return the plan; it is kept in `ledger` as well.

    `now` pretends that it is another instant; such a plan can't be applied. `reconcile`: for
    rosters outside the portal, also list the guests that are on none. Raises PortalError,
    RosterError, UsageError and LedgerError; an interrupted review keeps what it has read.
    """
    work = _Review(portal, ledger, policy, clock, now, progress or Silent())
    run = ledger.runs.begin("review")
    try:
        subjects = await work.subjects(roster, reconcile=reconcile)
        await work.collect(subjects)
        plan = work.plan(run.run_id, subjects)
    except LastseenError as error:
        ledger.runs.finish(run.run_id, state="failed", summary={}, exit_code=error.exit_code)
        raise
    except asyncio.CancelledError:
        ledger.runs.finish(run.run_id, state="interrupted", summary={}, exit_code=None)
        raise
    ledger.runs.keep_plan(run.run_id, plan, encode_record(work.record(plan, subjects)))
    summary = msgspec.to_builtins(plan.summary)
    ledger.runs.finish(run.run_id, state="done", summary=summary, exit_code=0)
    return plan


class _Review:
    """One review at work."""

    def __init__(
        self,
        portal: Portal,
        ledger: PortalLedger,
        policy: Policy,
        clock: Clock,
        now: Instant | None,
        progress: Progress,
    ) -> None:
        self._portal = portal
        self._ledger = ledger
        self._policy = policy
        self._kinds: list[EvidenceKind] = [EvidenceKind(kind) for kind in policy.evidence]
        self._without_trail: list[EvidenceKind] = [
            kind for kind in self._kinds if kind is not EvidenceKind.ACTIVITY
        ]
        self._clock = clock
        self._pretended = now
        self._now = now or clock()
        self._progress = progress
        self._collector: Collector | None = None
        self._asked: set[UserId] = set()
        self._requests_before = portal.traffic.requests

    async def subjects(self, roster: Roster, *, reconcile: bool) -> tuple[Subject, ...]:
        """Load the roster and match it to the portal."""
        own = await self._portal.whoami()
        self._ledger.acting_as(own.email or own.id)
        listing = await roster.load(self._portal)
        for warning in listing.warnings:
            self._progress.note(warning)
        matches = await match(listing, self._portal, reconcile=reconcile and roster.outside)
        if self._pretended is None:
            profiles = [found.profile for found in matches if found.profile]
            self._ledger.accounts.note(profiles, self._clock())
        exemptions = {e.who: e for e in self._ledger.exemptions.active(utc_date(self._now))}
        reinstated = self._ledger.accounts.reinstated()
        return tuple(_subject(m, own.id, exemptions, reinstated) for m in matches)

    async def collect(self, subjects: Iterable[Subject]) -> None:
        """Collect evidence on those whom only the logs can decide."""
        undecided = {
            subject.profile.id: subject
            for subject in subjects
            if subject.profile and _needs_logs(self._decide(subject, NOTHING_KNOWN))
        }
        if not undecided or not self._clock_trusted:
            return
        collector = Collector(
            self._portal, store=self._store(), span=self._span(), progress=self._progress
        )
        await collector.begin()
        self._collector = collector
        if EvidenceKind.SIGN_IN in self._kinds:
            await collector.sign_ins(undecided)
        for round_number in range(_ROUNDS):
            # The decision is for the instant after the last reading, never before it.
            self._now = self._pretended or self._clock()
            due = self._to_ask_the_trail(undecided, collector) - self._asked
            if round_number and not due:
                break
            if EvidenceKind.ACTIVITY in self._kinds:
                await collector.activity(sorted(due))
            self._asked |= due
            await collector.lookback(sorted(self._to_be_dated(undecided)), self._kinds)

    def plan(self, plan_id: str, subjects: tuple[Subject, ...]) -> Plan:
        """Decide each and write the plan."""
        decisions = tuple(sorted(map(self._final, subjects), key=_reading_order))
        return sealed(
            Plan(
                plan_id=plan_id,
                portal=self._portal.url,
                created_at=self._clock() if self._pretended else self._now,
                now=self._now,
                policy=self._policy,
                evidence=self._summary(decisions),
                decisions=decisions,
                summary=summarise(decisions),
            )
        )

    def record(self, plan: Plan, subjects: Iterable[Subject]) -> EvidenceRecord:
        """Return what was looked at, and what those to be disabled were."""
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
    def _clock_trusted(self) -> bool:
        return abs(self._portal.largest_skew_seconds) <= CLOCK_TOLERANCE_SECONDS

    def _store(self) -> EvidenceStore:
        """Return the ledger's evidence, or an empty one where a past instant is pretended.

        The ledger keeps newest sightings only: of the past it would know too much.
        """
        if self._pretended and self._pretended < self._clock():
            return Ledger.in_memory(clock=self._clock).portal(self._portal.url).evidence
        return self._ledger.evidence

    def _span(self) -> Span:
        past = self._pretended is not None and self._pretended < self._clock()
        return Span(
            window=self._policy.window_start(self._now),
            lookback=self._policy.lookback_start(self._now),
            nothing_after=self._now if past else None,
        )

    def _due(self, undecided: Mapping[UserId, Subject], kinds: list[EvidenceKind]) -> set[UserId]:
        """Return those whom the logs named would disable."""
        return {
            person
            for person in self._unseen(undecided)
            if self._decide(undecided[person], self._evidence(person, kinds)).decision
            is Verdict.DISABLE
        }

    def _unseen(self, undecided: Iterable[UserId]) -> list[UserId]:
        """Return those not seen in the window by any log that counts: all others are kept."""
        collector = self._collector
        if collector is None:
            return list(undecided)
        window = self._policy.window_start(self._now)
        seen = ((person, collector.sighting(person, self._kinds)) for person in undecided)
        return [person for person, last in seen if last is None or last.at < window]

    def _to_ask_the_trail(
        self, undecided: Mapping[UserId, Subject], collector: Collector
    ) -> set[UserId]:
        """Return those whom the sign-in log would disable; everyone where it doesn't count.

        Where the policy keeps those never seen, also those: the trail may have seen them. Where the
        portal forgets its trail before the window is over, also those who have not been seen for
        half its lifetime: when they are due, the ledger has to know what is gone by then.
        """
        if not self._without_trail:
            return set(undecided)
        due = self._due(undecided, self._without_trail) | self._never_seen_so_far(undecided)
        lifetime = collector.trail_lifetime
        if lifetime < days(self._policy.inactive_days):
            lately = before(self._now, lifetime / 2)
            for person in undecided.keys() - due:
                seen = collector.sighting(person, self._kinds)
                if seen is None or seen.at < lately:
                    due.add(person)
        return due

    def _to_be_dated(self, undecided: Mapping[UserId, Subject]) -> set[UserId]:
        """Return those whose last sighting lies before the window: a date is to be shown.

        Where the policy keeps those never seen, the date decides.
        """
        return self._due(undecided, self._kinds) | self._never_seen_so_far(undecided)

    def _never_seen_so_far(self, undecided: Mapping[UserId, Subject]) -> set[UserId]:
        """Return those absent over the window and never seen, where the policy keeps such people.

        Absent as far as the sign-in log goes, or the trail where the sign-in log doesn't count.
        """
        if self._policy.never_seen != "keep":
            return set()
        window = self._policy.window_start(self._now)
        kinds = self._without_trail or self._kinds
        known = {person: self._evidence(person, kinds) for person in undecided}
        return {
            person
            for person, evidence in known.items()
            if evidence.sighting is None
            and evidence.proven_since is not None
            and evidence.proven_since <= window
        }

    def _evidence(self, person: UserId, kinds: list[EvidenceKind]) -> PersonEvidence:
        """Return what is known of `person`, counting as proven what the logs named prove."""
        collector = self._collector
        if collector is None:
            return NOTHING_KNOWN
        return PersonEvidence(
            sighting=collector.sighting(person, self._kinds),
            unrecognised=collector.unrecognised(person),
            failed=collector.failed(person),
            proven_since=collector.proven_since(person, kinds),
        )

    def _decide(self, subject: Subject, evidence: PersonEvidence) -> Decision:
        return decide(
            subject,
            evidence,
            policy=self._policy,
            now=self._now,
            clock_trusted=self._clock_trusted,
        )

    def _final(self, subject: Subject) -> Decision:
        if subject.profile is None:
            return self._decide(subject, NOTHING_KNOWN)
        person = subject.profile.id
        if person not in self._asked:
            # The trail was not asked about them, for the sign-in log alone kept or held them.
            decision = self._decide(subject, self._evidence(person, self._without_trail))
            if not _rests_on_logs(decision):
                return decision
        return self._decide(subject, self._evidence(person, self._kinds))

    def _summary(self, decisions: tuple[Decision, ...]) -> EvidenceSummary:
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
                requests=requests,
                events=0,
            )
        filters: Filters = collector.detected.mode.value
        return EvidenceSummary(
            complete=complete,
            covered_since=collector.covered_since(
                [UserId(d.user_id) for d in decisions if d.user_id and _rests_on_logs(d)]
            ),
            filters=filters,
            retention_days=collector.retention.sign_in_days,
            requests=requests,
            events=collector.events,
        )


def _subject(
    found: Match,
    own: UserId,
    exemptions: Mapping[str, Exemption],
    reinstated: Mapping[UserId, Instant],
) -> Subject:
    """Return what is known of a matched contractor without any log."""
    exemption = next(
        (
            exemptions[name]
            for name in _names(found.contractor, found.profile)
            if name in exemptions
        ),
        None,
    )
    profile = found.profile
    return Subject(
        contractor=found.contractor,
        profile=profile,
        problem=found.problem,
        problem_explanation=found.explanation,
        is_own_account=profile is not None and profile.id == own,
        exemption=f"{exemption.reason} (until {exemption.until})" if exemption else None,
        reinstated_at=reinstated.get(profile.id) if profile else None,
    )


def _names(contractor: Contractor | None, profile: Profile | None) -> tuple[str, ...]:
    """Return every name by which an exemption may mean this person."""
    ids = [p.id for p in (profile, contractor) if p and p.id]
    emails = [p.email for p in (profile, contractor) if p and p.email]
    return (*map(user_id, ids), *map(email_key, emails))


def _needs_logs(decision: Decision) -> bool:
    return decision.reason in (
        Reason.EVIDENCE_INCOMPLETE,
        Reason.RECENTLY_REGISTERED,
    )


def _rests_on_logs(decision: Decision) -> bool:
    return decision.reason in (Reason.INACTIVE, Reason.NEVER_SEEN)


def _reading_order(decision: Decision) -> tuple[int, int, str, str]:
    return (
        _ORDER[decision.decision],
        -(decision.idle_days or 0),
        (decision.email or "").casefold(),
        decision.user_id or "",
    )
