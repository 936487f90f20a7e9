"""Matches the people on a roster to their accounts on the portal.

By id or address, with rules for several possible accounts. `lookup` reads the accounts; whom to
disable is not decided here.
"""

from collections.abc import Iterable, Iterator

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor, Profile, UserId, email_key
from lastseen.model.decision import Reason
from lastseen.rosters.cells import portal_id
from lastseen.rosters.interface import Listing
from lastseen.rosters.lookup import Accounts, look_up, read_guests
from lastseen.rosters.merging import merged


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A contractor and their account, or why there is none."""

    contractor: Contractor | None
    """The person on the roster; None for a guest on no row."""
    profile: Profile | None
    """The account; None if there is none, or several are possible."""
    problem: Reason | None = None
    """NOT_ON_PORTAL, AMBIGUOUS, UNKNOWN_GUEST, or None for a clear match."""
    explanation: str | None = None
    """For AMBIGUOUS: the contradiction, in one sentence."""


class Matched(msgspec.Struct, frozen=True, kw_only=True):
    """A roster matched to the portal."""

    matches: tuple[Match, ...]
    """One for each person, and for each guest whom no row can mean."""
    portal_guests: int | None
    """How many guests the portal has; None if they were not all listed."""


async def match(listing: Listing, portal: Portal, *, reconcile: bool) -> tuple[Match, ...]:
    """Return a match for each person on the roster: see `match_all`."""
    return (await match_all(listing, portal, reconcile=reconcile)).matches


async def match_all(listing: Listing, portal: Portal, *, reconcile: bool) -> Matched:
    """Return a match for each person on the roster, in the roster's order.

    By id, or by e-mail address where there is no id. AMBIGUOUS: an id and an address that lead to
    different accounts; an id unknown to the portal with an address that it knows; an address of
    two accounts; and an address that is nearly, but not exactly, an account's (`near_key`). Where
    two values contradict each other neither is trusted, and an account that such a row could mean
    is held even if another row names it. An address without an account doesn't contradict an id:
    people change their addresses, and the id is the portal's own. Rows that lead to the same
    account are one person.

    With `reconcile`, which is for rosters outside the portal, the guests whom no row can mean
    follow at the end as UNKNOWN_GUEST, by address.

    Raises PortalError.
    """
    accounts = Accounts(listing.profiles)
    guests = await read_guests(accounts, portal, people=listing.contractors) if reconcile else ()
    await look_up(listing.contractors, accounts, portal)
    matches = [_matched(person, accounts) for person in listing.contractors]
    meant = {account.id for person in listing.contractors for account in accounts.of(person)}
    strangers = [guest for guest in guests if guest.id not in meant]
    return Matched(
        matches=(
            *_held_where_contested(_one_for_each_account(matches), accounts),
            *(
                Match(contractor=None, profile=guest, problem=Reason.UNKNOWN_GUEST)
                for guest in sorted(strangers, key=lambda guest: (email_key(guest.email), guest.id))
            ),
        ),
        portal_guests=len(guests) if reconcile else None,
    )


def _matched(person: Contractor, accounts: Accounts) -> Match:
    by_id, by_email = accounts.by_id(person), accounts.by_email(person)
    near = accounts.nearly_by_email(person) if not by_email else []
    if by_id is not None:
        others = [account for account in (*by_email, *near) if account.id != by_id.id]
        if not others or by_id in by_email:
            return Match(contractor=person, profile=by_id)
        nearly = "" if by_email else "nearly "
        return _ambiguous(
            person,
            f"the id is that of {_called(by_id)}, "
            f"the e-mail address {person.email} is {nearly}that of {_called(others[0])}",
        )
    if near:
        return _ambiguous(
            person,
            f"the e-mail address {person.email} is nearly, but not exactly, that of "
            f"{_called(near[0])}",
        )
    if not by_email:
        return Match(contractor=person, profile=None, problem=Reason.NOT_ON_PORTAL)
    if person.id is not None and portal_id(person.id) is not None:
        return _ambiguous(
            person,
            f"the portal has no account with the id {person.id}, "
            f"but {person.email} is the e-mail address of {_called(by_email[0])}",
        )
    if len(by_email) > 1:
        return _ambiguous(
            person, f"{len(by_email)} accounts have the e-mail address {person.email}"
        )
    return Match(contractor=person, profile=by_email[0])


def _ambiguous(person: Contractor, explanation: str) -> Match:
    return Match(contractor=person, profile=None, problem=Reason.AMBIGUOUS, explanation=explanation)


def _called(profile: Profile) -> str:
    name = profile.display_name or profile.email
    return f"{name} ({profile.id})" if name else f"the account {profile.id}"


def _one_for_each_account(matches: Iterable[Match]) -> list[Match]:
    """Merge rows that lead to the same account into the first of them."""
    joined: list[Match] = []
    place: dict[UserId, int] = {}
    for found in matches:
        if found.profile is None or found.contractor is None:
            joined.append(found)
            continue
        first = place.setdefault(found.profile.id, len(joined))
        if first == len(joined):
            joined.append(found)
            continue
        before = joined[first].contractor
        if before is not None:
            person = merged(before, found.contractor)
            joined[first] = msgspec.structs.replace(joined[first], contractor=person)
    return joined


def _held_where_contested(matches: list[Match], accounts: Accounts) -> Iterator[Match]:
    """Yield the matches; an account that an ambiguous row could mean is ambiguous too."""
    contested = {
        account.id
        for found in matches
        if found.problem is Reason.AMBIGUOUS and found.contractor is not None
        for account in accounts.of(found.contractor)
    }
    for found in matches:
        if found.profile is not None and found.profile.id in contested:
            yield msgspec.structs.replace(
                found,
                problem=Reason.AMBIGUOUS,
                explanation="another row of the roster may mean this account too",
            )
        else:
            yield found
