"""A known portal at a new address: refused until somebody confirms that it is the same."""

from collections.abc import Iterable

from lastseen.docspace.interface import Portal
from lastseen.ledger import PortalLedger
from lastseen.model.contractor import UserId
from lastseen.model.errors import UsageError
from lastseen.rosters import Roster, match_all


def refuse_known_elsewhere(ledger: PortalLedger, user_ids: Iterable[UserId]) -> None:
    """Raise UsageError if the ledger knows these accounts under another address."""
    refuse_other_address(ledger, ledger.former_address(user_ids))


def refuse_other_address(ledger: PortalLedger, former: str | None) -> None:
    """Raise UsageError if there is another address under which the accounts are known."""
    if former is not None:
        raise UsageError(
            attempted=f"reading the people on {ledger.url}",
            found=f"the ledger knows the same accounts at {former}",
            meaning="the portal has moved, or this is a copy of it; exemptions, reinstatements and "
            "runs are kept under the old address, so nobody was decided on",
            remedy="if it has moved: `lastseen review --same-portal`, once; for a copy, give "
            "ledger.url a ledger of its own",
        )


async def confirm_same_portal(
    portal: Portal, roster: Roster, *, ledger: PortalLedger
) -> str | None:
    """Take over the ledger's records of these accounts under another address.

    Exemptions, reinstatements, runs and the journal follow the portal; its logs are read again.
    Returns the former address, or None if the portal was already known at this one. Raises
    UsageError if the ledger knows none of the accounts, PortalError, RosterError, LockHeld and
    LedgerError.
    """
    if ledger.accounts.known():
        return None
    matched = await match_all(await roster.load(portal), portal, reconcile=False)
    former = ledger.former_address(one.profile.id for one in matched.matches if one.profile)
    if former is None:
        raise UsageError(
            attempted=f"looking for {ledger.url} under its former address",
            found="the ledger knows none of its accounts",
            meaning="there is nothing to take over: this portal is new to the ledger",
            remedy="omit --same-portal, or check ledger.url",
        )
    ledger.take_over(former)
    return former
