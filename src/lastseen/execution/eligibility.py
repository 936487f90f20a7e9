"""What has changed since a decision so that an account should no longer be changed. Pure."""

from collections.abc import Mapping
from datetime import date

import msgspec

from lastseen.execution.history import History
from lastseen.execution.target import Target
from lastseen.model.contractor import (
    AccountStatus,
    AccountType,
    Contractor,
    Profile,
    UserId,
    email_key,
    protection,
)
from lastseen.model.decision import Decision, Reason, Verdict
from lastseen.model.exemption import Exemptions
from lastseen.model.instant import Instant, minute
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause
from lastseen.rosters import Match


class SparingChange(msgspec.Struct, frozen=True, kw_only=True):
    """Something that has changed since a decision, and that spares a person."""

    cause: Cause
    """The cause, for programs."""
    explanation: str
    """A sentence for people."""


def find_account_change(target: Target, now: Profile, *, own: UserId) -> SparingChange | None:
    """Return why the account as it is now should not be changed, or None.

    `own` is the account of the API key. The portal would refuse some of these accounts, and with
    them the whole batch (UserController.cs); excluding them beforehand lets the others proceed.
    """
    protected = protection(now, is_own=now.id == own)
    if protected is not None:
        return SparingChange(cause=Cause.PROTECTED, explanation=f"the account now {protected}")
    if target.type is not None and now.type is not target.type:
        return _changed(
            f"the account was a {_words(target.type)}'s and is now a {_words(now.type)}'s"
        )
    if target.email and email_key(now.email) != email_key(target.email):
        return _changed(f"the e-mail address was {target.email} and is now {now.email or 'empty'}")
    return None


def find_exemption(
    named: Contractor | None, now: Profile, exemptions: Exemptions
) -> SparingChange | None:
    """Return that an exemption covers a person, or may mean them, or None.

    `named` is the person as the plan or the roster names them, `now` the account.
    """
    covered = exemptions.of(named, now)
    if covered.exemption is not None:
        words = f"exempt until {covered.exemption.until}: {covered.exemption.reason}"
        return SparingChange(cause=Cause.EXEMPT, explanation=words)
    if covered.doubtful is not None:
        words = f"the exemption of {covered.doubtful.who} may mean this person"
        return SparingChange(cause=Cause.EXEMPT, explanation=words)
    return None


def find_reinstatement(
    target: Target, decided_at: Instant, reinstated: Mapping[UserId, Instant]
) -> SparingChange | None:
    """Return that a person was reinstated after the decision about them, or None."""
    at = reinstated.get(target.user_id)
    if at is None or at <= decided_at:
        return None
    return SparingChange(
        cause=Cause.REINSTATED,
        explanation=f"the account was reinstated, as seen at {minute(at)}, after the decision",
    )


def find_acceptance(decision: Decision, now: Profile) -> SparingChange | None:
    """Return that an invitation was accepted after the decision to end it, or None."""
    if decision.reason is not Reason.INVITATION_NOT_ACCEPTED:
        return None
    return None if now.status is AccountStatus.PENDING else _changed("the invitation was accepted")


def invited_again(invited_at: Instant) -> SparingChange:
    """Return that a person was invited again, which a review would keep them for."""
    return _changed(f"the person was invited again at {minute(invited_at)}")


def status_set_by_hand(set_at: Instant) -> SparingChange:
    """Return that somebody else set the status of an active person: they were reinstated."""
    return SparingChange(
        cause=Cause.REINSTATED,
        explanation=f"an administrator set the account's status at {minute(set_at)}, after the "
        "decision, and it is active",
    )


def find_roster_change(
    decision: Decision, found: Match | None, today: date
) -> SparingChange | None:
    """Return how the roster differs now from the decision, or None.

    `found` is the person's match on the roster; None if no row may mean them. `today` is in UTC.
    """
    if found is not None and found.problem is not None:
        words = found.explanation or "the roster no longer says which account is meant"
        return _roster(words)
    if decision.reason is Reason.NOT_ON_ROSTER:
        return None if found is None else _roster("the roster names the person now")
    if found is None or found.contractor is None:
        return _roster("the roster no longer names the person")
    end_date = found.contractor.end_date
    if decision.reason is Reason.CONTRACT_ENDED and not found.contractor.contract_ended(today):
        until = "has no end" if end_date is None else f"ends on {end_date}"
        return _roster(f"the contract now {until}")
    return None


