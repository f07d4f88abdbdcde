"""Whole standard orders: the webstore's JSON in, Stripe, a warehouse's XML, webhooks and mails; partners stubbed.

Rules, mappings, templates, store and bus are the production ones. What a partner would do is answered in process, in
the partner's own format, through the connector's own reader.

    python -m benchmarks.whole_orders --orders 1000
"""

import argparse
import asyncio
import base64
import os
import resource
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import uvloop

from benchmarks.hub_chain import fresh_database
from canonical.commands import AuthorisePayment, CapturePayment, Command, SubmitRelease
from canonical.stock import Item, Node
from connectors import mailer, stripe, warehouse, webstore
from connectors.stripe import labels
from connectors.warehouse.simulator import papers
from core.bus.port import DEAD, HUB, inbound, outbound
from core.bus.rabbit_topology import connection_to
from core.connector import Connector, Limits, OpenConnector, Resources
from core.ports import Answer, Effect, EffectContext, EffectPort, Outgoing, RawDocument
from core.security.keys import MasterKey
from hub.application import Hub
from hub.blueprint import Blueprint, Placement
from hub.mappings import MappingLibrary, sources
from routes.catalogue import RULES
from routes.workflow import WORKFLOW_FILE, parse_workflow

PREFIX = "orderhub_bench_whole."
SKUS = tuple(f"SKU-{i:06d}" for i in range(1, 6))
LIMITS = Limits(concurrency=64)
SECRET = "whsec_" + base64.b64encode(b"b" * 32).decode()
TYPES: Mapping[str, Connector] = {
    "webstore": webstore.CONNECTOR,
    "stripe": stripe.CONNECTOR,
    "berlin": warehouse.CONNECTOR,
    "mailer": mailer.CONNECTOR,
}


@dataclass(slots=True)
class Stopwatch:
    """When each order arrived, and when its release was sent: seconds by reference."""

    arrived: dict[str, float] = field(default_factory=dict[str, float])
    released: dict[str, float] = field(default_factory=dict[str, float])
    hub: Hub | None = None

    def latencies(self) -> list[float]:
        """Return the seconds from arrival to release, sorted."""
        return sorted(at - self.arrived[reference] for reference, at in self.released.items())


@dataclass(slots=True)
class Stub:
    """A port that renders as the real one, and is answered at once."""

    real: EffectPort
    watch: Stopwatch
    opened: OpenConnector
    references: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def commands(self) -> frozenset[type[Command]]:
        return self.real.commands

    @property
    def deadline_s(self) -> float:
        return self.real.deadline_s

    @property
    def settle_s(self) -> float:
        return self.real.settle_s

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the true request."""
        if isinstance(command, SubmitRelease):
            self.references[command.key] = context.order.channel_ref
        return self.real.render(command, context)

    async def send(self, effect: Effect) -> Answer:
        """Answer as the partner would."""
        command = effect.command
        match command:
            case AuthorisePayment() | CapturePayment():
                body = orjson.dumps(_stripe_event(command))
                return Answer(
                    self.opened.readers["event"](RawDocument("event", body)), command.reference, body
                )
            case SubmitRelease():
                self.watch.released[self.references.pop(effect.key)] = time.perf_counter()
                await self._warehouse_works(command)
                return Answer()
            case _:
                return Answer()

    async def look_up(self, effect: Effect) -> Answer | None:
        """Know nothing: nothing is ever unknown here."""
        return None

    async def _warehouse_works(self, command: SubmitRelease) -> None:
        if self.watch.hub is None:
            return
        now = self.watch.hub.blueprint.clock.now()
        lines = {line.sku: line.quantity for line in command.lines}
        accepted = papers.write([papers.Answer(command.release_id, now, "ACC")])
        number = command.release_id[-20:]
        left = papers.write(
            [papers.Dispatch(command.release_id, f"{command.release_id}-p1", now, "DHL", number, lines)]
        )
        await self.watch.hub.engine.receive("berlin", RawDocument("answer", accepted, "application/xml"))
        await self.watch.hub.engine.receive("berlin", RawDocument("dispatch", left, "application/xml"))


def _stripe_event(command: AuthorisePayment | CapturePayment) -> dict[str, Any]:
    """Return what Stripe's webhook would say, as far as the connector reads it."""
    minor, intent = command.amount.minor, str(command.reference)
    metadata = {labels.ORDER: str(command.order_id)}
    if isinstance(command, AuthorisePayment):
        metadata[labels.AUTHORISE] = command.key
        about = {
            "id": f"ch_{intent}", "object": "charge", "payment_intent": intent, "captured": False, "amount": minor,
            "currency": "eur", "metadata": metadata,
            "payment_method_details": {"card": {"multicapture": {"status": "unavailable"}}},
        }  # fmt: skip
        kind = "charge.succeeded"
    else:
        metadata[labels.capture_mark(command.key)] = labels.capture_note(command.key, command.amount)
        about = {
            "id": intent, "object": "payment_intent", "amount": minor, "amount_received": minor, "currency": "eur",
            "status": "succeeded", "metadata": metadata,
        }  # fmt: skip
        kind = "payment_intent.succeeded"
    return {
        "id": f"evt_{command.key}", "object": "event", "api_version": "2026-10-28.endive", "created": 1772366400,
        "type": kind, "data": {"object": about},
    }  # fmt: skip


