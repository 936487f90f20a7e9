"""What can go wrong, described so that a person knows what to do next.

Every error that a user may meet derives from `LastseenError`; a command prints its four lines and
ends with its exit code. The API key must never reach any of the four texts.
"""

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How a command ends; fixed, since schedulers act on it."""

    DONE = 0
    BUG = 1
    USAGE = 2
    REFUSED = 3
    INCOMPLETE = 4
    GUARDRAIL = 5
    PARTIAL = 6


_BY_SEVERITY = (
    ExitCode.BUG,
    ExitCode.USAGE,
    ExitCode.REFUSED,
    ExitCode.PARTIAL,
    ExitCode.GUARDRAIL,
    ExitCode.INCOMPLETE,
    ExitCode.DONE,
)


def most_severe(*codes: ExitCode) -> ExitCode:
    """Return the exit code of a command that ends with several of them."""
    return min(codes, key=_BY_SEVERITY.index, default=ExitCode.DONE)


class LastseenError(Exception):
    """The parent of every error that is meant for a person."""

    exit_code: ClassVar[ExitCode] = ExitCode.BUG

    def __init__(self, *, attempted: str, found: str, meaning: str, remedy: str) -> None:
        """Keep four sentences: what was attempted, what came back, what it means, what to do."""
        super().__init__(f"{attempted}: {found}")
        self.attempted = attempted
        self.found = found
        self.meaning = meaning
        self.remedy = remedy
        # They end a traceback, for callers of the library.
        self.add_note(
            f"Attempted: {attempted}\nFound:     {found}\nMeaning:   {meaning}\nRemedy:    {remedy}"
        )


class UsageError(LastseenError):
    """The command line, the configuration or an input file can't be used as it is."""

    exit_code = ExitCode.USAGE


class PortalError(LastseenError):
    """The portal refused, can't be reached, or gave an answer that can't be read."""

    exit_code = ExitCode.REFUSED


class PortalUnreachable(PortalError):
    """No answer came, after every retry: connection, name, certificate or time-out."""


class PortalRefused(PortalError):
    """The portal answered with an error status; `status` is the HTTP status code."""

    def __init__(
        self, *, status: int, attempted: str, found: str, meaning: str, remedy: str
    ) -> None:
        """Keep the HTTP status as well as the four sentences."""
        super().__init__(attempted=attempted, found=found, meaning=meaning, remedy=remedy)
        self.status = status


class PortalTooOld(PortalError):
    """The portal is a release that Lastseen does not work with."""


class KeyLacksRight(PortalError):
    """The API key is limited to scopes that don't allow the request."""


class PortalUnreadable(PortalError):
    """The portal answered 200 with something that doesn't have the documented form."""


class RosterError(LastseenError):
    """The roster's source refused or can't be reached."""

    exit_code = ExitCode.REFUSED


class LedgerError(UsageError):
    """The ledger is corrupt, read-only, full, locked or from a newer version."""


class PlanRefused(UsageError):
    """A plan can't be carried out: edited, too old, of another portal, with `--now`, or too new."""


class LockHeld(LastseenError):
    """Another run is in progress on the same portal."""

    exit_code = ExitCode.GUARDRAIL
