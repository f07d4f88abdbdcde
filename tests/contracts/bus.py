"""What every bus promises. A transport's tests subclass `BusContract` and say how one of its buses is made.

A bus alone loses what was not confirmed: the promises are kept together with an outbox, so here is one.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from core.bus.envelope import MAX_BYTES, MAX_ITEMS
from core.bus.port import DEAD, Bus, Delivery, Item, Key, Subscription

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PATIENCE_S = 15.0
"""How long something may take that must happen."""
QUIET_S = 0.3
"""How long to watch for what must not happen."""


def item(n: int = 0, *, data: str | None = None, attempt: int = 1, item_id: UUID | None = None) -> Item:
    return Item(
        id=item_id or uuid7(),
        type="OrderPlaced",
        subject="0199c0de-0000-7000-8000-000000000001",
        attempt=attempt,
        time=NOON,
        correlation_id=uuid7(),
        causation_id=None,
        data=data if data is not None else json.dumps({"n": n}),
    )


def items(count: int) -> list[Item]:
    return [item(n) for n in range(count)]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again, where nothing tells when the time has come."""
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.05)


class Desk:
    """Takes deliveries, and settles nothing by itself."""

    def __init__(self) -> None:
        self.taken: list[Delivery] = []
        self._arrived = asyncio.Event()

    async def take(self, delivery: Delivery) -> None:
        self.taken.append(delivery)
        self._arrived.set()

    def items(self) -> list[Item]:
        return [item for delivery in self.taken for item in delivery.items]

    async def until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not enough():
                self._arrived.clear()
                await self._arrived.wait()

    async def deliveries(self, count: int) -> list[Delivery]:
        await self.until(lambda: len(self.taken) >= count)
        return self.taken[:count]

    async def until_items(self, count: int) -> list[Item]:
        await self.until(lambda: len(self.items()) >= count)
        return self.items()

    async def one(self) -> Delivery:
        return (await self.deliveries(1))[0]


class Outbox:
    """The rows that wait to be published: what the engine's tables are to a bus."""

    def __init__(self) -> None:
        self.rows: dict[Key, tuple[str, Item]] = {}

    async def hand_in(self, bus: Bus, queue: str, given: Sequence[Item]) -> frozenset[Key]:
        """Commit `given` to `queue`, publish it, and forget what was confirmed."""
        self.rows.update({item.key: (queue, item) for item in given})
        return await self._publish(bus, queue, given)

    async def sweep(self, bus: Bus) -> None:
        """Publish what is still there and is not in the bus's hands."""
        waiting: defaultdict[str, list[Item]] = defaultdict(list)
        for queue, row in self.rows.values():
            if not bus.holds(*row.key):
                waiting[queue].append(row)
        for queue, given in waiting.items():
            await self._publish(bus, queue, given)

    async def consume(self, bus: Bus, delivery: Delivery) -> None:
        """Commit a delivery's effects, then acknowledge."""
        if bus.consumes_outbox:
            for done in delivery.items:
                self.rows.pop(done.key, None)
        await delivery.ack()

    async def _publish(self, bus: Bus, queue: str, given: Sequence[Item]) -> frozenset[Key]:
        confirmed = await bus.publish(queue, given)
        for key in confirmed:
            self.rows.pop(key, None)
        return confirmed


BusMaker = Callable[[], Bus]


