"""What the listener hears between somebody and a simulator, and what it makes of that."""

import json
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from core.loopback import LoopbackServer
from core.simulator import Faults
from tests.vendor_specs.listening import Listener
from tests.vendor_specs.openapi import OpenApi
from tests.vendor_specs.test_openapi import OLD
from tests.vendor_specs.vendors import Documents

OURS = {"user-agent": "orderhub/1"}


class Cups:
    """A simulator in a place where simulators are."""

    def __init__(self) -> None:
        self.faults, self.answer, self.status = Faults(), {"sku": "CUP"}, 200

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        broken = self.faults.strikes("malformed", scope["path"])
        raw = b"<html>" if broken else json.dumps(self.answer).encode()
        headers = [(b"content-type", b"text/html" if broken else b"application/json")]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": raw})


Cups.__module__ = "connectors.cups.simulator.server"


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener({"cups": Documents({"api": OpenApi(OLD)})})
    listener.pytest_configure()
    yield listener
    listener.pytest_unconfigure()


async def ask(app: ASGIApp, method: str = "GET", path: str = "/shop/cups/CUP", **more: object) -> None:
    server = LoopbackServer(app)
    base = await server.start()
    async with httpx.AsyncClient(trust_env=False) as http:
        await http.request(method, f"{base}{path}", **more)  # type: ignore[arg-type] # what httpx takes
    await server.stop()


async def test_an_exchange_that_is_right_is_counted_and_no_more(listener: Listener) -> None:
    await ask(Cups(), headers=OURS)
    assert listener.differences() == []
    assert listener.counted == {"cups": 1}


async def test_a_wrong_answer_is_told_with_its_operation(listener: Listener) -> None:
    cups = Cups()
    cups.answer = {"sku": "CUP", "colour": "red"}
    await ask(cups)
    assert listener.differences() == ["cups: getCup answer 200 it: the field 'colour' is not known"]
    assert listener.differences() == []


async def test_a_path_that_is_not_described_is_told(listener: Listener) -> None:
    await ask(Cups(), path="/shop/plates", headers=OURS)
    assert listener.differences() == ["cups: GET /shop/plates: there is no such operation"]


async def test_what_a_connector_sends_is_right_even_if_it_is_refused(listener: Listener) -> None:
    cups = Cups()
    cups.status = 400
    cups.answer = {}
    wrong = {"json": {"sku": 7}}
    await ask(cups, "POST", "/shop/cups", headers=OURS, **wrong)
    assert "cups: addCup request body sku: 7 is not of type 'string'" in listener.differences()
    await ask(cups, "POST", "/shop/cups", **wrong)
    assert [one for one in listener.differences() if "request" in one] == []


async def test_a_simulator_that_takes_what_is_wrong_is_told_of(listener: Listener) -> None:
    await ask(Cups(), "POST", "/shop/cups", json={"sku": 7, "colour": "red"})
    said = [one for one in listener.differences() if "request" in one]
    assert said == ["cups: addCup request body sku: 7 is not of type 'string'"]


async def test_an_answer_that_is_broken_on_purpose_is_not_judged(listener: Listener) -> None:
    cups = Cups()
    cups.faults = Faults(plan={"malformed": {"/shop/cups/CUP"}})
    await ask(cups)
    assert cups.faults.happened == {"malformed": 1}
    assert listener.differences() == []


async def test_what_others_serve_is_no_vendors(listener: Listener) -> None:
    class Ours(Cups):
        pass

    Ours.__module__ = "tests.connectors.cups"
    await ask(Ours(), path="/anything")
    assert listener.differences() == []
    assert listener.counted == {}


def test_nothing_is_listened_to_once_it_ended() -> None:
    before = LoopbackServer.__init__, Faults.strikes
    listener = Listener({})
    listener.pytest_configure()
    assert LoopbackServer.__init__ is not before[0]
    listener.pytest_unconfigure()
    assert (LoopbackServer.__init__, Faults.strikes) == before
