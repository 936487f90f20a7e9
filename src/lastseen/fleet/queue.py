"""The queue of portals' jobs in Procrastinate: names, locks, enqueuing, and what is waiting.

Only the queue: `store` knows the portals, and `job` what a job does.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Job

from lastseen.fleet.attempts import BEHIND
from lastseen.fleet.configuration import FleetPortal
from lastseen.fleet.database import SESSION, FleetDatabase
from lastseen.fleet.order import JobOrder
from lastseen.fleet.store import PORTALS, Connection, FleetStore
from lastseen.model.fleet import Command
from lastseen.model.instant import Instant

SCHEDULE = "schedule"
"""The queue of the jobs that enqueue due ones."""

PORTAL_TASK = "lastseen.fleet.portal"
"""The name of the task that runs a portal's job."""

DUE_TASK = "lastseen.fleet.enqueue_due"
"""The name of the task that enqueues due jobs."""


class Enqueued(msgspec.Struct, frozen=True, kw_only=True):
    """The result of enqueuing jobs."""

    new: tuple[str, ...]
    """The portals that got a job."""
    waiting: tuple[str, ...]
    """The portals that already had the same job waiting."""


class Queue:
    """Adds jobs to the queue and reads it. Every method may raise LedgerError."""

    def __init__(self, database: FleetDatabase, app: App) -> None:
        """Use the queue in `database` through `app`, whose connector is open."""
        self._database = database
        self._app = app

    def put(
        self,
        portals: Iterable[FleetPortal],
        command: Command | None,
        *,
        agreed: bool = False,
        first_run_applies: bool = False,
        max_disable: int | None = None,
    ) -> Enqueued:
        """Enqueue one job for each portal, unless the same one is already waiting.

        One that waits for its retry after an outage is brought forward.

        With `command` None each portal's own command is used, as on its schedule; the fleet file
        is then the consent to changes.
        """
        with self._database.transaction() as connection:
            return self._put(
                connection,
                [
                    (
                        portal,
                        JobOrder(
                            portal=portal.name,
                            url=portal.url,
                            command=command or portal.command,
                            agreed=agreed if command else True,
                            first_run_applies=first_run_applies,
                            max_disable=max_disable,
                        ),
                    )
                    for portal in portals
                ],
            )

    def put_due(self, store: FleetStore, *, now: Instant) -> Enqueued:
        """Enqueue the jobs that are due, in one transaction with setting the next times."""
        with self._database.transaction() as connection:
            due = store.take_due(connection, now=now)
            orders = [
                (
                    portal,
                    JobOrder(
                        portal=portal.name, url=portal.url, command=portal.command, agreed=True
                    ),
                )
                for portal in due
            ]
            return self._put(connection, orders)

    def withdraw(self, names: Iterable[str]) -> int:
        """Remove the waiting jobs of these portals from the queue; return how many."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "UPDATE procrastinate_jobs SET status = 'cancelled' WHERE status = 'todo'"
                " AND queue_name = %s AND args ->> 'portal' = ANY(%s) RETURNING id",
                (PORTALS, list(names)),
            ).fetchall()
        return len(rows)

    def _put(self, connection: Connection, orders: list[tuple[FleetPortal, JobOrder]]) -> Enqueued:
        locks = [queueing_lock(order) for _, order in orders]
        _bring_forward(connection, locks)
        waiting = _waiting(connection, locks)
        fresh = [one for one in orders if queueing_lock(one[1]) not in waiting]
        jobs = [self._job(portal, order) for portal, order in fresh]
        manager = self._app.job_manager
        added: set[str] = set()
        try:
            with connection.transaction():
                if jobs:
                    manager.batch_defer_jobs(jobs, connection=connection)
            added = {order.portal for _, order in fresh}
        except AlreadyEnqueued:  # somebody else enqueued one of them meanwhile
            for (_, order), job in zip(fresh, jobs, strict=True):
                with suppress(AlreadyEnqueued), connection.transaction():
                    manager.batch_defer_jobs([job], connection=connection)
                    added.add(order.portal)
        names = [order.portal for _, order in orders]
        return Enqueued(
            new=tuple(name for name in names if name in added),
            waiting=tuple(name for name in names if name not in added),
        )

    def _job(self, portal: FleetPortal, order: JobOrder) -> Job:
        deferrer = self._app.configure_task(
            PORTAL_TASK, queue=PORTALS, lock=lock(portal), queueing_lock=queueing_lock(order)
        )
        return deferrer.make_new_job(**msgspec.to_builtins(order))


@contextmanager
def opened_queue(database: FleetDatabase) -> Iterator[Queue]:
    """Open the queue in `database` for callers that don't run jobs."""
    connector = SyncPsycopgConnector(
        conninfo=database.conninfo, kwargs=dict(SESSION), min_size=0, max_size=1
    )
    with App(connector=connector).open() as app:
        yield Queue(database, app)


def lock(portal: FleetPortal) -> str:
    """Return the lock of a portal's jobs: two jobs with the same lock never run at once.

    The portal limits requests per account, so the lock belongs to the key: portals with the same
    key on the same host take turns.
    """
    host = urlsplit(portal.url).netloc
    return "key " + sha256(f"{host} {portal.api_key}".encode()).hexdigest()[:32]


def queueing_lock(order: JobOrder) -> str:
    """Return the lock that keeps the same job from being enqueued twice."""
    kind = order.command if order.agreed or order.command == "review" else "report"
    return f"{kind} {order.portal}"


def _bring_forward(connection: Connection, locks: list[str]) -> None:
    """Make jobs due that wait for a retry after an outage, as if they were new."""
    connection.execute(
        "UPDATE procrastinate_jobs SET scheduled_at = NULL, priority = 0, attempts = 0"
        " WHERE status = 'todo' AND queueing_lock = ANY(%s) AND priority = %s",
        (locks, BEHIND),
    )


def _waiting(connection: Connection, locks: list[str]) -> set[str]:
    rows = connection.execute(
        "SELECT queueing_lock FROM procrastinate_jobs"
        " WHERE status = 'todo' AND queueing_lock = ANY(%s)",
        (locks,),
    ).fetchall()
    return {row["queueing_lock"] for row in rows}