class BusContract:
    """Subclasses give `make_bus`: buses made by it lead to the same queues, which are empty at first."""

    @pytest.fixture
    def make_bus(self) -> BusMaker:
        raise NotImplementedError

    @pytest.fixture
    async def start(self, make_bus: BusMaker) -> AsyncIterator[Callable[..., Awaitable[Bus]]]:
        started: list[Bus] = []

        async def start(*subscriptions: Subscription, cautious: bool = False) -> Bus:
            bus = make_bus()
            started.append(bus)
            await bus.start(subscriptions, cautious=cautious)
            return bus

        yield start
        for bus in started:
            await bus.stop(0)

    @pytest.fixture
    def desk(self) -> Desk:
        return Desk()

    @pytest.fixture
    def outbox(self) -> Outbox:
        return Outbox()

    # ---- arriving ----

    async def test_what_is_published_arrives_as_it_was(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        sent = Item(
            id=uuid7(),
            type="PaymentCaptured",
            subject=None,
            attempt=3,
            time=NOON,
            correlation_id=uuid7(),
            causation_id=uuid7(),
            data='{ "amount" : 10.10, "big": 123456789012345678901234567890, "name": "Ünïcode  ✓" }',
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )
        await bus.publish("in.shop", [sent])
        delivery = await desk.one()
        assert delivery.items == (sent,)
        assert (delivery.queue, delivery.redelivered_count, delivery.origin) == ("in.shop", 0, None)
        assert delivery.size_bytes >= len(sent.data)

    async def test_every_published_item_is_confirmed_or_held(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        sent = items(150)
        confirmed = await bus.publish("in.shop", sent)
        if bus.consumes_outbox:
            assert confirmed == frozenset()
            assert all(bus.holds(*one.key) for one in sent)
        else:
            assert confirmed == {one.key for one in sent}
            assert not any(bus.holds(*one.key) for one in sent)

    async def test_one_consumer_gets_a_queue_in_its_order(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        sent = items(200)
        for n in range(0, 200, 40):
            await bus.publish("in.shop", sent[n : n + 40])
        assert await desk.until_items(200) == sent

    async def test_a_retry_is_an_item_of_its_own(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        first = item()
        await bus.publish("in.shop", [first])
        await (await desk.one()).ack()
        await bus.publish("in.shop", [item(attempt=2, item_id=first.id)])
        arrived = await desk.until_items(2)
        assert [one.key for one in arrived] == [(first.id, 1), (first.id, 2)]

    async def test_nothing_published_is_nothing_sent(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        assert await bus.publish("in.shop", []) == frozenset()
        await asyncio.sleep(QUIET_S)
        assert desk.taken == []

    async def test_nobody_need_listen_to_an_event(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        assert await bus.publish_event("OrderPlaced", item())

    # ---- packing ----

    async def test_a_commit_s_items_travel_together(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.publish("in.shop", items(50))
        assert len((await desk.one()).items) == 50

    async def test_an_envelope_has_a_limit_of_items(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.publish("in.shop", items(MAX_ITEMS * 2 + 1))
        await desk.until_items(MAX_ITEMS * 2 + 1)
        assert max(len(delivery.items) for delivery in desk.taken) <= MAX_ITEMS

    async def test_an_envelope_has_a_limit_of_bytes_and_a_larger_item_goes_alone(
        self, start: "Start", desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        large = item(data=json.dumps("x" * (MAX_BYTES * 3)))
        sent = [*(item(data=json.dumps("y" * 10_000)) for _ in range(7)), large, item()]
        await bus.publish("in.shop", sent)
        assert await desk.until_items(9) == sent
        assert [delivery.items for delivery in desk.taken if large in delivery.items] == [(large,)]
        assert all(delivery.size_bytes <= MAX_BYTES for delivery in desk.taken if large not in delivery.items)

    # ---- settling ----

    async def test_what_was_not_settled_comes_again_after_a_crash(
        self, start: "Start", desk: Desk, outbox: Outbox
    ) -> None:
        crashing = await start(Subscription("in.shop", desk.take))
        sent = items(3)
        await outbox.hand_in(crashing, "in.shop", sent)
        await desk.one()
        await crashing.stop(0)
        second = Desk()
        bus = await start(Subscription("in.shop", second.take))
        await outbox.sweep(bus)
        assert list((await second.one()).items) == sent

    async def test_what_was_acknowledged_never_comes_again(
        self, start: "Start", desk: Desk, outbox: Outbox
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await outbox.hand_in(bus, "in.shop", items(3))
        await outbox.consume(bus, await desk.one())
        await bus.stop(PATIENCE_S)
        second = Desk()
        bus = await start(Subscription("in.shop", second.take))
        await outbox.sweep(bus)
        await asyncio.sleep(QUIET_S)
        assert outbox.rows == {}
        assert second.taken == []

    async def test_nothing_is_acknowledged_before_somebody_does(
        self, start: "Start", desk: Desk, outbox: Outbox
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await outbox.hand_in(bus, "in.shop", [item()])
        await desk.one()
        assert bus.statistics().queues["in.shop"].in_flight == 1

    async def test_what_was_given_back_comes_again_and_says_so(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.publish("in.shop", items(2))
        first = await desk.one()
        await first.reject(requeue=True)
        _, again = await desk.deliveries(2)
        assert again.items == first.items
        assert again.redelivered_count == 1

    async def test_what_was_rejected_is_on_dead_as_it_was_and_its_neighbours_stay(
        self, start: "Start", desk: Desk
    ) -> None:
        dead = Desk()
        bus = await start(Subscription("in.shop", desk.take), Subscription(DEAD, dead.take))
        bad, good = items(2), items(2)
        await bus.publish("in.shop", bad)
        await bus.publish("in.shop", good)
        first, second = await desk.deliveries(2)
        await first.reject(requeue=False)
        await second.ack()
        moved = await dead.one()
        assert list(moved.items) == bad
        assert (moved.queue, moved.origin, moved.reason) == (DEAD, "in.shop", "rejected")
        assert [list(delivery.items) for delivery in desk.taken] == [bad, good]

    async def test_nothing_that_is_on_dead_can_be_lost(self, start: "Start", desk: Desk) -> None:
        dead = Desk()
        bus = await start(Subscription("in.shop", desk.take), Subscription(DEAD, dead.take))
        await bus.publish("in.shop", items(1))
        await (await desk.one()).reject(requeue=False)
        await (await dead.one()).reject(requeue=False)
        moved, again = await dead.deliveries(2)
        assert again.items == moved.items
        assert again.origin == "in.shop"

    async def test_settling_twice_settles_once(self, start: "Start", desk: Desk) -> None:
        dead = Desk()
        bus = await start(Subscription("in.shop", desk.take), Subscription(DEAD, dead.take))
        await bus.publish("in.shop", items(1))
        delivery = await desk.one()
        await delivery.ack()
        await delivery.reject(requeue=True)
        await delivery.reject(requeue=False)
        await asyncio.sleep(QUIET_S)
        assert len(desk.taken) == 1
        assert dead.taken == []

    async def test_settling_after_the_stop_harms_nobody(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.publish("in.shop", items(1))
        delivery = await desk.one()
        await bus.stop(0)
        await delivery.ack()
        await delivery.reject(requeue=True)
        assert len(desk.taken) == 1

    async def test_a_handler_that_raises_gets_it_again(self, start: "Start") -> None:
        desk = Desk()

        async def stumble(delivery: Delivery) -> None:
            await desk.take(delivery)
            if len(desk.taken) == 1:
                message = "stumbled"
                raise RuntimeError(message)

        bus = await start(Subscription("in.shop", stumble))
        await bus.publish("in.shop", items(1))
        first, again = await desk.deliveries(2)
        assert again.items == first.items
        assert again.redelivered_count >= 1

    # ---- flow ----

    async def test_a_queue_that_does_not_exist_confirms_nothing(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        sent = items(2)
        assert await bus.publish("in.nowhere", sent) == frozenset()
        assert not any(bus.holds(*one.key) for one in sent)
        await bus.publish("in.shop", sent)
        assert await desk.until_items(2) == sent

    async def test_a_paused_queue_gives_nothing_until_it_is_resumed(self, start: "Start", desk: Desk) -> None:
        other = Desk()
        bus = await start(Subscription("in.shop", desk.take), Subscription("in.other", other.take))
        await bus.pause("in.shop")
        await bus.pause("in.shop")
        await bus.publish("in.shop", items(1))
        await bus.publish("in.other", items(1))
        await other.one()
        await asyncio.sleep(QUIET_S)
        assert desk.taken == []
        assert not bus.statistics().queues["in.shop"].consuming
        await bus.resume("in.shop")
        await bus.resume("in.shop")
        await (await desk.one()).ack()
        assert bus.statistics().queues["in.shop"].consuming

    async def test_what_was_handed_out_before_a_pause_can_be_settled_in_it(
        self, start: "Start", desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.publish("in.shop", items(1))
        delivery = await desk.one()
        await bus.pause("in.shop")
        await delivery.ack()
        await bus.resume("in.shop")
        await asyncio.sleep(QUIET_S)
        assert len(desk.taken) == 1

    async def test_no_more_is_handed_out_than_the_prefetch(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take, prefetch=3))
        for n in range(8):
            await bus.publish("in.shop", [item(n)])
        await desk.deliveries(3)
        await asyncio.sleep(QUIET_S)
        assert len(desk.taken) == 3
        await desk.taken[0].ack()
        await desk.deliveries(4)
        await bus.set_prefetch("in.shop", 5)
        await desk.until(lambda: len(desk.taken) >= 6)
        for n in range(8):
            await desk.deliveries(n + 1)
            await desk.taken[n].ack()
        assert len(desk.items()) == 8

    async def test_a_cautious_start_hands_out_one_at_a_time_until_it_relaxes(
        self, start: "Start", desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take, prefetch=4), cautious=True)
        for n in range(6):
            await bus.publish("in.shop", [item(n)])
        await desk.one()
        await asyncio.sleep(QUIET_S)
        assert len(desk.taken) == 1
        await bus.relax()
        await bus.relax()
        await desk.deliveries(4)

    async def test_a_handler_that_hangs_holds_up_no_other_queue(self, start: "Start", desk: Desk) -> None:
        hanging = asyncio.Event()

        async def hang(delivery: Delivery) -> None:
            await hanging.wait()

        bus = await start(Subscription("in.slow", hang, prefetch=1), Subscription("in.shop", desk.take))
        for n in range(3):
            await bus.publish("in.slow", [item(n)])
        await bus.publish("in.shop", [item()])
        await desk.one()
        hanging.set()

    # ---- stopping ----

    async def test_stopping_waits_for_what_is_in_flight(
        self, start: "Start", desk: Desk, outbox: Outbox
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await outbox.hand_in(bus, "in.shop", items(1))
        delivery = await desk.one()
        stopping = asyncio.create_task(bus.stop(PATIENCE_S))
        await asyncio.sleep(QUIET_S)
        assert not stopping.done()
        await outbox.consume(bus, delivery)
        await stopping
        second = Desk()
        bus = await start(Subscription("in.shop", second.take))
        await outbox.sweep(bus)
        await asyncio.sleep(QUIET_S)
        assert second.taken == []

    async def test_stopping_takes_no_longer_than_its_grace(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.publish("in.shop", items(1))
        await desk.one()
        async with asyncio.timeout(PATIENCE_S):
            await bus.stop(0.1)

    async def test_a_stopped_bus_confirms_nothing_and_says_that_it_is_stopped(
        self, start: "Start", desk: Desk
    ) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        assert await bus.ready() is None
        await bus.stop(0)
        await bus.stop(0)
        assert "stopped" in str(await bus.ready())
        assert await bus.publish("in.shop", items(1)) == frozenset()

    async def test_a_bus_that_was_never_started_is_not_ready(self, make_bus: BusMaker) -> None:
        bus = make_bus()
        assert "not started" in str(await bus.ready())
        assert await bus.publish("in.shop", items(1)) == frozenset()
        await bus.stop(0)

    async def test_the_counts_are_of_items(self, start: "Start", desk: Desk) -> None:
        bus = await start(Subscription("in.shop", desk.take))
        await bus.publish("in.shop", items(5))
        first = await desk.one()
        await first.reject(requeue=True)
        await desk.deliveries(2)
        counts = bus.statistics()
        assert (counts.published, counts.consumed, counts.redelivered) == (5, 10, 5)
        assert counts.confirmed == (0 if bus.consumes_outbox else 5)
        assert counts.queues["in.shop"].in_flight == 1


Start = Callable[..., Awaitable[Bus]]
