"""`lastseen init`: ask a few questions and write a configuration. The key never goes into it."""

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lastseen.cli.errors import print_line
from lastseen.cli.invocation import invocation
from lastseen.cli.output import write_file
from lastseen.cli.prompts import agreed_to, answered
from lastseen.model.errors import UsageError
from lastseen.model.secret import ApiKey

if TYPE_CHECKING:
    from lastseen.api import Settings

_ATTEMPTED = "making a configuration"
_BY_ENVIRONMENT = "Set LASTSEEN_API_KEY, or LASTSEEN_API_KEY_FILE, before the next command."


def init(
    context: typer.Context,
    portal_url: Annotated[
        str | None,
        typer.Option("--portal-url", metavar="URL", help="The portal's address; not asked then."),
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(
            "--roster", metavar="FILE", help="A CSV file of contractors; default: the guests."
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="N", help="Disable after N days unseen; default: 30."),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Ask nothing; what isn't given takes its default."),
    ] = False,
) -> None:
    """Ask a few questions and write a configuration.

    That is lastseen.toml here, or what -c names. A file that is there is replaced only after a
    question. The key goes to the keyring or to a file of its own, never into the configuration.
    """
    from lastseen.api import configuration_text

    file = invocation(context).config or Path("lastseen.toml")
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            attempted=_ATTEMPTED,
            found="no terminal to ask on, and no --yes",
            meaning="the questions can't be asked; nothing was written",
            remedy="lastseen init --portal-url https://… --yes",
        )
    if file.exists() and not _may_replace(file, yes=yes):
        return
    settings = _settings(portal_url, roster, days, ask=not yes)
    write_file(file.resolve(), configuration_text(settings).encode())
    print_line(f"Written to {file}.")
    if (path := settings.roster.path) is not None and not Path(path).exists():
        print_line(f"{path} is not there yet: the first review needs it.")
    if not yes:
        _keep_key(settings.portal.url, beside=file.resolve().parent)
    print_line("Next: `lastseen doctor` says whether everything needed is there.")


def _may_replace(file: Path, *, yes: bool) -> bool:
    if yes:
        raise UsageError(
            attempted=_ATTEMPTED,
            found=f"{file} is there already",
            meaning="it is never replaced without a question, and --yes asks none",
            remedy="move it away, or name another file: lastseen -c FILE init",
        )
    return agreed_to(
        f"{file} is there already and will be replaced.", yes=False, attempted=_ATTEMPTED
    )


def _settings(
    portal_url: str | None, roster: Path | None, days: int | None, *, ask: bool
) -> "Settings":
    """Return the answers, checked like any configuration; raises UsageError."""
    from lastseen.api import load_settings

    if ask:
        portal_url = portal_url or answered("The portal's address (https://…)")
        if roster is None:
            named = answered("A CSV file of contractors, or nothing for the portal's guests", "")
            roster = Path(named) if named else None
        days = days or _number(answered("Disable after how many days unseen", "30"))
    if not portal_url:
        raise UsageError(
            attempted=_ATTEMPTED,
            found="no address of a portal",
            meaning="the configuration has to say which portal it is for",
            remedy="give --portal-url https://…",
        )
    answers = {"LASTSEEN_PORTAL__URL": portal_url}
    if roster is not None:
        answers["LASTSEEN_ROSTER__SOURCE"] = "csv"
        answers["LASTSEEN_ROSTER__PATH"] = str(roster.resolve())
    if days is not None:
        answers["LASTSEEN_POLICY__INACTIVE_DAYS"] = str(days)
    return load_settings(Path(os.devnull), answers)


def _keep_key(portal_url: str, *, beside: Path) -> None:
    from lastseen.api import store_key
    from lastseen.config.logging import hide

    key = ApiKey(getpass.getpass("API key (not shown; nothing leaves it to the environment): "))
    if not key:
        print_line(_BY_ENVIRONMENT)
        return
    hide(key)
    try:
        store_key(portal_url, key)
        print_line("The key is in the keyring.")
    except UsageError as error:
        file = beside / "lastseen.key"
        if agreed_to(
            f"No keyring here ({error.found}). The key can be kept in {file}, "
            "readable by you only.",
            yes=False,
            attempted="keeping the API key",
            otherwise=f"The key is not kept. {_BY_ENVIRONMENT}",
        ):
            write_file(file, f"{key.reveal()}\n".encode())
            print_line(f"Set LASTSEEN_API_KEY_FILE={file} before the next command.")


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(
            attempted=_ATTEMPTED,
            found=f"{text!r} is no whole number",
            meaning="days are counted in whole numbers",
            remedy="answer with a number, such as 30",
        ) from None
