import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.loopback import LoopbackServer, never_answer


class Partner:
    """An application that answers, breaks, or hangs, by its path."""

    def __init__(self) -> None:
        self.server = LoopbackServer(self)
        self._plain = Starlette(routes=[Route("/{name}", self._greet)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/broken":
            self.server.reset(scope)
        elif scope["path"] == "/silent":
            await never_answer(receive)
        else:
            await self._plain(scope, receive, send)

    async def _greet(self, request: Request) -> Response:
        return PlainTextResponse(f"this is {request.path_params['name']}")


@pytest.fixture
async def partner() -> AsyncIterator[Partner]:
    partner = Partner()
    await partner.server.start()
    yield partner
    await partner.server.stop()


@pytest.fixture
async def client(partner: Partner) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=partner.server.url, timeout=5) as client:
        yield client


async def test_it_answers_on_loopback(client: httpx.AsyncClient) -> None:
    assert (await client.get("/one")).text == "this is one"


async def test_a_reset_reaches_the_peer_as_an_error(client: httpx.AsyncClient) -> None:
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await client.get("/broken")


async def test_a_partner_that_hangs_is_left_alone_by_the_peers_own_time_limit(
    client: httpx.AsyncClient,
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await client.get("/silent", timeout=0.05)
    assert (await client.get("/next")).status_code == 200


async def test_it_refuses_connections_while_stopped_and_starts_again_on_the_same_port(
    partner: Partner, client: httpx.AsyncClient
) -> None:
    before = partner.server.url
    await partner.server.stop()
    with pytest.raises(httpx.ConnectError):
        await client.get("/one")
    assert await partner.server.start() == before
    assert (await client.get("/two")).text == "this is two"


async def test_stopping_does_not_wait_for_a_peer_that_waits(partner: Partner) -> None:
    async with httpx.AsyncClient(base_url=partner.server.url, timeout=5) as client:
        waiting = asyncio.create_task(client.get("/silent"))
        await asyncio.sleep(0.05)
        await partner.server.stop()
        with pytest.raises(httpx.HTTPError):
            await waiting
