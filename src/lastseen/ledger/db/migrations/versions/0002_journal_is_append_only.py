"""The database itself refuses to change or remove journal entries."""

from alembic import op

revision = "0002"
down_revision = "0001"

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


def upgrade() -> None:
    """Put the triggers on the journal."""
    for statement in _GUARD[op.get_bind().dialect.name]:
        op.execute(statement)
