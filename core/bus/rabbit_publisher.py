"""Publishing to RabbitMQ: persistent, mandatory, confirmed, many in flight, and over after a bounded time."""

from collections.abc import Sequence
from typing import Any

import structlog
from aio_pika import DeliveryMode, Message, RobustExchange
from aiormq.exceptions import PublishError
from faststream.rabbit import RabbitBroker
from uuid_utils.compat import uuid7

from core.bus.bounded import all_within
from core.bus.envelope import ENVELOPE_TYPE, EVENT_TYPE, SOURCE, Item, Key, cloud_event, pack
from core.bus.port import BusStatistics
from core.bus.rabbit_topology import Topology

log = structlog.get_logger(__name__)


class Publisher:
    """Publishes by one `RabbitBroker`, whose default channel raises what the broker returns."""

    def __init__(
        self, broker: RabbitBroker, topology: Topology, counts: BusStatistics, *, limit_s: float
    ) -> None:
        self._broker, self._topology, self._counts, self._limit_s = broker, topology, counts, limit_s
        self._events: RobustExchange | None = None

    async def started(self) -> None:
        """Take over the exchange of events, which stands on the channel that everything is published by."""
        self._events = await self._broker.declare_exchange(self._topology.events)

    def trouble(self) -> str | None:
        """Say what is wrong, if the channel is closed: a new connection stands before its channels do."""
        if self._events is None or self._events.channel.is_closed:
            return "the channel to publish by is closed"
        return None

    async def publish(self, queue: str, items: Sequence[Item]) -> frozenset[Key]:
        """Return what was confirmed. Everything else is unknown, and stays in the outbox."""
        packed = pack(queue, items)
        name = self._topology.name(queue)
        outcomes = await all_within(
            self._limit_s, [self._send(_message(body, ENVELOPE_TYPE), routing_key=name) for _, body in packed]
        )
        confirmed: set[Key] = set()
        for (envelope, _), outcome in zip(packed, outcomes, strict=True):
            if self._was_confirmed(queue, outcome, len(envelope.items)):
                confirmed.update(item.key for item in envelope.items)
        return frozenset(confirmed)

    async def publish_event(self, topic: str, item: Item) -> bool:
        """Say whether the broker has it. Nobody need have a queue for it."""
        message = _message(cloud_event(item), EVENT_TYPE)
        send = self._send(message, routing_key=topic, exchange=self._topology.events, mandatory=False)
        (outcome,) = await all_within(self._limit_s, [send])
        return self._was_confirmed(topic, outcome, 1)

    async def _send(self, message: Message, **options: Any) -> None:
        await self._broker.publish(message, **options)

    def _was_confirmed(self, queue: str, outcome: BaseException | None, count: int) -> bool:
        if outcome is None:
            self._counts.confirmed += count
            return True
        if isinstance(outcome, PublishError):
            self._counts.returned += count
            log.warning("bus_returned", queue=queue, items=count)
        else:
            log.info("bus_not_confirmed", queue=queue, items=count, error=repr(outcome))
        return False


def _message(body: bytes, content_type: str) -> Message:
    message_id = str(uuid7())
    return Message(
        body,
        content_type=content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=message_id,  # by which the broker's return of it is matched
        correlation_id=message_id,  # else both ends draw one; what items belong to stands in the items
        app_id=SOURCE,
    )
