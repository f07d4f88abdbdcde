"""Group commit, and who is to blame when it is refused."""

import asyncio
from collections.abc import Sequence

import pytest

from canonical.events import Event, OrderPlaced
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps, StockMoved, StockOf
from canonical.stock import StockMoveKind
from core.engine.cascade import Rule
from core.engine.engine import EngineLimits, EngineStoppedError
from core.engine.work import Ending, Facts
from core.errors import DoorError
from core.ports import RawDocument
from core.store.sql import Database, StoreUnavailableError
from tests.core.engine.stage import SHOP, Rules, carrying, engine_on, item_of, order_document, put_stock


async def test_what_arrives_together_is_committed_together(store: Database) -> None:
    async with engine_on(store) as stage:
        await asyncio.gather(*(stage.placed(f"R-{n}") for n in range(100)))
        assert len(await stage.rows("SELECT id FROM orders WHERE version = 1")) == 100
        assert stage.engine.statistics.batches <= 2


async def test_the_same_item_has_its_effect_once(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.placed("R-1")
        work = stage.engine.work(SHOP, Facts((order_document("R-2"),)))
        twin = stage.engine.work(SHOP, work.content)
        twin.item = work.item
        endings = await asyncio.gather(stage.engine.submit(work), stage.engine.submit(twin))
        assert [outcome.ending for outcome in endings] == [Ending.DONE, Ending.DUPLICATE]
        assert len(await stage.rows("SELECT id FROM orders")) == 2


class Picky(Rules):
    """Rules that make the database refuse one order."""

    def rules_for(self, event: Event, order: Order) -> Sequence[Rule]:
        return (refused,) if order.channel_ref == "R-bad" and isinstance(event, OrderPlaced) else ()


def refused(order: Order, event: Event, policy: Policy) -> Steps:
    """Write the same ledger entry twice, which the table's key refuses."""
    for _ in range(2):
        yield StockMoved(key="twice", kind=StockMoveKind.ADJUST, sku="MUG", node="hall", quantity=1)


async def test_one_bad_item_of_a_hundred_is_found_by_halving(store: Database) -> None:
    async with engine_on(store, Picky()) as stage:
        await put_stock(stage, "MUG", hall=5)
        refs = [f"R-{n}" for n in range(99)]
        refs.insert(41, "R-bad")
        outcomes = await asyncio.gather(*(stage.tell(order_document(ref)) for ref in refs))
        assert [o.ending for o in outcomes].count(Ending.FAILED) == 1
        assert outcomes[41].ending is Ending.FAILED
        assert len(await stage.rows("SELECT id FROM orders WHERE version > 0")) == 99
        failures = await stage.rows("SELECT id, stage, error FROM failures")
        assert [(row["stage"], row["error"]) for row in failures] == [("commit", "ItemFaultError")]
        # 14 or 15 to halve the hundred, one for the record; the first item may have gone ahead alone.
        assert stage.database.begun <= 17


async def test_an_attempt_that_was_refused_once_has_one_failure_record(store: Database) -> None:
    async with engine_on(store, Picky()) as stage:
        await put_stock(stage, "MUG", hall=5)
        item = carrying(Facts((order_document("R-bad"),)))
        for _ in range(3):
            await stage.engine.handle(stage.bus.parcel(SHOP, [item]))
        await stage.until(lambda: stage.acknowledged(3))
        assert len(await stage.rows("SELECT id FROM failures")) == 1


async def test_a_defect_of_a_rule_harms_its_order_alone(store: Database) -> None:
    def broken(order: Order, event: Event, policy: Policy) -> Steps:
        if order.channel_ref == "R-1":
            raise LookupError("a defect")
        yield from ()

    async with engine_on(store, Rules({"OrderPlaced": (broken,)})) as stage:
        outcomes = await asyncio.gather(*(stage.tell(order_document(f"R-{n}")) for n in range(3)))
        assert [o.ending for o in outcomes] == [Ending.DONE, Ending.FAILED, Ending.DONE]
        assert (await stage.rows("SELECT stage, error FROM failures"))[0] == {
            "stage": "rules",
            "error": "LookupError",
        }


async def test_an_item_that_can_not_be_read_harms_no_neighbour(store: Database) -> None:
    async with engine_on(store) as stage:
        good, bad = (
            carrying(Facts((order_document("R-1"),))),
            item_of("?", '{"documents":[{"type":"Nothing"}]}'),
        )
        await stage.engine.handle(stage.bus.parcel(SHOP, [bad, good]))
        await stage.until(lambda: stage.acknowledged(1))
        assert len(await stage.rows("SELECT id FROM orders WHERE version = 1")) == 1
        assert (await stage.rows("SELECT error FROM failures"))[0]["error"] == "ItemError"


async def test_a_large_order_of_stock_questions_is_answered(store: Database) -> None:
    def asks_one_by_one(order: Order, event: Event, policy: Policy) -> Steps:
        for sku in ("MUG", "CUP", "JUG", "POT"):
            yield StockOf(skus=frozenset({sku}))

    async with engine_on(store, Rules({"OrderPlaced": (asks_one_by_one,)})) as stage:
        outcomes = await asyncio.gather(*(stage.tell(order_document(f"R-{n}")) for n in range(3)))
        assert {o.ending for o in outcomes} == {Ending.DONE}
        assert stage.engine.statistics.relocked > 3


async def test_a_store_that_is_away_is_waited_for(store: Database) -> None:
    async with engine_on(store) as stage:
        stage.database.trouble = lambda: StoreUnavailableError("gone")
        placing = asyncio.create_task(stage.placed("R-1"))
        await stage.until(lambda: stage.is_unavailable(said="gone"))
        with pytest.raises(DoorError) as refused_at_door:
            await stage.engine.receive("shop", RawDocument("order", b"{}"))
        assert refused_at_door.value.status == 503
        stage.database.trouble = lambda: None
        await placing
        assert stage.engine.unavailable is None
        assert await stage.rows("SELECT id FROM failures") == []


async def test_a_newer_schema_stops_the_intake_and_makes_no_failure(store: Database) -> None:
    async with engine_on(store) as stage:
        order_id = await stage.placed("R-1")
        await stage.run("UPDATE orders SET schema = 99, version = 7 WHERE id = $1", order_id)
        noting = asyncio.create_task(stage.note(order_id, "hello"))
        await stage.until(lambda: stage.is_unavailable(said="schema 99"))
        assert await stage.rows("SELECT id FROM failures") == []
        noting.cancel()
        await stage.run("UPDATE orders SET schema = 1, version = 1 WHERE id = $1", order_id)


async def test_consumers_wait_when_the_engine_has_enough(store: Database) -> None:
    async with engine_on(store, limits=EngineLimits(batch_items=2, queued_items=4)) as stage:
        items = [carrying(Facts((order_document(f"R-{n}"),))) for n in range(8)]
        for item in items:
            async with asyncio.timeout(10):
                await stage.engine.handle(stage.bus.parcel(SHOP, [item]))
        await stage.until(lambda: stage.acknowledged(8))
        assert stage.engine.statistics.batches >= 4


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b"], ids=["NUL", "surrogate"])
async def test_names_that_no_store_can_keep_are_refused_at_the_door(store: Database, name: str) -> None:
    async with engine_on(store) as stage:
        with pytest.raises(DoorError) as refused_at_door:
            await stage.engine.receive("shop", RawDocument("order", b"{}", external_id=name))
        assert refused_at_door.value.status == 422
        receipt = await stage.engine.receive("shop", RawDocument("order", b"a\x00b", external_id="a"))
        assert not receipt.duplicate


async def test_a_stopped_engine_has_committed_what_it_took_on(store: Database) -> None:
    async with engine_on(store) as stage:
        placing = [asyncio.create_task(stage.placed(f"R-{n}")) for n in range(5)]
        await asyncio.sleep(0)
        await stage.engine.stop(5)
        await asyncio.gather(*placing)
        assert await stage.rows("SELECT item_id FROM outbox") == []
        parcel = stage.bus.parcel(SHOP, [carrying(Facts((order_document("R-9"),)))])
        await stage.engine.handle(parcel)
        assert stage.bus.rejected == [parcel]
        with pytest.raises(EngineStoppedError):
            await stage.placed("R-10")