def find_policy_change(
    decision: Decision, profile: Profile, policy: Policy, now: Instant
) -> SparingChange | None:
    """Return why the person would not be disabled under `policy`, as configured now, or None.

    Only a milder policy counts here; evidence is checked elsewhere.
    """
    match decision.reason:
        case Reason.CONTRACT_ENDED if policy.contract_end == "report":
            return _policy("ended contracts are only reported now (`contract_end`)")
        case Reason.NOT_ON_ROSTER if policy.unknown_guests == "report":
            return _policy("guests on no roster are only reported now (`unknown_guests`)")
        case Reason.INVITATION_NOT_ACCEPTED:
            invited_at = decision.last_seen_at
            if invited_at is None or now < policy.pending_until(invited_at):
                return _policy(f"`pending_days` is {policy.pending_days} now")
        case Reason.NEVER_SEEN if policy.never_seen == "keep":
            return _policy("people never seen are kept now (`never_seen`)")
        case Reason.INACTIVE if policy.never_seen == "keep" and decision.last_seen_at is None:
            return _policy("people never seen are kept now (`never_seen`)")
        case Reason.INACTIVE | Reason.NEVER_SEEN | Reason.SESSION_MAY_BE_OPEN:
            return _find_milder_rule_on_absence(decision, profile, policy, now)
    return None


def find_grace(
    policy: Policy, reinstated_at: Instant | None, now: Instant, *, decided_by: Policy
) -> SparingChange | None:
    """Return that a person is within the grace period after a reinstatement, or None.

    `policy` is configured now; `decided_by` is the plan's.
    """
    if reinstated_at is None or now >= policy.reinstated_until(reinstated_at):
        return None
    until = minute(policy.reinstated_until(reinstated_at))
    if policy.reinstated_grace_days > decided_by.reinstated_grace_days:
        return _policy(
            f"`reinstated_grace_days` is {policy.reinstated_grace_days} now, and the account was "
            f"reinstated at {minute(reinstated_at)}: it is kept until {until}"
        )
    return SparingChange(
        cause=Cause.REINSTATED,
        explanation=f"the account was reinstated at {minute(reinstated_at)} and is kept until "
        f"{until} (`reinstated_grace_days` is {policy.reinstated_grace_days})",
    )


def find_awaited_return(
    decision: Decision, policy: Policy, signed_out_at: Instant | None, now: Instant
) -> SparingChange | None:
    """Return that a person who was signed out still has time to come back, or None.

    `signed_out_at`: when a run last ended the person's sessions.
    """
    if policy.open_sessions != "sign-out" or decision.decision is not Verdict.DISABLE:
        return None
    if decision.reason not in (Reason.INACTIVE, Reason.NEVER_SEEN):
        return None
    if signed_out_at is None or now >= policy.may_return_until(signed_out_at):
        return None
    return _policy(f"`return_days` is {policy.return_within_days} now")


def find_earlier_sign_out(
    target: Target, history: History, seen_at: Instant | None
) -> SparingChange | None:
    """Return that the person's sessions were ended before and no sign-in followed, or None.

    Also while it is not known whether they were ended. `seen_at`: the newest sighting.
    """
    asked_at = history.perhaps_signed_out.get(target.user_id)
    if asked_at is not None:
        return SparingChange(
            cause=Cause.SIGN_OUT_UNCONFIRMED,
            explanation=f"a request to end the sessions was sent at {minute(asked_at)}, and it"
            " is not known yet whether it was done",
        )
    at = history.signed_out.get(target.user_id)
    if at is None or (seen_at is not None and seen_at > at):
        return None
    return SparingChange(
        cause=Cause.SIGNED_OUT_BEFORE,
        explanation=f"the run {history.signed_out_by[target.user_id]} ended the sessions already,"
        f" at {minute(at)}, and nothing was seen since",
    )


def _find_milder_rule_on_absence(
    decision: Decision, profile: Profile, policy: Policy, now: Instant
) -> SparingChange | None:
    """Return how a policy that is milder about absence applies to a person, or None."""
    counted = decision.last_seen_at
    if counted is None and policy.never_seen == "grace":
        counted = profile.registered_at
        if counted is None:
            return _policy("people never seen count from registration now, which is unknown")
    if counted is not None and counted >= policy.window_start(now):
        return _policy(f"`inactive_days` is {policy.inactive_days} now")
    if decision.decision is Verdict.SIGN_OUT and policy.open_sessions != "sign-out":
        return _policy(f"`open_sessions` is {policy.open_sessions} now")
    marked = decision.decision is Verdict.DISABLE and decision.session_may_be_open
    if marked and policy.open_sessions != "report":
        return _policy(f"`open_sessions` is {policy.open_sessions} now")
    return None


def _roster(words: str) -> SparingChange:
    return SparingChange(cause=Cause.ROSTER_CHANGED, explanation=words)


def _policy(words: str) -> SparingChange:
    return SparingChange(cause=Cause.POLICY_CHANGED, explanation=f"the policy has changed: {words}")


def _changed(words: str) -> SparingChange:
    return SparingChange(cause=Cause.ACCOUNT_CHANGED, explanation=words)


def _words(kind: AccountType) -> str:
    return kind.value.replace("-", " ")
