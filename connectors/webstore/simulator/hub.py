"""How the shop talks to the hub: signed, with an idempotency key, again and again until it has an answer."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

from core.clock import Clock
from core.simulator import Faults

_ATTEMPTS = 8
_PATIENCE_S, _LEAST_PATIENCE_S = 30.0, 5.0
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_SKEW_S = 3600


class ShopRefusedError(Exception):
    """The hub will not take what the shop sent; `problem` is its problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('title', '')} {problem.get('detail', '')}")
        self.status, self.problem = status, problem


class HubLine:
    """The shop's way to the hub's doors."""

    def __init__(self, clock: Clock, faults: Faults, secret: str) -> None:
        self._clock, self._faults = clock, faults
        self.secret = secret
        self._base_url = ""
        self._transport: httpx.AsyncBaseTransport | None = None
        self._http: httpx.AsyncClient | None = None

    def connect(self, base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Say where the connector's doors are, as in `https://hub.example.com/connectors/webstore`."""
        self._base_url, self._transport = base_url.rstrip("/"), transport

    async def close(self) -> None:
        """Close all connections; the next request opens new ones."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def ask(self, target: str) -> httpx.Response:
        """Send a signed GET."""
        return await self._call("GET", target, f"ask:{self._clock.now().timestamp()}", b"")

    async def post(self, target: str, key: str, document: Mapping[str, Any], about: str) -> dict[str, Any]:
        """Send a document until the hub has answered; `about` names the faults that may strike on the way."""
        body = json.dumps(document, ensure_ascii=False).encode()
        await self._misbehave(target, key, body, about)
        for attempt in range(_ATTEMPTS):
            try:
                response = await self._call("POST", target, key, body)
            except httpx.TransportError:
                await self._clock.sleep(2.0**attempt)
                continue
            if self._faults.strikes("lost_answer", about):
                continue  # the hub has it, and the shop does not know
            if response.status_code not in _TRY_AGAIN and not _was_late(response):
                return _accepted(response)
            await self._clock.sleep(float(response.headers.get("retry-after", 2.0**attempt)))
        raise ShopRefusedError(0, {"title": "the hub did not answer", "detail": f"{_ATTEMPTS} times"})

    async def _misbehave(self, target: str, key: str, body: bytes, about: str) -> None:
        """Do first what a shop should not do, where a fault says so; each is told apart by its own key."""
        if self._faults.strikes("bad_signature", about):
            other = "whsec_" + base64.b64encode(hashlib.sha256(b"another").digest()).decode()
            _must_fail(await self._call("POST", target, key, body, secret=other), 401)
        if self._faults.strikes("clock_skew", about):
            _must_fail(await self._call("POST", target, key, body, skew_s=_SKEW_S), 401)
        if self._faults.strikes("malformed", about):
            _must_fail(await self._call("POST", target, f"{key}:torn", body[: len(body) // 2]), 400)
        if self._faults.strikes("wrong_type", about):
            _must_fail(await self._call("POST", target, f"{key}:typed", body, media_type="text/xml"), 415)
        if self._faults.strikes("duplicate_request", about):
            await self._call("POST", target, key, body)

    async def _call(
        self,
        method: str,
        target: str,
        key: str,
        body: bytes,
        *,
        secret: str | None = None,
        skew_s: int = 0,
        media_type: str = "application/json",
    ) -> httpx.Response:
        if not self._base_url:
            message = "the shop knows no hub: call connect, or set the option hub_url"
            raise RuntimeError(message)
        if self._http is None:
            # A shop in a hurry gives up too early, however fast the hub's clock runs.
            timeout = httpx.Timeout(max(self._clock.real_seconds(_PATIENCE_S), _LEAST_PATIENCE_S))
            self._http = httpx.AsyncClient(transport=self._transport, timeout=timeout, trust_env=False)
        timestamp = str(int(self._clock.now().timestamp()) + skew_s)
        signature = request_signature(secret or self.secret, key, timestamp, method, target, body)
        headers = {"webhook-id": key, "webhook-timestamp": timestamp, "webhook-signature": signature}
        if method == "POST":
            headers |= {"idempotency-key": key, "content-type": media_type}
        return await self._http.request(method, self._base_url + target, headers=headers, content=body)


def request_signature(secret: str, key: str, timestamp: str, method: str, target: str, body: bytes) -> str:
    """Return the signature that the hub's README asks for."""
    content = f"{key}\n{timestamp}\n{method}\n{target}\n".encode() + body
    return signature(secret, content)


def signature(secret: str, content: bytes) -> str:
    """Return one Standard Webhooks signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def _accepted(response: httpx.Response) -> dict[str, Any]:
    document: dict[str, Any] = response.json()
    if not response.is_success:
        raise ShopRefusedError(response.status_code, document)
    return document


def _was_late(response: httpx.Response) -> bool:
    """Say whether the request took so long that its timestamp was refused: signed anew it may get through."""
    return response.status_code == HTTPStatus.UNAUTHORIZED and "timestamp_outside_tolerance" in response.text


def _must_fail(response: httpx.Response, status: int) -> None:
    """Hold the hub to its word: what is wrong is refused, in the agreed way."""
    if response.status_code != status:
        raise ShopRefusedError(
            response.status_code, {"title": f"expected {status}", "detail": response.text[:200]}
        )
