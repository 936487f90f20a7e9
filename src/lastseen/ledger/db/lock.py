"""The lock that keeps two runs from changing one portal at the same time.

The operating system or the PostgreSQL server holds it and releases it when the run's process
dies; the ledger only remembers who took it last, to say so.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from sqlalchemy import delete, select

from lastseen.ledger.db.database import Lock
from lastseen.ledger.db.schema import lock_holders
from lastseen.ledger.db.timestamps import from_micros, to_micros
from lastseen.ledger.scope import Scope
from lastseen.model.actor import Actor
from lastseen.model.errors import LedgerError, LockHeld
from lastseen.model.instant import minute

_POLL_SECONDS = 0.05


@contextmanager
def locked(scope: Scope, purpose: str, *, wait_seconds: float) -> Iterator[None]:
    """Hold the portal's lock, waiting for it at most `wait_seconds`.

    Raises LockHeld, which names the holder, and LedgerError.
    """
    lock = _take(scope, purpose, wait_seconds)
    try:
        _remember(scope, purpose)
        scope.lock = lock
        yield
    finally:
        scope.lock = None
        lock.release()


def _take(scope: Scope, purpose: str, wait_seconds: float) -> Lock:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            lock = scope.database.try_lock(scope.url)
        except OSError as error:
            raise LedgerError(
                attempted=f"locking the portal {scope.url} to {purpose}",
                found=f"the lock file can't be used: {(error.strerror or '').lower()}",
                meaning="Lastseen locks a portal with a file next to the ledger",
                remedy="give this user write access to the ledger's folder",
            ) from None
        if lock is not None:
            return lock
        if time.monotonic() >= deadline:
            raise LockHeld(
                attempted=f"locking the portal {scope.url} to {purpose}",
                found=_holder(scope),
                meaning="two runs must not change one portal at the same time",
                remedy="wait until the other run has finished and try again",
            )
        time.sleep(_POLL_SECONDS)


def _remember(scope: Scope, purpose: str) -> None:
    with scope.writing(durable=False) as connection:
        connection.execute(delete(lock_holders).where(lock_holders.c.portal_id == scope.portal_id))
        connection.execute(
            lock_holders.insert().values(
                portal_id=scope.portal_id,
                purpose=purpose,
                actor=msgspec.json.encode(scope.actor).decode(),
                pid=os.getpid(),
                since=to_micros(scope.now()),
            )
        )


def _holder(scope: Scope) -> str:
    with scope.reading() as connection:
        row = connection.execute(
            select(lock_holders).where(lock_holders.c.portal_id == scope.portal_id)
        ).one_or_none()
    if row is None:
        return "another run holds the lock"
    actor = msgspec.json.decode(row.actor, type=Actor)
    return (
        f"`{row.purpose}` holds it: {actor.name} on {actor.host}, process {row.pid},"
        f" since {minute(from_micros(row.since))}"
    )
