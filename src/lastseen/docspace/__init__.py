"""The one place that knows the portal's HTTP and JSON.

`open_portal` gives a `Portal` over the network; `client.client_over` gives one over any other
transport. Importing this costs little: the HTTP library is loaded when a portal is opened.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from lastseen.docspace.http.limits import Limits
from lastseen.docspace.interface import Portal
from lastseen.model.instant import Clock
from lastseen.model.secret import ApiKey

__all__ = ["Limits", "Portal", "open_portal"]


@asynccontextmanager
async def open_portal(
    url: str,
    key: ApiKey | None,
    *,
    clock: Clock,
    limits: Limits = Limits(),  # noqa: B008
    disabled_status: str | int = "Terminated",
) -> AsyncIterator[Portal]:
    """Yield the portal at `url`, queried with `key` over the network until the block ends.

    Without a key only `release` can be asked.

    `clock` is the machine's, to which the portal's is compared. `disabled_status` is how a change
    to Terminated is written: "Terminated" or 2; the way back is written in the same form.

    No request is sent yet. Raises UsageError for an unusable address, key or status.
    """
    from lastseen.docspace.client import client_over
    from lastseen.docspace.http.transport import network
    from lastseen.model.portal_address import portal_address

    address = portal_address(url)
    async with network(address, key, limits) as transport:
        client = client_over(
            transport,
            url=address,
            clock=clock,
            key=key,
            limits=limits,
            disabled_status=disabled_status,
        )
        try:
            yield client
        finally:
            await client.close()
