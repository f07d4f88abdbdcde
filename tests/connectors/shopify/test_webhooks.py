"""A webhook is kept as it came, answered, and has its order fetched; whoever did not sign it is nobody."""

import asyncio
import base64
import hmac
import json
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.shopify.webhooks import LARGEST_BYTES, order_of, verify
from core.errors import DoorError
from core.ports import DoorRequest
from tests.connectors.shopify.stage import CUPS_AND_POT, Stage, stage

NEWS = {"id": 1001, "admin_graphql_api_id": "gid://shopify/Order/1001", "updated_at": "2026-11-20T12:00:00Z"}


def signed(
    body: bytes, secret: str, webhook_id: str = "w-1", topic: str = "orders/updated", **headers: str
) -> DoorRequest:
    mark = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
    said = {"x-shopify-hmac-sha256": mark, "x-shopify-webhook-id": webhook_id, "x-shopify-topic": topic}
    return DoorRequest("POST", "/webhook", {**said, **headers}, {}, {}, body)


async def fetched(on: Stage) -> None:
    """Wait until what webhooks told of was fetched."""
    doors: Any = on.connector.doors[0].handler
    await doors.__self__.idle()


async def test_the_order_that_a_webhook_is_about_is_fetched_and_handed_in() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        body = json.dumps(NEWS).encode()
        answer = await on.knock(signed(body, on.shop.client_secret))
        assert answer.status == 200
        await fetched(on)
        news, order = on.desk.kept.values()
        assert (news.kind, news.body, news.external_id) == ("news", body, "webhook:w-1")
        assert on.connector.readers["news"](news) == ()
        assert json.loads(order.body)["order"]["legacyResourceId"] == "1001"


async def test_a_webhook_that_comes_twice_is_kept_once_and_fetches_once() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        for _ in range(2):
            await on.knock(signed(json.dumps(NEWS).encode(), on.shop.client_secret))
            await fetched(on)
        assert on.shop.api.calls.count("query Order") == 1


async def test_several_webhooks_about_an_order_leave_one_document_of_each_of_its_states() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        for n in range(5):
            await on.knock(signed(json.dumps(NEWS).encode(), on.shop.client_secret, f"w-{n}"))
        await fetched(on)
        assert len(on.desk.orders()) == 1


async def test_nothing_is_answered_before_it_is_kept() -> None:
    async with stage() as on:
        on.desk.refusing = DoorError(503, "busy", "Later")
        with pytest.raises(DoorError) as refused:
            await on.knock(signed(json.dumps(NEWS).encode(), on.shop.client_secret))
        assert refused.value.status == 503
        assert on.shop.api.calls == []


async def test_an_order_that_can_not_be_fetched_is_left_to_the_poll() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        await on.shop.stop()
        answer = await on.knock(signed(json.dumps(NEWS).encode(), on.shop.client_secret))
        await fetched(on)
        assert (answer.status, on.desk.orders()) == (200, [])
        await on.shop.start()
        assert await on.open(since="2020-01-01T00:00:00Z").feeds[0].poll(on.desk) == 1


async def test_an_order_that_shopify_does_not_show_is_no_document() -> None:
    async with stage() as on:
        await on.knock(signed(json.dumps(NEWS).encode(), on.shop.client_secret))
        await fetched(on)
        assert on.desk.orders() == []


@pytest.mark.parametrize("signature", ["", "AAAA", "\u00e9", "=" * 500])
async def test_what_is_not_signed_is_refused_unread(signature: str) -> None:
    async with stage() as on:
        request = signed(b"not even JSON", on.shop.client_secret, **{"x-shopify-hmac-sha256": signature})
        with pytest.raises(DoorError) as refused:
            await on.knock(request)
        assert refused.value.status == 401
        assert on.shop.client_secret not in str(refused.value)
        assert on.desk.kept == {}


async def test_both_secrets_of_a_rotation_are_accepted() -> None:
    async with stage() as on:
        on.connector = on.open(previous_secrets=(SecretStr("the old one"),))
        for n, secret in enumerate(("the old one", on.shop.client_secret)):
            assert (await on.knock(signed(b"{}", secret, f"w-{n}"))).status == 200
        with pytest.raises(DoorError):
            await on.knock(signed(b"{}", "a third one"))


def test_the_signature_is_over_the_raw_bytes() -> None:
    body = b'{"a": 1}'
    mark = "5DKzjXjkohPEBrtMM0T94txB5iNDgg2uz4+OQtFkfio="  # openssl dgst -sha256 -hmac hush -binary | base64
    verify(mark, body, [SecretStr("hush")])
    with pytest.raises(DoorError):
        verify(mark, b'{"a":1}', [SecretStr("hush")])


@pytest.mark.parametrize("body", [b"", b"[]", b"nope", b"[" * 100_000, b"\xff"])
async def test_a_signed_body_that_is_no_object_is_refused(body: bytes) -> None:
    async with stage() as on:
        with pytest.raises(DoorError) as refused:
            await on.knock(signed(body, on.shop.client_secret))
        assert refused.value.status == 400


async def test_what_is_too_large_is_refused_unread() -> None:
    async with stage() as on:
        with pytest.raises(DoorError) as refused:
            await on.knock(signed(b" " * (LARGEST_BYTES + 1), on.shop.client_secret))
        assert refused.value.status == 413


@pytest.mark.parametrize("webhook_id", ["", "x" * 500, "a\nb"])
async def test_a_webhook_without_a_name_of_its_own_is_refused(webhook_id: str) -> None:
    async with stage() as on:
        with pytest.raises(DoorError) as refused:
            await on.knock(signed(b"{}", on.shop.client_secret, webhook_id))
        assert refused.value.code == "webhook_unreadable"


@pytest.mark.parametrize(
    ("body", "order"),
    [
        (NEWS, "gid://shopify/Order/1001"),
        ({"id": 5, "order_id": 1001}, "gid://shopify/Order/1001"),
        ({"order_edit": {"id": 7, "order_id": 1001}}, "gid://shopify/Order/1001"),
        (
            {"id": 5, "admin_graphql_api_id": "gid://shopify/Refund/5", "order_id": 1001},
            "gid://shopify/Order/1001",
        ),
        ({"admin_graphql_api_id": "gid://shopify/Order/x"}, None),
        ({"order_id": True}, None),
        ({"order_id": "1001"}, None),
        ({"order_edit": 3}, None),
        ({}, None),
    ],
)
def test_each_topic_names_its_order_in_its_own_way(body: dict[str, Any], order: str | None) -> None:
    assert order_of(json.dumps(body).encode()) == order


async def test_the_shops_webhooks_arrive_whatever_befalls_them() -> None:
    async with stage() as on:
        on.listen()
        for fault in ("duplicate_webhook", "forged_webhook"):
            on.faults.plan[fault] = {"1001"}
        on.shop.place(CUPS_AND_POT, number=1001)
        on.shop.pay("1001")
        await on.shop.delivery.idle()
        await fetched(on)
        assert on.ledger.of("contradiction") == []
        assert [raw.kind for raw in on.desk.kept.values()].count("news") == 3


async def test_a_connector_that_closes_leaves_its_fetches_to_the_poll() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT, number=1001)
        on.faults.plan["timeout_before"] = {"Order:gid://shopify/Order/1001"}
        await on.knock(signed(json.dumps(NEWS).encode(), on.shop.client_secret))
        await asyncio.sleep(0)
        await on.connector.close()
        assert on.desk.orders() == []
