"""The rules of deciding: what is known of one contractor in, a decision out. Pure.

Only evidence that is complete over the whole inactivity window may take access away; one sighting
is enough to keep it. Everything else is a hold, with the reason.
"""

from datetime import timedelta

import msgspec

from lastseen.hold_dates import hold_clears_at
from lastseen.model.age import days_ago, on_day
from lastseen.model.contractor import AccountStatus, protection
from lastseen.model.counting import counted
from lastseen.model.decision import Decision, Reason, SeenBy, Verdict
from lastseen.model.instant import (
    CLOCK_TOLERANCE,
    EPOCH,
    Instant,
    after,
    minute,
    utc_date,
    whole_second,
)
from lastseen.model.plan import Policy
from lastseen.open_sessions import Ruling, ruling_on_sessions
from lastseen.shown_decision import shown_decision
from lastseen.subject import NOTHING_KNOWN, PersonEvidence, Seen, Subject, open_invitation

PROBLEMS = {
    Reason.NOT_ON_PORTAL: (Verdict.SKIP, "The portal has no such account."),
    Reason.UNKNOWN_GUEST: (Verdict.SKIP, "A guest of the portal who is not on the roster."),
    Reason.AMBIGUOUS: (Verdict.HOLD, "More than one account of the portal fits this contractor."),
}

_KINDS = {
    SeenBy.SIGN_IN: "a sign-in",
    SeenBy.ACTIVITY: "activity",
    SeenBy.API_KEY: "an API key",
}

_SECOND = timedelta(seconds=1)


def required_since(subject: Subject, policy: Policy, now: Instant) -> Instant:
    """Return since when evidence on `subject` must be complete before access may be taken away.

    Nobody was there before their account was made.
    """
    registered = subject.profile.registered_at if subject.profile else None
    start = subject.own_policy(policy).window_start(now)
    return max(start, whole_second(registered) if registered else EPOCH)


def needs_logs(subject: Subject, *, policy: Policy, now: Instant) -> bool:
    """Return whether nothing but the logs can decide on one contractor."""
    policy = subject.own_policy(policy)
    settled = _settled_without_logs(subject, NOTHING_KNOWN, policy, now, clock_trusted=True)
    return settled is None


def decide(
    subject: Subject,
    evidence: PersonEvidence,
    *,
    policy: Policy,
    now: Instant,
    clock_trusted: bool = True,
) -> Decision:
    """Decide on one contractor; `now` is the instant that the decision is for.

    `policy` is the general one: a person of a cohort is decided by the cohort's.
    """
    policy = subject.own_policy(policy)
    settled = _settled_without_logs(subject, evidence, policy, now, clock_trusted=clock_trusted)
    verdict, reason, explanation = settled or _by_evidence(subject, evidence, policy, now)
    if verdict is Verdict.DISABLE and settled is None:
        verdict, reason, explanation = ruling_on_sessions(
            (verdict, reason, explanation),
            evidence.sessions,
            policy=policy,
            now=now,
            can_be_ended=evidence.sessions_can_be_ended,
        )
    ruling = verdict, reason, explanation
    decision = shown_decision(subject, evidence, ruling, policy=policy, now=now)
    if settled is not None or verdict is not Verdict.HOLD:
        return decision
    clears = hold_clears_at(subject, evidence, reason, policy=policy, now=now)
    return msgspec.structs.replace(decision, clears_at=clears)


