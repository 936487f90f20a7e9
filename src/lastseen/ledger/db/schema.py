"""The ledger's tables in SQLAlchemy Core, and the revisions that lead to them.

Only shapes are here: no statement, no connection. Instants are whole microseconds since 1970 UTC,
ids and documents are text, kept documents are compressed JSON. What is written here has to agree
with `migrations/`; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
)

REVISIONS = ("0004",)
"""Every revision of the schema, oldest first; this version works with the last one."""

ABANDONED_REVISIONS = ("0001", "0002", "0003")
"""Revisions from before the first release, with different digests or none."""

metadata = MetaData()
"""All tables of the ledger."""

_number = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up INTEGER only


def _portal() -> Column[int]:
    return Column("portal_id", _number, ForeignKey("portals.id"), primary_key=True)


def _digest() -> Column[int]:
    """Return the last column of a row that is protected against rot (see `seals`)."""
    return Column("digest", BigInteger, nullable=False)


portals = Table(
    "portals",
    metadata,
    Column("id", _number, primary_key=True),
    Column("url", Text, nullable=False),
    Column("journal_origin", Text, nullable=False),
    _digest(),
    UniqueConstraint("url", name="portals_by_url"),
)
"""Every portal in the ledger, by its address; the journal keeps the address that it began with."""

sightings = Table(
    "sightings",
    metadata,
    _portal(),
    Column("kind", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("action_id", BigInteger, nullable=False),
    _digest(),
    sqlite_with_rowid=False,
)
"""The newest sighting of each person in each log."""

failures = Table(
    "failures",
    metadata,
    _portal(),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("address", Text),
    Index("failures_by_time", "portal_id", "at"),
    sqlite_with_rowid=False,
)
"""Refused attempts to sign in, each once."""

unrecognised = Table(
    "unrecognised",
    metadata,
    _portal(),
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("user_id", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("action_id", BigInteger, nullable=False),
    _digest(),
    sqlite_with_rowid=False,
)
"""Sign-in log entries with an unknown action, each once."""

coverage = Table(
    "coverage",
    metadata,
    _portal(),
    Column("kind", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("until", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("proof", Text, nullable=False),
    Column("first_recorded", BigInteger, nullable=False),
    Column("last_recorded", BigInteger, nullable=False),
    _digest(),
    sqlite_with_rowid=False,
)
"""Intervals known to be complete: disjoint for each kind and person; `user_id` is empty for the
whole portal."""

retention_notes = Table(
    "retention_notes",
    metadata,
    _portal(),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("last_at", BigInteger, nullable=False),
    Column("sign_in_days", BigInteger, nullable=False),
    Column("trail_days", BigInteger, nullable=False),
    _digest(),
)
"""How long the portal keeps its logs, as it reports: one row for each change."""

accounts = Table(
    "accounts",
    metadata,
    _portal(),
    Column("user_id", Text, primary_key=True),
    Column("status", Integer, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("reinstated_at", BigInteger),
    _digest(),
    sqlite_with_rowid=False,
)
"""Each person's last known account status and newest reinstatement."""

exemptions = Table(
    "exemptions",
    metadata,
    _portal(),
    Column("who", Text, primary_key=True),
    Column("until", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("added_at", BigInteger, nullable=False),
    Column("details", Text, nullable=False),
    _digest(),
)
"""Who is exempt, until which day and why."""

runs = Table(
    "runs",
    metadata,
    Column("number", _number, primary_key=True),
    Column("portal_id", _number, ForeignKey("portals.id"), nullable=False),
    Column("run_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("state", Text, nullable=False),
    Column("plan_id", Text),
    Column("undone_run_id", Text),
    Column("summary", Text, nullable=False),
    Column("exit_code", Integer),
    Column("actor", Text, nullable=False),
    _digest(),
    UniqueConstraint("portal_id", "run_id", name="runs_by_id"),
    Index("runs_by_plan", "portal_id", "plan_id"),
)
"""Every run; documents are in their own tables so that listing runs stays cheap."""

plans = Table(
    "plans",
    metadata,
    _portal(),
    Column("run_id", Text, primary_key=True),
    Column("plan_id", Text, nullable=False),
    Column("plan", LargeBinary, nullable=False),
    Column("evidence_record", LargeBinary, nullable=False),
    _digest(),
    Index("plans_by_plan", "portal_id", "plan_id"),
)
"""What reviews decided, and the record of the evidence."""

receipts = Table(
    "receipts",
    metadata,
    _portal(),
    Column("run_id", Text, primary_key=True),
    Column("receipt", LargeBinary, nullable=False),
    _digest(),
)
"""What runs did, person by person."""

journal = Table(
    "journal",
    metadata,
    _portal(),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("run_id", Text),
    Column("actor", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("journal_by_run", "portal_id", "run_id", "seq"),
)
"""The append-only chain of what was intended and done, one for each portal."""

seals = Table(
    "seals",
    metadata,
    Column("portal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
)
"""How many rows of a kind a portal has, and the sum of their digests (see `seals`)."""

lock_holders = Table(
    "lock_holders",
    metadata,
    _portal(),
    Column("purpose", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
)
"""Who took a portal's lock last; informational: the operating system or server holds the lock."""

GUARD_JOURNAL = {
    "sqlite": (
        "CREATE TRIGGER journal_keeps_rows BEFORE DELETE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
        "CREATE TRIGGER journal_keeps_content BEFORE UPDATE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'the journal is append-only'; END$$",
        "CREATE TRIGGER journal_keeps_rows BEFORE DELETE OR UPDATE ON journal"
        " FOR EACH ROW EXECUTE FUNCTION journal_is_append_only()",
        "CREATE TRIGGER journal_keeps_content BEFORE TRUNCATE ON journal"
        " FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()",
    ),
}
"""For each database, the triggers that refuse to change or remove journal entries.

SQLite runs none for the row that `INSERT OR REPLACE` removes: the chain shows that one.
"""


@event.listens_for(journal, "after_create")
def _guard(_table: Table, connection: Connection, **_: object) -> None:
    for statement in GUARD_JOURNAL[connection.dialect.name]:
        connection.exec_driver_sql(statement)


@event.listens_for(seals, "after_create")
def _seal_no_portals(_table: Table, connection: Connection, **_: object) -> None:
    connection.execute(seals.insert().values(portal_id=0, subject="portals", rows=0, total=0))
