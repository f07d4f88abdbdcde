"""What an order gives back goes to those who wait for it: the oldest first, by messages of their own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from canonical.documents import StockDocument, StockLine
from canonical.events import Event, StockArrived
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import RowStatus
from canonical.steps import Steps
from canonical.stock import StockBasis
from core.bus.port import Item
from core.clock import SystemClock
from core.engine.cascade import Rule
from core.engine.work import HUB_QUEUE, Ending
from core.store.sql import Database
from routes.moves import give_back, go, units_at
from routes.stock import reserve_what_came_in, reserve_what_is_open
from tests.core.engine.stage import Broker, Rules, Stage, engine_on, open_store, order_document, put_stock

FREE, FAIL = "give it back", "be wrong"


def obey(order: Order, event: Event, policy: Policy) -> Steps:
    """Cancel what is reserved, or be wrong after that, as the note says."""
    text = getattr(event, "text", "")
    if text not in {FREE, FAIL}:
        return
    reserved = units_at(order, RowStatus.RESERVED)
    yield from give_back(order, reserved, "cancelled")
    for unit in reserved:
        yield go(order, unit, RowStatus.CANCELLED)
    if text == FAIL:
        message = "a defect"
        raise LookupError(message)


def put_back(order: Order, event: Event, policy: Policy) -> Steps:
    """Let what is reserved wait again: as sourcing does with what no warehouse may send."""
    reserved = units_at(order, RowStatus.RESERVED)
    yield from give_back(order, reserved, "short")
    for unit in reserved:
        yield go(order, unit, RowStatus.BACKORDERED)


SELLING: dict[str, tuple[Rule, ...]] = {
    "OrderPlaced": (reserve_what_is_open,),
    "NoteAdded": (obey,),
    "StockArrived": (reserve_what_came_in,),
}


@asynccontextmanager
async def shop_of(store: Database, *, carries: bool = True) -> AsyncGenerator[Stage]:
    """Run an engine whose orders reserve, wait, and give back; without `carries`, messages stay on the bus."""
    async with engine_on(store, Rules(dict(SELLING)), bus=Broker(carries=carries)) as stage:
        yield stage


async def waiting(stage: Stage) -> list[UUID]:
    sql = "SELECT order_id FROM back_orders ORDER BY since, order_id"
    return [UUID(str(row["order_id"])) for row in await stage.rows(sql)]


def sku_of(item: Item) -> str:
    (event,) = orjson.loads(item.data)["events"]
    return StockArrived.model_validate_json(event["body"]).sku


def told(stage: Stage) -> list[tuple[UUID, str]]:
    """Return who was told that which SKU came in, in the order of the messages."""
    items = [item for queue, items in stage.bus.published if queue == HUB_QUEUE for item in items]
    return [(UUID(item.subject or ""), sku_of(item)) for item in items if item.type == "StockArrived"]


async def placed(stage: Stage, count: int, *skus: str) -> Sequence[UUID]:
    return [await stage.placed(f"R-{'-'.join(skus)}-{n}", *skus) for n in range(count)]


async def test_what_is_cancelled_goes_to_the_order_that_has_waited_longest(store: Database) -> None:
    async with shop_of(store) as stage:
        await put_stock(stage, "MUG", hall=1)
        first, second, third = await placed(stage, 3, "MUG")
        assert await waiting(stage) == [second, third]
        await stage.note(first, FREE)
        await stage.until_rows(1, "SELECT order_id FROM back_orders")
        assert await waiting(stage) == [third]


async def test_as_many_are_told_as_there_are_units_of_that_sku_and_no_more(store: Database) -> None:
    async with shop_of(store, carries=False) as stage:
        await put_stock(stage, "MUG", hall=2)
        await put_stock(stage, "CUP", hall=0)
        document = order_document("R-0", "MUG", quantity=2)
        holder = (await stage.tell(document)).order.id
        waiters = await placed(stage, 3, "MUG")
        await placed(stage, 1, "CUP")
        await stage.note(holder, FREE)
        assert told(stage) == [(order_id, "MUG") for order_id in waiters[:2]]


async def test_the_news_commits_with_what_was_given_back(store: Database) -> None:
    async with shop_of(store, carries=False) as stage:
        stage.bus.confirms = False
        await put_stock(stage, "MUG", hall=1)
        first, second = await placed(stage, 2, "MUG")
        await stage.note(first, FREE)
        rows = await stage.rows("SELECT item FROM outbox")
        assert [orjson.loads(row["item"])["subject"] for row in rows] == [str(second)]


async def test_what_a_failing_rule_gave_back_is_not_told_of(store: Database) -> None:
    async with shop_of(store, carries=False) as stage:
        await put_stock(stage, "MUG", hall=1)
        first, _ = await placed(stage, 2, "MUG")
        assert (await stage.note(first, FAIL)).ending is Ending.FAILED
        assert told(stage) == []


async def test_what_another_order_took_in_the_same_batch_is_not_told_of(store: Database) -> None:
    async with shop_of(store, carries=False) as stage:
        await put_stock(stage, "MUG", hall=1)
        first, _ = await placed(stage, 2, "MUG")
        outcomes = await asyncio.gather(stage.note(first, FREE), stage.tell(order_document("R-9", "MUG")))
        assert [outcome.ending for outcome in outcomes] == [Ending.DONE, Ending.DONE]
        levels = await stage.rows("SELECT reserved FROM stock WHERE sku = 'MUG' AND node = '*'")
        assert [row["reserved"] for row in levels] in ([0], [1])
        assert len(told(stage)) == 1 - levels[0]["reserved"]


async def test_who_begins_to_wait_in_the_batch_that_gives_back_is_told(store: Database) -> None:
    async with shop_of(store) as stage:
        await put_stock(stage, "MUG", hall=1)
        first = await stage.placed("R-1", "MUG")
        await asyncio.gather(stage.tell(order_document("R-2", "MUG")), stage.note(first, FREE))
        await stage.until_rows(0, "SELECT order_id FROM back_orders")


async def test_an_order_that_waits_for_one_line_gets_what_its_other_line_gave_back(store: Database) -> None:
    async with shop_of(store) as stage:
        await put_stock(stage, "MUG", hall=1)
        order_id = await stage.placed("R-1", "MUG", "MUG")
        assert await waiting(stage) == [order_id]
        await stage.note(order_id, FREE)
        await stage.until_rows(0, "SELECT order_id FROM back_orders")


async def test_an_order_that_could_not_use_it_does_not_go_round_and_round(store: Database) -> None:
    async with shop_of(store) as stage:
        stage.rules.by_event["StockArrived"] = (reserve_what_came_in, put_back)
        await put_stock(stage, "MUG", hall=1)
        first, second = await placed(stage, 2, "MUG")
        await stage.note(first, FREE)
        sql = "SELECT seq FROM journal WHERE order_id = $1 AND type = 'StockArrived'"
        await stage.until_rows(1, sql, second)
        await stage.note(second, "after all that")
        assert len(await stage.rows(sql, second)) == 1
        assert await waiting(stage) == [second]


async def test_a_report_and_a_cancellation_in_one_batch_tell_each_order_once(store: Database) -> None:
    async with shop_of(store, carries=False) as stage:
        await put_stock(stage, "MUG", hall=1)
        first, second, third = await placed(stage, 3, "MUG")
        report = StockDocument(
            node="barn",
            basis=StockBasis.ON_HAND,
            as_of=datetime.now(UTC),
            lines=(StockLine(sku="MUG", quantity=1),),
        )
        await asyncio.gather(stage.note(first, FREE), stage.tell(report))
        assert set(told(stage)) == {(second, "MUG"), (third, "MUG")}


@pytest.fixture
async def second_worker(postgres_store: Database) -> AsyncIterator[Database]:
    """Another worker's connections to the same database."""
    database = await open_store(postgres_store.url, SystemClock())
    yield database
    await database.close()


