"""Whether the ledger knows a portal's accounts under another address.

Ids of accounts are random, so that two portals share none.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, func, select

from lastseen.ledger.db.schema import accounts, portals
from lastseen.model.contractor import UserId

FIRST_OWNER = "66faa6e4-f133-11ea-b126-00ffeec8b4ef"
"""The owner's id on every self-hosted portal."""

_MOST_COMPARED = 500


def address_with_accounts(
    connection: Connection, portal_id: int, user_ids: Iterable[UserId]
) -> str | None:
    """Return another portal's address under which some of these accounts are known, or None."""
    people = sorted({str(one) for one in user_ids} - {FIRST_OWNER})[:_MOST_COMPARED]
    if not people:
        return None
    rows = connection.execute(_SHARED, {"portal": portal_id, "people": people})
    return next((row.url for row in rows), None)


_SHARED = (
    select(portals.c.url)
    .join(accounts, accounts.c.portal_id == portals.c.id)
    .where(
        accounts.c.portal_id != bindparam("portal"),
        accounts.c.user_id.in_(bindparam("people", expanding=True)),
    )
    .group_by(portals.c.url)
    .order_by(func.count().desc(), portals.c.url)
    .limit(1)
)
