"""The fleet's portals in the database: their configuration and their state.

Plain rows in and out; `schedule` decides when a job is due, and `job` what it did.
"""

from collections.abc import Sequence

import msgspec
import psycopg
from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from lastseen.fleet.configuration import FleetPortal
from lastseen.fleet.database import FleetDatabase
from lastseen.fleet.outcome import JobOutcome
from lastseen.fleet.portal_rows import (
    instant_or_none,
    outcome_columns,
    portal_from,
    schedule_from,
    status_from,
)
from lastseen.fleet.schedule import next_due
from lastseen.model.errors import UsageError
from lastseen.model.fleet import PortalState, PortalStatus
from lastseen.model.instant import Instant

PORTALS = "portals"
"""The queue of portals' jobs."""

MOST_CRASHES = 3
"""After how many crashes of its own process a portal's job is no longer retried."""

Connection = psycopg.Connection[DictRow]


class KnownPortal(msgspec.Struct, frozen=True, kw_only=True):
    """A portal as stored in the database."""

    portal: FleetPortal
    """How it is configured."""
    retired: bool
    """Whether it is no longer in the fleet file."""
    paused: bool
    """Whether somebody paused it."""
    stopped: bool
    """Whether its job crashed too many processes."""
    isolated: bool
    """Whether its next job gets its own process."""
    last_job_at: Instant | None
    """When its last job ended."""
    last_requests: int
    """How many requests that job sent."""


class FleetStore:
    """The fleet's portals in one database. Every method may raise LedgerError."""

    def __init__(self, database: FleetDatabase) -> None:
        """Work on the rows of `database`, whose schema is up to date."""
        self.database = database

    def portals(self) -> tuple[FleetPortal, ...]:
        """Return every portal that is not retired, by name."""
        with self.database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM portals WHERE retired_at IS NULL ORDER BY name"
            ).fetchall()
        return tuple(map(portal_from, rows))

    def chosen(self, names: tuple[str, ...], *, now: Instant) -> tuple[FleetPortal, ...]:
        """Return the named portals, or without names all that are neither paused nor stopped.

        Naming a stopped portal resumes it, with its schedule. Raises UsageError for unknown names
        and for paused portals; then nothing is changed.
        """
        with self.database.transaction() as connection:
            if not names:
                rows = connection.execute(
                    "SELECT * FROM portals WHERE retired_at IS NULL AND paused_at IS NULL"
                    " AND stopped_at IS NULL ORDER BY name"
                ).fetchall()
                return tuple(map(portal_from, rows))
            _refuse_unknown(connection, names)
            rows = connection.execute(
                "SELECT * FROM portals WHERE name = ANY(%s) FOR UPDATE", (list(names),)
            ).fetchall()
            _refuse_paused(rows)
            _resume(connection, [row["name"] for row in rows if row["stopped_at"]], now=now)
            return tuple(map(portal_from, rows))

    def find(self, name: str) -> KnownPortal | None:
        """Return the portal of that name, even if retired, or None."""
        with self.database.transaction() as connection:
            row = connection.execute("SELECT * FROM portals WHERE name = %s", (name,)).fetchone()
        if row is None:
            return None
        return KnownPortal(
            portal=portal_from(row),
            retired=row["retired_at"] is not None,
            paused=row["paused_at"] is not None,
            stopped=row["stopped_at"] is not None,
            isolated=row["isolated"],
            last_job_at=instant_or_none(row["last_job_at"]),
            last_requests=row["last_requests"] or 0,
        )

    def replace(self, portals: tuple[FleetPortal, ...], *, now: Instant) -> None:
        """Make `portals` the fleet; other portals are retired and keep their history.

        A portal that comes back, changes its address or its schedule is due by the new schedule.
        One that was paused stays paused, also under another name.
        """
        names = [portal.name for portal in portals]
        with self.database.transaction() as connection:
            # One sync at a time; an address may move from one name to another.
            connection.execute("LOCK TABLE portals IN SHARE ROW EXCLUSIVE MODE")
            paused = _paused_addresses(connection)
            connection.execute(
                "UPDATE portals SET retired_at = %s, next_due_at = NULL"
                " WHERE retired_at IS NULL AND NOT name = ANY(%s)",
                (now, names),
            )
            moved = _moved(connection, portals)
            for portal in portals:
                _put(
                    connection,
                    portal,
                    now=now,
                    moved=portal.name in moved,
                    paused_at=paused.get(portal.url),
                )

    def pause(self, names: tuple[str, ...], *, now: Instant) -> None:
        """Pause portals: they get no jobs until resumed. Raises UsageError for unknown names."""
        with self.database.transaction() as connection:
            _refuse_unknown(connection, names)
            connection.execute(
                "UPDATE portals SET paused_at = %s, next_due_at = NULL"
                " WHERE name = ANY(%s) AND paused_at IS NULL",
                (now, list(names)),
            )

    def resume(self, names: tuple[str, ...], *, now: Instant) -> None:
        """Resume paused and stopped portals; raises UsageError for unknown names."""
        with self.database.transaction() as connection:
            _refuse_unknown(connection, names)
            _resume(connection, names, now=now)

    def take_due(self, connection: Connection, *, now: Instant) -> tuple[FleetPortal, ...]:
        """Return the portals whose job is due, and set their next due time.

        Runs missed while no worker was running are due once. The caller's transaction makes it
        atomic.
        """
        rows = connection.execute(
            "SELECT * FROM portals WHERE next_due_at <= %s AND retired_at IS NULL"
            " AND paused_at IS NULL AND stopped_at IS NULL ORDER BY next_due_at"
            " FOR UPDATE SKIP LOCKED",
            (now,),
        ).fetchall()
        for row in rows:
            _set_due(connection, row, now=now)
        return tuple(map(portal_from, rows))

    def note_outcome(self, outcome: JobOutcome) -> None:
        """Record how a portal's job ended; values that it does not know are left unchanged."""
        values = outcome_columns(outcome)
        assigned = ", ".join(f"{name} = %({name})s" for name in values)
        if outcome.state is PortalState.UNREACHABLE:
            assigned += ", unreachable_since = coalesce(unreachable_since, %(last_job_at)s)"
        with self.database.transaction() as connection:
            row = connection.execute(
                f"UPDATE portals SET {assigned} WHERE name = %(portal)s RETURNING *",
                {**values, "portal": outcome.portal},
            ).fetchone()
            if row is not None and outcome.portal_zone and row["time_zone"] == "portal":
                _set_due(connection, row, now=outcome.finished_at)

    def note_crash(self, name: str, *, now: Instant, error: str) -> bool:
        """Count a process that a portal's job crashed; return whether the job may be retried."""
        with self.database.transaction() as connection:
            row = connection.execute(
                "UPDATE portals SET crashes = crashes + 1 WHERE name = %s RETURNING crashes",
                (name,),
            ).fetchone()
            crashes = row["crashes"] if row else MOST_CRASHES
            if crashes < MOST_CRASHES:
                return True
            connection.execute(
                "UPDATE portals SET stopped_at = %s, state = 'stopped', last_error = %s,"
                " last_job_at = %s, next_due_at = NULL WHERE name = %s",
                (now, error, now, name),
            )
        return False

    def isolate(self, names: tuple[str, ...]) -> None:
        """Give the next jobs of these portals their own processes."""
        with self.database.transaction() as connection:
            connection.execute(
                "UPDATE portals SET isolated = true WHERE name = ANY(%s)", (list(names),)
            )

    def jobs(self) -> tuple[int, int]:
        """Return how many portal jobs are waiting, and how many are running."""
        return self._counted("")

    def unfinished(self) -> int:
        """Return how many jobs are waiting or running, without those put off for over a minute."""
        return sum(self._counted("AND coalesce(scheduled_at, now()) <= now() + interval '1 min'"))

    def statuses(self, *, now: Instant) -> tuple[PortalStatus, ...]:
        """Return the state of every portal that is not retired, by name."""
        with self.database.transaction() as connection:
            rows = connection.execute(_STATUS).fetchall()
        return tuple(status_from(row, now) for row in rows)

    def _counted(self, condition: str) -> tuple[int, int]:
        with self.database.transaction() as connection:
            row = connection.execute(
                f"SELECT count(*) FILTER (WHERE status = 'todo' {condition}) AS waiting,"
                " count(*) FILTER (WHERE status = 'doing') AS running FROM procrastinate_jobs"
                " WHERE queue_name = %s AND status IN ('todo', 'doing')",
                (PORTALS,),
            ).fetchone()
        return (row["waiting"], row["running"]) if row else (0, 0)


