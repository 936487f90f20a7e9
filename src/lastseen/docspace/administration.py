"""What administrators did to people, according to the trail: pages of one action each.

The trail filters before it cuts a page (AuditEventsRepository.cs), so one action is requested at a
time; `target` is a list with the ids of the people concerned (AuditEventDto.cs, MessageTarget.cs).
An act may protect somebody, so one whose action, target or people can't be read refuses the page;
only a last id that the database cut off is left out.
"""

import re
from typing import Any

import msgspec

from lastseen.docspace.audit import TRAIL_PATH, wire_date
from lastseen.docspace.http.error_text import Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import Answer, RetryingClient
from lastseen.docspace.interface import MOST_A_PAGE, AdministrationPage, AdministrativeAct
from lastseen.docspace.lenient_events import action_number
from lastseen.docspace.wire import Envelope, MalformedResponse, check_count, decode, read_moment
from lastseen.model.contractor import user_id
from lastseen.model.instant import Instant

_READING = Operation("reading what administrators did", Topic.LOGS)

_ON_ONE_PERSON = frozenset({4036, 4037})
"""Ended sessions and invitations: the portal always names whose (ConnectionsController.cs,
UserController.cs)."""

_ON_PEOPLE = _ON_ONE_PERSON | {4020, 4021}
"""Changes of status and activation mails too; of all those asked for, nobody may be left."""

_TO_A_ROOM = frozenset({5085, 5118})
"""Invitations to a room, which is their target (FileStorageService.cs)."""

_NUMBERS = {
    "userupdatedpassword": 4017,
    "usersupdatedstatus": 4020,
    "userssentactivationinstructions": 4021,
    "userlogoutactiveconnectionsforuser": 4036,
    "sendjoininvite": 4037,
    "roomcreateuser": 5085,
    "roominviteresend": 5118,
    "cookiesettingsupdated": 6032,
}
"""The names in MessageAction.cs of the actions that are asked for."""

_MOST_IN_A_TEXT = 1_700
"""About how many ids fit into a column of the type TEXT, whatever separates them."""

_NIL = "00000000-0000-0000-0000-000000000000"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class _WireAct(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    date: Any
    action_id: Any = None
    action: Any = None
    target: Any = None
    user_id: Any = None


class _ActsEnvelope(Envelope, frozen=True, kw_only=True):
    response: list[_WireAct]


_decoder = msgspec.json.Decoder(_ActsEnvelope)


async def administration_page(
    client: RetryingClient, action_id: int, *, since: Instant, start: int = 0
) -> AdministrationPage:
    """Return a page of one action, newest first, at or after `since`."""
    pairs = (
        ("action", str(action_id)),
        ("from", wire_date(since)),
        ("startIndex", str(start)),
        ("count", str(MOST_A_PAGE)),
    )
    request = Request(method="GET", path=TRAIL_PATH, query=pairs)

    return await client.ask(request, _READING, _read)


def read_acts(body: bytes) -> tuple[AdministrativeAct, ...]:
    """Return the administrators' acts in an answer; raises MalformedResponse."""
    envelope = decode(_decoder.decode, body)
    check_count(envelope.count, envelope.response)
    return tuple(map(_act, envelope.response))


def _read(answer: Answer) -> AdministrationPage:
    acts = read_acts(answer.body)
    return AdministrationPage(
        acts=acts, is_full=len(acts) >= MOST_A_PAGE, answered_at=answer.answered_at
    )


def _act(wire: _WireAct) -> AdministrativeAct:
    action = _action(wire)
    written = _ids(wire)
    if action in _ON_PEOPLE and _is_cut_off(written):
        written = written[:-1]
    people = frozenset(map(user_id, written))
    if action in _ON_PEOPLE and not all(map(_GUID.fullmatch, people)):
        raise MalformedResponse(f"the target of event {wire.id} is not an account id")
    if action in _ON_ONE_PERSON and not people:
        raise MalformedResponse(f"event {wire.id} doesn't say whom it concerns")
    is_to_a_room = action in _TO_A_ROOM
    return AdministrativeAct(
        event_id=wire.id,
        at=read_moment(wire.date),
        action_id=action,
        people=frozenset() if is_to_a_room else people,
        by=user_id(wire.user_id) if isinstance(wire.user_id, str) and wire.user_id else None,
        text=_text(wire) if is_to_a_room else "",
    )


def _action(wire: _WireAct) -> int:
    """Return the number of the action; a name that isn't among those asked for is another one."""
    value = wire.action_id
    name = value.strip().lower() if isinstance(value, str) else ""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not name and not is_number:
        raise MalformedResponse(f"event {wire.id} has no readable action: {value!r:.40}")
    return _NUMBERS.get(name, action_number(value))


def _text(wire: _WireAct) -> str:
    """Return what an invitation to a room says, which is all that names the person."""
    if not isinstance(wire.action, str):
        raise MalformedResponse(f"event {wire.id} doesn't say whom it concerns")
    return wire.action


def _ids(wire: _WireAct) -> list[str]:
    """Return the ids in a target as written; it is left out where it names nobody."""
    target = wire.target
    parts = target if isinstance(target, list) else [] if target is None else [target]
    if not all(isinstance(part, str) for part in parts):
        raise MalformedResponse(f"the target of event {wire.id} is not a list of ids")
    return [one.strip() for text in parts for one in text.split(",") if one.strip()]


def _is_cut_off(ids: list[str]) -> bool:
    """Return whether the last id is only a beginning, behind as many as one target can hold.

    MySQL without strict mode cuts a text at 65,535 bytes. Whoever was named behind it is unknown;
    refusing the page would stop every review while the event is in the trail.
    """
    if len(ids) <= _MOST_IN_A_TEXT:
        return False
    last = ids[-1].lower()
    return len(last) < len(_NIL) and _GUID.fullmatch(last + _NIL[len(last) :]) is not None
