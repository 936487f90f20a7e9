"""Explains the decision on one person, from what a review kept in the ledger.

Sends no request: it explains what was known when the review decided.
"""

from shlex import quote

import msgspec

from lastseen.evidence.record import EvidenceRecord, decode_record
from lastseen.ledger import PortalLedger
from lastseen.model.cohort import policy_by_name
from lastseen.model.contractor import Contractor, UserId, goes_by, user_id
from lastseen.model.counting import counted
from lastseen.model.decision import Decision, Reason, Verdict, idle_for_longer
from lastseen.model.due import due_at, review_interval_days
from lastseen.model.email_address import in_domain
from lastseen.model.errors import UsageError
from lastseen.model.exemption import Exemption, Exemptions
from lastseen.model.explanation import Explanation, LookedAt
from lastseen.model.instant import (
    EPOCH,
    Instant,
    Interval,
    after,
    before,
    days,
    utc_date,
)
from lastseen.model.plan import Plan
from lastseen.model.run import Run
from lastseen.model.sighting import (
    LOGS,
    FailedSignIns,
    Sighting,
    UnrecognisedEvent,
    unrecognised_of,
)
from lastseen.workflows.disabled_by import disabled_by, runs_about
from lastseen.workflows.review import ReviewOutcome

_NAMED = 5
"""How many people of the same name an error lists."""
_LONGEST_NAME = 80
"""So many characters of each name."""

_BY_ABSENCE = frozenset({Reason.INACTIVE, Reason.NEVER_SEEN})

RULES = {
    Reason.NOT_ON_PORTAL: "Contractors without an account on the portal are skipped.",
    Reason.UNKNOWN_GUEST: "Portal guests who are on no roster are reported and skipped.",
    Reason.NOT_ON_ROSTER: "The policy disables portal guests who are on no roster.",
    Reason.AMBIGUOUS: "When more than one account may be meant, a person has to say which.",
    Reason.ALREADY_DISABLED: "Accounts that are already disabled are skipped.",
    Reason.PROTECTED: "The owner, administrators, directory accounts and the key's own account are "
    "never touched.",
    Reason.EXEMPT: "Exempt people are kept until the exemption ends.",
    Reason.RECENTLY_REINSTATED: "Reinstated people are kept for a grace period, whatever the "
    "logs say.",
    Reason.CONTRACT_ENDED: "When a contract has ended, access ends, whatever the logs say.",
    Reason.ACTIVE: "One sighting inside the window keeps a contractor.",
    Reason.RECENTLY_REGISTERED: "Accounts younger than the window are kept.",
    Reason.RECENTLY_INVITED: "People invited inside the window are kept.",
    Reason.UNRECOGNISED_EVENT: "An event that this version doesn't know may mean presence.",
    Reason.EVIDENCE_INCOMPLETE: "Absence counts only if the logs are complete for the whole "
    "window.",
    Reason.SESSION_MAY_BE_OPEN: "Somebody who may still be signed in can read without leaving a "
    "trace in any log.",
    Reason.INACTIVE: "Last seen at least as long ago as the policy allows, and the logs are "
    "complete.",
    Reason.NEVER_SEEN: "Never seen in the whole lookback period, and the logs are complete.",
    Reason.INVITATION_NOT_ACCEPTED: "Accounts whose invitation is not accepted in time are "
    "disabled.",
}
"""The rule behind each reason, in words."""


def explain(who: str, *, ledger: PortalLedger, run: str | None = None) -> Explanation:
    """Explain the decision on `who` (an id or an e-mail address in any case).

    `run` is the id, or the beginning of the id, of a review or an apply; None means the newest
    review. Raises UsageError if there is no such review or `who` is not in it.
    """
    plan = _plan(ledger, run)
    return explain_outcome(
        who, ReviewOutcome(plan=plan, record=_record(ledger, plan)), ledger=ledger
    )


