"""What carrying out works with, opened once at the edge and handed on as one object."""

import asyncio
from dataclasses import dataclass

from lastseen.docspace.interface import Portal
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.instant import Clock
from lastseen.model.progress import Progress


@dataclass(frozen=True, kw_only=True)
class ExecutionContext:
    """A portal, its ledger, and the way to and from whoever watches."""

    portal: Portal
    """The portal whose accounts are changed."""
    ledger: PortalLedger
    """What the ledger has of that portal; its lock is held."""
    clock: Clock
    """The machine's clock."""
    progress: Progress
    """Hears of work under way."""
    stop: asyncio.Event | None = None
    """Set by somebody who wants the work to end after the batch in flight; None: nobody will."""

    @property
    def stop_asked(self) -> bool:
        """Whether somebody wants the work to end."""
        return self.stop is not None and self.stop.is_set()


async def identify_actor(context: ExecutionContext) -> UserId:
    """Return the account that the key acts as, and have the ledger write in its name.

    Raises PortalError where the portal doesn't take the key.
    """
    account = await context.portal.whoami()
    context.ledger.acting_as(account.email or account.id)
    return account.id
