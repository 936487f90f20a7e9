"""A canary: a person known to be in a log, used to check that filters still come first."""

from collections.abc import Mapping

from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.evidence.reading.filter_detection import TRIES, find_canary, proves_filter_first
from lastseen.evidence.reading.log import Log
from lastseen.model.contractor import UserId
from lastseen.model.errors import PortalError
from lastseen.model.instant import Instant
from lastseen.model.sighting import Sighting


class Canary:
    """Asks one log, again and again, whether it filters before it cuts the page."""

    def __init__(
        self, log: Log, newest: EventPage, sightings: Mapping[UserId, Sighting] | None = None
    ) -> None:
        """`newest`: the newest page of `log`, in which a canary is looked for.

        `sightings`: who else is known to be in the log, for a page that shows one person only;
        consulted again each time.
        """
        self.requests = 0
        self._log = log
        self._newest = newest
        self._sightings = {} if sightings is None else sightings

    @property
    def exists(self) -> bool:
        """Whether anybody is known who can be a canary."""
        return self._known() is not None

    async def __call__(self) -> bool:
        """Return whether an answer, asked for now, proves that filters come first.

        One about a person who has just come back proves nothing: then somebody else is asked for.
        """
        try:
            for _ in range(TRIES):
                known = self._known()
                if known is None:
                    return False
                newest = self._newest  # another check may replace it meanwhile
                answer = await self._fetch(EventQuery(user_id=known, count=1))
                if proves_filter_first(answer, newest):
                    return True
                if [event.user_id for event in answer.events] != [known]:
                    return False
                self._newest = await self._fetch(EventQuery())
        except PortalError:
            return False
        return False

    async def _fetch(self, query: EventQuery) -> EventPage:
        self.requests += 1
        return await self._log.fetch(query)

    def _known(self) -> UserId | None:
        events = self._newest.events
        if (event := find_canary(events)) is not None:
            return UserId(event.user_id)
        head = {one.user_id for one in events}
        older = [s for s in self._sightings.values() if events and s.at < events[-1].at]
        seen = max((s for s in older if s.user_id not in head), key=_at, default=None)
        return None if seen is None else seen.user_id


def _at(sighting: Sighting) -> Instant:
    return sighting.at
