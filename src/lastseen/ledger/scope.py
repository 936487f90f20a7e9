"""One portal's part of a ledger, which every store works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, bindparam, select

from lastseen.ledger.db import seals
from lastseen.ledger.db.database import Database, Lock
from lastseen.ledger.db.schema import portals
from lastseen.model.actor import Actor
from lastseen.model.errors import LedgerError
from lastseen.model.instant import Clock, Instant


class Scope:
    """The rows of one portal in one database, with the clock and the actor that write them."""

    def __init__(self, database: Database, url: str, *, clock: Clock, actor: Actor) -> None:
        """Work on the portal at `url`, an address as `portal_address` writes it."""
        self.database = database
        self.url = url
        self.actor = actor
        self.lock: Lock | None = None
        """The portal's lock while this process holds it."""
        self._clock = clock
        self._portal: tuple[int, str] | None = None
        self._known_since = 0

    def now(self) -> Instant:
        """Return the present instant."""
        return self._clock()

    @property
    def portal_id(self) -> int:
        """The portal's id in this database; an unknown portal is added."""
        return self._known()[0]

    @property
    def journal_origin(self) -> str:
        """The address under which the portal's journal began."""
        return self._known()[1]

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Provide a connection in a read-only transaction; raises LedgerError."""
        _ = self.portal_id  # known before the transaction begins
        with self.database.reading() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """Provide a connection in the only writing transaction of this portal.

        `durable` is as in `Database.writing`. Raises LedgerError; also where the portal's lock
        was held and is lost.
        """
        if self.lock is not None and self.lock.is_lost():
            raise LedgerError(
                attempted=f"writing to the ledger {self.database.place}",
                found="the portal's lock is lost: its file was removed, or its connection failed",
                meaning="another run may have begun meanwhile; this one stops, so that two runs "
                "never change one portal",
                remedy="run the same command again: it continues where it stopped; leave the "
                "`.lock` files next to the ledger alone",
            )
        _ = self.portal_id  # added before the transaction begins
        with self.database.writing(self.url, durable=durable) as connection:
            yield connection

    def sibling(self, url: str) -> "Scope":
        """Return the scope of another portal in the same database."""
        return Scope(self.database, url, clock=self._clock, actor=self.actor)

    def forget_portals(self) -> None:
        """Look up every portal again on its next use, here and in other scopes."""
        self.database.addresses_changed += 1

    def damaged(self, found: str) -> LedgerError:
        """Return the error for a ledger that was altered."""
        return seals.damaged(self.database.place, found)

    def _known(self) -> tuple[int, str]:
        if self._portal is None or self._known_since != self.database.addresses_changed:
            self._known_since = self.database.addresses_changed
            self._portal = self._found() or self._added()
        return self._portal

    def _found(self) -> tuple[int, str] | None:
        with self.database.reading() as connection:
            rows = seals.all_intact_rows(
                connection, seals.PORTALS, seals.NO_PORTAL, place=self.database.place
            )
        return next(((row.id, row.journal_origin) for row in rows if row.url == self.url), None)

    def _added(self) -> tuple[int, str]:
        place = self.database.place
        with self.database.writing(self.url) as connection:
            found = connection.execute(_FIND, {"address": self.url}).one_or_none()
            if found is not None:  # by another process, just now
                return found.id, found.journal_origin
            values = (self.url, self.url)
            new = {"url": self.url, "journal_origin": self.url, "digest": 0}
            connection.execute(portals.insert(), new)
            row = connection.execute(_FIND, {"address": self.url}).one()
            digest = seals.row_digest(portals, (row.id, *values))
            connection.execute(portals.update().where(portals.c.id == row.id).values(digest=digest))
            seals.update_seal(
                connection, seals.PORTALS, seals.NO_PORTAL, added=[digest], place=place
            )
            seals.begin_seals(connection, row.id)
            return row.id, self.url


_FIND = select(portals).where(portals.c.url == bindparam("address"))
