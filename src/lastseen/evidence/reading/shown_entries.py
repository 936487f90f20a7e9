"""The stretches over which pages show that a log is being written, as the ledger keeps them.

Kept with what pages prove, so that a later review that reads only what is new still knows them: a
stretch that is known to be complete and shows no entry is a pause of the log.
"""

from collections.abc import Iterable

from lastseen.ledger import Reading
from lastseen.model.contractor import UserId
from lastseen.model.instant import Instant, Interval
from lastseen.model.sighting import EvidenceKind

LOG_ITSELF = UserId("@log")
"""The name under which the ledger keeps the stretches with at least daily entries."""

_PROOF = "entries by anybody, at least daily"


def shown_entries(kind: EvidenceKind, stretches: Iterable[Interval], read_at: Instant) -> Reading:
    """Return a reading that records in which stretches a log has entries by anybody."""
    return Reading(
        kind=kind,
        user_id=LOG_ITSELF,
        intervals=tuple(stretches),
        sightings=(),
        failures=(),
        unrecognised=(),
        events=0,
        proof=_PROOF,
        read_at=read_at,
    )
