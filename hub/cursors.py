"""A connector's cursors, tokens and control numbers, in the store."""

from core.store.sql import Database

_GET = "SELECT value FROM cursors WHERE connector = $1 AND name = $2"
_PUT = (
    "INSERT INTO cursors (connector, name, value, updated_at) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (connector, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
)


class StoredCursors:
    """Fills `core.connector.Cursors` for one connector."""

    def __init__(self, database: Database, connector: str) -> None:
        self._database, self._connector = database, connector

    async def get(self, name: str) -> str | None:
        """Return the value of that name."""
        async with self._database.reading() as session:
            rows = await session.rows(_GET, self._connector, name)
        return rows[0]["value"] if rows else None

    async def put(self, name: str, value: str) -> None:
        """Keep a value durably."""
        async with self._database.transaction() as session:
            await session.run(_PUT, self._connector, name, value, session.now)
