"""The floor: what bare aio-pika and asyncpg with group commit take for the benchmark's work.

There is no rule, no mapping, no retry and no recovery here; it says what broker, database and Python cost.
One run sends each item in a message of its own, the other what one commit produced for a queue in envelopes.

    python benchmarks/floor.py --orders 1000 --json
"""

import argparse
import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import aio_pika
import asyncpg
import orjson
import uvloop
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from uuid_utils.compat import uuid7

from benchmarks.order_document import order_document
from benchmarks.rows import (
    STEPS,
    Item,
    Result,
    advanced,
    check_rows,
    consumer,
    journal_body,
    message_body,
    now,
    tables,
)
from core.bus.envelope import split

SCHEMA = "orderhub_bench_floor"
BATCH = 100
PREFETCH = 300
PUBLISHERS = 100
"""How many orders the driver publishes at a time."""

INBOX = "INSERT INTO inbox SELECT $1, unnest($2::uuid[]), 1 ON CONFLICT DO NOTHING RETURNING item_id"
INSERT_ORDERS = """
INSERT INTO orders (id, channel, channel_ref, version, schema, type, status, placed_at, updated_at, doc)
SELECT id, 'webstore', id::text, 1, 1, 'standard', 'placed', $2, $2, doc
FROM unnest($1::uuid[], $3::text[]) AS given(id, doc)
"""
LOCK_ORDERS = "SELECT id, doc FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
UPDATE_ORDERS = """
UPDATE orders SET version = version + 1, status = 'in_progress', updated_at = $2, doc = given.doc
FROM unnest($1::uuid[], $3::text[]) AS given(id, doc) WHERE orders.id = given.id
"""
JOURNAL = """
INSERT INTO journal (order_id, seq, type, schema, message_id, recorded_at, body)
SELECT order_id, $1, $2, 1, message_id, $3, body
FROM unnest($4::uuid[], $5::uuid[], $6::text[]) AS given(order_id, message_id, body)
"""
MESSAGES = """
INSERT INTO messages (id, direction, connector, kind, status, order_id, correlation_id, causation_id,
                      media_type, body, size, recorded_at, finished_at)
SELECT id, 'internal', 'hub', $1, 'done', order_id, order_id, causation_id, 'application/json',
       body, octet_length(body), $2, $2
FROM unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::bytea[]) AS given(id, order_id, causation_id, body)
"""
OUTBOX = """
INSERT INTO outbox (item_id, attempt, queue, item, due_at, seq)
SELECT item_id, 1, $1, item, $2, seq
FROM unnest($3::uuid[], $4::text[], $5::bigint[]) AS given(item_id, item, seq)
"""
FORGET = "DELETE FROM outbox WHERE item_id = ANY($1::uuid[])"


@dataclass(slots=True)
class _Run:
    """What the steps of one run share."""

    orders: int
    prefix: str
    channel: AbstractChannel
    pool: "asyncpg.Pool[asyncpg.Record]"
    packed: bool
    left: int = 0
    seq: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    async def publish(self, step: int, items: Sequence[Item]) -> None:
        """Publish with confirms, all in flight at once."""
        bodies: Iterable[bytes] = (item.encode() for item in items)
        if self.packed:
            bodies = (b"[" + b",".join(run) + b"]" for run in split(bodies, len, 2))
        await asyncio.gather(*(self._publish(step, body) for body in bodies))

    async def _publish(self, step: int, body: bytes) -> None:
        message = aio_pika.Message(body, delivery_mode=2, message_id=str(uuid7()))
        await self.channel.default_exchange.publish(message, self.prefix + consumer(step))

    def read(self, message: AbstractIncomingMessage) -> list[Item]:
        """Read a message of one item, or an envelope of some."""
        if self.packed:
            return [Item.of(fields) for fields in orjson.loads(message.body)]
        return [Item.decode(message.body)]


