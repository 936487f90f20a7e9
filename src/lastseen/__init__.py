"""Lastseen as a library: `from lastseen import load_settings, open_session, review, apply, undo`.

Everything offered is listed in `lastseen.api` and loaded on first use, so that `import lastseen`
costs nothing. Nothing is defined here.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lastseen._version import __version__ as __version__

if TYPE_CHECKING:
    from lastseen.api import *  # noqa: F403


def __getattr__(name: str) -> object:
    """Return `name` from `lastseen.api`; raises AttributeError if it isn't offered."""
    if not name.startswith("__") or name == "__all__":
        offered = import_module("lastseen.api")
        if name == "__all__" or name in offered.__all__:
            return getattr(offered, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module("lastseen.api").__all__})
