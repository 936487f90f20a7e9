"""Reads the fleet file: `[defaults.…]` and one `[[portal]]` a portal, checked as a whole.

What a table may say is the business of `lastseen.config`; this module joins defaults with each
portal's own tables, and keeps secrets out. The environment has no say here.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qsl, urlsplit

import msgspec

from lastseen.config.load import settings_from
from lastseen.fleet.references import is_reference
from lastseen.fleet.schedule import Schedule, is_time_zone, problem_with
from lastseen.model.errors import UsageError
from lastseen.model.fleet import Command
from lastseen.regular_file import Unsuitable, in_home, read_regular_file, why_unreadable
from lastseen.rosters.references import is_reference as is_secret_reference
from lastseen.rosters.references import usually_secret

_LARGEST = 16 * 1024 * 1024
"""Bytes of a fleet file; ten thousand portals need less."""

LONGEST_JITTER = 24 * 60
"""Minutes."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_OWN_KEYS = {"name", "api_key", "command", "schedule", "time_zone", "jitter_minutes"}
_ONE_FOR_ALL = ("ledger", "portal")
_SECRET_OPTION = re.compile(r"api.?key|token|secret|passw|pwd|credential", re.IGNORECASE)
"""Options of plug-ins that hold a secret; a name such as `key_column` does not."""


class FleetPortal(msgspec.Struct, frozen=True, kw_only=True):
    """One portal of the fleet as the fleet file describes it; contains no secret."""

    name: str
    """The operator's name for it."""
    url: str
    """Its address, normalised."""
    api_key: str
    """Where a worker finds the API key: `env:NAME` or `file:PATH`."""
    command: Command
    """What a scheduled job does."""
    schedule: Schedule | None
    """When jobs are due; None: only when enqueued by hand."""
    tables: dict[str, Any]
    """The tables of a configuration (portal, roster, policy, guardrails and so on), merged with
    the defaults; relative paths are made absolute."""


def read_fleet(path: Path) -> tuple[FleetPortal, ...]:
    """Read the fleet file and check all of it.

    Raises UsageError that lists every problem of every portal. No value that may be a secret is
    repeated in it.
    """
    document = _document(path)
    problems: list[str] = []
    unknown = sorted(set(document) - {"defaults", "portal", "ledger"})
    problems += [f"{name} is not a table of a fleet file" for name in unknown]
    defaults, entries = document.get("defaults", {}), document.get("portal", [])
    if not isinstance(defaults, dict) or not isinstance(entries, list):
        raise _refused(path, ["write [defaults.…] for defaults and [[portal]] for each portal"])
    defaults = {name: value for name, value in defaults.items() if _is_table(name, value, problems)}
    portals = []
    for number, entry in enumerate(entries, start=1):
        reader = _Entry(entry, number, defaults, path)
        portal = reader.read()
        problems += reader.problems
        if portal is not None:
            portals.append(portal)
    problems += _repeated(portals)
    if problems:
        raise _refused(path, problems)
    return tuple(portals)


