"""Set-based SQL that reads the same on SQLite and PostgreSQL.

Statements are written once, in PostgreSQL's spelling with `$1` parameters. Where the two differ, a fragment stands in
braces and the database fills it in: `{any:1:uuid}` (one of an array), `{lock}` and `{skip}` (row locks; nothing
on SQLite, whose writer is alone). Many rows go through `Bulk`: arrays and `unnest` on PostgreSQL, one JSON array
on SQLite.
"""

import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from core.errors import HubError

Row = Any
"""A row that is read by position or by name."""


class Fault(Enum):
    """What an error of the database says about who is to blame."""

    ITEM = "item"
    """The data of some item (SQLSTATE classes 22 and 23): the batch is bisected to find it."""
    TRANSIENT = "transient"
    """Connection, deadlock, resources, shutdown, busy, full, not migrated: the whole batch waits and is tried again."""
    DEFECT = "defect"
    """Anything else: a mistake of ours."""


class StoreUnavailableError(HubError):
    """The database can't be used now: away, overloaded, shutting down. Keep the work and try again."""


class ItemFaultError(HubError):
    """The database refuses the data of one or more items of the batch."""


class SchemaTooNewError(HubError):
    """A row was written by a newer version of the hub: this worker must not touch it, and stops its intake."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A statement over many rows at once. `{rows}` in its text is the derived table `r` with `columns`.

    `types` are PostgreSQL's, one per column: uuid, text, int, bigint, timestamptz, bytea, bool.
    """

    text: str
    columns: tuple[str, ...]
    types: tuple[str, ...]


def bulk_insert(table: str, columns: str, *, tail: str = "") -> Bulk:
    """Return the insertion of many rows into `table`. `columns` is a text like ``"id uuid, doc text"``."""
    pairs = [part.split() for part in columns.split(",")]
    names = ", ".join(name for name, _ in pairs)
    return Bulk(
        text=f"INSERT INTO {table} ({names}) SELECT {names} FROM {{rows}} WHERE true {tail}",  # noqa: S608 - names are ours
        columns=tuple(name for name, _ in pairs),
        types=tuple(kind for _, kind in pairs),
    )


def bulk(text: str, columns: str) -> Bulk:
    """Return any other statement over `{rows}`."""
    pairs = [part.split() for part in columns.split(",")]
    return Bulk(text, tuple(name for name, _ in pairs), tuple(kind for _, kind in pairs))


class Session(Protocol):
    """One transaction. `now` is the database's time at its beginning (SQLite: the hub's clock)."""

    now: datetime

    async def rows(self, sql: str, *values: Any) -> Sequence[Row]:
        """Run a statement and return its rows."""
        ...

    async def run(self, sql: str, *values: Any) -> None:
        """Run a statement."""
        ...

    async def write(self, statement: Bulk, rows: Sequence[Sequence[Any]]) -> Sequence[Row]:
        """Run a statement over many rows, and return what it returns. No rows: nothing happens."""
        ...


class Database(Protocol):
    """A store that is open. Errors of the driver come out as `StoreUnavailableError` or `ItemFaultError`."""

    dialect: str
    """`sqlite` or `postgresql`."""
    writers: int
    """How many transactions may write at once."""
    url: str

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """Begin; commit at the end, roll back on an exception."""
        ...

    def reading(self) -> AbstractAsyncContextManager[Session]:
        """Begin a transaction that only reads; on SQLite it does not wait for the writer."""
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...


FRAGMENT = re.compile(r"\{(\w+)(?::(\d+))?(?::(\w+))?\}")


def as_instant(value: object) -> datetime:
    """Return a time of either database (an expression of SQLite gives text)."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
