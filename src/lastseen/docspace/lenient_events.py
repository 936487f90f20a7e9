"""Reads pages of events that are not written the usual way, without losing any of them.

`audit` comes here if the quick decoder refused a page (dates as objects, actions by name, ids as
text, nulls), or if an event has an empty user id. Anything else makes the page unreadable, and so
does an event whose user id is null or missing. An action that is in no table keeps a number of its
own, so that it is seen as unrecognised.
"""

import zlib
from typing import Any

import msgspec

from lastseen.docspace.wire import Envelope, MalformedResponse, check_count, decode, read_moment
from lastseen.model.sighting import Event

_UNRECOGNISED = -1
"""MessageAction.None: an action without meaning."""

ACTIONS = {
    "None": -1,
    "LoginSuccess": 1000,
    "LoginSuccessViaSocialAccount": 1001,
    "LoginFailInvalidCombination": 1002,
    "LoginFailSocialAccountNotFound": 1003,
    "LoginFailDisabledProfile": 1004,
    "LoginFail": 1005,
    "Logout": 1006,
    "LoginSuccessViaSms": 1007,
    "LoginFailViaSms": 1008,
    "LoginFailIpSecurity": 1009,
    "LoginSuccessViaApi": 1010,
    "LoginSuccessViaSocialApp": 1011,
    "LoginSuccessViaApiSms": 1012,
    "LoginFailViaApi": 1013,
    "LoginFailViaApiSms": 1014,
    "LoginSuccessViaSSO": 1015,
    "SessionStarted": 1016,
    "SessionCompleted": 1017,
    "LoginFailViaSSO": 1018,
    "LoginSuccessViaApiSocialAccount": 1019,
    "LoginFailViaApiSocialAccount": 1020,
    "LoginSuccesViaTfaApp": 1021,
    "LoginFailViaTfaApp": 1022,
    "LoginFailBruteForce": 1023,
    "LoginSuccessViaApiTfa": 1024,
    "LoginFailViaApiTfa": 1025,
    "LoginFailRecaptcha": 1026,
    "AuthLinkActivated": 1027,
    "LoginSuccessViaOAuth": 1028,
    "LoginSuccessViaPassword": 1029,
}
"""The numbers of the names in MessageAction.cs that a sign-in log contains, with misspellings."""

_ACTIONS_IN_ANY_CASE = {name.lower(): number for name, number in ACTIONS.items()}


class _LooseEnvelope(Envelope, frozen=True, kw_only=True):
    response: list[dict[str, Any]]


_decoder = msgspec.json.Decoder(_LooseEnvelope)


def read_lenient_events(body: bytes) -> list[Event]:
    """Return a page's events in the order of the page; raises MalformedResponse."""
    envelope = decode(_decoder.decode, body)
    check_count(envelope.count, envelope.response)
    return [_event(entry) for entry in envelope.response]


def action_number(value: object) -> int:
    """Return the portal's number of an action, given as number, digits or name.

    An unknown name gets a negative number of its own, the same each time.
    """
    if isinstance(value, bool) or value is None:
        return _UNRECOGNISED
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return value
    if not isinstance(value, str) or not value.strip():
        return _UNRECOGNISED
    name = value.strip()
    digits = name.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) < 10:
        return int(name)
    known = _ACTIONS_IN_ANY_CASE.get(name.lower())
    return known if known is not None else -2 - (zlib.crc32(name.encode()) & 0x3FFFFFFF)


def _event(entry: dict[str, Any]) -> Event:
    address, login = entry.get("ip"), entry.get("login")
    return Event(
        id=_identity(entry.get("id")),
        at=read_moment(entry.get("date")),
        user_id=_person(entry),
        action_id=action_number(entry.get("actionId")),
        address=address if isinstance(address, str) else None,
        login=login if isinstance(login, str) else None,
    )


def _identity(value: object) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MalformedResponse(f"an event has no readable id: {value!r:.40}")
    return value


def _person(entry: dict[str, Any]) -> str:
    """Return who acted; a portal never leaves that out (LoginEventDto.cs, AuditEventDto.cs)."""
    value = entry.get("userId")
    if not isinstance(value, str):
        raise MalformedResponse(f"{value!r:.40} is not an account id")
    return value
