"""The bus on RabbitMQ, through FastStream: quorum queues, confirms, acknowledgement after the commit."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import structlog
from aio_pika import RobustConnection
from aio_pika.abc import AbstractConnection, AbstractRobustConnection
from aiormq.abc import AbstractConnection as Link
from aiormq.exceptions import AMQPError, ChannelNotFoundEntity
from faststream.rabbit import Channel, RabbitBroker
from yarl import URL

from core.bus.asyncapi import describe
from core.bus.bounded import within
from core.bus.envelope import SOURCE, Item, Key
from core.bus.port import (
    PUBLISH_TIMEOUT_S,
    BusAwayError,
    BusError,
    BusStatistics,
    Subscription,
    TopologyError,
)
from core.bus.rabbit_consumer import Consumer, as_it_is
from core.bus.rabbit_publisher import Publisher
from core.bus.rabbit_topology import Topology, channel_of, connection_to, shown

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class RabbitLimits:
    """How long to wait, in seconds on the wall: sockets know nothing of a hub's faster clock."""

    publish_timeout_s: float = PUBLISH_TIMEOUT_S
    connect_timeout_s: float = 10.0
    ready_timeout_s: float = 1.0
    settle_timeout_s: float = 5.0
    heartbeat_s: int = 10
    """After three of these in silence a link counts as lost. A `heartbeat` in the URL goes first."""
    watch_interval_s: float = 5.0
    retry_min_s: float = 0.5
    retry_max_s: float = 15.0
    delivery_limit: int = 10
    """How often a delivery comes again before it is moved to `dead`."""


