"""Interchanges that are POSTed to a real server: what is said, what each answer means, and what comes back with it."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from canonical.commands import Command, SendInterchange
from core.clock import SystemClock
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.exchange.words import InterchangeWords
from core.loopback import LoopbackServer
from core.ports import Effect, Outgoing, RawDocument
from core.transport.https import PostingPort
from core.transport.https_settings import HttpsSettings

ORDER = b"ISA*00~GS~IEA*1*000000007~"
ACKNOWLEDGEMENT = b"\xef\xbb\xbf\r\nISA*00~997~IEA*1*000000001~"


@dataclass
class Partner:
    """Keeps what came, and answers as it is told."""

    status: int = 202
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    is_silent: bool = False
    is_torn: bool = False
    requests: list[tuple[str, dict[str, str], bytes]] = field(
        default_factory=list[tuple[str, dict[str, str], bytes]]
    )
    server: LoopbackServer = field(init=False)

    def __post_init__(self) -> None:
        self.server = LoopbackServer(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append((scope["method"], headers, body))
        while self.is_silent and (await receive())["type"] != "http.disconnect":
            pass
        answered = [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": answered})
        await send({"type": "http.response.body", "body": self.body, "more_body": self.is_torn})
        if self.is_torn:
            self.server.reset(scope)


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    found = Partner()
    await found.server.start()
    yield found
    await found.server.stop()


def settings(partner: Partner, **more: Any) -> HttpsSettings:
    return HttpsSettings.model_validate({"type": "https", "url": f"{partner.server.url}/in", **more})


@pytest.fixture
async def port(partner: Partner) -> AsyncIterator[PostingPort]:
    found = opened(settings(partner, timeout_s=0.5, max_response_bytes=1000))
    yield found
    await found.close()


def opened(said: HttpsSettings) -> PostingPort:
    return PostingPort(
        said, SystemClock(), "interchange", "application/edi-x12", InterchangeWords(), settle_s=1
    )


def effect(*, sent_before: bool = False) -> Effect:
    command: Command = SendInterchange(order_id=UUID(int=1), connector="acme", key="i:1", control="7")
    outgoing = Outgoing(ORDER, "application/edi-x12", "000000007.x12")
    return Effect(UUID(int=2), "i:1", command, outgoing, 1, SystemClock().now() if sent_before else None)


async def test_the_bytes_travel_with_their_type_and_their_number(partner: Partner, port: PostingPort) -> None:
    answer = await port.send(effect())
    ((method, headers, body),) = partner.requests
    assert (method, body, answer.reference) == ("POST", ORDER, "000000007")
    assert headers["content-type"] == "application/edi-x12"
    assert headers["idempotency-key"] == "000000007"
    assert "authorization" not in headers


@pytest.mark.parametrize(
    ("credential", "header", "value"),
    [
        (
            {"type": "basic", "username": "hub", "password": "caf\xe9"},
            "authorization",
            "Basic " + base64.b64encode("hub:caf\xe9".encode()).decode(),
        ),
        ({"type": "bearer", "token": "abc"}, "authorization", "Bearer abc"),
        ({"type": "header", "name": "X-Api-Key", "value": "abc"}, "x-api-key", "abc"),
    ],
)
async def test_the_credential_is_shown(
    partner: Partner, credential: dict[str, str], header: str, value: str
) -> None:
    port = opened(settings(partner, credential=credential))
    await port.send(effect())
    await port.close()
    assert partner.requests[0][1][header] == value


async def test_an_interchange_in_the_response_has_arrived(partner: Partner, port: PostingPort) -> None:
    partner.status, partner.body = 200, ACKNOWLEDGEMENT
    answer = await port.send(effect())
    assert answer.arrived == (RawDocument("interchange", ACKNOWLEDGEMENT, "application/edi-x12"),)
    assert answer.body == b""


async def test_anything_else_in_the_response_is_kept_as_the_answer(
    partner: Partner, port: PostingPort
) -> None:
    partner.body, partner.headers = b'{"id":"4711"}', {"content-type": "application/json"}
    answer = await port.send(effect())
    assert (answer.arrived, answer.body, answer.media_type) == ((), b'{"id":"4711"}', "application/json")


async def test_a_response_beyond_the_bound_is_not_read_in_part(partner: Partner, port: PostingPort) -> None:
    partner.body = ACKNOWLEDGEMENT.ljust(1001)
    with pytest.raises(
        OutcomeUnknownError, match=r"larger than 1,000 bytes: raise transport\.max_response_bytes"
    ):
        await port.send(effect())
    partner.body = ACKNOWLEDGEMENT.ljust(1000)
    assert (await port.send(effect())).arrived


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError), (404, RejectedError), (409, RejectedError), (413, RejectedError),
        (422, RejectedError), (401, UnauthorisedError), (403, UnauthorisedError), (408, RetryableError),
        (425, RetryableError), (429, RetryableError), (503, RetryableError), (302, RetryableError),
        (500, OutcomeUnknownError), (502, OutcomeUnknownError), (504, OutcomeUnknownError),
    ],
)  # fmt: skip
async def test_each_status_says_what_to_do_next(
    partner: Partner, port: PostingPort, status: int, kind: type[Exception]
) -> None:
    partner.status = status
    with pytest.raises(kind, match=f"answered {status}"):
        await port.send(effect())


async def test_a_partner_that_wants_a_pause_gets_it(partner: Partner, port: PostingPort) -> None:
    partner.status, partner.headers = 429, {"retry-after": "17"}
    with pytest.raises(RetryableError) as refused:
        await port.send(effect())
    assert refused.value.retry_after_s == 17
    partner.headers = {"retry-after": "soon"}
    with pytest.raises(RetryableError) as refused:
        await port.send(effect())
    assert refused.value.retry_after_s is None


async def test_what_is_in_doubt_is_resolved_by_sending_it_again(partner: Partner, port: PostingPort) -> None:
    partner.is_silent = True
    with pytest.raises(OutcomeUnknownError, match=r"within 0\.5 s"):
        await port.send(effect())
    partner.is_silent, partner.status, partner.body = False, 200, ACKNOWLEDGEMENT
    answer = await port.look_up(effect())
    assert answer is not None
    assert answer.arrived
    first, second = partner.requests
    assert (first[2], first[1]["idempotency-key"]) == (second[2], second[1]["idempotency-key"])


async def test_a_conflict_means_that_it_is_there_when_it_was_sent_before(
    partner: Partner, port: PostingPort
) -> None:
    partner.status = 409
    assert await port.look_up(effect())
    assert (await port.send(effect(sent_before=True))).reference == "000000007"


async def test_a_connection_that_breaks_is_a_doubt_and_none_at_all_is_not(
    partner: Partner, port: PostingPort
) -> None:
    partner.is_torn, partner.headers = True, {"content-length": "100"}
    with pytest.raises(OutcomeUnknownError, match="broke before"):
        await port.send(effect())
    await partner.server.stop()
    with pytest.raises(RetryableError, match="could not be reached"):
        await port.send(effect())


async def test_trying_it_sends_nothing(partner: Partner, port: PostingPort) -> None:
    partner.status = 405
    assert await port.test() == f"{partner.server.url}/in answers (405); nothing was sent"
    assert [(method, body) for method, _, body in partner.requests] == [("HEAD", b"")]
    partner.status = 401
    with pytest.raises(UnauthorisedError, match=r"transport\.credential"):
        await port.test()


async def test_bytes_whose_retention_is_over_are_not_made_again(port: PostingPort) -> None:
    with pytest.raises(RejectedError, match="retention is over"):
        port.render(effect().command, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"url": "http://edi.example.com/in"}, "interchanges travel by https"),
        ({"url": "https://hub:secret@edi.example.com/in"}, "credentials have a key of their own"),
        ({"url": "https://"}, "give a URL"),
        ({"url": "https://[::1"}, "is no URL"),
        ({"credential": {"type": "bearer", "token": "a\nb"}}, "printable ASCII"),
        ({"credential": {"type": "basic", "username": "a:b", "password": "c"}}, "username"),
        ({"credential": {"type": "header", "name": "X Key", "value": "c"}}, "name"),
        ({"door": [{"type": "bearer", "token": ""}]}, "token"),
    ],
)
def test_settings_that_can_not_work_are_refused(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        HttpsSettings.model_validate({"type": "https", "url": "https://edi.example.com/in", **wrong})
