"""The shop and the doors, together: what each does when the other misbehaves."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from canonical.order import Order
from connectors.webstore.simulator import Shop, ShopRefusedError
from core.clock import ManualClock, SystemClock
from core.simulator import Faults, Ledger, Workshop
from tests.connectors.webstore.asking import Counter, ToTheDoors
from tests.connectors.webstore.building import wire_order
from tests.contracts.building import NOON, an_order


class Market:
    """A shop in front of the doors."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock(NOON)
        self.ledger, self.faults = Ledger(self.clock), Faults()
        self.shop = Shop(Workshop("webstore", self.clock, self.ledger, self.faults, folder))
        self.counter, self.url = Counter(), ""

    async def open(self) -> None:
        """Give the doors the shop's secrets, and the shop the way to the doors."""
        told = await self.shop.start()
        self.url = str(told["webhook_url"])
        self.counter = Counter(**told)
        self.shop.connect("http://hub.example/connectors/webstore", ToTheDoors(self.counter))


@pytest.fixture
async def market(tmp_path: Path) -> AsyncIterator[Market]:
    market = Market(tmp_path)
    await market.open()
    yield market
    await market.shop.stop()


async def test_an_order_reaches_the_hub_and_the_ledger(market: Market) -> None:
    answer = await market.shop.place(wire_order())
    assert list(market.counter.desk.received) == ["order:W-1001"]
    assert [entry["key"] for entry in market.ledger.of("ordered")] == ["W-1001"]
    assert (await market.shop.look(answer))["status"] == "received"


async def test_what_the_hub_refuses_is_told_with_its_reasons(market: Market) -> None:
    with pytest.raises(ShopRefusedError) as refused:
        await market.shop.place(wire_order(total="1.00"))
    assert refused.value.status == 422
    assert refused.value.problem["errors"][0]["field"] == "/total"
    assert market.ledger.of("ordered") == []
    assert market.ledger.of("refused")[0]["key"] == "W-1001"


@pytest.mark.parametrize(
    "fault",
    ["bad_signature", "clock_skew", "malformed", "wrong_type", "duplicate_request", "lost_answer"],
)
async def test_whatever_goes_wrong_on_the_way_ends_in_one_order(market: Market, fault: str) -> None:
    market.faults.plan[fault] = {"W-1001"}
    await market.shop.place(wire_order())
    assert market.faults.happened[fault] == 1
    assert len(market.counter.desk.received) == 1
    assert len(market.ledger.of("ordered")) == 1


class SlowRoad(ToTheDoors):
    """A way on which the first request takes ten minutes."""

    def __init__(self, counter: Counter, clocks: list[ManualClock]) -> None:
        super().__init__(counter)
        self._clocks = clocks

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        while self._clocks:
            self._clocks.pop().advance(600)
        return await super().handle_async_request(request)


async def test_an_order_that_took_too_long_is_signed_anew(market: Market) -> None:
    road = SlowRoad(market.counter, [market.counter.clock])
    market.shop.connect("http://hub.example/connectors/webstore", road)
    placing = asyncio.create_task(market.shop.place(wire_order()))
    while not market.ledger.of("ordered") and not placing.done():
        await asyncio.sleep(0.01)
        market.clock.advance(600)
    assert (await placing)["order"] == "W-1001"


async def test_a_cancellation_may_overtake_its_order(market: Market) -> None:
    market.faults.plan["out_of_order"] = {"W-1001"}
    await market.shop.place_then_cancel(wire_order())
    await market.shop.place_then_cancel(wire_order("W-1002"))
    kinds = [raw.kind for raw in market.counter.desk.received.values()]
    assert kinds == ["cancel", "order", "order", "cancel"]


async def test_an_order_may_be_changed(market: Market) -> None:
    await market.shop.amend("W-1001", "a-1", {"quantities": [{"line": "1", "quantity": 1}]})
    assert market.counter.desk.received["amend:a-1"].kind == "amendment"
    assert market.ledger.of("amend_asked")[0]["key"] == "W-1001"


async def test_the_shop_sees_stock(market: Market) -> None:
    assert await market.shop.stock("CUP", "NIX") == {"CUP": 10, "NIX": None}


async def test_a_reference_with_a_number_sign_finds_its_way(market: Market) -> None:
    placed: Order = an_order("#1001")
    await market.shop.place(wire_order("#1001"))
    await market.shop.cancel("#1001", cancel_id="c-1")
    market.counter.desk.orders["#1001"] = placed
    assert {raw.kind for raw in market.counter.desk.received.values()} == {"order", "cancel"}


async def test_a_hub_that_is_away_is_asked_again(tmp_path: Path) -> None:
    clock = SystemClock(speed=10_000)
    shop = Shop(Workshop("webstore", clock, Ledger(clock), Faults(), tmp_path))
    shop.connect("http://127.0.0.1:9/connectors/webstore")
    with pytest.raises(ShopRefusedError, match="did not answer"):
        await asyncio.wait_for(shop.place(wire_order()), 30)
    await shop.stop()


async def test_a_shop_that_was_away_serves_at_its_old_address(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    shop = Shop(Workshop("webstore", clock, Ledger(clock), Faults(), tmp_path))
    first = await shop.start()
    await shop.stop()
    assert await shop.start() == first
    await shop.stop()


async def test_a_shop_that_runs_alone_places_what_it_is_given(market: Market) -> None:
    url = market.url.replace("/webhooks", "/control/orders")
    async with httpx.AsyncClient(trust_env=False) as hand:
        taken = await hand.post(url, json=wire_order())
        refused = await hand.post(url, json=wire_order("W-2", total="1"))
        lost = await hand.get(url)
    assert (taken.status_code, refused.status_code, lost.status_code) == (202, 422, 404)
    assert taken.json()["order"] == "W-1001"


async def test_a_webhook_that_is_not_from_the_hub_is_refused(market: Market) -> None:
    async with httpx.AsyncClient(trust_env=False) as stranger:
        answer = await stranger.post(market.url, json={"type": "order.shipped"})
        asked = await stranger.get(f"{market.url}/1")
    assert (answer.status_code, asked.status_code) == (401, 401)
    assert market.ledger.of("told_shipped") == []
