"""One batch to its end: committed, tried again while the store is away, or divided until the culprit stands alone.

Whoever commits has the turn to lock (`core.engine.turns`), and passes it on once its locks are held.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from core.engine import blaming, intake
from core.engine.batch import LOCK_ROUNDS, Batch, Committed, LockMoreError, World
from core.engine.changes import Changes
from core.engine.memory import OrderMemory
from core.engine.publishing import Publisher, unbox
from core.engine.turns import Turn
from core.engine.work import Deposit, Outcome, Work
from core.errors import DoorError
from core.ports import Receipt
from core.store.sql import Database, ItemFaultError, SchemaTooNewError, Session, StoreUnavailableError

log = structlog.get_logger()

FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 5.0
ROUNDS_ALONE = 20
"""How often a single item may ask for more stock. A batch gives up sooner, and its items are tried singly."""
_STORED = "SELECT id FROM messages WHERE id = $1"
T = TypeVar("T")


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

    def count(
        self, works: Sequence[Work], deposits: Sequence[Deposit], committed: Committed, took_s: float
    ) -> None:
        """Count a batch."""
        self.batches += 1
        self.items += len(works)
        self.deposits += len(deposits)
        self.busy_s += took_s
        for outcome in committed.outcomes.values():
            name = outcome.ending.value
            self.endings[name] = self.endings.get(name, 0) + 1


class Committer:
    """Runs batches, as many at once as there are turns. `world` may be replaced between two of them."""

    def __init__(
        self, database: Database, world: World, publisher: Publisher, batch: type[Batch] = Batch
    ) -> None:
        self.world = world
        self.statistics = EngineStatistics()
        self.unavailable: str | None = None
        self._database, self._publisher, self._batch = database, publisher, batch
        self.memory = OrderMemory()

    async def commit(self, works: list[Work], deposits: list[Deposit], turn: Turn) -> None:
        """Bring a batch to its end. Raises only when not even a failure record can be written."""
        wait_s = FIRST_WAIT_S
        while True:
            try:
                await self._transact(works, deposits, turn)
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
                await self._bisect(works, deposits, error, turn)
                return
            else:
                self.unavailable = None
                return

    async def _transact(self, works: list[Work], deposits: list[Deposit], turn: Turn) -> None:
        """Try the whole batch, with more stock locked each time that it asks for more."""
        prelock: frozenset[str] = frozenset()
        for _ in range(LOCK_ROUNDS if len(works) > 1 else ROUNDS_ALONE):
            await turn.take()
            try:
                await self._once(works, deposits, prelock, turn)
            except LockMoreError as more:
                self.statistics.relocked += 1
                prelock = prelock | more.skus
            else:
                return
        await self._singly(works, deposits, prelock, turn)

    async def _once(
        self, works: list[Work], deposits: list[Deposit], prelock: frozenset[str], turn: Turn
    ) -> None:
        began = time.perf_counter()
        with self._publisher.confirmed() as done:
            async with self._database.transaction() as session:
                deposited = await self._deposit(session, deposits)
                if works:
                    batch = self._batch(session, self.world, self.memory, works)
                    committed = await batch.run(done, prelock, turn)
                else:
                    turn.pass_on()
                    committed = Committed({}, [])
                    await unbox(session, done)
        for written in committed.orders:
            self.memory.put(written)
        self.statistics.count(works, deposits, committed, time.perf_counter() - began)
        self._publisher.publish([*deposited.postings, *committed.postings])
        for deposit, receipt in deposited.receipts.items():
            if not deposit.done.done():
                deposit.done.set_result(receipt)
        for work, outcome in committed.outcomes.items():
            if not work.done.done():
                work.done.set_result(outcome)

    async def _deposit(self, session: Session, deposits: Sequence[Deposit]) -> intake.Deposited:
        if not deposits:
            return intake.Deposited({}, [])
        deposited = await intake.store(session, self.world.ring, deposits)
        await Changes(session.now, postings=deposited.postings).write(session, self.world.ring, ())
        return deposited

    async def _singly(
        self, works: list[Work], deposits: list[Deposit], prelock: frozenset[str], turn: Turn
    ) -> None:
        """Give up on committing together what keeps asking for more stock."""
        if len(works) == 1:
            message = f"{works[0].item.type} asks for ever more stock: {len(prelock)} SKUs so far"
            raise ItemFaultError(message)
        for work in works:
            await self.commit([work], [], turn)
        if deposits:
            await self.commit([], deposits, turn)

    async def _bisect(self, works: list[Work], deposits: list[Deposit], error: Exception, turn: Turn) -> None:
        self.statistics.bisected += 1
        if works and deposits:
            await self.commit(works, [], turn)
            await self.commit([], deposits, turn)
            return
        if len(works) + len(deposits) > 1:
            half, other = len(works) // 2, len(deposits) // 2
            await self.commit(works[:half], deposits[:other], turn)
            await self.commit(works[half:], deposits[other:], turn)
            return
        known = isinstance(error, ItemFaultError)
        log.error("refused", reason=str(error), error=type(error).__name__, exc_info=None if known else error)
        for deposit in deposits:
            await self._refuse(deposit, error)
        for work in works:
            await self._blame(work, error)

    async def _refuse(self, deposit: Deposit, error: Exception) -> None:
        """Refuse a single document that can't be stored, unless it is: a commit whose answer was lost has kept it."""
        stored = isinstance(error, ItemFaultError) and await self._once_there(
            lambda: self._is_stored(deposit)
        )
        if deposit.done.done():
            return
        if stored:
            deposit.done.set_result(Receipt(deposit.message_id))
        else:
            deposit.done.set_exception(_refused(error))

    async def _is_stored(self, deposit: Deposit) -> bool:
        """Say whether the message is there. Its id was made for this document, and is nobody else's."""
        async with self._database.reading() as session:
            return bool(await session.rows(_STORED, deposit.message_id))

    async def _blame(self, work: Work, error: Exception) -> None:
        """Write the failure record of a single item that can't be committed."""
        outcome = await self._once_there(lambda: self._recorded(work, error))
        name = outcome.ending.value
        self.statistics.endings[name] = self.statistics.endings.get(name, 0) + 1
        if not work.done.done():
            work.done.set_result(outcome)

    async def _recorded(self, work: Work, error: Exception) -> Outcome:
        async with self._database.transaction() as session:
            return await blaming.record(session, self.world.ring, work, error)

    async def _once_there(self, work: Callable[[], Awaitable[T]]) -> T:
        """Return what `work` returns; while the store is away, wait and do it again."""
        while True:
            try:
                return await work()
            except StoreUnavailableError as away:
                self.unavailable = f"the store is not available: {away}"
                await asyncio.sleep(1)


def _refused(error: Exception) -> DoorError:
    if not isinstance(error, ItemFaultError):
        detail = "a defect of the hub; its log has the details. Nothing is lost by sending it again"
        return DoorError(500, "internal", "The document could not be stored", detail=detail)
    detail = "the store refuses this document's content (a NUL character, or a text that is no Unicode)"
    return DoorError(422, "refused", "The document can't be stored", detail=f"{detail}: {error}")
