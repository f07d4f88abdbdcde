"""The rows that every program of the benchmark writes, and a schema of its own to write them to.

The tables are the hub's own (`core.store.tables`), with their keys, indexes and partitions. One order takes
`STEPS` durable steps. Each step writes in one transaction: an inbox row, the order's document (inserted by
the first step, updated by the others), a journal row, a message row and, but for the last, an outbox row for
the step after it; and it deletes an outbox row whose item the broker has confirmed.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable
from uuid_utils.compat import uuid7

from core.store.migrations.versions.r0003_orders_written_often import COMPRESSION
from core.store.tables import PARTITIONED, inbox, journal, messages, orders, outbox

STEPS = 8
TABLES = (inbox, messages, orders, journal, outbox)


@dataclass(frozen=True, slots=True)
class Result:
    """What one run of one program came to: from the first publish to the last order's last step."""

    program: str
    orders: int
    seconds: float
    orders_s: float
    steps_s: float

    @classmethod
    def of(cls, program: str, orders: int, seconds: float) -> "Result":
        """Work out the rates."""
        return cls(
            program, orders, round(seconds, 2), round(orders / seconds, 1), round(orders * STEPS / seconds)
        )

    def as_json(self) -> str:
        """Return one line of JSON."""
        return orjson.dumps(asdict(self)).decode()

    def __str__(self) -> str:
        rate = f"{self.orders_s:>7.1f} orders/s"
        return f"{self.program:<32} {self.orders:>6} orders {self.seconds:>7.2f} s {rate}"


@dataclass(frozen=True, slots=True)
class Item:
    """One step's work, as it travels: about 450 bytes."""

    id: UUID
    order_id: UUID
    step: int
    document: str | None = None
    """The order, in the first step only: as a channel sends it."""

    def encode(self) -> bytes:
        """Write it with the attributes that the hub's items have."""
        return orjson.dumps(
            {
                "specversion": "1.0",
                "id": self.id,
                "type": f"Step{self.step}Done",
                "source": "benchmark",
                "subject": self.order_id,
                "time": "2026-03-01T12:00:00.000000+00:00",
                "correlationid": self.order_id,
                "causationid": self.id,
                "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "attempt": 1,
                "step": self.step,
                "document": self.document,
            }
        )

    @classmethod
    def decode(cls, body: bytes) -> "Item":
        """Read it."""
        return cls.of(orjson.loads(body))

    @classmethod
    def of(cls, fields: dict[str, str | int | None]) -> "Item":
        """Take it from JSON's values."""
        document = fields["document"]
        return cls(
            UUID(str(fields["id"])),
            UUID(str(fields["subject"])),
            int(fields["step"] or 0),
            str(document) if document is not None else None,
        )

    def next(self) -> "Item | None":
        """Return the work that this step's outcome is to the next one; None after the last."""
        return Item(uuid7(), self.order_id, self.step + 1) if self.step + 1 < STEPS else None


def journal_body(item: Item) -> str:
    """Return about 500 bytes, as an event of one order takes."""
    fields = {"order_id": item.order_id, "step": item.step, "fact_key": f"fact:{item.id}", "note": "j" * 360}
    return orjson.dumps(fields).decode()


def message_body(item: Item) -> bytes:
    """Return about 600 bytes, as a document that says one thing takes."""
    return orjson.dumps({"order_id": item.order_id, "step": item.step, "text": "m" * 520})


def advanced(document: str, step: int) -> str:
    """Return the order's document after a step: read, changed, written."""
    order = orjson.loads(document)
    order["version"] = step + 1
    order["rejected_reason"] = f"step {step}"
    return orjson.dumps(order).decode()


@asynccontextmanager
async def tables(dsn: str, schema: str) -> AsyncGenerator[None]:
    """Make the tables in `schema`, anew and empty; drop them in the end."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE; CREATE SCHEMA "{schema}"')
        await connection.execute(f'SET search_path TO "{schema}"')
        for statement in _statements():
            await connection.execute(statement)
        yield
    finally:
        await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        await connection.close()


def _statements() -> list[str]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    made: list[str] = []
    for table in TABLES:
        made.append(str(CreateTable(table).compile(dialect=dialect)))
        made.extend(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
        if table in PARTITIONED:
            made.append(f"CREATE TABLE {table.name}_all PARTITION OF {table.name} DEFAULT")
    made.append(COMPRESSION)
    return made


async def finished_orders(connection: asyncpg.Connection, schema: str) -> int:
    """Count the orders whose last step is committed."""
    count = await connection.fetchval(
        f'SELECT count(*) FROM "{schema}".inbox WHERE consumer = $1',  # noqa: S608 - a name of our own
        consumer(STEPS - 1),
    )
    return int(count)


def consumer(step: int) -> str:
    """Name who takes a step's work: a queue, and the inbox's consumer."""
    return f"step.{step}"


def same_rows(n: int) -> dict[str, int]:
    """Say how many rows each table has after `n` orders."""
    return {"inbox": n * STEPS, "messages": n * STEPS, "orders": n, "journal": n * STEPS, "outbox": 0}


async def check_rows(dsn: str, schema: str, n: int) -> None:
    """Hold a run to its work: raise `RuntimeError` if any row is missing, or one too many."""
    connection = await asyncpg.connect(dsn)
    try:
        found = {
            table: int(await connection.fetchval(f'SELECT count(*) FROM "{schema}".{table}'))  # noqa: S608
            for table in same_rows(n)
        }
    finally:
        await connection.close()
    if found != same_rows(n):
        message = f"{n} orders must leave {same_rows(n)}, and left {found}"
        raise RuntimeError(message)


def now() -> datetime:
    """Return the time that rows are stamped with."""
    return datetime.now().astimezone()
