"""Asks the doors: with requests as they come off the wire, signed by an independent few lines."""

import base64
import hashlib
import hmac
import json
import re
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from connectors.webstore.doors import WebstoreDoors
from core.clock import ManualClock
from core.errors import DoorError
from core.ports import Desk, DoorRequest, DoorResponse
from tests.connectors.webstore.building import SECRET, OneDesk, settings
from tests.contracts.building import NOON


def signed(
    method: str,
    target: str,
    body: bytes,
    *,
    key: str = "req-1",
    at: int | str | None = None,
    secret: str = SECRET,
) -> dict[str, str]:
    """Return the headers of a request that is signed as the README says."""
    timestamp = str(int(NOON.timestamp()) if at is None else at)
    content = f"{key}\n{timestamp}\n{method}\n{target}\n".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
    return {
        "webhook-id": key,
        "webhook-timestamp": timestamp,
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
        "idempotency-key": key,
        "content-type": "application/json",
    }


class Counter:
    """The doors of one shop, and the desk behind them."""

    def __init__(self, desk: OneDesk | None = None, **changes: Any) -> None:
        self.clock, self.desk = ManualClock(NOON), desk or OneDesk()
        self.doors = WebstoreDoors("webstore", settings(**changes), self.clock).doors()

    async def post(self, target: str, document: object, **signing: Any) -> DoorResponse:
        """Post a document, signed."""
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return await self.send("POST", target, signed("POST", target, body, **signing), body)

    async def get(self, target: str) -> DoorResponse:
        """Ask, signed."""
        return await self.send("GET", target, signed("GET", target, b""))

    async def send(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b""
    ) -> DoorResponse:
        """Knock at the door that is meant."""
        return await knock(self, self.desk, method, target, headers, body)

    async def refusal(self, target: str, document: object, **signing: Any) -> DoorError:
        """Post what must be refused, and return the refusal; nothing may have been stored."""
        before = len(self.desk.received)
        try:
            answer = await self.post(target, document, **signing)
        except DoorError as error:
            assert len(self.desk.received) == before
            return error
        raise AssertionError(answer)


async def knock(
    counter: Counter, desk: Desk, method: str, target: str, headers: dict[str, str], body: bytes
) -> DoorResponse:
    """Do what the hub does: find the door by its path, and hand it the request as it was on the wire."""
    parts = urlsplit(target)
    for door in counter.doors:
        found = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", door.path), parts.path)
        if found and door.method == method:
            parameters = {name: unquote(value) for name, value in found.groupdict().items()}
            request = DoorRequest(
                method=method,
                path=unquote(parts.path),
                headers=headers,
                query={},
                parameters=parameters,
                body=body,
                target=f"/connectors/webstore{target}",
            )
            return await door.handler(request, desk)
    raise DoorError(404, "unknown_door", "There is no such door")


class ToTheDoors(httpx.AsyncBaseTransport):
    """Leads an HTTP client to the doors, and turns refusals into problem documents."""

    def __init__(self, counter: Counter, base: str = "/connectors/webstore") -> None:
        self._counter, self._base = counter, base

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        target = request.url.raw_path.decode().removeprefix(self._base)
        body = await request.aread()
        try:
            answer = await knock(
                self._counter, self._counter.desk, request.method, target, dict(request.headers), body
            )
        except DoorError as error:
            problem = {
                "title": error.title,
                "status": error.status,
                "detail": error.detail,
                "code": error.code,
            }
            problem["errors"] = [found.as_dict() for found in error.problems]
            return httpx.Response(error.status, json=problem, headers=error.headers)
        return httpx.Response(answer.status, content=answer.body, headers=dict(answer.headers))
