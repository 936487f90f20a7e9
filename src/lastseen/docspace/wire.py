"""The portal's JSON: the envelope, profiles, dates and retention, each checked for its shape.

Anything of another shape raises `MalformedResponse` with the reason; nothing unreadable is ever
skipped or turned into an empty list. Pages of events have their own files, `audit` and
`lenient_events`. Shapes are those of CommonApiResponse.cs, EmployeeFullDto.cs, ApiDateTime.cs.
"""

import html
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from lastseen.docspace.interface import Retention
from lastseen.model.contractor import AccountStatus, AccountType, Profile, UserId, user_id
from lastseen.model.counting import people
from lastseen.model.instant import Instant, instant

E = TypeVar("E", bound="Envelope")

_DECODING_ERRORS = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
"""Everything that hostile input can make the decoder raise."""

_MOST_PEOPLE = 1_000_000
"""A list that claims more people would take an absurd number of pages to read."""

EARLIEST_YEAR, TOO_LATE_A_YEAR = 1971, 9000
"""All dates of events and accounts lie between these years."""

NOT_FOUND = 404
"""The HTTP status of an address that a release does not have."""

_NOBODY = "00000000-0000-0000-0000-000000000000"
_ACTIVATED = 1


class MalformedResponse(Exception):
    """An answer does not have the documented shape; the text says why."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The envelope around every answer."""

    status: int = 0
    """0, or 1 with an error."""
    status_code: int = 200
    """The HTTP status again."""
    count: int | None = None
    """How many are in `response`."""
    total: int | None = None
    """How many there are in total; only lists of people set it."""


class Failure(msgspec.Struct, frozen=True):
    """The envelope of an error."""

    status: int
    """The HTTP status that it reports."""
    message: str
    """The portal's own words, in the portal's language."""


