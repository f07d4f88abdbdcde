"""PostgreSQL through asyncpg: arrays in, few round trips, one pool per process."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache
from types import TracebackType
from typing import Any

import asyncpg

from core.store.sql import (
    FRAGMENT,
    Bulk,
    Database,
    Fault,
    ItemFaultError,
    Row,
    Session,
    StoreUnavailableError,
)

_TRANSIENT_CLASSES = ("08", "40", "53", "57")
_ITEM_CLASSES = ("22", "23")
_UNFIT_CLASSES = ("28", "3D", "3F", "42")
"""Access, catalogue, schema, syntax: the database is not as this version needs it, whatever the data is."""
_LOCK_NOT_AVAILABLE = "55P03"
_REROUTED = "violates partition constraint"
"""A row was on its way to the rest while a partition for it was made (23514): tried again, it finds its place."""


def fault_of(error: BaseException) -> Fault:
    """Say who is to blame for an error, by its SQLSTATE class."""
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str):
        return _fault_of_state(state, str(error))
    if isinstance(error, asyncpg.DataError):
        return Fault.ITEM
    if isinstance(error, (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.InternalClientError)):
        return Fault.TRANSIENT
    return Fault.DEFECT


def _fault_of_state(state: str, message: str) -> Fault:
    waits = state.startswith((*_TRANSIENT_CLASSES, *_UNFIT_CLASSES)) or state == _LOCK_NOT_AVAILABLE
    if waits or _REROUTED in message:
        return Fault.TRANSIENT
    return Fault.ITEM if state.startswith(_ITEM_CLASSES) else Fault.DEFECT


@lru_cache(maxsize=512)
def spell(sql: str) -> str:
    """Fill in the fragments of a statement."""

    def fragment(match: Any) -> str:
        name, position, kind = match.groups()
        match name:
            case "any":
                return f"= ANY(${position}::{kind}[])"
            case "lock":
                return "FOR UPDATE"
            case "lock_orders":
                return "FOR UPDATE OF orders"
            case "skip":
                return "FOR UPDATE SKIP LOCKED"
            case _:
                return str(match.group(0))

    return FRAGMENT.sub(fragment, sql)


@lru_cache(maxsize=512)
def _spell_bulk(statement: Bulk) -> str:
    arrays = ", ".join(f"${i}::{kind}[]" for i, kind in enumerate(statement.types, start=1))
    rows = f"unnest({arrays}) AS r({', '.join(statement.columns)})"
    return spell(statement.text.replace("{rows}", rows))


class PostgresSession:
    """One transaction on one connection."""

    def __init__(self, connection: Any, now: datetime) -> None:
        self._connection = connection
        self.now = now

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Run a statement and return its rows."""
        found: Sequence[Row] = await self._connection.fetch(spell(sql), *values)
        return found

    async def run(self, sql: str, *values: Any) -> None:
        """Run a statement."""
        await self._connection.execute(spell(sql), *values)

    async def write(self, statement: Bulk, rows: Sequence[Sequence[Any]]) -> Sequence[Row]:
        """Run a statement over many rows, one array per column."""
        if not rows:
            return ()
        found: Sequence[Row] = await self._connection.fetch(_spell_bulk(statement), *zip(*rows, strict=True))
        return found


class PostgresDatabase(Database):
    """A pool of connections to one PostgreSQL database."""

    dialect = "postgresql"

    def __init__(self, url: str, pool: Any, connections: int) -> None:
        self.url = url
        self.writers = connections
        self._pool = pool

    @classmethod
    async def open(cls, url: str, *, connections: int = 8) -> "PostgresDatabase":
        """Connect. `url` is a libpq URL; raises `StoreUnavailableError` when nobody answers."""
        try:
            pool = await asyncpg.create_pool(url, min_size=1, max_size=connections, command_timeout=60)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            message = f"PostgreSQL does not answer: {error}"
            raise StoreUnavailableError(message) from error
        return cls(url, pool, connections)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Session]:
        """Begin; commit at the end, roll back on an exception."""
        with translated():
            async with self._pool.acquire(timeout=30) as connection, connection.transaction():
                yield PostgresSession(connection, await connection.fetchval("SELECT now()"))

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Session]:
        """Begin a transaction that only reads."""
        with translated():
            async with self._pool.acquire(timeout=30) as connection, connection.transaction(readonly=True):
                yield PostgresSession(connection, await connection.fetchval("SELECT now()"))

    async def close(self) -> None:
        """Let the connections go, at once if they hang."""
        try:
            await self._pool.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            self._pool.terminate()


_DRIVERS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that was cut while it went back to the pool
    OSError,
    TimeoutError,
    ValueError,
)
"""What the driver raises, of which `fault_of` knows more."""


class translated:  # noqa: N801 - a context manager, used like a function
    """Turns the driver's errors into those that say what to do next."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception):
            return
        if not isinstance(error, _DRIVERS):
            return
        match fault_of(error):
            case Fault.ITEM:
                raise ItemFaultError(str(error)) from error
            case Fault.TRANSIENT:
                raise StoreUnavailableError(str(error) or type(error).__name__) from error
            case Fault.DEFECT:
                return
