"""What the rest of Lastseen may ask of a portal, independent of HTTP.

`client` implements it over the network; campaigns implement it in process.
"""

from typing import Protocol

import msgspec

from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, Interval
from lastseen.model.sighting import Event, EvidenceKind

MOST_A_PAGE = 100
"""Entries or people on a full page (`count` is 1 to 100: SecurityController.cs)."""

UNAUTHORIZED = 401
"""The status of an answer to a key that the portal does not accept."""
PAYMENT_REQUIRED = 402
"""The status of an answer to what the portal's licence doesn't include."""
FORBIDDEN = 403
"""The status of an answer to a key without the right."""
NOT_FOUND = 404
"""The status of an answer about something that the portal does not have."""
TOO_MANY_REQUESTS = 429
"""The status of an answer that a limit of the portal refuses."""
SERVER_ERROR = 500
"""The status of an answer about an error of the portal's own, which may have done a part."""

NOTHING_DONE = frozenset({400, NOT_FOUND, 405, 413, 422})
"""Refusals before anything was changed (UserController.cs, BaseStartup.cs)."""
REFUSES_ALL = frozenset({UNAUTHORIZED, TOO_MANY_REQUESTS})
"""Refusals that concern the key: every further request would be refused as well."""


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query for a page of events. Only what is set is sent."""

    start: int = 0
    """How many events to skip, newest first (`startIndex`)."""
    count: int = MOST_A_PAGE
    """How many to return: 1 to 100."""
    user_id: UserId | None = None
    """Only this person's."""
    action_id: int | None = None
    """Only this action."""
    since: Instant | None = None
    """Only events at or after this instant (`from`)."""
    until: Instant | None = None
    """Only events at or before this instant (`to`)."""


class EventPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it came, checked only for its shape and for newest-first order."""

    query: EventQuery
    """The query."""
    events: list[Event]
    """The events: newest first; equal seconds in any order."""
    sent_at: Instant
    """When the request was sent, by the machine's clock."""
    answered_at: Instant
    """When the answer was complete, by the machine's clock."""
    portal_time: Instant | None
    """The answer's `Date` header: the portal's clock, whole seconds."""


EMPTY_READINGS = 3
"""How many readings must say that a list of people, or a search, is empty before it counts."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """For how many days the portal keeps its logs (`audit/settings/lifetime`)."""

    sign_in_days: int
    trail_days: int


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How long a session lives (`settings/cookiesettings`)."""

    minutes: int | None
    """The limit; None: until its sign-in event is deleted."""


