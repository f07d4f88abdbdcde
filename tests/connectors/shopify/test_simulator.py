"""The shop is strict where Shopify is: schema, keys, money, quantities."""

import json
from typing import Any

import httpx
import pytest

from connectors.shopify.documents import number
from connectors.shopify.simulator.state import UserError
from tests.connectors.shopify.stage import CUPS_AND_POT, Stage, stage


async def ask(on: Stage, query: str, **variables: Any) -> dict[str, Any]:
    """Ask the shop as a stranger to the connector would."""
    async with httpx.AsyncClient(base_url=on.settings.shop_url, trust_env=False) as http:
        form = {
            "grant_type": "client_credentials",
            "client_id": on.shop.client_id,
            "client_secret": on.shop.client_secret,
        }
        token = (await http.post("/admin/oauth/access_token", data=form)).json()["access_token"]
        answer = await http.post(
            "/admin/api/2026-10/graphql.json",
            headers={"x-shopify-access-token": token},
            content=json.dumps({"query": query, "variables": variables}),
        )
    said: dict[str, Any] = answer.json()
    return said


async def test_a_field_that_is_not_in_the_schema_is_refused_as_graphql_does() -> None:
    async with stage() as on:
        said = await ask(on, "{ shop { colour } }")
        assert "Cannot query field 'colour' on type 'Shop'" in said["errors"][0]["message"]
        assert "Syntax Error" in (await ask(on, "{ shop"))["errors"][0]["message"]


async def test_a_refund_without_a_key_is_refused_at_run_time() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, "paid", 1001)
        query = "mutation R($i: RefundInput!) { refundCreate(input: $i) { refund { id } } }"
        said = await ask(on, query, i={"orderId": "gid://shopify/Order/1001"})
        assert "@idempotent" in said["errors"][0]["message"]


async def test_a_key_that_comes_with_other_input_is_refused() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, "paid", 1001)
        query = (
            'mutation R($i: RefundInput!) { refundCreate(input: $i) @idempotent(key: "k") { refund { id } } }'
        )
        order = {"orderId": "gid://shopify/Order/1001"}
        first, second = [await ask(on, query, i=order) for _ in range(2)]
        assert first["data"] == second["data"]
        third = await ask(on, query, i={**order, "note": "other"})
        assert third["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"


async def test_every_call_says_what_it_cost_and_what_is_left() -> None:
    async with stage(points=100, restore_rate=50) as on:
        said = await ask(on, "{ shop { name } }")
        assert said["extensions"]["cost"]["throttleStatus"] == {
            "maximumAvailable": 100.0,
            "currentlyAvailable": 88,
            "restoreRate": 50.0,
        }


async def test_a_stranger_gets_no_answer() -> None:
    async with (
        stage() as on,
        httpx.AsyncClient(base_url=on.settings.shop_url, trust_env=False) as http,
    ):
        assert (await http.post("/admin/api/2026-10/graphql.json", content=b"{}")).status_code == 401
        assert (await http.post("/admin/oauth/access_token", data={"client_id": "x"})).status_code == 400
        assert (await http.get("/admin/products.json")).status_code == 404


async def test_the_shops_own_stock_falls_with_each_sale_and_rises_with_a_cancellation() -> None:
    async with stage() as on:
        reference = on.shop.place(CUPS_AND_POT)
        assert on.shop.books.variants["CUP"].available == 48
        on.shop.cancel(reference)
        assert on.shop.books.variants["CUP"].available == 50


async def test_the_books_refuse_what_shopify_refuses() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, "paid", 1001)
        for amount in ("44.81", "0"):
            with pytest.raises(UserError):
                on.shop.refund("1001", amount)
        with pytest.raises(UserError):
            on.shop.order("1002")
        assert on.shop.order("1001")["displayFinancialStatus"] == "PAID"
        on.shop.refund("1001", "44.80")
        assert on.shop.order("1001")["displayFinancialStatus"] == "REFUNDED"


async def test_the_api_says_what_is_wrong_with_each_change() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        held = on.shop.transaction("1001", "AUTHORIZATION")["id"]
        order = "gid://shopify/Order/1001"
        captured = (
            "mutation C($i: OrderCaptureInput!) { orderCapture(input: $i) { userErrors { field message } } }"
        )
        for wrong in (
            {"amount": "50"},
            {"amount": "0"},
            {"currency": "USD"},
            {"parentTransactionId": "gid://shopify/OrderTransaction/1"},
            {"id": "gid://shopify/Order/1"},
        ):
            wanted = {"id": order, "parentTransactionId": held, "amount": "1.00", **wrong}
            said = await ask(on, captured, i=wanted)
            assert said["data"]["orderCapture"]["userErrors"], wrong
        tag = 'mutation T { tagsAdd(id: "gid://shopify/Order/7", tags: ["x"]) { userErrors { message } } }'
        assert (await ask(on, tag))["data"]["tagsAdd"]["userErrors"]
        mark = "mutation M($m: [MetafieldsSetInput!]!) { metafieldsSet(metafields: $m) { userErrors { message } } }"
        field = {"ownerId": "gid://shopify/Order/7", "key": "k", "value": "v"}
        assert (await ask(on, mark, m=[field]))["data"]["metafieldsSet"]["userErrors"]
        void = "mutation V($p: ID!) { transactionVoid(parentTransactionId: $p) { userErrors { code } } }"
        unknown = "gid://shopify/OrderTransaction/1"
        assert (await ask(on, void, p=unknown))["data"]["transactionVoid"]["userErrors"] == [
            {"code": "AUTH_NOT_FOUND"}
        ]
        assert (await ask(on, '{ job(id: "gid://shopify/Job/1") { done } }'))["data"]["job"] is None


async def test_more_units_than_are_open_can_not_be_taken_off() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        query = (
            "mutation R($i: RefundInput!, $k: String!) "
            "{ refundCreate(input: $i) @idempotent(key: $k) { userErrors { message } } }"
        )
        line = on.shop.order("1001")["lineItems"][0]["id"]
        for n, unit in enumerate(
            ({"lineItemId": line, "quantity": 3}, {"lineItemId": "gid://shopify/LineItem/77", "quantity": 1})
        ):
            wanted = {
                "orderId": "gid://shopify/Order/1001",
                "refundLineItems": [{**unit, "restockType": "CANCEL"}],
            }
            said = await ask(on, query, i=wanted, k=str(n))
            assert said["data"]["refundCreate"]["userErrors"]
        assert number(line) == "1"
