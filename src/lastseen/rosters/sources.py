"""Which sources of contractors there are, and how one is opened by its name.

Other packages provide their own: see `plugins`.
"""

from importlib import import_module

from lastseen.model.errors import UsageError
from lastseen.model.extras import install_extra
from lastseen.rosters.interface import OPTIONS, Roster, RosterOptions
from lastseen.rosters.plugins import open_plugin, plugin_sources

SOURCES = {
    "guests": "GuestsRoster",
    "csv": "CsvRoster",
    "xlsx": "XlsxRoster",
    "sql": "SqlRoster",
    "http": "HttpRoster",
    "scim": "ScimRoster",
}
"""The sources that come with Lastseen: one module of this name each, imported when it is used."""


def open_roster(options: RosterOptions) -> Roster:
    """Return the roster that the options name.

    Raises UsageError for an unknown source, and for options that the source ignores: an excluded
    domain without effect could cost people their access.
    """
    name = options.source
    if name in SOURCES:
        _refuse_foreign_options(options)
        return _own(name, options)
    plugin = open_plugin(options)
    if plugin is not None:
        return plugin
    raise UsageError(
        attempted=f"opening the roster {name!r}",
        found="there is no source with that name",
        meaning="without it the contractors are not known",
        remedy=f"set roster.source to one of {', '.join(known_sources())}",
    )


def known_sources() -> tuple[str, ...]:
    """Return the names of the sources that can be opened, other packages' included."""
    return (*SOURCES, *sorted(plugin_sources() - set(SOURCES)))


def _own(name: str, options: RosterOptions) -> Roster:
    try:
        module = import_module(f"lastseen.rosters.{name}")
    except ImportError as error:
        raise UsageError(
            attempted=f"opening the roster {name!r}",
            found=f"the package {error.name} is not installed",
            meaning=f"the source {name} needs it",
            remedy=install_extra(name),
        ) from None
    roster: Roster = getattr(module, SOURCES[name])(options)
    return roster


def _refuse_foreign_options(options: RosterOptions) -> None:
    unset = RosterOptions()
    foreign = [
        name
        for name, option in OPTIONS.items()
        if options.source not in option.sources and getattr(options, name) != getattr(unset, name)
    ]
    if not foreign:
        return
    named = " and ".join(f"roster.{name}" for name in foreign)
    owners = [
        source for source in SOURCES if all(source in OPTIONS[name].sources for name in foreign)
    ]
    remedy = f"set roster.source to {' or '.join(owners)}, or remove {named}" if owners else ""
    raise UsageError(
        attempted=f"opening the roster {options.source!r}",
        found=f"{named} is set, which this source ignores",
        meaning="people may be reviewed who were meant to be left out",
        remedy=remedy or f"remove {named} from the configuration",
    )
