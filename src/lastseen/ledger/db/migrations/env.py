"""What Alembic runs around the revisions: on the connection that `upgrade` hands over."""

from alembic import context

from lastseen.ledger.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
)
with context.begin_transaction():
    context.run_migrations()
