"""Whether a portal's log is still the one that the ledger has read before. Pure.

A portal that was moved, restored or reinstalled answers at the same address with another history.
What the ledger knows to be complete was complete in the old one, and proves nothing about the new.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from lastseen.docspace.dst_fold import may_be_repeated
from lastseen.evidence.proof.coverage import Coverage
from lastseen.evidence.proof.page_proof import SECOND
from lastseen.model.instant import Instant, Interval, after
from lastseen.model.sighting import Event, Sighting

_REPEATED_HOUR = timedelta(hours=1)
"""How far apart two readings of one date may be if it is in the hour that occurs twice."""


class Anchor:
    """The newest entry that the ledger knows, looked for in the pages read now."""

    def __init__(self, sightings: Iterable[Sighting]) -> None:
        """Look for the newest of `sightings`; if there is none, every log counts as the same."""
        self.sighting = max(sightings, key=lambda s: (s.at, s.event_id), default=None)
        self._is_met = False

    def take(self, events: Sequence[Event]) -> None:
        """Look for the entry on a page: the same number at the same second.

        In the hour that occurs twice the second depends on what else the page shows.
        """
        wanted = self.sighting
        if wanted is not None and not self._is_met:
            self._is_met = any(
                event.id == wanted.event_id and _is_at(event, wanted.at) for event in events
            )

    def is_same_log(self, proven: Coverage, kept_since: Instant) -> bool | None:
        """Return whether this is the same log; None if more has to be read to find out.

        `proven`: the time for which the pages read now are complete; `kept_since`: before it the
        portal may have deleted the entry.
        """
        wanted = self.sighting
        if self._is_met or wanted is None or wanted.at < kept_since:
            return True
        if proven.covers(Interval(wanted.at, after(wanted.at, SECOND))):
            return False
        return None


def _is_at(event: Event, moment: Instant) -> bool:
    """Return whether the entry may have been written at `moment`."""
    if event.at == moment:
        return True
    return abs(event.at - moment) <= _REPEATED_HOUR and may_be_repeated(event.at)
