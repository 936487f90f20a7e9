"""Who is exempt from being disabled, until when and why; every change is in the journal."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete

from lastseen.ledger.db.schema import exemptions
from lastseen.ledger.db.seals import EXEMPTIONS, all_intact_rows, update_seal, with_digest
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.journal import Journal
from lastseen.model.contractor import UserId
from lastseen.model.counting import counted
from lastseen.model.errors import UsageError
from lastseen.model.exemption import Exemption, exemption_key
from lastseen.model.instant import utc_date

LONGEST_DAYS = 366
"""How many days an exemption may last unless configured."""

ExemptionChange = Literal["add", "renew", "bind", "remove"]
"""What was done with an exemption, in a journal entry."""


class ExemptionStore:
    """Exemptions of one portal. Every method may raise LedgerError."""

    def __init__(self, scope: Scope, journal: Journal) -> None:
        """Work on one portal's rows and write changes into its journal."""
        self._scope = scope
        self._journal = journal

    def add(
        self,
        who: str,
        *,
        until: date,
        reason: str,
        user_id: UserId | None = None,
        ticket: str | None = None,
        approved_by: str | None = None,
        longest_days: int = LONGEST_DAYS,
    ) -> Exemption:
        """Exempt `who` through `until`; renews an earlier exemption.

        `who` is an id or an e-mail address in any case, or begins with `domain:` or `group:`.
        `user_id` is the person's account where it is known. Raises UsageError for a day that has
        passed or is more than `longest_days` away, for an empty `who` or `reason`, and for what is
        no text, no domain or no group.
        """
        now = self._scope.now()
        key = _checked_key(who, until)
        texts = [reason, ticket or "", approved_by or ""]
        _check(key, until, texts, today=utc_date(now), longest_days=longest_days)
        with self._scope.writing() as connection:
            old = self._delete(connection, key)
            before = _exemption(old) if old else None
            exemption = Exemption(
                who=key,
                until=until,
                reason=reason.strip(),
                added_by=self._scope.actor.name,
                added_at=now,
                user_id=user_id or (before.user_id if before else None),
                ticket=ticket.strip() or None if ticket else None,
                approved_by=approved_by.strip() or None if approved_by else None,
                renewals=before.renewals + 1 if before else 0,
            )
            self._insert(connection, exemption, removed=old)
            self._note(connection, "renew" if before else "add", exemption)
        return exemption

    def bind(self, who: str, user_id: UserId) -> None:
        """Record the account of the exemption of `who`: the exemption follows the account."""
        if any(one.who == who and one.user_id != user_id for one in self.all()):
            with self._scope.writing() as connection:
                old = self._delete(connection, who)
                if old is not None:
                    bound = msgspec.structs.replace(_exemption(old), user_id=user_id)
                    self._insert(connection, bound, removed=old)
                    self._note(connection, "bind", bound)

    def adopt(self, exemption: Exemption) -> None:
        """Take over an exemption from the portal's former address, unless a longer one exists."""
        with self._scope.writing() as connection:
            rows = {row.who: row for row in self._rows(connection)}
            known = rows.get(exemption.who)
            if known is not None and date.fromisoformat(known.until) >= exemption.until:
                return
            old = self._delete(connection, exemption.who)
            self._insert(connection, exemption, removed=old)
            self._note(connection, "renew" if old else "add", exemption)

    def remove(self, who: str) -> bool:
        """End the exemption of `who`, named as in `add`; return whether there was one."""
        try:
            key = exemption_key(who)
        except ValueError:
            return False
        with self._scope.writing() as connection:
            old = self._delete(connection, key)
            if old is None:
                return False
            self._seal(connection, removed=[old.digest])
            self._note(connection, "remove", _exemption(old))
        return True

    def all(self) -> tuple[Exemption, ...]:
        """Return every exemption, including past ones, in the order of their end."""
        with self._scope.reading() as connection:
            rows = self._rows(connection)
        return tuple(sorted(map(_exemption, rows), key=lambda one: (one.until, one.who)))

    def active(self, today: date) -> tuple[Exemption, ...]:
        """Return the exemptions that apply on `today`; their last day is included."""
        return tuple(exemption for exemption in self.all() if exemption.until >= today)

    def _rows(self, connection: Connection) -> Iterable[Row[Any]]:
        return all_intact_rows(
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
                msgspec.json.encode(_details(exemption)).decode(),
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

    def _note(self, connection: Connection, change: ExemptionChange, exemption: Exemption) -> None:
        content = {"change": change, "exemption": msgspec.to_builtins(exemption)}
        self._journal.append_within(connection, "exemption", run_id=None, content=content)


class _Details(msgspec.Struct, omit_defaults=True):
    """The parts of an exemption that have no column of their own."""

    user_id: UserId | None = None
    ticket: str | None = None
    approved_by: str | None = None
    renewals: int = 0


def _details(exemption: Exemption) -> _Details:
    return _Details(
        user_id=exemption.user_id,
        ticket=exemption.ticket,
        approved_by=exemption.approved_by,
        renewals=exemption.renewals,
    )


def _checked_key(who: str, until: date) -> str:
    try:
        return exemption_key(who)
    except ValueError as error:
        raise _refused(who, until, str(error)) from None


def _check(who: str, until: date, texts: list[str], *, today: date, longest_days: int) -> None:
    latest = today + timedelta(days=longest_days)
    found = (
        "nobody is named"
        if not who
        else "it contains bytes that are not text"
        if not _is_text(who + "".join(texts))
        else "no reason is given"
        if not texts[0].strip()
        else f"{until.isoformat()} has passed"
        if until < today
        else f"the latest day is {latest.isoformat()}, {counted(longest_days, 'day')} from now"
        if until > latest
        else None
    )
    if found is not None:
        raise _refused(who, until, found)


def _refused(who: str, until: date, found: str) -> UsageError:
    return UsageError(
        attempted=f"exempting {who or 'somebody'} until {until.isoformat()}",
        found=found,
        meaning="an exemption needs a person, a reason and a last day to come, at most a year away "
        "unless guardrails.max_exemption_days is larger",
        remedy="`lastseen exempt add WHO --until DATE --reason TEXT`",
    )


def _is_text(words: str) -> bool:
    """Return whether a database can store `words`; a shell may pass text that is not UTF-8."""
    return "\0" not in words and not any("\ud800" <= letter <= "\udfff" for letter in words)


def _exemption(row: Row[Any]) -> Exemption:
    details = msgspec.json.decode(row.details, type=_Details)
    return Exemption(
        who=row.who,
        until=date.fromisoformat(row.until),
        reason=row.reason,
        added_by=row.added_by,
        added_at=from_micros(row.added_at),
        user_id=details.user_id,
        ticket=details.ticket,
        approved_by=details.approved_by,
        renewals=details.renewals,
    )


_REMOVE = delete(exemptions).where(
    exemptions.c.portal_id == bindparam("portal"), exemptions.c.who == bindparam("person")
)
