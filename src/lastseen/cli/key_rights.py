"""Rejects a key that may only read before the user is asked a question."""

from typing import TYPE_CHECKING

from lastseen.cli.invocation import run_async

if TYPE_CHECKING:
    from lastseen.api import Settings


def require_changing_key(settings: "Settings", *, attempted: str) -> None:
    """Raise KeyLacksRight if the configured key may not change accounts, or another PortalError."""
    run_async(_require(settings, attempted))


async def _require(settings: "Settings", attempted: str) -> None:
    from lastseen.api import open_session, require_change_right

    async with open_session(settings) as session:
        await require_change_right(session.portal, attempted=attempted)
