"""SQLite through aiosqlite: one writer with BEGIN IMMEDIATE, readers beside it, WAL, every commit on disk.

The driver's defaults lose concurrent updates without an error, so transactions are begun by hand.
"""

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from uuid import UUID

import aiosqlite
import structlog

from core.clock import Clock
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

log = structlog.get_logger(__name__)

BUSY_TIMEOUT_S = 10
READERS = 2
_WAIT_CODES = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_PERM,
}  # fmt: skip
_UNFIT = ("no such table", "no such column", "has no column")
"""What SQLite says of a file that is not as this version needs it, whatever the data is."""


def instant_text(value: datetime) -> str:
    """Write an aware time as UTC text that sorts like the time itself."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _read_instant(raw: bytes) -> datetime:
    return datetime.fromisoformat(raw.decode())


def register_types() -> None:
    """Teach `sqlite3` the two column types of ours. Safe to repeat."""
    sqlite3.register_converter("HUB_UUID", lambda raw: UUID(raw.decode()))
    sqlite3.register_converter("HUB_INSTANT", _read_instant)
    sqlite3.register_converter("HUB_BOOL", lambda raw: raw != b"0")


def fault_of(error: BaseException) -> Fault:
    """Say who is to blame for an error."""
    if isinstance(error, (sqlite3.IntegrityError, sqlite3.DataError, OverflowError, UnicodeEncodeError)):
        return Fault.ITEM
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in _WAIT_CODES:
        return Fault.TRANSIENT
    if isinstance(error, sqlite3.OperationalError) and any(said in str(error) for said in _UNFIT):
        return Fault.TRANSIENT
    return Fault.DEFECT


@lru_cache(maxsize=512)
def spell(sql: str) -> str:
    """Fill in the fragments of a statement, and number its parameters SQLite's way."""

    def fragment(match: Any) -> str:
        name, position, _ = match.groups()
        match name:
            case "any":
                return f"IN (SELECT value FROM json_each(${position}))"  # noqa: S608 - `position` is a number of ours
            case "lock" | "lock_orders" | "skip":
                return ""
            case _:
                return str(match.group(0))

    return FRAGMENT.sub(fragment, sql).replace("$", "?")


@lru_cache(maxsize=512)
def _spell_bulk(statement: Bulk) -> str:
    columns = ", ".join(f"value ->> {i} AS {name}" for i, name in enumerate(statement.columns))
    # Columns are named by our own code, and values travel as the one parameter.
    text = statement.text.replace("{rows}", f"(SELECT {columns} FROM json_each($1)) AS r")  # noqa: S608
    return spell(text)


@lru_cache(maxsize=512)
def _spell_each(statement: Bulk) -> str:
    """Spell an insertion of one row: bytes don't go through JSON."""
    columns = ", ".join(f"${i} AS {name}" for i, name in enumerate(statement.columns, start=1))
    return spell(statement.text.replace("{rows}", f"(SELECT {columns}) AS r"))


def _plain(value: Any) -> Any:
    """Return a value as SQLite keeps it."""
    match value:
        case UUID():
            return str(value)
        case datetime():
            return instant_text(value)
        case Enum():
            return value.value
        case list() | tuple() | set() | frozenset():
            return json.dumps([_plain(v) for v in cast("Iterable[Any]", value)])
        case _:
            return value


