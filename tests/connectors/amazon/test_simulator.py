"""The simulator, driven by `python-amazon-sp-api` as it is: somebody else's idea of how Amazon is called."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from sp_api.asyncio.api import FeedsV20210630, ListingsItemsV20210801, OrdersV0, OrdersV20260101  # type: ignore[import-untyped] # it has no types
from sp_api.asyncio.auth import AccessTokenClient  # type: ignore[import-untyped] # it has no types
from sp_api.base import (  # type: ignore[import-untyped] # it has no types
    SellingApiBadRequestException,
    SellingApiException,
    SellingApiRequestThrottledException,
)

from connectors.amazon.simulator.market import MARKETPLACE, SELLER
from tests.connectors.amazon.stage import CUPS, POT, Stage, a_stage

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<AmazonEnvelope xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <Header><DocumentVersion>1.01</DocumentVersion><MerchantIdentifier>{seller}</MerchantIdentifier></Header>
  <MessageType>OrderAcknowledgement</MessageType>
  <Message><MessageID>1</MessageID><OrderAcknowledgement>
    <AmazonOrderID>A-1</AmazonOrderID><StatusCode>Success</StatusCode></OrderAcknowledgement></Message>
  <Message><MessageID>2</MessageID><OrderAcknowledgement>
    <AmazonOrderID>A-9</AmazonOrderID><StatusCode>Success</StatusCode></OrderAcknowledgement></Message>
</AmazonEnvelope>"""


@dataclass(frozen=True)
class Place:
    """What the library wants of a marketplace."""

    endpoint: str
    marketplace_id: str = MARKETPLACE
    region: str = "eu-west-1"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path, page_size=2) as made:
        yield made


@asynccontextmanager
async def library(stage: Stage, api: Any) -> AsyncIterator[Any]:
    class Tokens(AccessTokenClient):  # type: ignore[misc] # as above
        scheme, host = "http://", stage.told["api_base"].removeprefix("http://")

    known = stage.market.credentials
    credentials = {
        "lwa_app_id": known["client_id"],
        "lwa_client_secret": known["client_secret"],
        "refresh_token": known["refresh_token"],
    }
    place = Place(stage.told["api_base"])
    async with api(marketplace=place, credentials=credentials, auth_token_client_class=Tokens) as client:
        yield client
        await client._auth._transport.aclose()  # noqa: SLF001 - the library leaves it open


@pytest.fixture(autouse=True)
def no_tokens_of_earlier_tests() -> None:
    from sp_api.asyncio.auth import access_token_client  # noqa: PLC0415 - its cache is the process's  # type: ignore[import-untyped] # it has no types

    access_token_client.cache.clear()


async def test_orders_are_searched_page_by_page(stage: Stage) -> None:
    for n in range(5):
        stage.market.sell(f"A-{n}", [CUPS, POT])
    stage.clock.advance(300)
    async with library(stage, OrdersV20260101) as orders:
        after, found = "2026-11-20T00:00:00Z", list[str]()
        page = await orders.search_orders(lastUpdatedAfter=after, includedData=["PROCEEDS", "FULFILLMENT"])
        found += [order["orderId"] for order in page.payload["orders"]]
        while token := page.next_token:
            page = await orders.search_orders(lastUpdatedAfter=after, paginationToken=token)
            found += [order["orderId"] for order in page.payload["orders"]]
        assert found == [f"A-{n}" for n in range(5)]
        with pytest.raises(SellingApiBadRequestException):
            await orders.search_orders()


async def test_an_order_shows_the_data_sets_that_were_asked_for(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS, POT])
    async with library(stage, OrdersV20260101) as orders:
        bare = (await orders.get_order("A-1")).payload["order"]
        assert {"buyer", "recipient", "proceeds", "fulfillment"} & bare.keys() == set()
        whole = (
            await orders.get_order("A-1", includedData=["BUYER", "RECIPIENT", "PROCEEDS", "FULFILLMENT"])
        ).payload
        assert whole["order"]["proceeds"]["grandTotal"] == {"amount": "44.80", "currencyCode": "EUR"}
        assert whole["order"]["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
        with pytest.raises(SellingApiException):
            await orders.get_order("A-9")


async def test_a_pending_order_keeps_its_prices_and_people_to_itself(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS], status="PENDING")
    names = ["BUYER", "RECIPIENT", "PROCEEDS", "FULFILLMENT"]
    async with library(stage, OrdersV20260101) as orders:
        pending = (await orders.get_order("A-1", includedData=names)).payload["order"]
        assert {"buyer", "recipient", "proceeds"} & pending.keys() == set()
        stage.market.paid("A-1")
        assert "recipient" in (await orders.get_order("A-1", includedData=names)).payload["order"]


