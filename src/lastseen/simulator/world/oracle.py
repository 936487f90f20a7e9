"""What is really so on a simulated portal, and what a perfect product would decide.

An oracle of its own, written from the rules and not from the product. It reads the world directly:
no page, no filter, no fault. It never speaks HTTP.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from lastseen.simulator.endpoints.event_wire import Actor
from lastseen.simulator.world.actions import (
    INVITATIONS,
    OAUTH_SIGN_IN,
    ROOM_USER_ADDED,
    SESSIONS_ENDED,
    SIGNED_BY_OTHERS,
    STATUSES_UPDATED,
    is_failure,
    is_presence,
)
from lastseen.simulator.world.event_log import EventColumns
from lastseen.simulator.world.people import EmployeeType, Person, Status
from lastseen.simulator.world.scenario import LateEvent

DAY = 86_400
AHEAD = 300
"""How many seconds an entry may be ahead of the portal's clock and still prove something."""

NeverSeen = Literal["grace", "disable", "keep"]
EVERY_EVIDENCE = ("sign-in", "activity")


@dataclass(frozen=True, slots=True)
class Truth:
    """What is really so for one person. Instants are seconds since 1970."""

    id: str
    email: str
    display_name: str
    kind: str
    status: str
    protected: str | None
    """Why nobody may disable this person, or `None`."""
    registered_at: int
    inviter: str | None
    last_sign_in_at: int | None
    """The newest login event that proves presence."""
    last_activity_at: int | None
    """The newest trail event, whether the portal has written it already or not."""
    last_written_activity_at: int | None
    """The newest trail event that the portal has written."""
    unrecognised_at: int | None
    """The newest login event of an id that no client knows."""
    failed_sign_ins: int
    """Attempts under this person's id or address, over the whole past."""
    reinstated_at: int | None
    last_read_at: int | None = None
    """The newest reading that no log shows."""
    last_key_use_at: int | None = None
    """When an API key of theirs was used last, which the list of keys shows."""
    last_lost_at: int | None = None
    """The newest event that a log should have shown and has lost."""
    authorised_at: int | None = None
    """The newest authorisation of an application (OAuth) that the sign-in log shows."""
    signed_out_at: int | None = None
    """When an administrator last ended their sessions, by the trail."""
    invited_at: int | None = None
    """When they were last invited, by the trail."""
    status_set_at: int | None = None
    """When their status was last changed, by the trail."""

    @property
    def last_presence_at(self) -> int | None:
        """When the person was really there last, whether or not anything shows it."""
        return _newest(
            self.last_sign_in_at,
            self.last_activity_at,
            self.last_read_at,
            self.last_key_use_at,
            self.last_lost_at,
        )

    @property
    def last_presence_by(self) -> str | None:
        """What that presence was: `sign-in`, `activity`, `api-key`, `reading` or `lost`."""
        last = self.last_presence_at
        if last is None:
            return None
        by = {
            "lost": self.last_lost_at,
            "reading": self.last_read_at,
            "api-key": self.last_key_use_at,
            "activity": self.last_activity_at,
            "sign-in": self.last_sign_in_at,
        }
        return [name for name, at in by.items() if at == last][-1]


@dataclass(frozen=True, slots=True)
class Unlogged:
    """What happened but is in no log; by id, in seconds since 1970."""

    read: Mapping[str, int] = field(default_factory=dict)
    key_used: Mapping[str, int] = field(default_factory=dict)
    logins: EventColumns = field(default_factory=EventColumns)
    """Events that the sign-in log has lost."""
    trail: EventColumns = field(default_factory=EventColumns)
    """Events that the trail has lost."""


class Expectation(NamedTuple):
    """What is to be decided on a person, and why."""

    decision: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The policy that the oracle decides by; the defaults are the product's."""

    inactive_days: int = 30
    never_seen: NeverSeen = "grace"
    lookback_days: int = 180
    evidence: Collection[str] = EVERY_EVIDENCE
    covered_days: float | None = None
    """How far back the portal's evidence is whole, in days; `None` is as far as anybody asks."""
    reinstated_grace_days: int = 14
    pending_days: int = 30
    knows_reinstated: bool = False
    """Whether the product has seen the person as terminated before."""
    hindsight: bool = False
    """Whether trail events count that the portal has not written yet."""


