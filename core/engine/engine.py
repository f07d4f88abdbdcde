"""Group commit: while one batch commits, the next one gathers.

Order of steps: commit, publish with confirms, acknowledge. A database that is away is back-pressure, not a failure;
a batch whose data the database refuses is bisected until the culprit stands alone.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import structlog

from core.bus.port import Bus, Delivery, Item
from core.clock import Clock
from core.engine import crashes, intake
from core.engine.batch import LOCK_ROUNDS, Batch, Committed, LockMoreError, World
from core.engine.changes import Changes, Posting
from core.engine.memory import OrderMemory
from core.engine.reading import Blame
from core.engine.work import (
    Content,
    Deposit,
    Ending,
    ItemError,
    Outcome,
    Work,
    successor,
    work_of,
)
from core.errors import DoorError
from core.ids import uuid7
from core.ports import RawDocument, Receipt
from core.store.sql import (
    Bulk,
    Database,
    ItemFaultError,
    SchemaTooNewError,
    Session,
    StoreUnavailableError,
    bulk,
)

log = structlog.get_logger()

T = TypeVar("T")

_UNBOX: Bulk = bulk(
    "DELETE FROM outbox WHERE (item_id, attempt) IN (SELECT item_id, attempt FROM {rows})",
    "item_id uuid, attempt int",
)
IDLE_FLUSH_S = 0.2
LONGEST_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How much the engine takes on at once."""

    batch_items: int = 200
    queued_bytes: int = 64 * 1024 * 1024
    queued_items: int = 20_000


@dataclass(slots=True)
class EngineStatistics:
    """What the engine has done since it started."""

    batches: int = 0
    items: int = 0
    deposits: int = 0
    retried_batches: int = 0
    bisected: int = 0
    relocked: int = 0
    busy_s: float = 0.0
    endings: dict[str, int] = field(default_factory=dict[str, int])


