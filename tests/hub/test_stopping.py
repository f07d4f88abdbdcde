"""A hub that is told to stop in the middle of its work, on RabbitMQ: it ends in time, and the next one goes on."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aio_pika
import pytest

from core.bus.port import DEAD, HUB, inbound, outbound
from core.ports import RawDocument
from tests.hub.stage import Stage, order_json, stage

pytestmark = [pytest.mark.slow, pytest.mark.rabbitmq]

ORDERS = 60
ENDS_WITHIN_S = 30.0
"""Its grace is 5 s for each of its parts."""
_LEFT = (
    "SELECT id FROM messages WHERE direction = 'in' AND kind = 'order' AND status <> 'done'",
    "SELECT item_id FROM outbox",
    "SELECT id FROM effects WHERE state <> 'confirmed'",
)


@pytest.fixture
async def prefix(amqp_url: str, queue_prefix: str) -> AsyncIterator[str]:
    """What this test's queues start with; they are gone after it."""
    yield queue_prefix
    ends = [end for name in ("shop", "wms", "mailer") for end in (inbound(name), outbound(name))]
    connection = await aio_pika.connect(amqp_url)
    async with connection, connection.channel() as channel:
        for queue in (HUB, DEAD, *ends):
            await channel.queue_delete(queue_prefix + queue)
        await channel.exchange_delete(f"{queue_prefix}events")


async def is_done(here: Stage) -> bool:
    return not [row for sql in _LEFT for row in await here.rows(sql)]


async def test_a_stop_amid_unacknowledged_work_ends_in_time_and_loses_nothing(
    tmp_path: Path, empty_store: Path, amqp_url: str, prefix: str
) -> None:
    url = f"sqlite:///{shutil.copy(empty_store, tmp_path / 'hub.db')}"
    async with AsyncExitStack() as first:
        here = await first.enter_async_context(stage(url, bus_url=amqp_url, queue_prefix=prefix))
        house = here.partners["wms"]
        house.answers = asyncio.Event()  # it never answers this hub
        orders = [RawDocument("order", order_json(f"S-{n}", quantity=1)) for n in range(ORDERS)]
        await asyncio.gather(*(here.hub.engine.receive("shop", order) for order in orders))

        async def is_asked() -> bool:
            return house.asked > 0

        await here.until(is_asked)
        assert not await is_done(here)
        before = {key for partner in here.partners.values() for key in partner.took}
        async with asyncio.timeout(ENDS_WITHIN_S):
            await first.aclose()
        before |= {key for partner in here.partners.values() for key in partner.took}

    async with stage(url, bus_url=amqp_url, queue_prefix=prefix) as next_one:
        await next_one.until(lambda: is_done(next_one), 60)
        placed = await next_one.rows("SELECT order_id FROM journal WHERE type = 'OrderPlaced'")
        assert len(placed) == ORDERS
        after = [key for partner in next_one.partners.values() for key in partner.took]
        assert len(after) == len(set(after))
        assert not before & set(after)
        assert len(before | set(after)) == len(await next_one.rows("SELECT id FROM effects"))
        assert await next_one.rows("SELECT id FROM failures") == []
