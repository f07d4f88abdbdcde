"""The shop's HTTP entrance: one handler, whole requests, and the ways in which a shop can fail to answer."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send

from core.loopback import LoopbackServer


@dataclass(frozen=True, slots=True)
class Request:
    """What came in; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes out."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict[str, str])
    torn: bool = False
    """Announces a longer body than it sends, and hangs up."""


Handler = Callable[[Request], Awaitable[Reply | None]]
"""Answers a request; None hangs up without an answer."""


class Entrance:
    """Serves on loopback. It keeps its port, so that it can be away for a while and come back."""

    def __init__(self, handler: Handler, port: int = 0) -> None:
        self._handler = handler
        self._server = LoopbackServer(self, port)
        self._serving = False

    async def start(self) -> str:
        """Listen, and return the base URL."""
        if not self._serving:
            await self._server.start()
            self._serving = True
        return self._server.url

    async def stop(self) -> None:
        """Listen no more, and hang up on everybody."""
        await self._server.stop()
        self._serving = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        request = await _read(scope, receive)
        reply = await self._handler(request) if request is not None else None
        if reply is None:
            self._server.reset(scope)
            return
        length = len(reply.body) + (64 if reply.torn else 0)
        headers = {"content-type": "application/json", "content-length": str(length), **reply.headers}
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": reply.body, "more_body": reply.torn})
        if reply.torn:
            self._server.reset(scope)


async def _read(scope: Scope, receive: Receive) -> Request | None:
    """Return a request that came whole; None if its sender was gone before its end."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(scope["method"], target.decode("latin-1"), headers, body)
