"""Joining stretches of coverage that touch or overlap: pure arithmetic, no database."""

from collections.abc import Iterable, Sequence

import msgspec


class CoverageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time for which a log is known to be complete; instants as stamps."""

    since: int
    """The first instant inside."""
    until: int
    """The first instant after it."""
    events: int
    """How many events were read in it."""
    proof: str
    """What was read last to prove it."""
    first_recorded: int
    """When any part of it was first recorded."""
    last_recorded: int
    """When it was last added to."""


def merged(known: Iterable[CoverageRow], new: Iterable[CoverageRow]) -> tuple[CoverageRow, ...]:
    """Return `known` and `new` together, oldest first, joined where they touch or overlap.

    `known` are disjoint and don't touch, and so is what comes out.
    """
    stretches = list(known)
    for one in new:
        apart = [old for old in stretches if old.until < one.since or one.until < old.since]
        near = [old for old in stretches if old.until >= one.since and one.until >= old.since]
        stretches = [*apart, _joined(near, one)]
    return tuple(sorted(stretches, key=lambda stretch: stretch.since))


def _joined(near: Sequence[CoverageRow], new: CoverageRow) -> CoverageRow:
    """Return `new` joined with what touches it.

    Events are added up where stretches only touch; where they overlap the same events may have
    been counted twice, and the larger number stands. The newest recording gives the proof.
    """
    parts = (*near, new)
    overlapping = [old for old in near if old.since < new.until and new.since < old.until]
    apart = sum(old.events for old in near) - sum(old.events for old in overlapping)
    newest = max(reversed(parts), key=lambda stretch: stretch.last_recorded)
    return CoverageRow(
        since=min(part.since for part in parts),
        until=max(part.until for part in parts),
        events=apart + max(new.events, sum(old.events for old in overlapping)),
        proof=newest.proof,
        first_recorded=min(part.first_recorded for part in parts),
        last_recorded=newest.last_recorded,
    )
