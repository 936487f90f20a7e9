"""Makes the plan of a review: the decisions in reading order, and their evidence."""

from collections.abc import Sequence

import msgspec

from lastseen.evidence.record import EvidenceRecord
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision, Reason, Verdict, by_idle_time
from lastseen.model.due import soon_due
from lastseen.model.instant import Instant
from lastseen.model.plan import EvidenceSummary, Filters, Plan, Soon, summarise
from lastseen.model.plan_document import sealed
from lastseen.subject import Subject
from lastseen.workflows.evidence_needs import rests_on_absence
from lastseen.workflows.review_context import ReviewContext
from lastseen.workflows.review_evidence import ReviewEvidence
from lastseen.workflows.subjects import Reviewed

_ORDER = {
    Verdict.DISABLE: 0,
    Verdict.SIGN_OUT: 1,
    Verdict.HOLD: 2,
    Verdict.KEEP: 3,
    Verdict.SKIP: 4,
}


def make_plan(
    context: ReviewContext,
    evidence: ReviewEvidence,
    decisions: Sequence[Decision],
    reviewed: Reviewed,
    *,
    plan_id: str,
) -> Plan:
    """Return the plan, sealed with its digest."""
    ordered = tuple(sorted(decisions, key=_reading_order))
    summary = _summary(evidence, ordered)
    return sealed(
        Plan(
            plan_id=plan_id,
            portal=context.portal.url,
            created_at=context.clock() if context.now else evidence.now,
            now=evidence.now,
            policy=context.policy,
            population=reviewed.population,
            soon=_soon(context, summary, ordered, reviewed.subjects, now=evidence.now),
            evidence=summary,
            decisions=ordered,
            summary=summarise(ordered),
        )
    )


def evidence_record(
    evidence: ReviewEvidence, plan: Plan, subjects: Sequence[Subject]
) -> EvidenceRecord:
    """Return the record of the evidence, with the account types of those to be disabled."""
    due = {decision.user_id for decision in plan.to_disable()}
    types = {s.profile.id: s.profile.type for s in subjects if s.profile and s.profile.id in due}
    if evidence.collector is None:
        record = EvidenceRecord(filters="", looked=())
    else:
        record = evidence.collector.record()
    return msgspec.structs.replace(record, account_types=types)


def _soon(
    context: ReviewContext,
    evidence: EvidenceSummary,
    decisions: Sequence[Decision],
    subjects: Sequence[Subject],
    *,
    now: Instant,
) -> Soon | None:
    if context.soon_days is None:
        return None
    ends = {
        subject.profile.id: subject.contractor.end_date
        for subject in subjects
        if subject.profile and subject.contractor and subject.contractor.end_date
    }
    return soon_due(
        decisions,
        context.policy,
        ends=ends,
        now=now,
        within_days=context.soon_days,
        covered_since=evidence.covered_since,
    )


def _summary(evidence: ReviewEvidence, decisions: Sequence[Decision]) -> EvidenceSummary:
    collector = evidence.collector
    complete = evidence.clock_trusted and not any(
        decision.reason is Reason.EVIDENCE_INCOMPLETE for decision in decisions
    )
    if collector is None:
        return EvidenceSummary(
            complete=complete,
            covered_since=None,
            filters="after-window",
            retention_days=None,
            session_minutes=evidence.session_minutes,
            requests=evidence.requests,
            events=0,
        )
    filters: Filters = collector.detected.mode.value
    absent = [UserId(d.user_id) for d in decisions if d.user_id and rests_on_absence(d)]
    return EvidenceSummary(
        complete=complete,
        covered_since=collector.covered_since(absent),
        filters=filters,
        retention_days=collector.retention.sign_in_days,
        session_minutes=evidence.session_minutes,
        requests=evidence.requests,
        events=collector.events,
    )


def _reading_order(decision: Decision) -> tuple[int, float, float, str, str]:
    return (
        _ORDER[decision.decision],
        -(decision.idle_days or 0),
        by_idle_time(decision)[1],
        (decision.email or "").casefold(),
        decision.user_id or "",
    )
