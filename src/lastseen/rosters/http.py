"""The roster `http`: a list of contractors that a web service offers as JSON, page by page."""

from collections.abc import Mapping

import msgspec
from yarl import URL

from lastseen.docspace.interface import Portal
from lastseen.model.errors import RosterError, UsageError
from lastseen.rosters.columns import Columns, ends
from lastseen.rosters.further_pages import PagingHints, paging_hints
from lastseen.rosters.interface import Listing, RosterOptions
from lastseen.rosters.json_client import (
    LIMITS,
    ClientLimits,
    JsonClient,
    Page,
    same_service,
    service_address,
)
from lastseen.rosters.paths import beside, find, list_at, row_of
from lastseen.rosters.references import resolved_headers
from lastseen.rosters.rows import PEOPLE_FIELDS, RowReader, has_value


class HttpRoster:
    """A JSON list at an address; further pages by `Link: rel="next"` (RFC 8288), same host only."""

    name = "http"
    outside = True

    def __init__(self, options: RosterOptions, *, limits: ClientLimits = LIMITS) -> None:
        """Keep the options; raises UsageError for an address or columns that can't be used."""
        if options.url is None:
            raise UsageError(
                attempted="opening the roster http",
                found="roster.url is not set",
                meaning="the source http asks a web service",
                remedy="set roster.url in the configuration, or LASTSEEN_ROSTER__URL",
            )
        service_address(options.url, source=self.name)
        self._url = options.url
        self._rows = options.rows or ""
        self._headers = options.headers
        self._columns = Columns(options.columns)
        self._limits = limits

    @property
    def query(self) -> str:
        """The address without its query, which may hold a key, and where the rows are."""
        url = service_address(self._url, source=self.name)
        return f"{url.origin()}{url.path}" + (f" {self._rows}" if self._rows else "")

    async def load(self, portal: Portal) -> Listing:
        """Read every page. Raises UsageError for unusable rows, RosterError from the service."""
        async with JsonClient(
            self._url, resolved_headers(self._headers), source=self.name, limits=self._limits
        ) as client:
            reader = RowReader(source=client.source, unit="row", names=self._columns.names)
            rows = _Rows(self._columns, reader)
            asked: set[URL] = set()
            following: URL | None = client.url
            total, pages = 0, 0
            while following is not None:
                if following in asked:
                    raise client.failed(
                        "its next page is one that was read already",
                        "the list runs in a circle, so it may be incomplete",
                        "ask the source's administrator",
                    )
                asked.add(following)
                page = await client.page(following)
                rows.read(self._listed(page, client))
                hints = self._hints(page, client)
                total, pages = max(total, hints.total), max(pages, hints.pages)
                following = self._next(page, client)
        rows.demand_people(client.source)
        rows.demand_all(total, client)
        if pages > len(asked):
            raise _incomplete(client, f"{len(asked)} of {pages} pages were read")
        return Listing(
            contractors=reader.people(),
            warnings=reader.warnings(),
            complete=reader.is_complete,
        )

    def _listed(self, page: Page, client: JsonClient) -> list[msgspec.Raw]:
        try:
            listed = list_at(page.body, self._rows)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise client.failed(
                "the answer is not JSON",
                "the address is that of a web page, or a proxy or firewall answered",
                "correct roster.url",
            ) from None
        if listed is None:
            where = f"at {self._rows}" if self._rows else "at its top"
            raise client.failed(
                f"the answer has no list {where}",
                "without it the contractors are not known",
                'set roster.rows to where the list is, for example "data.people"',
            )
        return listed

    def _hints(self, page: Page, client: JsonClient) -> PagingHints:
        """Return what the answer says about other pages.

        Raises RosterError if it names a further page otherwise than by `Link: rel="next"`.
        """
        hints = paging_hints(beside(page.body, self._rows))
        if hints.next_name is not None and page.next is None:
            raise _incomplete(client, f"{hints.next_name} says that there are more pages")
        return hints

    def _next(self, page: Page, client: JsonClient) -> URL | None:
        if page.next is not None and not same_service(page.next, client.url):
            raise client.failed(
                "its next page is on another host",
                "the credentials are only for the host in roster.url",
                "ask the source's administrator",
            )
        return page.next


class _Rows:
    """Passes the items of a list to the reader, and notices if no item names anybody."""

    def __init__(self, columns: Columns, reader: RowReader) -> None:
        self._names = columns.names
        self._wanted = [columns.names[f] for f in PEOPLE_FIELDS if f in columns.names]
        self._end_is_chosen = columns.end_is_chosen
        self._reader = reader
        self._number = 0
        self._named = False

    def read(self, items: list[msgspec.Raw]) -> None:
        for item in items:
            self._number += 1
            row = row_of(item)
            if row is None:
                self._reader.refuse("not a JSON object, or a name occurs twice in it", self._number)
                self._named = True
                continue
            values = {field: find(row, path) for field, path in self._names.items()}
            self._demand_one_end(row)
            self._named |= values.get("id") is not None or values.get("email") is not None
            self._reader.read(self._number, values, has_content=any(map(has_value, row.values())))

    def _demand_one_end(self, row: Mapping[str, object]) -> None:
        """Note an error if several values may be the end, and none was chosen."""
        found = [] if self._end_is_chosen else ends("end_date", row)
        if len(found) > 1:
            named = " and ".join(found)
            self._reader.refuse(f"{named} may each be the end of a contract", self._number)

    def demand_all(self, total: int, client: JsonClient) -> None:
        """Raise RosterError if there are more rows than were returned."""
        if total > self._number:
            raise _incomplete(client, f"{self._number} of {total} rows were returned")

    def demand_people(self, source: str) -> None:
        """Raise UsageError if there are rows, and none has an id or an e-mail address."""
        if self._number and not self._named:
            raise UsageError(
                attempted=f"reading the roster {source}",
                found=f"none of its {self._number} rows has a value at {' or '.join(self._wanted)}",
                meaning="without an id or an e-mail address nobody can be found on the portal",
                remedy='name the paths under [roster.columns], for example email = "contact.mail"',
            )


def _incomplete(client: JsonClient, found: str) -> RosterError:
    return client.failed(
        found,
        'only Link: rel="next" is followed, and an incomplete list leaves people out',
        "ask for everything at once in roster.url, for example with a larger page size",
    )
