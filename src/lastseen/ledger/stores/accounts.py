"""Each person's last known account status, to notice who was reinstated and when."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Insert, Row

from lastseen.ledger.db.database import insert_into, insert_rows
from lastseen.ledger.db.schema import accounts
from lastseen.ledger.db.seals import (
    ACCOUNTS,
    Seal,
    all_intact_rows,
    seal_of,
    update_seal,
    with_digest,
)
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.ledger.stores.shared_accounts import address_with_accounts
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.instant import CLOCK_TOLERANCE, Instant, after


class AccountStore:
    """Account statuses of one portal. Every method may raise LedgerError."""

    def __init__(self, scope: Scope) -> None:
        """Work on one portal's rows."""
        self._scope = scope
        self._reinstated: tuple[Seal | None, Mapping[UserId, Instant]] = None, {}
        """Who was reinstated when the accounts had this seal: it is asked several times a run."""

    def note(self, profiles: Iterable[Profile], at: Instant) -> str | None:
        """Record each person's status at `at`.

        Anyone Terminated when last noted and not now counts as reinstated at `at`. Profiles older
        than what is known change nothing. If these are the first accounts of this portal, and some
        are known under another address, that is returned and nothing recorded; of two first
        reviews of one portal at once, only one records its accounts.
        """
        statuses = {profile.id: profile.status for profile in profiles}
        return self._enter(statuses, at, only_here=True)

    def note_disabled(self, user_ids: Iterable[UserId], at: Instant) -> None:
        """Record that these people were disabled at `at`."""
        self._enter(dict.fromkeys(user_ids, AccountStatus.TERMINATED), at)

    def note_reinstated(self, user_ids: Iterable[UserId], at: Instant) -> None:
        """Record that these people were reinstated at `at`, whatever was known before."""
        self._enter(dict.fromkeys(user_ids, AccountStatus.ACTIVE), at, reinstated=True)

    def reinstated(self) -> Mapping[UserId, Instant]:
        """Return when each person was last reinstated, by hand or by undo."""
        with self._scope.reading() as connection:
            seal = seal_of(connection, ACCOUNTS, self._scope.portal_id)
            if seal is None or self._reinstated[0] != seal:
                rows = self._rows(connection)
                self._remember(seal, {row.user_id: row.reinstated_at for row in rows})
        return self._reinstated[1]

    def known(self) -> frozenset[UserId]:
        """Return the ids of everyone whose status was ever recorded."""
        with self._scope.reading() as connection:
            return frozenset(row.user_id for row in self._rows(connection))

    def _rows(self, connection: Connection) -> Iterable[Row[Any]]:
        return all_intact_rows(
            connection, ACCOUNTS, self._scope.portal_id, place=self._scope.database.place
        )

    def _enter(
        self,
        statuses: Mapping[UserId, AccountStatus],
        at: Instant,
        *,
        reinstated: bool = False,
        only_here: bool = False,
    ) -> str | None:
        if not statuses:
            return None
        now, portal_id = to_micros(at), self._scope.portal_id
        # What is dated later was written while the clock was ahead, and is not newer.
        present = to_micros(after(self._scope.now(), CLOCK_TOLERANCE))
        with self._scope.writing() as connection:
            known = {row.user_id: row for row in self._rows(connection)}
            if only_here and not known:
                self._scope.database.take_turns(connection, "first accounts")
                elsewhere = address_with_accounts(connection, portal_id, statuses)
                if elsewhere is not None:
                    return elsewhere
            kept, replaced = [], []
            given_back = {row.user_id: row.reinstated_at for row in known.values()}
            for person, status in sorted(statuses.items()):
                old = known.get(person)
                if old is not None and now < old.seen_at <= present:
                    continue
                came_back = _came_back(old, status)
                since = now if reinstated or came_back else old.reinstated_at if old else None
                kept.append(with_digest(accounts, (portal_id, person, int(status), now, since)))
                given_back[person] = since
                if old is not None:
                    replaced.append(old.digest)
            insert_rows(connection, _replace(self._scope.database.dialect), kept)
            update_seal(
                connection,
                ACCOUNTS,
                portal_id,
                added=(row[-1] for row in kept),
                removed=replaced,
                place=self._scope.database.place,
            )
            self._remember(seal_of(connection, ACCOUNTS, portal_id), given_back)
        return None

    def _remember(self, seal: Seal | None, given_back: Mapping[UserId, int | None]) -> None:
        """Keep who was reinstated, as microseconds since 1970, by the seal of these accounts."""
        self._reinstated = (
            seal,
            {person: from_micros(at) for person, at in given_back.items() if at is not None},
        )


def _came_back(old: Row[Any] | None, status: AccountStatus) -> bool:
    """Return whether an account was Terminated when last recorded and isn't now."""
    return (
        old is not None
        and old.status == AccountStatus.TERMINATED
        and status is not AccountStatus.TERMINATED
    )


@cache
def _replace(dialect: str) -> Insert:
    insert = insert_into(dialect, accounts)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["portal_id", "user_id"],
        set_={
            "status": new.status,
            "seen_at": new.seen_at,
            "reinstated_at": new.reinstated_at,
            "digest": new.digest,
        },
    )
