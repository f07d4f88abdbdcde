"""What changes at a node without an order counts once, in whichever order it and the node's reports are heard."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.documents import (
    AdjustedLine,
    GoodsCondition,
    NodeBound,
    StockAdjustmentDocument,
    StockDocument,
    StockLine,
)
from canonical.events import Event, NoteAdded
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps, StockMoved, StockOf
from canonical.stock import StockBasis, StockMoveKind
from core.clock import SystemClock
from core.engine.cascade import Rule
from core.engine.work import HUB_QUEUE, Ending
from core.store.sql import Database
from routes.stock import reserve_what_came_in, reserve_what_is_open
from tests.core.engine.stage import Broker, Rules, Stage, Template, engine_on, open_store, order_document

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def report(
    minute: int, basis: StockBasis = StockBasis.ON_HAND, node: str = "hall", **skus: int
) -> StockDocument:
    lines = tuple(StockLine(sku=sku, quantity=quantity) for sku, quantity in skus.items())
    return StockDocument(node=node, basis=basis, as_of=at(minute), lines=lines)


def counted(sku: str, units: int) -> AdjustedLine:
    return AdjustedLine(sku=sku, quantity=units, reason="physical count")


def adjustment(minute: int, number: str = "A-1", node: str = "hall", **skus: int) -> StockAdjustmentDocument:
    lines = tuple(counted(sku, units) for sku, units in (skus or {"MUG": 1}).items())
    return StockAdjustmentDocument(node=node, number=number, happened_at=at(minute), lines=lines)


async def on_hand(stage: Stage, sku: str = "MUG", node: str = "hall") -> int:
    rows = await stage.rows("SELECT on_hand FROM stock WHERE sku = $1 AND node = $2", sku, node)
    return int(rows[0]["on_hand"]) if rows else 0


async def entries(stage: Stage) -> list[int]:
    sql = "SELECT quantity FROM stock_ledger WHERE key LIKE 'adjustment:%' ORDER BY recorded_at, key"
    return [row["quantity"] for row in await stage.rows(sql)]


@pytest.mark.parametrize("basis", StockBasis)
async def test_what_changed_after_the_report_changes_its_figure(store: Database, basis: StockBasis) -> None:
    async with engine_on(store) as stage:
        await stage.tell(report(0, basis, MUG=10, CUP=10))
        outcome = await stage.tell(adjustment(5, MUG=-3, CUP=2))
        assert (outcome.ending, outcome.reason) == (Ending.DONE, None)
        assert (await on_hand(stage), await on_hand(stage, "CUP")) == (7, 12)


@pytest.mark.parametrize("minute", [0, 5])
async def test_what_happened_before_the_report_is_in_it_and_is_recorded_as_nothing(
    store: Database, minute: int
) -> None:
    async with engine_on(store) as stage:
        await stage.tell(report(5, MUG=10))
        outcome = await stage.tell(adjustment(minute, MUG=-3))
        assert outcome.ending is Ending.STALE
        assert "MUG: the newest report of hall has it already" in (outcome.reason or "")
        assert (await on_hand(stage), await entries(stage)) == (10, [0])


async def test_one_that_was_told_counts_once_whatever_time_it_says_the_next_time(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.tell(report(5, MUG=10, CUP=10))
        await stage.tell(adjustment(3, "A-1", MUG=-3))
        await stage.tell(adjustment(8, "A-2", CUP=-3))
        for number, sku in (("A-1", "MUG"), ("A-2", "CUP")):
            again = await stage.tell(adjustment(9, number).replace(lines=(counted(sku, -3),)))
            assert (again.ending, again.reason) == (
                Ending.DUPLICATE,
                f"adjustment {number} of hall was told before",
            )
        assert (await on_hand(stage), await on_hand(stage, "CUP")) == (10, 7)


async def test_one_that_is_told_twice_at_once_counts_once(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.tell(report(0, MUG=10))
        outcomes = await asyncio.gather(*(stage.tell(adjustment(5, MUG=-3)) for _ in range(6)))
        assert sorted(one.ending for one in outcomes) == [Ending.DONE, *[Ending.DUPLICATE] * 5]
        assert (await on_hand(stage), await entries(stage)) == (7, [-3])


async def test_the_same_number_at_another_node_is_another(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.tell(adjustment(5, MUG=3), adjustment(5, node="barn", MUG=4))
        assert (await on_hand(stage), await on_hand(stage, node="barn")) == (3, 4)


async def test_lines_of_one_item_are_added_up(store: Database) -> None:
    lines = (counted("MUG", 5), counted("MUG", -2))
    async with engine_on(store) as stage:
        await stage.tell(adjustment(5).replace(lines=lines))
        assert await on_hand(stage) == 3


async def test_a_figure_that_falls_below_nothing_is_told_and_mended_by_the_next_report(
    store: Database,
) -> None:
    async with engine_on(store) as stage:
        await stage.tell(report(0, MUG=2))
        outcome = await stage.tell(adjustment(5, MUG=-3))
        assert outcome.ending is Ending.DONE
        assert "less than nothing lies there now of MUG (-1): count it anew" in (outcome.reason or "")
        await stage.tell(report(4, MUG=5))
        assert await on_hand(stage) == 2


async def test_damaged_units_are_told_and_not_counted(store: Database) -> None:
    damaged = AdjustedLine(sku="MUG", quantity=4, reason="damaged", condition=GoodsCondition.DAMAGED)
    async with engine_on(store) as stage:
        await stage.tell(report(0, MUG=2))
        outcome = await stage.tell(adjustment(5).replace(lines=(damaged,)))
        assert "damaged, and not counted: 4 MUG" in (outcome.reason or "")
        assert await on_hand(stage) == 2


async def test_an_item_that_is_not_in_the_master_data_is_passed_over_by_name(store: Database) -> None:
    async with engine_on(store) as stage:
        outcome = await stage.tell(adjustment(5, MUG=3, UFO=1))
        assert (outcome.ending, "UFO" in (outcome.reason or "")) == (Ending.DONE, True)
        assert (await on_hand(stage), await entries(stage)) == (3, [3])


def take_back(order: Order, event: Event, policy: Policy) -> Steps:
    """Let a mug come back to the hall."""
    yield StockOf(skus=frozenset({"MUG"}))
    yield StockMoved(key="back", kind=StockMoveKind.RECEIVE, sku="MUG", node="hall", quantity=1)


@pytest.mark.parametrize("later", ["adjustment", "return"])
async def test_what_one_batch_writes_counts_for_the_report_behind_it(store: Database, later: str) -> None:
    async with engine_on(store, Rules({"NoteAdded": (take_back,)})) as stage:
        order_id = await stage.placed("R-1")
        await stage.tell(report(-9, MUG=10))
        back = NoteAdded(order_id=order_id, text="it is back", actor="somebody", occurred_at=at(5))
        if later == "return":
            await asyncio.gather(stage.do(order_id, back), stage.tell(report(0, MUG=10)))
        else:
            await stage.tell(adjustment(5, MUG=1), report(0, MUG=10))
        assert await on_hand(stage) == 11


WAITING: dict[str, tuple[Rule, ...]] = {
    "OrderPlaced": (reserve_what_is_open,),
    "StockArrived": (reserve_what_came_in,),
}


async def test_who_waits_is_told_of_what_was_found_and_of_nothing_that_was_lost(store: Database) -> None:
    async with engine_on(store, Rules(dict(WAITING)), bus=Broker(carries=False)) as stage:
        await stage.tell(report(0, MUG=0, CUP=1))
        first = (await stage.tell(order_document("R-1", "MUG"))).order.id
        await stage.tell(order_document("R-2", "MUG"))
        await stage.tell(adjustment(1, "A-1", MUG=-1))
        await stage.tell(adjustment(2, "A-2", MUG=2, CUP=-1))
        told = [item for queue, items in stage.bus.published if queue == HUB_QUEUE for item in items]
        assert [(item.type, item.subject) for item in told] == [("StockArrived", str(first))]


CHANGES = st.lists(st.integers(-9, 20), min_size=1, max_size=6)


@st.composite
def histories(draw: st.DrawFn) -> tuple[int, list[tuple[int, ...]]]:
    """Return what lies there in the end, and all that was said of it, some of it twice, in any order.

    What happens is a report of the true figure, or a change, a minute apart. At least one report is told.
    """
    changes: list[int] = draw(CHANGES)
    reported = draw(st.sets(st.integers(0, len(changes)), min_size=1))
    figure, said = 0, list[tuple[int, ...]]()
    for minute, change in enumerate([50, *changes]):
        figure += change
        if minute:
            said.append((2 * minute, change, minute))
        if minute in reported:
            said.append((2 * minute + 1, figure))
    repeated = draw(st.lists(st.sampled_from(said), max_size=4))
    return figure, draw(st.permutations([*said, *repeated]))


def read(node: str, said: Sequence[int]) -> NodeBound:
    match said:
        case (minute, figure):
            return report(minute, node=node, MUG=figure)
        case (minute, change, number):
            return adjustment(minute, f"A-{number}", node=node, MUG=change)
        case _:
            raise AssertionError(said)


def test_whatever_comes_first_the_figure_is_right_in_the_end(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    asyncio.run(_any_order(tmp_path_factory.mktemp("any_order")))


async def _any_order(folder: Path) -> None:
    database = await open_store(f"sqlite:///{await Template(folder).copy()}", SystemClock())
    loop = asyncio.get_running_loop()
    async with engine_on(database) as stage:
        places = iter(range(10**6))

        async def hear(history: tuple[int, list[tuple[int, ...]]], *, at_once: bool) -> None:
            figure, said = history
            node = f"place-{next(places)}"
            documents = [read(node, one) for one in said]
            if at_once:
                await stage.tell(*documents)
            else:
                for document in documents:
                    await stage.tell(document)
            assert await on_hand(stage, node=node) == figure
            sums: list[dict[str, Any]] = await stage.rows(
                "SELECT SUM(quantity) AS units FROM stock_ledger WHERE node = $1", node
            )
            assert sums == [{"units": figure}]

        @settings(max_examples=60, deadline=None)
        @given(histories(), st.booleans())
        def any_order(history: tuple[int, list[tuple[int, ...]]], at_once: bool) -> None:
            asyncio.run_coroutine_threadsafe(hear(history, at_once=at_once), loop).result(30)

        await asyncio.to_thread(any_order)
    await database.close()
