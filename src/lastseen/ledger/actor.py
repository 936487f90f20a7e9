"""The actor that this process is: read from the operating system once."""

import getpass
import platform
from functools import cache

from lastseen._version import __version__
from lastseen.model.actor import Actor


@cache
def present_actor() -> Actor:
    """Return who runs this process, without a portal account."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        user = "unknown"
    return Actor(os_user=user, host=platform.node() or "unknown", version=__version__)
