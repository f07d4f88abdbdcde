"""The hub's side of the chain: the production engine, bus and store, with the rules of `chain.yaml`.

python benchmarks/hub_chain.py --orders 1000 --workers 1 --json
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import uvloop

from benchmarks.chain_rules import RULES, STEPS
from benchmarks.order_document import NOON
from benchmarks.rows import Result
from canonical.documents import DocumentDiscount, DocumentLine, DocumentTax, OrderDocument
from canonical.parties import Parties, Party
from core.bus.port import HUB, Item, inbound
from core.bus.rabbit import RabbitBus
from core.bus.rabbit_topology import connection_to
from core.engine.work import Facts, data_of
from core.ids import uuid7
from core.security.keys import MasterKey
from core.store import migrate
from hub.application import Hub, Role
from hub.blueprint import Blueprint
from routes.workflow import parse_workflow

DATABASE = "orderhub_bench_chain"
PREFIX = "orderhub_bench_chain."
CHANNEL = "bench"
PUBLISHERS = 100
WARM_UP = 100
"""Orders that go through before the time counts: the workers have started, and are connected to everything."""
LIMIT_S = 600.0
WORKFLOW = Path(__file__).with_name("chain.yaml")


def document(n: int) -> OrderDocument:
    """Return an order that takes about 7 KB in the store."""
    party = Party(
        name="A. Customer", country="DE", city="Berlin", postcode="10115", email="buyer@example.com"
    )
    return OrderDocument(
        channel=CHANNEL,
        channel_ref=f"B-{n}",
        placed_at=NOON,
        currency="EUR",
        parties=Parties(buyer=party, ship_to=party),
        lines=tuple(
            DocumentLine(
                id=f"line-{i}", reference=f"SKU-{i:06d}", quantity=3, unit_price="19.99",
                title="A fairly realistic title of a product, with its colour and its size",
                discounts=(DocumentDiscount(code="SPRING", amount="1.23"),),
                taxes=(DocumentTax(code="VAT", rate="0.19", amount="9.38"),),
                attributes={"colour": "blue", "size": "XL", "engraving": "to somebody, with the best wishes. " * 15},
            )
            for i in range(1, 6)
        ),
        shipping_amount="4.90",
        total="298.60",
    )  # fmt: skip


class _NoMappings:
    """The chain translates nothing."""

    def read(self, mapping: str, raw: bytes, context: Any) -> Any:
        raise LookupError(mapping)

    def write(self, mapping: str, values: Any, context: Mapping[str, str] | None = None) -> bytes:
        raise LookupError(mapping)

    def tree(self, mapping: str, values: Any, context: Mapping[str, str] | None = None) -> Any:
        raise LookupError(mapping)


def blueprint(amqp_url: str, store_url: str) -> Blueprint:
    """Return the hub of the benchmark."""
    return Blueprint(
        store_url=store_url,
        bus_url=amqp_url,
        master_key=MasterKey(b"b" * 32),
        connectors={},
        rulebook=parse_workflow(WORKFLOW.read_text(encoding="utf-8"), RULES, WORKFLOW.name),
        mappings=_NoMappings(),
        queue_prefix=PREFIX,
    )


@asynccontextmanager
async def fresh_database(dsn: str) -> AsyncGenerator[str]:
    """Make an empty, migrated database with the benchmark's items; drop it at the end."""
    base = dsn.rsplit("/", 1)[0]
    admin = await asyncpg.connect(dsn)
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    url = f"{base}/{DATABASE}"
    try:
        await migrate.upgrade(url)
        connection = await asyncpg.connect(url)
        skus = [f"SKU-{i:06d}" for i in range(1, 6)]
        await connection.execute("INSERT INTO items SELECT unnest($1::text[]), '{}', now()", skus)
        await connection.close()
        yield url
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await admin.close()


async def work(amqp_url: str, store_url: str) -> None:
    """Be a worker until killed."""
    hub = await Hub.open(blueprint(amqp_url, store_url), Role.WORKER)
    subscribe_to_channel(hub)
    await hub.start()
    await asyncio.Event().wait()


