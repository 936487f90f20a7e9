"""Whether the API key may do what a run sets out to do; checked before anything else is asked."""

from lastseen.docspace.interface import FORBIDDEN, OwnKey, Portal
from lastseen.model.errors import KeyLacksRight, PortalRefused


async def require_change_right(portal: Portal, *, attempted: str) -> None:
    """Raise KeyLacksRight if the key's scopes don't allow it to change accounts.

    Where the portal doesn't show the scopes, the key is assumed to be allowed. Raises PortalError
    if the portal can't be asked.
    """
    key = await own_key_if_available(portal)
    if key is None or key.changes_accounts:
        return
    scopes = ", ".join(sorted(key.permissions))
    raise KeyLacksRight(
        attempted=attempted,
        found=f"the API key is limited to {scopes}",
        meaning="it suffices for review and doctor only: apply and undo need accounts:write; "
        "nobody was changed",
        remedy="use an unlimited key that a DocSpace administrator created, or one with the scopes "
        "*:read and accounts:write",
    )


async def own_key_if_available(portal: Portal) -> OwnKey | None:
    """Return the key's scopes, or None if the portal doesn't show them. Raises PortalError."""
    try:
        return await portal.own_key()
    except PortalRefused as error:
        if error.status == FORBIDDEN:
            return None
        raise