def _settled_without_logs(
    subject: Subject,
    evidence: PersonEvidence,
    policy: Policy,
    now: Instant,
    *,
    clock_trusted: bool,
) -> Ruling | None:
    """Return the ruling that doesn't depend on the logs, or None if they decide."""
    profile = subject.profile
    is_to_leave = subject.is_off_roster and policy.unknown_guests == "disable"
    if subject.problem is not None and not is_to_leave:
        verdict, explanation = PROBLEMS[subject.problem]
        return verdict, subject.problem, subject.problem_explanation or explanation
    if profile is None:
        verdict, explanation = PROBLEMS[Reason.NOT_ON_PORTAL]
        return verdict, Reason.NOT_ON_PORTAL, explanation
    if profile.status is AccountStatus.TERMINATED:
        return Verdict.SKIP, Reason.ALREADY_DISABLED, "The account is disabled already."
    protected = protection(profile, is_own=subject.is_own_account)
    if protected:
        return Verdict.SKIP, Reason.PROTECTED, f"Not touched: the account {protected}."
    if subject.exemption:
        return Verdict.KEEP, Reason.EXEMPT, f"Exempt: {subject.exemption}."
    if not clock_trusted:
        return (
            Verdict.HOLD,
            Reason.EVIDENCE_INCOMPLETE,
            "The portal's clock is unknown, or differs from this machine's by more than "
            "5 minutes, so idle time is unknown.",
        )
    reinstated = max(
        (at for at in (subject.reinstated_at, evidence.status_set_at) if at is not None),
        default=None,
    )
    if reinstated and now < policy.reinstated_until(reinstated):
        until = utc_date(policy.reinstated_until(reinstated))
        return (
            Verdict.KEEP,
            Reason.RECENTLY_REINSTATED,
            f"Reinstated {utc_date(reinstated)}; kept until {until}.",
        )
    contractor = subject.contractor
    ended = contractor is not None and contractor.contract_ended(utc_date(now))
    if contractor and ended and policy.contract_end == "disable":
        explained = f"Contract ended on {contractor.end_date}."
        return Verdict.DISABLE, Reason.CONTRACT_ENDED, explained
    if is_to_leave:
        return (
            Verdict.DISABLE,
            Reason.NOT_ON_ROSTER,
            "A guest of the portal who is not on the roster; the policy disables such guests.",
        )
    return None


def _by_evidence(
    subject: Subject, evidence: PersonEvidence, policy: Policy, now: Instant
) -> Ruling:
    """Return the ruling of the logs."""
    spared = _spared_by_evidence(subject, evidence, policy, now)
    if spared is not None:
        return spared
    start = policy.window_start(now)
    if evidence.silence:
        return Verdict.HOLD, Reason.EVIDENCE_INCOMPLETE, evidence.silence
    if not evidence.is_proven_since(required_since(subject, policy, now)):
        return (
            Verdict.HOLD,
            Reason.EVIDENCE_INCOMPLETE,
            evidence.pause or _what_is_missing(evidence, start),
        )
    seen = evidence.newest(no_later_than=after(now, CLOCK_TOLERANCE))
    invitation = open_invitation(subject, evidence, seen)
    if invitation:
        return (
            Verdict.DISABLE,
            Reason.INVITATION_NOT_ACCEPTED,
            f"Invited {on_day(invitation, now)} and never accepted; limit {policy.pending_days}.",
        )
    if seen:
        return (
            Verdict.DISABLE,
            Reason.INACTIVE,
            f"{_date_as_known(seen, evidence)}, {days_ago(seen.at, now)}; "
            f"limit {policy.inactive_days}.{_contract_note(subject, now)}",
        )
    return _never_seen(subject, evidence, policy, now)


def _spared_by_evidence(
    subject: Subject, evidence: PersonEvidence, policy: Policy, now: Instant
) -> Ruling | None:
    """Return the ruling for which a single entry is enough, or None if there is no such entry."""
    start = policy.window_start(now)
    seen = evidence.newest(no_later_than=after(now, CLOCK_TOLERANCE))
    registered = subject.profile.registered_at if subject.profile else None
    note = _contract_note(subject, now)
    if seen and seen.at >= start:
        return (
            Verdict.KEEP,
            Reason.ACTIVE,
            f"Seen {on_day(seen.at, now)} by {_KINDS[seen.by]}, "
            f"within {counted(policy.inactive_days, 'day')}.{note}",
        )
    if evidence.sighting and evidence.sighting.at > after(now, CLOCK_TOLERANCE):
        return (
            Verdict.HOLD,
            Reason.EVIDENCE_INCOMPLETE,
            f"The newest entry is dated {minute(evidence.sighting.at)}, which is in the "
            "future: it proves neither presence nor absence.",
        )
    invitation = open_invitation(subject, evidence, seen)
    if invitation and now < policy.pending_until(invitation):
        return _invited_lately(evidence, invitation, policy, now)
    if evidence.invited_at and evidence.invited_at >= start:
        return (
            Verdict.KEEP,
            Reason.RECENTLY_INVITED,
            f"Invited again {on_day(evidence.invited_at, now)}, "
            f"within {counted(policy.inactive_days, 'day')}.{note}",
        )
    is_new = registered is not None and registered >= start and policy.never_seen != "disable"
    if registered and is_new and invitation is None:
        return (
            Verdict.KEEP,
            Reason.RECENTLY_REGISTERED,
            f"Registered {on_day(registered, now)}, "
            f"within {counted(policy.inactive_days, 'day')}.{note}",
        )
    unknown = evidence.unrecognised
    if unknown and unknown.may_be_anybodys and unknown.at >= required_since(subject, policy, now):
        return (
            Verdict.HOLD,
            Reason.UNRECOGNISED_EVENT,
            f"A successful sign-in, {on_day(unknown.at, now)}, is in nobody's name in the portal's "
            "log: it may be anybody's.",
        )
    if unknown and unknown.at >= start and not unknown.may_be_anybodys:
        return (
            Verdict.HOLD,
            Reason.UNRECOGNISED_EVENT,
            f"The newest entry, {on_day(unknown.at, now)}, has the action {unknown.action_id}, "
            f"which this version of Lastseen does not know: it may mean presence.",
        )
    return None


