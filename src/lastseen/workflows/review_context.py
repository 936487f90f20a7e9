"""What one review works with, and its options."""

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.ledger import PortalLedger
from lastseen.model.guardrails import Guardrails
from lastseen.model.instant import Clock, Instant
from lastseen.model.plan import Policy
from lastseen.model.progress import Progress, Silent

LOG_SILENCE_DAYS = Guardrails().log_silence_days
"""A log with no entry for more days than this has probably stopped."""


class ReviewContext(msgspec.Struct, frozen=True, kw_only=True):
    """What one review works with, and its options."""

    portal: Portal
    """The portal under review."""
    ledger: PortalLedger
    """What Lastseen remembers of that portal."""
    policy: Policy
    """The rules that decide."""
    clock: Clock
    """This machine's clock."""
    now: Instant | None = None
    """The instant that decisions are for (`--now`); None: the present."""
    progress: Progress = Silent()
    """Receives the review's progress."""
    all_dates: bool = False
    """Whether to read on until everyone's date is known, however long it takes."""
    log_silence_days: float
    """A log with no entry for more days than this has probably stopped."""
    soon_days: int | None = None
    """Within how many days people count as due soon; None: not reported."""

    @property
    def is_of_the_past(self) -> bool:
        """Whether decisions are for an instant after which something may have happened."""
        return self.now is not None and self.now < self.clock()
