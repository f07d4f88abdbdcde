"""The engine on a real store, with rules of the test's own and a broker that does as the test says."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import orjson

from canonical.documents import Document, DocumentLine, OrderDocument
from canonical.events import Event, NoteAdded, ReleaseAccepted
from canonical.order import Order
from canonical.parties import Parties, Party
from canonical.policy import Policy
from canonical.stock import Node
from core.bus.port import HUB, Bus, Delivery, Item, Key, inbound, read_item
from core.clock import Clock, SystemClock
from core.connector import Reader, Taker
from core.engine.batch import World
from core.engine.cascade import Rule
from core.engine.changes import Changes, Posting
from core.engine.engine import Engine, EngineLimits
from core.engine.reading import Readers
from core.engine.work import Content, Facts, Happening, data_of
from core.ids import uuid7
from core.security.keys import KeyRing, MasterKey
from core.store import migrate
from core.store.postgres import PostgresDatabase
from core.store.sql import Database, Session
from core.store.sqlite import SqliteDatabase

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NODES = {name: Node(id=name, connector=name, country="DE") for name in ("hall", "barn")}
SHOP = inbound("shop")
Start = Callable[..., Awaitable["Stage"]]


@dataclass
class Rules:
    """Rules by the name of their event."""

    by_event: dict[str, tuple[Rule, ...]] = field(default_factory=dict[str, tuple[Rule, ...]])

    def rules_for(self, event: Event, order: Order) -> Sequence[Rule]:
        return self.by_event.get(type(event).__name__, ())


@dataclass(eq=False, kw_only=True)
class Parcel(Delivery):
    """A delivery of the test's broker."""

    broker: "Broker"

    async def ack(self) -> None:
        await self.broker.acked(self)

    async def reject(self, *, requeue: bool) -> None:
        self.broker.rejected.append(self)


@dataclass
class Broker:
    """A bus that keeps what is published until the test hands it out. With `carries`, it hands out by itself."""

    carries: bool = True
    consumes_outbox: bool = False
    confirms: bool = True
    publish_timeout_s: float = 1.0
    published: list[tuple[str, tuple[Item, ...]]] = field(default_factory=list[tuple[str, tuple[Item, ...]]])
    told: list[Item] = field(default_factory=list[Item])
    rejected: list[Parcel] = field(default_factory=list[Parcel])
    acks: int = 0
    relaxed: int = 0
    engine: Engine | None = None

    async def publish(self, queue: str, items: Sequence[Item]) -> frozenset[Key]:
        self.published.append((queue, tuple(items)))
        if self.carries and self.engine is not None and queue.startswith("in."):
            await self.engine.handle(self.parcel(queue, items))
        return frozenset(item.key for item in items) if self.confirms else frozenset()

    async def publish_event(self, topic: str, item: Item) -> bool:
        assert topic == item.type
        self.told.append(item)
        return self.confirms

    def parcel(self, queue: str, items: Sequence[Item], redelivered: int = 0, **more: Any) -> Parcel:
        size = sum(item.size_bytes for item in items)
        return Parcel(
            queue=queue,
            items=tuple(items),
            redelivered_count=redelivered,
            size_bytes=size,
            broker=self,
            **more,
        )

    async def acked(self, parcel: Parcel) -> None:
        self.acks += 1

    async def relax(self) -> None:
        self.relaxed += 1


async def at_once(begun: int) -> None:
    """Commit without a pause."""


