"""The fewest requests that a review could take: an oracle that knows the whole portal.

It knows where in which log everyone is, and reads just what shows it: the pages of the roster; the
newest pages of the sign-in log, and then one request for each person not yet met, with whatever
number of pages makes the sum the least; and for those whom the sign-in log does not save one
request each, or the trail page by page, whichever is less. Where dates are to be shown, it reads
what shows those as well: whoever is asked about alone is dated by the same answer. It asks nothing
twice, proves nothing, doesn't find out what sort of portal it is, and its pages don't overlap.

`fewest_proven` also pays what the rules of proof demand of any program: pages that overlap by an
entry, empty answers that others agree with, a canary, and what must be asked beside the logs.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lastseen.simulator.server.filters import Filters
from lastseen.simulator.server.portal import SimulatedPortal
from lastseen.simulator.world.actions import is_presence
from lastseen.simulator.world.event_log import EventColumns
from lastseen.simulator.world.people import Status

DAY = 86_400
PAGE = 100
"""People, events or changes that one request can bring or make."""
STEP = PAGE - 1
"""New events on a page of a log that shows the last event of the page before."""
AGREEING = ((1_000, 2), (100, 3), (20, 4), (0, 5))
"""Empty answers that must agree, by how many people were found by asking in the same way."""
PEOPLE_A_CANARY = 200
"""People asked about between two questions to the canary."""
ASKED_ALWAYS = 4
"""The release, the key's account, how long logs are kept, and whether filters come first."""
ASKED_BEFORE_DISABLING = 11
"""How long sessions live, the key's rights, all keys (3 answers), 3 actions (2 answers each)."""
ASKED_OF_PAUSES = 3
"""Entries that show, a week apart at most, that a log was written all the time it was not read."""
ASKED_OF_LIFETIMES = 5
"""Empty answers that must agree that the lifetime of logs was never shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """For which time presence is looked for."""

    now: float
    """Seconds since 1970."""
    days: int = 30

    @property
    def since(self) -> float:
        """The instant at which it begins; presence just then is too old."""
        return self.now - self.days * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The cheapest way to look for people in a log."""

    pages: int
    """So many pages of the log from the newest on."""
    alone: int
    """Then so many people one by one."""
    absent: int
    """People of whom the log shows nothing in the window."""

    @property
    def requests(self) -> int:
        """All in all."""
        return self.pages + self.alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Fewest:
    """The fewest requests for a review of all guests, and what they are for."""

    roster: int
    sign_ins: Way
    activity: Way
    mixed_activity: Way
    """The activity, were the trail read as the sign-in log is: some pages, and then one by one."""
    inactive: int
    """People who are to be disabled."""

    @property
    def review(self) -> int:
        """Requests of the review."""
        return self.roster + self.sign_ins.requests + self.activity.requests

    @property
    def mixed_review(self) -> int:
        """Requests of a review that mixes both ways in the trail as well."""
        return self.roster + self.sign_ins.requests + self.mixed_activity.requests

    @property
    def changes(self) -> int:
        """Requests that disable them, a hundred people each."""
        return -(-self.inactive // PAGE)


def fewest(portal: SimulatedPortal, window: Window) -> Fewest:
    """Return the fewest requests that a review of the portal's guests could take."""
    world = portal.world
    guests, undecided = _guests(portal, window)
    filters = portal.audit.filters
    sign_ins, unseen = cheapest(
        world.logins.columns, undecided, since=window.since, one_by_one=filters_first(filters)
    )
    trail = world.trail.columns
    whole, inactive = cheapest(trail, unseen, since=window.since, one_by_one=False)
    mixed, _ = cheapest(trail, unseen, since=window.since, one_by_one=True)
    alone = Way(pages=0, alone=len(unseen), absent=len(inactive))
    return Fewest(
        roster=pages(guests),
        sign_ins=sign_ins,
        activity=min(whole, alone, key=lambda way: way.requests),
        mixed_activity=mixed,
        inactive=len(inactive),
    )


def fewest_proven(
    portal: SimulatedPortal,
    window: Window,
    *,
    sign_ins_since: Mapping[str, float] = {},
    trail_since: Mapping[str, float] = {},
) -> int:
    """Return the fewest requests, under the rules of proof, for a review.

    `sign_ins_since`, `trail_since`: for inactive people, by id, since when each log is shown to
    hold nothing of them; further than their newest sighting nothing has to be shown.
    """
    world = portal.world
    guests, undecided = _guests(portal, window)
    logins, trail = world.logins.columns, world.trail.columns
    unseen = undecided - newest_places(logins, undecided, since=window.since).keys()
    absent = unseen - newest_places(trail, unseen, since=window.since).keys()
    ids = {world.actors[actor].user_id: actor for actor in absent}
    seen = dict.fromkeys(absent, 0.0)
    for columns in (logins, trail):
        for actor, place in newest_places(columns, absent, since=0).items():
            moment = columns.seconds[len(columns.seconds) - 1 - place]
            seen[actor] = max(seen[actor], moment)
    shown = [
        {ids[who]: max(moment, seen[ids[who]]) for who, moment in since.items() if who in ids}
        for since in (sign_ins_since, trail_since)
    ]
    by_name = filters_first(portal.audit.filters)
    sign_ins = _proven(logins, undecided, shown[0], since=window.since, by_name=by_name)
    activity = _proven(trail, unseen, shown[1], since=window.since, by_name=True)
    beside = ASKED_ALWAYS + (ASKED_BEFORE_DISABLING if absent else 0)
    if absent and activity < overlapping_pages(sum(1 for _ in _in_window(trail, window.since))):
        beside += ASKED_OF_PAUSES
    if any(not seen[actor] and moment <= logins.seconds[0] for actor, moment in shown[0].items()):
        beside += ASKED_OF_LIFETIMES
    return pages(guests) + sign_ins + activity + beside


def _proven(
    columns: EventColumns,
    people: Collection[int],
    dates: Mapping[int, float],
    *,
    since: float,
    by_name: bool,
) -> int:
    """Return the fewest requests that decide on `people` and show the `dates` of some."""
    if not people:
        return 0
    seconds = columns.seconds
    length = len(seconds)
    met = sorted(newest_places(columns, people, since=since).values())
    # Up to the window's edge everyone not met costs a request; from there on only dates do.
    last = length - bisect_right(seconds, since) if len(met) < len(people) else 1 + met[-1]
    edge = overlapping_pages(last)
    deep = {who: length - bisect_left(seconds, date) for who, date in dates.items()}
    depths = sorted(deep.values())
    most = max([edge, *(overlapping_pages(depth) for depth in depths)])
    best = most
    if by_name:
        empty = set(people) - newest_places(columns, people, since=0).keys()
        empty_depths = sorted(depth for who, depth in deep.items() if who in empty)
        for read in range(most):
            if read < edge:
                left, empty_left = len(people) - bisect_left(met, read * STEP), len(empty)
            else:
                left, empty_left = (
                    len(all_depths) - bisect_right(all_depths, read * STEP)
                    for all_depths in (depths, empty_depths)
                )
            best = min(best, read + _by_name(left, empty_left))
    return max(1, best)


def _by_name(people: int, empty: int) -> int:
    """Return what asking about people one by one takes, of whom a log holds nothing of `empty`."""
    if not people:
        return 0
    agreeing = next(enough for least, enough in AGREEING if people - empty >= least)
    canary = -(-people // PEOPLE_A_CANARY) + (agreeing if empty else 0)
    return people + empty * (agreeing - 1) + canary


def overlapping_pages(number: int) -> int:
    """Return how many pages bring so many events, each showing the last of the one before."""
    return max(1, -(-(number - 1) // STEP))


def candidates(portal: SimulatedPortal, window: Window) -> set[int]:
    """Return the actors whom the sign-in log does not save, so that their activity matters."""
    _, undecided = _guests(portal, window)
    seen = newest_places(portal.world.logins.columns, undecided, since=window.since)
    return undecided - seen.keys()


def _guests(portal: SimulatedPortal, window: Window) -> tuple[int, set[int]]:
    """Return how many guests there are, and the actors on whom only the logs can decide."""
    world = portal.world
    guests = [
        (actor, world.people[named.user_id])
        for actor, named in enumerate(world.actors)
        if named.user_id in world.people and world.people[named.user_id].is_guest
    ]
    # Whom no log can change: they are disabled already, or too new to have been away.
    undecided = {
        actor
        for actor, person in guests
        if person.status is not Status.TERMINATED
        and not person.is_ldap
        and person.registered < window.since
    }
    return len(guests), undecided


def filters_first(filters: Filters) -> bool:
    """Say whether a person's own events can be asked for."""
    return filters is Filters.BEFORE_WINDOW


def cheapest(
    columns: EventColumns, people: Collection[int], *, since: float, one_by_one: bool
) -> tuple[Way, set[int]]:
    """Return the cheapest way to find out who of `people` was there after `since`, and who wasn't.

    `people` are actors. `one_by_one`: whether single people can be asked for.
    """
    places = newest_places(columns, people, since=since)
    absent = set(people) - places.keys()
    if not people:
        return Way(pages=0, alone=0, absent=0), absent
    # To the window's edge, where somebody is not in it; else to the last one found.
    length = sum(1 for _ in _in_window(columns, since)) if absent else 1 + max(places.values())
    whole = Way(pages=max(1, pages(length)), alone=0, absent=len(absent))
    if not one_by_one:
        return whole, absent
    order = sorted(places.values())
    best, found = whole, 0
    for read in range(whole.pages):
        while found < len(order) and order[found] < read * PAGE:
            found += 1
        way = Way(pages=read, alone=len(people) - found, absent=len(absent))
        if way.requests < best.requests:
            best = way
    return best, absent


def newest_places(
    columns: EventColumns, people: Collection[int], *, since: float
) -> dict[int, int]:
    """Return at which place of the log, newest first, each of `people` is first met, if at all."""
    wanted = set(people)
    places: dict[int, int] = {}
    for place, position in enumerate(_in_window(columns, since)):
        actor = columns.actors[position]
        if actor in wanted and actor not in places and _shows_presence(columns, position):
            places[actor] = place
    return places


def pages(number: int) -> int:
    """Return how many requests bring so many people or events."""
    return -(-number // PAGE)


def _in_window(columns: EventColumns, since: float) -> Iterable[int]:
    """Yield positions newest first, as far as they are after `since`."""
    seconds: Sequence[int] = columns.seconds
    for position in range(len(seconds) - 1, -1, -1):
        if seconds[position] <= since:
            return
        yield position


def _shows_presence(columns: EventColumns, position: int) -> bool:
    # Numbers below 2000 are the sign-in log's; all that the trail holds is presence.
    action = columns.actions[position]
    return action >= 2000 or is_presence(action)
