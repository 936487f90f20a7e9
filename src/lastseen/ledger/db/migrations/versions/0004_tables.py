"""The ledger's tables, and the triggers that keep the journal append-only."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_GUARD = {
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
"""For each database, what makes it refuse to change or remove journal entries."""


def upgrade() -> None:
    """Make every table and put the triggers on the journal."""
    op.create_table(
        "portals",
        sa.Column("id", _NUMBER, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        _text("journal_origin"),
        _whole("digest"),
        sa.UniqueConstraint("url", name="portals_by_url"),
    )
    _evidence()
    _people()
    _runs()
    seals = op.create_table(
        "seals",
        _key("portal_id", sa.BigInteger),
        _key("subject", sa.Text),
        _whole("rows"),
        _whole("total"),
    )
    op.bulk_insert(seals, [{"portal_id": 0, "subject": "portals", "rows": 0, "total": 0}])
    for statement in _GUARD[op.get_bind().dialect.name]:
        op.execute(statement)


def _evidence() -> None:
    op.create_table(
        "sightings",
        _portal(),
        _key("kind", sa.Text),
        _key("user_id", sa.Text),
        _whole("at"),
        _whole("event_id"),
        _whole("action_id"),
        _whole("digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "failures",
        _portal(),
        _key("event_id", sa.BigInteger),
        _text("user_id"),
        _whole("at"),
        sa.Column("address", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("failures_by_time", "failures", ["portal_id", "at"])
    op.create_table(
        "unrecognised",
        _portal(),
        _key("event_id", sa.BigInteger),
        _text("user_id"),
        _whole("at"),
        _whole("action_id"),
        _whole("digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage",
        _portal(),
        _key("kind", sa.Text),
        _key("user_id", sa.Text),
        _key("since", sa.BigInteger),
        _whole("until"),
        _whole("events"),
        _text("proof"),
        _whole("first_recorded"),
        _whole("last_recorded"),
        _whole("digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "retention_notes",
        _portal(),
        _key("at", sa.BigInteger),
        _whole("last_at"),
        _whole("sign_in_days"),
        _whole("trail_days"),
        _whole("digest"),
    )


def _people() -> None:
    op.create_table(
        "accounts",
        _portal(),
        _key("user_id", sa.Text),
        sa.Column("status", sa.Integer, nullable=False),
        _whole("seen_at"),
        sa.Column("reinstated_at", sa.BigInteger),
        _whole("digest"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "exemptions",
        _portal(),
        _key("who", sa.Text),
        _text("until"),
        _text("reason"),
        _text("added_by"),
        _whole("added_at"),
        _text("details"),
        _whole("digest"),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("number", _NUMBER, primary_key=True),
        sa.Column("portal_id", _NUMBER, sa.ForeignKey("portals.id"), nullable=False),
        _text("run_id"),
        _text("kind"),
        _whole("started_at"),
        sa.Column("finished_at", sa.BigInteger),
        _text("state"),
        sa.Column("plan_id", sa.Text),
        sa.Column("undone_run_id", sa.Text),
        _text("summary"),
        sa.Column("exit_code", sa.Integer),
        _text("actor"),
        _whole("digest"),
        sa.UniqueConstraint("portal_id", "run_id", name="runs_by_id"),
    )
    op.create_index("runs_by_plan", "runs", ["portal_id", "plan_id"])
    op.create_table(
        "plans",
        _portal(),
        _key("run_id", sa.Text),
        _text("plan_id"),
        sa.Column("plan", sa.LargeBinary, nullable=False),
        sa.Column("evidence_record", sa.LargeBinary, nullable=False),
        _whole("digest"),
    )
    op.create_index("plans_by_plan", "plans", ["portal_id", "plan_id"])
    op.create_table(
        "receipts",
        _portal(),
        _key("run_id", sa.Text),
        sa.Column("receipt", sa.LargeBinary, nullable=False),
        _whole("digest"),
    )
    op.create_table(
        "journal",
        _portal(),
        _key("seq", sa.BigInteger),
        _whole("at"),
        _text("kind"),
        sa.Column("run_id", sa.Text),
        _text("actor"),
        _text("content"),
        _text("previous_hash"),
        _text("hash"),
    )
    op.create_index("journal_by_run", "journal", ["portal_id", "run_id", "seq"])
    op.create_table(
        "lock_holders",
        _portal(),
        _text("purpose"),
        _text("actor"),
        _whole("pid"),
        _whole("since"),
    )


def _portal() -> sa.Column[int]:
    return sa.Column("portal_id", _NUMBER, sa.ForeignKey("portals.id"), primary_key=True)


def _key(name: str, kind: type[sa.types.TypeEngine[Any]]) -> sa.Column[Any]:
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)
