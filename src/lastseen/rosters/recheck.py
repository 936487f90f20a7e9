"""The roster once more, only for accounts that are about to be changed."""

from collections.abc import Iterable

import msgspec

from lastseen.docspace.interface import Portal
from lastseen.model.contractor import Contractor, Profile, UserId
from lastseen.model.email_address import near_key
from lastseen.rosters.guests import GuestsRoster
from lastseen.rosters.interface import Listing, Roster
from lastseen.rosters.matching import Match, match


async def match_again(
    roster: Roster, profiles: Iterable[Profile], portal: Portal
) -> dict[UserId, Match]:
    """Return what the roster says now of `profiles`, accounts read just now.

    An account that no row may mean is left out. The portal's guests are not listed anew: their
    profiles say whether they belong to the roster. Raises RosterError, UsageError, PortalError.
    """
    accounts = tuple(profiles)
    if isinstance(roster, GuestsRoster):
        listing = await roster.among(accounts, portal)
    else:
        listing = _about(accounts, await roster.load(portal))
    found = await match(listing, portal, reconcile=False)
    matches = {one.profile.id: one for one in found if one.profile is not None}
    for one in found:
        if one.profile is None and one.contractor is not None:
            for account in accounts:
                if _may_mean(one.contractor, account):
                    matches[account.id] = one
    return matches


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
