"""The state of a portal, as `lastseen status` shows it in one screen."""

import msgspec

from lastseen.model.contractor import UserId
from lastseen.model.decision import Reason
from lastseen.model.instant import Instant
from lastseen.model.run import Run

STATUS_SCHEMA = "lastseen.status/1"
"""The name and version of the status' JSON form."""


class HeldFor(msgspec.Struct, frozen=True, kw_only=True):
    """The people on hold for one reason."""

    reason: Reason
    """Why."""
    count: int
    """How many."""
    clears_at: Instant | None
    """By when the last of them clears if reviews continue; null if time alone clears nothing."""
    cleared_by: str
    """What clears the hold."""


class DueSoon(msgspec.Struct, frozen=True, kw_only=True):
    """A person who will be disabled if not seen before."""

    user_id: UserId | None
    """The portal's id."""
    email: str | None
    """The e-mail address."""
    display_name: str | None
    """The name."""
    due_at: Instant
    """When."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a portal, from the ledger and the key."""

    schema: str = STATUS_SCHEMA
    """Name and version of the JSON form."""
    portal: str
    """The portal's address."""
    at: Instant
    """When this was determined."""
    ledger: str
    """The ledger that was read: a file, or a server and its database."""
    last_review: Run | None
    """The newest review that decided; null if there is none."""
    last_run: Run | None
    """The newest run that changed accounts or was meant to; null if there is none."""
    failed: str | None
    """Why the newest review failed, if it did; null otherwise."""
    run_failed: str | None = None
    """Why the newest run that was meant to change accounts was refused; null if it was not."""
    review_due_at: Instant | None
    """By when the next review is due so that nothing leaves the portal's log unread."""
    disabled: int
    """People whom Lastseen disabled and has not reinstated."""
    to_disable: int
    """People whom the newest review would disable, and whom no run has dealt with since."""
    found_to_disable: int
    """People whom the newest review found to be disabled."""
    signed_out: int = 0
    """People whose sessions a run has ended since the newest review."""
    return_until: Instant | None = None
    """Until when the last of them has time to sign in again; null if there are none."""
    next_run_acts: bool
    """Whether `run --yes` may disable people; false if it is the first, which only reports."""
    held: tuple[HeldFor, ...]
    """Who was on hold in the newest review, by reason."""
    due_soon: tuple[DueSoon, ...]
    """Who will be due within `due_soon_days`, the earliest first."""
    due_soon_days: int
    """How far ahead `due_soon` looks."""
    exemptions: int
    """Exemptions that apply."""
    sign_ins_since: Instant | None
    """Since when the sign-in log is known without a gap up to the newest reading."""
    activity_since: Instant | None
    """The same for the activity trail."""
    key_expires_at: Instant | None
    """When the API key expires; null if it doesn't, or if the portal doesn't say."""
    key_problem: str | None
    """Why the portal could not be asked about the key; null if it could."""