def truths(
    people: Iterable[Person],
    *,
    logins: EventColumns,
    trail: EventColumns,
    late: Iterable[LateEvent],
    key_account: str,
    actors: Sequence[Actor] = (),
    targets: Mapping[int, str] | None = None,
    unlogged: Unlogged | None = None,
) -> list[Truth]:
    """Read off the world what is so for each person, in the order of `people`.

    `actors` are those of the events, people first; `targets` says by event id what trail events
    were about.
    """
    known = list(people)
    extra = unlogged or Unlogged()
    sign_ins = _read_sign_ins(logins, actors, size=len(known))
    written, really = _read_trail(trail, late, size=len(known))
    lost = _read_lost(extra, size=len(known))
    done = _done_to_people(trail, targets or {})
    return [
        Truth(
            id=person.id,
            email=person.email,
            display_name=person.display_name,
            kind=person.kind,
            status=person.status.name.capitalize(),
            protected=protection(person, key_account),
            registered_at=person.registered,
            inviter=person.created_by,
            last_sign_in_at=sign_ins.presence[actor],
            last_activity_at=really[actor],
            last_written_activity_at=written[actor],
            unrecognised_at=sign_ins.strange[actor],
            failed_sign_ins=sign_ins.failed(actor, person),
            reinstated_at=person.reinstated,
            last_read_at=extra.read.get(person.id),
            last_key_use_at=extra.key_used.get(person.id),
            last_lost_at=lost[actor],
            authorised_at=sign_ins.authorised[actor],
            signed_out_at=done.get((SESSIONS_ENDED, person.id)),
            invited_at=_newest(
                *(done.get((action, person.id)) for action in INVITATIONS),
                done.get((ROOM_USER_ADDED, person.id)) if person.status is Status.PENDING else None,
            ),
            status_set_at=done.get((STATUSES_UPDATED, person.id)),
        )
        for actor, person in enumerate(known)
    ]


class _SignIns:
    """What the sign-in log shows of each person, by the person's number."""

    def __init__(self, size: int) -> None:
        self.presence: list[int | None] = [None] * size
        self.strange: list[int | None] = [None] * size
        self.authorised: list[int | None] = [None] * size
        self.failures = [0] * size
        self.tried: Counter[str] = Counter()
        """Failures of nobody in particular, by the name that was tried."""

    def failed(self, actor: int, person: Person) -> int:
        tried = self.tried[person.email.lower()] if person.email else 0
        return self.failures[actor] + tried


def _read_sign_ins(logins: EventColumns, actors: Sequence[Actor], *, size: int) -> _SignIns:
    found = _SignIns(size)
    for second, actor, action in zip(logins.seconds, logins.actors, logins.actions, strict=True):
        if actor >= size:
            if is_failure(action) and actor < len(actors):
                found.tried[actors[actor].login.lower()] += 1
        elif is_presence(action):
            found.presence[actor] = second
            if action == OAUTH_SIGN_IN:
                found.authorised[actor] = second
        elif is_failure(action):
            found.failures[actor] += 1
        else:
            found.strange[actor] = second
    return found


def _read_trail(
    trail: EventColumns, late: Iterable[LateEvent], *, size: int
) -> tuple[list[int | None], list[int | None]]:
    """Return when each person was last active as the trail shows, and as it was."""
    written: list[int | None] = [None] * size
    for second, actor, action in zip(trail.seconds, trail.actors, trail.actions, strict=True):
        if actor < size and action != SIGNED_BY_OTHERS:
            written[actor] = second
    really = list(written)
    for event in late:
        if event.actor < size and event.action != SIGNED_BY_OTHERS:
            really[event.actor] = _newest(really[event.actor], event.second)
    return written, really


def _read_lost(extra: Unlogged, *, size: int) -> list[int | None]:
    """Return when each person was last there without any log keeping it."""
    lost: list[int | None] = [None] * size
    for events in (extra.logins, extra.trail):
        for second, actor, action in zip(
            events.seconds, events.actors, events.actions, strict=True
        ):
            if actor < size and action != SIGNED_BY_OTHERS and not is_failure(action):
                lost[actor] = _newest(lost[actor], second)
    return lost


