"""An HTTP server on loopback, inside the running loop: what simulators answer through.

No signal handlers, no threads, no log of its own. It can also do what a broken partner does: reset a
connection, or never answer.
"""

import asyncio
import socket
import struct
from typing import Any

from starlette.types import ASGIApp, Receive, Scope
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

_RESET_ON_CLOSE = struct.pack(
    "ii", 1, 0
)  # linger for 0 s: what is unsent is dropped, and the peer gets a RST


class LoopbackServer:
    """Serves one ASGI application on 127.0.0.1. It may be stopped and started again, on the same port."""

    def __init__(self, app: ASGIApp, port: int = 0) -> None:
        self._config = Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
        self.port = port
        self._state = ServerState()
        self._connections: dict[Any, asyncio.Transport] = {}
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end; its port is known once it has started."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> str:
        """Listen, and return the base URL."""
        if not self._config.loaded:
            self._config.load()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.url

    async def stop(self) -> None:
        """Listen no more, cut every connection, and wait until what was being answered has ended."""
        if self._server is None:
            return
        self._server.close()
        for transport in tuple(self._connections.values()):
            transport.abort()
        await self._server.wait_closed()
        if self._state.tasks:
            await asyncio.gather(*self._state.tasks, return_exceptions=True)
        self._server = None

    def reset(self, scope: Scope) -> None:
        """Break the connection that `scope` came by, so that its peer gets a reset instead of an answer."""
        transport = self._connections.get(tuple(scope["client"]))
        if transport is None:
            return
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()

    def _protocol(self) -> H11Protocol:
        return _Connection(self._config, self._state, self._connections)


class _Connection(H11Protocol):
    """A connection that can be found by its peer's address."""

    def __init__(self, config: Config, state: ServerState, connections: dict[Any, asyncio.Transport]) -> None:
        super().__init__(config, state, {})
        self._known = connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self.client is not None:
            self._known[tuple(self.client)] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            self._known.pop(tuple(self.client), None)
        super().connection_lost(exc)


async def never_answer(receive: Receive) -> None:
    """Return only when the peer has given up: what a handler awaits to play a partner that hangs."""
    while (await receive())["type"] != "http.disconnect":
        pass
