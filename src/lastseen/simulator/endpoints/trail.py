"""`security/audit/events/…`: the activity trail.

After `SecurityController.cs` and `AuditEventsRepository.cs`, oddities of its filters included.
"""

from collections.abc import Callable

from lastseen.simulator.endpoints import query
from lastseen.simulator.endpoints.dates import DateWriter, seconds_from, seconds_to
from lastseen.simulator.endpoints.event_wire import file_of, trail_event
from lastseen.simulator.endpoints.login_history import LATEST, AuditSettings, demand_audit
from lastseen.simulator.endpoints.wire import Page, Refusal, Request
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.world.actions import (
    ROOM_INVITATION_RESENT,
    TRAIL,
    UNLISTED,
    ActionType,
    EntryType,
    Place,
)
from lastseen.simulator.world.world import DAY, World


def trail_filter(
    world: World, settings: AuditSettings, request: Request, dates: DateWriter
) -> Page:
    """Answer `GET events/filter`: the filters first, then the window, in every release."""
    asked = request.query
    user_id = query.guid(asked, "userId")
    since = query.date(asked, "from")
    until = query.date(asked, "to")
    count = query.count(request)
    start = query.number(asked, "startIndex", 0)
    for name, of in (("moduleType", Place), ("actionType", ActionType), ("entryType", EntryType)):
        query.member(asked, name, of)
    query.action(request)
    demand_audit(settings, request)
    if settings.filters is Filters.IGNORED:
        return latest_trail(world, settings, request, dates)
    wanted, keep = _meant(
        world,
        settings,
        place=query.member(asked, "moduleType", Place),
        action_type=query.member(asked, "actionType", ActionType),
        action=query.action(request),
        entry=query.member(asked, "entryType", EntryType),
        target=asked.get("target") or None,
    )
    positions = world.trail.matching(
        actors=None if user_id is None else world.numbers_of(user_id),
        actions=None if len(wanted) == len(TRAIL) else wanted,
        since=None if since is None else seconds_from(since),
        until=None if until is None else seconds_to(until),
        keep=keep,
    )
    return _encoded(world, world.trail.filtered_page(start, count, positions=positions), dates)


def latest_trail(
    world: World, settings: AuditSettings, request: Request, dates: DateWriter
) -> Page:
    """Answer `GET events/last`: the twenty newest within `auditTrailLifeTime`."""
    demand_audit(settings, request)
    since = int(request.now) - world.trail_days * DAY
    positions = world.trail.matching(since=since, until=int(request.now))
    return _encoded(world, world.trail.filtered_page(0, LATEST, positions=positions), dates)


def _meant(
    world: World,
    settings: AuditSettings,
    *,
    place: Place | None,
    action_type: ActionType | None,
    action: int | None,
    entry: EntryType | None,
    target: str | None,
) -> tuple[set[int], Callable[[int], bool] | None]:
    """Turn the kinds of filter into action ids, and a test of positions where one is needed."""
    if action is not None:
        # With `action` the other kinds of filter do not count, and `target` must be it exactly.
        if action in UNLISTED and action in world.unlisted:
            raise _broken()
        if target is None:
            return {action}, None
        return {action}, lambda position: _target(world, position) == target
    if place is not None and settings.filters is Filters.AFTER_WINDOW:
        # 3.7.2 looks for the module in every product and falls over the first without it.
        raise _broken()
    wanted = {
        number
        for number, known in TRAIL.items()
        if (place is None or known.place is place)
        and (action_type is None or known.action_type is action_type)
        and (entry is None or target is None or entry in known.entries)
    }
    if entry is None or target is None:
        # One of the two alone is no filter.
        return wanted, None
    part = target
    return wanted, lambda position: part in _target(world, position)


def _broken() -> Refusal:
    return Refusal(
        500,
        "Object reference not set to an instance of an object.",
        "System.NullReferenceException",
    )


def _target(world: World, position: int) -> str:
    columns = world.trail.columns
    said = world.targets.get(columns.ids[position])
    return said or file_of(columns.seconds[position], columns.actors[position])


def _encoded(world: World, positions: list[int], dates: DateWriter) -> Page:
    columns, parts_of = world.trail.columns, world.actor_parts.of
    return Page(
        [
            trail_event(
                columns.ids[position],
                columns.seconds[position],
                parts_of(columns.actors[position]),
                columns.actions[position],
                target=_target(world, position),
                dates=dates,
                about=_guest(world, columns.ids[position], columns.actions[position]),
            )
            for position in positions
        ]
    )


def _guest(world: World, event_id: int, action: int) -> str:
    """Say whom an event adds to a room: by name, or by the address an invitation goes to."""
    user_id = world.room_guests.get(event_id)
    if user_id is None:
        return ""
    person = world.people[user_id]
    by_address = action == ROOM_INVITATION_RESENT or not person.full_name
    return person.email if by_address else person.full_name
