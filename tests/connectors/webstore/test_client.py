"""What each answer of a shop means for the next step."""

import asyncio
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.webstore.client import WebhookClient
from connectors.webstore.opening import open_webstore
from core.clock import ManualClock, SystemClock
from core.connector import Resources
from core.errors import OutcomeUnknownError, PartnerError, RejectedError, RetryableError, UnauthorisedError
from tests.connectors.webstore.building import SECRET, settings
from tests.connectors.webstore.resources import NoCursors, NoMappings
from tests.contracts.building import NOON

HOOKS = {"webhook_url": "https://shop.example.com/hooks", "webhook_secrets": [SECRET]}


class Answers(httpx.AsyncBaseTransport):
    """A shop that gives one answer, or fails in one way."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self._answer = answer
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        known = self._answer  # read already; what a socket gives is not
        return httpx.Response(
            known.status_code, headers=known.headers, stream=httpx.ByteStream(known.content)
        )


class Raw(httpx.AsyncBaseTransport):
    """A shop that answers with any bytes."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._status, self._headers, self._body = status, headers, body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(self._status, headers=self._headers, stream=httpx.ByteStream(self._body))


def client(shop: httpx.Response | Exception | Raw) -> WebhookClient:
    transport = shop if isinstance(shop, Raw) else Answers(shop)
    return WebhookClient(settings(**HOOKS), ManualClock(NOON), transport)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (300, RejectedError),
        (308, RejectedError),
        (400, RejectedError),
        (401, UnauthorisedError),
        (403, UnauthorisedError),
        (404, RejectedError),
        (408, RetryableError),
        (409, RejectedError),
        (410, RejectedError),
        (422, RejectedError),
        (425, RetryableError),
        (429, RetryableError),
        (500, OutcomeUnknownError),
        (502, OutcomeUnknownError),
        (503, RetryableError),
        (504, OutcomeUnknownError),
        (599, OutcomeUnknownError),
    ],
)
async def test_each_answer_says_what_to_do_next(status: int, error: type[PartnerError]) -> None:
    with pytest.raises(error, match=str(status)) as refused:
        await client(httpx.Response(status, text="secret details")).post("id", b"{}")
    assert "secret details" not in str(refused.value)
    if isinstance(refused.value, RejectedError):
        assert refused.value.code == str(status)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (httpx.ConnectError("refused"), RetryableError),
        (httpx.ConnectTimeout("slow"), RetryableError),
        (httpx.PoolTimeout("busy"), RetryableError),
        (httpx.ReadTimeout("slow"), OutcomeUnknownError),
        (httpx.WriteError("broken"), OutcomeUnknownError),
        (httpx.ReadError(""), OutcomeUnknownError),
        (httpx.RemoteProtocolError("no HTTP"), OutcomeUnknownError),
        (httpx.DecodingError("no gzip"), OutcomeUnknownError),
    ],
)
async def test_each_failure_says_what_to_do_next(error: Exception, meaning: type[PartnerError]) -> None:
    with pytest.raises(meaning) as refused:
        await client(error).post("id", b"{}")
    assert refused.value.__cause__ is error


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("120", 120.0),
        (format_datetime(NOON + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOON - timedelta(seconds=90), usegmt=True), 0.0),
        ("99999999", 86_400.0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("²", None),
        ("Fri, 99 Nov 2026 12:00:00 GMT", None),
        ("Fri, 20 Nov 2026 12:00:00", None),
    ],
)
async def test_retry_after_is_read_as_seconds_or_as_a_date(header: str, wait_s: float | None) -> None:
    answer = httpx.Response(503, headers=[(b"retry-after", header.encode())])
    with pytest.raises(RetryableError) as refused:
        await client(answer).post("id", b"{}")
    assert refused.value.retry_after_s == wait_s


@given(
    st.integers(100, 599),
    st.binary(max_size=200),
    st.dictionaries(
        st.sampled_from(["retry-after", "content-type", "location", "content-encoding"]),
        st.text("abc 0129,;/=-:", max_size=20),
    ),
)
async def test_whatever_a_shop_answers_is_an_answer_or_a_partners_error(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    shop = client(Raw(status, headers, body))
    try:
        reply = await shop.post("id", b"{}")
    except PartnerError:
        return
    assert (reply.status, reply.body) == (status, body)


async def test_an_endless_answer_is_read_to_a_bound() -> None:
    reply = await client(httpx.Response(200, content=b"x" * 1_000_000)).post("id", b"{}")
    assert len(reply.body) == 64 * 1024


class Silence(httpx.AsyncBaseTransport):
    """A shop that never answers."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError(request)


async def test_a_shop_that_never_answers_is_left_at_the_deadline() -> None:
    shop = WebhookClient(settings(**HOOKS, deadline_s=20), SystemClock(speed=200), Silence())
    with pytest.raises(OutcomeUnknownError, match="within 20 s"):
        await shop.post("id", b"{}")


@pytest.mark.parametrize(("status", "found"), [(200, True), (404, False)])
async def test_a_webhook_is_looked_up_by_its_id(status: int, *, found: bool) -> None:
    shop = Answers(httpx.Response(status))
    reply = await WebhookClient(settings(**HOOKS), ManualClock(NOON), shop).find("tell:1:shipped/2")
    assert (reply is not None) is found
    assert shop.asked[0].url.raw_path == b"/hooks/tell%3A1%3Ashipped%2F2"


@pytest.mark.parametrize("status", [204, 302, 401, 429, 500])
async def test_a_look_up_that_says_neither_yes_nor_no_proves_nothing(status: int) -> None:
    with pytest.raises(PartnerError):
        await client(httpx.Response(status)).find("id")


async def test_the_connectors_test_pings_the_shop() -> None:
    mute = open_webstore("webstore", settings(), Resources(ManualClock(NOON), NoMappings(), NoCursors()))
    assert "no webhook_url" in await mute.test()
    away = settings(webhook_url="http://127.0.0.1:9/hooks", webhook_secrets=[SECRET])
    opened = open_webstore("webstore", away, Resources(ManualClock(NOON), NoMappings(), NoCursors()))
    with pytest.raises(RetryableError):
        await opened.test()
    await opened.close()
