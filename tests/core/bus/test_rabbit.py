"""What RabbitMQ has of a bus: queues, workers beside each other, `dead`, events, and their description."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from core.bus.port import DEAD, Delivery, Item, Key, Subscription, TopologyError
from core.bus.rabbit import RabbitBus
from core.bus.rabbit_topology import UNLIMITED
from tests.contracts.bus import QUIET_S, Desk, item, items, until
from tests.core.bus.conftest import QUICK, StartRabbit

WAITING = ("in.shop", "in.other", "in.slow")
QUORUM: dict[str, Any] = {"x-queue-type": "quorum"}


async def publish_raw(channel: AbstractChannel, queue: str, body: bytes, content_type: str | None) -> None:
    await channel.default_exchange.publish(aio_pika.Message(body, content_type=content_type), queue)


class TestWorkersBesideEachOther:
    async def test_they_share_a_queue_and_nothing_comes_to_both(self, start: StartRabbit) -> None:
        left, right = Desk(), Desk()
        bus = await start(Subscription("in.shop", left.take, prefetch=1))
        await start(Subscription("in.shop", right.take, prefetch=1))
        sent = items(6)
        for one in sent:
            await bus.publish("in.shop", [one])
        for n in range(3):
            for desk in (left, right):
                await (await desk.deliveries(n + 1))[n].ack()
        assert sorted(one.key for one in left.items() + right.items()) == [one.key for one in sent]

    async def test_one_takes_over_what_the_other_left(self, start: StartRabbit) -> None:
        left, right = Desk(), Desk()
        leaving = await start(Subscription("in.shop", left.take))
        sent = items(2)
        await leaving.publish("in.shop", sent)
        await left.one()
        await start(Subscription("in.shop", right.take))
        await leaving.stop(0)
        taken_over = await right.one()
        assert list(taken_over.items) == sent
        assert taken_over.redelivered_count == 1


class TestStarting:
    """What lies in a queue comes as soon as its consumer is there, while those of other queues are still to come."""

    @pytest.fixture
    async def bus(self, start: StartRabbit, amqp_url: str, queue_prefix: str) -> AsyncIterator[RabbitBus]:
        """A bus that is not started, with an item waiting in each of its queues."""
        before = await start(queues=(*WAITING, "out.shop"))
        for queue in WAITING:
            await before.publish(queue, items(1))
        bus = RabbitBus(amqp_url, prefix=queue_prefix, queues=("out.shop",), limits=QUICK)
        yield bus
        await bus.stop(0)

    async def test_what_comes_at_once_can_be_told_on_at_once(self, bus: RabbitBus) -> None:
        desk = Desk()
        confirmed: set[Key] = set()

        async def tell_on(delivery: Delivery) -> None:
            confirmed.update(await bus.publish("out.shop", delivery.items))
            await desk.take(delivery)

        await bus.start([Subscription(queue, tell_on) for queue in WAITING])
        await desk.deliveries(len(WAITING))
        assert confirmed == {item.key for item in desk.items()}

    async def test_a_cautious_bus_that_relaxes_meanwhile_takes_as_many_as_it_should(
        self, bus: RabbitBus, start: StartRabbit
    ) -> None:
        desk = Desk()

        async def relax(delivery: Delivery) -> None:
            if not desk.taken:
                await bus.relax()
            await desk.take(delivery)

        await bus.start([Subscription(queue, relax, prefetch=3) for queue in WAITING], cautious=True)
        other = await start(queues=WAITING)
        for queue in WAITING:
            for one in items(2):
                await other.publish(queue, [one])
        assert len(await desk.deliveries(3 * len(WAITING))) == 3 * len(WAITING)


class TestQueues:
    async def test_they_are_durable_and_so_is_what_is_in_them(
        self, start: StartRabbit, channel: AbstractChannel, queue_prefix: str
    ) -> None:
        bus = await start(queues=("out.shop",))
        await bus.publish("out.shop", items(1))
        queue = await channel.get_queue(f"{queue_prefix}out.shop")
        message = await queue.get()
        assert message.delivery_mode is aio_pika.DeliveryMode.PERSISTENT
        await message.ack()

    async def test_a_queue_is_declared_that_is_only_published_to(self, start: StartRabbit) -> None:
        bus = await start(queues=("out.shop",))
        sent = items(1)
        assert await bus.publish("out.shop", sent) == {sent[0].key}

    async def test_how_many_wait_is_counted(self, start: StartRabbit, desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.pause("in.shop")
        for one in items(3):
            await bus.publish("in.shop", [one])

        async def three_wait() -> bool:
            return bus.statistics().queues["in.shop"].depth == 3

        await until(three_wait)

    @pytest.mark.parametrize(
        ("arguments", "argument", "expected", "found"),
        [
            ({"x-queue-type": "classic"}, "x-queue-type", "quorum", "classic"),
            (QUORUM, "x-dead-letter-exchange", "", "none"),
        ],
    )
    async def test_one_that_is_there_otherwise_is_named_with_the_way_out(
        self,
        start: StartRabbit,
        channel: AbstractChannel,
        queue_prefix: str,
        arguments: dict[str, Any],
        argument: str,
        expected: str,
        found: str,
    ) -> None:
        await channel.declare_queue(f"{queue_prefix}in.shop", durable=True, arguments=arguments)
        with pytest.raises(TopologyError) as raised:
            await start(Subscription("in.shop", Desk().take))
        error = raised.value
        assert (error.kind, error.name) == ("queue", f"{queue_prefix}in.shop")
        if error.argument == argument:
            assert (error.expected, error.found) == (expected, found)
        assert "delete it" in str(error)

    async def test_another_delivery_limit_is_named_with_both_values(
        self, start: StartRabbit, desk: Desk
    ) -> None:
        first = await start(Subscription("in.shop", desk.take), delivery_limit=7)
        await first.stop(0)
        with pytest.raises(TopologyError, match="x-delivery-limit = 7, and must have 10"):
            await start(Subscription("in.shop", desk.take))

    async def test_dead_has_no_limit_to_speak_of(
        self, start: StartRabbit, channel: AbstractChannel, queue_prefix: str
    ) -> None:
        await start()
        await channel.declare_queue(
            f"{queue_prefix}{DEAD}", durable=True, arguments={**QUORUM, "x-delivery-limit": UNLIMITED}
        )


class TestChecking:
    async def test_what_is_missing_is_no_problem_and_is_not_made(
        self, amqp_url: str, channel: AbstractChannel, queue_prefix: str
    ) -> None:
        bus = RabbitBus(amqp_url, prefix=queue_prefix, queues=("in.shop",), limits=QUICK)
        assert await bus.check_topology() == ()
        with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
            await channel.get_queue(f"{queue_prefix}in.shop")

    async def test_what_a_start_has_made_is_as_it_must_be(
        self, start: StartRabbit, amqp_url: str, queue_prefix: str
    ) -> None:
        await start(queues=("in.shop", "out.shop"))
        bus = RabbitBus(amqp_url, prefix=queue_prefix, queues=("in.shop", "out.shop"), limits=QUICK)
        assert await bus.check_topology() == ()

    async def test_everything_that_is_otherwise_is_found_at_once(
        self, amqp_url: str, channel: AbstractChannel, queue_prefix: str
    ) -> None:
        for queue in ("in.shop", "out.shop"):
            await channel.declare_queue(f"{queue_prefix}{queue}", durable=True, arguments=QUORUM)
        await channel.declare_exchange(f"{queue_prefix}events", "fanout", durable=True)
        bus = RabbitBus(
            amqp_url, prefix=queue_prefix, queues=("in.shop", "in.other", "out.shop"), limits=QUICK
        )
        found = await bus.check_topology()
        assert [error.name.removeprefix(queue_prefix) for error in found] == ["in.shop", "out.shop", "events"]
        assert (found[-1].argument, found[-1].expected, found[-1].found) == ("type", "topic", "fanout")


class TestEvents:
    async def test_an_outside_queue_gets_those_it_asked_for_as_cloud_events(
        self, start: StartRabbit, channel: AbstractChannel, queue_prefix: str
    ) -> None:
        bus = await start()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(f"{queue_prefix}events", "OrderPlaced")
        told: Item = item(data='{"total": 10.10}')
        assert await bus.publish_event("OrderCancelled", item())
        assert await bus.publish_event("OrderPlaced", told)
        await asyncio.sleep(QUIET_S)
        message = await queue.get(no_ack=True)
        event = json.loads(message.body)
        assert message.content_type == "application/cloudevents+json"
        assert (event["specversion"], event["id"], event["type"]) == ("1.0", str(told.id), "OrderPlaced")
        assert event["data"] == {"total": 10.10}
        assert await queue.get(fail=False) is None


class TestTheDescription:
    def test_it_names_the_queues_and_what_is_in_them_and_no_password(self) -> None:
        bus = RabbitBus(
            "amqp://user:open-sesame@broker.example:5672/shop", prefix="test.", queues=("in.shop",)
        )
        document = bus.asyncapi()
        assert document["asyncapi"] == "3.0.0"
        assert {"test.in.shop", "test.dead", "test.events"} <= document["channels"].keys()
        assert "items" in document["components"]["schemas"]["EnvelopeDocument"]["properties"]
        assert document["servers"]["development"]["host"] == "broker.example:5672"
        assert "open-sesame" not in json.dumps(document)


class TestPoison:
    async def test_what_comes_too_often_is_moved_to_dead(self, start: StartRabbit, desk: Desk) -> None:
        dead = Desk()
        bus = await start(Subscription("in.shop", desk.take), Subscription(DEAD, dead.take), delivery_limit=2)
        sent = items(2)
        await bus.publish("in.shop", sent)
        for n in range(3):
            delivery = (await desk.deliveries(n + 1))[n]
            assert delivery.redelivered_count == n
            await delivery.reject(requeue=True)
        moved = await dead.one()
        assert list(moved.items) == sent
        assert (moved.origin, moved.reason) == ("in.shop", "delivery_limit")
        await moved.ack()

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [
            (b"not JSON", "application/json"),
            (b"\xff\xfe\x00", None),
            (b'{"v":99,"items":[]}', "application/vnd.orderhub.envelope+json"),
            (b"", "text/plain"),
        ],
    )
    async def test_what_is_no_envelope_is_on_dead_untouched_and_its_neighbours_arrive(
        self,
        start: StartRabbit,
        channel: AbstractChannel,
        queue_prefix: str,
        desk: Desk,
        body: bytes,
        content_type: str | None,
    ) -> None:
        dead = Desk()
        bus = await start(Subscription("in.shop", desk.take), Subscription(DEAD, dead.take))
        await publish_raw(channel, f"{queue_prefix}in.shop", body, content_type)
        sent = items(1)
        await bus.publish("in.shop", sent)
        assert list((await desk.one()).items) == sent
        moved = await dead.one()
        assert (moved.body, moved.items) == (body, ())
        assert (moved.origin, moved.reason) == ("in.shop", "rejected")
        assert moved.problem is not None
        await moved.ack()
        assert bus.statistics().refused == 2
