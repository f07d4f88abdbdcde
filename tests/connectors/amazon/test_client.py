"""Each answer of Amazon says what to do next; calls keep to the usage plans; tokens are renewed in time."""

import gzip
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.amazon.client import SpApiClient
from connectors.amazon.pace import OPERATIONS, Pace
from connectors.amazon.reports import read_report
from connectors.amazon.settings import AmazonSettings
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError
from tests.connectors.amazon.stage import CUPS, LeapingClock, Stage, a_stage
from tests.contracts.building import NOON

SAID = {
    "seller_id": "A2EXAMPLE", "marketplaces": ["A1PA6795UKMFR9"], "client_id": "id", "client_secret": "hush",
    "refresh_token": "Atzr|hush",
}  # fmt: skip
Handler = Callable[[httpx.Request], httpx.Response]


def client_of(
    handler: Handler, clock: LeapingClock | None = None, tokens: list[str] | None = None
) -> SpApiClient:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/o2/token":
            token = f"Atza|{len(tokens) if tokens is not None else 0}"
            if tokens is not None:
                tokens.append(token)
            return httpx.Response(
                200, json={"access_token": token, "expires_in": 3600, "token_type": "bearer"}
            )
        return handler(request)

    settings = AmazonSettings.model_validate(SAID)
    return SpApiClient(settings, clock or LeapingClock(NOON), httpx.MockTransport(answer))


def error(status: int, code: str = "SomeCode") -> httpx.Response:
    return httpx.Response(
        status, json={"errors": [{"code": code, "message": "some words", "details": "more"}]}
    )


@pytest.mark.parametrize(
    ("operation", "response", "raised"),
    [
        ("getOrder", error(400, "InvalidInput"), RejectedError),
        ("getOrder", error(404), RejectedError),
        ("getOrder", error(500), RetryableError),
        ("getOrder", error(503), RetryableError),
        ("confirmShipment", error(400), RejectedError),
        ("confirmShipment", error(409), RejectedError),
        ("confirmShipment", error(429), RetryableError),
        ("confirmShipment", error(500), OutcomeUnknownError),
        ("confirmShipment", error(502), OutcomeUnknownError),
        ("confirmShipment", error(503), RetryableError),
        ("confirmShipment", httpx.Response(302, headers={"location": "https://a.example"}), OutcomeUnknownError),
        ("confirmShipment", error(401), UnauthorisedError),
        ("confirmShipment", error(403), UnauthorisedError),
        ("confirmShipment", httpx.Response(400, content=b"<html>"), RejectedError),
    ],
)  # fmt: skip
async def test_each_answer_says_what_to_do_next(
    operation: str, response: httpx.Response, raised: type[PartnerError]
) -> None:
    client = client_of(lambda _: response)
    with pytest.raises(raised) as refused:
        await client.call(operation, "/somewhere", body=b"{}")
    assert type(refused.value) is raised
    assert "hush" not in str(refused.value)
    await client.close()


@pytest.mark.parametrize(
    ("operation", "broken", "raised"),
    [
        ("confirmShipment", httpx.ConnectError("no"), RetryableError),
        ("confirmShipment", httpx.ReadError("cut"), OutcomeUnknownError),
        ("confirmShipment", httpx.RemoteProtocolError("torn"), OutcomeUnknownError),
        ("getOrder", httpx.ReadError("cut"), RetryableError),
    ],
)
async def test_a_call_that_breaks_is_in_doubt_only_where_it_may_have_had_an_effect(
    operation: str, broken: Exception, raised: type[PartnerError]
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise broken

    client = client_of(answer)
    with pytest.raises(raised):
        await client.call(operation, "/somewhere", body=b"{}")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"\xff"])
async def test_an_answer_that_is_no_object_is_asked_for_again(content: bytes) -> None:
    client = client_of(lambda _: httpx.Response(200, content=content))
    reply = await client.call("getFeed", "/feeds/1")
    with pytest.raises(RetryableError):
        reply.data()


@pytest.mark.parametrize(
    ("response", "raised"),
    [
        (httpx.Response(400, json={"error": "invalid_grant"}), UnauthorisedError),
        (httpx.Response(401, json={"error": "invalid_client"}), UnauthorisedError),
        (httpx.Response(500, content=b"oh"), RetryableError),
        (httpx.Response(200, content=b"[]"), RetryableError),
        (httpx.Response(200, json={"access_token": "a"}), RetryableError),
    ],
)
async def test_without_a_token_nothing_is_asked(response: httpx.Response, raised: type[PartnerError]) -> None:
    settings, asked = AmazonSettings.model_validate(SAID), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return response

    client = SpApiClient(settings, LeapingClock(NOON), httpx.MockTransport(answer))
    with pytest.raises(raised) as refused:
        await client.call("getOrder", "/somewhere")
    assert asked == ["/auth/o2/token"]
    assert "hush" not in str(refused.value)


async def test_a_token_is_renewed_before_it_ends() -> None:
    clock, tokens, seen = LeapingClock(NOON), list[str](), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-amz-access-token"])
        return httpx.Response(200, json={})

    client = client_of(answer, clock, tokens)
    for after_s in (0, 3000, 290, 20):
        clock.advance(after_s)
        await client.call("getOrder", "/somewhere")
    assert seen == ["Atza|0", "Atza|0", "Atza|0", "Atza|1"]


async def test_a_token_that_amazon_takes_no_more_is_exchanged_once() -> None:
    tokens, seen = list[str](), list[str]()

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["x-amz-access-token"])
        return error(403, "Unauthorized") if len(seen) == 1 else httpx.Response(200, json={})

    await client_of(answer, tokens=tokens).call("confirmShipment", "/somewhere", body=b"{}")
    assert seen == ["Atza|0", "Atza|1"]


