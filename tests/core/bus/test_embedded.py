"""What only the bus inside the process does: hand out of the outbox, fairly, within bounded memory."""

import asyncio
import json

from core.bus.embedded import EmbeddedBus
from core.bus.port import DEAD, Delivery, Subscription
from tests.contracts.bus import QUIET_S, Desk, Outbox, item, items


async def test_the_sweeper_hands_out_nothing_twice(desk: Desk, outbox: Outbox) -> None:
    bus = EmbeddedBus()
    await bus.start([Subscription("in.shop", desk.take, prefetch=1)])
    sent = [*items(3)]
    for one in sent:
        await outbox.hand_in(bus, "in.shop", [one])
    assert bus.held == {one.key for one in sent}
    await outbox.sweep(bus)
    await bus.publish("in.shop", sent)
    for n in range(3):
        await outbox.consume(bus, (await desk.deliveries(n + 1))[n])
    await asyncio.sleep(QUIET_S)
    assert desk.items() == sent
    assert bus.held == frozenset()
    await bus.stop(0)


async def test_what_memory_has_no_room_for_stays_in_the_outbox(desk: Desk, outbox: Outbox) -> None:
    bus = EmbeddedBus(max_items=5)
    await bus.start([Subscription("in.shop", desk.take)])
    sent = items(8)
    await outbox.hand_in(bus, "in.shop", sent)
    assert bus.held == {one.key for one in sent[:5]}
    await outbox.consume(bus, await desk.one())
    await outbox.sweep(bus)
    assert await desk.until_items(8) == sent
    await bus.stop(0)


async def test_its_memory_is_bounded_in_bytes_too_but_one_item_always_fits(desk: Desk) -> None:
    bus = EmbeddedBus(max_bytes=30_000)
    await bus.start([Subscription("in.shop", desk.take)])
    small = [item(data=json.dumps("x" * 10_000)) for _ in range(4)]
    await bus.publish("in.shop", small)
    assert len(bus.held) == 2
    await (await desk.one()).ack()
    huge = item(data=json.dumps("x" * 100_000))
    await bus.publish("in.shop", [huge, small[3]])
    assert bus.held == {huge.key}
    await bus.stop(0)


async def test_queues_take_turns() -> None:
    turns: list[str] = []

    async def note(delivery: Delivery) -> None:
        turns.append(delivery.queue)

    bus = EmbeddedBus()
    await bus.start([Subscription(queue, note) for queue in ("in.a", "in.b", "in.c")])
    for queue in ("in.a", "in.b", "in.c"):
        await bus.pause(queue)
        for one in items(3):
            await bus.publish(queue, [one])
    for queue in ("in.a", "in.b"):
        await bus.set_prefetch(queue, 0)
        await bus.resume(queue)
    await bus.set_prefetch("in.a", 1)
    await bus.set_prefetch("in.b", 2)
    await bus.resume("in.c")
    await asyncio.sleep(0)
    assert turns == ["in.a", "in.b", "in.b", "in.c", "in.c", "in.c"]
    await bus.stop(0)


async def test_what_is_rejected_waits_for_somebody_to_read_dead(desk: Desk) -> None:
    bus = EmbeddedBus()
    await bus.start([Subscription("in.shop", desk.take)])
    sent = items(1)
    await bus.publish("in.shop", sent)
    await (await desk.one()).reject(requeue=False)
    assert bus.holds(*sent[0].key)
    assert bus.statistics().queues[DEAD].depth == 1
    await bus.stop(0)


async def test_what_was_given_back_goes_before_what_came_later(desk: Desk) -> None:
    bus = EmbeddedBus()
    await bus.start([Subscription("in.shop", desk.take, prefetch=1)])
    first, second = items(2)
    await bus.publish("in.shop", [first])
    await bus.publish("in.shop", [second])
    await (await desk.one()).reject(requeue=True)
    again = (await desk.deliveries(2))[1]
    assert again.items == (first,)
    await again.ack()
    assert (await desk.deliveries(3))[2].items == (second,)
    await bus.stop(0)


async def test_a_queue_can_be_paused_before_the_start(desk: Desk) -> None:
    bus = EmbeddedBus()
    await bus.pause("in.shop")
    await bus.start([Subscription("in.shop", desk.take)])
    await bus.publish("in.shop", items(1))
    await asyncio.sleep(QUIET_S)
    assert desk.taken == []
    await bus.resume("in.shop")
    await desk.one()
    await bus.stop(0)