class _Entry:
    """One `[[portal]]` being read."""

    def __init__(self, entry: Any, number: int, defaults: Mapping[str, Any], path: Path) -> None:
        table = entry if isinstance(entry, dict) else {}
        self.problems: list[str] = [] if table is entry else [f"portal {number} is not a table"]
        own = {key: value for key, value in table.items() if not isinstance(value, dict)}
        self._keys = {**defaults.get("portal", {}), **own}
        self._tables = {key: value for key, value in table.items() if isinstance(value, dict)}
        self._defaults = defaults
        self._path = path
        name = self._keys.get("name")
        self._shown = f"portal {name}" if self._is_name(name) else f"portal number {number}"

    def read(self) -> FleetPortal | None:
        """Return the portal, or None with `problems` filled."""
        if self.problems:
            return None
        keys = self._keys
        if "api_key_file" in keys:
            self._note('api_key_file is not allowed here: write api_key = "file:PATH"')
        if not self._is_name(keys.get("name")):
            self._note("name must be 1 to 64 letters, digits, dots, dashes or underscores")
        tables = self._joined_tables()
        self._check_secrets(tables)
        url = self._checked_url(tables)
        reference = self._reference(keys.get("api_key"))
        command = keys.get("command", "review")
        if command not in get_args(Command):
            self._note(f"command must be one of {', '.join(get_args(Command))}")
        schedule = self._schedule()
        if self.problems or url is None or reference is None:
            return None
        return FleetPortal(
            name=keys["name"],
            url=url,
            api_key=reference,
            command=command,
            schedule=schedule,
            tables=tables,
        )

    def _joined_tables(self) -> dict[str, Any]:
        """Return the tables of this portal's configuration, merged with the defaults."""
        tables: dict[str, Any] = {
            "portal": {key: value for key, value in self._keys.items() if key not in _OWN_KEYS}
        }
        for name in sorted({*self._defaults, *self._tables} - set(_ONE_FOR_ALL)):
            below, own = self._defaults.get(name, {}), self._tables.get(name, {})
            if name == "roster" and own.get("source", below.get("source")) != below.get("source"):
                below = {}  # another source uses none of the default one's options
            tables[name] = {**below, **own}
        for name in _ONE_FOR_ALL:
            if name in self._tables:
                self._note(f"{name} can't be a table of one portal")
        _anchor_path(tables, self._path)
        return tables

    def _checked_url(self, tables: dict[str, Any]) -> str | None:
        try:
            return settings_from(tables).portal.url
        except UsageError as error:
            self._note(error.found)
            return None

    def _reference(self, value: object) -> str | None:
        if isinstance(value, str) and value.startswith("file:"):
            file = in_home(Path(value.removeprefix("file:")))
            value = f"file:{(self._path.parent / file).absolute()}"
        if isinstance(value, str) and is_reference(value):
            return value
        # What was written may be the key itself: it is not repeated.
        self._note("api_key must be a reference, env:NAME or file:PATH, never the key itself")
        return None

    def _schedule(self) -> Schedule | None:
        cron, zone = self._keys.get("schedule"), self._keys.get("time_zone", "UTC")
        jitter = self._keys.get("jitter_minutes", 0)
        if not isinstance(zone, str) or not is_time_zone(zone):
            self._note('time_zone must be an IANA name such as "Europe/Berlin", or "portal"')
        if type(jitter) is not int or not 0 <= jitter <= LONGEST_JITTER:
            self._note(f"jitter_minutes must be a whole number from 0 to {LONGEST_JITTER}")
        if cron is None:
            return None
        problem = problem_with(cron) if isinstance(cron, str) else "must be text"
        if problem:
            self._note(f"schedule {problem}")
            return None
        return None if self.problems else Schedule(cron=cron, time_zone=zone, jitter_minutes=jitter)

    def _check_secrets(self, tables: Mapping[str, Any]) -> None:
        """Refuse values that would put a secret into the database."""
        roster = tables.get("roster", {})
        headers = roster.get("headers", {})
        for name, value in headers.items() if isinstance(headers, dict) else ():
            if usually_secret(name) and not is_secret_reference(str(value).rpartition(" ")[2]):
                self._note(f"roster.headers.{name} must be env:NAME, never the secret itself")
        own = roster.get("options", {})
        for name, value in own.items() if isinstance(own, dict) else ():
            if _SECRET_OPTION.search(name) and not is_secret_reference(str(value)):
                self._note(f"roster.options.{name} must be env:NAME, never the secret itself")
        for key in ("url", "filter", "query"):
            if isinstance(roster.get(key), str) and _carries_secret(roster[key]):
                self._note(
                    f"roster.{key} contains a password or a key: write env:NAME instead, for a web "
                    "service in [roster.headers]"
                )

    def _note(self, problem: str) -> None:
        self.problems.append(f"{self._shown}: {problem}")

    @staticmethod
    def _is_name(name: object) -> bool:
        return isinstance(name, str) and _NAME.fullmatch(name) is not None


def _carries_secret(text: str) -> bool:
    try:
        parts = urlsplit(text)
        password = parts.password
    except ValueError:
        return False
    if password and not password.startswith("env:"):
        return True
    return any(
        usually_secret(name) and not value.startswith("env:")
        for name, value in parse_qsl(parts.query)
    )


def _anchor_path(tables: dict[str, Any], path: Path) -> None:
    """Make `roster.path` absolute, relative to the fleet file's folder."""
    written = tables.get("roster", {}).get("path")
    if isinstance(written, str) and written:
        anchored = (path.parent / in_home(Path(written))).absolute()
        tables["roster"] = {**tables["roster"], "path": str(anchored)}


def _is_table(name: str, value: object, problems: list[str]) -> bool:
    if name == "ledger":
        problems.append("the whole fleet shares one ledger: write [ledger], not under defaults")
        return False
    if not isinstance(value, dict):
        problems.append(f"defaults.{name} must be a table")
        return False
    return True


def _repeated(portals: list[FleetPortal]) -> Iterator[str]:
    for what, values in (
        ("name", [portal.name for portal in portals]),
        ("address", [portal.url for portal in portals]),
    ):
        for value, count in Counter(values).items():
            if count > 1:
                yield f"{count} portals have the {what} {value}"


def _document(path: Path) -> dict[str, Any]:
    try:
        content = read_regular_file(path, largest=_LARGEST)
        return tomllib.loads(content.decode("utf-8-sig"))
    except (OSError, Unsuitable) as error:
        found = why_unreadable(error)
    except UnicodeDecodeError as error:
        found = f"byte {error.start + 1} is not UTF-8"
    except tomllib.TOMLDecodeError as error:
        found = f"it is not valid TOML: {error}"
    except (RecursionError, ValueError):  # a number of 5,000 digits is a ValueError
        found = "it is nested too deeply, or a number has too many digits"
    raise UsageError(
        attempted=f"reading the fleet file {path}",
        found=found,
        meaning="the fleet stays as it is",
        remedy="name a fleet file; docs/fleet.md shows one",
    )


def _refused(path: Path, problems: list[str]) -> UsageError:
    return UsageError(
        attempted=f"reading the fleet file {path}",
        found="; ".join(problems),
        meaning="a fleet file is used whole or not at all: the fleet stays as it is",
        remedy="correct the keys named; docs/fleet.md describes every key",
    )