async def test_between_two_workers_no_unit_lies_idle_while_somebody_waits(
    postgres_store: Database, second_worker: Database
) -> None:
    async with shop_of(postgres_store) as one, shop_of(second_worker) as other:
        await put_stock(one, "MUG", hall=20)
        holders = await asyncio.gather(*(one.placed(f"H-{n}", "MUG") for n in range(20)))
        await asyncio.gather(
            *(one.note(order_id, FREE) for order_id in holders),
            *(other.tell(order_document(f"W-{n}", "MUG")) for n in range(40)),
        )
        await one.until_rows(20, "SELECT order_id FROM back_orders")
        levels = await one.rows("SELECT reserved FROM stock WHERE sku = 'MUG' AND node = '*'")
        assert [row["reserved"] for row in levels] == [20]
        assert one.engine.statistics.retried_batches == other.engine.statistics.retried_batches == 0


async def test_an_order_and_the_report_of_its_goods_in_one_batch_find_each_other(store: Database) -> None:
    async with shop_of(store) as stage:
        report = StockDocument(
            node="hall",
            basis=StockBasis.ON_HAND,
            as_of=datetime.now(UTC),
            lines=(StockLine(sku="MUG", quantity=1),),
        )
        await stage.tell(order_document("R-1", "MUG"), report)
        levels = "SELECT reserved FROM stock WHERE sku = 'MUG' AND node = '*' AND reserved = 1"
        await stage.until_rows(1, levels)
        assert await waiting(stage) == []
