"""A witness: somebody known to be in a log, by whom it shows that filters still come first."""

from lastseen.contractor import UserId
from lastseen.docspace.interface import EventPage, EventQuery
from lastseen.errors import PortalError
from lastseen.evidence.filters import proves_filter_first, witness_of
from lastseen.evidence.log import Log


class Witness:
    """Asks one log, again and again, whether it filters before it cuts the page."""

    def __init__(self, log: Log, newest: EventPage) -> None:
        """`newest`: the newest page of `log`, in which a witness is looked for."""
        self.requests = 0
        self._log = log
        self._newest = newest

    @property
    def exists(self) -> bool:
        """Whether the log holds anybody who can be a witness."""
        return witness_of(self._newest.events) is not None

    async def __call__(self) -> bool:
        """Return whether an answer, asked for now, proves that filters come first."""
        known = witness_of(self._newest.events)
        if known is None:
            return False
        self.requests += 1
        try:
            answer = await self._log.fetch(EventQuery(user_id=UserId(known.user_id), count=1))
        except PortalError:
            return False
        return proves_filter_first(answer, self._newest)