async def test_grantless_operations_have_a_token_of_their_own() -> None:
    forms = list[bytes]()

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/o2/token":
            forms.append(request.content)
            return httpx.Response(200, json={"access_token": f"t{len(forms)}", "expires_in": 3600})
        return httpx.Response(200, json={})

    client = SpApiClient(AmazonSettings.model_validate(SAID), LeapingClock(NOON), httpx.MockTransport(answer))
    await client.call("getOrder", "/a")
    for _ in range(2):
        await client.call("createDestination", "/b", body=b"{}", scope="sellingpartnerapi::notifications")
    assert [b"grant_type=refresh_token" in form for form in forms] == [True, False]
    assert b"grant_type=client_credentials" in forms[1]
    assert b"refresh_token" not in forms[1]


# --- usage plans ---


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate() -> None:
    clock = LeapingClock(NOON)
    pace = Pace(clock)
    for _ in range(15):
        await pace.turn(OPERATIONS["createFeed"], 0)
    assert clock.monotonic() == 0
    await pace.turn(OPERATIONS["createFeed"], 200)
    assert 120 <= clock.monotonic() <= 121


async def test_who_would_wait_too_long_is_told_so_at_once() -> None:
    pace = Pace(LeapingClock(NOON))
    for _ in range(20):
        await pace.turn(OPERATIONS["searchOrders"], 0)
    assert not pace.is_free(OPERATIONS["searchOrders"])
    with pytest.raises(RetryableError, match="179 s"):
        await pace.turn(OPERATIONS["searchOrders"], 100)


async def test_the_rate_is_the_one_that_amazon_said_last() -> None:
    clock = LeapingClock(NOON)
    headers = {"x-amzn-RateLimit-Limit": "0.1"}
    client = client_of(lambda _: httpx.Response(200, json={}, headers=headers), clock)
    for _ in range(21):
        await client.call("searchOrders", "/orders")
    assert 9 <= clock.monotonic() <= 11


@pytest.mark.parametrize("said", ["", "many", "-1", "0", "nan", "inf", None])
async def test_a_rate_that_can_not_be_is_not_believed(said: str | None) -> None:
    pace = Pace(LeapingClock(NOON))
    pace.learn(OPERATIONS["createFeed"], said)
    for _ in range(15):
        await pace.turn(OPERATIONS["createFeed"], 0)
    with pytest.raises(RetryableError, match="120 s") as told:
        await pace.turn(OPERATIONS["createFeed"], 0)
    assert told.value.retry_after_s == pytest.approx(1 / 0.0083)
    assert told.value.scope == "operation"


async def test_after_a_429_the_next_call_waits_though_there_seemed_to_be_time() -> None:
    clock = LeapingClock(NOON)
    answers = [error(429), httpx.Response(200, json={})]
    client = client_of(lambda _: answers.pop(0), clock)
    with pytest.raises(RetryableError, match="may be made in 2 s") as told:
        await client.call("getOrder", "/o")
    assert told.value.retry_after_s == pytest.approx(2)
    assert told.value.scope == "operation"
    assert not client.is_free("getOrder")
    await client.call("getOrder", "/o")
    assert clock.monotonic() == pytest.approx(2)


# --- reports ---


async def test_a_packed_report_is_unpacked() -> None:
    client = client_of(lambda _: httpx.Response(200, content=gzip.compress(b"<a/>")))
    assert await client.download("https://tortuga.example/x", "GZIP") == b"<a/>"


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"x" * 9000, mtime=0)[:-9]])
async def test_a_broken_report_is_asked_for_again(content: bytes) -> None:
    client = client_of(lambda _: httpx.Response(200, content=content))
    with pytest.raises(RetryableError):
        await client.download("https://tortuga.example/x?secret=1", "GZIP")


@pytest.mark.parametrize("status", [403, 500])
async def test_an_address_that_has_expired_is_asked_for_again_and_never_shown(status: int) -> None:
    client = client_of(lambda _: httpx.Response(status))
    for ask in (
        lambda: client.download("https://tortuga.example/x?secret=1", None),
        lambda: client.upload("https://tortuga.example/x?secret=1", b"", "text/xml"),
    ):
        with pytest.raises(RetryableError) as refused:
            await ask()
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"<a", b"<a/>", b"\x00", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'])
def test_a_report_that_can_not_be_read_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(RetryableError, match="feed 7"):
        read_report("7", body, complete=True)


def test_a_feed_that_was_refused_whole_refuses_each_message() -> None:
    report = b"<ProcessingReport><StatusCode>Rejected</StatusCode></ProcessingReport>"
    found = read_report("7", report, complete=True).against("123")
    assert found is not None
    assert found.code == "Rejected"


# --- the connector's own test ---


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path) as made:
        yield made


async def test_the_connectors_test_says_what_it_found(stage: Stage) -> None:
    stage.market.sell("A-1", [CUPS])
    said = await stage.connector.test()
    assert "A2EXAMPLESELLER" in said
    assert "1 notifications wait" in said


async def test_the_connectors_test_tries_the_credentials(stage: Stage) -> None:
    with pytest.raises(UnauthorisedError, match="Seller Central"):
        await stage.open(client_secret="wrong").test()


async def test_a_hub_without_a_queue_says_so(stage: Stage) -> None:
    changes: dict[str, Any] = {"queue": None}
    assert "by polling" in await stage.open(**changes).test()