def subscribe_to_channel(hub: Hub) -> None:
    """Let the hub take the driver's queue, which belongs to no connector."""
    hub.extra_queues = (inbound(CHANNEL),)


def first_items(n: int) -> list[Item]:
    """Return the orders as items, each with its whole document: what a channel sends."""
    items: list[Item] = []
    for i in range(n):
        item_id = uuid7()
        items.append(
            Item(
                id=item_id, type="OrderDocument", subject=None, attempt=1, time=NOON, correlation_id=item_id,
                causation_id=None, data=data_of(Facts((document(i),))),
            ),
        )  # fmt: skip
    return items


async def _drop_queues(amqp_url: str) -> None:
    async with connection_to(amqp_url, 10) as link:
        channel = await link.channel()
        for queue in (HUB, inbound(CHANNEL), "dead"):
            await channel.queue_delete(PREFIX + queue)


async def run(n: int, amqp_url: str, dsn: str, *, workers: int = 1) -> Result:
    """Move `n` orders through the eight steps with that many worker processes."""
    items = first_items(WARM_UP + n)
    async with fresh_database(dsn) as url:
        await _drop_queues(amqp_url)
        driver = RabbitBus(amqp_url, prefix=PREFIX, queues=[HUB, inbound(CHANNEL)])
        await driver.start(())
        processes = [await _worker(amqp_url, url) for _ in range(workers)]
        watch = await asyncpg.connect(url)
        try:
            await _publish(driver, items[:WARM_UP])
            await _finished(watch, WARM_UP, processes)
            used, begun = _cpu_s(processes), time.perf_counter()
            await _publish(driver, items[WARM_UP:])
            await _finished(watch, WARM_UP + n, processes)
            seconds, cpu = time.perf_counter() - begun, _cpu_s(processes) - used
        finally:
            for process in processes:
                process.kill()
                await process.wait()
            await watch.close()
            await driver.stop(5)
            await _drop_queues(amqp_url)
    print(f"{cpu / n * 1000:.2f} ms of CPU an order", file=sys.stderr)
    return Result.of(f"hub, {workers} worker{'s' if workers > 1 else ''}", n, seconds)


async def _publish(driver: RabbitBus, items: Sequence[Item]) -> None:
    for start in range(0, len(items), PUBLISHERS):
        together = items[start : start + PUBLISHERS]
        await asyncio.gather(*(driver.publish(inbound(CHANNEL), [item]) for item in together))


async def _finished(
    watch: asyncpg.Connection, n: int, processes: Sequence[asyncio.subprocess.Process]
) -> None:
    """Wait until `n` orders have had their last step."""
    async with asyncio.timeout(LIMIT_S):
        while await watch.fetchval("SELECT count(*) FROM journal WHERE seq = $1", STEPS) < n:
            if any(process.returncode is not None for process in processes):
                message = "a worker ended: see its output above"
                raise RuntimeError(message)
            await asyncio.sleep(0.05)


def _cpu_s(processes: Sequence[asyncio.subprocess.Process]) -> float:
    """Return the CPU time that the workers have had."""
    ticks = 0
    for process in processes:
        stat = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii")
        ticks += sum(int(field) for field in stat.rsplit(")", 1)[1].split()[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


async def _worker(amqp_url: str, url: str) -> asyncio.subprocess.Process:
    program = [sys.executable, "-m", "benchmarks.hub_chain", "--work", "--amqp-url", amqp_url, "--dsn", url]
    return await asyncio.create_subprocess_exec(*program, cwd=Path(__file__).parent.parent)


def main() -> None:
    """Run it, or be one of its workers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--amqp-url", default="amqp://guest:guest@127.0.0.1:5672/")
    parser.add_argument("--dsn", default="postgresql://postgres@127.0.0.1:5432/postgres")
    parser.add_argument("--work", action="store_true", help="be a worker")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args()
    if given.work:
        uvloop.run(work(given.amqp_url, given.dsn))
        return
    result = uvloop.run(run(given.orders, given.amqp_url, given.dsn, workers=given.workers))
    print(
        orjson.dumps({"program": result.program, "orders_s": result.orders_s}).decode()
        if given.json
        else result
    )


if __name__ == "__main__":
    main()
