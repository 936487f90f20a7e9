"""One portal's part of a ledger: what every store works on."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, bindparam, select

from lastseen.ledger.db.database import Database, Lock, insert_into
from lastseen.ledger.db.schema import portals
from lastseen.model.actor import Actor
from lastseen.model.errors import LedgerError
from lastseen.model.instant import Clock, Instant


class Scope:
    """The rows of one portal in one database, with the clock and the actor that write them."""

    def __init__(self, database: Database, url: str, *, clock: Clock, actor: Actor) -> None:
        """Speak of the portal at `url`, already normalised."""
        self.database = database
        self.url = url
        self.actor = actor
        self.lock: Lock | None = None
        """The portal's lock while this process holds it."""
        self._clock = clock
        self._portal_id: int | None = None

    def now(self) -> Instant:
        """Return the present instant."""
        return self._clock()

    @property
    def portal_id(self) -> int:
        """The portal's number in this database; the portal is entered when it isn't known."""
        if self._portal_id is None:
            self._portal_id = self._found() or self._entered()
        return self._portal_id

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection inside a transaction that reads; raises LedgerError."""
        _ = self.portal_id  # known before the transaction begins
        with self.database.reading() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[Connection]:
        """Give a connection inside a transaction that is this portal's only writing one.

        `durable` is as in `Database.writing`. Raises LedgerError; also where the portal's lock
        was held and is lost.
        """
        if self.lock is not None and self.lock.is_lost():
            raise LedgerError(
                attempted=f"writing to the ledger {self.database.place}",
                found="the portal's lock is lost: its file was removed, or its connection broke",
                meaning="another run may have begun meanwhile; this one stops, so that two runs "
                "never change one portal",
                remedy="run the same command again: it continues where it stopped; leave the "
                "`.lock` files beside the ledger alone",
            )
        _ = self.portal_id  # entered before the transaction begins
        with self.database.writing(self.url, durable=durable) as connection:
            yield connection

    def _found(self) -> int | None:
        with self.database.reading() as connection:
            return connection.execute(_FIND, {"address": self.url}).scalar_one_or_none()

    def _entered(self) -> int:
        with self.database.writing(self.url) as connection:
            entry = insert_into(self.database.dialect, portals).values(url=self.url)
            connection.execute(entry.on_conflict_do_nothing())
            number: int = connection.execute(_FIND, {"address": self.url}).scalar_one()
            return number


_FIND = select(portals.c.id).where(portals.c.url == bindparam("address"))