def explain_outcome(who: str, outcome: ReviewOutcome, *, ledger: PortalLedger) -> Explanation:
    """Explain the decision on `who` in a review that need not be in the ledger.

    Raises UsageError if `who` is not in it.
    """
    plan, record = outcome.plan, outcome.record
    decision = _decision(plan, who)
    evidence = ledger.evidence
    unrecognised = _unrecognised(ledger, decision, plan)
    known, since, unused = _sightings(ledger, decision, plan.now)
    exemption = _exemption(ledger, decision, plan.now)
    due = _due_at(ledger, decision, plan, exemption)
    earlier, later = runs_about(ledger, decision, plan)
    return Explanation(
        who=who,
        portal=plan.portal,
        run_id=plan.plan_id or None,
        now=plan.now,
        decision=decision,
        rule=RULES[decision.reason],
        looked_at=_looked_at(record, decision, plan),
        sightings=known,
        seen_since=since,
        not_used=unused,
        failed=evidence.failed_sign_ins(plan.policy.lookback_start(plan.now)).get(
            user_id(decision.user_id or ""), FailedSignIns()
        ),
        unrecognised=unrecognised,
        required_since=policy_by_name(plan.policy, decision.cohort).window_start(plan.now),
        would_change=_would_change(decision, plan, record, due),
        due_at=due,
        exemption=f"until {exemption.until}: {exemption.reason}" if exemption else None,
        disabled_by=disabled_by(ledger, decision, plan),
        history=earlier,
        later=later,
    )


def was_reviewed(who: str, *, ledger: PortalLedger) -> bool | None:
    """Return whether the newest review decided on `who` (an id or an e-mail address in any case).

    None if the ledger holds no review.
    """
    plan = _newest_plan(ledger)
    return None if plan is None else _decided(plan, who) is not None


def domain_was_reviewed(pattern: str, *, ledger: PortalLedger) -> bool | None:
    """Return whether the newest review decided on anyone in a domain (of `domain_pattern`).

    None if the ledger holds no review.
    """
    plan = _newest_plan(ledger)
    if plan is None:
        return None
    return any(in_domain(one.email, pattern) for one in plan.decisions if one.email)


def account_in_newest_review(who: str, *, ledger: PortalLedger) -> UserId | None:
    """Return the account that the newest review found for `who`, or None."""
    plan = _newest_plan(ledger)
    decision = _decided(plan, who) if plan else None
    if decision is None or decision.reason in (Reason.NOT_ON_PORTAL, Reason.AMBIGUOUS):
        return None
    return user_id(decision.user_id) if decision.user_id else None


def _newest_plan(ledger: PortalLedger) -> Plan | None:
    plan_id = _newest_review(ledger.runs.all(limit=200))
    return ledger.runs.plan(plan_id) if plan_id else None


def _plan(ledger: PortalLedger, run: str | None) -> Plan:
    plan_id = ledger.runs.find(run).plan_id if run else _newest_review(ledger.runs.all(limit=200))
    plan = ledger.runs.plan(plan_id) if plan_id else None
    if plan is None:
        raise UsageError(
            attempted="explaining a decision",
            found=f"the run {run} made no plan" if run else "the ledger holds no review",
            meaning=f"only the review that made a decision on {ledger.url} can explain it",
            remedy="run `lastseen review` first, or choose another run from `lastseen history`",
        )
    return plan


def _newest_review(runs: tuple[Run, ...]) -> str | None:
    return next(
        (run.plan_id for run in runs if run.kind in ("review", "run") and run.plan_id), None
    )


def _decided(plan: Plan, who: str) -> Decision | None:
    return next(
        (
            decision
            for decision in plan.decisions
            if goes_by(who, identity=decision.user_id, email=decision.email)
        ),
        None,
    )


def _decision(plan: Plan, who: str) -> Decision:
    decision = _decided(plan, who)
    if decision is not None:
        return decision
    attempted = f"explaining the decision on {who!r}"
    named = _named(plan, who)
    if named:
        shown = ", ".join(
            f"{name if len(name) <= _LONGEST_NAME else f'{name[:_LONGEST_NAME]}…'} is {address}"
            for name, address in named[:_NAMED]
        )
        more = f", and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
        raise UsageError(
            attempted=attempted,
            found=f"that is a name: {shown}{more}",
            meaning="people are named by an id or an e-mail address, since several may share a "
            "name",
            remedy=f"lastseen explain {quote(named[0][1])}"
            if len(named) == 1
            else "take one of them",
        )
    raise UsageError(
        attempted=attempted,
        found="nobody with that id, e-mail address or name is in the review",
        meaning="that person is not on the roster that was reviewed, or is spelled differently "
        "there",
        remedy="check the spelling, or the roster's source and filters; `lastseen review --all` "
        "lists everyone",
    )


