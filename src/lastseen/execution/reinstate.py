"""Reinstates the people whom an earlier run disabled and whom nobody has changed since.

People who were reinstated, changed or disabled again since are left alone. Release 3.7.2 does not
show when or by whom an account was disabled (EmployeeFullDto.cs fills `terminated` only for
removed accounts), so Lastseen relies on what it has seen and done since, and on the activity trail.
"""

from collections.abc import Mapping, Sequence

from lastseen.execution.batches import change_status
from lastseen.execution.context import ExecutionContext
from lastseen.execution.eligibility import SparingChange, find_account_change
from lastseen.execution.finish import finish_after
from lastseen.execution.history import read_history
from lastseen.execution.outcomes import GONE, already, failed, spared
from lastseen.execution.readback import PeopleNow, read_people
from lastseen.execution.run_record import RunRecord
from lastseen.execution.status_acts import status_set_after
from lastseen.execution.target import Target, emails_of, has_status
from lastseen.model.contractor import AccountStatus, UserId
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, after, minute
from lastseen.model.receipt import Cause, Outcome, OutcomeKind, Receipt
from lastseen.model.sighting import EvidenceKind


async def reinstate(
    targets: Sequence[Target],
    record: RunRecord,
    context: ExecutionContext,
    *,
    undone: RunRecord,
    own: UserId,
) -> Receipt:
    """Reinstate those of `targets` who are as the run `undone` left them; return the receipt.

    Called with the portal's lock held and the scope in the journal; `own` is the account of the
    API key. Raises PortalError if people can't be read, and CancelledError; the receipt is in the
    ledger then, and the run can be resumed.
    """
    check = _UndoCheck(context, undone=undone, own=own)
    work = _recheck_and_change(targets, record, context, check)
    return await finish_after(work, record, context)


async def _recheck_and_change(
    targets: Sequence[Target], record: RunRecord, context: ExecutionContext, check: "_UndoCheck"
) -> str | None:
    read_at = context.clock()
    emails = emails_of(targets)
    now = await read_people(context.portal, tuple(emails), emails=emails)
    disabled_at = {
        target.user_id: check.disabled_at(target.user_id)
        for target in targets
        if (profile := now.profiles.get(target.user_id)) is not None
        and profile.status is AccountStatus.TERMINATED
    }
    set_again = await status_set_after(
        context.portal, disabled_at, now=read_at, progress=context.progress
    )
    outcomes = {target.user_id: check.outcome(target, now, set_again) for target in targets}
    context.ledger.accounts.note(now.profiles.values(), read_at)
    record.close_without_request(outcome for outcome in outcomes.values() if outcome is not None)
    waiting = [target for target in targets if outcomes[target.user_id] is None]
    return await change_status(waiting, record, context)


class _UndoCheck:
    """Finds who is still as a run left them, from the portal, the journal and the ledger."""

    def __init__(self, context: ExecutionContext, *, undone: RunRecord, own: UserId) -> None:
        self._undone = undone
        self._own = own
        self._changes = read_history(context.ledger.journal.entries()).changes
        self._reinstated = context.ledger.accounts.reinstated()
        self._sign_ins = context.ledger.evidence.newest_sightings(EvidenceKind.SIGN_IN)

    def disabled_at(self, who: UserId) -> Instant:
        """Return when the run disabled the person."""
        return self._undone.acted_at[who]

    def outcome(
        self, target: Target, now: PeopleNow, set_again: Mapping[UserId, Instant]
    ) -> Outcome | None:
        """Return the outcome of a person who is not to be reinstated, None for the others.

        `set_again`: whose status was set after the run, by the trail.
        """
        if target.user_id in now.unread:
            found = now.unread[target.user_id].found
            return failed(target, f"the account could not be read: {found}", Cause.UNREADABLE)
        profile = now.profiles.get(target.user_id)
        if profile is not None and has_status(profile, AccountStatus.ACTIVE):
            return already(target, AccountStatus.ACTIVE)
        if profile is None:
            return spared(target, GONE)
        change = find_account_change(target, profile, own=self._own)
        why = self._changed_by_another(target.user_id) or _set_again(target.user_id, set_again)
        if change is None and why is not None:
            change = SparingChange(cause=Cause.CHANGED_SINCE, explanation=why)
        return None if change is None else spared(target, change)

    def _changed_by_another(self, who: UserId) -> str | None:
        """Return, in words, that someone else disabled the person after the run did, or None."""
        act = self._changes[who]
        if act.run_id != self._undone.run.run_id:
            if act.outcome is OutcomeKind.DISABLED:
                return f"the run {act.run_id} disabled the account again: undo that one"
            return f"the run {act.run_id} reinstated the account, and somebody disabled it again"
        disabled_at = self._undone.acted_at[who]
        reinstated_at = self._reinstated.get(who)
        if reinstated_at is not None and reinstated_at > disabled_at:
            at = minute(reinstated_at)
            return f"the account was active again, as seen at {at}, and somebody disabled it again"
        seen = self._sign_ins.get(who)
        if seen is not None and seen.at > after(disabled_at, CLOCK_TOLERANCE):
            at = minute(seen.at)
            return f"the person signed in at {at}, and somebody disabled the account again"
        return None


def _set_again(who: UserId, set_again: Mapping[UserId, Instant]) -> str | None:
    """Return, in words, that the trail shows a later change of status, or None."""
    if who not in set_again:
        return None
    return f"somebody set the account's status at {minute(set_again[who])}, after the run"
