"""The account status last seen of each person, to notice who was reinstated and when."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Insert, bindparam, case, select

from lastseen.ledger.db.database import insert_into
from lastseen.ledger.db.schema import accounts
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.model.contractor import AccountStatus, Profile, UserId
from lastseen.model.instant import Instant


class AccountStore:
    """Account statuses of one portal. Every method may raise LedgerError."""

    def __init__(self, scope: Scope) -> None:
        """Work on one portal's rows."""
        self._scope = scope

    def note(self, profiles: Iterable[Profile], at: Instant) -> None:
        """Remember the status of each as it was at `at`.

        Who was Terminated when last noted and isn't now counts as reinstated at `at`. Profiles
        older than what is known change nothing.
        """
        self._enter(((profile.id, profile.status) for profile in profiles), at)

    def note_disabled(self, user_ids: Iterable[UserId], at: Instant) -> None:
        """Remember that these were disabled at `at`."""
        self._enter(((user_id, AccountStatus.TERMINATED) for user_id in user_ids), at)

    def note_reinstated(self, user_ids: Iterable[UserId], at: Instant) -> None:
        """Remember that these were reinstated at `at`, whatever was known of them before."""
        rows = [
            {**self._row(user_id, AccountStatus.ACTIVE, at), "reinstated_at": to_micros(at)}
            for user_id in sorted(set(user_ids))
        ]
        if rows:
            with self._scope.writing() as connection:
                connection.execute(_reinstating(self._scope.database.dialect), rows)

    def reinstated(self) -> dict[UserId, Instant]:
        """Return when each person was last reinstated, by hand or by undo."""
        with self._scope.reading() as connection:
            rows = connection.execute(_REINSTATED, {"portal": self._scope.portal_id}).all()
        return {user_id: from_micros(at) for user_id, at in rows}

    def _enter(self, statuses: Iterable[tuple[UserId, AccountStatus]], at: Instant) -> None:
        rows = [
            self._row(user_id, status, at) for user_id, status in sorted(dict(statuses).items())
        ]
        if rows:
            with self._scope.writing() as connection:
                connection.execute(_noting(self._scope.database.dialect), rows)

    def _row(self, user_id: UserId, status: AccountStatus, at: Instant) -> dict[str, Any]:
        return {
            "portal_id": self._scope.portal_id,
            "user_id": user_id,
            "status": int(status),
            "seen_at": to_micros(at),
        }


@cache
def _noting(dialect: str) -> Insert:
    insert = insert_into(dialect, accounts)
    new, old = insert.excluded, accounts.c
    came_back = (old.status == AccountStatus.TERMINATED) & (new.status != AccountStatus.TERMINATED)
    return insert.on_conflict_do_update(
        index_elements=["portal_id", "user_id"],
        set_={
            "status": new.status,
            "seen_at": new.seen_at,
            "reinstated_at": case((came_back, new.seen_at), else_=old.reinstated_at),
        },
        where=new.seen_at >= old.seen_at,
    )


@cache
def _reinstating(dialect: str) -> Insert:
    insert = insert_into(dialect, accounts)
    new, old = insert.excluded, accounts.c
    return insert.on_conflict_do_update(
        index_elements=["portal_id", "user_id"],
        set_={
            "status": new.status,
            "seen_at": new.seen_at,
            "reinstated_at": new.reinstated_at,
        },
        where=new.seen_at >= old.seen_at,
    )


_REINSTATED = select(accounts.c.user_id, accounts.c.reinstated_at).where(
    accounts.c.portal_id == bindparam("portal"), accounts.c.reinstated_at.is_not(None)
)
