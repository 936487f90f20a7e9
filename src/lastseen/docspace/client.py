"""The portal as the rest of Lastseen sees it, implemented by a DocSpace server's API.

Each method builds a request and delegates to `people`, `audit` and the `RetryingClient` that
sends it. `client_over` builds one over any transport; `lastseen.docspace.open_portal` over the
network.
"""

from urllib.parse import quote

import msgspec

from lastseen.docspace import (
    administration,
    api_keys,
    audit,
    people,
    release,
    session_settings,
    sessions,
    time_zone,
)
from lastseen.docspace.entry_times import EntryTimes
from lastseen.docspace.http.error_text import ErrorText, Operation, Topic
from lastseen.docspace.http.limits import Limits
from lastseen.docspace.http.request import Request, Runtime, Transport
from lastseen.docspace.http.retry import RetryingClient
from lastseen.docspace.interface import (
    AdministrationPage,
    EventPage,
    EventQuery,
    KeyUse,
    OwnKey,
    PeopleQuery,
    Release,
    Retention,
    SessionSettings,
    Traffic,
)
from lastseen.docspace.wire import read_changed_people, read_retention
from lastseen.model import counting
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.errors import UsageError
from lastseen.model.instant import Clock, Instant, Interval
from lastseen.model.secret import ApiKey
from lastseen.model.sighting import LOGS, EvidenceKind

_STATUS_PATH = "/api/2.0/people/status/"
_RETENTION_PATH = "/api/2.0/security/audit/settings/lifetime"

_BY_NAME = {AccountStatus.ACTIVE: "Active", AccountStatus.TERMINATED: "Terminated"}
_BY_NUMBER = {AccountStatus.ACTIVE: "1", AccountStatus.TERMINATED: "2"}


