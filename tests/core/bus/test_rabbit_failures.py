"""What goes wrong between a bus and its broker, and what it makes of it."""

import asyncio
import time

import pytest
from aio_pika.abc import AbstractChannel
from yarl import URL

from core.bus.port import Bus, BusAwayError, BusRefusedError, Subscription
from core.bus.rabbit import RabbitBus
from tests.contracts.bus import PATIENCE_S, QUIET_S, Desk, Outbox, items, until
from tests.core.bus.conftest import QUICK, StartRabbit
from tests.core.bus.proxy import BrokerProxy


async def until_ready(bus: Bus) -> None:
    async def ready() -> bool:
        return await bus.ready() is None

    await until(ready)


class TestALostConnection:
    async def test_what_was_not_settled_comes_again(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        sent = items(3)
        await bus.publish("in.shop", sent)
        lost = await desk.one()
        proxy.cut()
        _, again = await desk.deliveries(2)
        assert list(again.items) == sent
        assert again.redelivered_count == 1
        await lost.ack()
        await again.ack()
        assert bus.statistics().queues["in.shop"].in_flight == 0

    async def test_the_bus_goes_on_by_itself_again_and_again(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk, outbox: Outbox
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        for _ in range(3):
            await until_ready(bus)
            await outbox.hand_in(bus, "in.shop", items(1))
            await desk.until(lambda: desk.taken != [])
            await desk.taken.pop().ack()
            proxy.cut()
        await until_ready(bus)

    async def test_a_pause_outlasts_it(self, start: StartRabbit, proxy: BrokerProxy, desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.pause("in.shop")
        proxy.cut()
        await asyncio.sleep(QUIET_S)
        await until_ready(bus)
        await bus.publish("in.shop", items(1))
        await asyncio.sleep(QUIET_S * 2)
        assert desk.taken == []
        await bus.resume("in.shop")
        await desk.one()

    async def test_nothing_is_lost_when_it_goes_while_publishing(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk, outbox: Outbox
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        sent = items(500)
        handing = asyncio.gather(
            *(outbox.hand_in(bus, "in.shop", sent[n : n + 50]) for n in range(0, 500, 50))
        )
        await asyncio.sleep(0.01)
        proxy.cut()
        await handing
        async with asyncio.timeout(PATIENCE_S):
            while outbox.rows:
                await outbox.sweep(bus)
                await asyncio.sleep(0.1)
        await desk.until(lambda: {one.key for one in desk.items()} >= {one.key for one in sent})

    async def test_a_bus_that_says_it_is_ready_can_publish(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take, prefetch=100))
        for _ in range(5):
            proxy.cut()
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.sleep(0.01)  # the client hears of it
                while await bus.ready() is not None:  # noqa: ASYNC110 - without a pause: ready may come at any moment
                    await asyncio.sleep(0)
            (item,) = items(1)
            assert await bus.publish("in.shop", [item]) == {item.key}


class TestABrokerThatIsAway:
    async def test_publishing_confirms_nothing_at_once(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk, outbox: Outbox
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await proxy.down()
        begun = time.monotonic()
        assert await outbox.hand_in(bus, "in.shop", items(100)) == frozenset()
        assert not await bus.publish_event("OrderPlaced", items(1)[0])
        assert time.monotonic() - begun < QUICK.publish_timeout_s * 2 + 0.5
        assert "127.0.0.1" in str(await bus.ready())
        assert len(outbox.rows) == 100

    async def test_all_goes_on_when_it_is_back(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk, outbox: Outbox
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take, prefetch=1))
        await bus.publish("in.shop", items(1))
        await desk.one()
        await proxy.down()
        await asyncio.sleep(1)
        sent = items(2)
        await outbox.hand_in(bus, "in.shop", sent)
        await proxy.up()
        await until_ready(bus)
        await outbox.sweep(bus)
        assert outbox.rows == {}
        _, again = await desk.deliveries(2)
        assert again.redelivered_count == 1
        await again.ack()
        assert list((await desk.deliveries(3))[2].items) == sent

    async def test_it_is_waited_for_at_the_start(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        await proxy.down()
        bus = await start(Subscription("in.shop", desk.take))
        assert "does not answer" in str(await bus.ready())
        assert await bus.publish("in.shop", items(1)) == frozenset()
        await bus.pause("in.shop")
        await proxy.up()
        await until_ready(bus)
        sent = items(1)
        assert await bus.publish("in.shop", sent) == {sent[0].key}
        await asyncio.sleep(QUIET_S)
        assert desk.taken == []
        await bus.resume("in.shop")
        await desk.one()

    async def test_stopping_does_not_wait_for_it(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await proxy.down()
        async with asyncio.timeout(PATIENCE_S):
            await bus.stop(0.1)


class TestABlackHole:
    async def test_publishing_ends_in_time_and_confirms_nothing(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        proxy.swallow()
        begun = time.monotonic()
        assert await bus.publish("in.shop", items(2000)) == frozenset()
        assert time.monotonic() - begun < QUICK.publish_timeout_s + 0.5

    async def test_it_is_not_ready_and_says_so_in_time(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        proxy.swallow()
        begun = time.monotonic()
        reason = str(await bus.ready())
        assert "does not answer" in reason
        assert "guest:" not in reason
        assert time.monotonic() - begun < QUICK.ready_timeout_s + 0.5

    async def test_settling_and_pausing_end_in_time(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.publish("in.shop", items(1))
        delivery = await desk.one()
        proxy.swallow()
        begun = time.monotonic()
        await asyncio.gather(delivery.ack(), bus.pause("in.shop"), bus.set_prefetch("in.shop", 7))
        assert time.monotonic() - begun < QUICK.settle_timeout_s + 0.5

    async def test_it_is_left_by_the_heartbeat_and_all_goes_on(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk, outbox: Outbox
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        proxy.swallow()
        sent = items(10)
        assert await outbox.hand_in(bus, "in.shop", sent) == frozenset()
        await asyncio.sleep(QUICK.heartbeat_s * 7)
        proxy.heal()
        await until_ready(bus)
        await outbox.sweep(bus)
        assert outbox.rows == {}
        await desk.until(lambda: {one.key for one in desk.items()} == {one.key for one in sent})

    async def test_a_start_into_it_ends_in_time_and_heals(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        proxy.swallow()
        begun = time.monotonic()
        bus = await start(Subscription("in.shop", desk.take))
        assert time.monotonic() - begun < QUICK.connect_timeout_s * 2
        proxy.heal()
        await until_ready(bus)
        await bus.publish("in.shop", items(1))
        await desk.one()

    async def test_stopping_in_it_ends_in_time(
        self, start: StartRabbit, proxy: BrokerProxy, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        proxy.swallow()
        begun = time.monotonic()
        await bus.stop(0.2)
        assert time.monotonic() - begun < QUICK.settle_timeout_s * 2 + 1


class TestALostConsumer:
    async def test_a_queue_that_was_deleted_is_made_again_and_consumed(
        self, start: StartRabbit, channel: AbstractChannel, queue_prefix: str, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await channel.queue_delete(f"{queue_prefix}in.shop")

        async def is_there() -> bool:
            sent = items(1)
            return await bus.publish("in.shop", sent) == {sent[0].key}

        await until(is_there)
        await desk.one()
        await until_ready(bus)

    async def test_a_queue_deleted_while_it_was_paused_is_made_again(
        self, start: StartRabbit, channel: AbstractChannel, queue_prefix: str, desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take), queues=("out.shop",))
        await bus.pause("in.shop")
        await channel.queue_delete(f"{queue_prefix}in.shop")

        async def is_there() -> bool:
            return bool(await bus.publish("in.shop", items(1)))

        await until(is_there)
        await bus.resume("in.shop")
        await desk.one()


class TestARefusal:
    async def test_a_wrong_password_is_named_and_not_shown(self, amqp_url: str) -> None:
        bus = RabbitBus(str(URL(amqp_url).with_password("open-sesame")), limits=QUICK)
        with pytest.raises(BusRefusedError, match="password") as raised:
            await bus.start([])
        assert "open-sesame" not in str(raised.value)
        await bus.stop(0)

    async def test_a_virtual_host_that_does_not_exist_is_named(self, amqp_url: str) -> None:
        bus = RabbitBus(str(URL(amqp_url).with_path("/nowhere")), limits=QUICK)
        with pytest.raises(BusRefusedError, match="virtual host 'nowhere'"):
            await bus.start([])
        await bus.stop(0)

    async def test_checking_a_broker_that_is_away_says_so(self, proxy: BrokerProxy) -> None:
        await proxy.down()
        with pytest.raises(BusAwayError, match="does not answer"):
            await RabbitBus(proxy.url, limits=QUICK).check_topology()
