"""Lists of people, read in pages and proven complete; and single people.

Why a person is needed, and whether they are a contractor, is decided elsewhere.
"""

import re
from string import ascii_lowercase, ascii_uppercase
from urllib.parse import quote

from lastseen.docspace.http.error_text import ErrorText, Operation, Topic
from lastseen.docspace.http.request import Request
from lastseen.docspace.http.retry import Answer, RetryingClient
from lastseen.docspace.interface import EMPTY_READINGS, MOST_A_PAGE, PeopleQuery
from lastseen.docspace.wire import MalformedResponse, PeoplePage, read_people, read_person
from lastseen.model.concurrency import task_group
from lastseen.model.contractor import AccountType, Profile, UserId, user_id
from lastseen.model.email_address import near_key

_FILTER_PATH = "/api/2.0/people/filter"
_PERSON_PATH = "/api/2.0/people/"
_SELF_PATH = "/api/2.0/people/@self"

_READINGS = EMPTY_READINGS
"""How often a list that changed while it was read is read again."""

_EVERY_STATUS = "7"
"""EmployeeStatus.All; for an administrator it includes terminated people (DbUserService.cs)."""

_TO_SMALL_LETTERS = str.maketrans(ascii_uppercase, ascii_lowercase)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_LISTING = Operation("listing people", Topic.PEOPLE)
_LOOKING_UP = Operation("looking up a person", Topic.PEOPLE, may_be_absent=True)


async def whoami(client: RetryingClient) -> Profile:
    """Return the account of the API key."""
    request = Request(method="GET", path=_SELF_PATH)
    operation = Operation("asking whom the API key belongs to", Topic.PEOPLE)
    return await client.ask(request, operation, lambda answer: read_person(answer.body))


async def person(client: RetryingClient, identity: UserId) -> Profile | None:
    """Return the person with this id, or None if there is none.

    An answer about another person raises PortalUnreadable.

    The portal's ids are GUIDs. Anything else belongs to nobody and is never sent, since the portal
    would read it as a user name or as another address (`@self`).
    """
    wanted = user_id(identity)
    if not _GUID.fullmatch(wanted):
        return None
    request = Request(method="GET", path=_PERSON_PATH + quote(wanted, safe=""))

    def read(answer: Answer) -> Profile | None:
        """Return the person, provided that the answer is about them."""
        if answer.absent:
            return None
        profile = read_person(answer.body)
        if profile.id != wanted:
            raise MalformedResponse("it is about another person")
        return profile

    return await client.ask(request, _LOOKING_UP, read)


async def people_by_email(
    client: RetryingClient, error_text: ErrorText, email: str
) -> tuple[Profile, ...]:
    """Return everyone with this address, or one easily mistaken for it (`near_key`).

    This is a search, since `people/email` returns only the first of several matches
    (UserController.cs). A search also matches parts of addresses, and some databases treat
    accented letters as plain ones, so the caller compares the addresses.
    """
    wanted = email.strip()
    if not wanted:
        return ()
    # A portal in Turkish makes another letter of a capital I (UserQueryHelper.cs).
    text = wanted.translate(_TO_SMALL_LETTERS)
    found = await people(client, error_text, PeopleQuery(text=text))
    return tuple(one for one in found if near_key(one.email) == near_key(wanted))


async def count_people(client: RetryingClient, query: PeopleQuery) -> int:
    """Return how many people match the query, as the portal counts them; raises PortalError."""
    total = (await _page(client, query, start=0, count=1)).total
    client.expect_people(total, _LISTING)
    return total


async def people(
    client: RetryingClient, error_text: ErrorText, query: PeopleQuery
) -> tuple[Profile, ...]:
    """Return everyone who matches the query, each once, sorted by e-mail address.

    The pages are proven complete: all have the same `total`, and together they have that many
    different people. A list that changes meanwhile is read again; after a few tries this raises
    PortalUnreadable.
    """
    return await _proven(client, error_text, query, await _first_page(client, query))


