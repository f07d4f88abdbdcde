"""Parcels, cancellations and words reach the shop, whatever its staff did with the fulfilment orders meanwhile."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from canonical.commands import Command, TellChannelCancelled, TellChannelShipped, TellChannelStatus
from canonical.order import Order, ReleaseLine
from canonical.statuses import ChannelStatus, RowStatus
from core.clock import ManualClock
from core.errors import OutcomeUnknownError, RejectedError
from core.ports import Effect
from tests.connectors.shopify.stage import CUPS_AND_POT, Stage, stage
from tests.contracts.building import a_context, a_parcel, an_effect, an_order

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ORDER = an_order().replace(channel_ref="1001")
CUP, POT = (
    ReleaseLine(line_id="1", sku="CUP", quantity=2),
    ReleaseLine(line_id="2", sku="POT", quantity=1),
)


def shipped(key: str = "shipped:1") -> TellChannelShipped:
    return TellChannelShipped(order_id=ORDER.id, connector="shopify", key=key, shipment_id="parcel-1")


def cancelled(*lines: ReleaseLine) -> TellChannelCancelled:
    return TellChannelCancelled(
        order_id=ORDER.id,
        connector="shopify",
        key="cancelled:1",
        cancel_id="c",
        lines=lines,
        reason="sold out",
    )


def effect(on: Stage, command: Command, order: Order = ORDER) -> Effect:
    return an_effect(command, on.updates.render(command, a_context(order)))


def all_cancelled() -> Order:
    lines = tuple(
        line.replace(rows=(line.rows[0].replace(status=RowStatus.CANCELLED, shipment=None),))
        for line in ORDER.lines
    )
    return ORDER.replace(lines=lines, shipments=())


def places(on: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = on.shop.order("1001")["fulfillmentOrders"]
    return found


async def test_a_parcel_bears_its_number_and_the_buyer_is_told_by_shopify() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        await on.updates.send(effect(on, shipped()))
        (told,) = on.ledger.of("told_shipped")
        assert (told["tracking"], told["notified"]) == ("00340434161094042557", True)
        (made,) = on.shop.order("1001")["fulfillments"]
        assert made["trackingInfo"][0]["company"] == "DHL"
        assert [line["remainingQuantity"] for line in places(on)[0]["lineItems"]] == [0, 1]


async def test_the_shop_may_be_asked_not_to_mail() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        on.connector = on.open(notify_customer=False)
        await on.updates.send(effect(on, shipped()))
        assert on.ledger.of("told_shipped")[0]["notified"] is False


async def test_a_parcel_from_fulfilment_orders_that_were_split_and_moved_is_told_in_two() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        first = places(on)[0]
        line = first["lineItems"][0]
        line["remainingQuantity"] = 1
        elsewhere = {
            "id": "gid://shopify/FulfillmentOrder/9", "status": "OPEN",
            "assignedLocation": {"location": {"id": "gid://shopify/Location/2"}},
            "lineItems": [{**line, "id": "gid://shopify/FulfillmentOrderLineItem/9"}],
        }  # fmt: skip
        places(on).append(elsewhere)
        await on.updates.send(effect(on, shipped()))
        assert [told["lines"] for told in on.ledger.of("told_shipped")] == [{"1": 1}, {"1": 1}]
        assert await on.updates.look_up(effect(on, shipped())) is not None


async def test_what_was_told_in_part_is_completed_and_not_repeated() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        half = ORDER.replace(shipments=(a_parcel("parcel-1").replace(lines=(CUP.replace(quantity=1),)),))
        await on.updates.send(effect(on, shipped(), half))
        assert await on.updates.look_up(effect(on, shipped())) is None
        await on.updates.send(effect(on, shipped()))
        assert [told["lines"] for told in on.ledger.of("told_shipped")] == [{"1": 1}, {"1": 1}]


@pytest.mark.parametrize("status", ["ON_HOLD", "CLOSED", "CANCELLED"])
async def test_what_no_open_fulfilment_order_has_is_refused_by_line(status: str) -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        places(on)[0]["status"] = status
        with pytest.raises(RejectedError, match="2 of line 1") as refused:
            await on.updates.send(effect(on, shipped()))
        assert refused.value.code == "not_open"


async def test_a_parcel_without_a_number_is_known_by_its_units() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        order = ORDER.replace(shipments=(a_parcel("parcel-1").replace(tracking_number=None, carrier=None),))
        for _ in range(2):
            await on.updates.send(effect(on, shipped(), order))
        assert len(on.ledger.of("told_shipped")) == 1


async def test_a_whole_cancellation_is_a_job_that_is_waited_for() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock, job_looks=3) as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        telling = effect(on, cancelled(CUP, POT), all_cancelled())
        sending = asyncio.create_task(on.updates.send(telling))
        while not sending.done():
            await asyncio.sleep(0.01)
            clock.advance(1)
        await sending
        order = on.shop.order("1001")
        assert order["cancelledAt"] is not None
        assert [one["kind"] for one in order["transactions"]] == ["AUTHORIZATION", "VOID"]
        assert on.shop.books.variants["CUP"].available == 50
        assert await on.updates.look_up(telling) is not None


async def test_a_job_that_nobody_can_be_asked_about_leaves_the_cancellation_in_doubt() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock, job_looks=2) as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        on.faults.plan["http_429"] = {f"Job:{_next_job(on)}"}
        telling = effect(on, cancelled(CUP, POT), all_cancelled())
        sending = asyncio.create_task(on.updates.send(telling))
        while not sending.done():
            await asyncio.sleep(0.01)
            clock.advance(1)
        with pytest.raises(OutcomeUnknownError):
            await sending
        assert await on.updates.look_up(telling) is None


def _next_job(on: Stage) -> str:
    """Return the id that the next thing of the shop's will have."""
    number = next(on.shop.books.numbers)
    return f"gid://shopify/Job/{number + 1}"


