"""The answers of `init` tried at once: the address, the key and the roster's file.

What is wrong is said before the next question, and kept only by those who confirm it.
"""

import os
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from lastseen.cli.errors import print_line
from lastseen.cli.invocation import run_async
from lastseen.cli.prompts import confirmed, wrapped
from lastseen.model.counting import counted
from lastseen.model.errors import LastseenError, PortalRefused, UsageError
from lastseen.model.secret import ApiKey

if TYPE_CHECKING:
    from lastseen.api import Limits, Portal
    from lastseen.docspace.interface import Release

FILE_SOURCES = {".csv": "csv", ".xlsx": "xlsx"}
"""The endings of roster files, and their sources."""

_Found = TypeVar("_Found")
_ATTEMPTED = "making a configuration"
_PATIENCE_SECONDS = 10.0
_WRONG_KEY = (401, 403)


def confirm_address(url: str) -> str:
    """Return the address once the portal there answers, or the user keeps it all the same.

    Raises UsageError where the user wants to give another.
    """
    found = _tried(_release(url))
    if isinstance(found, LastseenError):
        problem = f"{found.found[0].upper()}{found.found[1:]}: {found.meaning}."
    elif found is None:
        problem = f"{url} answers, but not as an ONLYOFFICE DocSpace portal does."
    elif not found.is_supported:
        problem = f"It is DocSpace {found.text}; Lastseen needs API keys, so 3.1 or newer."
    else:
        print_line(f"It is DocSpace {found.text}.")
        return url
    return _kept(problem, "Keep this address anyway?", url)


def confirm_key(url: str, key: ApiKey | None, *, typed: bool) -> bool | None:
    """Try the key on the portal; return whether it may end sessions, None if that isn't known.

    A key that the user `typed` and the portal refuses is kept only if the user confirms it: raises
    UsageError where they want to give another.
    """
    from lastseen.config.logging import hide

    if key is None:
        return None
    hide(key)
    found = _tried(_may_end_sessions(url, key))
    if not isinstance(found, LastseenError):
        return found
    if not (isinstance(found, PortalRefused) and found.status in _WRONG_KEY):
        print_line(wrapped(f"The key could not be tried: {found.found}."))
        return None
    problem = f"The portal refuses this key ({found.found}): {found.meaning}."
    if typed:
        _kept(problem, "Keep this key anyway?", key)
    else:
        print_line(wrapped(problem))
    return None


def confirm_roster(path: Path | None) -> Path | None:
    """Return the file once it reads as a review would read it, or the user keeps it all the same.

    Raises UsageError where the user wants to give another.
    """
    problem = roster_problem(path)
    return path if problem is None else _kept(problem, "Use this file anyway?", path)


def roster_problem(path: Path | None) -> str | None:
    """Return why a review can't use the file; None if it can, or if it does not exist yet."""
    from lastseen.api import RosterOptions, open_roster

    if path is None or not path.exists():
        return None
    options = RosterOptions(source=FILE_SOURCES[path.suffix.lower()], path=path)
    try:
        roster = open_roster(options)
        listing = run_async(roster.load(cast("Portal", None)))  # a file asks no portal
    except LastseenError as error:
        return f"{path}: {error.found}. {error.remedy[0].upper()}{error.remedy[1:]}."
    print_line(f"{path}: {counted(len(listing.contractors), 'contractor')}.")
    for warning in listing.warnings[:3]:
        print_line(wrapped(warning))
    return None


def known_key(url: str, key_file: Path | None) -> ApiKey | None:
    """Return the key that the next command would find; None if there is none."""
    from lastseen.api import find_key, load_settings

    given = {"LASTSEEN_PORTAL__URL": url}
    if key_file is not None:
        given["LASTSEEN_PORTAL__API_KEY_FILE"] = str(key_file)
    try:
        return find_key(load_settings(Path(os.devnull), given), os.environ)
    except LastseenError:
        return None


def _kept(problem: str, question: str, answer: _Found) -> _Found:
    print_line(wrapped(problem))
    if confirmed(question):
        return answer
    raise UsageError(
        attempted=_ATTEMPTED,
        found="It is not kept",
        meaning="nothing was written",
        remedy="give another",
    )


def _tried(work: Coroutine[object, object, _Found]) -> "_Found | LastseenError":
    try:
        return run_async(work)
    except LastseenError as error:
        return error


async def _release(url: str) -> "Release | None":
    from lastseen.api import open_portal, system_clock

    async with open_portal(url, None, clock=system_clock, limits=_limits()) as portal:
        return await portal.release()


async def _may_end_sessions(url: str, key: ApiKey) -> bool:
    """Ask the portal; a release that can't tell (3.1.0) is trusted. Raises PortalError."""
    from lastseen.api import open_portal, system_clock

    async with open_portal(url, key, clock=system_clock, limits=_limits()) as portal:
        own = await portal.own_key()
        if own is None:
            await portal.whoami()
        return own is None or own.ends_sessions


def _limits() -> "Limits":
    from lastseen.api import Limits

    return Limits(tries=1, connect_seconds=_PATIENCE_SECONDS, answer_seconds=_PATIENCE_SECONDS)
