"""The store's migrations, for SQLite and PostgreSQL."""