class SqliteSession:
    """One transaction on one connection."""

    def __init__(self, connection: aiosqlite.Connection, now: datetime) -> None:
        self._connection = connection
        self.now = now

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Run a statement and return its rows."""
        found = await self._connection.execute_fetchall(spell(sql), [_plain(v) for v in values])
        return list(found)

    async def run(self, sql: str, *values: Any) -> None:
        """Run a statement."""
        await self._connection.execute_fetchall(spell(sql), [_plain(v) for v in values])

    async def write(self, statement: Bulk, rows: Sequence[Sequence[Any]]) -> Sequence[Row]:
        """Run a statement over many rows: as one JSON array, or one by one where there are bytes."""
        if not rows:
            return ()
        if "bytea" in statement.types:
            values: Iterable[list[Any]] = [[_plain(v) for v in row] for row in rows]
            await self._connection.executemany(_spell_each(statement), values)
            return ()
        packed = json.dumps([[_plain(v) for v in row] for row in rows], ensure_ascii=False)
        found = await self._connection.execute_fetchall(_spell_bulk(statement), [packed])
        return list(found)


class SqliteDatabase(Database):
    """One database file: a writer that is alone, and readers that never wait for it."""

    dialect = "sqlite"
    writers = 1

    def __init__(
        self, url: str, clock: Clock, writer: aiosqlite.Connection, readers: list[aiosqlite.Connection]
    ) -> None:
        self.url = url
        self._clock = clock
        self._writer = writer
        self._writing = asyncio.Lock()
        self._readers: asyncio.LifoQueue[aiosqlite.Connection] = asyncio.LifoQueue()
        self._all = [writer, *readers]
        for reader in readers:
            self._readers.put_nowait(reader)

    @classmethod
    async def open(cls, path: Path, clock: Clock) -> "SqliteDatabase":
        """Open the file, and make it if there is none."""
        register_types()
        path.parent.mkdir(parents=True, exist_ok=True)
        connections: list[aiosqlite.Connection] = []
        try:
            for _ in range(1 + READERS):
                connections.append(await _connect(path))  # noqa: PERF401 - those that are open are closed on an error
        except BaseException:
            await _close(connections)
            raise
        return cls(f"sqlite:///{path}", clock, connections[0], connections[1:])

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Session]:
        """Begin with the write lock; commit at the end, roll back on an exception."""
        with _Translated():
            async with self._writing:
                try:  # also around BEGIN: a caller may be cancelled when the connection's thread has begun already
                    await self._writer.execute_fetchall("BEGIN IMMEDIATE")
                    yield SqliteSession(self._writer, self._clock.now())
                    await self._writer.execute_fetchall("COMMIT")
                except BaseException:
                    with suppress(sqlite3.Error):
                        await self._writer.execute_fetchall("ROLLBACK")
                    raise

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[Session]:
        """Begin a transaction that only reads, of the last committed state."""
        with _Translated():
            reader = await self._readers.get()
            try:
                await reader.execute_fetchall("BEGIN")
                yield SqliteSession(reader, self._clock.now())
            finally:
                with suppress(sqlite3.Error):
                    await reader.execute_fetchall("ROLLBACK")
                self._readers.put_nowait(reader)

    async def close(self) -> None:
        """Close all connections. Their threads are no daemons: one that stays open keeps the process alive."""
        await _close(self._all)


async def _close(connections: Iterable[aiosqlite.Connection]) -> None:
    """Close every one of them, whatever the others say."""
    for connection in connections:
        try:
            await connection.close()
        except (sqlite3.Error, ValueError) as error:  # closed before, or in the middle of something
            log.info("connection not closed", error=repr(error))


async def _connect(path: Path) -> aiosqlite.Connection:
    connection = await aiosqlite.connect(
        path,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
        detect_types=sqlite3.PARSE_DECLTYPES,
        cached_statements=256,
    )
    try:
        await _set_up(connection)
    except BaseException:
        await _close([connection])
        raise
    return connection


async def _set_up(connection: aiosqlite.Connection) -> None:
    connection.row_factory = sqlite3.Row
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
    ):
        await connection.execute_fetchall(f"PRAGMA {pragma}")


class _Translated:
    """Turns the driver's errors into those that say what to do next."""

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, (sqlite3.Error, OverflowError, UnicodeEncodeError)):
            return
        match fault_of(error):
            case Fault.ITEM:
                raise ItemFaultError(str(error)) from error
            case Fault.TRANSIENT:
                raise StoreUnavailableError(str(error)) from error
            case Fault.DEFECT:
                return
