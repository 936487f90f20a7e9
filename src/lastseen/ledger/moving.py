"""A portal with a new address: recognised by its accounts.

What the ledger keeps follows the portal; what came from its logs is dropped, since a copy's logs
continue without the original's.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, Table, bindparam, delete, select, update

from lastseen.ledger.db import seals
from lastseen.ledger.db.schema import accounts, failures, portals, runs
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.exemptions import ExemptionStore
from lastseen.ledger.stores.journal import Journal
from lastseen.ledger.stores.shared_accounts import address_with_accounts
from lastseen.model.contractor import UserId


def former_address(scope: Scope, user_ids: Iterable[UserId]) -> str | None:
    """Return the address under which the ledger knows some of these accounts, or None.

    None also if the portal at its present address has been reviewed before. Raises LedgerError.
    """
    with scope.reading() as connection:
        if connection.execute(_ANYBODY, {"portal": scope.portal_id}).first() is not None:
            return None
        return address_with_accounts(connection, scope.portal_id, user_ids)


def address_with_run(scope: Scope, prefix: str) -> str | None:
    """Return the address of another portal with a run of this id prefix, or None."""
    with scope.reading() as connection:
        rows = connection.execute(_WITH_RUN, {"portal": scope.portal_id, "start": prefix})
        return next((row.url for row in rows), None)


def move(old: Scope, new: Scope) -> None:
    """Swap the addresses of the portals of `old` and `new`.

    Both portals' locks must be held, and no account may be known at the new address. Exemptions
    added under the new address are kept. Raises LedgerError, with nothing moved.
    """
    _copy_exemptions(old, new)
    moved, other = old.portal_id, new.portal_id
    content = {"moved": {"from": old.url, "to": new.url}}
    with old.writing() as connection:
        _exchange_addresses(connection, old, {moved: new.url, other: old.url})
        _forget_evidence(connection, moved)
        Journal(old).append_within(connection, "move", run_id=None, content=content)
    old.forget_portals()
    _ = new.portal_id  # known again before the next transaction begins


def _copy_exemptions(old: Scope, new: Scope) -> None:
    """Add the exemptions of the new address to those of the old; the one that ends last stays."""
    kept = ExemptionStore(old, Journal(old))
    for one in ExemptionStore(new, Journal(new)).all():
        kept.adopt(one)


def _exchange_addresses(connection: Connection, scope: Scope, urls: dict[int, str]) -> None:
    place = scope.database.place
    rows = seals.all_intact_rows(connection, seals.PORTALS, seals.NO_PORTAL, place=place)
    changed = [row for row in rows if row.id in urls]
    for row in changed:  # addresses are unique: first out of the way
        connection.execute(_RENAME, {"which": row.id, "address": f"moving {row.id}", "sum": 0})
    added = []
    for row in changed:
        url = urls[row.id]
        added.append(seals.row_digest(portals, (row.id, url, row.journal_origin)))
        connection.execute(_RENAME, {"which": row.id, "address": url, "sum": added[-1]})
    seals.update_seal(
        connection,
        seals.PORTALS,
        seals.NO_PORTAL,
        added=added,
        removed=[row.digest for row in changed],
        place=place,
    )


def _forget_evidence(connection: Connection, portal_id: int) -> None:
    for sealed in seals.EVIDENCE:
        _delete_all(connection, sealed.table, portal_id)
    _delete_all(connection, failures, portal_id)
    for sealed in seals.EVIDENCE:
        seals.replace_seal(connection, sealed, portal_id)


def _delete_all(connection: Connection, table: Table, portal_id: int) -> None:
    connection.execute(delete(table).where(table.c.portal_id == portal_id))


_ANYBODY = select(accounts.c.user_id).where(accounts.c.portal_id == bindparam("portal")).limit(1)
_WITH_RUN = (
    select(portals.c.url)
    .join(runs, runs.c.portal_id == portals.c.id)
    .where(
        runs.c.portal_id != bindparam("portal"),
        runs.c.run_id.startswith(bindparam("start"), autoescape=False),
    )
    .order_by(portals.c.url)
    .limit(1)
)
_RENAME = (
    update(portals)
    .where(portals.c.id == bindparam("which"))
    .values(url=bindparam("address"), digest=bindparam("sum"))
)
