"""From the outbox to the bus: what a commit produced is published beside the next batch, until it is confirmed."""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import structlog

from core.bus.port import EVENTS, PUBLISH_TIMEOUT_S, Bus, Item, Key
from core.engine.changes import Posting
from core.store.sql import Bulk, Database, Session, StoreUnavailableError, bulk

log = structlog.get_logger()

UNBOX: Bulk = bulk(
    "DELETE FROM outbox WHERE (item_id, attempt) IN (SELECT item_id, attempt FROM {rows})",
    "item_id uuid, attempt int",
)


class Publisher:
    """Publishes postings, and remembers what the broker has confirmed until its outbox rows are gone.

    `on_confirmed` is called when there is something to forget: nobody else may come to wake who does that.
    """

    def __init__(self, database: Database, bus: Bus, on_confirmed: Callable[[], None]) -> None:
        if bus.publish_timeout_s > PUBLISH_TIMEOUT_S:
            message = (
                f"a bus that publishes for {bus.publish_timeout_s:g} s would be overtaken by the sweeper: "
                f"it has {PUBLISH_TIMEOUT_S:g} s"
            )
            raise ValueError(message)
        self._database, self._bus, self._on_confirmed = database, bus, on_confirmed
        self._confirmed: set[tuple[UUID, int]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def has_confirmed(self) -> bool:
        """Whether there are outbox rows that may go."""
        return bool(self._confirmed)

    @contextmanager
    def confirmed(self) -> Generator[frozenset[tuple[UUID, int]]]:
        """Hand out the items whose outbox rows may go, for one transaction to delete.

        They are forgotten when it has committed; not before, or their rows would stay for the sweeper to publish again.
        """
        done, self._confirmed = frozenset(self._confirmed), set()
        try:
            yield done
        except BaseException:
            self._confirmed |= done
            raise

    def publish(self, postings: Sequence[Posting]) -> None:
        """Publish postings, those of a queue together. What is not confirmed stays in the outbox.

        What was tried before travels alone: it may be what ends its worker.
        """
        by_queue: dict[str, list[Item]] = {}
        for posting in postings:
            if posting.delay_s:
                continue
            if posting.item.attempt > 1:
                self._spawn(self._publish_to(posting.queue, [posting.item]))
            else:
                by_queue.setdefault(posting.queue, []).append(posting.item)
        for queue, items in by_queue.items():
            self._spawn(self._publish_to(queue, items))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _publish_to(self, queue: str, items: Sequence[Item]) -> None:
        try:
            confirmed = await (self._tell(items) if queue == EVENTS else self._bus.publish(queue, items))
        except Exception:
            log.exception("not published: the sweeper will try again", queue=queue, items=len(items))
            return
        if confirmed:
            self._confirmed.update(confirmed)
            self._on_confirmed()

    async def _tell(self, items: Sequence[Item]) -> frozenset[Key]:
        """Tell outside systems, each event singly and all at once. One that is not confirmed is told again later."""
        told = await asyncio.gather(*(self._bus.publish_event(item.type, item) for item in items))
        return frozenset(item.key for item, done in zip(items, told, strict=True) if done)

    async def flush(self) -> bool:
        """Delete the outbox rows of confirmed items by themselves. Says whether that is done."""
        if not self._confirmed:
            return True
        try:
            with self.confirmed() as done:
                async with self._database.transaction() as session:
                    await unbox(session, done)
        except StoreUnavailableError as error:
            log.warning("store away", reason=str(error))
            return False
        return True

    async def stop(self, grace_s: float) -> None:
        """Wait for what is under way, and delete what is confirmed."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        await self.flush()


async def unbox(session: Session, done: frozenset[tuple[UUID, int]]) -> None:
    """Delete outbox rows, in an order that no other worker's deletion contradicts."""
    await session.write(UNBOX, sorted(done))