class Client:
    """A DocSpace portal behind a RetryingClient. See `interface.Portal` for each method."""

    def __init__(
        self,
        url: str,
        requests: RetryingClient,
        *,
        error_text: ErrorText,
        status_segments: dict[AccountStatus, str],
    ) -> None:
        """Send through `requests`; `status_segments` are the last path segments of a change."""
        self._url = url
        self._requests = requests
        self._error_text = error_text
        self._status_segments = status_segments
        self._is_counted = False
        self._entry_times = {kind: EntryTimes() for kind in LOGS}

    @property
    def url(self) -> str:
        """The address without a trailing slash."""
        return self._url

    @property
    def traffic(self) -> Traffic:
        """The requests so far."""
        return self._requests.traffic

    @property
    def largest_skew_seconds(self) -> float:
        """The largest difference between the clocks; positive if the portal is ahead."""
        return self._requests.largest_skew_seconds

    @property
    def tells_its_time(self) -> bool:
        """Whether any answer so far had a `Date` header that can be read."""
        return self._requests.tells_its_time

    @property
    def concurrency(self) -> int:
        """How many requests should be in flight at once now."""
        return self._requests.concurrency

    async def whoami(self) -> Profile:
        """Return the account of the API key."""
        return await people.whoami(self._requests)

    async def person(self, user_id: UserId) -> Profile | None:
        """Return one person, or None if the portal knows no such id."""
        return await people.person(self._requests, user_id)

    async def people_by_email(self, email: str) -> tuple[Profile, ...]:
        """Return everyone with this address in any case."""
        return await people.people_by_email(self._requests, self._error_text, email)

    async def people(self, query: PeopleQuery) -> tuple[Profile, ...]:
        """Return everyone who matches the query, each once, proven complete."""
        return await people.people(self._requests, self._error_text, query)

    async def people_within(
        self, query: PeopleQuery, *, most_requests: int
    ) -> tuple[Profile, ...] | None:
        """Return what `people` does; None, after one request, if that takes more of them."""
        return await people.people_within(
            self._requests, self._error_text, query, most_requests=most_requests
        )

    async def count_people(self, query: PeopleQuery) -> int:
        """Return how many people match the query."""
        return await people.count_people(self._requests, query)

    def expect_days(self, number: float) -> None:
        """Raise the limits for the logs to what reading that many days back needs."""
        self._requests.expect_days(number)

    async def sign_ins(self, query: EventQuery) -> EventPage:
        """Return one page of the sign-in log."""
        await self._expect_its_size()
        page = await audit.sign_in_page(self._requests, query)
        self._entry_times[EvidenceKind.SIGN_IN].note(page.events)
        return page

    async def trail(self, query: EventQuery) -> EventPage:
        """Return one page of the audit trail."""
        await self._expect_its_size()
        page = await audit.trail_page(self._requests, query)
        self._entry_times[EvidenceKind.ACTIVITY].note(page.events)
        return page

    def shown(self, kind: EvidenceKind) -> tuple[Interval, ...]:
        """Return the stretches over which the pages read so far show entries at least daily."""
        return self._entry_times[kind].stretches()

    async def retention(self) -> Retention:
        """Return how long the portal keeps its logs."""
        request = Request(method="GET", path=_RETENTION_PATH)
        operation = Operation("asking how long the logs are kept", Topic.LOGS)
        return await self._requests.ask(
            request, operation, lambda answer: read_retention(answer.body)
        )

    async def release(self) -> Release | None:
        """Return which release of the server answers."""
        return await release.release(self._requests)

    async def time_zone(self) -> str | None:
        """Return the IANA name of the portal's time zone."""
        return await time_zone.time_zone(self._requests)

    async def own_key(self) -> OwnKey | None:
        """Return what the current key may do and until when."""
        return await api_keys.own_key(self._requests)

    async def key_uses(self) -> tuple[KeyUse, ...]:
        """Return when each API key of the portal was last used."""
        return await api_keys.key_uses(self._requests)

    async def session_settings(self) -> SessionSettings:
        """Return how long sessions live."""
        return await session_settings.session_settings(self._requests)

    async def administration(
        self, action_id: int, *, since: Instant, start: int = 0
    ) -> AdministrationPage:
        """Return a page of what administrators did, one action."""
        return await administration.administration_page(
            self._requests, action_id, since=since, start=start
        )

    async def set_status(
        self, user_ids: tuple[UserId, ...], status: AccountStatus
    ) -> tuple[Profile, ...]:
        """Give all of them a status in one request; raises ValueError for any other status."""
        segment = self._status_segments.get(status)
        if segment is None:
            raise ValueError(f"nobody can be made {status.name}")
        if not user_ids:
            return ()
        request = Request(
            method="PUT",
            path=_STATUS_PATH + quote(segment, safe=""),
            body=msgspec.json.encode({"userIds": user_ids, "resendAll": False}),
        )
        verb = "disabling" if status is AccountStatus.TERMINATED else "reinstating"
        number = counting.people(len(user_ids))
        operation = Operation(f"{verb} {number}", Topic.CHANGE)
        return await self._requests.ask(
            request, operation, lambda answer: read_changed_people(answer.body)
        )

    async def end_sessions(self, user_id: UserId) -> None:
        """End all sessions of a person."""
        await sessions.end_sessions(self._requests, user_id)

    async def close(self) -> None:
        """Release everything; the transport is closed by its owner."""
        await self._requests.close()

    async def _expect_its_size(self) -> None:
        """Count the portal's people before the limit that grows with their number is reached.

        A review of a few contractors knows only these, but the logs contain everybody's entries.
        """
        if self._requests.logs_are_nearly_spent and not self._is_counted:
            self._is_counted = True
            await self.count_people(PeopleQuery())


def client_over(
    transport: Transport,
    *,
    url: str,
    clock: Clock,
    key: ApiKey | None = None,
    limits: Limits | None = None,
    disabled_status: str | int = "Terminated",
    runtime: Runtime | None = None,
) -> Client:
    """Return a client that sends through `transport`.

    `url` is only for messages; `key`, if given, is kept out of every text. Raises UsageError for
    a `disabled_status` other than the name or the number of Terminated.
    """
    error_text = ErrorText(url, key or ApiKey(""))
    requests = RetryingClient(
        transport,
        error_text,
        clock=clock,
        limits=limits or Limits(),
        runtime=runtime or Runtime(),
    )
    return Client(
        url, requests, error_text=error_text, status_segments=status_segments(disabled_status)
    )


def status_segments(disabled_status: str | int) -> dict[AccountStatus, str]:
    """Return the last path segment of a change to each status, by name or by number alike.

    Raises UsageError for anything but Terminated or 2.
    """
    text = str(disabled_status).strip()
    if text == _BY_NUMBER[AccountStatus.TERMINATED]:
        return _BY_NUMBER
    if text.casefold() == _BY_NAME[AccountStatus.TERMINATED].casefold():
        return _BY_NAME
    raise UsageError(
        attempted="reading portal.disabled_status",
        found=f"{text[:40]!r} is not a status that disables",
        meaning="a portal can give two statuses: Active (1) and Terminated (2)",
        remedy='write "Terminated" or 2',
    )
