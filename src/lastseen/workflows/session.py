"""Opens a portal, a roster and a ledger together, as configured.

Only opens and closes them; `review`, `apply` and `undo` use them.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass

from lastseen.config.settings import Settings
from lastseen.execution.context import ExecutionContext
from lastseen.ledger import PortalLedger, open_ledger
from lastseen.model.instant import Clock, system_clock
from lastseen.rosters import Roster
from lastseen.workflows.opening import Opened, open_portal_and_roster


@dataclass(frozen=True, kw_only=True)
class Session(ExecutionContext):
    """What review, apply and undo work with, open until the block ends."""

    settings: Settings
    """The configuration that the rest was opened with."""
    roster: Roster
    """Where the contractors come from."""


@asynccontextmanager
async def open_session(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    environ: Mapping[str, str] | None = None,
    opened: Opened | None = None,
) -> AsyncIterator[Session]:
    """Open the portal, the roster and the ledger that `settings` name, and close them after.

    `opened`: portal and roster, if they are open already; then they stay open. Otherwise the API
    key is looked up in `environ` (None: the process's own) and in the keyring. No request is sent
    yet. Raises UsageError if there is no key or the roster's options can't be used, LedgerError if
    the ledger can't be used.
    """
    opening = (
        open_portal_and_roster(settings, clock=clock, environ=environ)
        if opened is None
        else nullcontext(opened)
    )
    async with opening as place:
        with open_portal_ledger(settings, clock=clock) as ledger:
            yield Session(
                settings=settings,
                portal=place.portal,
                roster=place.roster,
                ledger=ledger,
                policy=settings.policy,
                clock=clock,
            )


@contextmanager
def open_portal_ledger(
    settings: Settings, *, clock: Clock = system_clock
) -> Iterator[PortalLedger]:
    """Open the ledger's part for the configured portal; needs no key and no network.

    Raises LedgerError if the ledger can't be used.
    """
    with open_ledger(settings.ledger_url, clock=clock) as ledger:
        yield ledger.portal(settings.portal.url)
