"""The queues and the exchange in RabbitMQ: declared on every start, checked by `orderhub check --connect`."""

import re
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import aio_pika
from aiormq.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import (
    AMQPError,
    ChannelAccessRefused,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    InvalidFrameError,
    ProbableAuthenticationError,
)
from faststream.rabbit import ExchangeType, QueueType, RabbitExchange, RabbitQueue
from faststream.rabbit.schemas.queue import QuorumQueueArgs
from yarl import URL

from core.bus.bounded import within
from core.bus.port import DEAD, EVENTS, BusAwayError, BusRefusedError, TopologyError

UNLIMITED = 1_000_000_000
"""Deliveries. `dead` must drop nothing, and RabbitMQ since 4.0 limits a queue that says nothing to 20."""

_INEQUIVALENT = re.compile(
    r"inequivalent arg '(?P<argument>[^']+)' for \w+ '[^']*' in vhost '[^']*': "
    r"received (?P<expected>.+) but current is (?P<found>.+)"
)
_TYPED = re.compile(r"the value '(?P<value>.*)' of type '\w+'")


class Topology:
    """What must be there. Names start with `prefix`; `queues` are without it, and `DEAD` is always one."""

    def __init__(self, prefix: str, queues: Iterable[str], *, delivery_limit: int) -> None:
        self.prefix = prefix
        self.queues = (DEAD, *sorted({*queues} - {DEAD}))
        self.events = RabbitExchange(prefix + EVENTS, type=ExchangeType.TOPIC, durable=True)
        self._delivery_limit = delivery_limit

    def name(self, queue: str) -> str:
        """Return the queue's name in RabbitMQ."""
        return self.prefix + queue

    def without_prefix(self, name: str) -> str:
        """Return the queue that has this name in RabbitMQ."""
        return name.removeprefix(self.prefix)

    def queue(self, queue: str) -> RabbitQueue:
        """Return the queue as FastStream declares it: the same arguments as everywhere."""
        return RabbitQueue(
            self.name(queue),
            QueueType.QUORUM,
            durable=True,
            arguments=cast("QuorumQueueArgs", self._arguments(queue)),
        )

    def _arguments(self, queue: str) -> dict[str, Any]:
        if queue == DEAD:
            return {"x-delivery-limit": UNLIMITED}
        return {
            "x-delivery-limit": self._delivery_limit,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": self.name(DEAD),
            # Without these two, a message is lost when the broker stops while it moves to `dead`.
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
        }

    async def declare(self, connection: AbstractConnection) -> None:
        """Declare everything that is not there; raise `TopologyError` at the first that is otherwise."""
        for queue in self.queues:
            await self._declare_queue(connection, queue)
        await self._declare_events(connection)

    async def check(self, connection: AbstractConnection) -> tuple[TopologyError, ...]:
        """Return what is there but otherwise. Declares nothing: what is missing is made by the next start."""
        found: list[TopologyError] = []
        for queue in self.queues:
            try:
                async with channel_of(connection) as channel:
                    await channel.queue_declare(self.name(queue), passive=True)
            except ChannelNotFoundEntity:
                continue
            try:
                await self._declare_queue(connection, queue)
            except TopologyError as error:
                found.append(error)
        try:
            async with channel_of(connection) as channel:
                await channel.exchange_declare(self.events.name, passive=True)
            await self._declare_events(connection)
        except ChannelNotFoundEntity:
            pass
        except TopologyError as error:
            found.append(error)
        return tuple(found)

    async def _declare_queue(self, connection: AbstractConnection, queue: str) -> None:
        name = self.name(queue)
        arguments = {"x-queue-type": QueueType.QUORUM.value, **self._arguments(queue)}
        try:
            async with channel_of(connection) as channel:
                await channel.queue_declare(name, durable=True, arguments=arguments)
        except (ChannelPreconditionFailed, ChannelAccessRefused) as error:
            raise _explained("queue", name, error) from error

    async def _declare_events(self, connection: AbstractConnection) -> None:
        try:
            async with channel_of(connection) as channel:
                await channel.exchange_declare(self.events.name, exchange_type="topic", durable=True)
        except (ChannelPreconditionFailed, ChannelAccessRefused) as error:
            raise _explained("exchange", self.events.name, error) from error


@asynccontextmanager
async def channel_of(connection: AbstractConnection) -> AsyncGenerator[AbstractChannel]:
    """Open a channel for a moment: an error of the broker closes it, and with it nothing else."""
    channel = await connection.channel(publisher_confirms=False)
    try:
        yield channel
    finally:
        if not channel.is_closed:
            await channel.close()


@asynccontextmanager
async def connection_to(url: str, limit_s: float) -> AsyncGenerator[AbstractConnection]:
    """Connect for a moment, and say clearly why not: `BusRefusedError`, `BusAwayError`."""
    try:
        connection = await within(limit_s, aio_pika.connect(url, timeout=limit_s))
    except ProbableAuthenticationError as error:
        raise BusRefusedError(f"{shown(url)} refuses the user or the password: see `bus.url`") from error
    except InvalidFrameError as error:  # it closes the connection where it should open the virtual host
        raise BusRefusedError(
            f"{shown(url)} refuses the virtual host {URL(url).path[1:] or '/'!r}: make it with `rabbitmqctl "
            "add_vhost`, and give the user its rights with `rabbitmqctl set_permissions`"
        ) from error
    except (AMQPError, OSError, BusAwayError) as error:
        raise BusAwayError(f"{shown(url)} does not answer: {error}") from error
    try:
        transport = connection.transport
        if transport is None:
            raise BusAwayError(f"{shown(url)} closed the connection")
        yield transport.connection
    finally:
        with suppress(AMQPError, OSError, BusAwayError):
            await within(limit_s, connection.close())


def shown(url: str) -> str:
    """Return the URL as people may see it: without user and password."""
    return str(URL(url).with_user(None).with_query(None))


def _explained(kind: str, name: str, error: AMQPError) -> TopologyError:
    parts = _INEQUIVALENT.search(str(error))
    if parts is None:
        return TopologyError(kind, name, reason=str(error))
    return TopologyError(
        kind,
        name,
        argument=parts["argument"],
        expected=_plain(parts["expected"]),
        found=_plain(parts["found"]),
    )


def _plain(told: str) -> str:
    typed = _TYPED.fullmatch(told)
    return typed["value"] if typed else told.strip("'")
