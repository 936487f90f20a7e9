"""Reads the roster again, for accounts that are about to be changed only."""

from collections.abc import Iterable

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor, Profile, UserId
from lastseen.model.decision import Reason
from lastseen.model.email_address import near_key
from lastseen.rosters.guests import GuestsRoster
from lastseen.rosters.interface import Listing, Roster
from lastseen.rosters.matching import Match, match


async def match_again(
    roster: Roster, profiles: Iterable[Profile], portal: Portal
) -> dict[UserId, Match]:
    """Return the roster's current matches for `profiles`, accounts read just now.

    An account that no row may mean is left out; if the roster is empty or not complete, such an
    account is AMBIGUOUS, since a row may be missing. The portal's guests are not listed again:
    their profiles show whether they belong to the roster. Raises RosterError, UsageError,
    PortalError.
    """
    accounts = tuple(profiles)
    is_whole = True
    if isinstance(roster, GuestsRoster):
        listing = await roster.among(accounts, portal)
    else:
        read = await roster.load(portal)
        is_whole = read.complete and bool(read.contractors)
        listing = _about(accounts, read)
    found = await match(listing, portal, reconcile=False)
    matches = {one.profile.id: one for one in found if one.profile is not None}
    for one in found:
        if one.profile is None and one.contractor is not None:
            for account in accounts:
                if _may_mean(one.contractor, account):
                    matches[account.id] = one
    if not is_whole:
        for account in accounts:
            matches.setdefault(account.id, _doubtful(account))
    return matches


def _doubtful(account: Profile) -> Match:
    return Match(
        contractor=None,
        profile=account,
        problem=Reason.AMBIGUOUS,
        explanation="the roster is empty now, or a row of it is short, names nobody who can be "
        "found or may name two people",
    )


def _about(accounts: tuple[Profile, ...], listing: Listing) -> Listing:
    """Return the rows of `listing` that may mean one of `accounts`."""
    ids = {account.id for account in accounts}
    addresses = {near_key(account.email) for account in accounts if account.email}
    rows = tuple(
        row
        for row in listing.contractors
        if row.id in ids or (row.email and near_key(row.email) in addresses)
    )
    return msgspec.structs.replace(listing, contractors=rows, profiles=accounts)


def _may_mean(row: Contractor, account: Profile) -> bool:
    if row.id == account.id:
        return True
    return bool(row.email and account.email) and near_key(row.email or "") == near_key(
        account.email
    )
