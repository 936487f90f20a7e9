"""The roster `scim`: the users of a SCIM 2.0 service (RFC 7644), narrowed by a filter.

Pages by index (RFC 7644, 3.4.2.4) or by cursor (RFC 9865). The list counts only if it has as many
different users as the service says there are.
"""

from collections.abc import AsyncIterator

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.model.errors import RosterError, UsageError
from lastseen.rosters.columns import Columns
from lastseen.rosters.interface import Listing, RosterOptions
from lastseen.rosters.json_client import LIMITS, ClientLimits, JsonClient, Page, service_address
from lastseen.rosters.paths import find, has_different_names, row_of
from lastseen.rosters.references import resolved_headers
from lastseen.rosters.rows import RowReader

PAGE_SIZE = 200
"""Users asked for at once; a service may send fewer."""

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
"""The schema of the enterprise extension (RFC 7643, 4.3)."""

DEFAULT_PATHS = {
    "id": "",
    "email": "",
    "display_name": "displayName",
    "sponsor": f"{ENTERPRISE}.manager.displayName",
    "end_date": "",
    "kind": "userType",
}
"""Where SCIM has the fields. Its `id` is not the portal's, and it has no end date; the address is
chosen from `emails`."""


class ListResponse(msgspec.Struct, rename="camel"):
    """A page of users (RFC 7644, 3.4.2; `nextCursor`: RFC 9865, 2)."""

    total_results: int | None = None
    resources: list[msgspec.Raw] = msgspec.field(name="Resources", default_factory=list)
    next_cursor: str | None = None


