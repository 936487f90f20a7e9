"""When the reading of a stream is left for asking about people one by one.

The portal is asked once how long the stream still is, while the reading goes on: nothing under way
is thrown away, and what is read meanwhile counts.
"""

import asyncio
from collections.abc import Awaitable, Callable

from lastseen.evidence.reading.request_cost import Search, pays_no_longer


class Cutover:
    """Decides about one reading of a stream."""

    def __init__(self, search: Search, is_stream_cheaper: Callable[[], Awaitable[bool]]) -> None:
        """`is_stream_cheaper` says whether the rest costs fewer requests than asking one by one."""
        self._search = search
        self._is_stream_cheaper = is_stream_cheaper
        self._asking: asyncio.Future[bool] | None = None

    def is_due(self) -> bool:
        """Say whether asking is known to cost less; starts to find out when it may do so.

        Raises what asking the portal raised.
        """
        if self._asking is None:
            if pays_no_longer(self._search):
                self._asking = asyncio.ensure_future(self._is_stream_cheaper())
            return False
        return self._asking.done() and not self._asking.result()

    async def close(self) -> None:
        """End the asking, if it is still under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
