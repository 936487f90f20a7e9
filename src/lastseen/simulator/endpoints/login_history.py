"""`security/audit/login/…`: the login history and its settings.

After `SecurityController.cs` and `LoginEventsRepository.cs`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from lastseen.simulator.endpoints import query
from lastseen.simulator.endpoints.dates import DateWriter, seconds_from, seconds_to
from lastseen.simulator.endpoints.event_wire import login_events
from lastseen.simulator.endpoints.wire import One, Page, Refusal, Request, forbidden
from lastseen.simulator.server.filters import Filters
from lastseen.simulator.world.actions import LOGIN_SUCCESS
from lastseen.simulator.world.people import ANONYMOUS
from lastseen.simulator.world.world import World

LATEST = 20
"""How many events a portal without the audit option gives, whatever it is asked."""


@dataclass(slots=True)
class AuditSettings:
    """How this portal keeps and shows its history; tests change it while it runs."""

    filters: Filters = Filters.AFTER_WINDOW
    section_hidden: bool = False
    """Whether the login history section is switched off: everything here is a 402 then."""
    nameless: float = 0.0
    """The share of successful sign-ins that stand under the anonymous account's id."""

    def names_nobody(self, event: int, action: int) -> bool:
        """Say whether an event stands under the anonymous account's id; always the same."""
        spread = event * 2_654_435_761 % 2**32 / 2**32
        return spread < self.nameless and action in LOGIN_SUCCESS


def login_filter(
    world: World, settings: AuditSettings, request: Request, dates: DateWriter
) -> Page:
    """Answer `GET login/filter`."""
    user_id = query.guid(request.query, "userId")
    action = query.action(request)
    since = query.date(request.query, "from")
    until = query.date(request.query, "to")
    count = query.count(request)
    start = query.number(request.query, "startIndex", 0)
    # Parameters are read before anybody asks for rights.
    demand_audit(settings, request)
    if settings.filters is Filters.IGNORED:
        return latest_logins(world, settings, request, dates)
    log = world.logins
    first = None if since is None else seconds_from(since)
    last = None if until is None else seconds_to(until)
    if settings.filters is Filters.BEFORE_WINDOW and (
        user_id is not None or action is not None or first is not None or last is not None
    ):
        asked_for = None if user_id is None else world.numbers_of(user_id)
        matching = log.matching(
            actors=None if settings.nameless else asked_for,
            actions=None if action is None else (action,),
            since=first,
            until=last,
            keep=_under_id(world, settings, user_id) if settings.nameless else None,
        )
        return _encoded(world, settings, log.filtered_page(start, count, positions=matching), dates)
    positions = log.page(start, count)
    if user_id is not None or action is not None or first is not None or last is not None:
        columns = log.columns
        is_theirs = _under_id(world, settings, user_id)
        positions = [
            position
            for position in positions
            if is_theirs(position)
            and (action is None or columns.actions[position] == action)
            and (first is None or columns.seconds[position] >= first)
            and (last is None or columns.seconds[position] <= last)
        ]
    return _encoded(world, settings, positions, dates)


def latest_logins(
    world: World, settings: AuditSettings, request: Request, dates: DateWriter
) -> Page:
    """Answer `GET login/last`: the twenty newest events."""
    demand_audit(settings, request)
    return _encoded(world, settings, world.logins.page(0, LATEST), dates)


def lifetimes(world: World, settings: AuditSettings, request: Request) -> One:
    """Answer `GET settings/lifetime`."""
    demand_audit(settings, request)
    return One(
        b'{"loginHistoryLifeTime":%d,"auditTrailLifeTime":%d,"lastModified":"0001-01-01T00:00:00"}'
        % (world.login_days, world.trail_days)
    )


def demand_audit(settings: AuditSettings, request: Request) -> None:
    """Refuse callers who may not edit the portal's settings (403), and a hidden section (402)."""
    if not request.account.is_docspace_admin:
        raise forbidden()
    if settings.section_hidden:
        text = "Your pricing plan does not support this option"
        raise Refusal(402, text, "ASC.Core.Billing.BillingException")


def _under_id(world: World, settings: AuditSettings, user_id: str | None) -> Callable[[int], bool]:
    """Give what tells whether the event at a position stands under this id; any, if None."""
    columns = world.logins.columns
    numbers = None if user_id is None else world.numbers_of(user_id)

    def is_theirs(position: int) -> bool:
        if numbers is None:
            return True
        if settings.names_nobody(columns.ids[position], columns.actions[position]):
            return user_id == ANONYMOUS
        return columns.actors[position] in numbers

    return is_theirs


def _encoded(
    world: World, settings: AuditSettings, positions: list[int], dates: DateWriter
) -> Page:
    columns = world.logins.columns

    def is_nameless(position: int) -> bool:
        return settings.names_nobody(columns.ids[position], columns.actions[position])

    return Page(
        login_events(
            columns,
            positions,
            world.actor_parts,
            dates,
            is_nameless=is_nameless if settings.nameless else None,
        )
    )
