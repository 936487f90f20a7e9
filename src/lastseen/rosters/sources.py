"""Which sources of contractors there are, and how one is opened by its name.

Other packages bring their own through entry points of the group `lastseen.rosters`: a name, and a
callable that takes the options and returns a roster.
"""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points

from lastseen.model.errors import UsageError
from lastseen.rosters.csv import CsvRoster
from lastseen.rosters.guests import GuestsRoster
from lastseen.rosters.interface import Roster, RosterOptions

ENTRY_POINTS = "lastseen.rosters"
"""The group under which other packages name theirs."""

SOURCES: dict[str, Callable[[RosterOptions], Roster]] = {
    "guests": GuestsRoster,
    "csv": CsvRoster,
}
"""The sources that come with Lastseen."""

LATER_SOURCES = ("xlsx", "sql", "http", "scim")
"""Sources that the configuration knows and this release can't open."""

OWN_OPTIONS = {
    "guests": ("groups", "email_domains", "inviters", "exclude_email_domains"),
    "csv": ("path", "columns"),
}
"""The options that mean something to a source, beside `source` and `reconcile`."""


def open_roster(options: RosterOptions) -> Roster:
    """Return the roster that the options name.

    Raises UsageError for a source that isn't there, and for options that the source wouldn't heed:
    a domain left out in vain could cost people their access.
    """
    name = options.source
    if name in SOURCES:
        _refuse_foreign_options(options)
        return SOURCES[name](options)
    for entry_point in entry_points(group=ENTRY_POINTS, name=name):
        return _brought(entry_point)(options)
    later = name in LATER_SOURCES
    raise UsageError(
        attempted=f"opening the roster {name!r}",
        found="this release has no such source" if later else "there is no source of that name",
        meaning="it can't be told who the contractors are",
        remedy=f"set roster.source to one of {', '.join(known_sources())}"
        + (" (export the people to a CSV file meanwhile)" if later else ""),
    )


def known_sources() -> tuple[str, ...]:
    """Return the names of the sources that can be opened, other packages' included."""
    others = {entry_point.name for entry_point in entry_points(group=ENTRY_POINTS)}
    return (*SOURCES, *sorted(others - set(SOURCES)))


def _brought(entry_point: EntryPoint) -> Callable[[RosterOptions], Roster]:
    """Return what another package brings; raises UsageError where it can't be imported."""
    try:
        source: Callable[[RosterOptions], Roster] = entry_point.load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            attempted=f"opening the roster {entry_point.name!r}",
            found=f"{entry_point.value} can't be imported: {error}",
            meaning="the package that brings this source is not installed as it should be",
            remedy="install it again, or set roster.source to another one",
        ) from None
    return source


def _refuse_foreign_options(options: RosterOptions) -> None:
    unset = RosterOptions()
    foreign = [
        field
        for field in RosterOptions.__struct_fields__
        if field not in ("source", "reconcile", *OWN_OPTIONS[options.source])
        and getattr(options, field) != getattr(unset, field)
    ]
    if not foreign:
        return
    named = " and ".join(f"roster.{field}" for field in foreign)
    owners = [name for name, own in OWN_OPTIONS.items() if set(foreign) <= set(own)]
    remedy = f"set roster.source to {owners[0]}, or take {named} out" if owners else ""
    raise UsageError(
        attempted=f"opening the roster {options.source!r}",
        found=f"{named} is set, which this source doesn't heed",
        meaning="somebody may be reviewed who was meant to be left out",
        remedy=remedy or f"take {named} out of the configuration",
    )
