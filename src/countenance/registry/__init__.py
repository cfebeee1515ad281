"""The truth: records in SQL, one schema for SQLite and PostgreSQL."""
