"""Every crash, lost confirm, lost acknowledgement and repetition, at every step of the real engine: effects
are had once.

Two items travel in one envelope. Each notes something on its order and makes one more item, which notes again. The
second may fail, and is then replayed. Two workers stand by: a redelivery may reach the other one while the
first goes on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import pytest

from canonical.events import Event, NoteAdded
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps, Tell
from core.bus.port import HUB, Bus
from core.clock import SystemClock
from core.engine.engine import Engine, EngineLimits
from core.engine.work import Happening
from core.scheduler import jobs
from core.security.keys import KeyRing, MasterKey
from core.store.sql import Database
from core.store.sqlite import SqliteDatabase
from tests.core.engine.mishaps import AtLeastOnce, Death, MortalDatabase, end_all_but
from tests.core.engine.script import Script, every_way
from tests.core.engine.stage import Rules, Stage, Template, carrying, engine_on, note, world

FAR_S = 1e6
"""The sweeper of a model takes every row, as if all of them had waited long enough."""


class ViolatedError(AssertionError):
    """A promise was not kept."""


@dataclass
class Run:
    """One way to its end."""

    script: Script
    database: Database
    orders: tuple[UUID, UUID]
    inbox: bool = True
    lanes: int = 1

    def __post_init__(self) -> None:
        self.death = Death()
        self.broker = AtLeastOnce(script=self.script, death=self.death)
        self.store = MortalDatabase(
            self.database, script=self.script, death=self.death, inbox=self.inbox, lanes=self.lanes
        )
        self.limits = EngineLimits(batch_items=200 if self.lanes == 1 else 1)
        self.rules = Rules({"NoteAdded": (self.pass_on,)})
        self.ring = KeyRing(MasterKey(b"k" * 32))
        self.swept = False

    def pass_on(self, order: Order, event: Event, policy: Policy) -> Steps:
        """A first note makes a second one; that of the second order may fail."""
        assert isinstance(event, NoteAdded)
        if event.text == "first":
            if order.id == self.orders[1] and self.script.happens("rule", "works", "fails") == "fails":
                raise RuntimeError("not now")
            yield Tell(event=note(order.id, "second"))

    async def through(self) -> None:
        """Go on until nothing is left to do; then everything must have happened once."""
        items = [carrying(Happening(order_id, (note(order_id, "first"),))) for order_id in self.orders]
        self.broker.ready.append(self.broker.parcel(HUB, items))
        for _ in range(12):
            if await self.live():
                break
        else:
            raise ViolatedError(f"it never ends: {self.script}")
        for order_id in self.orders:
            if await self.notes(order_id) != ["first", "second"]:
                raise ViolatedError(f"{await self.notes(order_id)}: {self.script}")
        await self.nothing_left()

    async def live(self) -> bool:
        """Be two workers, until they die (False) or nothing is left to do (True)."""
        self.death.happened.clear()
        self.swept = False
        before = asyncio.all_tasks()
        workers = [self.worker() for _ in range(2)]
        try:
            while await self.step(workers):
                await self.quiet()
                if self.death.happened.is_set():
                    return False
                await self.no_ghosts()
            stopping = [asyncio.create_task(worker.stop(1)) for worker in workers]
            while not self.death.happened.is_set() and not all(task.done() for task in stopping):  # noqa: ASYNC110
                await asyncio.sleep(0)
            return not self.death.happened.is_set() and not await self.rows("SELECT item_id FROM outbox")
        finally:
            await end_all_but(before)
            self.broker.take_back()

    def worker(self) -> Engine:
        decided_by = world(self.rules, self.ring, {})
        engine = Engine(self.store, cast("Bus", self.broker), SystemClock(), decided_by, self.limits)
        engine.start()
        return engine

    async def step(self, workers: list[Engine]) -> bool:
        """Do the next thing that the world around the workers does. Says whether there was any."""
        if self.broker.ready:
            parcel = self.broker.ready.pop(0)
            self.broker.in_flight.append(parcel)
            await workers[0].handle(parcel)
            if self.script.happens("deliver", "once", "to both") == "to both":
                twin = self.broker.parcel(parcel.queue, parcel.items, parcel.redelivered_count + 1)
                self.broker.in_flight.append(twin)
                await workers[1].handle(twin)
        elif not self.swept:  # what is confirmed now goes when the workers stop
            self.swept = True
            workers[1].publish(await jobs.sweep(self.database, horizon_s=FAR_S))
        elif failures := await self.rows("SELECT id FROM failures WHERE status = 'open'"):
            stage = Stage(workers[0], self.store, self.broker, self.rules, self.ring)
            await stage.replay(UUID(str(failures[0]["id"])))
        else:
            return False
        return True

    async def quiet(self) -> None:
        """Wait until the workers rest, or are dead."""
        calm = 0
        while calm < 3 and not self.death.happened.is_set():
            await asyncio.sleep(0)
            calm = 0 if self.broker.in_flight or self.broker.publishing else calm + 1

    async def rows(self, sql: str, *values: object) -> list[dict[str, object]]:
        async with self.database.reading() as session:
            return [dict(row) for row in await session.rows(sql, *values)]

    async def notes(self, order_id: UUID) -> list[str]:
        async with self.database.reading() as session:
            rows = await session.rows("SELECT doc FROM orders WHERE id = $1", order_id)
        return [kept.text for kept in Order.model_validate_json(rows[0]["doc"]).notes]

    async def no_ghosts(self) -> None:
        """An order whose note failed does not have it."""
        for row in await self.rows("SELECT order_id FROM failures WHERE status IN ('open', 'replaying')"):
            if "first" in await self.notes(UUID(str(row["order_id"]))):
                raise ViolatedError(f"a failure, and its effect: {self.script}")

    async def nothing_left(self) -> None:
        for table in ("outbox", "waiting", "started"):
            if await self.rows(f"SELECT * FROM {table}"):  # noqa: S608 - names of ours
                raise ViolatedError(f"{table} is not empty: {self.script}")
        if await self.rows("SELECT id FROM failures WHERE status <> 'resolved'"):
            raise ViolatedError(f"a failure is left: {self.script}")


@dataclass
class Ways:
    """Prepared stores with two orders."""

    template: Template
    orders: tuple[UUID, UUID]

    @asynccontextmanager
    async def store(self) -> AsyncIterator[Database]:
        path = await self.template.copy()
        database = await SqliteDatabase.open(path, SystemClock())
        async with database.transaction() as session:
            await session.run("DELETE FROM outbox")
        try:
            yield database
        finally:
            await database.close()
            path.unlink()

    async def all(self, mishaps: int, *, inbox: bool = True, lanes: int = 1) -> int:
        """Go every way with so many mishaps; say how many that were."""
        count = 0
        async for script in every_way(mishaps):
            async with self.store() as database:
                await Run(script, database, self.orders, inbox=inbox, lanes=lanes).through()
            count += 1
        return count


@pytest.fixture
async def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    folder = tmp_path_factory.mktemp("model")
    template = Template(folder)
    path = await template.copy()
    database = await SqliteDatabase.open(path, SystemClock())
    async with engine_on(database) as stage:
        orders = (await stage.placed("R-1"), await stage.placed("R-2"))
    await database.close()
    (folder / "template.db").write_bytes(path.read_bytes())
    return Ways(template, orders)


@pytest.mark.parametrize("lanes", [1, 2])
async def test_any_one_mishap_at_any_step_neither_loses_nor_repeats_anything(ways: Ways, lanes: int) -> None:
    assert await ways.all(1, lanes=lanes) > 15


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_any_two_mishaps_neither_lose_nor_repeat_anything(ways: Ways) -> None:
    assert await ways.all(2) > 200


async def test_without_the_inbox_the_model_finds_what_happens_twice(ways: Ways) -> None:
    with pytest.raises(ViolatedError, match="first"):
        await ways.all(1, inbox=False)
