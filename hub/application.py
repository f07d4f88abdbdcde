"""The hub, put together: store, bus, engine, effects, scheduler, connectors, by role."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

import structlog

from canonical.stock import Node
from core.bus.embedded import EmbeddedBus
from core.bus.port import DEAD, HUB, Bus, Subscription, inbound, outbound
from core.connector import OpenConnector, Reader, Resources
from core.effects.runner import EffectRunner
from core.engine.batch import World
from core.engine.engine import Engine
from core.engine.reading import Takers
from core.offers.telling import StockTeller
from core.scheduler.scheduler import Scheduler
from core.security.keys import KeyRing
from core.store.postgres import PostgresDatabase
from core.store.sql import Database, StoreUnavailableError, bulk
from core.store.sqlite import SqliteDatabase
from hub.blueprint import Blueprint
from hub.cursors import StoredCursors
from hub.desk import replays
from hub.desk.context import DeskContext
from hub.interchanges import Partners
from hub.left import LeftToTheHub
from hub.mappings import MappingLibrary
from hub.runs import Run
from hub.versions import Versions
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary

if TYPE_CHECKING:
    from core.bus.rabbit import RabbitBus

log = structlog.get_logger()

MASTER_DATA_S = 5.0
_NODES = "SELECT doc FROM nodes ORDER BY id"
_KEEP_NODES = bulk(
    "INSERT INTO nodes (id, doc, updated_at) SELECT id, doc, updated_at FROM {rows} WHERE true "
    "ON CONFLICT (id) DO UPDATE SET doc = excluded.doc, updated_at = excluded.updated_at",
    "id text, doc text, updated_at timestamptz",
)


class Role(StrEnum):
    """What a process of the hub does."""

    ALL = "all"
    API = "api"
    WORKER = "worker"
    SCHEDULER = "scheduler"


@dataclass(slots=True)
class Hub:
    """A hub that is open. `start` sets it going; `stop` ends it without losing anything."""

    blueprint: Blueprint
    database: Database
    bus: Bus
    engine: Engine
    ring: KeyRing
    connectors: Mapping[str, OpenConnector]
    runner: EffectRunner
    scheduler: Scheduler
    teller: StockTeller
    role: Role = Role.ALL
    extra_queues: Sequence[str] = ()
    """Further queues of work that belong to no connector."""
    _upkeep: asyncio.Task[None] | None = field(default=None)
    _run: Run = field(default_factory=Run)

    @classmethod
    async def open(cls, blueprint: Blueprint, role: Role = Role.ALL, *, beside: bool = False) -> Self:
        """Connect to the store, and open the connectors. Nothing moves yet.

        `beside` a hub that runs: what this one commits is left to that one to carry on.
        """
        database = await open_database(blueprint)
        try:
            return await cls._assemble(blueprint, database, role, beside=beside)
        except BaseException:
            await database.close()  # SQLite's threads would keep the process alive
            raise

    @classmethod
    async def _assemble(cls, blueprint: Blueprint, database: Database, role: Role, *, beside: bool) -> Self:
        """Put everything together around an open store."""
        bus = LeftToTheHub(database) if beside else _bus(blueprint)
        ring = KeyRing(blueprint.master_key)
        connectors = {
            name: placement.connector.open(name, placement.settings, _resources(blueprint, database, name))
            for name, placement in blueprint.connectors.items()
        }
        takes_stock = any(connector.stock is not None for connector in connectors.values())
        world = World(
            blueprint.rulebook, blueprint.policy, await load_nodes(database), _readers(connectors), ring,
            blueprint.wait_for_order_s, takes_stock, blueprint.subscriptions, _takers(connectors),
        )  # fmt: skip
        engine = Engine(database, bus, blueprint.clock, world, blueprint.engine_limits)
        limits = {name: placement.limits for name, placement in blueprint.connectors.items()}
        runner = EffectRunner(
            database,
            engine,
            bus,
            blueprint.clock,
            connectors,
            limits,
            lease_margin_s=blueprint.lease_margin_s,
        )
        scheduler = Scheduler(
            database,
            engine,
            bus,
            blueprint.clock,
            connectors,
            beat=blueprint.beat,
            retention=blueprint.retention,
        )
        teller = StockTeller(
            database, blueprint.clock, connectors, limits, lambda: engine.world.policy,
            lease_margin_s=blueprint.lease_margin_s,
        )  # fmt: skip
        return cls(blueprint, database, bus, engine, ring, connectors, runner, scheduler, teller, role)

    async def start(self) -> None:
        """Begin the work of this hub's role."""
        works = self.role in {Role.ALL, Role.WORKER}
        cautious = works and await self._run.begin(self.database)
        if cautious:
            log.warning("a worker on this host did not end cleanly: starting one item at a time")
        self.engine.start(cautious=cautious)
        await self.bus.start(self._subscriptions() if works else (), cautious=cautious)
        if works:
            self.runner.start()
            if self.bus.consumes_outbox:
                await self.scheduler.sweep_all()
        if self.role in {Role.ALL, Role.SCHEDULER}:
            self.scheduler.add("replays", replays.BEAT_S, self._look_after_replays)
            for name, job in self.teller.jobs():
                self.scheduler.add(name, self.blueprint.beat.stock_s, job)
            self.scheduler.start()
        self._upkeep = asyncio.create_task(self._keep_up(), name="master data")
        # The collector must not walk what lives as long as the process (measured: 267 → 751 µs per order without).
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)

    async def stop(self, grace_s: float = 30.0) -> None:
        """Stop taking on, finish what is under way, leave nothing half done."""
        if self._upkeep is not None:
            self._upkeep.cancel()
        await self.scheduler.stop()
        for subscription in self._subscriptions():
            await self.bus.pause(subscription.queue)
        await self.runner.stop(grace_s)
        await self.bus.stop(grace_s) if self.bus.consumes_outbox else None
        await self.engine.stop(grace_s)
        await self.bus.stop(grace_s)
        try:
            for connector in self.connectors.values():
                await connector.close()
            await self._run.end(self.database)
        except StoreUnavailableError as error:
            log.warning("store away", reason=str(error))
        finally:
            await self.database.close()

    async def trouble(self) -> str | None:
        """Return why the hub is not ready, or None when it is."""
        if self.engine.unavailable is not None:
            return self.engine.unavailable
        try:
            async with asyncio.timeout(2), self.database.reading() as session:
                await session.rows("SELECT 1 AS one")
        except (StoreUnavailableError, TimeoutError) as error:
            return f"the store is not available: {str(error) or 'no answer within 2 s'}"
        return await self.bus.ready()

    @property
    def desk(self) -> DeskContext:
        """What the support and the engineer's desk work with."""
        types = {name: placement.connector.name for name, placement in self.blueprint.connectors.items()}
        return DeskContext(
            self.database, self.engine, self.ring, self.blueprint.clock, self.connectors, types,
            self.bus.statistics, self.runner, Versions(_library(self.blueprint)), self.blueprint.replay,
        )  # fmt: skip

    def asyncapi(self) -> Mapping[str, Any]:
        """Return the AsyncAPI document of the bus: of RabbitMQ's queues, whichever bus this hub runs on."""
        url = "amqp://localhost/" if self.blueprint.embedded else self.blueprint.bus_url
        return _rabbit(self.blueprint, url, self.extra_queues).asyncapi()

    async def reload_master_data(self) -> None:
        """Let rules see the nodes as they are in the store now."""
        nodes = await load_nodes(self.database)
        if nodes != self.engine.world.nodes:
            self.engine.world = replace(self.engine.world, nodes=nodes)

    def _subscriptions(self) -> Sequence[Subscription]:
        prefetch = self.blueprint.prefetch
        inward = [Subscription(inbound(name), self.engine.handle, prefetch) for name in self.connectors]
        outward = [Subscription(outbound(name), self.runner.handle, prefetch) for name in self.connectors]
        return (
            *(Subscription(queue, self.engine.handle, prefetch) for queue in (HUB, *self.extra_queues)),
            *inward,
            *outward,
            Subscription(DEAD, self.engine.bury, 10),
        )

    async def _look_after_replays(self) -> None:
        """Send the next portions of the replays that run."""
        await replays.advance_all(self.desk)

    async def _keep_up(self) -> None:
        """Follow the master data that rules see."""
        while True:
            await asyncio.sleep(MASTER_DATA_S)
            with suppress(StoreUnavailableError):
                await self.reload_master_data()