class RabbitBus:
    """Fills `core.bus.port.Bus` with RabbitMQ. `queues`: those published to but not consumed here."""

    consumes_outbox = False

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "",
        queues: Iterable[str] = (),
        limits: RabbitLimits = RabbitLimits(),
    ) -> None:
        self._limits, self._prefix, self._queues = limits, prefix, frozenset(queues)
        given = URL(url)
        self._url = str(given.update_query({"heartbeat": limits.heartbeat_s, "name": SOURCE, **given.query}))
        self._topology = self._topology_for(())
        self._subscriptions: tuple[Subscription, ...] = ()
        self._cautious = False
        self._counts = BusStatistics()
        self._broker: RabbitBroker | None = None
        self._publisher: Publisher | None = None
        self._connection: AbstractRobustConnection | None = None
        self._consumers: dict[str, Consumer] = {}
        self._prefetch: dict[str, int] = {}
        self._paused: set[str] = set()
        self._watcher: asyncio.Task[None] | None = None
        self._trouble: str | None = "the bus is not started"
        self._reconnected = False

    @property
    def publish_timeout_s(self) -> float:
        return self._limits.publish_timeout_s

    def holds(self, item_id: UUID, attempt: int) -> bool:
        return False  # the broker has what was confirmed; everything else is in the outbox

    # ---- life ----

    async def start(self, subscriptions: Sequence[Subscription], *, cautious: bool = False) -> None:
        self._subscriptions = tuple(subscriptions)
        self._cautious = cautious
        self._topology = self._topology_for(subscription.queue for subscription in subscriptions)
        self._prefetch = {s.queue: 1 if cautious else s.prefetch for s in subscriptions}
        try:
            await self._open()
        except BusAwayError as error:
            self._trouble = str(error)
            log.warning("bus_away", reason=str(error))
        self._watcher = asyncio.create_task(self._watch(), name="bus-watch")

    async def stop(self, grace_s: float) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        consumers = tuple(self._consumers.values())
        await asyncio.gather(*(consumer.pause() for consumer in consumers))
        try:
            async with asyncio.timeout(grace_s):
                await asyncio.gather(*(consumer.drained() for consumer in consumers))
        except TimeoutError:
            log.warning("bus_stopped_with_work_in_flight", grace_s=grace_s)
        await self._close()
        self._trouble = "the bus is stopped"

    async def _open(self) -> None:
        """Connect, declare, consume: all of it, or `BusError` and nothing of it."""
        limit_s = self._limits.connect_timeout_s
        async with connection_to(self._url, limit_s) as link:
            await within(limit_s, self._topology.declare(link))
        try:
            await within(limit_s, self._build())
        except (AMQPError, OSError, BusAwayError) as error:
            await self._close()
            raise BusAwayError(f"{shown(self._url)} went away at the start: {error}") from error
        self._trouble = None

    async def _build(self) -> None:
        broker = self._broker = RabbitBroker(
            self._url,
            logger=None,
            timeout=self._limits.connect_timeout_s,
            reconnect_interval=self._limits.retry_min_s,
            graceful_timeout=self._limits.settle_timeout_s,
            default_channel=Channel(on_return_raises=True),
            decoder=as_it_is,
            apply_types=False,
            on_close=(self._on_close,),
            on_reconnected=(self._on_reconnected,),
        )
        self._consumers = {s.queue: self._consumer(broker, s) for s in self._subscriptions}
        self._connection = await broker.connect()
        publisher = Publisher(broker, self._topology, self._counts, limit_s=self._limits.publish_timeout_s)
        await publisher.started()
        self._publisher = (
            publisher  # what is delivered while the other consumers start has something to tell too
        )
        await broker.start()
        for queue, consumer in self._consumers.items():
            consumer.paused = queue in self._paused
            await consumer.started()

    def _consumer(self, broker: RabbitBroker, subscription: Subscription) -> Consumer:
        return Consumer(
            broker,
            self._topology,
            subscription,
            self._counts,
            prefetch=self._prefetch[subscription.queue],
            limit_s=self._limits.settle_timeout_s,
        )

    async def _close(self) -> None:
        broker, self._broker, self._publisher = self._broker, None, None
        self._connection, self._consumers = None, {}
        if broker is not None:
            try:
                await within(self._limits.settle_timeout_s, broker.stop())
            except Exception as error:  # noqa: BLE001 - it is gone either way
                log.info("bus_not_closed", error=repr(error))

    def _topology_for(self, queues: Iterable[str]) -> Topology:
        return Topology(self._prefix, self._queues.union(queues), delivery_limit=self._limits.delivery_limit)

    # ---- publishing ----

    async def publish(self, queue: str, items: Sequence[Item]) -> frozenset[Key]:
        self._counts.published += len(items)
        publisher = self._publisher if self._is_connected() else None
        return await publisher.publish(queue, items) if publisher is not None else frozenset()

    async def publish_event(self, topic: str, item: Item) -> bool:
        self._counts.published += 1
        publisher = self._publisher if self._is_connected() else None
        return await publisher.publish_event(topic, item) if publisher is not None else False

    # ---- consuming ----

    async def pause(self, queue: str) -> None:
        self._paused.add(queue)
        if (consumer := self._consumers.get(queue)) is not None:
            await consumer.pause()

    async def resume(self, queue: str) -> None:
        self._paused.discard(queue)
        if (consumer := self._consumers.get(queue)) is not None:
            await consumer.resume()

    async def set_prefetch(self, queue: str, prefetch: int) -> None:
        self._prefetch[queue] = prefetch
        if (consumer := self._consumers.get(queue)) is not None:
            await consumer.set_prefetch(prefetch)

    async def relax(self) -> None:
        if self._cautious:
            self._cautious = False
            await asyncio.gather(*(self.set_prefetch(s.queue, s.prefetch) for s in self._subscriptions))

    # ---- health ----

    async def ready(self) -> str | None:
        if self._trouble is not None:
            return self._trouble
        link = self._link()
        if link is None:
            return f"not connected to {shown(self._url)}"
        try:
            await within(self._limits.ready_timeout_s, _round_trip(link))
        except (AMQPError, OSError, BusAwayError) as error:
            return f"{shown(self._url)} does not answer: {error}"
        parts = (*((self._publisher,) if self._publisher else ()), *self._consumers.values())
        return next((trouble for part in parts if (trouble := part.trouble())), None)

    async def check_topology(self) -> tuple[TopologyError, ...]:
        """Compare what the broker has with what the hub needs, changing nothing. Raises `BusError`."""
        async with connection_to(self._url, self._limits.connect_timeout_s) as link:
            return await within(self._limits.connect_timeout_s, self._topology.check(link))

    def asyncapi(self) -> dict[str, Any]:
        """Return the AsyncAPI 3.0 document of queues, events and items."""
        return describe(self._url, self._topology)

    def statistics(self) -> BusStatistics:
        return replace(self._counts, queues={q: c.statistics() for q, c in self._consumers.items()})

    def _is_connected(self) -> bool:
        return self._connection is not None and self._connection.connected.is_set()

    def _link(self) -> Link | None:
        connection = self._connection
        transport = connection.transport if connection is not None and self._is_connected() else None
        return transport.connection if transport is not None else None

    # ---- the watch ----

    async def _watch(self) -> None:
        pause_s = self._limits.retry_min_s
        while True:
            await asyncio.sleep(self._limits.watch_interval_s if self._broker is not None else pause_s)
            try:
                if self._broker is None:
                    pause_s = min(pause_s * 2, self._limits.retry_max_s)
                    await self._open()
                    pause_s = self._limits.retry_min_s
                elif (link := self._link()) is not None:
                    await self._look(link)
            except BusError as error:
                self._trouble = (
                    str(error) if self._broker is None or isinstance(error, TopologyError) else None
                )
                log.warning("bus_trouble", reason=str(error))
            except Exception:
                log.exception("bus_watch_failed")

    async def _look(self, link: Link) -> None:
        limit_s = self._limits.settle_timeout_s
        if self._reconnected:
            self._reconnected = False
            await within(limit_s, self._topology.declare(link))
            self._trouble = None
        for consumer in tuple(self._consumers.values()):
            try:
                await within(limit_s, _look_at(consumer, link))
            except ChannelNotFoundEntity:
                await within(limit_s, self._topology.declare(link))

    def _on_close(self, connection: AbstractConnection | None, error: BaseException | None) -> None:
        if isinstance(connection, RobustConnection):
            slower_s = min(connection.reconnect_interval * 2, self._limits.retry_max_s)
            connection.reconnect_interval = slower_s
        log.info("bus_connection_lost", error=repr(error))

    def _on_reconnected(self, connection: AbstractRobustConnection | None) -> None:
        if isinstance(connection, RobustConnection):
            connection.reconnect_interval = self._limits.retry_min_s
        self._reconnected = True
        log.info("bus_connection_restored")


async def _round_trip(link: Link) -> None:
    async with channel_of(link) as channel:
        await channel.exchange_declare("amq.direct", passive=True)


async def _look_at(consumer: Consumer, link: Link) -> None:
    async with channel_of(link) as channel:
        await consumer.look(channel)
