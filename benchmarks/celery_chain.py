"""What people would pick instead: Celery, its worker with two processes, each step a task and a transaction.

python benchmarks/celery_chain.py --orders 200 --json
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aio_pika
import asyncpg
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity
from kombu.transport.native_delayed_delivery import (
    CELERY_DELAYED_DELIVERY_EXCHANGE,
    MAX_LEVEL,
    level_name,
)
from uuid_utils.compat import uuid7

from benchmarks.order_document import order_document
from benchmarks.rows import Item, Result, check_rows, finished_orders, tables

SCHEMA = "orderhub_bench_celery"
CONCURRENCY = 2
CONTROL_EXCHANGES = ("celeryev", "celery.pidbox", "reply.celery.pidbox")
WARM_UP = 4
"""Orders that go through before the time counts: the worker has started, and is connected to everything."""
LIMIT_S = 600.0
DRIVER = """
import json, sys
from benchmarks.celery_tasks import step
for line in sys.stdin:
    step.delay(json.loads(line))
"""


async def run(n: int, amqp_url: str, dsn: str) -> Result:
    """Move `n` orders through all steps, and return the rates. Leaves nothing behind."""
    environment = os.environ | {
        "ORDERHUB_BENCH_AMQP_URL": amqp_url,
        "ORDERHUB_BENCH_DSN": dsn,
        "ORDERHUB_BENCH_SCHEMA": SCHEMA,
    }
    async with tables(dsn, SCHEMA), _broker(amqp_url), _worker(environment) as worker:
        connection = await asyncpg.connect(dsn)
        try:
            await _publish(WARM_UP, environment)
            await _finished(connection, WARM_UP, worker)
            begun = time.perf_counter()
            await _publish(n, environment)
            await _finished(connection, WARM_UP + n, worker)
            seconds = time.perf_counter() - begun
            await _no_row_left(connection)
        finally:
            await connection.close()
        await check_rows(dsn, SCHEMA, WARM_UP + n)
    return Result.of(f"celery, {CONCURRENCY} processes", n, seconds)


async def _publish(n: int, environment: dict[str, str]) -> None:
    """Send the orders' first tasks from a process of their own, as a web application would."""
    items = [Item(uuid7(), order_id := uuid7(), 0, order_document(order_id)) for _ in range(n)]
    lines = b"\n".join(item.encode() for item in items)
    driver = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DRIVER, stdin=asyncio.subprocess.PIPE, env=environment
    )
    await driver.communicate(lines)
    if driver.returncode != 0:
        message = f"the driver ended with status {driver.returncode}"
        raise RuntimeError(message)


async def _finished(connection: asyncpg.Connection, n: int, worker: Process) -> None:
    async with asyncio.timeout(LIMIT_S):
        while await finished_orders(connection, SCHEMA) < n:
            if worker.returncode is not None:
                message = f"the worker ended with status {worker.returncode}"
                raise RuntimeError(message)
            await asyncio.sleep(0.05)


async def _no_row_left(connection: asyncpg.Connection) -> None:
    """Let the worker forget its last outbox rows, which it does after it has sent their tasks."""
    async with asyncio.timeout(LIMIT_S):
        while await connection.fetchval(f'SELECT count(*) FROM "{SCHEMA}".outbox'):  # noqa: ASYNC110, S608
            await asyncio.sleep(0.05)


@asynccontextmanager
async def _worker(environment: dict[str, str]) -> AsyncGenerator[Process]:
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "celery", "-A", "benchmarks.celery_tasks", "worker"),
        *("--concurrency", str(CONCURRENCY), "--loglevel", "ERROR"),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.send_signal(signal.SIGTERM)
            await worker.wait()


@asynccontextmanager
async def _broker(amqp_url: str) -> AsyncGenerator[None]:
    """Leave the broker as it was: Celery declares queues for delays, and exchanges, and keeps them."""
    levels = [level_name(level) for level in range(MAX_LEVEL + 1)]
    exchanges = [*levels, CELERY_DELAYED_DELIVERY_EXCHANGE, *CONTROL_EXCHANGES]
    async with await aio_pika.connect(amqp_url) as connection:
        new_queues = [name for name in levels if not await _has(connection, queue=name)]
        new_exchanges = [name for name in exchanges if not await _has(connection, exchange=name)]
        async with connection.channel() as channel:
            await channel.queue_delete(SCHEMA)
        try:
            yield
        finally:
            async with connection.channel() as channel:
                for name in (SCHEMA, *new_queues):
                    await channel.queue_delete(name)
                for name in (SCHEMA, *new_exchanges):
                    await channel.exchange_delete(name)


async def _has(connection: AbstractConnection, *, queue: str = "", exchange: str = "") -> bool:
    try:
        async with connection.channel() as channel:
            await (channel.get_queue(queue) if queue else channel.get_exchange(exchange))
    except ChannelNotFoundEntity:
        return False
    return True


def main() -> None:
    """Run it once."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--amqp-url", default="amqp://guest:guest@127.0.0.1:5672/")
    parser.add_argument("--dsn", default="postgresql://postgres@127.0.0.1:5432/postgres")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args()
    result = asyncio.run(run(given.orders, given.amqp_url, given.dsn))
    print(result.as_json() if given.json else result)


if __name__ == "__main__":
    main()