class ScimRoster:
    """The active users of a SCIM service."""

    name = "scim"
    outside = True

    def __init__(
        self,
        options: RosterOptions,
        *,
        limits: ClientLimits = LIMITS,
        page_size: int = PAGE_SIZE,
    ) -> None:
        """Keep the options; raises UsageError for an address or columns that can't be used."""
        if options.url is None:
            raise UsageError(
                attempted="opening the roster scim",
                found="roster.url is not set",
                meaning="the source scim asks a SCIM service",
                remedy='set roster.url, for example "https://idp.example/scim/v2"',
            )
        base = service_address(options.url, source=self.name)
        path = base.path.rstrip("/").removesuffix("/Users")
        self._base = base.with_path(path or "/").with_query(None)
        self._filter = options.filter
        self._headers = options.headers
        self._limits = limits
        self._page_size = page_size
        self._paths = Columns({**DEFAULT_PATHS, **options.columns}).names

    @property
    def query(self) -> str:
        """The list's address and the filter."""
        return f"{self._base / 'Users'}" + (f" {self._filter}" if self._filter else "")

    async def load(self, portal: Portal) -> Listing:
        """Read all users. Raises UsageError for unusable users, RosterError from the service."""
        headers = {"Accept": "application/scim+json", **resolved_headers(self._headers)}
        async with JsonClient(
            str(self._base), headers, source=self.name, limits=self._limits
        ) as client:
            names = {"email": "emails", **self._paths}
            reader = RowReader(source=client.source, unit="user", names=names)
            users, by_cursor = _Users(reader, self._paths), await self._offers_cursors(client)
            async for page in self._pages(client, by_cursor=by_cursor):
                for raw in page.resources:
                    users.read(raw, client)
                users.note_total(page.total_results)
                by_cursor = by_cursor or bool(page.next_cursor)
            users.demand_all(client, by_cursor=by_cursor)
        return Listing(
            contractors=reader.people(),
            warnings=(*reader.warnings(), *users.warnings(client.source)),
            complete=reader.is_complete,
        )

    async def _pages(self, client: JsonClient, *, by_cursor: bool) -> AsyncIterator[ListResponse]:
        asked = {
            "count": str(self._page_size),
            **({"filter": self._filter} if self._filter else {}),
        }
        place = {"cursor": ""} if by_cursor else {"startIndex": "1"}
        read = 0
        cursors: set[str] = set()
        while True:
            answer = await client.page(self._base / "Users", {**asked, **place})
            page = _list_response(answer, client)
            yield page
            read += len(page.resources)
            if page.next_cursor:
                if page.next_cursor in cursors:
                    raise _incomplete(client, "a cursor occurred twice, so the list is a loop")
                cursors.add(page.next_cursor)
                place = {"cursor": page.next_cursor}
            elif by_cursor or not page.resources or read >= (page.total_results or 0):
                return
            else:
                place = {"startIndex": str(read + 1)}

    async def _offers_cursors(self, client: JsonClient) -> bool:
        """Ask whether the service pages by cursor; a service without this answer does not."""
        try:
            page = await client.document(self._base / "ServiceProviderConfig")
            configuration = msgspec.json.decode(page.body)
        except (RosterError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return find(configuration, "pagination.cursor") is True


class _Users:
    """Collects users, and knows how many there must be."""

    def __init__(self, reader: RowReader, paths: dict[str, str]) -> None:
        self._reader = reader
        self._paths = paths
        self._ids: set[str] = set()
        self._totals: set[int] = set()
        self._inactive = 0
        self._number = 0

    def read(self, raw: msgspec.Raw, client: JsonClient) -> None:
        self._number += 1
        user = row_of(raw)
        if user is None:
            raise client.failed(
                f"user {self._number} is not a JSON object, or a name occurs twice in it",
                "it is unknown who that is, or which value counts",
                "ask the source's administrator",
            )
        identity = user.get("id")
        if not isinstance(identity, str) or not identity:
            raise client.failed(
                f"user {self._number} has no id",
                "every user of a SCIM service has one (RFC 7643, 3.1)",
                "ask the source's administrator",
            )
        if identity in self._ids:
            raise _incomplete(
                client, f"user {self._number} occurred twice, so another may be missing"
            )
        self._ids.add(identity)
        if user.get("active") is False:
            self._inactive += 1
            return
        values = {field: find(user, path) for field, path in self._paths.items()}
        if "email" not in self._paths:
            values["email"] = self._email(user)
        self._reader.read(self._number, values, has_content=True)

    def note_total(self, total: int | None) -> None:
        if total is not None:
            self._totals.add(total)

    def demand_all(self, client: JsonClient, *, by_cursor: bool) -> None:
        """Raise RosterError unless there were as many users as the service says there are.

        Only a service that pages by cursor need not say it (RFC 9865).
        """
        if not self._totals and not by_cursor:
            raise _incomplete(client, "the list has no totalResults, which tells whether it is all")
        if self._totals - {len(self._ids)}:
            totals = " or ".join(str(total) for total in sorted(self._totals))
            raise _incomplete(client, f"{len(self._ids)} of {totals} users were returned")

    def warnings(self, source: str) -> tuple[str, ...]:
        if not self._inactive:
            return ()
        return (
            f"{source}: {self._inactive} of {len(self._ids)} users are not active "
            "and were left out",
        )

    def _email(self, user: dict[str, object]) -> str | None:
        """Return the primary address, the only one, or the user name if that is an address."""
        listed = [] if (emails := user.get("emails")) is None else emails
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            self._reader.refuse("emails is not a list of addresses", self._number)
            return None
        offered: list[dict[str, object]] = listed
        primary = [one for one in offered if one.get("primary") is True]
        work = [one for one in offered if one.get("type") == "work"]
        for chosen in (primary, offered, work):
            if len(chosen) == 1:
                if isinstance(address := chosen[0].get("value"), str):
                    return address
                self._reader.refuse("the value of its address in emails is no text", self._number)
                return None
        if offered:
            self._reader.refuse("several addresses in emails, and none is primary", self._number)
            return None
        name = user.get("userName")
        return name if isinstance(name, str) and "@" in name else None


def _list_response(page: Page, client: JsonClient) -> ListResponse:
    response: ListResponse | None = None
    try:
        if has_different_names(page.body):
            response = msgspec.json.decode(page.body, type=ListResponse)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        response = None
    if response is None:
        raise client.failed(
            "the answer is not a SCIM list of users",
            "the address is that of another service, or a proxy or firewall answered",
            'set roster.url to the service, for example "https://idp.example/scim/v2"',
        )
    return response


def _incomplete(client: JsonClient, found: str) -> RosterError:
    return client.failed(
        found,
        "the list changed while it was read, or the service skips users",
        "try again; if it happens again, ask the source's administrator",
    )
