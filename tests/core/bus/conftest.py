from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from core.bus.port import DEAD, Subscription
from core.bus.rabbit import RabbitBus, RabbitLimits
from tests.contracts.bus import Desk, Outbox
from tests.core.bus.proxy import BrokerProxy

QUICK = RabbitLimits(
    watch_interval_s=0.2,
    retry_min_s=0.1,
    retry_max_s=0.4,
    publish_timeout_s=1.0,
    settle_timeout_s=1.0,
    connect_timeout_s=2.0,
    heartbeat_s=1,
)
QUEUES = ("in.shop", "in.other", "in.slow", "out.shop", DEAD)

StartRabbit = Callable[..., Awaitable[RabbitBus]]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
async def channel(amqp_url: str, queue_prefix: str) -> AsyncIterator[AbstractChannel]:
    """A channel to the broker itself; the test's queues are gone after it."""
    connection = await aio_pika.connect(amqp_url)
    channel = await connection.channel()
    yield channel
    async with connection.channel() as last:
        for queue in QUEUES:
            await last.queue_delete(queue_prefix + queue)
        await last.exchange_delete(f"{queue_prefix}events")
    await connection.close()


@pytest.fixture
async def proxy(amqp_url: str, channel: AbstractChannel) -> AsyncIterator[BrokerProxy]:
    proxy = BrokerProxy(amqp_url)
    await proxy.up()
    yield proxy
    await proxy.close()


@pytest.fixture
async def start(proxy: BrokerProxy, queue_prefix: str) -> AsyncIterator[StartRabbit]:
    """Start buses that reach the broker by the proxy."""
    started: list[RabbitBus] = []

    async def start(
        *subscriptions: Subscription,
        queues: tuple[str, ...] = (),
        delivery_limit: int = QUICK.delivery_limit,
    ) -> RabbitBus:
        limits = replace(QUICK, delivery_limit=delivery_limit)
        bus = RabbitBus(proxy.url, prefix=queue_prefix, queues=queues, limits=limits)
        started.append(bus)
        await bus.start(subscriptions)
        return bus

    yield start
    proxy.heal()
    for bus in started:
        await bus.stop(0)