class AdministrativeAct(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that somebody did to people or settings, according to the trail."""

    event_id: int
    """The portal's id of the entry."""
    at: Instant
    """When, to the second."""
    action_id: int
    """The portal's number of the action (MessageAction.cs)."""
    people: frozenset[UserId] = frozenset()
    """The people named in its target."""
    by: UserId | None = None
    """The account that did it; None if the entry names none."""
    text: str = ""
    """What an invitation to a room says, in the portal's language: it has the address that was
    invited, and its target is the room; empty for other actions."""


class AdministrationPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of acts of one kind."""

    acts: tuple[AdministrativeAct, ...]
    """Newest first. A portal that ignores filters returns other actions as well."""
    is_full: bool
    """Whether older ones may be on the next page."""
    answered_at: Instant
    """When the answer was complete, by the machine's clock."""


class KeyUse(msgspec.Struct, frozen=True, kw_only=True):
    """When an API key was last used, and whose it is."""

    owner: UserId
    """The person as whom it acts."""
    last_used_at: Instant | None
    """When; None: never."""


class OwnKey(msgspec.Struct, frozen=True, kw_only=True):
    """What the current key may do (`keys/@self`)."""

    permissions: frozenset[str]
    """Its scopes, as `accounts:read`; empty: everything that its owner may do."""
    expires_at: Instant | None
    """From when it is refused; None: it does not expire."""

    @property
    def reads_logs(self) -> bool:
        """Whether it may read `security/audit`: global scopes only (AuthorizationExtension.cs)."""
        return self._has("*:read", "*:write")

    @property
    def changes_accounts(self) -> bool:
        """Whether it may change people's status."""
        return self._has("*:write", "accounts:write")

    @property
    def ends_sessions(self) -> bool:
        """Whether it may use `security/activeconnections`: global scopes only."""
        return self._has("*:write")

    def _has(self, *scopes: str) -> bool:
        return not self.permissions or not self.permissions.isdisjoint({"*", *scopes})


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """A release of the server."""

    text: str
    """As the portal writes it, such as `3.7.2`."""
    is_supported: bool
    """Whether Lastseen works with it."""


class PeopleQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The query for a list of people. Every status is always included."""

    guests_only: bool = False
    """Only guests (`area=Guests`)."""
    group_id: str | None = None
    """Only members of this group."""
    inviter_id: UserId | None = None
    """Only those invited by this person."""
    text: str | None = None
    """Only those with this text in name or e-mail address (`filterValue`)."""


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """The requests to the portal so far."""

    requests: int = 0
    """Requests sent, retries included."""
    retries: int = 0
    """Requests that had to be sent again, since something was wrong with the first answer."""
    throttled: int = 0
    """Answers with status 429."""


class Portal(Protocol):
    """A DocSpace portal. Every method may raise `PortalError` and its children."""

    @property
    def url(self) -> str:
        """The address without a trailing slash."""

    @property
    def traffic(self) -> Traffic:
        """The requests so far."""

    @property
    def largest_skew_seconds(self) -> float:
        """Largest difference seen between the portal's clock and the machine's, signed.

        Positive if the portal is ahead. A difference within the header's resolution of a second is
        not counted, nor the time that the answer took.
        """

    @property
    def tells_its_time(self) -> bool:
        """Whether any answer so far had a `Date` header that can be read."""

    @property
    def concurrency(self) -> int:
        """How many requests should be in flight at once now."""

    async def whoami(self) -> Profile:
        """Return the account of the API key (`people/@self`)."""

    async def person(self, user_id: UserId) -> Profile | None:
        """Return one person, or None if the portal knows no such id."""

    async def people_by_email(self, email: str) -> tuple[Profile, ...]:
        """Return everyone with this address, or nearly (`near_key`): usually one person."""

    async def people(self, query: PeopleQuery) -> tuple[Profile, ...]:
        """Return everyone who matches the query, each once, proven complete against `total`.

        Raises PortalUnreadable if the list can't be proven complete.
        """

    async def people_within(
        self, query: PeopleQuery, *, most_requests: int
    ) -> tuple[Profile, ...] | None:
        """Return what `people` does; None, after one request, if that takes more of them."""

    async def count_people(self, query: PeopleQuery) -> int:
        """Return how many people match the query (one request, `count=1`)."""

    def expect_days(self, number: float) -> None:
        """Raise the limits for the logs to what reading that many days back needs."""

    def shown(self, kind: EvidenceKind) -> tuple[Interval, ...]:
        """Return the stretches over which the pages read so far show entries at least daily.

        By anybody; in no order, and they may overlap.
        """

    async def sign_ins(self, query: EventQuery) -> EventPage:
        """Return one page of the sign-in log (`security/audit/login/filter`)."""

    async def trail(self, query: EventQuery) -> EventPage:
        """Return one page of the audit trail (`security/audit/events/filter`)."""

    async def retention(self) -> Retention:
        """Return how long the portal keeps its logs."""

    async def release(self) -> Release | None:
        """Return which release of the server answers, None if it doesn't say."""

    async def time_zone(self) -> str | None:
        """Return the IANA name of the portal's time zone, None if it doesn't give one."""

    async def own_key(self) -> OwnKey | None:
        """Return what the current key may do and until when, None on a release that doesn't say."""

    async def key_uses(self) -> tuple[KeyUse, ...]:
        """Return when each API key of the portal was last used."""

    async def session_settings(self) -> SessionSettings:
        """Return how long sessions live."""

    async def administration(
        self, action_id: int, *, since: Instant, start: int = 0
    ) -> AdministrationPage:
        """Return a page of what administrators did, one action, newest first, since `since`."""

    async def set_status(
        self, user_ids: tuple[UserId, ...], status: AccountStatus
    ) -> tuple[Profile, ...]:
        """Give all of them a status in one request, and return them as the portal answers.

        The answer may name people who were not requested; the caller checks who has changed.
        Never retried if the request may have reached the portal: then PortalUnreachable,
        PortalUnreadable or PortalRefused (5xx) says that the outcome is
        unknown. A 403 or 402 is PortalRefused: see `status`.
        """

    async def end_sessions(self, user_id: UserId) -> None:
        """End all sessions of a person. Never retried, as `set_status`."""


def clocks_agree(portal: Portal) -> bool:
    """Return whether the portal's time is known and this machine's: else idle time is wrong."""
    skew = abs(portal.largest_skew_seconds)
    return portal.tells_its_time and skew <= CLOCK_TOLERANCE.total_seconds()
