"""`lastseen init`: ask a few questions and write a configuration. The key never goes into it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from lastseen.cli.doctor import doctor
from lastseen.cli.errors import print_line
from lastseen.cli.init_checks import (
    FILE_SOURCES,
    confirm_address,
    confirm_key,
    confirm_roster,
    known_key,
    roster_problem,
)
from lastseen.cli.init_sessions import MODES, QUESTION, checked_mode, recommended_mode
from lastseen.cli.invocation import invocation
from lastseen.cli.output import target_of, write_file
from lastseen.cli.prompts import agreed_to, answered, can_be_asked, confirmed, wrapped
from lastseen.model.errors import LastseenError, UsageError
from lastseen.model.secret import ApiKey, key_problem
from lastseen.regular_file import in_home

if TYPE_CHECKING:
    from lastseen.api import Settings

_Answer = TypeVar("_Answer")
_ATTEMPTED = "making a configuration"


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What the command line says; None where it says nothing."""

    portal: str | None
    roster: str | None
    days: int | None
    key_file: Path | None
    open_sessions: str | None


@dataclass(frozen=True, kw_only=True)
class _Answers:
    """What the configuration will say; everything is checked."""

    portal_url: str
    roster: Path | None
    """A file; None is the portal's guests."""
    days: int
    key: ApiKey | None
    key_file: Path | None
    """A file that holds the key already."""
    open_sessions: str
    """What happens to people who may still be signed in."""


def init(
    context: typer.Context,
    portal: Annotated[
        str | None,
        typer.Option("--portal", "--portal-url", metavar="URL", help="The portal's address."),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key-file", metavar="FILE", help="A file with the API key, readable by you only."
        ),
    ] = None,
    roster: Annotated[
        str | None,
        typer.Option(
            "--roster", metavar="guests|FILE", help="The portal's guests, or a CSV or Excel file."
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="N", help="Disable after N days without a sighting."),
    ] = None,
    open_sessions: Annotated[
        str | None,
        typer.Option(
            "--open-sessions",
            metavar="|".join(MODES),
            help="What happens to people who may still be signed in.",
        ),
    ] = None,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Don't ask; use defaults for options that are not given."),
    ] = False,
) -> int:
    """Write a configuration.

    Writes lastseen.toml in this folder, or the file that -c names. In a terminal it asks for
    whatever the options don't say, and checks each answer; elsewhere --portal is enough. The key
    goes to the keyring or to a file of its own, never into the configuration.
    """
    file = invocation(context).config or Path("lastseen.toml")
    ask = can_be_asked() and not yes
    if file.exists() and not _may_replace(file, ask=ask):
        return 0
    options = _Options(
        portal=portal or (None if ask else os.environ.get(_PORTAL_VARIABLE)),
        roster=roster,
        days=days,
        key_file=key_file,
        open_sessions=open_sessions,
    )
    answers = _answers(options, ask=ask)
    kept_in = _keep_key(answers, folder=target_of(file).parent, ask=ask)
    _write(file, answers, key_file=kept_in)
    if ask and _has_key(file) and confirmed("Check the portal now?"):
        return doctor(context)
    print_line("Next: `lastseen doctor` checks everything that a decision needs.")
    return 0


def _has_key(file: Path) -> bool:
    """Return whether the next command will find a key."""
    from lastseen.api import find_key, load_settings

    try:
        find_key(load_settings(file, os.environ), os.environ)
    except LastseenError:
        return False
    return True


def _may_replace(file: Path, *, ask: bool) -> bool:
    if not ask:
        raise UsageError(
            attempted=_ATTEMPTED,
            found=f"{file} exists already",
            meaning="it is never replaced without a question, and none can be asked",
            remedy="move it away, or name another file: lastseen init -c FILE",
        )
    return agreed_to(
        f"{file} exists already and will be replaced.", yes=False, attempted=_ATTEMPTED
    )


