"""A portal in memory, for tests of carrying out: accounts, a sign-in log, and faults to order.

It changes people as release 3.7.2 does (UserController.cs, `UpdateUserStatus`): everybody is
checked before anybody is changed, then one after the other.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from lastseen.docspace.interface import (
    AdministrationPage,
    AdministrativeAct,
    EventPage,
    EventQuery,
    KeyUse,
    OwnKey,
    PeopleQuery,
    Retention,
    Traffic,
)
from lastseen.model.contractor import AccountStatus, AccountType, Profile, UserId
from lastseen.model.errors import PortalError, PortalRefused, PortalUnreachable, PortalUnreadable
from lastseen.model.instant import Instant, whole_second
from lastseen.model.sighting import Event
from testing.plain_portal import PlainPortal

STATUS_SET, SESSIONS_ENDED = 4020, 4036
URL = "https://portal.example"
OWNER = UserId("owner")
START = Instant(datetime(2026, 11, 20, 12, 0, tzinfo=UTC))

Trouble = Literal["lost-before", "lost-after", "lost-midway", "500-midway", "unreadable"]
"""What may happen to a change: it never arrives, its answer is lost, it stops half-way …"""


@dataclass
class HandClock:
    """A clock that goes on by a second a look, and by more when told."""

    now: Instant = START

    def __call__(self) -> Instant:
        self.now = Instant(self.now + timedelta(seconds=1))
        return self.now

    def forward(self, **span: float) -> None:
        self.now = Instant(self.now + timedelta(**span))


@dataclass
class FakePortal(PlainPortal):
    """See `lastseen.docspace.interface.Portal`."""

    clock: HandClock = field(default_factory=HandClock)
    accounts: dict[UserId, Profile] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    free_places: int | None = None
    """How many may still be reinstated; None: any number."""
    nameless: set[UserId] = field(default_factory=set)
    """Those who come back as Pending."""
    unreadable: set[UserId] = field(default_factory=set)
    """Those whose account can't be read one by one."""
    unsaved: dict[UserId, AccountStatus] = field(default_factory=dict)
    """What a single profile shows though the database refused it."""
    troubles: deque[Trouble | PortalError] = field(default_factory=deque)
    """What happens to the next changes, one after the other."""
    deaf_people: bool = False
    """Whether nobody can be read any more."""
    lags: int = 0
    """How many of the next readings still show everybody as before the last change."""
    poisoned: set[UserId] = field(default_factory=set)
    """Those at whom the portal stumbles with a 500, every time."""
    strays: set[UserId] = field(default_factory=set)
    """Those whom the next change changes as well, though nobody asked."""
    passed_over: set[UserId] = field(default_factory=set)
    """Those whom a change leaves as they are without an error, as before release 3.7."""
    scopes: frozenset[str] = frozenset()
    """The key's scopes; empty: everything."""
    keys: tuple[KeyUse, ...] = ()
    """When each API key was last used."""
    may_end_sessions: bool = True
    """Whether the key may end other people's sessions."""
    sign_out_troubles: deque[Trouble | PortalError] = field(default_factory=deque)
    """What happens to the next endings of sessions."""
    trail_delay: timedelta = timedelta(0)
    """How late entries come into the trail."""
    administration_refused: PortalRefused | None = None
    """What is answered to whoever asks what administrators did; None: that."""
    administered: list[tuple[Instant, UserId, int]] = field(default_factory=list)
    """What administrators did to whom, the oldest first: when, who and which action."""
    before_change: Callable[[], None] = lambda: None
    after_change: Callable[[], None] = lambda: None
    before_read: Callable[[], None] = lambda: None
    url: str = URL
    concurrency: int = 8
    largest_skew_seconds: float = 0.0
    own: UserId = OWNER
    puts: list[tuple[UserId, ...]] = field(default_factory=list)
    """Who was in each request that arrived."""
    changes: list[tuple[UserId, AccountStatus]] = field(default_factory=list)
    """Every change of somebody's status that a request made."""
    sessions_ended: list[UserId] = field(default_factory=list)
    """Whose sessions were ended, once for each time."""
    requests: int = 0
    reads: int = 0
    searches: int = 0
    lists: int = 0

    def __post_init__(self) -> None:
        owner = Profile(id=self.own, email="owner@example.com", type=AccountType.OWNER)
        self.accounts.setdefault(self.own, owner)
        self._event_id = 0
        self._stale: dict[UserId, Profile] = {}
        self._endings: list[tuple[Instant, UserId]] = []

    def add(self, number: int, *, kind: AccountType = AccountType.GUEST) -> UserId:
        """Add a person and return the id."""
        who = UserId(f"guest-{number:03}")
        self.accounts[who] = Profile(
            id=who,
            email=f"guest{number}@vendor.example",
            display_name=f"Guest {number}",
            type=kind,
            registered_at=Instant(START - timedelta(days=400)),
        )
        return who

    def change(self, who: UserId, **fields: object) -> None:
        """Change somebody by hand."""
        self.accounts[who] = msgspec.structs.replace(self.accounts[who], **fields)

    def status(self, who: UserId) -> AccountStatus:
        return self.accounts[who].status

    def sign_in(self, who: UserId, *, action_id: int = 1000) -> None:
        """Let somebody sign in now."""
        self._event_id += 1
        at = whole_second(self.clock.now)
        self.events.insert(0, Event(id=self._event_id, at=at, user_id=who, action_id=action_id))

    @property
    def traffic(self) -> Traffic:
        return Traffic(requests=self.requests)

    async def whoami(self) -> Profile:
        self._read()
        return self.accounts[self.own]

    async def person(self, user_id: UserId) -> Profile | None:
        self._read()
        self.reads += 1
        if user_id in self.unreadable:
            raise unreadable()
        found = self._shown().get(user_id)
        if found is None or user_id not in self.unsaved:
            return found
        return msgspec.structs.replace(found, status=self.unsaved[user_id])

    async def people_by_email(self, email: str) -> tuple[Profile, ...]:
        self._read()
        self.searches += 1
        found = tuple(p for p in self._shown().values() if p.email == email)
        if self.unreadable.intersection(p.id for p in found):
            raise unreadable()
        return found

    async def people(self, query: PeopleQuery) -> tuple[Profile, ...]:
        self._read()
        self.lists += 1
        return tuple(p for p in self._shown().values() if _is_asked_for(p, query))

    async def count_people(self, query: PeopleQuery) -> int:
        self._read()
        return sum(_is_asked_for(p, query) for p in self.accounts.values())

    async def sign_ins(self, query: EventQuery) -> EventPage:
        self._read()
        return self._page(self.events, query)

    async def trail(self, query: EventQuery) -> EventPage:
        self._read()
        return self._page([], query)

    async def administration(
        self, action_id: int, *, since: Instant, start: int = 0
    ) -> AdministrationPage:
        self._read()
        if self.administration_refused is not None:
            raise self.administration_refused
        now = self.clock()
        done = [(at, who, SESSIONS_ENDED) for at, who in self._endings] + self.administered
        acts = [
            AdministrativeAct(event_id=1, at=at, action_id=action, people=frozenset({who}))
            for at, who, action in reversed(done)
            if action_id == action and at >= since and at + self.trail_delay <= now
        ]
        return AdministrationPage(acts=tuple(acts[start:]), is_full=False, answered_at=now)

    async def retention(self) -> Retention:
        self._read()
        return Retention(sign_in_days=180, trail_days=180)

    async def key_uses(self) -> tuple[KeyUse, ...]:
        return self.keys

    async def own_key(self) -> OwnKey | None:
        """See `Portal`."""
        return OwnKey(permissions=self.scopes, expires_at=None)

    async def set_status(
        self, user_ids: tuple[UserId, ...], status: AccountStatus
    ) -> tuple[Profile, ...]:
        self.before_change()
        await asyncio.sleep(0)
        self.requests += 1
        trouble = self.troubles.popleft() if self.troubles else None
        if trouble == "lost-before" or isinstance(trouble, PortalError):
            raise trouble if isinstance(trouble, PortalError) else lost()
        self.puts.append(user_ids)
        if any(self._is_protected(who) for who in user_ids):
            raise refused(403)
        midway = trouble in ("lost-midway", "500-midway")
        self._carry(user_ids[: len(user_ids) // 2] if midway else user_ids, status)
        strays = tuple(sorted(self.strays))
        if strays:
            self._carry(strays, status)
        self.strays.clear()
        self.after_change()
        if trouble == "500-midway":
            raise refused(500)
        if trouble == "unreadable":
            raise unreadable()
        if trouble is not None:
            raise lost()
        return tuple(self.accounts[who] for who in (*user_ids, *strays))

    async def end_sessions(self, user_id: UserId) -> None:
        self.before_change()
        await asyncio.sleep(0)
        self.requests += 1
        if not self.may_end_sessions:
            raise refused(403)
        trouble = self.sign_out_troubles.popleft() if self.sign_out_troubles else None
        if trouble == "lost-before" or isinstance(trouble, PortalError):
            raise trouble if isinstance(trouble, PortalError) else lost()
        self.sessions_ended.append(user_id)
        self._endings.append((whole_second(self.clock.now), user_id))
        self.after_change()
        if trouble is not None:
            raise lost()

    def _carry(self, user_ids: Iterable[UserId], status: AccountStatus) -> None:
        if self.lags:
            self._stale = dict(self.accounts)
        for who in user_ids:
            if who in self.passed_over:
                continue
            if who in self.poisoned:
                raise refused(500)
            before = self.status(who)
            given = status
            if status is AccountStatus.ACTIVE:
                if before is not AccountStatus.TERMINATED:
                    continue
                if self.free_places is not None:
                    if not self.free_places:
                        raise refused(402)
                    self.free_places -= 1
                if who in self.nameless:
                    given = AccountStatus.PENDING
            self.change(who, status=given)
            self.administered.append((self.clock(), who, STATUS_SET))
            if given is not before:
                self.changes.append((who, given))

    def _is_protected(self, who: UserId) -> bool:
        account = self.accounts.get(who)
        return account is None or account.type is AccountType.OWNER or account.is_ldap

    def _shown(self) -> dict[UserId, Profile]:
        if self.lags and self._stale:
            self.lags -= 1
            return self._stale
        return self.accounts

    def _read(self) -> None:
        self.before_read()
        self.requests += 1
        if self.deaf_people:
            raise lost()

    def _page(self, events: list[Event], query: EventQuery) -> EventPage:
        kept = [e for e in events if query.user_id is None or e.user_id == query.user_id]
        now = self.clock()
        return EventPage(
            query=query,
            events=kept[query.start : query.start + query.count],
            sent_at=now,
            answered_at=now,
            portal_time=whole_second(now),
        )


def refused(status: int, found: str | None = None) -> PortalRefused:
    """Return the error of an answer with this status."""
    return PortalRefused(
        status=status,
        attempted="changing people",
        found=found or f"the portal answered {status}",
        meaning="",
        remedy="",
    )


def lost() -> PortalUnreachable:
    """Return the error of an answer that didn't come."""
    return PortalUnreachable(
        attempted="changing people", found="the connection broke", meaning="", remedy=""
    )


def unreadable() -> PortalUnreadable:
    """Return the error of an answer that can't be read."""
    return PortalUnreadable(
        attempted="changing people", found="the answer can't be read", meaning="", remedy=""
    )


def _is_asked_for(person: Profile, query: PeopleQuery) -> bool:
    return not query.guests_only or person.type is AccountType.GUEST
