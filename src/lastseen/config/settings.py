"""The configuration as one frozen object: what can be set, and what it is when it isn't.

How it is read is said in `configuration`. The API key is never in here: see `keys`.
"""

from pathlib import Path
from typing import Literal

import msgspec

from lastseen.model.guardrails import Guardrails
from lastseen.model.plan import Policy
from lastseen.rosters.interface import RosterOptions


class PortalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The `[portal]` table."""

    url: str
    """The address: scheme and host in lower case, no trailing slash."""
    disabled_status: Literal["Terminated", 2] = "Terminated"
    """How the status that disables somebody is written to the portal: by name or by number."""
    api_key_file: Path | None = None
    """A file with the API key; None: the environment or the keyring."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be configured."""

    portal: PortalSettings
    """Which portal."""
    roster: RosterOptions = RosterOptions()
    """Where contractors come from."""
    policy: Policy = Policy()
    """By which rules a review decides."""
    guardrails: Guardrails = Guardrails()
    """Beyond which numbers a run stops."""
    ledger_url: str | None = None
    """The ledger's database; None for a file in the platform's data folder."""
