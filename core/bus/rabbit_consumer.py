"""One queue's consumer: its own channel and prefetch, pause and resume, and a look at whether it consumes.

FastStream starts it and calls it. To pause, the consumer is cancelled at the broker while FastStream's
subscriber goes on: stopping that would leave what is on its way neither handled nor given back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog
from aio_pika import IncomingMessage
from aio_pika.abc import AbstractRobustChannel, AbstractRobustQueue
from aiormq.abc import AbstractChannel
from aiormq.channel import Channel as AmqpChannel
from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker
from faststream.rabbit.message import RabbitMessage

from core.bus.bounded import within
from core.bus.envelope import EnvelopeError, unpack
from core.bus.port import DEAD, BusStatistics, QueueStatistics, Subscription
from core.bus.rabbit_delivery import Contents, RabbitDelivery, delivery_of
from core.bus.rabbit_topology import Topology

log = structlog.get_logger(__name__)

RETRY_PAUSE_S = 1.0
"""A handler that raised is not asked again at once."""

PATIENCE = 2
"""Looks at a consumer that does not consume, before it is made anew: the client's own recovery goes first."""


async def as_it_is(message: RabbitMessage) -> RabbitMessage:
    """Leave a message alone: what can't be decoded would never reach the handler, nor leave the queue.

    With the broker's `apply_types` off, this is what handlers get. To have it injected costs a thread hop, or at best a
    tenth of all that a message takes.
    """
    return message


