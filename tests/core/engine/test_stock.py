"""Stock is decided under row locks: never sold twice, and a node's reports are read for what they are."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from canonical.documents import StockDocument, StockLine
from canonical.events import Event, ReleaseRefused, ReleaseRequested
from canonical.order import Order, ReleaseLine
from canonical.policy import Policy
from canonical.steps import Steps, StockMoved, StockOf
from canonical.stock import NETWORK, StockBasis, StockMoveKind
from core.clock import SystemClock
from core.engine.work import Ending
from core.store.sql import Database
from tests.core.engine.stage import Rules, Stage, engine_on, open_store, order_document, put_stock

NOW = datetime.now(UTC)


def take_one(order: Order, event: Event, policy: Policy) -> Steps:
    """Reserve a unit of each line's SKU while there is any."""
    for line in order.lines:
        view = yield StockOf(skus=frozenset({line.sku}))
        if view.available(line.sku):
            key = f"reserve:{order.id}:{line.id}"
            yield StockMoved(key=key, kind=StockMoveKind.RESERVE, sku=line.sku, node=NETWORK, quantity=1)


TAKING = Rules({"OrderPlaced": (take_one,)})


async def level(stage: Stage, sku: str, node: str) -> dict[str, int]:
    rows = await stage.rows(
        "SELECT on_hand, allocated, reserved FROM stock WHERE sku = $1 AND node = $2", sku, node
    )
    found: dict[str, int] = rows[0]
    return found


def report(as_of: datetime, basis: StockBasis = StockBasis.ON_HAND, **skus: int) -> StockDocument:
    lines = tuple(StockLine(sku=sku, quantity=quantity) for sku, quantity in skus.items())
    return StockDocument(node="hall", basis=basis, as_of=as_of, lines=lines)


async def test_no_more_is_promised_than_there_is(store: Database) -> None:
    async with engine_on(store, TAKING) as stage:
        await put_stock(stage, "MUG", hall=5, barn=2)
        await asyncio.gather(*(stage.placed(f"R-{n}") for n in range(20)))
        assert (await level(stage, "MUG", NETWORK))["reserved"] == 7


@pytest.fixture
async def second(postgres_store: Database) -> AsyncIterator[Database]:
    """Another worker's connections to the same database."""
    database = await open_store(postgres_store.url, SystemClock())
    yield database
    await database.close()


async def test_two_workers_never_sell_a_unit_twice_and_never_deadlock(
    postgres_store: Database, second: Database
) -> None:
    skus = ("MUG", "CUP", "JUG", "POT")
    async with engine_on(postgres_store, TAKING) as one, engine_on(second, TAKING) as other:
        for sku in skus:
            await put_stock(one, sku, hall=40)
        placing = [
            worker.tell(order_document(f"R-{n}", *skus[n % 4 :], *skus[: n % 4]))
            for n in range(120)
            for worker in (one, other)
        ]
        outcomes = await asyncio.gather(*placing)
        assert sorted({o.ending for o in outcomes}) == [Ending.DONE, Ending.DUPLICATE]
        for sku in skus:
            assert (await level(one, sku, NETWORK))["reserved"] == 40
        assert one.engine.statistics.retried_batches == other.engine.statistics.retried_batches == 0


async def test_a_report_replaces_what_is_older_and_nothing_newer(store: Database) -> None:
    async with engine_on(store) as stage:
        assert (await stage.tell(report(NOW, MUG=10))).ending is Ending.DONE
        assert (await stage.tell(report(NOW - timedelta(hours=1), MUG=3))).ending is Ending.STALE
        assert (await stage.tell(report(NOW, MUG=10))).ending is Ending.STALE
        assert (await level(stage, "MUG", "hall"))["on_hand"] == 10
        ledger = await stage.rows("SELECT quantity FROM stock_ledger WHERE sku = 'MUG'")
        assert [row["quantity"] for row in ledger] == [10]


async def test_what_moved_after_a_late_report_still_counts(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.tell(report(NOW - timedelta(hours=3), MUG=10))
        sql = "INSERT INTO stock_ledger VALUES ('d', 'dispatch', 'MUG', 'hall', 4, NULL, $1, $1)"
        await stage.run(sql, NOW - timedelta(hours=1))
        await stage.tell(report(NOW - timedelta(hours=2), MUG=10))
        assert (await level(stage, "MUG", "hall"))["on_hand"] == 6


async def test_a_sku_that_is_not_in_the_master_data_is_passed_over_by_name(store: Database) -> None:
    async with engine_on(store) as stage:
        outcome = await stage.tell(report(NOW, MUG=1, UFO=5))
        assert "UFO" in (outcome.reason or "")
        assert await stage.rows("SELECT sku FROM stock WHERE sku = 'UFO' AND on_hand <> 0") == []


async def _asked(stage: Stage, order_id: UUID) -> None:
    """Ask the hall for three mugs, which the hub has allocated."""
    lines = (ReleaseLine(line_id="0", sku="MUG", quantity=3),)
    asked = ReleaseRequested(
        order_id=order_id, release_id="r1", node="hall", connector="hall", lines=lines, fact_key="asked"
    )
    assert (await stage.do(order_id, asked)).ending is Ending.DONE


@pytest.mark.parametrize("basis", StockBasis)
async def test_a_unit_that_is_only_allocated_is_in_the_nodes_figure_on_every_basis(
    store: Database, basis: StockBasis
) -> None:
    async with engine_on(store) as stage:
        order_id = await stage.placed("R-1")
        await _asked(stage, order_id)
        await stage.tell(report(datetime.now(UTC), basis, MUG=10))
        assert (await level(stage, "MUG", "hall"))["on_hand"] == 10


@pytest.mark.parametrize(("basis", "on_hand"), [(StockBasis.ON_HAND, 10), (StockBasis.AVAILABLE, 13)])
async def test_what_the_node_has_accepted_is_left_out_of_what_it_calls_available(
    store: Database, basis: StockBasis, on_hand: int
) -> None:
    async with engine_on(store) as stage:
        order_id = await stage.placed("R-1")
        await _asked(stage, order_id)
        await stage.accept(order_id, "r1")
        await stage.tell(report(datetime.now(UTC), basis, MUG=10))
        assert (await level(stage, "MUG", "hall"))["on_hand"] == on_hand


async def test_what_the_node_refused_is_in_what_it_calls_available(store: Database) -> None:
    async with engine_on(store) as stage:
        order_id = await stage.placed("R-1")
        await _asked(stage, order_id)
        await stage.accept(order_id, "r1")
        lacking = ReleaseRefused(order_id=order_id, release_id="r1", reason="broken", units=(("MUG", 2),))
        assert (await stage.do(order_id, lacking)).ending is Ending.DONE
        await stage.tell(report(datetime.now(UTC), StockBasis.AVAILABLE, MUG=10))
        assert (await level(stage, "MUG", "hall"))["on_hand"] == 11
