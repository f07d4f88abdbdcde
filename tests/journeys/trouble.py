"""What goes wrong beside kills: the broker restarts or drops everybody, the database cuts every connection."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import aio_pika
import asyncpg

from core.bus.port import DEAD, HUB, inbound, outbound
from hub.demo.cast import PARTNERS
from tests.core.bus.proxy import BrokerProxy
from tests.services import Service, Unavailable, nothing_to_stop

_CUT = (
    "SELECT COUNT(pg_terminate_backend(pid)) AS n FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@dataclass(slots=True)
class Cutter:
    """Cuts hubs off from what they stand on. `amqp_url` leads to the broker through a proxy."""

    server: Service
    broker_url: str
    store_url: str
    _proxy: BrokerProxy
    happened: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    @asynccontextmanager
    async def between(
        cls, server: Service, broker_url: str, store_url: str, prefix: str
    ) -> "AsyncGenerator[Cutter]":
        """Stand between hub and broker; the broker's queues of this prefix are gone afterwards."""
        proxy = BrokerProxy(broker_url)
        await proxy.up()
        try:
            yield cls(server, broker_url, store_url, proxy)
        finally:
            await proxy.close()
            await _delete_queues(broker_url, prefix)

    @property
    def amqp_url(self) -> str:
        """Where hubs find the broker."""
        return self._proxy.url

    async def trouble(self, turn: int) -> None:
        """Do what is due in this turn."""
        match turn % 4:
            case 0:
                await self._cut_database()
            case 1:
                self._proxy.cut()
                self.happened["broker cut"] += 1
            case 2:
                await self._close_all_connections()
            case _:
                await self._restart_broker()

    async def _cut_database(self) -> None:
        connection = await asyncpg.connect(self.store_url)
        try:
            cut = await connection.fetchval(_CUT)
        finally:
            await connection.close()
        assert cut, "nobody was connected to the database"
        self.happened["database cut"] += 1

    async def _close_all_connections(self) -> None:
        """Have the broker itself throw everybody out of this run's virtual host, where it can be told to."""
        vhost = unquote(urlsplit(self.broker_url).path.removeprefix("/"))
        command = ("-q", "close_all_connections", "--vhost", vhost, "a test")
        try:
            if vhost:
                await asyncio.to_thread(self.server.run_control, *command)
            else:  # others may be using the broker's own virtual host
                self._proxy.cut()
        except Unavailable:
            self._proxy.cut()
        self.happened["broker cut"] += 1

    async def _restart_broker(self) -> None:
        """Restart the broker if this run has started it; else be a broker that is away for a moment."""
        if self.server.stop is not nothing_to_stop and self.server.control:
            await asyncio.to_thread(self.server.run_control, "stop_app")
            await asyncio.to_thread(self.server.run_control, "start_app")
        else:
            await self._proxy.down()
            await asyncio.sleep(1.0)
            await self._proxy.up()
        self.happened["broker restarted"] += 1


async def _delete_queues(url: str, prefix: str) -> None:
    queues = [HUB, DEAD, *(queue for name in PARTNERS for queue in (inbound(name), outbound(name)))]
    connection: Any = await aio_pika.connect(url)
    async with connection, connection.channel() as channel:
        for queue in queues:
            await channel.queue_delete(prefix + queue)
        with suppress(aio_pika.exceptions.AMQPError):
            await channel.exchange_delete(f"{prefix}events")