def _paused_addresses(connection: Connection) -> dict[str, Instant]:
    """Return since when portals are paused, by address; of retired ones the last counts."""
    rows = connection.execute(
        "SELECT DISTINCT ON (url) url, paused_at FROM portals"
        " ORDER BY url, retired_at DESC NULLS FIRST"
    ).fetchall()
    return {row["url"]: row["paused_at"] for row in rows if row["paused_at"] is not None}


def _put(
    connection: Connection,
    portal: FleetPortal,
    *,
    now: Instant,
    moved: bool,
    paused_at: Instant | None,
) -> None:
    schedule = portal.schedule
    row = connection.execute(
        _PUT,
        {
            "name": portal.name,
            "url": portal.url,
            "api_key": portal.api_key,
            "command": portal.command,
            "cron": schedule.cron if schedule else None,
            "time_zone": schedule.time_zone if schedule else "UTC",
            "jitter_minutes": schedule.jitter_minutes if schedule else 0,
            "tables": Jsonb(portal.tables),
            "now": now,
            "moved": moved,
            "paused_at": paused_at,
        },
    ).fetchone()
    if row is not None:
        _set_due(connection, row, now=now)


def _moved(connection: Connection, portals: tuple[FleetPortal, ...]) -> set[str]:
    """Return the portals whose address has changed, and free their old addresses."""
    urls = {portal.name: portal.url for portal in portals}
    rows = connection.execute(
        "SELECT name, url FROM portals WHERE name = ANY(%s)", (list(urls),)
    ).fetchall()
    moved = {row["name"] for row in rows if row["url"] != urls[row["name"]]}
    connection.execute("UPDATE portals SET url = name WHERE name = ANY(%s)", (list(moved),))
    return moved


