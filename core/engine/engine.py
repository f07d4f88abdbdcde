"""Group commit: while one batch commits, the next one gathers, and is decided where the store takes several writers.

Order of steps: commit, then publish with confirms and, beside that, acknowledge. What is acknowledged before its
confirms are here loses nothing: its outbox rows stay until they are confirmed (docs/adr/0007). A database that is away
is back-pressure, not a failure; a batch whose data the database refuses is bisected until the culprit stands alone.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import structlog

from core.bus.port import Bus, Delivery, Item
from core.clock import Clock
from core.engine.batch import Batch, World
from core.engine.changes import Posting
from core.engine.committing import Committer, EngineStatistics
from core.engine.door import unavailable, unstorable
from core.engine.gathering import EngineLimits, Gathering
from core.engine.memory import OrderMemory
from core.engine.publishing import Publisher
from core.engine.suspects import Suspects
from core.engine.turns import Turn
from core.engine.work import Content, Deposit, ItemError, Outcome, Work, work_of
from core.errors import HubError
from core.ids import uuid7
from core.ports import RawDocument, Receipt
from core.store.sql import Database, Session, StoreUnavailableError

__all__ = ["Engine", "EngineLimits", "EngineStatistics", "EngineStoppedError"]

log = structlog.get_logger()

T = TypeVar("T")

LANES = 2
"""How many batches may be under way at once, if the store takes as many writers."""
IDLE_FLUSH_S = 0.2
AWAY_S = 1.0
"""How long to wait for a store that is away, before the next try of a single write."""


class EngineStoppedError(HubError):
    """The engine takes on nothing more: its process is ending."""


class Engine:
    """Takes work from everywhere, and commits it in groups. One per process."""

    batch: ClassVar[type[Batch]] = Batch
    """What a transaction is run by."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        world: World,
        limits: EngineLimits = EngineLimits(),  # noqa: B008 - frozen
    ) -> None:
        self._database, self._bus, self._clock = database, bus, clock
        self._gathering = Gathering(limits)
        self._publisher = Publisher(database, bus, self._gathering.wake.set)
        self._committer = Committer(database, world, self._publisher, self.batch)
        self._suspects = Suspects(self._gathering, bus, world.ring, self._durably)
        self._closing = self._ended = False
        self._gate = asyncio.Lock()
        self._writing = 0
        """How many lanes have a batch that is not at its end."""
        self._lanes: set[asyncio.Task[None]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def world(self) -> World:
        """What batches are decided by. Set anew, it counts from the next batch on."""
        return self._committer.world

    @world.setter
    def world(self, world: World) -> None:
        self._committer.world = world

    @property
    def memory(self) -> OrderMemory:
        """The orders that were written last: true where the row's version is theirs."""
        return self._committer.memory

    @property
    def statistics(self) -> EngineStatistics:
        """What the engine has done since it started."""
        return self._committer.statistics

    @property
    def unavailable(self) -> str | None:
        """Why nothing is committed just now; None when all is well."""
        return self._committer.unavailable

    # --- in ----------------------------------------------------------------------------------------------------

    def start(self, *, cautious: bool = False) -> None:
        """Begin to commit. `cautious`, after an unclean end: one item at a time, until one has succeeded."""
        self._suspects.cautious = cautious
        lanes = range(min(LANES, self._database.writers))
        self._lanes = {asyncio.create_task(self._lane(), name=f"engine {n}") for n in lanes}

    async def stop(self, grace_s: float = 30.0) -> None:
        """Commit what was taken on, publish it, forget what was confirmed; then end.

        What could not be committed within the grace is given back: to the bus, or as an error to who waits for it.
        """
        self._closing = self._suspects.closing = True
        if self._tasks:  # they need the loop to end the item that they are at
            await asyncio.wait(self._tasks, timeout=grace_s)
        self._ended = True
        self._gathering.wake.set()
        if self._lanes:
            await asyncio.wait(self._lanes, timeout=grace_s)
            for lane in self._lanes:
                lane.cancel()
            await asyncio.wait(self._lanes)
        self._give_back(*self._gathering.abandon())
        await self._publisher.stop(grace_s)

    def _give_back(self, works: Sequence[Work], deposits: Sequence[Deposit]) -> None:
        for work in works:
            work.done.cancel()
        for deposit in deposits:
            if not deposit.done.done():
                deposit.done.set_exception(unavailable("the hub is stopping"))

    async def handle(self, delivery: Delivery) -> None:
        """Take over a delivery of the bus; it is acknowledged when all of its items are committed."""
        await self._gathering.room.wait()
        if self._closing:
            await delivery.reject(requeue=True)
        elif self._suspects.has_reason(delivery):
            self._spawn(self._suspects.take_over(delivery))
        else:
            self._take_over(delivery)

    def _take_over(self, delivery: Delivery) -> None:
        futures: list[asyncio.Future[Outcome]] = []
        loop, consumes_row = asyncio.get_running_loop(), self._bus.consumes_outbox
        for item in delivery.items:
            future: asyncio.Future[Outcome] = loop.create_future()
            futures.append(future)
            try:
                work = work_of(delivery.queue, item, future, consumes_row=consumes_row)
            except ItemError as error:  # it becomes a failure record for itself alone
                self._spawn(self._unreadable(delivery.queue, item, error, future))
            else:
                self._gathering.add(work)
        self._when_all(futures, delivery)

    async def _unreadable(
        self, queue: str, item: Item, error: ItemError, done: "asyncio.Future[Outcome]"
    ) -> None:
        await self._suspects.unreadable(queue, item, error)
        done.set_result(Outcome.of_unreadable(error))

    def _when_all(self, futures: Sequence["asyncio.Future[Outcome]"], delivery: Delivery) -> None:
        """Acknowledge a delivery once all of its items are committed; give it back if one was given up."""
        left = len(futures)
        whole = True

        def one_done(future: "asyncio.Future[Outcome]") -> None:
            nonlocal left, whole
            left -= 1
            whole = whole and not future.cancelled()
            if not left:
                self._spawn(delivery.ack() if whole else delivery.reject(requeue=True))

        for future in futures:
            future.add_done_callback(one_done)

    async def bury(self, delivery: Delivery) -> None:
        """Take what the bus gave up on: the innocent of an envelope go on, each by itself; the culprit is parked."""
        self._spawn(self._suspects.bury(delivery))

    async def submit(self, work: Work) -> Outcome:
        """Do a piece of work, and return what became of it after its commit."""
        if self._ended:
            raise EngineStoppedError("the hub is stopping: try again when it has started")
        self._gathering.add(work)
        return await work.done

    async def receive(self, connector: str, raw: RawDocument) -> Receipt:
        """Store a raw document; returns after the commit.

        Raises `DoorError`: 503 while nothing can be committed, 422 for what no store can keep.
        """
        if self._closing or self.unavailable is not None or self._gathering.is_full:
            raise unavailable(
                self.unavailable or ("the hub is stopping" if self._closing else "the hub is busy")
            )
        if (problem := unstorable(raw)) is not None:
            raise problem
        deposit = Deposit(connector, raw, asyncio.get_running_loop().create_future())
        self._gathering.add_deposit(deposit)
        receipt: Receipt = await deposit.done
        return receipt

    def work(
        self, queue: str, content: Content, *, correlation_id: UUID | None = None, subject: UUID | None = None
    ) -> Work:
        """Return a new piece of work that did not come over the bus."""
        item_id = uuid7()
        item = Item(
            id=item_id,
            type="",
            subject=str(subject) if subject else None,
            attempt=1,
            time=self._clock.now(),
            correlation_id=correlation_id or item_id,
            causation_id=None,
            data="{}",
        )
        return Work(queue, item, content, asyncio.get_running_loop().create_future())

    # --- the lanes ---------------------------------------------------------------------------------------------

    async def _lane(self) -> None:
        """Bring one batch after the other to its end. While this one is written, the next lane gathers another."""
        turn = Turn(self._gate)
        while True:
            await turn.take()
            if self._is_ripe():
                await self._commit(*self._gathering.take(), turn)
                continue
            turn.pass_on()  # not to be kept from a batch that must be tried again
            if self._ended:
                return
            await self._idle()

    def _is_ripe(self) -> bool:
        return self._gathering.is_ripe(beside_another=self._writing > 0 and not self._ended)

    async def _commit(self, works: list[Work], deposits: list[Deposit], turn: Turn) -> None:
        self._writing += 1
        try:
            await self._committer.commit(works, deposits, turn)
        except asyncio.CancelledError:
            self._give_back(works, deposits)
            raise
        except Exception:
            log.exception("a batch was given back: not even its failure could be recorded", items=len(works))
            self._give_back(works, deposits)
            await asyncio.sleep(AWAY_S)
        finally:
            self._writing -= 1
            self._gathering.wake.set()  # what was not enough for a batch beside this one is enough now

    async def _idle(self) -> None:
        """Wait for work; after a short while without any, forget what was confirmed."""
        wake = self._gathering.wake
        wake.clear()
        if self._is_ripe():
            return
        try:
            async with asyncio.timeout(IDLE_FLUSH_S if self._publisher.has_confirmed else None):
                await wake.wait()
        except TimeoutError:
            await self._flush()

    async def _flush(self) -> None:
        try:
            if await self._publisher.flush():
                return
        except Exception:
            log.exception("confirmed outbox rows could not be deleted")
        await asyncio.sleep(AWAY_S)

    async def _durably(self, write: Callable[[Session], Coroutine[Any, Any, T]]) -> T:
        """Write in a transaction of its own, waiting while the store is away."""
        while True:
            try:
                async with self._database.transaction() as session:
                    return await write(session)
            except StoreUnavailableError as error:
                log.warning("store away", reason=str(error), waiting_s=AWAY_S)
                await asyncio.sleep(AWAY_S)

    # --- out ---------------------------------------------------------------------------------------------------

    def publish(self, postings: Sequence[Posting]) -> None:
        """Publish what a commit produced, beside the next batch. What is not confirmed stays in the outbox."""
        self._publisher.publish(postings)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended_task)

    def _ended_task(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a delivery was not settled: it comes again", exc_info=error)
