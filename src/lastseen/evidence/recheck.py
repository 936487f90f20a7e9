"""The last look before access is taken away, at who has come back since the plan was made."""

from collections.abc import Iterable, Mapping

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.evidence.collector import Collector, Span, open_collector
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, before, days
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
    windows: Mapping[UserId, Instant],
    *,
    kinds: Iterable[EvidenceKind],
    ledger: PortalLedger,
    since: Instant,
    progress: Progress,
    whole_window: bool = False,
) -> EvidenceRecheck:
    """Look in the logs once more for people who are about to be disabled.

    `windows`: for each person, the first second at which a sighting spares them. `kinds`: the logs
    that count. `since`: the instant that the plan is for. `whole_window`: prove absence over the
    whole windows, since the plan was made under another policy; otherwise only since the plan.
    Reads only what the ledger does not know yet. Raises PortalError where the portal can't be asked
    at all.
    """
    people = list(windows)
    if not people:
        return EvidenceRecheck(sightings={}, unproven=frozenset())
    lately = before(since, days(OVERLAP_DAYS))
    proven_from = {p: w if whole_window else max(w, lately) for p, w in windows.items()}
    kinds = list(kinds)
    earliest = min(proven_from.values())
    collector = await open_collector(
        portal,
        store=ledger.evidence,
        span=Span(window=earliest, lookback=earliest),
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
            if person not in seen and not _is_proven(collector, person, kinds, proven_from[person])
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
