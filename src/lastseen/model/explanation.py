"""Why one person was decided as they were, with all the evidence for it.

`lastseen explain` makes an `Explanation` and the reports show it; nothing here reads the ledger,
asks the portal or formats.
"""

from typing import Literal

import msgspec

from lastseen.model.decision import Decision, Reason
from lastseen.model.instant import Instant, Interval
from lastseen.model.sighting import EvidenceKind, FailedSignIns, Sighting, UnrecognisedEvent

EXPLANATION_SCHEMA = "lastseen.explanation/1"
"""The name and version of the explanation's JSON form."""


class LookedAt(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of one log that is known without a gap."""

    kind: EvidenceKind
    """Which log."""
    scope: Literal["portal", "person"]
    """Whether it is known for the whole portal or for this person only."""
    interval: Interval
    """Which stretch of time."""
    proof: str
    """How that is known, such as the pages read."""


class DisabledBy(msgspec.Struct, frozen=True, kw_only=True):
    """The run of Lastseen that disabled the person."""

    run_id: str
    """The run, which `undo` takes."""
    at: Instant
    """When it began."""
    reason: Reason | None
    """Why its plan decided so; null if the ledger no longer knows."""
    explanation: str | None
    """The same in a sentence."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One decision with all the evidence for it."""

    schema: str = EXPLANATION_SCHEMA
    """Name and version of the JSON form."""
    who: str
    """The id or e-mail address that was asked about."""
    portal: str
    """The portal's address."""
    run_id: str | None
    """The review that the decision comes from; null if it was made for this question."""
    now: Instant
    """The instant that the decision is for."""
    decision: Decision
    """What was decided."""
    rule: str
    """Which rule of the policy decided, in words."""
    looked_at: tuple[LookedAt, ...]
    """What is known of the logs, for the portal and for this person."""
    sightings: tuple[Sighting, ...]
    """The sightings that the decision knew, newest first."""
    seen_since: tuple[Sighting, ...] = ()
    """Sightings known now that the decision did not use, newest first."""
    not_used: tuple[Sighting, ...] = ()
    """Those of `seen_since` that are dated before the decision: read or logged later, or in a log
    that it did not need."""
    failed: FailedSignIns
    """Refused attempts on the account."""
    unrecognised: tuple[UnrecognisedEvent, ...]
    """The person's unrecognised events, newest first."""
    required_since: Instant
    """Where the inactivity window begins: coverage must reach back to it."""
    would_change: tuple[str, ...]
    """What would lead to another decision, a sentence each."""
    due_at: Instant | None
    """When the person will be due if not seen before; of somebody to be disabled as inactive, since
    when they are overdue. Null if that isn't known."""
    exemption: str | None
    """Until when and why the person is exempt; null if they aren't."""
    history: tuple[str, ...]
    """What runs before the decision did about the person, one sentence each, newest first."""
    disabled_by: DisabledBy | None = None
    """The run that disabled the person, if that is how things are now; null otherwise."""
    later: tuple[str, ...] = ()
    """What runs since the decision did, one sentence each, newest first."""
