"""When a stream is left for asking about people one by one.

The portal is asked once how long the stream still is, while the reading goes on: nothing that is
under way is thrown away, and what is read meanwhile counts.
"""

import asyncio
from collections.abc import Awaitable, Callable

from lastseen.evidence.reading.request_cost import Search, pays_no_longer


class Cutover:
    """Decides about one reading of a stream."""

    def __init__(self, search: Search, costs_less: Callable[[int], Awaitable[bool]]) -> None:
        """`costs_less` says whether a stream's rest costs fewer requests than so many people."""
        self._watch = search
        self._costs_less = costs_less
        self._asking: asyncio.Future[bool] | None = None

    def is_due(self) -> bool:
        """Say whether it is known that to ask costs less; starts to find out when it may be so.

        Raises what asking the portal raised.
        """
        if self._asking is None:
            if pays_no_longer(self._watch):
                self._asking = asyncio.ensure_future(self._costs_less(len(self._watch.missing)))
            return False
        return self._asking.done() and not self._asking.result()

    async def close(self) -> None:
        """End the asking, if it is still under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