class Consumer:
    """Consumes one queue for one subscription, for the life of one `RabbitBroker`."""

    def __init__(
        self,
        broker: RabbitBroker,
        topology: Topology,
        subscription: Subscription,
        counts: BusStatistics,
        *,
        prefetch: int,
        limit_s: float,
    ) -> None:
        self.subscription = subscription
        self.prefetch = self._started_with = prefetch
        self.paused = False
        self._topology, self._counts, self._limit_s = topology, counts, limit_s
        self._rabbit_queue = topology.queue(subscription.queue)
        # Each its own channel: the prefetch counts per channel, and an error closes one queue's only.
        self._subscriber = broker.subscriber(
            self._rabbit_queue,
            channel=Channel(prefetch_count=prefetch),
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
        )
        self._subscriber(self._handler())
        self._broker = broker
        self._queue: AbstractRobustQueue | None = None
        self._tag: str | None = None
        self._lock = asyncio.Lock()
        self._in_flight: set[RabbitDelivery] = set()
        self._settled = asyncio.Event()
        self._depth: int | None = None
        self._strikes = self._handled = self._handled_before = 0

    async def started(self) -> None:
        """Take over what the broker's start has made, and what was wanted of it meanwhile."""
        async with self._lock:
            queue = await self._broker.declare_queue(self._rabbit_queue)  # the subscriber's own, remembered
            self._tag = next(iter(await _tags(queue)), None)
            self._queue = queue
            if self.paused:
                await self._cancel(queue)
            elif self.prefetch != self._started_with:
                await self._begin_anew(queue)

    async def pause(self) -> None:
        """Cancel the consumer. Where the broker can't be told, it is not restored after the reconnect."""
        async with self._lock:
            self.paused = True
            if self._queue is not None:
                await self._cancel(self._queue)

    async def resume(self) -> None:
        """Consume again; where the broker can't be told, the next look does."""
        async with self._lock:
            self.paused = False
            if self._queue is not None and self._tag is None:
                await self._consume(self._queue)

    async def set_prefetch(self, prefetch: int) -> None:
        """Change the prefetch, which holds for consumers that begin after it: so begin anew."""
        async with self._lock:
            if prefetch == self.prefetch:
                return
            self.prefetch = prefetch
            if self._queue is not None and not self.paused:
                await self._begin_anew(self._queue)

    async def drained(self) -> None:
        """Wait until all that was handed out is settled."""
        while self._in_flight:
            self._settled.clear()
            await self._settled.wait()

    def statistics(self) -> QueueStatistics:
        """Return what this process knows of the queue."""
        consuming = self._tag is not None and not self._strikes
        return QueueStatistics(depth=self._depth, in_flight=len(self._in_flight), consuming=consuming)

    def trouble(self) -> str | None:
        """Say what is wrong, if a consumer is missing."""
        if self.paused or self._strikes < PATIENCE:
            return None
        return f"nothing consumes {self._topology.name(self.subscription.queue)}"

    async def look(self, channel: AbstractChannel) -> None:
        """See how the queue is, and begin anew where nothing consumes: a consumer may go without an error.

        Raises `ChannelNotFoundEntity` for a queue that is not there.
        """
        found = await channel.queue_declare(self._topology.name(self.subscription.queue), passive=True)
        self._depth = found.message_count
        queue = self._queue
        if self.paused or queue is None:
            self._strikes = 0
            return
        idle = bool(self._depth) and not self._in_flight and self._handled == self._handled_before
        self._handled_before = self._handled
        if found.consumer_count and not idle and await self._is_consuming(queue):
            self._strikes = 0
            return
        self._strikes += 1
        if self._strikes > PATIENCE:
            log.warning("bus_consumer_gone", queue=self.subscription.queue, depth=self._depth)
            async with self._lock:
                await self._revive(queue)

    async def _is_consuming(self, queue: AbstractRobustQueue) -> bool:
        if self._tag is None or queue.channel.is_closed:
            return False
        return self._tag in await within(self._limit_s, _tags(queue))

    async def _revive(self, queue: AbstractRobustQueue) -> None:
        channel = queue.channel
        if channel.is_closed and isinstance(channel, AbstractRobustChannel):
            await within(self._limit_s, channel.restore())  # brings its consumers back by itself
        elif not self.paused:
            await self._begin_anew(queue)

    async def _begin_anew(self, queue: AbstractRobustQueue) -> None:
        await self._cancel(queue)
        await self._consume(queue)

    async def _cancel(self, queue: AbstractRobustQueue) -> None:
        tag, self._tag = self._tag, None
        if tag is not None:
            await self._try("cancel", queue.cancel(tag))

    async def _consume(self, queue: AbstractRobustQueue) -> None:
        async def consume() -> None:
            await queue.channel.set_qos(prefetch_count=self.prefetch)
            self._tag = await queue.consume(self._subscriber.consume)  # type: ignore[arg-type]

        await self._try("consume", consume())

    async def _try(self, what: str, work: Coroutine[Any, Any, object]) -> None:
        try:
            await within(self._limit_s, work)
        except Exception as error:  # noqa: BLE001 - whatever the client raises, the next look puts it right
            log.warning("bus_consumer_not_told", queue=self.subscription.queue, what=what, error=repr(error))

    def _handler(self) -> Callable[[RabbitMessage], Awaitable[None]]:
        async def handle(message: RabbitMessage) -> None:
            await self._take(message.raw_message)

        return handle

    async def _take(self, message: IncomingMessage) -> None:
        self._handled += 1
        queue = self.subscription.queue
        try:
            contents = Contents(unpack(queue, message.body).items)
        except EnvelopeError as error:
            contents = Contents(problem=error)
            self._counts.refused += 1
            if queue != DEAD:
                log.warning(
                    "bus_no_envelope", queue=queue, message_id=message.message_id, reason=error.reason
                )
                await message.reject(requeue=False)
                return
        delivery = delivery_of(
            message,
            queue,
            contents,
            self._topology.without_prefix,
            limit_s=self._limit_s,
            on_settled=self._forget,
        )
        self._counts.consumed += len(delivery.items)
        self._counts.redelivered += len(delivery.items) if delivery.redelivered_count else 0
        self._in_flight.add(delivery)
        try:
            await self.subscription.handler(delivery)
        except asyncio.CancelledError:  # the channel is gone, and with it the right to settle
            self._forget(delivery)
            raise
        except Exception:
            log.exception("bus_handler_failed", queue=queue, items=len(delivery.items))
            await asyncio.sleep(RETRY_PAUSE_S)
            await delivery.reject(requeue=True)

    def _forget(self, delivery: RabbitDelivery) -> None:
        self._in_flight.discard(delivery)
        self._settled.set()


async def _tags(queue: AbstractRobustQueue) -> frozenset[str]:
    """Return the consumers that the client knows of on the queue's channel, which has no other queue."""
    channel = await queue.channel.get_underlay_channel()
    return frozenset(channel.consumers) if isinstance(channel, AmqpChannel) else frozenset()
