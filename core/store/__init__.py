"""The store: SQLite for one process, PostgreSQL for many machines, and one set of statements for both."""
