"""What a node received of goods that were announced to it is entered once, and what is sound of it is stock."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from canonical.documents import (
    InboundReceiptDocument,
    ReceivedLine,
    StockDocument,
    StockLine,
)
from canonical.inbound import InboundInstruction, InboundLine
from canonical.stock import StockBasis
from core.engine.work import HUB_QUEUE, Ending
from core.inbound import announce, known
from core.store.sql import Database
from routes.stock import reserve_what_came_in, reserve_what_is_open
from tests.core.engine.stage import Broker, Rules, Stage, engine_on, order_document

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def instruction(number: str = "ASN-7", **skus: int) -> InboundInstruction:
    lines = tuple(
        InboundLine(sku=sku, quantity=units) for sku, units in (skus or {"MUG": 10, "CUP": 5}).items()
    )
    return InboundInstruction(number=number, node="hall", created_at=NOON, lines=lines)


def receipt(
    minute: int, number: str = "RC-1", inbound: str = "ASN-7", *, damaged: int = 0, **skus: int
) -> InboundReceiptDocument:
    lines = [ReceivedLine(sku=sku, quantity=units) for sku, units in skus.items()]
    if damaged:
        lines.append(ReceivedLine(sku="MUG", quantity=damaged, damaged=damaged))
    return InboundReceiptDocument(
        node="hall", inbound=inbound, number=number, happened_at=at(minute), lines=tuple(lines)
    )


def report(minute: int, **skus: int) -> StockDocument:
    lines = tuple(StockLine(sku=sku, quantity=units) for sku, units in skus.items())
    return StockDocument(node="hall", basis=StockBasis.ON_HAND, as_of=at(minute), lines=lines)


async def announced(stage: Stage, *instructions: InboundInstruction) -> frozenset[str]:
    async with stage.database.transaction() as session:
        return await announce(session, "hall", instructions or (instruction(),))


async def status(stage: Stage, number: str = "ASN-7") -> str:
    (row,) = await stage.rows("SELECT status FROM inbound WHERE number = $1", number)
    return str(row["status"])


async def lines(stage: Stage) -> dict[str, tuple[int, int, int]]:
    rows = await stage.rows("SELECT sku, expected, received, damaged FROM inbound_lines")
    return {row["sku"]: (row["expected"], row["received"], row["damaged"]) for row in rows}


async def on_hand(stage: Stage, sku: str = "MUG") -> int:
    rows = await stage.rows("SELECT on_hand FROM stock WHERE sku = $1 AND node = 'hall'", sku)
    return int(rows[0]["on_hand"]) if rows else 0


async def test_an_announcement_is_kept_with_one_effect_however_often_it_is_made(store: Database) -> None:
    async with engine_on(store) as stage:
        assert await announced(stage) == {"ASN-7"}
        assert await announced(stage, instruction(), instruction("ASN-8")) == {"ASN-8"}
        effects = await stage.rows("SELECT key, command, connector, state FROM effects ORDER BY key")
        assert [tuple(row.values()) for row in effects] == [
            ("announce:hall:ASN-7", "AnnounceInbound", "hall", "pending"),
            ("announce:hall:ASN-8", "AnnounceInbound", "hall", "pending"),
        ]
        async with store.reading() as session:
            assert await known(session, "hall", ["ASN-7", "ASN-9"]) == {"ASN-7": instruction()}


async def test_two_who_announce_the_same_at_once_announce_it_once(store: Database) -> None:
    async with engine_on(store) as stage:
        made = await asyncio.gather(*(announced(stage) for _ in range(4)))
        assert sorted(map(len, made)) == [0, 0, 0, 1]
        assert await lines(stage) == {"MUG": (10, 0, 0), "CUP": (5, 0, 0)}


async def test_receipts_close_an_announcement_in_parts_and_what_is_sound_is_stock(store: Database) -> None:
    async with engine_on(store) as stage:
        await stage.tell(report(0, MUG=1))
        await announced(stage)
        assert await status(stage) == "announced"
        first = await stage.tell(receipt(5, MUG=6, damaged=2))
        assert first.ending is Ending.DONE
        assert first.reason == "receipt RC-1 of ASN-7 at hall: damaged, and not counted: 2 MUG"
        assert (await status(stage), await on_hand(stage)) == ("partly_received", 7)
        second = await stage.tell(receipt(9, "RC-2", MUG=2, CUP=5))
        assert (second.ending, second.reason) == (Ending.DONE, None)
        assert (await status(stage), await on_hand(stage), await on_hand(stage, "CUP")) == ("received", 9, 5)
        assert await lines(stage) == {"MUG": (10, 8, 2), "CUP": (5, 5, 0)}
        ledger = await stage.rows(
            "SELECT kind, quantity FROM stock_ledger WHERE key = 'receipt:hall:ASN-7:RC-2'"
        )
        assert sorted((row["kind"], row["quantity"]) for row in ledger) == [("receive", 2), ("receive", 5)]


async def test_a_receipt_that_is_told_again_adds_nothing(store: Database) -> None:
    async with engine_on(store) as stage:
        await announced(stage)
        outcomes = await asyncio.gather(*(stage.tell(receipt(minute, MUG=6)) for minute in range(5)))
        assert sorted(one.ending for one in outcomes) == [Ending.DONE, *[Ending.DUPLICATE] * 4]
        assert (await on_hand(stage), (await lines(stage))["MUG"]) == (6, (10, 6, 0))


async def test_what_came_before_the_newest_report_is_in_it(store: Database) -> None:
    async with engine_on(store) as stage:
        await announced(stage)
        await stage.tell(report(5, MUG=6))
        outcome = await stage.tell(receipt(4, MUG=6))
        assert "MUG: the newest report of hall has it already" in (outcome.reason or "")
        assert (await on_hand(stage), (await lines(stage))["MUG"]) == (6, (10, 6, 0))


async def test_a_report_of_a_later_time_wins_and_one_of_an_earlier_time_leaves_it_in(store: Database) -> None:
    async with engine_on(store) as stage:
        await announced(stage)
        await stage.tell(receipt(5, MUG=6))
        await stage.tell(report(4, MUG=1))
        assert await on_hand(stage) == 7
        await stage.tell(report(6, MUG=3))
        assert await on_hand(stage) == 3


async def test_more_than_was_announced_is_counted_and_told(store: Database) -> None:
    async with engine_on(store) as stage:
        await announced(stage)
        outcome = await stage.tell(receipt(5, MUG=11, JUG=2, UFO=1))
        assert "more than was announced: 2 JUG, 1 MUG, 1 UFO" in (outcome.reason or "")
        assert "1 SKUs are not in the master data and were passed over: UFO" in (outcome.reason or "")
        assert (await on_hand(stage), await on_hand(stage, "JUG"), await status(stage)) == (
            11,
            2,
            "partly_received",
        )


async def test_a_receipt_of_nothing_announced_is_a_failure_that_names_it_and_can_be_mended(
    store: Database,
) -> None:
    async with engine_on(store) as stage:
        outcome = await stage.tell(receipt(5, MUG=6))
        assert outcome.ending is Ending.FAILED
        (failure,) = await stage.rows("SELECT id, error, reason FROM failures")
        assert failure["error"] == "UnknownInboundError"
        assert "nothing was announced to hall as ASN-7, of which receipt RC-1" in failure["reason"]
        assert await on_hand(stage) == 0
        await announced(stage)
        await stage.replay(failure["id"])
        await stage.until_rows(1, "SELECT id FROM failures WHERE status = 'resolved'")
        assert (await on_hand(stage), await status(stage)) == (6, "partly_received")


async def test_two_workers_enter_receipts_of_the_same_announcements_without_deadlock(store: Database) -> None:
    numbers = [f"ASN-{n}" for n in range(6)]
    async with engine_on(store) as one, engine_on(store) as other:
        await announced(one, *(instruction(number, MUG=8) for number in numbers))
        told = [
            worker.tell(*(receipt(5, f"RC-{turn}", number, MUG=2) for number in order))
            for turn in range(4)
            for worker, order in ((one, numbers), (other, numbers[::-1]))
        ]
        await asyncio.gather(*told)
        assert {await status(one, number) for number in numbers} == {"received"}
        assert await on_hand(one) == 48
        assert one.engine.statistics.retried_batches == other.engine.statistics.retried_batches == 0


async def test_who_waits_for_goods_is_told_when_they_have_come(store: Database) -> None:
    rules = Rules({"OrderPlaced": (reserve_what_is_open,), "StockArrived": (reserve_what_came_in,)})
    async with engine_on(store, rules, bus=Broker(carries=False)) as stage:
        await announced(stage)
        order_id = (await stage.tell(order_document("R-1", "MUG"))).order.id
        await stage.tell(receipt(5, damaged=3))
        assert [queue for queue, _ in stage.bus.published if queue == HUB_QUEUE] == []
        await stage.tell(receipt(6, "RC-2", MUG=1))
        told = [item for queue, items in stage.bus.published if queue == HUB_QUEUE for item in items]
        assert [(item.type, item.subject) for item in told] == [("StockArrived", str(order_id))]


@pytest.mark.parametrize("number", ["", "X" * 23, "ASN 7", "ABC-R1", "Käse"])
def test_a_number_that_no_receipt_could_name_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        instruction(number)
