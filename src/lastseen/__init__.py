"""Lastseen as a library: `from lastseen import load_settings, open_session, review, apply, undo`.

What is offered is listed in `lastseen.api` and loaded when it is first asked for, so that
`import lastseen` costs nothing. Nothing is defined here.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from lastseen._version import __version__ as __version__

if TYPE_CHECKING:
    from lastseen.api import *  # noqa: F403

_NAMED_LIKE_THEIR_MODULE = frozenset({"apply", "doctor", "explain", "review", "run", "undo"})


class _Library(ModuleType):
    """The package, whose `review` is the function and never the module of that name.

    The import system would put each imported module into the package under its name. The modules
    stay where `from lastseen.review import …` finds them.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name in _NAMED_LIKE_THEIR_MODULE and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        offered = import_module("lastseen.api")
        if name == "__all__":
            return list(offered.__all__)
        if name in offered.__all__:
            return getattr(offered, name)
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *import_module("lastseen.api").__all__})


sys.modules[__name__].__class__ = _Library