def _stubbed(connector: Connector, watch: Stopwatch) -> Connector:
    def opening(name: str, settings: Any, resources: Resources) -> OpenConnector:
        real = connector.open(name, settings, resources)
        return replace(real, effects=tuple(Stub(port, watch, real) for port in real.effects), feeds=())

    return replace(connector, open=opening)


def _settings(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        "webstore": {
            "api_secrets": [SECRET],
            "webhook_url": "http://127.0.0.1:9/",
            "webhook_secrets": [SECRET],
        },
        "stripe": {"secret_key": "sk_test_stubbed", "webhook_secrets": ["whsec_stubbed"]},
        "berlin": {"transport": {"type": "folder", "path": str(folder)}, "node": "berlin"},
        "mailer": {
            "host": "127.0.0.1",
            "port": 9,
            "security": "none",
            "sender": "shop@shop.example.com",
            "shop_name": "Example Shop",
        },
    }


def blueprint(amqp_url: str, store_url: str, watch: Stopwatch, folder: Path) -> Blueprint:
    """Return the hub of this benchmark."""
    settings = _settings(folder)
    return Blueprint(
        store_url=store_url,
        bus_url=amqp_url,
        master_key=MasterKey(b"b" * 32),
        connectors={
            name: Placement(_stubbed(kind, watch), kind.settings.model_validate(settings[name]), LIMITS)
            for name, kind in TYPES.items()
        },
        rulebook=parse_workflow(WORKFLOW_FILE.read_text(encoding="utf-8"), RULES, WORKFLOW_FILE.name),
        mappings=MappingLibrary.load(sources(TYPES.values())),
        queue_prefix=PREFIX,
    )


def order(n: int, placed_at: datetime) -> bytes:
    """Return an order as the shop posts it: three lines, an adopted payment."""
    lines = [
        {
            "id": str(i), "sku": SKUS[(n + i) % len(SKUS)], "quantity": i, "unit_price": "19.90",
            "title": "A fairly realistic title of a product, with its colour and its size",
            "taxes": [{"code": "VAT", "rate": "0.19", "amount": "3.18"}],
        }
        for i in range(1, 4)
    ]  # fmt: skip
    address = {
        "name": "A. Customer", "address_lines": ["Example Street 1"], "city": "Berlin", "postcode": "10115",
        "country": "DE",
    }  # fmt: skip
    total = "124.30"
    return orjson.dumps(
        {
            "reference": f"B-{n}", "placed_at": placed_at.isoformat(), "currency": "EUR", "language": "en",
            "customer": {"name": "A. Customer", "email": "buyer@example.com"}, "ship_to": address, "lines": lines,
            "shipping": {"method": "standard", "amount": "4.90"}, "total": total,
            "payments": [
                {"gateway": "stripe", "type": "payment_intent", "reference": f"pi_bench_{n}", "amount": total},
            ],
        },
    )  # fmt: skip


@asynccontextmanager
async def _running(
    amqp_url: str, dsn: str, stored: int
) -> AsyncGenerator[tuple[Hub, Stopwatch, asyncpg.Connection]]:
    watch = Stopwatch()
    async with fresh_database(dsn) as url:
        await _drop_queues(amqp_url)
        connection = await asyncpg.connect(url)
        await _master_data(connection)
        if stored:
            await _fill(connection, stored)
        with tempfile.TemporaryDirectory() as folder:
            hub = await Hub.open(blueprint(amqp_url, url, watch, Path(folder)))
            watch.hub = hub
            await hub.start()
            try:
                yield hub, watch, connection
            finally:
                await hub.stop(grace_s=10)
                await connection.close()
        await _drop_queues(amqp_url)


async def _drop_queues(amqp_url: str) -> None:
    async with connection_to(amqp_url, 10) as link:
        channel = await link.channel()
        for queue in (HUB, DEAD, *(q(name) for name in TYPES for q in (inbound, outbound))):
            await channel.queue_delete(PREFIX + queue)


async def _master_data(connection: asyncpg.Connection) -> None:
    node = Node(id="berlin", connector="berlin", country="DE")
    items = [Item(sku=sku, title=sku, weight_g=400).model_dump_json() for sku in SKUS]
    await connection.execute(
        "INSERT INTO items SELECT unnest($1::text[]), unnest($2::text[]), now() ON CONFLICT (sku) DO UPDATE "
        "SET doc = excluded.doc", list(SKUS), items,
    )  # fmt: skip
    await connection.execute("INSERT INTO nodes VALUES ('berlin', $1, now())", node.model_dump_json())
    await connection.execute(
        "INSERT INTO stock (sku, node, on_hand, allocated, reserved, safety) "
        "SELECT unnest($1::text[]), 'berlin', 100000000, 0, 0, 0", list(SKUS),
    )  # fmt: skip


