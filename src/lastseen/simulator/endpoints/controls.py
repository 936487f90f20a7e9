"""What tests and benchmarks may see and change in a served portal, in addition to its API.

Under `/simulator/`: the truth, what was asked, and levers. JSON both ways, instants as RFC 3339.
The same levers are attributes of `SimulatedPortal`; this only reaches them over a socket.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from lastseen.simulator.endpoints.wire import JSON, Answer
from lastseen.simulator.server.faults import FaultRates
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.actions import COOKIE_SETTINGS_UPDATED
from lastseen.simulator.world.clock import MovableClock
from lastseen.simulator.world.oracle import Truth, expected
from lastseen.simulator.world.people import Status

PREFIX: Final = "/simulator/"

_encode = msgspec.json.Encoder().encode


class _Event(msgspec.Struct, forbid_unknown_fields=True):
    """An event to add; without `at`, now."""

    user_id: str
    action: int
    log: str = "login"
    at: datetime | None = None
    visible_from: datetime | None = None
    login: str = ""
    target: str = ""
    number: int = 1


class _Status(msgspec.Struct, forbid_unknown_fields=True):
    user_id: str
    status: str


class _Settings(msgspec.Struct, forbid_unknown_fields=True):
    """Settings to change; what is left out stays."""

    filters: Filters | None = None
    login_days: int | None = None
    trail_days: int | None = None
    section_hidden: bool | None = None
    faults: str | None = None
    session_minutes: int | None = None
    """How long sessions live; 0 is no limit. The trail notes the change."""
    key_scopes: list[str] | None = None
    """What the key in use is limited to; none is no limit."""
    members: int | None = None
    """How many guests and users may be active."""
    now: datetime | None = None
    """Only where the portal's clock can be moved."""
    advance_seconds: float | None = None


def control(portal: SimulatedPortal, method: str, path: str, body: bytes) -> Answer:
    """Answer a request below `/simulator/`."""
    action = _ACTIONS.get(f"{method} {path.removeprefix(PREFIX)}")
    if action is None:
        return Answer(404, JSON, _encode({"error": f"there is {', '.join(_ACTIONS)}"}))
    try:
        return Answer(200, JSON, _encode(action(portal, body)))
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        return Answer(400, JSON, _encode({"error": str(error)}))


def truth_document(portal: SimulatedPortal) -> dict[str, Any]:
    """Give the truth as `GET /simulator/truth` does."""
    now = portal.clock()
    return {
        "now": _instant(now.timestamp()),
        "filters": portal.audit.filters,
        "covered_days": portal.covered_days(),
        "people": [_person(truth, now.timestamp()) for truth in portal.truths()],
    }


def _truth(portal: SimulatedPortal, _: bytes) -> object:
    return truth_document(portal)


def _requests(portal: SimulatedPortal, _: bytes) -> object:
    return {
        "total": portal.requests.total(),
        "by_path": portal.requests,
        "faults": portal.faults.happened,
    }


def _puts(portal: SimulatedPortal, _: bytes) -> object:
    return [
        {
            "at": _instant(put.second),
            "status": put.status,
            "user_ids": put.user_ids,
            "body": put.body.decode(errors="replace"),
            "answered": put.answered,
        }
        for put in portal.puts
    ]


def _changes(portal: SimulatedPortal, _: bytes) -> object:
    return [
        {
            "at": _instant(change.second),
            "user_id": change.user_id,
            "before": change.before,
            "after": change.after,
            "by": change.by,
        }
        for change in portal.world.changes
    ]


def _forget(portal: SimulatedPortal, _: bytes) -> object:
    portal.requests.clear()
    portal.puts.clear()
    portal.world.changes.clear()
    return {}


def _add_event(portal: SimulatedPortal, body: bytes) -> object:
    event = msgspec.json.decode(body, type=_Event)
    second = _second(event.at) if event.at else int(portal.clock().timestamp())
    for _ in range(event.number):
        if event.log == "login":
            portal.world.add_login(event.user_id, second, event.action, login=event.login)
        elif event.log == "trail":
            portal.world.add_trail(
                event.user_id,
                second,
                event.action,
                visible_from=_second(event.visible_from) if event.visible_from else None,
                target=event.target,
            )
        else:
            raise ValueError("log is login or trail")
    return {}


def _set_status(portal: SimulatedPortal, body: bytes) -> object:
    wanted = msgspec.json.decode(body, type=_Status)
    status = Status[wanted.status.upper()]
    portal.world.set_status_by_hand(wanted.user_id, status, now=portal.clock().timestamp())
    return {}


def _set_settings(portal: SimulatedPortal, body: bytes) -> object:
    wanted = msgspec.json.decode(body, type=_Settings)
    if wanted.filters is not None:
        portal.audit.filters = wanted.filters
    if wanted.section_hidden is not None:
        portal.audit.section_hidden = wanted.section_hidden
    if wanted.login_days is not None:
        portal.world.login_days = wanted.login_days
    if wanted.trail_days is not None:
        portal.world.trail_days = wanted.trail_days
    if wanted.session_minutes is not None:
        now = int(portal.clock().timestamp())
        portal.world.sessions.set_minutes(wanted.session_minutes or None, now=now)
        portal.world.administer(now, COOKIE_SETTINGS_UPDATED)
    if wanted.key_scopes is not None:
        own = portal.keys[portal.api_key]
        portal.keys[own.secret] = replace(own, scopes=frozenset(wanted.key_scopes))
    if wanted.members is not None:
        portal.licence.members = wanted.members
    if wanted.faults is not None:
        portal.set_faults(FaultRates.parse(wanted.faults))
    if wanted.now is not None or wanted.advance_seconds is not None:
        if not isinstance(portal.clock, MovableClock):
            raise ValueError("this portal's clock cannot be moved")
        portal.clock.now = wanted.now or portal.clock.now
        portal.clock.advance(timedelta(seconds=wanted.advance_seconds or 0))
    return {}


_ACTIONS: Final[Mapping[str, Callable[[SimulatedPortal, bytes], object]]] = {
    "GET truth": _truth,
    "GET requests": _requests,
    "GET puts": _puts,
    "GET changes": _changes,
    "POST forget": _forget,
    "POST events": _add_event,
    "POST status": _set_status,
    "POST settings": _set_settings,
}


def _person(truth: Truth, now: float) -> dict[str, Any]:
    decision, reason = expected(truth, now=now)
    return {
        "id": truth.id,
        "email": truth.email,
        "display_name": truth.display_name,
        "kind": truth.kind,
        "status": truth.status,
        "protected": truth.protected,
        "inviter": truth.inviter,
        "registered_at": _instant(truth.registered_at),
        "last_presence_at": _instant(truth.last_presence_at),
        "last_presence_by": truth.last_presence_by,
        "last_sign_in_at": _instant(truth.last_sign_in_at),
        "last_activity_at": _instant(truth.last_activity_at),
        "last_written_activity_at": _instant(truth.last_written_activity_at),
        "unrecognised_at": _instant(truth.unrecognised_at),
        "last_read_at": _instant(truth.last_read_at),
        "last_key_use_at": _instant(truth.last_key_use_at),
        "invited_at": _instant(truth.invited_at),
        "signed_out_at": _instant(truth.signed_out_at),
        "failed_sign_ins": truth.failed_sign_ins,
        "reinstated_at": _instant(truth.reinstated_at),
        "expected": {"decision": decision, "reason": reason},
    }


def _instant(second: float | None) -> str | None:
    if second is None:
        return None
    return datetime.fromtimestamp(int(second), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _second(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return int(instant.timestamp())
