"""When a stream is abandoned in favour of asking about people one by one.

The portal is asked once how long the rest of the stream is, while reading continues: nothing in
flight is thrown away, and everything read meanwhile counts.
"""

import asyncio
from collections.abc import Awaitable, Callable

from lastseen.evidence.reading.request_cost import Search, is_not_worthwhile


class Cutover:
    """Decides when to abandon one reading of a stream."""

    def __init__(self, search: Search, is_stream_cheaper: Callable[[], Awaitable[bool]]) -> None:
        """`is_stream_cheaper` says whether the rest costs fewer requests than asking one by one."""
        self._search = search
        self._is_stream_cheaper = is_stream_cheaper
        self._asking: asyncio.Future[bool] | None = None

    def is_due(self) -> bool:
        """Return whether per-user requests are known to cost less; start to find out once they may.

        Raises what asking the portal raised.
        """
        if self._asking is None:
            if is_not_worthwhile(self._search):
                self._asking = asyncio.ensure_future(self._is_stream_cheaper())
            return False
        return self._asking.done() and not self._asking.result()

    @property
    def is_ruled_out(self) -> bool:
        """Whether the stream is known to cost less to its end, so that it is never abandoned."""
        asking = self._asking
        return asking is not None and asking.done() and asking.result()

    async def close(self) -> None:
        """Cancel the estimate if it is still running."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
