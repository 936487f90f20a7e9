"""The recheck before access is taken away: who has come back since the plan was made."""

from collections.abc import Iterable, Mapping

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.evidence.collector import Collector, Span, open_collector
from lastseen.evidence.silence_finder import WRITING_TESTS, SilenceFinder, SilenceLimit
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.guardrails import silence_limit
from lastseen.model.instant import Instant, before, days, format_instant
from lastseen.model.progress import Progress
from lastseen.model.sighting import EvidenceKind, Sighting

OVERLAP_DAYS = 1
"""How far before the plan's instant the logs are proven again: entries may be written late."""


class EvidenceRecheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a recheck showed."""

    sightings: dict[UserId, Sighting]
    """Who was seen inside the plan's window after all, and how: they must be spared."""
    unproven: frozenset[UserId]
    """Whose absence since the plan could not be proven: they must be left unchanged."""
    silences: Mapping[UserId, str] = {}
    """Of whom absence is unproven since a log has stopped: which, in a sentence."""


async def recheck_evidence(
    portal: Portal,
    windows: Mapping[UserId, Instant],
    *,
    emails: Mapping[UserId, str],
    kinds: Iterable[EvidenceKind],
    ledger: PortalLedger,
    since: Instant,
    silence: SilenceLimit,
    now: Instant,
    progress: Progress,
    whole_window: bool = False,
) -> EvidenceRecheck:
    """Look in the logs once more for people who are about to be disabled.

    `windows`: for each person, the first second at which a sighting spares them. `emails`: their
    addresses on the portal. `kinds`: the logs that count. `since`: the instant that the plan is
    for. `silence`: when a log counts as stopped, at `now` or since the plan: then nobody's absence
    is proven. `whole_window`: prove absence over the whole windows, since the plan was made under
    another policy; otherwise only since the plan. Reads only what the ledger does not know yet.
    Raises PortalError if the portal can't be read at all.
    """
    people = list(windows)
    if not people:
        return EvidenceRecheck(sightings={}, unproven=frozenset())
    overlap_start = before(since, days(OVERLAP_DAYS))
    proven_from = {p: w if whole_window else max(w, overlap_start) for p, w in windows.items()}
    kinds = list(kinds)
    earliest = min(proven_from.values())
    collector = await open_collector(
        portal,
        store=ledger.evidence,
        span=Span(
            window=earliest,
            lookback=earliest,
            emails=emails,
            trail_silence=None if EvidenceKind.ACTIVITY in kinds else silence,
        ),
        progress=progress,
    )
    if EvidenceKind.SIGN_IN in kinds:
        await collector.sign_ins(people)
    seen = _seen(collector, windows, kinds)
    if EvidenceKind.ACTIVITY in kinds:
        await collector.activity([person for person in people if person not in seen])
        seen = _seen(collector, windows, kinds)
    absent = {person: start for person, start in windows.items() if person not in seen}
    silences = await _silences(
        portal, collector, kinds, ledger, silence, windows=absent, since=since, now=now
    )
    return EvidenceRecheck(
        sightings=seen,
        unproven=frozenset(
            person
            for person in absent
            if person in silences or not _is_proven(collector, person, kinds, proven_from[person])
        ),
        silences=silences,
    )


async def _silences(
    portal: Portal,
    collector: Collector,
    kinds: Iterable[EvidenceKind],
    ledger: PortalLedger,
    silence: SilenceLimit,
    *,
    windows: Mapping[UserId, Instant],
    since: Instant,
    now: Instant,
) -> dict[UserId, str]:
    """Return, for each person whose window a stopped log matters in, which log it is."""
    limits = {
        person: silence_limit(silence.days, round((since - start) / days(1)))
        for person, start in windows.items()
    }
    stopped = {
        limit: await _stopped(
            portal,
            collector,
            kinds,
            ledger,
            SilenceLimit(days=limit, born=silence.born),
            since=since,
            now=now,
        )
        for limit in sorted(set(limits.values()))
    }
    return {person: log for person, limit in limits.items() if (log := stopped[limit])}


async def _stopped(
    portal: Portal,
    collector: Collector,
    kinds: Iterable[EvidenceKind],
    ledger: PortalLedger,
    limit: SilenceLimit,
    *,
    since: Instant,
    now: Instant,
) -> str | None:
    """Return which log has stopped, now or after the plan was made; None if none has."""
    for kind in kinds:
        finder = SilenceFinder(
            kind,
            portal,
            ledger.evidence,
            limit=days(limit.days),
            kept_for=collector.kept_for(kind),
            can_filter=collector.can_ask_for_times(kind),
            read=collector.known(kind),
        )
        # The review has already judged earlier pauses: only one that extends past it matters.
        window = before(since, days(limit.days))
        found = await finder.silence(window=window, born=limit.born, now=now)
        stopped_at = found.since or next((p.since for p in found.pauses if p.until > since), None)
        if stopped_at is not None:
            name = WRITING_TESTS[kind][0]
            return f"the {name} has no entry by anybody after {format_instant(stopped_at)}"
    return None


def _seen(
    collector: Collector, windows: Mapping[UserId, Instant], kinds: list[EvidenceKind]
) -> dict[UserId, Sighting]:
    """Return who was seen in their own window, and by what."""
    found = {person: collector.sighting(person, kinds) for person in windows}
    return {p: seen for p, seen in found.items() if seen is not None and seen.at >= windows[p]}


def _is_proven(
    collector: Collector, person: UserId, kinds: list[EvidenceKind], since: Instant
) -> bool:
    """Return whether absence is proven and no unknown entry leaves it open."""
    proven = collector.proven_since(person, kinds)
    return proven is not None and proven <= since and collector.unrecognised(person) is None
