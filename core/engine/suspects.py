"""What may be the end of its worker: tried alone, marked as started, and parked when it was started too often.

A mark accuses: none but the one item that is under way may bear it when its worker is killed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Protocol, TypeVar

import structlog

from core.bus.port import Bus, Delivery, Item
from core.engine import crashes
from core.engine.gathering import Gathering
from core.engine.work import ItemError, Outcome, work_of
from core.security.keys import KeyRing
from core.store.sql import Session

log = structlog.get_logger()

T = TypeVar("T")


class Durably(Protocol):
    """Writes in a transaction of its own, waiting while the store is away."""

    def __call__(self, write: Callable[[Session], Coroutine[Any, Any, T]]) -> Awaitable[T]:
        """Return what `write` returns, after the commit."""
        ...


class Suspects:
    """Takes over deliveries that were handed out before, and everything after an unclean end of this worker."""

    def __init__(self, gathering: Gathering, bus: Bus, ring: KeyRing, durably: Durably) -> None:
        self.cautious = False
        """The last run of this worker did not end cleanly: one item at a time, until one has succeeded."""
        self.closing = False
        self._gathering, self._bus, self._ring, self._durably = gathering, bus, ring, durably
        self._one = asyncio.Lock()

    def has_reason(self, delivery: Delivery) -> bool:
        """Say whether a delivery is to be taken over carefully. What was tried before has a higher attempt."""
        return self.cautious or delivery.redelivered_count > 0 or delivery.items[0].attempt > 1

    async def take_over(self, delivery: Delivery) -> None:
        """Run a delivery item by item, each in a batch of its own."""
        if delivery.redelivered_count > 1 and len(delivery.items) > 1:
            await self._durably(partial(crashes.scatter, ring=self._ring, delivery=delivery))
            await delivery.ack()
            return
        accused = self.cautious or delivery.redelivered_count > 1
        for item in delivery.items:
            async with self._one:
                if self.closing:
                    await delivery.reject(requeue=True)
                    return
                await self._alone(delivery.queue, item, accused=accused or item.attempt > 1)
        await delivery.ack()
        if self.cautious:
            self.cautious = False
            await self._bus.relax()

    async def bury(self, delivery: Delivery) -> None:
        """Take what the bus gave up on: the innocent of an envelope go on, each by itself; the culprit is parked."""
        broken = delivery.problem is not None or not delivery.items
        write = crashes.keep_broken if broken else crashes.scatter
        await self._durably(partial(write, ring=self._ring, delivery=delivery))
        await delivery.ack()

    async def unreadable(self, queue: str, item: Item, error: ItemError) -> None:
        """Write the failure record of an item that does not say what it is about."""
        log.warning("an item can't be read", queue=queue, item=str(item.id), reason=str(error))
        write = partial(crashes.keep_unreadable, ring=self._ring, queue=queue, item=item, reason=str(error))
        await self._durably(write)

    async def _alone(self, queue: str, item: Item, *, accused: bool) -> None:
        """Run one item to its end, unless it is parked instead."""
        if accused and await self._durably(partial(crashes.begin, ring=self._ring, queue=queue, item=item)):
            log.error("parked: it has ended its worker twice", queue=queue, item=str(item.id))
            return
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        try:
            work = work_of(queue, item, future, consumes_row=self._bus.consumes_outbox)
        except ItemError as error:
            await self.unreadable(queue, item, error)
            return
        work.marked = accused
        self._gathering.add_alone(work)
        await future
