"""The client signs in by itself, keeps within the bucket, and says what each answer means for the next step."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import SHOP
from connectors.shopify.settings import ShopifySettings
from core.clock import ManualClock
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError
from tests.connectors.shopify.stage import CUPS_AND_POT, stage

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SETTINGS = ShopifySettings(
    shop_url="https://example.myshopify.com", client_id="id", client_secret=SecretStr("hush")
)


def answering(*answers: httpx.Response, clock: ManualClock | None = None) -> ShopifyClient:
    """Return a client of a shop that gives a token, and then these answers."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("access_token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 86399})
        return left.pop(0)

    return ShopifyClient(SETTINGS, clock or ManualClock(NOON), httpx.MockTransport(answer))


def said(**body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


def error(code: str, message: str = "No") -> httpx.Response:
    return said(errors=[{"message": message, "extensions": {"code": code}}])


async def test_the_connectors_test_names_the_shop() -> None:
    async with stage() as on:
        assert (
            await on.connector.test() == "example.myshopify.com (Example Shop) answers, as of version 2026-10"
        )
        with pytest.raises(UnauthorisedError, match="client_id"):
            await on.locked_out().test()


async def test_a_token_is_used_until_shortly_before_it_ends() -> None:
    clock = ManualClock(NOON)
    async with stage(clock=clock) as on:
        await on.connector.test()
        clock.advance(80_000)
        await on.connector.test()
        assert on.shop.api.tokens_given == 1
        clock.advance(6_200)
        await on.connector.test()
        assert on.shop.api.tokens_given == 2


async def test_a_token_that_ended_early_is_exchanged_without_anybody_noticing() -> None:
    async with stage() as on:
        await on.connector.test()
        on.shop.api.end_tokens()
        await on.connector.test()
        assert on.shop.api.tokens_given == 2


async def test_without_a_token_nothing_was_done() -> None:
    async with stage() as on:
        on.shop.place(CUPS_AND_POT)
        on.faults.plan["token_500"] = {"token"}
        with pytest.raises(RetryableError):
            await on.connector.test()
        assert await on.connector.test()


@pytest.mark.parametrize(
    ("answer", "change", "question"),
    [
        (httpx.Response(401), UnauthorisedError, UnauthorisedError),
        (httpx.Response(403), UnauthorisedError, UnauthorisedError),
        (httpx.Response(402), UnauthorisedError, UnauthorisedError),
        (httpx.Response(404), UnauthorisedError, UnauthorisedError),
        (httpx.Response(423), UnauthorisedError, UnauthorisedError),
        (httpx.Response(429), RetryableError, RetryableError),
        (httpx.Response(430), RetryableError, RetryableError),
        (httpx.Response(500), OutcomeUnknownError, RetryableError),
        (httpx.Response(503), OutcomeUnknownError, RetryableError),
        (httpx.Response(400), RejectedError, RejectedError),
        (httpx.Response(302), RejectedError, RejectedError),
        (httpx.Response(200, content=b"<html>"), OutcomeUnknownError, RetryableError),
        (httpx.Response(200, content=b"[]"), OutcomeUnknownError, RetryableError),
        (httpx.Response(200, content=b'{"data": null}'), OutcomeUnknownError, RetryableError),
        (httpx.Response(200, content=b"[" * 100_000), OutcomeUnknownError, RetryableError),
        (error("THROTTLED"), RetryableError, RetryableError),
        (error("", "Throttled"), RetryableError, RetryableError),
        (error("ACCESS_DENIED"), UnauthorisedError, UnauthorisedError),
        (error("INTERNAL_SERVER_ERROR"), OutcomeUnknownError, RetryableError),
        (error("undefinedField"), RejectedError, RejectedError),
        (said(errors="Not Found"), RejectedError, RejectedError),
    ],
)
async def test_each_answer_says_what_to_do_next(
    answer: httpx.Response, change: type[PartnerError], question: type[PartnerError]
) -> None:
    for ask, meaning in ((False, change), (True, question)):
        client = answering(answer, answer)
        with pytest.raises(PartnerError) as refused:
            await (client.ask(SHOP, {}) if ask else client.change("mutation X { x }", {}))
        assert type(refused.value) is meaning
        assert "hush" not in str(refused.value)
        await client.close()


async def test_shopify_is_obeyed_when_it_says_how_long_to_wait() -> None:
    client = answering(httpx.Response(429, headers={"retry-after": "2.5"}), httpx.Response(429))
    for wait_s in (2.5, None):
        with pytest.raises(RetryableError) as refused:
            await client.ask(SHOP, {})
        assert refused.value.retry_after_s == wait_s
    await client.close()


def cost(available: float, requested: float = 12) -> dict[str, Any]:
    status = {"maximumAvailable": 2000, "currentlyAvailable": available, "restoreRate": 100}
    return {"cost": {"requestedQueryCost": requested, "throttleStatus": status}}


async def test_a_throttled_query_waits_until_it_can_be_paid_for() -> None:
    throttled = [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    client = answering(said(errors=throttled, extensions=cost(100, 850)))
    with pytest.raises(RetryableError) as refused:
        await client.ask(SHOP, {})
    assert refused.value.retry_after_s == 7.5
    await client.close()


async def test_a_bucket_that_is_nearly_empty_is_left_to_fill() -> None:
    clock = ManualClock(NOON)
    slow = {"cost": {**cost(0)["cost"], "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 2}}}
    client = answering(said(data={"shop": {}}, extensions=slow), said(data={"shop": {}}), clock=clock)
    await client.ask(SHOP, {})
    with pytest.raises(RetryableError) as refused:
        await client.ask(SHOP, {})
    assert refused.value.retry_after_s == 50
    clock.advance(60)
    await client.ask(SHOP, {})
    await client.close()


async def test_a_shop_with_few_points_is_never_overdrawn() -> None:
    async with stage(points=150, restore_rate=400) as on:
        for _ in range(12):
            await on.connector.test()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("shop_url", "http://example.myshopify.com"),
        ("shop_url", "https://example.myshopify.com/admin"),
        ("shop_url", "https://user@example.myshopify.com"),
        ("client_secret", " "),
        ("api_version", "unstable"),
        ("stock_location", "Berlin"),
        ("since", "yesterday"),
        ("poll_s", 1),
        ("token", "shpat_1"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(field: str, value: Any) -> None:
    good = {"shop_url": "https://a.myshopify.com", "client_id": "id", "client_secret": "hush-hush"}
    with pytest.raises(ValidationError) as refused:
        ShopifySettings.model_validate({**good, field: value})
    assert field in str(refused.value)
    assert "hush-hush" not in str(refused.value)


def test_a_location_may_be_given_by_its_number() -> None:
    made = ShopifySettings.model_validate({**json.loads(SETTINGS.model_dump_json()), "stock_location": "12"})
    assert made.stock_location == "gid://shopify/Location/12"
    assert "hush" not in repr(SETTINGS)