async def test_a_confirmed_parcel_is_shown_with_its_order(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS, POT])
    package = {
        "packageReferenceId": "1", "carrierCode": "DHL", "trackingNumber": "T-1", "shipDate": "2026-11-20T12:00:00Z",
        "orderItems": [{"orderItemId": "1", "quantity": 2}],
    }  # fmt: skip
    async with library(stage, OrdersV0) as old, library(stage, OrdersV20260101) as orders:
        for _ in range(2):
            await old.confirm_shipment("A-1", marketplaceId=MARKETPLACE, packageDetail=package)
        order = (await orders.get_order("A-1", includedData=["PACKAGES", "FULFILLMENT"])).payload["order"]
        assert [one["trackingNumber"] for one in order["packages"]] == ["T-1"]
        assert order["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED"
        for wrong in (
            {"packageReferenceId": "first"},
            {"carrierCode": "Other"},
            {"trackingNumber": ""},
            {"packageReferenceId": "2", "orderItems": [{"orderItemId": "1", "quantity": 1}]},
        ):
            with pytest.raises(SellingApiBadRequestException):
                await old.confirm_shipment(
                    "A-1", marketplaceId=MARKETPLACE, packageDetail={**package, **wrong}
                )
    assert len(stage.ledger.of("told_shipped")) == 1


async def test_a_feed_is_uploaded_worked_off_and_reported_on(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS])
    async with library(stage, FeedsV20210630) as feeds:
        _, made = await feeds.submit_feed(
            "POST_ORDER_ACKNOWLEDGEMENT_DATA", io.BytesIO(FEED.format(seller=SELLER).encode()),
            "text/xml; charset=UTF-8", marketplaceIds=[MARKETPLACE],
        )  # fmt: skip
        feed = (await feeds.get_feed(made.payload["feedId"])).payload
        assert feed["processingStatus"] == "DONE"
        text = await feeds.get_feed_document(feed["resultFeedDocumentId"])
    report = etree.fromstring(text.encode())
    url = f"{stage.told['api_base']}/presigned/{feed['resultFeedDocumentId']}"
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.get(url)).status_code == 200
        stage.clock.advance(301)
        assert (await http.get(url)).status_code == 403
    summary = report.find("Message/ProcessingReport/ProcessingSummary")
    assert summary is not None
    assert [child.text for child in summary] == ["2", "1", "1", "0"]
    assert [r.findtext("MessageID") for r in report.iter("Result")] == ["2"]
    assert [entry["order"] for entry in stage.ledger.of("acknowledged")] == ["A-1"]


async def test_a_listing_takes_its_units(stage: Stage) -> None:
    stage.market.listings["CUP"] = 0
    patch = {
        "op": "replace", "path": "/attributes/fulfillment_availability",
        "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 7}],
    }  # fmt: skip
    async with library(stage, ListingsItemsV20210801) as listings:
        body = {"productType": "PRODUCT", "patches": [patch]}
        answer = await listings.patch_listings_item(SELLER, "CUP", marketplaceIds=[MARKETPLACE], body=body)
    assert answer.payload["status"] == "ACCEPTED"
    assert stage.market.listings == {"CUP": 7}


async def test_who_calls_too_often_is_refused(stage: Stage) -> None:
    async with library(stage, OrdersV20260101) as orders:
        for _ in range(20):
            await orders.search_orders(lastUpdatedAfter="2026-11-20T00:00:00Z")
        with pytest.raises(SellingApiRequestThrottledException):
            await orders.search_orders(lastUpdatedAfter="2026-11-20T00:00:00Z")
        stage.clock.advance(179)
        answer = await orders.search_orders(lastUpdatedAfter="2026-11-20T00:00:00Z")
    assert answer.rate_limit == "0.0056"


async def test_a_token_ends_after_an_hour(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS])
    async with library(stage, OrdersV20260101) as orders:
        await orders.get_order("A-1")
        stage.clock.advance(3600)
        with pytest.raises(SellingApiException):
            await orders.get_order("A-1")


def test_an_order_sold_adds_up() -> None:
    assert CUPS.total + POT.total == Decimal("44.80")