def _named(plan: Plan, who: str) -> list[tuple[str, str]]:
    """Return names and addresses of those called `who`, else of those with it in their name."""
    wanted = " ".join(who.split()).casefold()
    people = [
        (" ".join(one.display_name.split()), one.email or str(one.user_id))
        for one in plan.decisions
        if one.display_name and (one.email or one.user_id)
    ]
    exact = [one for one in people if one[0].casefold() == wanted]
    return exact or [one for one in people if wanted and wanted in one[0].casefold()]


def _record(ledger: PortalLedger, plan: Plan) -> EvidenceRecord:
    document = ledger.runs.evidence_record(plan.plan_id)
    if document is None:
        return EvidenceRecord(filters="", looked=())
    try:
        return decode_record(document)
    except msgspec.MsgspecError:
        return EvidenceRecord(
            filters="",
            looked=(),
            notes=("the record of this evidence can't be read from the ledger",),
        )


def _looked_at(record: EvidenceRecord, decision: Decision, plan: Plan) -> tuple[LookedAt, ...]:
    return tuple(
        LookedAt(
            kind=looked.kind,
            scope="person" if looked.user_id else "portal",
            interval=Interval(looked.since, looked.until),
            proof=looked.proof,
        )
        for looked in record.looked
        if looked.user_id in (None, decision.user_id) and looked.kind.value in plan.policy.evidence
    )


def _sightings(
    ledger: PortalLedger, decision: Decision, decided_at: Instant
) -> tuple[tuple[Sighting, ...], tuple[Sighting, ...], tuple[Sighting, ...]]:
    """Return a person's sightings: those used by the decision, the others, the earlier of those.

    Earlier ones are dated before the decision: read or logged later, or in a log not needed.
    """
    person = user_id(decision.user_id or "")
    newest = [ledger.evidence.newest_sightings(kind).get(person) for kind in LOGS]
    found = sorted(filter(None, newest), key=lambda sighting: sighting.at, reverse=True)
    last = decision.last_seen_at or EPOCH
    return (
        tuple(sighting for sighting in found if sighting.at <= last),
        tuple(sighting for sighting in found if sighting.at > last),
        tuple(sighting for sighting in found if last < sighting.at <= decided_at),
    )


def _unrecognised(
    ledger: PortalLedger, decision: Decision, plan: Plan
) -> tuple[UnrecognisedEvent, ...]:
    newest = ledger.evidence.unrecognised(plan.policy.lookback_start(plan.now))
    person = user_id(decision.user_id or "")
    event = unrecognised_of(newest, person, decision.email or "")
    return (event,) if event and event.at <= plan.now else ()


def _exemption(ledger: PortalLedger, decision: Decision, now: Instant) -> Exemption | None:
    """Return the exemption of the person or their domain; for a group's, see the decision."""
    person = Contractor(id=decision.user_id, email=decision.email)
    return Exemptions(ledger.exemptions.active(utc_date(now))).of(person, None).exemption


def _due_at(
    ledger: PortalLedger, decision: Decision, plan: Plan, exemption: Exemption | None
) -> Instant | None:
    """Return when the contractor will be or has been due, if not seen before.

    Where older entries were not read, the latest possible time; None if it isn't known.
    """
    policy = policy_by_name(plan.policy, decision.cohort)
    if decision.reason in (Reason.ACTIVE, Reason.RECENTLY_REGISTERED, Reason.RECENTLY_INVITED):
        return due_at(decision, plan.policy, plan.evidence.covered_since)
    if decision.reason is Reason.RECENTLY_REINSTATED:
        given_back = ledger.accounts.reinstated().get(user_id(decision.user_id or ""))
        return policy.reinstated_until(given_back) if given_back else None
    if decision.reason is Reason.INVITATION_NOT_ACCEPTED and decision.last_seen_at is not None:
        return policy.pending_until(decision.last_seen_at)
    if decision.decision is Verdict.DISABLE and decision.reason in _BY_ABSENCE:
        if idle_for_longer(decision, plan.now):
            return before(plan.now, days((decision.idle_days or 0) - policy.inactive_days))
        return decision.last_seen_at and after(decision.last_seen_at, days(policy.inactive_days))
    return None


