"""`PUT people/status/{status}`: disabling people and putting them back.

After `UserController.UpdateUserStatus`: one refused person refuses the batch, then people are
changed one by one, and whatever goes wrong half-way leaves the others changed. Before release 3.7
people who may not be changed are passed over without a word, and so is a status that is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from lastseen.simulator.endpoints.dates import DateWriter
from lastseen.simulator.endpoints.people_list import STATUSES, encoded_people
from lastseen.simulator.endpoints.query import read_choice, read_guid
from lastseen.simulator.endpoints.wire import (
    Invalid,
    Page,
    Refusal,
    Request,
    database_refuses,
    forbidden,
)
from lastseen.simulator.world.actions import COOKIE_SETTINGS_UPDATED, STATUSES_UPDATED
from lastseen.simulator.world.people import EmployeeType, Person, Status
from lastseen.simulator.world.world import World


class _Body(msgspec.Struct, rename="camel"):
    user_ids: list[str] | None = None
    resend_all: bool = False


_PAID = frozenset({EmployeeType.DOCSPACE_ADMIN, EmployeeType.ROOM_ADMIN})


@dataclass(slots=True)
class Licence:
    """How many people may be active; `None` is any number."""

    members: int | None = None
    """Guests; reinstating a user needs room among them as well (`CountUserFeature.cs`)."""
    paid: int | None = None
    """Administrators of either sort."""


def change_status(
    world: World,
    request: Request,
    dates: DateWriter,
    *,
    wanted: str,
    licence: Licence,
    stop_after: int | None = None,
    unsaved: int | None = None,
) -> Page:
    """Answer `PUT people/status/{wanted}`.

    `stop_after` people the work ends, as if the portal were restarted; what is answered then never
    reaches anybody. At the person in the place `unsaved` the database refuses the change, which
    the cached profile shows already. Raises `Invalid` or `Refusal`, possibly after some were
    changed.
    """
    user_ids = _read_body(request.body)
    status = _read_status(wanted)
    refuses = request.release.refuses_protected
    if refuses and status not in {Status.ACTIVE, Status.TERMINATED}:
        raise Refusal(400, "Incorrect status", "System.ArgumentException")
    if not request.account.is_docspace_admin:
        raise forbidden()
    if refuses and not all(_may_change(world, request.account, user_id) for user_id in user_ids):
        raise forbidden()
    people = [
        world.people[user_id]
        for user_id in user_ids
        if user_id in world.people
        and not world.people[user_id].is_system
        and not world.people[user_id].is_ldap
    ]
    for place, person in enumerate(people[:stop_after]):
        if not _may_change(world, request.account, person.id):
            continue
        is_saved = status == Status.TERMINATED or _is_terminated(world, request, person)
        if place == unsaved and is_saved:
            world.fail_to_save(person.id, Status(status), now=request.now)
            raise database_refuses()
        if status == Status.TERMINATED:
            _set(world, request, person, Status.TERMINATED)
            # Signing somebody out everywhere is a change of cookie settings to the trail.
            _note(world, request, COOKIE_SETTINGS_UPDATED, "")
        elif status == Status.ACTIVE and _is_terminated(world, request, person):
            _demand_room(world, licence, person)
            nameless = not person.first_name and not person.last_name
            back = Status.PENDING if nameless and person.has_invitation else Status.ACTIVE
            _set(world, request, person, back)
    if stop_after is None and people:
        _note(world, request, STATUSES_UPDATED, ",".join(person.id for person in people))
    changed = [world.cached(person.id, now=request.now) for person in people]
    # Nobody counts an answer that is streamed: the envelope says 1 for any number of people.
    return Page(encoded_people(world, request, dates, changed), count=1)


def read_user_ids(body: bytes) -> Sequence[str]:
    """Read whom a PUT names, as it names them; nobody where it cannot be read."""
    try:
        return msgspec.json.decode(body, type=_Body).user_ids or ()
    except msgspec.MsgspecError:
        return ()


def _read_body(body: bytes) -> list[str]:
    try:
        user_ids = msgspec.json.decode(body, type=_Body).user_ids
    except msgspec.MsgspecError:
        raise Invalid({"UpdateMembers": "The UpdateMembers field is required."}) from None
    if user_ids is None:
        raise Refusal(400, "Value cannot be null. (Parameter 'source')", "ArgumentNullException")
    found = []
    for text in user_ids:
        user_id = read_guid(text)
        if user_id is None:
            raise Invalid({"$.userIds": "The JSON value could not be converted to System.Guid."})
        found.append(user_id)
    return found


def _may_change(world: World, account: Person, user_id: str) -> bool:
    """Return whether this account may change that one; an unknown id is a system account."""
    person = world.people.get(user_id)
    return not (
        person is None
        or person.is_system
        or person.is_ldap
        or person.is_owner
        or person.id == account.id
        or (person.is_docspace_admin and not account.is_owner)
    )


def _demand_room(world: World, licence: Licence, person: Person) -> None:
    paid = person.employee_type in _PAID
    limit = licence.paid if paid else licence.members
    if limit is None:
        return
    there = sum(
        1
        for other in world.people.values()
        if other.status is not Status.TERMINATED
        and not other.is_system
        and (other.employee_type in _PAID if paid else other.is_guest)
    )
    if there + 1 > limit:
        text = "The number of active users should not exceed the limit"
        raise Refusal(402, text, "ASC.Core.Tenants.TenantQuotaException")


def _is_terminated(world: World, request: Request, person: Person) -> bool:
    return world.cached(person.id, now=request.now).status is Status.TERMINATED


def _set(world: World, request: Request, person: Person, status: Status) -> None:
    world.set_status(person.id, status, by=request.account.id, now=request.now)


def _note(world: World, request: Request, action: int, target: str) -> None:
    second = int(request.now)
    world.add_trail(request.account.id, second, action, visible_from=second + 3, target=target)


def _read_status(text: str) -> int:
    """Read the status of a route, by name or number; anything else is a 400."""
    value = read_choice(text, STATUSES, flags=7)
    if value is None:
        raise Invalid({"status": f"The value '{text}' is not valid."})
    return value
