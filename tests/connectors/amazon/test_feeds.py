"""No order is lost on its way in: notifications bring it at once, polling brings what they lose."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from canonical.documents import OrderDocument
from connectors.amazon.slicing import orders_of
from core.errors import DocumentError, RetryableError
from tests.connectors.amazon.stage import CUPS, POT, Basket, Stage, a_stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path, page_size=3) as made:
        yield made


def refs(basket: Basket, kind: str = "order") -> list[str]:
    return sorted(json.loads(raw.body)["orderId"] for raw in basket.of(kind))


async def poll(stage: Stage, basket: Basket, *, after_s: float = 180) -> int:
    stage.clock.advance(after_s)
    return await stage.feed("orders").poll(basket)


# --- polling ---


async def test_every_page_of_a_search_is_handed_in(stage: Stage) -> None:
    for n in range(8):
        stage.market.sell(f"A-{n}", [CUPS])
    basket = Basket()
    assert await poll(stage, basket) == 8
    assert refs(basket) == [f"A-{n}" for n in range(8)]


async def test_an_order_is_handed_in_as_the_text_that_amazon_sent(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS, POT])
    basket = Basket()
    await poll(stage, basket)
    (raw,) = basket.of("order")
    (document,) = stage.read(raw)
    assert isinstance(document, OrderDocument)
    assert json.loads(raw.body)["orderId"] == document.channel_ref == "A-1"


async def test_an_order_at_the_edge_of_a_search_is_found_by_the_next(stage: Stage) -> None:
    """Amazon shows what changed until two minutes ago."""
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    assert await poll(stage, basket, after_s=60) == 0
    stage.market.sell("A-2", [CUPS])
    assert await poll(stage, basket, after_s=60) == 1
    assert await poll(stage, basket, after_s=60) == 1
    assert refs(basket) == ["A-1", "A-2"]


async def test_what_the_overlap_shows_again_is_not_stored_again(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    assert [await poll(stage, basket) for _ in range(3)] == [1, 0, 0]


async def test_a_changed_order_comes_again(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS], status="PENDING")
    basket = Basket()
    await poll(stage, basket)
    stage.market.paid("A-1")
    assert await poll(stage, basket) == 1
    assert len(basket.of("order")) == 2


async def test_the_first_search_goes_back_a_day_or_as_far_as_it_is_set_to(stage: Stage) -> None:
    stage.market.sell("OLD", [CUPS])
    stage.clock.advance(timedelta(days=3).total_seconds())
    stage.market.sell("NEW", [CUPS])
    basket = Basket()
    await poll(stage, basket)
    assert refs(basket) == ["NEW"]
    since = (stage.clock.now() - timedelta(days=30)).isoformat()
    stage.shelf.kept.clear()
    stage.opened.insert(0, stage.open(orders_since=since))
    await poll(stage, basket)
    assert refs(basket) == ["NEW", "OLD"]


async def test_a_search_that_is_cut_short_goes_on_where_it_was(stage: Stage) -> None:
    for n in range(8):
        stage.market.sell(f"A-{n}", [CUPS])
    stage.market.entrance.set_plan("searchOrders", 0.0056, 2)
    basket = Basket()
    with pytest.raises(RetryableError):
        await poll(stage, basket)
    assert len(basket.of("order")) == 6
    stage.clock.advance(400)
    await stage.feed("orders").poll(basket)
    assert refs(basket) == [f"A-{n}" for n in range(8)]


async def test_a_search_goes_on_after_a_restart(stage: Stage) -> None:
    for n in range(8):
        stage.market.sell(f"A-{n}", [CUPS])
    stage.market.entrance.set_plan("searchOrders", 0.01, 1)
    basket = Basket()
    with pytest.raises(RetryableError):
        await poll(stage, basket)
    stage.market.entrance.set_plan("searchOrders", 1, 20)
    stage.opened.insert(0, stage.open())
    await stage.feed("orders").poll(basket)
    assert refs(basket) == [f"A-{n}" for n in range(8)]


async def test_a_page_that_could_not_be_stored_is_fetched_again(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS])
    with pytest.raises(ConnectionError):
        await poll(stage, Basket(refuse=ConnectionError("the store is away")))
    basket = Basket()
    assert await poll(stage, basket) == 1


async def test_a_token_that_amazon_takes_no_more_starts_the_search_again(stage: Stage) -> None:
    for n in range(4):
        stage.market.sell(f"A-{n}", [CUPS])
    stage.market.entrance.set_plan("searchOrders", 0.01, 1)
    basket = Basket()
    with pytest.raises(RetryableError):
        await poll(stage, basket)
    position = json.loads(stage.shelf.kept["orders"])
    stage.shelf.kept["orders"] = json.dumps({**position, "token": "page-of-yesterday"})
    stage.market.entrance.set_plan("searchOrders", 1, 20)
    await poll(stage, basket)
    await poll(stage, basket)
    assert refs(basket) == [f"A-{n}" for n in range(4)]


async def test_an_order_that_is_not_whole_is_kept_and_asked_for_again(stage: Stage) -> None:
    stage.faults.plan["without_recipient"] = {"A-1"}
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    await poll(stage, basket)
    (partial,) = basket.of("partial")
    assert stage.read(partial) == ()
    assert partial.headers == {"missing": "recipient"}
    assert basket.of("order") == []
    await poll(stage, basket)
    assert refs(basket) == ["A-1"]
    assert json.loads(stage.shelf.kept["orders"])["again"] == {}


async def test_an_order_that_is_gone_is_given_up_after_two_days(stage: Stage) -> None:
    stage.faults.plan["without_recipient"] = {"A-1"}
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    await poll(stage, basket)
    del stage.market.orders.all["A-1"]
    for _ in range(40):
        await poll(stage, basket, after_s=3600)
    assert list(json.loads(stage.shelf.kept["orders"])["again"]) == ["A-1"]
    for _ in range(20):
        await poll(stage, basket, after_s=3600)
    assert json.loads(stage.shelf.kept["orders"])["again"] == {}


async def test_a_data_set_that_amazon_refuses_does_not_hide_the_orders(stage: Stage) -> None:
    stage.faults.plan["included_refused"] = {"/orders/2026-01-01/orders"}
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    await poll(stage, basket)
    assert refs(basket, "partial") == ["A-1"]
    await poll(stage, basket)
    assert refs(basket) == ["A-1"]


# --- notifications ---


async def test_a_notification_brings_its_order_at_once(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS, POT])
    basket = Basket()
    await stage.feed("notifications").poll(basket)
    assert refs(basket) == ["A-1"]
    assert len(basket.of("notification")) == 1
    assert stage.read(basket.of("notification")[0]) == ()
    assert len(stage.market.queue) == 0


async def test_a_notification_that_comes_twice_is_stored_once(stage: Stage) -> None:
    stage.faults.plan["duplicate_notification"] = {"A-1:1"}
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    await stage.feed("notifications").poll(basket)
    assert [raw.kind for raw in basket.taken] == ["notification", "order"]
    assert len(stage.market.queue) == 0


async def test_a_message_is_deleted_only_after_it_is_stored(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS])
    with pytest.raises(ConnectionError):
        await stage.feed("notifications").poll(Basket(refuse=ConnectionError("the store is away")))
    assert len(stage.market.queue) == 1
    stage.clock.advance(180)
    basket = Basket()
    await stage.feed("notifications").poll(basket)
    assert refs(basket) == ["A-1"]


async def test_a_message_whose_order_can_not_be_had_comes_again(stage: Stage) -> None:
    stage.faults.plan["http_503"] = {"getOrder:A-1"}
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    with pytest.raises(RetryableError):
        await stage.feed("notifications").poll(basket)
    assert await stage.feed("notifications").poll(basket) == 0
    stage.clock.advance(180)
    await stage.feed("notifications").poll(basket)
    assert refs(basket) == ["A-1"]
    assert len(stage.market.queue) == 0


async def test_an_order_that_can_not_be_had_does_not_hold_up_its_neighbours(stage: Stage) -> None:
    stage.faults.plan["http_503"] = {"getOrder:A-1"}
    for ref in ("A-1", "A-2"):
        stage.market.sell(ref, [CUPS])
    basket = Basket()
    with pytest.raises(RetryableError):
        await stage.feed("notifications").poll(basket)
    assert refs(basket) == ["A-2"]


async def test_an_order_that_is_not_whole_leaves_its_message_for_later(stage: Stage) -> None:
    stage.faults.plan["without_fulfillment"] = {"A-1"}
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    await stage.feed("notifications").poll(basket)
    assert (refs(basket, "partial"), refs(basket)) == (["A-1"], [])
    stage.clock.advance(180)
    await stage.feed("notifications").poll(basket)
    assert refs(basket) == ["A-1"]


async def test_an_order_that_amazon_does_not_know_is_not_asked_for_for_ever(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS])
    del stage.market.orders.all["A-1"]
    await stage.feed("notifications").poll(Basket())
    assert len(stage.market.queue) == 0


@pytest.mark.parametrize(
    "body", ["no JSON", "[]", '{"NotificationType": "REPORT_PROCESSING_FINISHED"}', "null"]
)
async def test_what_is_no_order_change_is_stored_for_a_person(stage: Stage, body: str) -> None:
    stage.market.queue.put(body)
    basket = Basket()
    await stage.feed("notifications").poll(basket)
    assert len(stage.market.queue) == 0
    with pytest.raises(DocumentError, match="NotificationType"):
        stage.read(basket.taken[0])


async def test_what_a_lost_notification_was_about_comes_by_polling(stage: Stage) -> None:
    stage.faults.plan["lost_notification"] = {"A-1:1"}
    stage.market.sell("A-1", [CUPS])
    basket = Basket()
    await stage.feed("notifications").poll(basket)
    assert basket.taken == []
    await poll(stage, basket)
    assert refs(basket) == ["A-1"]


async def test_without_a_queue_orders_come_by_polling_alone(tmp_path: Path) -> None:
    async with a_stage(tmp_path, queue=False) as stage:
        stage.market.sell("A-1", [CUPS])
        assert [feed.name for feed in stage.connector.feeds] == ["orders"]
        assert await poll(stage, Basket()) == 1


@pytest.mark.parametrize("body", [b"", b"{", b'{"orders": 5}', b"[]", b'{"other": []}', b"\xff"])
async def test_any_answer_about_orders_is_orders_or_a_reason_to_ask_again(body: bytes) -> None:
    with pytest.raises(RetryableError):
        orders_of(body)


def test_orders_are_cut_out_as_they_stand() -> None:
    body = ' {"pagination" : {"nextToken":"x"}, "orders": [ {"orderId":"1", "a": 1.50} ,{"orderId": "2"}] } '
    assert orders_of(body.encode()) == ['{"orderId":"1", "a": 1.50}', '{"orderId": "2"}']
    assert orders_of(b'{"orders": []}') == []
    assert orders_of(b'{"order": {"orderId": "3"} }') == ['{"orderId": "3"}']