class _Step:
    """Takes one step's work off its queue, in batches: while one commits, the next gathers."""

    def __init__(self, run: _Run, step: int) -> None:
        self._run, self._step = run, step
        self._waiting: asyncio.Queue[tuple[AbstractIncomingMessage, list[Item]]] = asyncio.Queue()
        self._confirmed: list[Item] = []

    async def take(self, message: AbstractIncomingMessage) -> None:
        """Let a message wait for the next batch."""
        self._waiting.put_nowait((message, self._run.read(message)))

    async def work(self) -> None:
        """Commit, publish with confirms, acknowledge; without end."""
        while True:
            batch = [await self._waiting.get()]
            while sum(len(items) for _, items in batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            items = [item for _, found in batch for item in found]
            produced = [following for item in items if (following := item.next()) is not None]
            await self._commit(items, produced)
            await self._run.publish(self._step + 1, produced)
            self._confirmed = produced
            await asyncio.gather(*(message.ack() for message, _ in batch))
            if self._step == STEPS - 1:
                self._run.left -= len(items)
                if self._run.left <= 0:
                    self._run.done.set()

    async def forget(self) -> None:
        """Delete the last batch's outbox rows, as an idle worker does."""
        async with self._run.pool.acquire() as connection:
            await connection.execute(FORGET, [item.id for item in self._confirmed])

    async def _commit(self, items: list[Item], produced: list[Item]) -> None:
        at, ids, order_ids = now(), [item.id for item in items], [item.order_id for item in items]
        message_ids = [uuid7() for _ in items]
        async with self._run.pool.acquire() as connection, connection.transaction():
            fresh = await connection.fetch(INBOX, consumer(self._step), ids)
            if len(fresh) != len(items):
                message = "an item came twice: the floor has no recovery, run it again"
                raise RuntimeError(message)
            if self._step == 0:
                await connection.execute(INSERT_ORDERS, order_ids, at, [item.document for item in items])
            else:
                rows = await connection.fetch(LOCK_ORDERS, order_ids)
                documents = [advanced(row["doc"], self._step) for row in rows]
                await connection.execute(UPDATE_ORDERS, [row["id"] for row in rows], at, documents)
            journal = [journal_body(item) for item in items]
            kind, seq = f"Step{self._step}Done", self._step + 1
            await connection.execute(JOURNAL, seq, kind, at, order_ids, message_ids, journal)
            bodies = [message_body(item) for item in items]
            await connection.execute(MESSAGES, kind, at, message_ids, order_ids, ids, bodies)
            if produced:
                first, self._run.seq = self._run.seq, self._run.seq + len(produced)
                encoded = [item.encode().decode() for item in produced]
                seqs = list(range(first, self._run.seq))
                outbox_ids = [item.id for item in produced]
                await connection.execute(OUTBOX, consumer(self._step + 1), at, outbox_ids, encoded, seqs)
            await connection.execute(FORGET, [item.id for item in self._confirmed])


async def run(n: int, amqp_url: str, dsn: str, *, packed: bool = True) -> Result:
    """Move `n` orders through all steps, and return the rates. Leaves nothing behind.

    `packed`: in envelopes, rather than message by message.
    """
    schema = f"{SCHEMA}_{'packed' if packed else 'single'}"
    async with (
        tables(dsn, schema),
        await aio_pika.connect(amqp_url) as connection,
        asyncpg.create_pool(dsn, min_size=4, max_size=8, server_settings={"search_path": schema}) as pool,
    ):
        channel = await connection.channel(publisher_confirms=True)
        shared = _Run(n, f"{schema}.", channel, pool, packed, left=n)
        steps = [_Step(shared, step) for step in range(STEPS)]
        working: list[asyncio.Task[None]] = []
        queues: list[tuple[AbstractQueue, str]] = []
        try:
            for number, step in enumerate(steps):
                own = await connection.channel()
                await own.set_qos(PREFETCH)
                name = shared.prefix + consumer(number)
                await own.queue_delete(name)
                queue = await own.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
                queues.append((queue, await queue.consume(step.take)))
                working.append(asyncio.create_task(step.work()))
            seconds = await _drive(shared, working)
            await asyncio.gather(*(step.forget() for step in steps))
            await check_rows(dsn, schema, n)
        finally:
            for task in working:
                task.cancel()
            for queue, tag in queues:
                await queue.cancel(tag)
                await queue.delete(if_unused=False, if_empty=False)
    return Result.of(f"floor, {'envelopes' if packed else 'message by message'}", n, seconds)


async def _drive(shared: _Run, working: list[asyncio.Task[None]]) -> float:
    """Publish the orders, and wait for the last one; return the seconds that it took."""
    first = [Item(uuid7(), order_id := uuid7(), 0, order_document(order_id)) for _ in range(shared.orders)]
    begun = time.perf_counter()
    for start in range(0, len(first), PUBLISHERS):
        await asyncio.gather(*(shared.publish(0, [item]) for item in first[start : start + PUBLISHERS]))
    done = asyncio.create_task(shared.done.wait())
    ended, _ = await asyncio.wait([done, *working], return_when=asyncio.FIRST_COMPLETED)
    seconds = time.perf_counter() - begun
    for task in ended - {done}:
        task.result()  # a step that ended has failed
    return seconds


def main() -> None:
    """Run both, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--amqp-url", default="amqp://guest:guest@127.0.0.1:5672/")
    parser.add_argument("--dsn", default="postgresql://postgres@127.0.0.1:5432/postgres")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    for packed in (False, True):
        result = uvloop.run(run(given.orders, given.amqp_url, given.dsn, packed=packed))
        print(result.as_json() if given.json else result)


if __name__ == "__main__":
    main()
