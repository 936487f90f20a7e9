"""Whether the API key may do at all what a run sets out to do: asked before anybody is."""

from lastseen.docspace.interface import OwnKey, Portal
from lastseen.model.errors import KeyLacksRight, PortalRefused

FORBIDDEN = 403


async def require_changing(portal: Portal, *, attempted: str) -> None:
    """Raise KeyLacksRight where the key's scopes don't let it change accounts.

    A release that doesn't tell what a key may do is taken to allow it. Raises PortalError where the
    portal can't be asked.
    """
    key = await own_key_if_told(portal)
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


async def own_key_if_told(portal: Portal) -> OwnKey | None:
    """Return what the key may do, None where the portal doesn't tell. Raises PortalError."""
    try:
        return await portal.own_key()
    except PortalRefused as error:
        if error.status == FORBIDDEN:
            return None
        raise
