"""What carrying out works with, opened once at the edge and handed on as one object."""

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
    """How many people one request changes, and how patiently answers are waited for."""

    batch: int = 100
    """People in one request: enough for few requests, few enough for an answer in time."""
    batches_read_back: int = 20
    """Batches read back together: then the people list serves, in a tenth of the requests."""
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Seconds to wait before people who don't show the change are read back once more."""
    lost_in_a_row: int = 10
    """The work stops after so many requests without a proper answer that changed nobody.

    Halving a hundred people down to one takes seven.
    """
    tries: int = 3
    """How often a person's request may get lost before they are left as they are."""


@dataclass(frozen=True, kw_only=True)
class ExecutionContext:
    """A portal, its ledger, and the way to and from the person who watches."""

    portal: Portal
    """The portal whose accounts are changed."""
    ledger: PortalLedger
    """What the ledger has of that portal; its lock is held."""
    roster: Roster | None = None
    """The configured roster, asked again in the last look; None: it is not asked."""
    policy: Policy | None = None
    """The configured policy, which holds beside the plan's; None: the plan's alone holds."""
    clock: Clock
    """The machine's clock."""
    progress: Progress = field(default_factory=Silent)
    """Hears of work under way."""
    stop: asyncio.Event | None = None
    """Set to end the work after the batch in flight; None: it runs to its end."""
    pace: Pace = field(default_factory=Pace)
    """Sizes and pauses."""

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