async def people_within(
    client: RetryingClient, error_text: ErrorText, query: PeopleQuery, *, most_requests: int
) -> tuple[Profile, ...] | None:
    """Return and raise what `people` does; None if that takes more than `most_requests`.

    One request is spent to find that out.
    """
    first = await _first_page(client, query)
    if -(-first.total // MOST_A_PAGE) > most_requests:
        return None
    return await _proven(client, error_text, query, first)


async def _proven(
    client: RetryingClient, error_text: ErrorText, query: PeopleQuery, first: PeoplePage
) -> tuple[Profile, ...]:
    """Return everyone who matches, on `first` and the pages after it."""
    found: dict[UserId, Profile] = {}
    totals: set[int] = set()
    empty = 0
    for reading in range(_READINGS):
        if reading:
            first = await _first_page(client, query)
        pages = [first, *await _pages_after(client, query, first)]
        found = {profile.id: profile for page in pages for profile in page.people}
        totals = {page.total for page in pages}
        # An empty list has no entries to count, so every reading has to agree.
        empty += not found
        if totals == {len(found)} and (found or empty == _READINGS):
            return _as_asked(error_text, query, tuple(found.values()))
    claimed = " or ".join(str(total) for total in sorted(totals))
    raise error_text.unreadable(
        _LISTING, f"the list claims {claimed} people but has {len(found)}, in {_READINGS} readings"
    )


async def _first_page(client: RetryingClient, query: PeopleQuery) -> PeoplePage:
    first = await _page(client, query, start=0, count=MOST_A_PAGE)
    client.expect_people(first.total, _LISTING)
    return first


async def _pages_after(
    client: RetryingClient, query: PeopleQuery, first: PeoplePage
) -> list[PeoplePage]:
    starts = range(MOST_A_PAGE, first.total, MOST_A_PAGE)
    async with task_group() as group:
        rest = [
            group.create_task(_page(client, query, start=start, count=MOST_A_PAGE))
            for start in starts
        ]
    return [page.result() for page in rest]


async def _page(
    client: RetryingClient, query: PeopleQuery, *, start: int, count: int
) -> PeoplePage:
    pairs = [
        ("employeeStatus", _EVERY_STATUS),
        ("sortBy", "email"),
        ("sortOrder", "ascending"),
        ("startIndex", str(start)),
        ("count", str(count)),
    ]
    if query.guests_only:
        pairs.append(("area", "Guests"))
    if query.group_id is not None:
        pairs.append(("groupId", query.group_id))
    if query.inviter_id is not None:
        pairs.append(("inviterId", query.inviter_id))
    if query.text is not None:
        pairs.append(("filterValue", query.text))
    request = Request(method="GET", path=_FILTER_PATH, query=tuple(pairs))

    def read(answer: Answer) -> PeoplePage:
        page = read_people(answer.body)
        promised = max(0, min(count, page.total - start))
        if len(page.people) != promised:
            raise MalformedResponse(f"it has {len(page.people)} people instead of {promised}")
        return page

    return await client.ask(request, _LISTING, read)


def _as_asked(
    error_text: ErrorText, query: PeopleQuery, profiles: tuple[Profile, ...]
) -> tuple[Profile, ...]:
    """Return those who match the query, from a portal that may have ignored parts of it.

    A portal that ignores `area` returns everybody, and guests are filtered out here. One that
    ignores a group or an inviter would turn other people into contractors: that is an error.
    """
    if query.guests_only:
        profiles = tuple(one for one in profiles if one.type is AccountType.GUEST)
    if query.group_id is not None:
        group = user_id(query.group_id)
        if any(one.groups and group not in one.groups for one in profiles):
            raise error_text.unreadable(_LISTING, "it includes people of other groups")
    if query.inviter_id is not None:
        inviter = user_id(query.inviter_id)
        if any(one.invited_by not in (None, inviter) for one in profiles):
            raise error_text.unreadable(_LISTING, "it includes people whom others invited")
    return profiles