def _answers(options: _Options, *, ask: bool) -> _Answers:
    """Return the options, and answers for those not given; raises UsageError for a bad option."""
    _require_sound(options, ask=ask)
    portal, roster, days = options.portal, options.roster, options.days
    key_file, mode = options.key_file, options.open_sessions
    answers = _Answers(
        portal_url=_checked_address(portal)
        if portal
        else _asked(_ADDRESS, _tried_address, os.environ.get(_PORTAL_VARIABLE)),
        roster=_checked_roster(roster)
        if roster is not None or not ask
        else _asked(_ROSTER, _tried_roster, "guests"),
        days=_checked_days(days if days is not None else 30)
        if days is not None or not ask
        else _asked(_DAYS, _checked_days, "30"),
        key=None,
        key_file=key_file.resolve() if key_file else None,
        open_sessions="report" if mode is None else checked_mode(mode),
    )
    if roster is not None or not ask:
        problem = roster_problem(answers.roster)
        if problem is not None:
            print_line(problem, level="warning")
    if not ask:
        return answers
    answers, may_end = _with_key(answers)
    if mode is not None:
        return answers
    best = recommended_mode(may_end)
    return replace(answers, open_sessions=_asked(QUESTION, checked_mode, best))


def _with_key(answers: _Answers) -> tuple[_Answers, bool | None]:
    """Ask for the key unless a file has it, and try it; return whether it may end sessions too."""
    url = answers.portal_url
    known = known_key(url, answers.key_file)
    if answers.key_file is not None:
        return answers, confirm_key(url, known, typed=False)
    tried: list[bool | None] = []

    def check(text: str) -> ApiKey | None:
        key = _checked_key(text)
        tried.append(confirm_key(url, key or known, typed=key is not None))
        return key

    key = _asked(_key_question(known), check, "", hidden=True)
    return replace(answers, key=key), tried[-1]


def _key_question(known: ApiKey | None) -> str:
    """Return the question; it offers a key that the next command would find anyway."""
    for variable in ("LASTSEEN_API_KEY", "LASTSEEN_API_KEY_FILE"):
        if os.environ.get(variable):
            return f"API key (not shown; press Enter to use {variable})"
    if known is not None:
        return "API key (not shown; press Enter to use the one in the keyring)"
    return "API key (not shown; press Enter to set it later)"


def _tried_address(text: str) -> str:
    return confirm_address(_checked_address(text))


def _tried_roster(text: str) -> Path | None:
    return confirm_roster(_checked_roster(text))


def _require_sound(options: _Options, *, ask: bool) -> None:
    """Raise UsageError with everything that is wrong with the options."""
    portal, roster, days = options.portal, options.roster, options.days
    key_file, mode = options.key_file, options.open_sessions
    checks: list[Callable[[], object]] = []
    if portal is not None:
        checks.append(lambda: _checked_address(portal))
    elif not ask:
        checks.append(_refuse_no_address)
    if roster is not None:
        checks.append(lambda: _checked_roster(roster))
    if days is not None:
        checks.append(lambda: _checked_days(days))
    if key_file is not None:
        checks.append(lambda: _checked_key_file(key_file))
    if mode is not None:
        checks.append(lambda: checked_mode(mode))
    errors = []
    for check in checks:
        try:
            check()
        except UsageError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise UsageError(
            attempted=_ATTEMPTED,
            found="; ".join(error.found for error in errors),
            meaning="nothing was written",
            remedy="; ".join(error.remedy for error in errors),
        )


def _refuse_no_address() -> None:
    raise UsageError(
        attempted=_ATTEMPTED,
        found="no portal address",
        meaning="the configuration has to say which portal it is for; nothing was written",
        remedy="lastseen init --portal https://… --key-file FILE --roster guests",
    )


def _checked_key_file(file: Path) -> None:
    if not file.is_file():
        raise UsageError(
            attempted=_ATTEMPTED,
            found=f"there is no file {file}",
            meaning="the next command would find no API key",
            remedy="write the key into it first, readable by you only, or name another file",
        )


def _asked(
    question: str,
    check: Callable[[str], _Answer],
    default: str | None = None,
    *,
    hidden: bool = False,
) -> _Answer:
    """Ask until the answer passes `check`, saying each time what is wrong with it."""
    while True:
        try:
            return check(answered(question, default, hidden=hidden))
        except UsageError as error:
            print_line(wrapped(f"{error.found}; {error.remedy}"))