class Engine:
    """Takes work from everywhere, and commits it in groups. One per process."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        clock: Clock,
        world: World,
        limits: EngineLimits = EngineLimits(),
    ) -> None:
        self.world = world
        self.statistics = EngineStatistics()
        self.unavailable: str | None = None
        """Why nothing is committed just now; None when all is well."""
        self._database, self._bus, self._clock, self._limits = database, bus, clock, limits
        self._sources: dict[str, deque[Work]] = {}
        self._deposits: deque[Deposit] = deque()
        self._alone: deque[Work] = deque()
        self._confirmed: set[tuple[UUID, int]] = set()
        self._memory = OrderMemory()
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._queued_bytes = 0
        self._queued = 0
        self._closing = False
        self._loop_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._cautious = False
        self._one_alone = asyncio.Lock()

    # --- in ----------------------------------------------------------------------------------------------------

    def start(self, *, cautious: bool = False) -> None:
        """Begin to commit. `cautious`, after an unclean end: one item at a time, until one has succeeded."""
        self._cautious = cautious
        self._loop_task = asyncio.create_task(self._loop(), name="engine")

    async def stop(self, grace_s: float = 30.0) -> None:
        """Commit what was taken on, publish it, forget what was confirmed; then end."""
        self._closing = True
        self._wake.set()
        if self._loop_task is not None:
            await asyncio.wait({self._loop_task}, timeout=grace_s)
            self._loop_task.cancel()
            await asyncio.wait({self._loop_task})
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        await self._flush()

    async def handle(self, delivery: Delivery) -> None:
        """Take over a delivery of the bus; it is acknowledged when all of its items are committed."""
        await self._room.wait()
        if delivery.redelivered_count or self._cautious:
            self._spawn(self._carefully(delivery))
            return
        await self._take_over(delivery)

    async def _take_over(self, delivery: Delivery) -> None:
        futures: list[asyncio.Future[Outcome]] = []
        for item in delivery.items:
            future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
            try:
                work = work_of(delivery.queue, item, future, consumes_row=self._bus.consumes_outbox)
            except ItemError as error:
                log.warning(
                    "an item can't be read", queue=delivery.queue, item=str(item.id), reason=str(error)
                )
                await delivery.reject(requeue=False)
                return
            futures.append(future)
            self._add(work)
        _when_all(futures, delivery)

    async def _carefully(self, delivery: Delivery) -> None:
        """Take over what may have killed its worker before: alone, singly, and not more than twice."""
        single = len(delivery.items) == 1
        if delivery.redelivered_count > 1 and not single:
            await self._durably(lambda session: crashes.scatter(session, self.world.ring, delivery))
            await delivery.ack()
            return
        accused = self._cautious or delivery.redelivered_count > 1
        for item in delivery.items:
            # A mark accuses: none but the one item that is under way may bear it when its worker is killed.
            async with self._one_alone:
                if self._closing or not await self._alone_over(delivery, item, accused=accused):
                    return
        await delivery.ack()
        if self._cautious:
            self._cautious = False
            await self._bus.relax()

    async def _alone_over(self, delivery: Delivery, item: Item, *, accused: bool) -> bool:
        """Run an item in a batch of its own, unless it is parked; says False where the delivery was rejected."""
        queue = delivery.queue
        if accused and await self._durably(
            partial(crashes.begin, ring=self.world.ring, queue=queue, item=item)
        ):
            log.error("parked: it has ended its worker twice", queue=queue, item=str(item.id))
            return True
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        try:
            work = work_of(queue, item, future, consumes_row=self._bus.consumes_outbox)
        except ItemError as error:
            log.warning("an item can't be read", queue=queue, item=str(item.id), reason=str(error))
            await delivery.reject(requeue=False)
            return False
        self._alone.append(work)
        self._queued += 1
        self._queued_bytes += item.size_bytes
        self._wake.set()
        await future
        return True

    async def bury(self, delivery: Delivery) -> None:
        """Take what the bus gave up on: the innocent of an envelope go on, each by itself; the culprit is parked."""
        self._spawn(self._bury(delivery))

    async def _bury(self, delivery: Delivery) -> None:
        if delivery.problem is not None or not delivery.items:
            await self._durably(lambda session: crashes.keep_broken(session, self.world.ring, delivery))
        else:
            await self._durably(lambda session: crashes.scatter(session, self.world.ring, delivery))
        await delivery.ack()

    async def _durably(self, write: Callable[[Session], Coroutine[Any, Any, T]]) -> T:
        """Write, waiting while the store is away."""
        while True:
            try:
                async with self._database.transaction() as session:
                    return await write(session)
            except StoreUnavailableError as error:
                self.unavailable = f"the store is not available: {error}"
                await asyncio.sleep(1)

    async def submit(self, work: Work) -> Outcome:
        """Do a piece of work, and return what became of it after its commit."""
        self._add(work)
        return await work.done

    async def receive(self, connector: str, raw: RawDocument) -> Receipt:
        """Store a raw document; returns after the commit. Raises `DoorError` 503 while nothing can be committed."""
        if self._closing or self.unavailable is not None or self._queued >= self._limits.queued_items:
            reason = self.unavailable or "the hub is busy"
            raise DoorError(
                503,
                "unavailable",
                "The hub can't take documents now",
                detail=reason,
                headers={"retry-after": "5"},
            )
        deposit = Deposit(connector, raw, asyncio.get_running_loop().create_future())
        self._deposits.append(deposit)
        self._queued += 1
        self._wake.set()
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

    def _add(self, work: Work) -> None:
        self._sources.setdefault(work.queue, deque()).append(work)
        self._queued += 1
        self._queued_bytes += work.item.size_bytes
        if self._queued_bytes > self._limits.queued_bytes or self._queued > self._limits.queued_items:
            self._room.clear()
        self._wake.set()

    # --- the loop ----------------------------------------------------------------------------------------------

    async def _loop(self) -> None:
        while True:
            works, deposits = self._take()
            if not works and not deposits:
                if self._closing:
                    return
                await self._idle()
                continue
            await self._commit(works, deposits)

    async def _idle(self) -> None:
        """Wait for work; after a short while without any, forget what was confirmed."""
        self._wake.clear()
        if self._queued:
            return
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE_FLUSH_S if self._confirmed else None)
        except TimeoutError:
            await self._flush()

    def _take(self) -> tuple[list[Work], list[Deposit]]:
        """Take from every source in turn, each at most its fair share while others wait."""
        left = self._limits.batch_items
        if self._alone:
            work = self._alone.popleft()
            self._queued -= 1
            self._queued_bytes -= work.item.size_bytes
            return [work], []
        deposits = [self._deposits.popleft() for _ in range(min(left, len(self._deposits)))]
        works: list[Work] = []
        sources: list[deque[Work]] = [source for source in self._sources.values() if source]
        while sources and left > 0:
            share = max(1, left // len(sources))
            for source in sources:
                taken = min(share, len(source), left)
                works.extend(source.popleft() for _ in range(taken))
                left -= taken
            sources = [source for source in sources if source]
        self._queued -= len(works) + len(deposits)
        self._queued_bytes -= sum(work.item.size_bytes for work in works)
        if not self._room.is_set() and self._queued_bytes * 2 < self._limits.queued_bytes:
            self._room.set()
        return works, deposits

    async def _commit(self, works: list[Work], deposits: list[Deposit]) -> None:
        """Commit a batch; wait while the store is away; find the culprit when the data is refused."""
        wait_s = 0.1
        while True:
            try:
                await self._transact(works, deposits, frozenset())
            except StoreUnavailableError as error:
                self.unavailable = f"the store is not available: {error}"
                self.statistics.retried_batches += 1
                log.warning("store away", reason=str(error), waiting_s=wait_s, items=len(works))
                await asyncio.sleep(wait_s)
                wait_s = min(LONGEST_WAIT_S, wait_s * 2)
            except SchemaTooNewError as error:
                self.unavailable = str(error)
                log.warning("schema too new", reason=str(error))
                await asyncio.sleep(LONGEST_WAIT_S)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is some item's: find it and record it
                self.unavailable = None
                await self._bisect(works, deposits, error)
                return
            else:
                self.unavailable = None
                return

    async def _bisect(self, works: list[Work], deposits: list[Deposit], error: Exception) -> None:
        self.statistics.bisected += 1
        if len(works) + len(deposits) > 1:
            half, other = len(works) // 2, len(deposits) // 2
            if not works or not deposits:
                await self._commit(works[:half], deposits[:other])
                await self._commit(works[half:], deposits[other:])
            else:
                await self._commit(works, [])
                await self._commit([], deposits)
            return
        log.error(
            "refused",
            reason=str(error),
            error=type(error).__name__,
            exc_info=not isinstance(error, ItemFaultError),
        )
        for deposit in deposits:
            if not deposit.done.done():
                deposit.done.set_exception(_refused(error))
        for work in works:
            await self._blame(work, error)

    async def _blame(self, work: Work, error: Exception) -> None:
        """Write the failure record of a single item that can't be committed."""
        blame = Blame("commit", type(error).__name__, str(error).replace("\x00", "\\0"))
        failure_id = work.failure_id or uuid7()

        async def record(session: Session) -> None:
            changes = Changes(session.now)
            item = successor(work, work.content, tag="failed", now=session.now)
            changes.failed(failure_id, work, blame, None, item)
            done = [(work.item.id, work.item.attempt)] if work.consumes_row else []
            await changes.write(session, self.world.ring, done)

        await self._durably(record)
        if not work.done.done():
            work.done.set_result(Outcome(Ending.FAILED, blame.reason, failure_id=failure_id))

    async def _transact(self, works: list[Work], deposits: list[Deposit], prelock: frozenset[str]) -> None:
        began = time.perf_counter()
        for _ in range(LOCK_ROUNDS):
            try:
                done = frozenset(self._confirmed)
                async with self._database.transaction() as session:
                    deposited = await self._deposit(session, deposits)
                    committed = await self._run(session, works, done, prelock)
                    await Changes(session.now, postings=deposited.postings).write(
                        session, self.world.ring, ()
                    )
                break
            except LockMoreError as more:
                self.statistics.relocked += 1
                prelock = prelock | more.skus
        else:
            await self._singly(works, deposits, prelock)
            return
        self._confirmed -= done
        for written in committed.orders:
            self._memory.put(written.order, written.size)
        self._count(works, deposits, committed, time.perf_counter() - began)
        self.publish([*deposited.postings, *committed.postings])
        for deposit, receipt in deposited.receipts.items():
            if not deposit.done.done():
                deposit.done.set_result(receipt)
        for work, outcome in committed.outcomes.items():
            if not work.done.done():
                work.done.set_result(outcome)

    async def _singly(self, works: list[Work], deposits: list[Deposit], prelock: frozenset[str]) -> None:
        """Give up on committing together what keeps asking for more stock."""
        if len(works) == 1:
            message = f"{works[0].item.type} asks for ever more stock: {len(prelock)} SKUs so far"
            raise ItemFaultError(message)
        for work in works:
            await self._commit([work], [])
        if deposits:
            await self._commit([], deposits)

    async def _deposit(self, session: Session, deposits: Sequence[Deposit]) -> intake.Deposited:
        if not deposits:
            return intake.Deposited({}, [])
        return await intake.store(session, self.world.ring, deposits)

    async def _run(
        self,
        session: Session,
        works: list[Work],
        done: frozenset[tuple[UUID, int]],
        prelock: frozenset[str],
    ) -> Committed:
        if works:
            return await Batch(session, self.world, self._memory, works).run(done, prelock)
        await session.write(_UNBOX, sorted(done))
        return Committed({}, [])

    def _count(
        self, works: Sequence[Work], deposits: Sequence[Deposit], committed: Committed, took_s: float
    ) -> None:
        statistics = self.statistics
        statistics.batches += 1
        statistics.items += len(works)
        statistics.deposits += len(deposits)
        statistics.busy_s += took_s
        for outcome in committed.outcomes.values():
            name = outcome.ending.value
            statistics.endings[name] = statistics.endings.get(name, 0) + 1

    # --- out ---------------------------------------------------------------------------------------------------

    def publish(self, postings: Sequence[Posting]) -> None:
        """Publish what a commit produced, beside the next batch. What is not confirmed stays in the outbox.

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
        self._confirmed |= await self._bus.publish(queue, items)

    async def _flush(self) -> None:
        """Delete the outbox rows of confirmed items; they are forgotten only after that commit."""
        done = frozenset(self._confirmed)
        if not done:
            return
        try:
            async with self._database.transaction() as session:
                await session.write(_UNBOX, sorted(done))
        except StoreUnavailableError as error:
            log.warning("store away", reason=str(error))
            await asyncio.sleep(IDLE_FLUSH_S)
            return
        self._confirmed -= done


def _refused(error: Exception) -> DoorError:
    detail = "the store refuses this document's content (a NUL character, or a text that is no Unicode)"
    return DoorError(422, "refused", "The document can't be stored", detail=f"{detail}: {error}")


def _when_all(futures: Sequence[asyncio.Future[Outcome]], delivery: Delivery) -> None:
    """Acknowledge a delivery once all of its items are committed."""
    left = len(futures)

    def one_done(_: asyncio.Future[Outcome]) -> None:
        nonlocal left
        left -= 1
        if not left:
            task = asyncio.ensure_future(delivery.ack())
            _acknowledging.add(task)
            task.add_done_callback(_acknowledging.discard)

    for future in futures:
        future.add_done_callback(one_done)


_acknowledging: set[asyncio.Future[None]] = set()
