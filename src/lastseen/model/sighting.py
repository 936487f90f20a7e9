"""What the audit logs show about people: events, and what is kept of them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from lastseen.model.contractor import UserId, email_key
from lastseen.model.instant import Instant


class EvidenceKind(StrEnum):
    """The two logs that prove presence, and what else the sign-in log shows."""

    SIGN_IN = "sign-in"
    ACTIVITY = "activity"
    AUTHORISATION = "authorisation"
    """The newest application (OAuth) that a person authorised, whatever they did since."""


LOGS = (EvidenceKind.SIGN_IN, EvidenceKind.ACTIVITY)
"""The kinds that are logs."""


def login_key(login: str) -> UserId:
    """Return the key under which refused attempts on an address are kept: they have no id."""
    return UserId(f"login:{email_key(login)}")


class Event(
    msgspec.Struct,
    frozen=True,
    gc=False,
    rename={"at": "date", "user_id": "userId", "action_id": "actionId", "address": "ip"},
):
    """One entry of the sign-in log or the activity trail, as a page contains it.

    Field names on the wire are the portal's (LoginEventDto.cs, AuditEventDto.cs), so that a page
    decodes straight into this, and numbers beyond a column's range or times without a zone don't.
    """

    id: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    """The portal's id of the event; unique within its log."""
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    """When it happened: aware, whole seconds, in any offset."""
    user_id: str = ""
    """Who acted; empty or zero for an unknown user."""
    action_id: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)] = -1
    """The portal's number of the action (MessageAction.cs)."""
    address: str | None = None
    """The IP address it came from; None for what the portal does by itself."""
    login: str | None = None
    """The address with which somebody tried to sign in, as typed."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One proof that a person was there."""

    user_id: UserId
    """Who."""
    at: Instant
    """When, to the second."""
    kind: EvidenceKind
    """In which log."""
    event_id: int
    """The event that proves it."""
    action_id: int
    """The portal's number of the action."""


class UnrecognisedEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A sign-in log entry whose action is in no table: neither presence nor absence."""

    user_id: UserId
    """Who, as the portal says."""
    at: Instant
    """When, to the second."""
    event_id: int
    """The portal's id of the event."""
    action_id: int
    """The number that is in no table."""


class FailedSignIns(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Refused attempts on one account, summed up."""

    count: int = 0
    """How many are known."""
    last_at: Instant | None = None
    """When the newest one was made."""
    addresses: int = 0
    """How many different addresses they came from."""