async def test_a_cancellation_that_the_shop_made_itself_is_not_made_again() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        on.shop.cancel("1001")
        for order in (all_cancelled(), ORDER):
            await on.updates.send(effect(on, cancelled(POT), order))
        assert on.ledger.of("told_cancelled") == []


async def test_units_that_are_cancelled_leave_an_order_that_goes_on_and_no_money_moves() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001, payment="paid")
        telling = effect(on, cancelled(POT))
        for _ in range(2):
            await on.updates.send(telling)
        order = on.shop.order("1001")
        assert [line["currentQuantity"] for line in order["lineItems"]] == [2, 0]
        assert [one["kind"] for one in order["transactions"]] == ["SALE"]
        assert len(order["refunds"]) == 1
        assert await on.updates.look_up(telling) is not None


async def test_an_order_that_was_shipped_can_not_be_cancelled_and_shopify_says_so() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        await on.updates.send(effect(on, shipped()))
        with pytest.raises(RejectedError, match="has fulfillments"):
            await on.updates.send(effect(on, cancelled(CUP, POT), all_cancelled()))


async def test_each_word_is_a_tag_and_the_same_word_is_the_same_tag() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        for status in [*ChannelStatus, ChannelStatus.CONFIRMED]:
            word = TellChannelStatus(order_id=ORDER.id, connector="shopify", key=status, status=status)
            telling = effect(on, word)
            await on.updates.send(telling)
            assert await on.updates.look_up(telling) is not None
        assert on.shop.order("1001")["tags"] == [f"hub: {one.replace('_', ' ')}" for one in ChannelStatus]


async def test_what_can_not_be_said_is_refused_before_it_is_sent() -> None:
    async with stage() as on:
        strange = TellChannelStatus(order_id=ORDER.id, connector="shopify", key="s", status="teleported")
        for command, order, said in (
            (strange, ORDER, "back_ordered"),
            (shipped(), ORDER.replace(shipments=()), "parcel-1"),
        ):
            with pytest.raises(RejectedError, match=said):
                on.updates.render(command, a_context(order))


async def test_an_order_that_shopify_does_not_know_is_refused() -> None:
    async with stage() as on:
        with pytest.raises(RejectedError, match="1001"):
            await on.updates.send(effect(on, shipped()))


async def test_what_is_stored_says_what_is_meant() -> None:
    async with stage() as on:
        assert json.loads(effect(on, shipped()).outgoing.body) == {
            "order": "gid://shopify/Order/1001",
            "units": {"1": 2},
            "tracking": "00340434161094042557",
            "carrier": "DHL",
            "notify": True,
        }
