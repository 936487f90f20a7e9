"""The question of `init` about people who may still be signed in, and what is recommended."""

import os
from pathlib import Path

from lastseen.cli.errors import print_line
from lastseen.cli.invocation import run_async
from lastseen.model.errors import LastseenError, UsageError
from lastseen.model.secret import ApiKey

MODES = ("report", "sign-out", "hold")
QUESTION = (
    "People who only read leave no trace. If they may still be signed in: `sign-out` (then wait), "
    "`hold`, or `report` (disable and mark)"
)
_PATIENCE_SECONDS = 10.0


def checked_mode(text: str) -> str:
    """Return how open sessions are treated; raises UsageError for anything else."""
    mode = text.strip().lower()
    if mode not in MODES:
        raise UsageError(
            attempted="making a configuration",
            found=f"{text!r} is none of {', '.join(MODES)}",
            meaning="it says what happens to people who may still be signed in",
            remedy="give one of the three",
        )
    return mode


def recommended_mode(portal_url: str, key: ApiKey | None, key_file: Path | None) -> str:
    """Return `sign-out` where the key may end sessions, else `report`, and say why."""
    try:
        can_end = run_async(_may_end_sessions(portal_url, key or _found(portal_url, key_file)))
    except LastseenError:
        print_line("Whether this key may end sessions is not known; `lastseen doctor` will tell.")
        return "report"
    if not can_end:
        print_line("This key may not end sessions, which `sign-out` needs.")
        return "report"
    print_line("This key may end sessions: `sign-out` is recommended.")
    return "sign-out"


def _found(portal_url: str, key_file: Path | None) -> ApiKey:
    from lastseen.api import find_key, load_settings

    given = {"LASTSEEN_PORTAL__URL": portal_url}
    if key_file is not None:
        given["LASTSEEN_PORTAL__API_KEY_FILE"] = str(key_file)
    return find_key(load_settings(Path(os.devnull), given), os.environ)


async def _may_end_sessions(portal_url: str, key: ApiKey) -> bool:
    """Ask the portal once. Raises PortalError; a release that can't tell (3.1.0) is trusted."""
    from lastseen.api import Limits, open_portal, system_clock

    limits = Limits(tries=1, connect_seconds=_PATIENCE_SECONDS, answer_seconds=_PATIENCE_SECONDS)
    async with open_portal(portal_url, key, clock=system_clock, limits=limits) as portal:
        own = await portal.own_key()
    return own is None or own.ends_sessions