async def open_database(blueprint: Blueprint) -> Database:
    """Connect to the store that a blueprint names."""
    file = blueprint.store_file
    if file is not None:
        return await SqliteDatabase.open(file, blueprint.clock)
    return await PostgresDatabase.open(blueprint.store_url)


async def keep_nodes(hub: Hub, nodes: Sequence[Node]) -> None:
    """Put the nodes that the configuration names into the master data, where they differ from what is there."""
    known = await load_nodes(hub.database)
    new = [node for node in nodes if known.get(node.id) != node]
    if new:
        async with hub.database.transaction() as session:
            await session.write(_KEEP_NODES, [(n.id, n.model_dump_json(), session.now) for n in new])
    await hub.reload_master_data()


async def load_nodes(database: Database) -> dict[str, Node]:
    """Return the nodes of the master data."""
    async with database.reading() as session:
        nodes = [Node.model_validate_json(row["doc"]) for row in await session.rows(_NODES)]
    return {node.id: node for node in nodes}


def _library(blueprint: Blueprint) -> MappingLibrary | None:
    """Return the library of mappings, where a hub has one whose versions can be named."""
    return blueprint.mappings if isinstance(blueprint.mappings, MappingLibrary) else None


def _bus(blueprint: Blueprint) -> Bus:
    if blueprint.embedded:
        return EmbeddedBus()
    return _rabbit(blueprint, blueprint.bus_url)


