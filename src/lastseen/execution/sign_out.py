"""Ends people's sessions, one person after the other, and finds out whether it was done.

An intent is in the journal before each request. If the answer is lost, the portal's own trail
shows what happened (4036, MessageAction.cs). Sessions are never ended again just in case, since the
days in which the person may come back count from the first time. Only after an error of the
portal's own the request is repeated at once: the portal writes the trail before it ends the
sessions (ConnectionsController.cs), so the entry proves nothing then.
"""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from lastseen.docspace.interface import (
    FORBIDDEN,
    NOTHING_DONE,
    REFUSES_ALL,
    SERVER_ERROR,
    AdministrativeAct,
)
from lastseen.evidence.administration import SESSIONS_ENDED
from lastseen.evidence.reading.log import ALLOWED_LATENESS
from lastseen.execution.batches import STOPPED
from lastseen.execution.context import ExecutionContext
from lastseen.execution.outcomes import failed, refused, signed_out
from lastseen.execution.run_record import RunRecord
from lastseen.execution.target import Target
from lastseen.model.errors import PortalError, PortalRefused
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, before
from lastseen.model.receipt import Cause, Outcome
from lastseen.model.sighting import EvidenceKind

_NOT_ENDED = (
    "the sessions may not have ended, though the activity trail says so: {}; run the same command"
    " again"
)

TRAIL_LATENESS = ALLOWED_LATENESS[EvidenceKind.ACTIVITY]
"""After this time an entry that is not in the trail was never written."""


async def sign_out(
    targets: Sequence[Target], record: RunRecord, context: ExecutionContext
) -> str | None:
    """End the sessions of `targets`; return why it ended early, or None if it did not.

    Every person has an intent in the journal before the request, and afterwards an outcome, or
    stays open if the portal has to be asked again later (`settle_sign_outs`). A cancellation ends
    the work after the current person. Raises LedgerError if the journal can't be written.
    """
    for number, target in enumerate(targets):
        if context.stop_asked:
            return STOPPED
        context.progress.step("signing out", number, len(targets))
        halt = await _sign_out_shielded(target, record, context)
        if halt is not None:
            return halt
    return None


async def settle_sign_outs(record: RunRecord, context: ExecutionContext) -> None:
    """Find out whether requests were carried out whose outcome the journal doesn't know.

    People about whom the trail may still get an entry stay open. Raises PortalError, LedgerError.
    """
    closed: list[Outcome] = []
    unknown: list[Outcome] = []
    for who, asked_at in record.open_sign_outs.items():
        target = record.scope[who]
        if await _in_trail(target, asked_at, context):
            closed.append(signed_out(target))
        elif context.clock() - asked_at > TRAIL_LATENESS:
            closed.append(failed(target, "the sessions were not ended", Cause.NOT_ATTEMPTED))
        else:
            unknown.append(_not_known(target, "the run was interrupted"))
    record.close(closed, unknown=unknown)


async def _sign_out_shielded(
    target: Target, record: RunRecord, context: ExecutionContext
) -> str | None:
    """Sign one person out; a cancellation is raised once the outcome is in the journal."""
    task = asyncio.ensure_future(_one(target, record, context))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not task.done():
            await task
        raise


async def _one(target: Target, record: RunRecord, context: ExecutionContext) -> str | None:
    record.intend_sign_out(target)
    asked_at = record.open_sign_outs[target.user_id]
    try:
        await _end_sessions(target, context)
    except PortalRefused as refusal:
        if refusal.status == SERVER_ERROR:
            record.close([failed(target, _NOT_ENDED.format(refusal.found), Cause.NO_ANSWER)])
            return f"the portal can't end sessions: {refusal.found}"
        if refusal.status in NOTHING_DONE:
            record.close([refused(target, refusal.found)])
            return None
        if refusal.status == FORBIDDEN:
            record.close([refused(target, f"{refusal.found}; {refusal.remedy}")])
            return f"the API key may not end other people's sessions. {refusal.remedy}"
        if refusal.status in REFUSES_ALL:
            record.close([failed(target, refusal.found, Cause.NOT_ATTEMPTED)])
            return refusal.found
        return await _after_lost_answer(target, asked_at, refusal, record, context)
    except PortalError as lost:
        return await _after_lost_answer(target, asked_at, lost, record, context)
    record.close([signed_out(target)])
    return None


async def _end_sessions(target: Target, context: ExecutionContext) -> None:
    """End a person's sessions, asking again while the portal reports an error of its own."""
    for pause in context.pace.pauses:
        try:
            await context.portal.end_sessions(target.user_id)
        except PortalRefused as refusal:
            if refusal.status != SERVER_ERROR:
                raise
            await asyncio.sleep(pause)
        else:
            return
    await context.portal.end_sessions(target.user_id)


async def _after_lost_answer(
    target: Target,
    asked_at: Instant,
    lost: PortalError,
    record: RunRecord,
    context: ExecutionContext,
) -> str | None:
    """Look for the entry in the trail; if it isn't there yet, the person stays open."""
    for pause in context.pace.pauses:
        await asyncio.sleep(pause)
        try:
            if await _in_trail(target, asked_at, context):
                record.close([signed_out(target)])
                return None
        except PortalError as error:
            record.close([], unknown=[_not_known(target, lost.found)])
            return f"the portal can't be read any more: {error.found}"
    record.close([], unknown=[_not_known(target, lost.found)])
    return None


async def _in_trail(target: Target, asked_at: Instant, context: ExecutionContext) -> bool:
    """Return whether the trail shows that the person's sessions were ended since `asked_at`."""
    since = before(asked_at, CLOCK_TOLERANCE)
    start = 0
    while True:
        page = await context.portal.administration(SESSIONS_ENDED, since=since, start=start)
        if any(_is_about(act, target) for act in page.acts):
            return True
        if not page.is_full:
            return False
        start += len(page.acts)


def _is_about(act: AdministrativeAct, target: Target) -> bool:
    return act.action_id == SESSIONS_ENDED and target.user_id in act.people


def _not_known(target: Target, why: str) -> Outcome:
    minutes = TRAIL_LATENESS // timedelta(minutes=1)
    return failed(
        target,
        f"whether the sessions were ended is not known yet ({why}): run the same command again"
        f" in {minutes} minutes",
        Cause.NO_ANSWER,
    )