@dataclass
class Gate(Database):
    """A database that counts its transactions, and can be away, or slow to commit."""

    inner: Database
    begun: int = 0
    committed: int = 0
    trouble: Callable[[], Exception | None] = lambda: None
    before_commit: Callable[[int], Awaitable[None]] = at_once
    """Called with the count of the transactions that have begun by then."""

    @property
    def dialect(self) -> str:  # type: ignore[override]
        return self.inner.dialect

    @property
    def url(self) -> str:  # type: ignore[override]
        return self.inner.url

    @property
    def writers(self) -> int:  # type: ignore[override]
        return self.inner.writers

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        self.begun += 1
        if (error := self.trouble()) is not None:
            raise error
        async with self.inner.transaction() as session:
            yield session
            await self.before_commit(self.begun)
        self.committed += 1

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Session]:
        async with self.inner.reading() as session:
            yield session

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class Stage:
    """A running engine, and short words for what tests do with it."""

    engine: Engine
    database: Gate
    bus: Broker
    rules: Rules
    ring: KeyRing

    async def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        async with self.database.reading() as session:
            return [dict(row) for row in await session.rows(sql, *values)]

    async def run(self, sql: str, *values: Any) -> None:
        async with self.database.inner.transaction() as session:
            await session.run(sql, *values)

    async def tell(self, *documents: Document, queue: str = SHOP) -> Any:
        """Submit what a partner says, and return its outcome."""
        return await self.engine.submit(self.engine.work(queue, Facts(documents)))

    async def note(self, order_id: UUID, text: str) -> Any:
        return await self.engine.submit(self.engine.work(HUB, Happening(order_id, (note(order_id, text),))))

    async def do(self, order_id: UUID, *events: Event) -> Any:
        """Let events happen to an order."""
        return await self.engine.submit(self.engine.work(HUB, Happening(order_id, events)))

    async def accept(self, order_id: UUID, release_id: str) -> Any:
        """Let a node take a release on."""
        return await self.do(
            order_id, ReleaseAccepted(order_id=order_id, release_id=release_id, fact_key="accepted")
        )

    async def placed(self, ref: str, *skus: str) -> UUID:
        """Place an order; returns its id."""
        outcome = await self.tell(order_document(ref, *skus))
        assert outcome.order is not None, outcome
        order_id: UUID = outcome.order.id
        return order_id

    async def notes(self, order_id: UUID) -> list[str]:
        """Return the texts of an order's notes, in the order of its journal."""
        sql = "SELECT body FROM journal WHERE order_id = $1 AND type = 'NoteAdded' ORDER BY seq"
        return [orjson.loads(row["body"])["text"] for row in await self.rows(sql, order_id)]

    async def replay(self, failure_id: UUID) -> None:
        """Do what the desk does for a replay: the failure's item again, under a new id."""
        row = (await self.rows("SELECT queue, item FROM failures WHERE id = $1", failure_id))[0]
        await self.post(row["queue"], again(read_item(row["item"]), failure_id), failure_id)

    async def post(self, queue: str, replayed: Item, failure_id: UUID | None = None) -> None:
        async with self.database.inner.transaction() as session:
            if failure_id is not None:
                await session.run("UPDATE failures SET status = 'replaying' WHERE id = $1", failure_id)
            changes = Changes(session.now, postings=[Posting(queue, replayed)])
            await changes.write(session, self.ring, ())
        self.engine.publish(changes.postings)

    async def acknowledged(self, count: int) -> bool:
        return self.bus.acks >= count

    async def is_unavailable(self, said: str) -> bool:
        return said in (self.engine.unavailable or "")

    async def until(self, look: Callable[[], Awaitable[Any]], seconds: float = 10.0) -> Any:
        """Look again and again until there is something."""
        async with asyncio.timeout(seconds):
            while True:
                if found := await look():
                    return found
                await asyncio.sleep(0.005)

    async def until_rows(self, count: int, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Wait until a query has exactly so many rows."""
        found: list[dict[str, Any]] = []

        async def enough() -> bool:
            nonlocal found
            found = await self.rows(sql, *values)
            return len(found) == count

        await self.until(enough)
        return found


def again(before: Item, failure_id: UUID) -> Item:
    """Return the item by which a failure is replayed."""
    data = {**orjson.loads(before.data), "failure": str(failure_id)}
    return item_of(before.type, orjson.dumps(data).decode(), subject=before.subject)


def note(order_id: UUID, text: str) -> NoteAdded:
    return NoteAdded(order_id=order_id, text=text, actor="somebody")


def item_of(kind: str, data: str, *, subject: str | None = None, attempt: int = 1) -> Item:
    item_id = uuid7()
    return Item(
        id=item_id, type=kind, subject=subject, attempt=attempt, time=NOON, correlation_id=item_id,
        causation_id=None, data=data,
    )  # fmt: skip


def carrying(content: Content) -> Item:
    """Return an item that carries some work."""
    subject = str(content.order_id) if isinstance(content, Happening) else None
    return item_of(type(content).__name__, data_of(content), subject=subject)


def order_document(ref: str, *skus: str, quantity: int = 1, name: str = "A. Customer") -> OrderDocument:
    wanted = skus or ("MUG",)
    party = Party(name=name, country="DE", city="Town", postcode="10115", email="buyer@example.com")
    return OrderDocument(
        channel="shop",
        channel_ref=ref,
        placed_at=NOON,
        currency="EUR",
        parties=Parties(buyer=party, ship_to=party),
        lines=tuple(
            DocumentLine(id=str(n), reference=sku, quantity=quantity, unit_price=Decimal(5))
            for n, sku in enumerate(wanted)
        ),
        total=Decimal(5) * quantity * len(wanted),
    )


def world(
    rules: Rules,
    ring: KeyRing,
    readers: Mapping[tuple[str, str], Reader],
    takers: Mapping[tuple[str, str], Taker] | None = None,
) -> World:
    find: Readers = lambda connector, kind: readers.get((connector, kind))  # noqa: E731 - it fills a port
    known = takers or {}
    return World(
        rules, Policy(), NODES, find, ring, takers=lambda connector, kind: known.get((connector, kind))
    )


ITEMS = ("MUG", "CUP", "JUG", "POT")


async def furnish(database: Database) -> None:
    """Put the items into the master data."""
    async with database.transaction() as session:
        for sku in ITEMS:
            await session.run("INSERT INTO items VALUES ($1, $2, $3)", sku, f'{{"sku":"{sku}"}}', session.now)


async def open_store(url: str, clock: Clock) -> Database:
    if url.startswith("sqlite"):
        return await SqliteDatabase.open(Path(url.removeprefix("sqlite:///")), clock)
    return await PostgresDatabase.open(url, connections=4)


class Template:
    """A migrated and furnished SQLite file that tests copy."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: Path | None = None
        self._copies = 0

    async def copy(self) -> Path:
        if self._made is None:
            made = self._folder / "template.db"
            await migrate.upgrade(f"sqlite:///{made}")
            database = await SqliteDatabase.open(made, SystemClock())
            await furnish(database)
            await database.close()
            self._made = made
        self._copies += 1
        return Path(shutil.copy(self._made, self._folder / f"copy{self._copies}.db"))


@asynccontextmanager
async def engine_on(
    database: Database,
    rules: Rules | None = None,
    *,
    bus: Broker | None = None,
    clock: Clock | None = None,
    limits: EngineLimits | None = None,
    readers: Mapping[tuple[str, str], Reader] | None = None,
    takers: Mapping[tuple[str, str], Taker] | None = None,
    cautious: bool = False,
) -> AsyncIterator[Stage]:
    """Run an engine on a store that is open, until the block ends."""
    gate, broker, ring = Gate(database), bus or Broker(), KeyRing(MasterKey(b"k" * 32))
    held = rules or Rules()
    settings = limits or EngineLimits()
    engine = Engine(
        gate, cast("Bus", broker), clock or SystemClock(), world(held, ring, readers or {}, takers), settings
    )
    broker.engine = engine
    engine.start(cautious=cautious)
    try:
        yield Stage(engine, gate, broker, held, ring)
    finally:
        gate.trouble = lambda: None
        await engine.stop(5)


async def put_stock(stage: Stage, sku: str, **on_hand: int) -> None:
    """Set a SKU's stock at nodes."""
    sql = (
        "INSERT INTO stock (sku, node, on_hand, allocated, reserved, safety) VALUES ($1, $2, $3, 0, 0, 0) "
        "ON CONFLICT (sku, node) DO UPDATE SET on_hand = excluded.on_hand"
    )
    for node, quantity in on_hand.items():
        await stage.run(sql, sku, node, quantity)
