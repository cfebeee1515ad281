"""What Alembic runs: on the connection that `countenance.registry.database` hands over, never on an address."""

from alembic import context

from countenance.registry.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
