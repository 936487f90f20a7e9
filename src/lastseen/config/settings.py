"""The configuration as one frozen object: what can be set, and the defaults.

`load` reads it. The API key is never in here: see `api_key`.
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
    """The portal's address: `https://`, or `http://` for this machine only."""
    disabled_status: Literal["Terminated", 2] = "Terminated"
    """The portal's name or number for the status that disables an account."""
    api_key_file: Path | None = None
    """A file with the API key; not set: the environment or the keyring."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be configured."""

    portal: PortalSettings
    """The portal."""
    roster: RosterOptions = RosterOptions()
    """Where contractors come from."""
    policy: Policy = Policy()
    """The rules by which a review decides."""
    guardrails: Guardrails = Guardrails()
    """The limits beyond which a run stops."""
    ledger_url: str | None = None
    """`sqlite:////file` or `postgresql+psycopg://…`; not set: a file in the data folder."""
