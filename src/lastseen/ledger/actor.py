"""Who acts on the ledger: person, machine, version, and the portal account once that is known."""

import getpass
import platform
from functools import cache

import msgspec

from lastseen._version import __version__


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who did something, as runs and journal entries keep it."""

    os_user: str
    """The operating system's name of the user."""
    host: str
    """The machine's name."""
    version: str
    """The version of Lastseen."""
    account: str | None = None
    """The portal account that the API key acts as (e-mail or id); null until it is known."""

    @property
    def name(self) -> str:
        """The account where it is known, otherwise `user@host`."""
        return self.account or f"{self.os_user}@{self.host}"


@cache
def present_actor() -> Actor:
    """Return who runs this process, without a portal account."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        user = "unknown"
    return Actor(os_user=user, host=platform.node() or "unknown", version=__version__)
