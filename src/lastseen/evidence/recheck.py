"""The last look before access is taken away, at who has come back since the plan was made."""

from collections.abc import Iterable, Mapping

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.evidence.collector import Collector, Span, open_collector
from lastseen.ledger import PortalLedger
from lastseen.model.cohort import policy_by_name
from lastseen.model.contractor import UserId
from lastseen.model.decision import Decision
from lastseen.model.instant import Instant, before, days
from lastseen.model.plan import Policy
from lastseen.model.progress import Progress
from lastseen.model.sighting import EvidenceKind, Sighting

OVERLAP_DAYS = 1
"""How far behind the plan's instant the logs are proven anew: entries may be written late."""


class EvidenceRecheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a last look showed."""

    sightings: dict[UserId, Sighting]
    """Who was seen inside the plan's window after all, and by what: they are to be spared."""
    unproven: frozenset[UserId]
    """Whose absence since the plan could not be proven: nothing may be done about them."""


async def recheck_evidence(
    portal: Portal,
    decisions: Iterable[Decision],
    *,
    ledger: PortalLedger,
    policy: Policy,
    since: Instant,
    progress: Progress,
) -> EvidenceRecheck:
    """Look in the logs once more for the people of `decisions`, who are about to be disabled.

    `since`: the instant that the plan is for. Reads only what the ledger does not know yet.
    Raises PortalError where the portal can't be asked at all.
    """
    chosen = tuple(decisions)
    people = [UserId(decision.user_id) for decision in chosen if decision.user_id]
    if not people:
        return EvidenceRecheck(sightings={}, unproven=frozenset())
    windows = {
        UserId(decision.user_id): policy_by_name(policy, decision.cohort).window_start(since)
        for decision in chosen
        if decision.user_id
    }
    proven_from = max(min(windows.values()), before(since, days(OVERLAP_DAYS)))
    kinds = [EvidenceKind(kind) for kind in policy.evidence]
    collector = await open_collector(
        portal,
        store=ledger.evidence,
        span=Span(window=proven_from, lookback=proven_from),
        progress=progress,
    )
    if EvidenceKind.SIGN_IN in kinds:
        await collector.sign_ins(people)
    seen = _seen(collector, windows, kinds)
    if EvidenceKind.ACTIVITY in kinds:
        await collector.activity([person for person in people if person not in seen])
        seen = _seen(collector, windows, kinds)
    return EvidenceRecheck(
        sightings=seen,
        unproven=frozenset(
            person
            for person in people
            if person not in seen and not _is_proven(collector, person, kinds, proven_from)
        ),
    )


def _seen(
    collector: Collector, windows: Mapping[UserId, Instant], kinds: list[EvidenceKind]
) -> dict[UserId, Sighting]:
    """Return who was seen in their own window, and by what."""
    found = {person: collector.sighting(person, kinds) for person in windows}
    return {p: seen for p, seen in found.items() if seen is not None and seen.at >= windows[p]}


def _is_proven(
    collector: Collector, person: UserId, kinds: list[EvidenceKind], since: Instant
) -> bool:
    """Say whether absence is proven and no unknown entry leaves it open."""
    proven = collector.proven_since(person, kinds)
    return proven is not None and proven <= since and collector.unrecognised(person) is None
