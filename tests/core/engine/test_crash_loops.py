"""One item that ends its worker is parked alone; the innocent beside it go on."""

import pytest

from canonical.documents import AmendmentDocument
from core.bus.port import DEAD, Item
from core.engine import crashes
from core.engine.work import Ending, Facts, Stored
from core.scheduler import jobs
from core.store.sql import Database
from tests.core.engine.stage import SHOP, Broker, Stage, carrying, engine_on, item_of, order_document

FAR_S = 1e6


def orders(count: int) -> list[Item]:
    return [carrying(Facts((order_document(f"R-{n}"),))) for n in range(count)]


async def sweep(stage: Stage, database: Database) -> None:
    stage.engine.publish(await jobs.sweep(database, horizon_s=FAR_S))


async def crash_with(database: Database, stage: Stage, item: Item, times: int) -> None:
    """Leave the marks of a worker that was killed while it was at an item."""
    for _ in range(times):
        async with database.transaction() as session:
            await crashes.begin(session, stage.ring, SHOP, item)


async def test_a_redelivered_envelope_runs_in_batches_of_its_own(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.engine.handle(stage.bus.parcel(SHOP, orders(3), redelivered=1))
        await stage.until(lambda: stage.acknowledged(1))
        assert stage.engine.statistics.batches == 3
        assert len(await stage.rows("SELECT id FROM orders WHERE version = 1")) == 3


async def test_from_the_second_redelivery_its_items_travel_singly(store: Database) -> None:
    async with engine_on(store) as stage:
        items = orders(3)
        await stage.engine.handle(stage.bus.parcel(SHOP, items, redelivered=2))
        await stage.until(lambda: stage.acknowledged(1))
        assert await stage.rows("SELECT id FROM orders WHERE version = 1") == []
        await sweep(stage, store)
        await stage.until_rows(3, "SELECT id FROM orders WHERE version = 1")
        assert sorted(len(found) for queue, found in stage.bus.published if queue == SHOP) == [1, 1, 1]
        await stage.until(lambda: stage.acknowledged(4))
        assert await stage.rows("SELECT item_id FROM started") == []


async def test_an_item_found_started_twice_is_parked_and_not_tried(store: Database) -> None:
    async with engine_on(store) as stage:
        culprit, innocent = orders(2)
        await crash_with(store, stage, culprit, 2)
        for item in (culprit, innocent):
            await stage.engine.handle(stage.bus.parcel(SHOP, [item], redelivered=3))
        await stage.until(lambda: stage.acknowledged(2))
        failures = await stage.rows("SELECT stage, error FROM failures")
        assert [(row["stage"], row["error"]) for row in failures] == [("crash", "CrashLoop")]
        assert [row["channel_ref"] for row in await stage.rows("SELECT channel_ref FROM orders")] == ["R-1"]


async def test_a_redelivery_of_a_parked_item_changes_nothing(store: Database) -> None:
    async with engine_on(store) as stage:
        culprit = orders(1)[0]
        await crash_with(store, stage, culprit, 2)
        for n in (3, 4):
            await stage.engine.handle(stage.bus.parcel(SHOP, [culprit], redelivered=n))
        await stage.until(lambda: stage.acknowledged(2))
        assert len(await stage.rows("SELECT id FROM failures")) == 1
        assert await stage.rows("SELECT id FROM orders") == []


async def test_a_parked_item_that_is_mended_can_be_replayed(store: Database) -> None:
    async with engine_on(store) as stage:
        culprit = orders(1)[0]
        await crash_with(store, stage, culprit, 2)
        await stage.engine.handle(stage.bus.parcel(SHOP, [culprit], redelivered=3))
        failure = (await stage.until_rows(1, "SELECT id FROM failures"))[0]
        await stage.replay(failure["id"])
        await stage.until_rows(1, "SELECT id FROM failures WHERE status = 'resolved'")
        assert len(await stage.rows("SELECT id FROM orders WHERE version = 1")) == 1


async def test_only_the_item_under_way_bears_a_mark(store: Database) -> None:
    """Were all of them marked at once, the innocent would be parked with the culprit."""
    marks: list[int] = []

    async with engine_on(store) as stage:
        for item in orders(10):
            await stage.engine.handle(stage.bus.parcel(SHOP, [item], redelivered=2))
        while not await stage.acknowledged(10):
            marks.append(len(await stage.rows("SELECT item_id FROM started")))
        assert max(marks) == 1
        assert await stage.rows("SELECT item_id FROM started") == []


async def test_what_the_bus_gave_up_on_goes_on_without_its_culprit(store: Database) -> None:
    async with engine_on(store) as stage:
        items = orders(3)
        await crash_with(store, stage, items[1], 2)
        await stage.engine.bury(stage.bus.parcel(DEAD, items, origin=SHOP, reason="delivery_limit"))
        await stage.until(lambda: stage.acknowledged(1))
        await sweep(stage, store)
        await stage.until_rows(2, "SELECT id FROM orders WHERE version = 1")
        assert [row["error"] for row in await stage.rows("SELECT error FROM failures")] == ["CrashLoop"]


async def test_a_dead_delivery_that_is_no_envelope_is_kept_with_its_bytes(store: Database) -> None:
    async with engine_on(store) as stage:
        parcel = stage.bus.parcel(DEAD, [], origin=SHOP, body=b"\xff nonsense")
        await stage.engine.bury(parcel)
        await stage.until(lambda: stage.acknowledged(1))
        failures = await stage.rows("SELECT error, message_id FROM failures")
        assert [row["error"] for row in failures] == ["EnvelopeError"]
        assert len(await stage.rows("SELECT id FROM messages WHERE id = $1", failures[0]["message_id"])) == 1


async def test_after_an_unclean_end_one_success_ends_the_caution(store: Database) -> None:
    async with engine_on(store, cautious=True) as stage:
        for item in orders(2):
            await stage.engine.handle(stage.bus.parcel(SHOP, [item]))
        await stage.until(lambda: stage.acknowledged(2))
        assert stage.bus.relaxed >= 1
        batches = stage.engine.statistics.batches
        await stage.engine.handle(stage.bus.parcel(SHOP, [carrying(Facts((order_document("R-9"),)))]))
        await stage.until(lambda: stage.acknowledged(3))
        assert stage.engine.statistics.batches == batches + 1


@pytest.mark.parametrize("consumes", [False, True], ids=["broker", "embedded"])
async def test_a_parked_item_has_no_outbox_row_left(store: Database, consumes: bool) -> None:
    async with engine_on(store, bus=Broker(consumes_outbox=consumes)) as stage:
        culprit = orders(1)[0]
        await stage.run("INSERT INTO outbox VALUES ($1, 1, $2, '{}', $3, 1)", culprit.id, SHOP, culprit.time)
        await crash_with(store, stage, culprit, 2)
        await stage.engine.handle(stage.bus.parcel(SHOP, [culprit], redelivered=3))
        await stage.until(lambda: stage.acknowledged(1))
        assert await stage.rows("SELECT item_id FROM outbox") == []


async def test_an_erased_message_says_why_it_can_not_be_read(store: Database) -> None:
    async with engine_on(store) as stage:
        gone = item_of("order", "{}").id
        outcome = await stage.engine.submit(stage.engine.work(SHOP, Stored(gone)))
        assert outcome.ending is Ending.FAILED
        assert str(gone) in (outcome.reason or "")


async def test_each_part_of_a_message_fails_by_itself(store: Database) -> None:
    async with engine_on(store) as stage:
        early = AmendmentDocument(channel="shop", channel_ref="R-7", amendment_id="A", summary="x")
        unknown = order_document("R-2", "UFO")
        outcome = await stage.tell(order_document("R-1"), unknown, early)
        assert outcome.ending is Ending.FAILED
        failures = await stage.rows("SELECT stage, details FROM failures")
        assert [row["stage"] for row in failures] == ["master data"]
        assert "lines[0].reference" in failures[0]["details"]
        assert len(await stage.rows("SELECT id FROM orders WHERE version = 1")) == 1
        assert len(await stage.rows("SELECT item_id FROM waiting")) == 1
