"""Reads the configuration: `lastseen.toml` and environment variables, checked, into `Settings`.

`schema` says what a value must be. No other file is opened here.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lastseen.config.settings import Settings
from lastseen.model.errors import UsageError
from lastseen.regular_file import (
    Unsuitable,
    read_regular_file,
    unreadable,
)

_LEDGER = "LASTSEEN_LEDGER__"
_LARGEST = 1024 * 1024
_PART = r"""[^\s.=,\[\]"'#]"""
_DEEP_KEY = re.compile(rf"(?<!{_PART})(?:{_PART}++\s*+\.\s*+){{64}}")
"""A dotted key of very many parts, for which tomllib takes time that grows with their square."""

DEFAULT_FILE = Path("lastseen.toml")
"""The configuration file that is read if none is named, if it exists."""


def load_settings(config_path: Path | None, environ: Mapping[str, str]) -> Settings:
    """Read the configuration.

    `config_path` is the file to read; None means `lastseen.toml` in the working directory, if there
    is one; that file is refused if somebody else could have written it, since a user who runs a
    command in a folder has not chosen every file in it. `environ` overrides the file:
    `LASTSEEN_<TABLE>__<KEY>`, lists as JSON or separated by commas; an empty variable counts as
    not set. A relative path is taken from the file's folder when it is in the file, from the
    working directory when it is in `environ`.

    Raises UsageError that lists everything wrong with file and environment at once. Values that
    may be secret are never in it.
    """
    path = config_path or found_file()
    tables = _tables(path, found=config_path is None) if path else {}
    # pydantic takes a fifth of a second to import.
    from lastseen.config.schema import checked

    return checked(tables, environ, path=path)


def settings_from(tables: Mapping[str, object]) -> Settings:
    """Check the tables of a configuration that comes from somewhere other than its own file.

    Neither a file nor the environment is read; paths in `tables` are absolute. Raises
    UsageError as `load_settings` does.
    """
    from lastseen.config.schema import checked

    return checked(dict(tables), {}, path=None)


def load_ledger_url(config_path: Path | None, environ: Mapping[str, str]) -> str | None:
    """Read only the ledger's address, for commands that work on many portals.

    Only `[ledger]` of the file counts, and only `LASTSEEN_LEDGER__*` of `environ`. Raises
    UsageError as `load_settings` does.
    """
    path = config_path or found_file()
    tables = _tables(path, found=config_path is None) if path else {}
    from lastseen.config.schema import checked

    own = {name: value for name, value in environ.items() if name.upper().startswith(_LEDGER)}
    needed = {"portal": {"url": "https://portal.invalid"}, "ledger": tables.get("ledger", {})}
    return checked(needed, own, path=path).ledger_url


def found_file() -> Path | None:
    """Return the configuration file of the working directory, or None if there is none."""
    return DEFAULT_FILE if os.path.lexists(DEFAULT_FILE) else None


def _tables(path: Path, *, found: bool) -> dict[str, Any]:
    attempted = f"reading the configuration {path.absolute()}"
    try:
        text = read_regular_file(path, largest=_LARGEST, found=found).decode("utf-8-sig")
        if _DEEP_KEY.search(text):
            raise RecursionError
        return tomllib.loads(text)
    except (OSError, Unsuitable) as error:
        if path == Path(os.devnull):
            return {}
        raise _no_file(attempted, error, found=found) from None
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
            remedy='correct that place; text needs quotation marks: url = "https://…"',
        ) from None
    except (RecursionError, ValueError):  # a number of 5,000 digits is a ValueError
        raise UsageError(
            attempted=attempted,
            found="it is nested too deeply, or has a number with too many digits",
            meaning="no configuration of Lastseen needs that, so none of it is used",
            remedy="write a new one with `lastseen init`",
        ) from None


def _no_file(attempted: str, error: OSError | Unsuitable, *, found: bool) -> UsageError:
    if found:
        return unreadable(
            attempted,
            error,
            meaning="a file that others could have put here could send the API key anywhere or "
            "lift the guardrails, so it is not used",
            remedy="make it a file of your own (chown) that you alone can write to (chmod 644), or "
            "name it with -c if you trust it",
        )
    return unreadable(
        attempted,
        error,
        meaning="without it the portal, the roster and the rules are unknown",
        remedy="name the file with -c, or write one with `lastseen init`",
    )
