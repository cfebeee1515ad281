"""Alembic migrations; `countenance.registry.database` runs them."""