def _checked_address(text: str) -> str:
    from lastseen.model.portal_address import portal_address

    return portal_address(text)


def _checked_roster(text: str | None) -> Path | None:
    """Return the roster's file, None for the portal's guests; raises UsageError otherwise."""
    if text is None or text.strip().lower() in ("", "guests"):
        return None
    path = in_home(Path(text.strip()))
    if path.suffix.lower() not in FILE_SOURCES:
        raise UsageError(
            attempted=_ATTEMPTED,
            found=f"{text!r} is neither `guests` nor a file that ends in .csv or .xlsx",
            meaning="contractors come from the portal's guests or from a file",
            remedy="name a file, or `guests`; databases and services are set up in the file itself",
        )
    return path.resolve()


def _checked_days(value: str | int) -> int:
    try:
        days = int(value)
    except ValueError:
        days = 0
    if not 1 <= days <= 3650:
        raise UsageError(
            attempted=_ATTEMPTED,
            found=f"{value} is not a number of days from 1 to 3650",
            meaning="days are whole numbers",
            remedy="give a number such as 30",
        )
    return days


def _checked_key(text: str) -> ApiKey | None:
    """Return the key, None for nothing; raises UsageError for what can't be a key."""
    key = text.strip()
    if not key:
        return None
    problem = key_problem(key)
    if problem is not None:
        raise UsageError(
            attempted=_ATTEMPTED,
            found=f"that can't be an API key: it {problem}",
            meaning="the portal would refuse it",
            remedy="copy the key from the portal once more",
        )
    return ApiKey(key)


def _keep_key(answers: _Answers, *, folder: Path, ask: bool) -> Path | None:
    """Keep the key in the keyring or in a file; return the file that the configuration names."""
    from lastseen.api import store_key
    from lastseen.config.logging import hide

    if answers.key_file is not None or answers.key is None:
        if answers.key_file is None and known_key(answers.portal_url, None) is None:
            print_line("Set LASTSEEN_API_KEY or LASTSEEN_API_KEY_FILE before the next command.")
        return answers.key_file
    hide(answers.key)
    try:
        store_key(answers.portal_url, answers.key)
    except UsageError as error:
        file = folder / "lastseen.key"
        if ask and agreed_to(
            f"The keyring can't keep the key ({error.found}). It can be kept in {file}, readable "
            "by you only.",
            yes=False,
            attempted="keeping the API key",
            otherwise="The key is not kept. Set LASTSEEN_API_KEY before the next command.",
        ):
            content = f"{answers.key.reveal()}\nportal={answers.portal_url}\n"
            write_file(file, content.encode())
            return file
        return None
    print_line("The key is in the keyring.")
    return None


def _write(file: Path, answers: _Answers, *, key_file: Path | None) -> None:
    from lastseen.api import configuration_text

    settings = _settings(answers, key_file)
    write_file(target_of(file), configuration_text(settings).encode())
    print_line(f"Written to {file}.", event="written", file=str(file))
    if answers.roster is not None and not answers.roster.exists():
        print_line(f"{answers.roster} does not exist yet: the first review needs it.")


def _settings(answers: _Answers, key_file: Path | None) -> "Settings":
    """Return the answers as settings, checked like any configuration; raises UsageError."""
    from lastseen.api import load_settings

    given = {
        "LASTSEEN_PORTAL__URL": answers.portal_url,
        "LASTSEEN_POLICY__INACTIVE_DAYS": str(answers.days),
        "LASTSEEN_POLICY__OPEN_SESSIONS": answers.open_sessions,
    }
    if key_file is not None:
        given["LASTSEEN_PORTAL__API_KEY_FILE"] = str(key_file)
    if answers.roster is not None:
        given["LASTSEEN_ROSTER__SOURCE"] = FILE_SOURCES[answers.roster.suffix.lower()]
        given["LASTSEEN_ROSTER__PATH"] = str(answers.roster)
    return load_settings(Path(os.devnull), given)


_PORTAL_VARIABLE = "LASTSEEN_PORTAL__URL"
_ADDRESS = "The portal's address (https://…)"
_ROSTER = "Contractors: `guests` for the portal's guests, or a CSV or Excel file"
_DAYS = "Disable after how many days without a sighting"