async def _fill(connection: asyncpg.Connection, stored: int) -> None:
    """Put that many old orders into the store, each with ten journal rows and ten messages."""
    doc, body = "x" * 6000, "y" * 500
    await connection.execute(
        "INSERT INTO orders (id, channel, channel_ref, version, schema, status, placed_at, updated_at, doc) "
        "SELECT gen_random_uuid(), 'archive', 'A-' || n, 10, 1, 'completed', now(), now(), $2 "
        "FROM generate_series(1, $1) n", stored, doc, timeout=600,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO journal (order_id, seq, type, schema, recorded_at, body) SELECT id, s, 'NoteAdded', 1, now(), $1 "
        "FROM orders, generate_series(1, 10) s", body, timeout=600,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO messages (id, direction, connector, kind, status, order_id, media_type, body, size, recorded_at) "
        "SELECT gen_random_uuid(), 'in', 'archive', 'order', 'done', id, 'application/json', $1, 500, now() "
        "FROM orders, generate_series(1, 10)", body.encode(), timeout=600,
    )  # fmt: skip
    await connection.execute("ANALYZE")


async def _feed(hub: Hub, watch: Stopwatch, numbers: Sequence[int]) -> None:
    async def one(n: int) -> None:
        watch.arrived[f"B-{n}"] = time.perf_counter()
        await hub.engine.receive("webstore", RawDocument("order", order(n, hub.blueprint.clock.now())))

    await asyncio.gather(*(one(n) for n in numbers))


async def _completed(connection: asyncpg.Connection, n: int, seconds: float = 300) -> None:
    """Wait until that many orders are over: shipped, captured, told and mailed."""
    until = time.monotonic() + seconds
    sql = (
        "SELECT count(*) FROM orders WHERE channel = 'webstore' AND status = 'completed' AND NOT EXISTS "
        "(SELECT 1 FROM effects WHERE state IN ('pending', 'sending', 'unknown') LIMIT 1)"
    )
    while await connection.fetchval(sql) < n:
        if time.monotonic() > until:
            states = await connection.fetch("SELECT status, count(*) FROM orders GROUP BY status")
            message = f"not all of {n} orders were over after {seconds:g} s: {[tuple(row) for row in states]}"
            raise RuntimeError(message)
        await asyncio.sleep(0.1)


async def run(n: int, amqp_url: str, dsn: str, *, stored: int = 0) -> dict[str, float]:
    """Send `n` orders as fast as the hub takes them; return orders a second and peak memory."""
    async with _running(amqp_url, dsn, stored) as (hub, watch, connection):
        begun = time.perf_counter()
        cpu = time.process_time()
        for start in range(0, n, 100):
            await _feed(hub, watch, range(start, min(n, start + 100)))
        await _completed(connection, n)
        seconds = time.perf_counter() - begun
        return {
            "orders_s": n / seconds,
            "cpu_ms": (time.process_time() - cpu) / n * 1000,
            "peak_mb": _peak_mb(),
        }


async def run_at(n: int, amqp_url: str, dsn: str, *, rate_s: float) -> dict[str, float]:
    """Send `n` orders at a steady rate; return the seconds from arrival to release, p50 and p99."""
    async with _running(amqp_url, dsn, 0) as (hub, watch, connection):
        begun = time.perf_counter()
        tasks: list[asyncio.Task[None]] = []
        for i in range(n):
            await asyncio.sleep(max(0.0, begun + i / rate_s - time.perf_counter()))
            tasks.append(asyncio.create_task(_feed(hub, watch, [i])))
        await asyncio.gather(*tasks)
        await _completed(connection, n)
        latencies = watch.latencies()
        p99 = latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))]
        return {"rate_s": rate_s, "p50_s": statistics.median(latencies), "p99_s": p99, "peak_mb": _peak_mb()}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run it alone."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument(
        "--rate", type=float, default=0, help="orders a second; as fast as they go unless said"
    )
    parser.add_argument("--stored", type=int, default=0)
    parser.add_argument(
        "--amqp-url", default=os.environ.get("ORDERHUB_BENCH_AMQP_URL", "amqp://guest:guest@127.0.0.1/")
    )
    parser.add_argument("--dsn", default="postgresql://postgres@127.0.0.1:5432/postgres")
    given = parser.parse_args()
    if given.rate:
        work = run_at(given.orders, given.amqp_url, given.dsn, rate_s=given.rate)
    else:
        work = run(given.orders, given.amqp_url, given.dsn, stored=given.stored)
    print(orjson.dumps(uvloop.run(work)).decode())


if __name__ == "__main__":
    main()