class WireProfile(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A person as the portal sends one; null fields are left out (EmployeeFullDto.cs).

    Display names are HTML-encoded (DisplayUserSettings.cs).
    """

    id: str
    status: int | str
    activation_status: int | str | None = None
    email: str | None = None
    display_name: str | None = None
    is_owner: bool | None = None
    is_admin: bool | None = None
    is_room_admin: bool | None = None
    is_visitor: bool | None = None
    is_ldap: bool | None = msgspec.field(default=None, name="isLDAP")
    is_sso: bool | None = msgspec.field(default=None, name="isSSO")
    registration_date: Any = None
    created_by: Any = None
    groups: list[Any] | None = None


class _PersonEnvelope(Envelope, frozen=True, kw_only=True):
    response: WireProfile


class _PeopleEnvelope(Envelope, frozen=True, kw_only=True):
    response: list[WireProfile]


class _Lifetimes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    login_history_life_time: int
    audit_trail_life_time: int


class _LifetimesEnvelope(Envelope, frozen=True, kw_only=True):
    response: _Lifetimes


class _WireError(msgspec.Struct, frozen=True):
    message: str | None = None


class _FailureEnvelope(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    status: int
    status_code: int
    error: _WireError | None = None


class PeoplePage(msgspec.Struct, frozen=True):
    """One page of a list of people."""

    people: tuple[Profile, ...]
    total: int
    """How many the whole list has."""


_person_decoder = msgspec.json.Decoder(_PersonEnvelope)
_people_decoder = msgspec.json.Decoder(_PeopleEnvelope)
_lifetimes_decoder = msgspec.json.Decoder(_LifetimesEnvelope)
_failure_decoder = msgspec.json.Decoder(_FailureEnvelope)


def read_person(body: bytes) -> Profile:
    """Return the person in an answer; raises MalformedResponse."""
    return _profile(decode(_person_decoder.decode, body).response)


def read_people(body: bytes) -> PeoplePage:
    """Return the people on one page of a list; raises MalformedResponse."""
    envelope = decode(_people_decoder.decode, body)
    check_count(envelope.count, envelope.response)
    if envelope.total is None:
        raise MalformedResponse("the list of people does not say how many there are in total")
    if not len(envelope.response) <= envelope.total <= _MOST_PEOPLE:
        raise MalformedResponse(
            f"it has {people(len(envelope.response))} of {envelope.total} in total"
        )
    return PeoplePage(tuple(_profile(person) for person in envelope.response), envelope.total)


def read_changed_people(body: bytes) -> tuple[Profile, ...]:
    """Return the people in the answer to a change; raises MalformedResponse.

    `count` means nothing here: the portal sends 1 however many were changed, since it counts a
    stream before running it (CommonApiResponse.cs, UserController.cs).
    """
    envelope = decode(_people_decoder.decode, body)
    return tuple(_profile(person) for person in envelope.response)


def read_retention(body: bytes) -> Retention:
    """Return how many days the logs are kept (TenantAuditSettings.cs).

    Raises MalformedResponse.
    """
    lifetimes = decode(_lifetimes_decoder.decode, body).response
    sign_in_days = lifetimes.login_history_life_time
    trail_days = lifetimes.audit_trail_life_time
    if not (0 < sign_in_days <= 36_500 and 0 < trail_days <= 36_500):
        raise MalformedResponse(f"its log lifetimes are {sign_in_days} and {trail_days} days")
    return Retention(sign_in_days=sign_in_days, trail_days=trail_days)


def failure(body: bytes) -> Failure | None:
    """Return the portal's own error in `body`, or None if it is something else."""
    try:
        envelope = _failure_decoder.decode(body)
    except _DECODING_ERRORS:
        return None
    if envelope.error is None and envelope.status == 0:
        return None
    message = envelope.error.message if envelope.error is not None else None
    return Failure(envelope.status_code, message or "")


def decode(decoder: Callable[[bytes], E], body: bytes) -> E:
    """Return the envelope in `body`; raises MalformedResponse unless it reports success."""
    envelope: E | None = None
    reason = ""
    try:
        envelope = decoder(body)
    except _DECODING_ERRORS as error:
        reason = describe(body, error)
    if envelope is None:
        raise MalformedResponse(reason)
    check_success(envelope)
    return envelope


def check_success(envelope: Envelope) -> None:
    """Raise MalformedResponse if an envelope reports an error."""
    if envelope.status != 0 or not 200 <= envelope.status_code < 300:
        raise MalformedResponse(
            f"its status is {envelope.status} and its status code {envelope.status_code}"
        )


def check_count(count: int | None, response: list[Any]) -> None:
    """Raise MalformedResponse if an envelope's `count` contradicts the list in it."""
    if count is not None and count != len(response):
        raise MalformedResponse(f"its count is {count}, but it has {len(response)} entries")


def describe(body: bytes, error: Exception) -> str:
    """Return in a few words what an answer is instead of the expected one."""
    start = body[:64].lstrip()
    if not start:
        return "it is empty"
    if start.startswith(b"<"):
        return "it is a web page"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        return "its text is not UTF-8"
    return str(error)


def read_moment(value: object) -> Instant:
    """Return a date in either of the portal's forms; raises MalformedResponse.

    A string has an offset: `Z`, or hours and minutes. An object has `utcTime`, which is UTC
    whatever its offset says, and `timeZoneOffset`, which only gives the portal's zone.
    """
    text, zone = value, None
    if isinstance(value, dict):
        text, zone = value.get("utcTime"), UTC
    moment: datetime | None = None
    if isinstance(text, str) and len(text) <= 40:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
    if moment is None:
        raise MalformedResponse(f"{value!r:.80} is not a date")
    if moment.tzinfo is None:
        if zone is None:
            raise MalformedResponse(f"the date {text!r:.80} has no time zone")
        moment = moment.replace(tzinfo=zone)
    check_year(moment)
    return instant(moment)


def check_year(moment: datetime) -> None:
    """Raise MalformedResponse for a date that means "no date".

    The portal sends the year 1 for a date that it doesn't know (ApiDateTime.cs).
    """
    if not EARLIEST_YEAR <= moment.year < TOO_LATE_A_YEAR:
        raise MalformedResponse(f"no event or account can be from the year {moment.year}")


def _profile(wire: WireProfile) -> Profile:
    identity = user_id(wire.id)
    if not identity or identity == _NOBODY:
        raise MalformedResponse("a person has no id")
    inviter, sponsor = _inviter(wire.created_by)
    return Profile(
        id=identity,
        email=wire.email or "",
        display_name=html.unescape(wire.display_name or ""),
        status=_status(wire.status),
        was_activated=_was_activated(wire.activation_status),
        type=_type(wire),
        is_ldap=bool(wire.is_ldap),
        is_sso=bool(wire.is_sso),
        registered_at=_registration(wire.registration_date),
        invited_by=inviter,
        sponsor=sponsor,
        groups=tuple(_group(group) for group in wire.groups or ()),
    )


def _status(value: int | str) -> AccountStatus:
    try:
        if isinstance(value, int):
            return AccountStatus(value)
        return AccountStatus(int(value)) if value.isdigit() else AccountStatus[value.upper()]
    except (ValueError, KeyError):
        reason = f"{value!r:.40} is not a status that a person can have"
    raise MalformedResponse(reason)


def _was_activated(value: int | str | None) -> bool:
    """Return whether an invitation was accepted: 1, Activated (EmployeeActivationStatus.cs)."""
    if isinstance(value, str):
        return value == "1" or value.casefold() == "activated"
    return value is not None and bool(value & _ACTIVATED)


def _type(wire: WireProfile) -> AccountType:
    if wire.is_owner:
        return AccountType.OWNER
    if wire.is_admin:
        return AccountType.ADMINISTRATOR
    if wire.is_room_admin:
        return AccountType.ROOM_ADMINISTRATOR
    return AccountType.GUEST if wire.is_visitor else AccountType.USER


def _registration(value: object) -> Instant | None:
    if value is None or (isinstance(value, str) and value.startswith("0001-01-01")):
        return None
    return read_moment(value)


def _inviter(value: object) -> tuple[UserId | None, str | None]:
    """Return who invited a person; only administrators are told, and then by id and name."""
    if isinstance(value, str):
        value = {"id": value}
    if not isinstance(value, dict):
        return None, None
    identity = value.get("id")
    name = value.get("email") or value.get("displayName")
    inviter = user_id(identity) if isinstance(identity, str) else ""
    return (
        UserId(inviter) if inviter and inviter != _NOBODY else None,
        html.unescape(name) if isinstance(name, str) else None,
    )


def _group(value: object) -> str:
    if isinstance(value, dict):
        value = value.get("id")
    if not isinstance(value, str):
        raise MalformedResponse("a group has no id")
    return user_id(value)
