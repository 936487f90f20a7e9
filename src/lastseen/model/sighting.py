"""What the audit logs show about people: events, and what is kept of them."""

from collections.abc import Mapping
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


ANONYMOUS = UserId("712d9ec3-5d2b-4b13-824f-71f00191dcca")
"""The portal's anonymous account (Constants.cs): in its name stand entries of unknown users."""


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
    """A sign-in log entry that may be somebody's presence: neither presence nor absence.

    Its action is in no table, or it is a successful sign-in in nobody's name.
    """

    user_id: UserId
    """Who, as the portal says; the `login_key` of an address, or `ANONYMOUS` for anybody."""
    at: Instant
    """When, to the second."""
    event_id: int
    """The portal's id of the event."""
    action_id: int
    """The number that is in no table, or that of a sign-in."""

    @property
    def may_be_anybodys(self) -> bool:
        """Whether the entry names no account, so that it may be anybody's."""
        return self.user_id == ANONYMOUS


def unrecognised_of(
    newest: Mapping[UserId, UnrecognisedEvent], person: UserId, email: str
) -> UnrecognisedEvent | None:
    """Return the newest entry that may be this person's, from the newest of each name."""
    names = (person, login_key(email), ANONYMOUS)
    found = [newest[name] for name in names if name in newest]
    return max(found, key=lambda event: event.at, default=None)


class FailedSignIns(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Refused attempts on one account, summed up."""

    count: int = 0
    """How many are known."""
    last_at: Instant | None = None
    """When the newest one was made."""
    addresses: int = 0
    """How many different addresses they came from."""