def _set_due(connection: Connection, row: DictRow, *, now: Instant) -> None:
    schedule = schedule_from(row)
    idle = row["paused_at"] or row["stopped_at"] or row["retired_at"]
    due = None
    if schedule is not None and not idle:
        due = next_due(schedule, portal=row["name"], now=now, portal_zone=row["portal_zone"])
    connection.execute("UPDATE portals SET next_due_at = %s WHERE name = %s", (due, row["name"]))


def _resume(connection: Connection, names: Sequence[str], *, now: Instant) -> None:
    rows = connection.execute(
        "UPDATE portals SET paused_at = NULL, stopped_at = NULL, crashes = 0,"
        " state = CASE state WHEN 'stopped' THEN 'failed' ELSE state END"
        " WHERE name = ANY(%s) RETURNING *",
        (list(names),),
    ).fetchall()
    for row in rows:
        _set_due(connection, row, now=now)


def _refuse_paused(rows: Sequence[DictRow]) -> None:
    paused = sorted(row["name"] for row in rows if row["paused_at"] is not None)
    if paused:
        raise UsageError(
            attempted=f"choosing {', '.join(sorted(row['name'] for row in rows))} for a job",
            found=f"{', '.join(paused)} is paused",
            meaning="nothing was put into the queue",
            remedy=f"resume it with `lastseen fleet resume {' '.join(paused)}`",
        )


def _refuse_unknown(connection: Connection, names: tuple[str, ...]) -> None:
    rows = connection.execute(
        "SELECT name FROM portals WHERE retired_at IS NULL AND name = ANY(%s)", (list(names),)
    ).fetchall()
    unknown = sorted(set(names) - {row["name"] for row in rows})
    if unknown:
        raise UsageError(
            attempted=f"looking up {', '.join(names)} in the fleet",
            found=f"the fleet has no portal {', '.join(unknown)}",
            meaning="nothing was changed",
            remedy="take the names from `lastseen fleet status`",
        )


_STATUS = f"""
SELECT portals.*, waiting.since AS waiting_since
FROM portals LEFT JOIN (
    SELECT jobs.args ->> 'portal' AS portal, min(events.at) AS since
    FROM procrastinate_jobs AS jobs
    JOIN procrastinate_events AS events ON events.job_id = jobs.id AND events.type = 'deferred'
    WHERE jobs.status IN ('todo', 'doing') AND jobs.queue_name = '{PORTALS}'
    GROUP BY 1
) AS waiting ON waiting.portal = portals.name
WHERE portals.retired_at IS NULL
ORDER BY portals.name
"""

_PUT = """
INSERT INTO portals AS old (name, url, api_key, command, cron, time_zone, jitter_minutes, tables,
    added_at, changed_at, paused_at)
VALUES (%(name)s, %(url)s, %(api_key)s, %(command)s, %(cron)s, %(time_zone)s, %(jitter_minutes)s,
    %(tables)s, %(now)s, %(now)s, %(paused_at)s)
ON CONFLICT (name) DO UPDATE SET
    url = excluded.url, api_key = excluded.api_key, command = excluded.command,
    cron = excluded.cron, time_zone = excluded.time_zone,
    jitter_minutes = excluded.jitter_minutes, tables = excluded.tables,
    changed_at = excluded.changed_at, paused_at = coalesce(old.paused_at, excluded.paused_at),
    retired_at = NULL, crashes = 0, stopped_at = NULL,
    state = CASE WHEN %(moved)s OR old.retired_at IS NOT NULL THEN 'never'
        WHEN old.state = 'stopped' THEN 'failed' ELSE old.state END,
    whole_review_at = CASE WHEN %(moved)s THEN NULL ELSE old.whole_review_at END,
    unreachable_since = CASE WHEN %(moved)s THEN NULL ELSE old.unreachable_since END,
    guardrail_at = CASE WHEN %(moved)s THEN NULL ELSE old.guardrail_at END,
    disabled = CASE WHEN %(moved)s THEN NULL ELSE old.disabled END,
    to_disable = CASE WHEN %(moved)s THEN NULL ELSE old.to_disable END,
    held = CASE WHEN %(moved)s THEN NULL ELSE old.held END,
    due_soon = CASE WHEN %(moved)s THEN NULL ELSE old.due_soon END,
    portal_zone = CASE WHEN %(moved)s THEN NULL ELSE old.portal_zone END,
    key_expires_at = CASE WHEN %(moved)s OR old.api_key <> excluded.api_key THEN NULL
        ELSE old.key_expires_at END
WHERE %(moved)s OR old.retired_at IS NOT NULL
    OR (old.api_key, old.command, old.cron, old.time_zone, old.jitter_minutes, old.tables)
    IS DISTINCT FROM (excluded.api_key, excluded.command, excluded.cron, excluded.time_zone,
    excluded.jitter_minutes, excluded.tables)
RETURNING *
"""
