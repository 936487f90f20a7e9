"""What spares people by logs, API keys and administrators' actions since the decision.

The last part of the recheck, and the only one that reads the portal's logs.
"""

from collections.abc import Mapping, Sequence

from lastseen.evidence.recheck import EvidenceRecheck, recheck_evidence
from lastseen.evidence.silence_finder import SilenceLimit
from lastseen.execution.acts_since import find_acts_since, review_knew_invitations_until
from lastseen.execution.context import ExecutionContext
from lastseen.execution.decision_basis import DecisionBasis, Window
from lastseen.execution.outcomes import failed, seen, spared
from lastseen.execution.readback import PeopleNow
from lastseen.execution.target import Candidate, Target
from lastseen.model.concurrency import task_group
from lastseen.model.contractor import UserId
from lastseen.model.instant import EPOCH, Instant, minute
from lastseen.model.plan import Policy
from lastseen.model.receipt import Cause, Outcome
from lastseen.model.sighting import EvidenceKind

_UNPROVEN = (
    "the recheck could not be proven complete, so new presence could be missed; try again later"
)
_SILENT = "{}: it has probably stopped, so new presence could be missed; see `lastseen doctor`"


async def new_presence(
    candidates: Sequence[Candidate],
    people: PeopleNow,
    policies: Mapping[UserId, Policy],
    context: ExecutionContext,
    *,
    basis: DecisionBasis,
    reinstated: Mapping[UserId, Instant],
) -> dict[UserId, Outcome]:
    """Return the outcomes of those of `candidates` who are spared, or whose absence is unproven.

    `people` are their accounts, `policies` what is configured for each now, `reinstated` when
    each was last reinstated. Raises PortalError and LedgerError.
    """
    windows = {
        one.target.user_id: window
        for one in candidates
        if (window := basis.window(one.decision, policies.get(one.target.user_id))) is not None
    }
    invited_from = review_knew_invitations_until(basis.seen_since)
    async with task_group() as group:
        looking = group.create_task(_in_logs(windows, people, context, basis))
        using_keys = group.create_task(_key_uses(windows, context))
        asking = group.create_task(
            find_acts_since(
                context.portal,
                {one.target.user_id: people.profiles[one.target.user_id] for one in candidates},
                invited_from={
                    who: window.since if window.is_longer else invited_from
                    for who, window in windows.items()
                },
                status_set_from=basis.status_set_from,
                longer_grace=basis.longer_grace(context.policy),
                decided_by=basis.policy,
                reinstated=reinstated,
                now=context.clock(),
            )
        )
    found, used, acts = looking.result(), using_keys.result(), asking.result()
    outcomes: dict[UserId, Outcome] = {}
    for one in candidates:
        who = one.target.user_id
        outcome = _outcome_by_key(one.target, used) or _outcome_by_logs(one.target, found)
        if outcome is None and who in acts:
            outcome = spared(one.target, acts[who])
        if outcome is not None:
            outcomes[who] = outcome
    return outcomes


async def _in_logs(
    windows: Mapping[UserId, Window],
    people: PeopleNow,
    context: ExecutionContext,
    basis: DecisionBasis,
) -> EvidenceRecheck:
    """Look for presence in the logs that count by the deciding or by the configured policy."""
    configured = basis.policy if context.policy is None else context.policy
    registered = [people.profiles[person].registered_at for person in windows]
    more_logs = [kind for kind in configured.evidence if kind not in basis.policy.evidence]
    return await recheck_evidence(
        context.portal,
        {person: window.since for person, window in windows.items()},
        emails={person: people.profiles[person].email for person in windows},
        kinds=[EvidenceKind(kind) for kind in (*basis.policy.evidence, *more_logs)],
        ledger=context.ledger,
        since=basis.seen_since,
        silence=SilenceLimit(
            days=basis.log_silence_days, born=min((at for at in registered if at), default=EPOCH)
        ),
        now=context.clock(),
        progress=context.progress,
        whole_window=bool(more_logs) or any(window.is_longer for window in windows.values()),
    )


async def _key_uses(
    windows: Mapping[UserId, Window], context: ExecutionContext
) -> Mapping[UserId, Instant]:
    """Return who used an API key in their window after all, and when last.

    Raises PortalError, also if the list is refused: then it is not known who did.
    """
    if not windows:
        return {}
    uses = await context.portal.key_uses()
    used: dict[UserId, Instant] = {}
    for use in uses:
        at, window = use.last_used_at, windows.get(use.owner)
        if at is not None and window is not None and at >= window.since:
            used[use.owner] = max(at, used.get(use.owner, EPOCH))
    return used


def _outcome_by_key(target: Target, used: Mapping[UserId, Instant]) -> Outcome | None:
    at = used.get(target.user_id)
    return None if at is None else seen(target, f"was seen at {minute(at)} (api-key)")


def _outcome_by_logs(target: Target, found: EvidenceRecheck) -> Outcome | None:
    sighting = found.sightings.get(target.user_id)
    if sighting is not None:
        return seen(target, f"was seen at {minute(sighting.at)} ({sighting.kind.value})")
    if target.user_id in found.unproven:
        silence = found.silences.get(target.user_id)
        words = _SILENT.format(silence) if silence else _UNPROVEN
        return failed(target, words, Cause.UNPROVEN)
    return None
