"""Who is exempt from being disabled, until when and why; every change is in the journal."""

from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, select

from lastseen.ledger.db.database import insert_into
from lastseen.ledger.db.schema import exemptions
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.journal import Journal
from lastseen.model.contractor import who_key
from lastseen.model.errors import UsageError
from lastseen.model.exemption import Exemption
from lastseen.model.instant import utc_date


class ExemptionStore:
    """Exemptions of one portal. Every method may raise LedgerError."""

    def __init__(self, scope: Scope, journal: Journal) -> None:
        """Work on one portal's rows and write changes into its journal."""
        self._scope = scope
        self._journal = journal

    def add(self, who: str, *, until: date, reason: str) -> Exemption:
        """Exempt `who` (id or e-mail, any case) through `until`; replaces an earlier one.

        Raises UsageError for a day that has passed or an empty `who` or `reason`.
        """
        now = self._scope.now()
        _check(who_key(who), until, reason, utc_date(now))
        exemption = Exemption(
            who=who_key(who),
            until=until,
            reason=reason.strip(),
            added_by=self._scope.actor.name,
            added_at=now,
        )
        row = {
            **msgspec.structs.asdict(exemption),
            "until": until.isoformat(),
            "added_at": to_micros(now),
        }
        insert = insert_into(self._scope.database.dialect, exemptions)
        with self._scope.writing() as connection:
            connection.execute(
                insert.values(portal_id=self._scope.portal_id, **row).on_conflict_do_update(
                    index_elements=["portal_id", "who"], set_=row
                )
            )
            self._note(connection, "add", exemption)
        return exemption

    def remove(self, who: str) -> bool:
        """End the exemption of `who`; returns whether there was one."""
        which = {"portal": self._scope.portal_id, "person": who_key(who)}
        with self._scope.writing() as connection:
            row = connection.execute(_ONE, which).one_or_none()
            if row is None:
                return False
            connection.execute(_REMOVE, which)
            self._note(connection, "remove", _exemption(row))
        return True

    def all(self) -> tuple[Exemption, ...]:
        """Return every exemption, past ones included, in the order in which they end."""
        with self._scope.reading() as connection:
            rows = connection.execute(_ALL, {"portal": self._scope.portal_id}).all()
        return tuple(_exemption(row) for row in rows)

    def active(self, today: date) -> tuple[Exemption, ...]:
        """Return the exemptions that hold on `today`; the last day is one of them."""
        return tuple(exemption for exemption in self.all() if exemption.until >= today)

    def _note(self, connection: Connection, change: str, exemption: Exemption) -> None:
        content = {"change": change, "exemption": msgspec.to_builtins(exemption)}
        self._journal.append_within(connection, "exemption", run_id=None, content=content)


def _check(who: str, until: date, reason: str, today: date) -> None:
    found = (
        "nobody is named"
        if not who
        else "it holds bytes that are no text"
        if not _is_text(who + reason)
        else "no reason is given"
        if not reason.strip()
        else f"{until.isoformat()} has passed"
        if until < today
        else None
    )
    if found is not None:
        raise UsageError(
            attempted=f"exempting {who or 'somebody'} until {until.isoformat()}",
            found=found,
            meaning="an exemption says who, why and until which day to come",
            remedy="`lastseen exempt add WHO --until DATE --reason TEXT`",
        )


def _is_text(words: str) -> bool:
    """Say whether a database can keep `words`; what a shell hands over may be no UTF-8."""
    return "\0" not in words and not any("\ud800" <= letter <= "\udfff" for letter in words)


def _exemption(row: Row[Any]) -> Exemption:
    return Exemption(
        who=row.who,
        until=date.fromisoformat(row.until),
        reason=row.reason,
        added_by=row.added_by,
        added_at=from_micros(row.added_at),
    )


_OF_PORTAL = exemptions.c.portal_id == bindparam("portal")
_OF_WHO = _OF_PORTAL & (exemptions.c.who == bindparam("person"))
_ONE = select(exemptions).where(_OF_WHO)
_REMOVE = delete(exemptions).where(_OF_WHO)
_ALL = select(exemptions).where(_OF_PORTAL).order_by(exemptions.c.until, exemptions.c.who)
