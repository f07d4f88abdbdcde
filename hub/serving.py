"""The hub's API on a socket, in the hub's own loop."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self

import uvicorn

from core.errors import HubError
from hub.api.app import create_app
from hub.api.bounds import MAX_BODY_BYTES, TIME_LIMIT_S
from hub.application import Hub

USUAL_PORT = 8000
LIMIT_CONCURRENCY = 512
KEEP_ALIVE_S = 30


class PortTakenError(HubError):
    """Somebody else listens there."""


@dataclass(slots=True)
class ApiServer:
    """A running server. `url` is where it answers."""

    url: str
    _server: uvicorn.Server
    _task: asyncio.Task[None]

    @classmethod
    async def start(
        cls,
        hub: Hub,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        open_console: bool = False,
        max_body_bytes: int = MAX_BODY_BYTES,
        time_limit_s: float = TIME_LIMIT_S,
    ) -> Self:
        """Serve; port 0 takes the usual one, or any that is free. Raises `PortTakenError`."""
        listening = _listen(host, port)
        app = create_app(
            hub, open_console=open_console, max_body_bytes=max_body_bytes, time_limit_s=time_limit_s
        )
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", limit_concurrency=LIMIT_CONCURRENCY,
            timeout_keep_alive=KEEP_ALIVE_S, server_header=False, timeout_graceful_shutdown=5,
        )  # fmt: skip
        server = _Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]), name="api")
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells nobody when it has begun
            await asyncio.sleep(0.01)
        if task.done():
            task.result()
        shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - compared, not bound
        return cls(f"http://{shown}:{listening.getsockname()[1]}", server, task)

    async def stop(self) -> None:
        """Answer what was asked, and close."""
        self._server.should_exit = True
        with suppress(asyncio.CancelledError):
            await self._task


class _Server(uvicorn.Server):
    """A server that leaves signals to the hub: whoever ends the hub ends it, in order."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port or USUAL_PORT))
    except OSError as error:
        if port:
            listening.close()
            message = (
                f"port {port} of {host} is taken, or not ours to take: choose another with --port ({error})"
            )
            raise PortTakenError(message) from error
        listening.bind((host, 0))
    listening.setblocking(False)  # noqa: FBT003 - the socket's own signature
    listening.listen(1024)
    return listening