def _done_to_people(trail: EventColumns, targets: Mapping[int, str]) -> dict[tuple[int, str], int]:
    """Say when each action was last done to each person, as the trail shows."""
    found: dict[tuple[int, str], int] = {}
    for second, action, number in zip(trail.seconds, trail.actions, trail.ids, strict=True):
        for user_id in targets[number].split(",") if number in targets else ():
            found[action, user_id] = max(second, found.get((action, user_id), 0))
    return found


def protection(person: Person, key_account: str) -> str | None:
    """Why nobody may disable this person, or `None`; room administrators are administrators."""
    if person.is_system:
        return "system"
    if person.is_owner:
        return "owner"
    if person.employee_type in {EmployeeType.DOCSPACE_ADMIN, EmployeeType.ROOM_ADMIN}:
        return "administrator"
    if person.is_ldap:
        return "ldap"
    return "own-account" if person.id == key_account else None


def expected(truth: Truth, *, now: float, rules: Rules | None = None) -> Expectation:
    """Decide as a perfect product would with all the evidence that the portal can give.

    `now` is in seconds since 1970. Exemptions and contracts are not the portal's and not in here.
    """
    rules = rules or Rules()
    window = now - rules.inactive_days * DAY
    lookback = now - max(rules.lookback_days, rules.inactive_days) * DAY
    covered = None if rules.covered_days is None else now - rules.covered_days * DAY
    if truth.status == Status.TERMINATED.name.capitalize():
        return Expectation("skip", "already-disabled")
    if truth.protected is not None:
        return Expectation("skip", "protected")
    if (
        rules.knows_reinstated
        and truth.reinstated_at is not None
        and truth.reinstated_at > now - rules.reinstated_grace_days * DAY
    ):
        return Expectation("keep", "recently-reinstated")
    by_hand = truth.status_set_at
    if by_hand is not None and by_hand > now - rules.reinstated_grace_days * DAY:
        return Expectation("keep", "recently-reinstated")
    last = _last_seen(truth, rules)
    if last is not None and last > now + AHEAD:
        return Expectation("hold", "evidence-incomplete")
    if last is not None and last > window:
        return Expectation("keep", "active")
    strange = truth.unrecognised_at if "sign-in" in rules.evidence else None
    if strange is not None and strange > window and (last is None or strange > last):
        return Expectation("hold", "unrecognised-event")
    invited = _newest(truth.invited_at, truth.registered_at) or 0
    is_pending = truth.status == Status.PENDING.name.capitalize() and last is None
    if is_pending and invited > now - rules.pending_days * DAY:
        again = truth.invited_at is not None and invited == truth.invited_at
        return Expectation("keep", "recently-invited" if again else "recently-registered")
    if truth.invited_at is not None and truth.invited_at > window:
        return Expectation("keep", "recently-invited")
    if covered is not None and covered > window:
        return Expectation("hold", "evidence-incomplete")
    if is_pending:
        return Expectation("disable", "invitation-not-accepted")
    if last is not None and last > lookback and (covered is None or last >= covered):
        return Expectation("disable", "inactive")
    # "Never" is right where nothing is hidden: over the whole lookback, or since registration.
    if covered is not None and covered > max(lookback, truth.registered_at):
        return Expectation("disable", "inactive")
    if rules.never_seen == "keep":
        return Expectation("keep", "never-seen")
    if rules.never_seen == "grace" and truth.registered_at > window:
        return Expectation("keep", "recently-registered")
    return Expectation("disable", "never-seen")


def _last_seen(truth: Truth, rules: Rules) -> int | None:
    last: int | None = None
    if "sign-in" in rules.evidence:
        last = truth.last_sign_in_at
    if "activity" in rules.evidence:
        activity = truth.last_activity_at if rules.hindsight else truth.last_written_activity_at
        last = _newest(last, activity)
    return _newest(last, truth.last_key_use_at)


def _newest(*instants: int | None) -> int | None:
    return max((instant for instant in instants if instant is not None), default=None)
