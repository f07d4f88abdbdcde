"""The simulated Signifyd does what Signifyd's documentation says, and nothing for the connector's sake."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.signifyd.simulator import SignifydSimulator
from connectors.signifyd.simulator.delivery import MOST_RETRIES, signature
from connectors.signifyd.simulator.desk import MOST_UPDATES
from core.clock import ManualClock
from core.loopback import LoopbackServer
from core.simulator import Faults, Ledger, Workshop
from tests.contracts.building import NOON

KEY = "simulatedTeamApiKey0001"
SALE: dict[str, Any] = {
    "orderId": "shop:1",
    "purchase": {
        "createdAt": "2026-11-20T12:00:00Z", "totalPrice": 10.5, "currency": "EUR",
        "products": [{"itemId": "A", "itemQuantity": 1, "itemPrice": 10.5}],
    },
}  # fmt: skip
EVENTS = "/v3/orders/events"


class Bench:
    def __init__(self) -> None:
        self.clock, self.faults = ManualClock(NOON), Faults()
        self.ledger = Ledger(self.clock)
        self.partner = SignifydSimulator(Workshop("signifyd", self.clock, self.ledger, self.faults, Path()))
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self._ear = LoopbackServer(self)

    async def open(self) -> None:
        told = await self.partner.start()
        assert told["api_key"] == KEY
        self.http = httpx.AsyncClient(base_url=told["api_base"], auth=(KEY, ""), trust_env=False)
        self.partner.delivery.url = await self._ear.start()

    async def close(self) -> None:
        await self.http.aclose()
        await self.partner.stop()
        await self._ear.stop()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.got.append((headers, message["body"]))
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def sell(self, **changes: Any) -> dict[str, Any]:
        answer = await self.http.post(f"{EVENTS}/sales", json={**SALE, **changes})
        assert answer.status_code == 201
        found: dict[str, Any] = answer.json()
        return found

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        for _ in range(20):
            await asyncio.sleep(0.005)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    await bench.open()
    yield bench
    await bench.close()


async def test_a_sale_is_decided_at_once_unless_something_else_is_planned(bench: Bench) -> None:
    shown = await bench.sell()
    assert (shown["orderId"], shown["decision"]["checkpointAction"]) == ("shop:1", "ACCEPT")
    assert shown["coverage"]["fraudChargebacks"] == {"amount": 10.5, "currency": "EUR"}
    assert (await bench.http.get("/v3/orders/shop%3A1/decision")).json() == shown
    assert [entry["kind"] for entry in bench.ledger.entries] == ["screened", "decided"]


async def test_nobody_gets_in_without_the_key(bench: Bench) -> None:
    for auth in (("wrong", ""), ("", KEY)):
        answer = await bench.http.post(f"{EVENTS}/sales", json=SALE, auth=auth)
        assert (answer.status_code, answer.json()["messages"]) == (401, ["not authenticated"])
    async with httpx.AsyncClient(base_url=bench.http.base_url, trust_env=False) as stranger:
        for header in ("Basic %%", "Bearer x"):
            answer = await stranger.post(f"{EVENTS}/sales", json=SALE, headers={"authorization": header})
            assert answer.status_code == 401
    assert not bench.ledger.entries


async def test_an_order_that_nobody_sold_is_unknown(bench: Bench) -> None:
    assert (await bench.http.get("/v3/orders/shop%3A9/decision")).status_code == 404
    told = {"orderId": "shop:9", "transactions": [{"transactionId": "t", "gatewayStatusCode": "SUCCESS"}]}
    assert (await bench.http.post(f"{EVENTS}/transactions", json=told)).status_code == 404
    assert (await bench.http.get("/v3/elsewhere")).status_code == 404


async def test_a_sale_of_a_known_order_is_decided_anew_and_later(bench: Bench) -> None:
    first = await bench.sell()
    second = await bench.sell()
    assert first["signifydId"] == second["signifydId"]
    assert first["decision"]["createdAt"] < second["decision"]["createdAt"]
    assert [entry["turn"] for entry in bench.ledger.of("screened")] == [1, 2]


async def test_the_hundredth_update_is_rejected(bench: Bench) -> None:
    await bench.sell()
    bench.partner.desk.cases["shop:1"].updates = MOST_UPDATES - 1
    assert (await bench.sell())["decision"]["checkpointAction"] == "REJECT"


async def test_a_decision_may_take_its_time(bench: Bench) -> None:
    bench.partner.plan("shop:1", "REJECT", 600)
    assert (await bench.sell())["decision"] is None
    await bench.pass_time(599)
    assert not bench.got
    await bench.pass_time(2)
    ((headers, body),) = bench.got
    assert headers["signifyd-checkpoint"] == "SALE"
    assert headers["signifyd-sec-hmac-sha256"] == signature(KEY, body)
    assert json.loads(body)["decision"]["checkpointAction"] == "REJECT"


async def test_a_decision_may_never_come(bench: Bench) -> None:
    bench.partner.plan("shop:1", "ACCEPT", None)
    await bench.sell()
    await bench.pass_time(10_000_000)
    assert not bench.got


async def test_a_webhook_that_is_not_taken_comes_again_and_is_given_up_at_last(bench: Bench) -> None:
    bench.status = 500
    await bench.sell()
    await bench.pass_time(0)
    for _ in range(MOST_RETRIES + 3):
        await bench.pass_time(4 * 24 * 3600)
    assert len(bench.got) == MOST_RETRIES + 1
    assert not bench.partner.delivery.waiting


async def test_what_waits_is_delivered_after_an_outage(bench: Bench) -> None:
    bench.status = 500
    await bench.sell()
    await bench.pass_time(0)
    await bench.partner.stop()
    bench.status = 200
    await bench.partner.start()
    await bench.pass_time(0)
    assert bench.partner.delivery.delivered == 1


async def test_somebody_at_the_console_decides(bench: Bench) -> None:
    bench.partner.plan("shop:1", "HOLD")
    await bench.sell()
    bench.partner.review("shop:1", "ACCEPT", "MERCHANT_REVIEW")
    await bench.pass_time(0)
    assert [headers["signifyd-checkpoint"] for headers, _ in bench.got] == ["SALE", "MERCHANT_REVIEW"]


@pytest.mark.parametrize(
    ("event", "document", "field"),
    [
        ("sales", {"orderId": "shop:1"}, "purchase.createdAt"),
        ("sales", {**SALE, "purchase": {**SALE["purchase"], "totalPrice": "10"}}, "purchase.totalPrice"),
        ("sales", {**SALE, "purchase": {**SALE["purchase"], "products": []}}, "purchase.products"),
        ("sales", {**SALE, "decisionDelivery": "LATER"}, "decisionDelivery"),
        ("transactions", {"orderId": "shop:1", "transactions": []}, "transactions[].transactionId"),
        ("fulfillments", {"orderId": "shop:1", "fulfillmentStatus": "GONE"}, "fulfillmentStatus"),
        ("returns/records", {"orderId": "shop:1", "returnedItems": [{"itemId": "A"}]}, "returnId"),
        (
            "returns/records",
            {"orderId": "shop:1", "returnId": "r", "returnedItems": [{"itemId": "A", "itemQuantity": 0}]},
            "returnedItems.itemQuantity",
        ),
        ("sales", [1], ""),
    ],
)
async def test_what_is_not_as_documented_is_refused_by_field(
    bench: Bench, event: str, document: Any, field: str
) -> None:
    answer = await bench.http.post(f"{EVENTS}/{event}", json=document)
    assert answer.status_code == 400
    assert field in answer.json()["errors"]


async def test_what_is_no_json_is_refused(bench: Bench) -> None:
    assert (await bench.http.post(f"{EVENTS}/sales", content=b"{")).status_code == 400


async def test_a_thing_that_is_told_again_is_the_same_thing(bench: Bench) -> None:
    await bench.sell()
    parcel = {"shipmentId": "s1", "products": [{"itemId": "A", "itemQuantity": 1}]}
    told = {"orderId": "shop:1", "fulfillmentStatus": "COMPLETE", "fulfillments": [parcel]}
    for _ in range(2):
        answer = await bench.http.post(f"{EVENTS}/fulfillments", json=told)
        assert answer.json() == {"orderId": "shop:1", "shipmentIds": ["s1"]}
    assert [entry["again"] for entry in bench.ledger.of("told_fulfillment")] == [False, True]


async def test_troubles_come_when_they_are_asked_for(bench: Bench) -> None:
    subject = "sales shop:1"
    for fault, status in {
        "http_429": 429,
        "http_409": 409,
        "http_503": 503,
        "http_500": 500,
        "http_400": 400,
    }.items():
        bench.faults.plan[fault] = {subject}
        answer = await bench.http.post(f"{EVENTS}/sales", json=SALE)
        assert answer.status_code == status
        assert (answer.headers.get("retry-after") == "2") is (status == 429)
    assert not bench.ledger.entries
    bench.faults.plan["webhook_delayed"] = {"SALE shop:1"}
    bench.faults.plan["webhook_out_of_order"] = {"SALE shop:1"}
    await bench.sell()
    await bench.pass_time(600)
    assert not bench.got
    await bench.pass_time(6)
    assert len(bench.got) == 1
