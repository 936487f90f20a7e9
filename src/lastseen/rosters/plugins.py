"""Sources of contractors from other packages, by the entry points `lastseen.rosters`.

An entry point is a name and a callable that takes `RosterOptions` and returns a roster; its own
options are in `[roster.options]`. A failure inside it is reported as that package's fault.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points

from lastseen.docspace.interface import Portal
from lastseen.model.errors import LastseenError, RosterError, UsageError
from lastseen.rosters.interface import Listing, Roster, RosterOptions

ENTRY_POINTS = "lastseen.rosters"
"""The group under which other packages register their sources."""


def plugin_sources() -> set[str]:
    """Return the names of the sources of other packages."""
    return {entry_point.name for entry_point in entry_points(group=ENTRY_POINTS)}


def open_plugin(options: RosterOptions) -> Roster | None:
    """Return another package's roster, or None if no package has a source of that name.

    Raises UsageError if it can't be imported, RosterError if it fails.
    """
    for entry_point in entry_points(group=ENTRY_POINTS, name=options.source):
        source = _imported(entry_point)
        with _blaming_package(entry_point, "opening"):
            return PluginRoster(source(options), entry_point)
    return None


class PluginRoster:
    """Another package's roster, whose failures are reported as its own."""

    def __init__(self, roster: Roster, entry_point: EntryPoint) -> None:
        """Wrap `roster`."""
        self._roster = roster
        self._entry_point = entry_point
        self.name = entry_point.name
        """The name under which the package registered it."""
        self.outside = bool(getattr(roster, "outside", True))
        """Whether it lies outside the portal."""

    @property
    def query(self) -> str:
        """The query as the package describes it."""
        return str(getattr(self._roster, "query", self._entry_point.value))

    async def load(self, portal: Portal) -> Listing:
        """Return the package's listing; raises RosterError if it fails."""
        with _blaming_package(self._entry_point, "reading"):
            listing = await self._roster.load(portal)
            if not isinstance(listing, Listing):
                raise TypeError(f"load() returned {type(listing).__name__}, not a Listing")
        return listing


def _imported(entry_point: EntryPoint) -> Callable[[RosterOptions], Roster]:
    try:
        source: Callable[[RosterOptions], Roster] = entry_point.load()
    except Exception as error:  # importing a package may fail in any way
        raise UsageError(
            attempted=f"opening the roster {entry_point.name!r}",
            found=f"{entry_point.value} can't be imported: {error}",
            meaning="the package that provides this source is not installed properly",
            remedy="install it again, or set roster.source to another one",
        ) from error
    return source


@contextmanager
def _blaming_package(entry_point: EntryPoint, what: str) -> Iterator[None]:
    """Report an exception of another package as its own; Lastseen's errors pass through."""
    try:
        yield
    except LastseenError:
        raise
    except Exception as error:
        package = entry_point.dist.name if entry_point.dist else entry_point.value
        raise RosterError(
            attempted=f"{what} the roster {entry_point.name!r}",
            found=f"the package {package} failed: {type(error).__name__}",
            meaning="the fault is in that package, not in Lastseen; nothing was decided",
            remedy=f"report it to the maintainers of {package}, or set roster.source to another "
            "source",
        ) from error
