"""The configuration: `lastseen.toml` and environment variables, checked, as one frozen object.

What may be set and what a value must be. The API key is never set here: see `keys`. Nothing is
opened here.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from lastseen.errors import UsageError
from lastseen.guardrails import Guardrails
from lastseen.plan import Policy
from lastseen.rosters.interface import RosterOptions

DEFAULT_FILE = Path("lastseen.toml")
"""The configuration file that is read where none is named, if it is there."""


class PortalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The `[portal]` table."""

    url: str
    """The address: scheme and host in lower case, no trailing slash."""
    disabled_status: Literal["Terminated", 2] = "Terminated"
    """How the status that disables somebody is written to the portal: by name or by number."""


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


def load_settings(config_path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the configuration.

    `config_path` is the file to read; None means `lastseen.toml` in the working directory, if there
    is one. `environ` goes before the file: `LASTSEEN_<TABLE>__<KEY>`, lists as JSON or parted by
    commas; an empty variable counts as not set. A relative `roster.path` is taken from the file's
    folder when it stands in the file, from the working directory when it stands in `environ`.

    Raises UsageError that lists everything wrong with file and environment at once. Values that
    may be secret are never in it.
    """
    path = config_path or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    tables = _tables(path) if path else {}
    # pydantic takes a third of a second to import.
    from lastseen.configuration_rules import checked

    return checked(tables, environ, path=path)


def _tables(path: Path) -> dict[str, Any]:
    attempted = f"reading the configuration {path.absolute()}"
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UsageError(
            attempted=attempted,
            found=(error.strerror or type(error).__name__).lower(),
            meaning="nothing is known of the portal, the roster and the rules",
            remedy="name the file with -c, or make one with `lastseen init`",
        ) from None
    except UnicodeDecodeError as error:
        raise UsageError(
            attempted=attempted,
            found=f"byte {error.start + 1} is not UTF-8",
            meaning="a TOML file is text in UTF-8",
            remedy="save the file in UTF-8",
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            attempted=attempted,
            found=str(error),
            meaning="the file is not valid TOML, so none of it is used",
            remedy='correct that place; text stands in quotation marks: url = "https://…"',
        ) from None
