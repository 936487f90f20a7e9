"""Who is exempt from being disabled, until when and why; every change is in the journal."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete

from lastseen.ledger.db.schema import exemptions
from lastseen.ledger.db.seals import EXEMPTIONS, all_sound_rows, update_seal, with_digest
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
        with self._scope.writing() as connection:
            old = self._delete(connection, exemption.who)
            self._insert(connection, exemption, removed=old)
            self._note(connection, "add", exemption)
        return exemption

    def remove(self, who: str) -> bool:
        """End the exemption of `who`; returns whether there was one."""
        with self._scope.writing() as connection:
            old = self._delete(connection, who_key(who))
            if old is None:
                return False
            self._seal(connection, removed=[old.digest])
            self._note(connection, "remove", _exemption(old))
        return True

    def all(self) -> tuple[Exemption, ...]:
        """Return every exemption, past ones included, in the order in which they end."""
        with self._scope.reading() as connection:
            rows = self._rows(connection)
        return tuple(sorted(map(_exemption, rows), key=lambda one: (one.until, one.who)))

    def active(self, today: date) -> tuple[Exemption, ...]:
        """Return the exemptions that hold on `today`; the last day is one of them."""
        return tuple(exemption for exemption in self.all() if exemption.until >= today)

    def _rows(self, connection: Connection) -> Iterable[Row[Any]]:
        return all_sound_rows(
            connection, EXEMPTIONS, self._scope.portal_id, place=self._scope.database.place
        )

    def _delete(self, connection: Connection, who: str) -> Row[Any] | None:
        """Delete the row of `who` and return it; the seal is the caller's."""
        row = next((row for row in self._rows(connection) if row.who == who), None)
        if row is not None:
            connection.execute(_REMOVE, {"portal": self._scope.portal_id, "person": who})
        return row

    def _insert(
        self, connection: Connection, exemption: Exemption, *, removed: Row[Any] | None
    ) -> None:
        row = with_digest(
            exemptions,
            (
                self._scope.portal_id,
                exemption.who,
                exemption.until.isoformat(),
                exemption.reason,
                exemption.added_by,
                to_micros(exemption.added_at),
            ),
        )
        columns = exemptions.columns.keys()
        connection.execute(exemptions.insert(), dict(zip(columns, row, strict=True)))
        gone = [] if removed is None else [removed.digest]
        self._seal(connection, added=[row[-1]], removed=gone)

    def _seal(
        self, connection: Connection, *, added: Iterable[int] = (), removed: Iterable[int] = ()
    ) -> None:
        update_seal(
            connection,
            EXEMPTIONS,
            self._scope.portal_id,
            added=added,
            removed=removed,
            place=self._scope.database.place,
        )

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


_REMOVE = delete(exemptions).where(
    exemptions.c.portal_id == bindparam("portal"), exemptions.c.who == bindparam("person")
)
