"""A TCP proxy before the broker: it can cut its connections, refuse new ones, and swallow bytes."""

import asyncio
from contextlib import suppress

from yarl import URL


class BrokerProxy:
    """Stands at a port of its own between a bus and its broker."""

    def __init__(self, broker_url: str) -> None:
        self._broker = URL(broker_url)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The broker's URL, by way of the proxy."""
        return str(self._broker.with_host("127.0.0.1").with_port(self._port))

    async def up(self) -> None:
        """Let connections in, always at the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Be as a broker that is stopped: no connection lives, and none can be made."""
        if self._server is not None:
            self._server.close()
        self.cut()
        await asyncio.sleep(0.05)

    def cut(self) -> None:
        """End all connections, without a word."""
        for writer in self._writers:
            writer.transport.abort()

    def swallow(self) -> None:
        """Be a black hole: connections stay, and can be made, and nothing comes through."""
        self._flowing.clear()

    def heal(self) -> None:
        """Let through what was held back, and what follows."""
        self._flowing.set()

    async def close(self) -> None:
        """End everything."""
        self.heal()
        await self.down()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._broker.host, self._broker.port)
        self._writers |= {writer, far_writer}
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
        self._writers.discard(sink)
