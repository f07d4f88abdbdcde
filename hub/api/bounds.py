"""Bounds of every request, before anything looks at it: size, time, and the headers of every answer."""

import asyncio

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api import problems

log = structlog.get_logger()

MAX_BODY_BYTES = 16 * 1024 * 1024
TIME_LIMIT_S = 30.0
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "cache-control": "no-store",
}


class TooLargeError(Exception):
    """More bytes arrive than are taken."""


class Bounds:
    """ASGI middleware: a body that is too large is 413 while it streams in, an answer that takes too long is 503."""

    def __init__(
        self, app: ASGIApp, *, max_body_bytes: int = MAX_BODY_BYTES, time_limit_s: float = TIME_LIMIT_S
    ) -> None:
        self._app, self._max_body_bytes, self._time_limit_s = app, max_body_bytes, time_limit_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send, self._max_body_bytes)
        try:
            async with asyncio.timeout(self._time_limit_s):
                exchange.too_large = _stated(scope) > self._max_body_bytes
                if not exchange.too_large:
                    await self._app(scope, exchange.receive, exchange.send)
        except TooLargeError:
            exchange.too_large = True
        except ClientDisconnect:
            return  # nobody is left to be answered
        except TimeoutError:
            log.warning("a request took too long", path=scope["path"])
            await exchange.refuse(scope, _too_slow())
        except Exception:
            log.exception("a request failed", path=scope["path"])
            await exchange.refuse(scope, problems.internal())
        if exchange.too_large:
            detail = f"at most {self._max_body_bytes:,} bytes are taken here"
            too_large = problems.problem(413, "too_large", "Content Too Large", detail=detail)
            await exchange.refuse(scope, too_large)


class _Exchange:
    """One request and its answer."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive, self._send, self._left = receive, send, most
        self.too_large = False
        self._begun = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.too_large = True
                raise TooLargeError
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on, with the headers that all have; nothing of it once the body was too large."""
        if self.too_large and not self._begun:
            return
        if message["type"] == "http.response.start":
            self._begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def refuse(self, scope: Scope, answer: ASGIApp) -> None:
        """Answer instead of the application, unless it has begun to."""
        if not self._begun:
            self.too_large = False
            await answer(scope, self._receive, self.send)


def _stated(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _too_slow() -> ASGIApp:
    detail = "the answer took too long; it is safe to ask again"
    return problems.problem(
        503, "too_slow", "Service Unavailable", detail=detail, headers=problems.RETRY_AFTER
    )