def _never_seen(subject: Subject, evidence: PersonEvidence, policy: Policy, now: Instant) -> Ruling:
    """Rule on a person about whom the logs, complete over the window, show nothing."""
    registered = subject.profile.registered_at if subject.profile else None
    looked_back_to = max(
        policy.lookback_start(now), whole_second(registered) if registered else EPOCH
    )
    never = evidence.is_proven_since(looked_back_to) or evidence.reaches_beginning
    since = f"since {utc_date(evidence.proven_since)}" if evidence.proven_since else ""
    if policy.never_seen == "keep":
        if never:
            return Verdict.KEEP, Reason.NEVER_SEEN, "Never seen; the policy keeps such accounts."
        return (
            Verdict.HOLD,
            Reason.EVIDENCE_INCOMPLETE,
            f"Not seen {since}, but the logs don't reach back far enough to say never; "
            "the policy keeps anyone never seen.",
        )
    if policy.never_seen == "grace" and registered is None:
        return (
            Verdict.HOLD,
            Reason.EVIDENCE_INCOMPLETE,
            "Never seen, and the portal doesn't say when the account was made, "
            "from which the policy counts.",
        )
    if not never:
        return Verdict.DISABLE, Reason.INACTIVE, f"Not seen {since}; older entries were not read."
    if registered and evidence.is_proven_since(whole_second(registered)):
        explained = f"since the account was made on {utc_date(registered)}"
    elif not evidence.is_proven_since(policy.lookback_start(now)):
        explained = f"{since}, when the portal's log begins"
    else:
        explained = f"in the last {counted(policy.lookback_days, 'day')}"
    return Verdict.DISABLE, Reason.NEVER_SEEN, f"Never seen {explained}."


def _invited_lately(
    evidence: PersonEvidence, invitation: Instant, policy: Policy, now: Instant
) -> Ruling:
    if invitation != evidence.invited_at:
        explained = (
            f"Registered {on_day(invitation, now)}, within {counted(policy.pending_days, 'day')}."
        )
        return Verdict.KEEP, Reason.RECENTLY_REGISTERED, explained
    explained = f"Invited {on_day(invitation, now)}, within {counted(policy.pending_days, 'day')}."
    return Verdict.KEEP, Reason.RECENTLY_INVITED, explained


def _date_as_known(seen: Seen, evidence: PersonEvidence) -> str:
    """Return when a person was last seen, and whether the logs since then are known."""
    known = f"{utc_date(seen.at)} ({seen.by.value})"
    if evidence.is_proven_since(after(seen.at, _SECOND)):
        return f"Last seen {known}"
    since = utc_date(evidence.proven_since) if evidence.proven_since else "an unknown day"
    return f"Not seen since {since} (older entries not all read); newest sighting known: {known}"


def _contract_note(subject: Subject, now: Instant) -> str:
    contractor = subject.contractor
    if contractor is None or not contractor.contract_ended(utc_date(now)):
        return ""
    return f" The contract ended on {contractor.end_date}."


def _what_is_missing(evidence: PersonEvidence, start: Instant) -> str:
    needed = f"the logs must be known without a gap since {minute(start)}"
    if evidence.proven_since is None:
        return f"Not seen, but absence is not proven: {needed}, and they are not."
    return f"Not seen since {minute(evidence.proven_since)}, but absence is not proven: {needed}."