def _rabbit(blueprint: Blueprint, url: str, extra_queues: Sequence[str] = ()) -> "RabbitBus":
    from core.bus.rabbit import RabbitBus  # noqa: PLC0415 - it is slow to load, and an embedded hub never needs it

    queues = [q for name in blueprint.connectors for q in (inbound(name), outbound(name))]
    return RabbitBus(url, prefix=blueprint.queue_prefix, queues=[HUB, *queues, *extra_queues])


def _resources(blueprint: Blueprint, database: Database, name: str) -> Resources:
    edi = Partners(blueprint.clock, GrammarLibrary(GrammarFolders()))
    return Resources(blueprint.clock, blueprint.mappings, StoredCursors(database, name), edi)


def _readers(connectors: Mapping[str, OpenConnector]) -> "_Readers":
    return _Readers({(name, kind): r for name, c in connectors.items() for kind, r in c.readers.items()})


def _takers(connectors: Mapping[str, OpenConnector]) -> Takers:
    known = {(name, kind): taker for name, c in connectors.items() for kind, taker in c.takers.items()}
    return lambda connector, kind: known.get((connector, kind))


class _Readers:
    """Finds the reader for a connector's kind of document."""

    def __init__(self, readers: Mapping[tuple[str, str], Reader]) -> None:
        self._readers = readers

    def __call__(self, connector: str, kind: str) -> Reader | None:
        return self._readers.get((connector, kind))


@asynccontextmanager
async def running(blueprint: Blueprint, role: Role = Role.ALL) -> AsyncGenerator[Hub]:
    """Run a hub as long as the block lasts."""
    hub = await Hub.open(blueprint, role)
    try:
        await hub.start()
        yield hub
    finally:
        await hub.stop()
