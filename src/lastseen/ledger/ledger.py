"""An open ledger, and what it offers for each portal."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import Self

import msgspec

from lastseen.ledger.actor import present_actor
from lastseen.ledger.damage import check_before_changes, damage_of
from lastseen.ledger.db.database import Database
from lastseen.ledger.db.lock import locked
from lastseen.ledger.db.revision import refuse_newer
from lastseen.ledger.db.schema import metadata
from lastseen.ledger.db.sqlite import empty_memory, memory_access
from lastseen.ledger.moving import address_with_run, former_address, move
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.accounts import AccountStore
from lastseen.ledger.stores.evidence import EvidenceStore
from lastseen.ledger.stores.exemptions import ExemptionStore
from lastseen.ledger.stores.journal import Journal
from lastseen.ledger.stores.runs import RunStore
from lastseen.model.actor import Actor
from lastseen.model.contractor import UserId
from lastseen.model.instant import Clock
from lastseen.model.portal_address import portal_address


class PortalLedger:
    """What the ledger keeps about one portal."""

    def __init__(self, scope: Scope) -> None:
        """Offer the stores over `scope`."""
        self._scope = scope
        self.evidence = EvidenceStore(scope)
        """Sightings, failed sign-ins and coverage."""
        self.accounts = AccountStore(scope)
        """Last known account statuses, and who was reinstated."""
        self.runs = RunStore(scope)
        """Runs, plans and receipts."""
        self.journal = Journal(scope)
        """The append-only record of what was intended and done."""
        self.exemptions = ExemptionStore(scope, self.journal)
        """Who is exempt."""

    @property
    def url(self) -> str:
        """The portal's address, normalised."""
        return self._scope.url

    @property
    def place(self) -> str:
        """Where the ledger is, for messages; never with a password."""
        return self._scope.database.place

    @property
    def actor(self) -> Actor:
        """The actor recorded in runs, exemptions and the journal."""
        return self._scope.actor

    def acting_as(self, account: str) -> None:
        """Record from now on that the API key acts as `account`, an e-mail address or an id."""
        self._scope.actor = msgspec.structs.replace(self._scope.actor, account=account)

    @contextmanager
    def lock(self, purpose: str, *, wait_seconds: float = 0) -> Iterator[None]:
        """Hold the portal's lock; neither another process nor this one can take it meanwhile.

        `purpose` is what the holder does ("apply"), shown to others who come. Waits at most
        `wait_seconds`, then raises LockHeld. The lock ends with the process, however that ends.
        Nobody's access changes without it, so the ledger is checked here: LedgerError is raised
        if anything but the evidence is damaged.
        """
        with locked(self._scope, purpose, wait_seconds=wait_seconds):
            check_before_changes(self._scope, self.journal)
            yield

    def former_address(self, user_ids: Iterable[UserId]) -> str | None:
        """Return another address under which the ledger knows some of these accounts, or None.

        None also if this portal has been reviewed at its present address before. Raises
        LedgerError.
        """
        return former_address(self._scope, user_ids)

    def address_with_run(self, run_id_prefix: str) -> str | None:
        """Return the address of another portal with a run of this id prefix, or None."""
        return address_with_run(self._scope, run_id_prefix)

    def take_over(self, former: str) -> None:
        """Move the ledger's records about the portal at `former` to this portal.

        Exemptions, accounts, runs and journal follow the portal; sightings and coverage are
        dropped, to be read again. Raises LockHeld and LedgerError; then nothing has moved.
        """
        old = PortalLedger(self._scope.sibling(former))
        with old.lock("move"), self.lock("move"):
            move(old._scope, self._scope)

    def damage(self) -> tuple[str, ...]:
        """Return everything damaged apart from the journal, a few words each; empty if none.

        Raises LedgerError if the database can't be read at all.
        """
        return damage_of(self._scope)


class Ledger:
    """An open ledger; a context manager that closes it."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        """Use `database`, whose schema is up to date."""
        self._database = database
        self._clock = clock
        self._portals: dict[str, PortalLedger] = {}

    @classmethod
    def in_memory(cls, *, clock: Clock) -> Self:
        """Return an empty ledger in memory, gone when closed; takes a tenth of a millisecond."""
        return cls(Database(memory_access(_empty_image())), clock=clock)

    @property
    def place(self) -> str:
        """Where the ledger is, for messages; never with a password."""
        return self._database.place

    def portal(self, url: str) -> PortalLedger:
        """Return the ledger's part for the portal at `url`; the same object each time.

        Raises UsageError if `url` isn't an address.
        """
        address = portal_address(url)
        if address not in self._portals:
            scope = Scope(self._database, address, clock=self._clock, actor=present_actor())
            self._portals[address] = PortalLedger(scope)
        return self._portals[address]

    def check_revision(self) -> None:
        """Raise LedgerError if a newer version of Lastseen has upgraded the ledger since."""
        refuse_newer(self._database)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return the ledger itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the ledger."""
        self.close()


@cache
def _empty_image() -> bytes:
    connection, serialised = empty_memory()
    with connection:
        with connection.begin():
            metadata.create_all(connection)
        return serialised()
