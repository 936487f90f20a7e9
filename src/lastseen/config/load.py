"""Reads the configuration: `lastseen.toml` and environment variables, checked, into `Settings`.

What a value must be is said in `configuration_rules`. Nothing is opened here but the file.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lastseen.config.settings import Settings
from lastseen.model.errors import UsageError

_LEDGER = "LASTSEEN_LEDGER__"

DEFAULT_FILE = Path("lastseen.toml")
"""The configuration file that is read where none is named, if it is there."""


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
    from lastseen.config.schema import checked

    return checked(tables, environ, path=path)


def settings_from(tables: Mapping[str, Any]) -> Settings:
    """Check the tables of a configuration that came from elsewhere than a file of its own.

    Neither a file nor the environment is looked at; paths in `tables` are absolute. Raises
    UsageError as `load_settings` does.
    """
    from lastseen.config.schema import checked

    return checked(dict(tables), {}, path=None)


def load_ledger_url(config_path: Path | None, environ: Mapping[str, str]) -> str | None:
    """Read the ledger's address alone, for those who work on many portals.

    Only `[ledger]` of the file counts, and only `LASTSEEN_LEDGER__*` of `environ`. Raises
    UsageError as `load_settings` does.
    """
    path = config_path or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)
    tables = _tables(path) if path else {}
    from lastseen.config.schema import checked

    own = {name: value for name, value in environ.items() if name.upper().startswith(_LEDGER)}
    needed = {"portal": {"url": "https://portal.invalid"}, "ledger": tables.get("ledger", {})}
    return checked(needed, own, path=path).ledger_url


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
