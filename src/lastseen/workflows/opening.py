"""Opens a portal and a roster as configured, without the ledger.

Loads no database library: a review sends its first requests while that is loaded.
"""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lastseen.config.api_key import find_key
from lastseen.config.logging import hide
from lastseen.config.settings import Settings
from lastseen.docspace import Portal, open_portal
from lastseen.model.instant import Clock, system_clock
from lastseen.rosters import Roster, open_roster


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A portal and a roster, open until the block ends."""

    portal: Portal
    """The portal."""
    roster: Roster
    """Where the contractors come from."""


@asynccontextmanager
async def open_portal_and_roster(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    environ: Mapping[str, str] | None = None,
) -> AsyncIterator[Opened]:
    """Open the portal and the roster that `settings` name, and close them after.

    The API key is looked up in `environ` (None: the process's own) and in the keyring. No request
    is sent yet. Raises UsageError if there is no key or the roster's options can't be used.
    """
    key = find_key(settings, os.environ if environ is None else environ)
    hide(key)
    roster = open_roster(settings.roster)
    async with open_portal(
        settings.portal.url,
        key,
        clock=clock,
        disabled_status=settings.portal.disabled_status,
    ) as portal:
        yield Opened(portal=portal, roster=roster)