def _would_change(
    decision: Decision, plan: Plan, record: EvidenceRecord, due: Instant | None
) -> tuple[str, ...]:
    """Return what would lead to another decision, one sentence for each way."""
    match decision.reason:
        case Reason.RECENTLY_REGISTERED | Reason.RECENTLY_INVITED if decision.is_pending:
            return (f"Due on {_day(due)} unless the invitation is accepted or sent again.",)
        case Reason.ACTIVE | Reason.RECENTLY_REGISTERED:
            return (f"Due on {_day(due)} unless seen before then.",)
        case Reason.RECENTLY_REINSTATED:
            return (f"From {_day(due)} on, the logs decide again.",)
        case Reason.EXEMPT:
            return ("When the exemption ends or is removed, the logs decide.",)
        case Reason.INACTIVE | Reason.NEVER_SEEN:
            return (
                "A sign-in or any activity before the plan is applied.",
                "An exemption: `lastseen exempt add WHO --until DATE --reason TEXT`.",
            )
        case Reason.CONTRACT_ENDED:
            return (
                "A later end date on the roster.",
                "An exemption: `lastseen exempt add WHO --until DATE --reason TEXT`.",
            )
        case Reason.UNRECOGNISED_EVENT:
            return (
                "A newer version of Lastseen that knows the action.",
                f"From {_day(decision.clears_at)} on, the event is older than the window.",
            )
        case Reason.EVIDENCE_INCOMPLETE:
            return (_when_evidence_suffices(decision, plan), *record.notes)
        case Reason.AMBIGUOUS:
            return ("An id on the roster that names one account on the portal.",)
        case Reason.PROTECTED:
            return ("Another type of account on the portal.",)
        case Reason.ALREADY_DISABLED:
            return ("`lastseen undo` or an administrator can give access back.",)
        case Reason.NOT_ON_PORTAL:
            return ("An account on the portal with this id or e-mail address.",)
        case Reason.UNKNOWN_GUEST | Reason.NOT_ON_ROSTER:
            return ("Being listed on the roster.",)
        case Reason.RECENTLY_INVITED:
            return (f"Due on {_day(due)} unless seen before then.",)
        case Reason.INVITATION_NOT_ACCEPTED:
            return ("Accepting the invitation, or a new invitation.",)
        case Reason.SESSION_MAY_BE_OPEN if decision.return_until is not None:
            return (
                "A sign-in, or any activity.",
                f"From {_day(decision.return_until)} on, the time to sign in again is over: the "
                "next review disables.",
            )
        case Reason.SESSION_MAY_BE_OPEN if decision.clears_at is not None:
            return (
                "A sign-in, or any activity.",
                "A session limit in the portal's settings, or another `policy.open_sessions`.",
                f"From {_day(decision.clears_at)} on, every session has ended: the logs decide.",
            )
        case Reason.SESSION_MAY_BE_OPEN:
            return (
                "A sign-in, or any activity.",
                "A session limit in the portal's settings, or another `policy.open_sessions`.",
            )


def _when_evidence_suffices(decision: Decision, plan: Plan) -> str:
    """Say when the evidence will suffice if reviews keep filling the ledger."""
    if decision.clears_at is None:
        return "Once the cause above is gone, the next review decides."
    often = counted(review_interval_days(plan), "day")
    return (
        f"From {_day(decision.clears_at)} on, the logs are covered for long enough if a review "
        f"runs at least every {often}."
    )


def _day(moment: Instant | None) -> str:
    return utc_date(moment).isoformat() if moment else "an unknown day"
