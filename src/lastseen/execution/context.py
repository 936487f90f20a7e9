"""What the execution of a run needs, opened once at the edge and passed on as one object."""

import asyncio
from dataclasses import dataclass, field

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.instant import Clock
from lastseen.model.plan import Policy
from lastseen.model.progress import Progress, Silent
from lastseen.rosters import Roster


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How many people one request changes, and how long to wait for answers."""

    batch: int = 100
    """People in one request: enough to need few requests, few enough for a timely answer."""
    batches_read_back: int = 20
    """Batches read back together, so that the people list serves, in a tenth of the requests."""
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Seconds to wait before people who don't show the change are read back once more."""
    lost_in_a_row: int = 10
    """The work stops after this many requests in a row without a proper answer or a change.

    Halving a hundred people down to one takes seven.
    """
    tries: int = 3
    """How often a person's request may get lost before they are left unchanged."""


@dataclass(frozen=True, kw_only=True)
class ExecutionContext:
    """A portal, its ledger, and the connection to the person who watches."""

    portal: Portal
    """The portal whose accounts are changed."""
    ledger: PortalLedger
    """The ledger's records of that portal; its lock is held."""
    roster: Roster | None = None
    """The configured roster, loaded again by the recheck; None: it is not checked."""
    policy: Policy | None = None
    """The configured policy, which applies as well as the plan's; None: only the plan's applies."""
    clock: Clock
    """The machine's clock."""
    progress: Progress = field(default_factory=Silent)
    """Receives progress."""
    stop: asyncio.Event | None = None
    """Set to end the work after the batch in flight; None: it runs to the end."""
    pace: Pace = field(default_factory=Pace)
    """Sizes and pauses."""

    @property
    def stop_asked(self) -> bool:
        """Whether somebody asked for the work to stop."""
        return self.stop is not None and self.stop.is_set()


async def identify_actor(context: ExecutionContext) -> UserId:
    """Return the account of the API key, and record it in the ledger as the actor.

    Raises PortalError if the portal rejects the key.
    """
    account = await context.portal.whoami()
    context.ledger.acting_as(account.email or account.id)
    return account.id
