"""Two batches under way at once: one is written while the next is decided, in the order in which they came."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.engine.engine import EngineLimits
from core.engine.work import Ending
from core.store import migrate
from core.store.postgres import PostgresDatabase
from core.store.sql import Database
from core.store.sqlite import SqliteDatabase
from tests.core.engine.stage import Gate, Stage, engine_on, furnish, order_document, put_stock
from tests.core.engine.test_group_commit import Picky

PAIRS = EngineLimits(batch_items=2)
"""One item is enough for a batch beside another."""


@dataclass
class SlowCommit:
    """Holds the first transaction after it was set up just before its commit, until it is let go."""

    gate: Gate
    held: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.before_commit = self

    async def __call__(self, begun: int) -> None:
        if not self.held.is_set():
            self.held.set()
            await self.go.wait()


@dataclass
class Overlap:
    """Counts how many transactions are between their beginning and their commit at once."""

    open: int = 0
    most: int = 0

    async def __call__(self, begun: int) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(0)
        self.open -= 1


@pytest.fixture
async def postgres(postgres_url: str) -> Database:
    await migrate.upgrade(postgres_url)
    database = await PostgresDatabase.open(postgres_url, connections=4)
    await furnish(database)
    return database


async def test_while_one_batch_is_written_the_next_one_goes_ahead(postgres: Database) -> None:
    async with engine_on(postgres, limits=PAIRS) as stage:
        first, second = await stage.placed("R-1"), await stage.placed("R-2")
        slow = SlowCommit(stage.database)
        noting = asyncio.create_task(stage.note(first, "slow"))
        await slow.held.wait()
        await stage.note(second, "quick")
        assert await stage.notes(first) == []
        slow.go.set()
        assert (await noting).ending is Ending.DONE
    await postgres.close()


async def test_what_comes_later_about_the_same_order_is_decided_later(postgres: Database) -> None:
    async with engine_on(postgres, limits=PAIRS) as stage:
        order_id = await stage.placed("R-1")
        slow = SlowCommit(stage.database)
        noting = [asyncio.create_task(stage.note(order_id, "1"))]
        await slow.held.wait()
        begun = stage.database.begun
        noting += [asyncio.create_task(stage.note(order_id, str(n))) for n in range(2, 6)]
        await stage.until(lambda: has_begun(stage, begun + 1))
        slow.go.set()
        await asyncio.gather(*noting)
        assert await stage.notes(order_id) == ["1", "2", "3", "4", "5"]
    await postgres.close()


async def has_begun(stage: Stage, count: int) -> bool:
    return stage.database.begun >= count


async def test_a_batch_that_is_divided_beside_another_harms_neither(postgres: Database) -> None:
    async with engine_on(postgres, Picky(), limits=EngineLimits(batch_items=8)) as stage:
        await put_stock(stage, "MUG", hall=5)
        refs = [f"R-{n}" for n in range(40)]
        placing = [asyncio.create_task(stage.tell(order_document(ref))) for ref in [*refs, "R-bad"]]
        outcomes = await asyncio.gather(*placing)
        assert [outcome.ending for outcome in outcomes] == [Ending.DONE] * 40 + [Ending.FAILED]
        assert len(await stage.rows("SELECT id FROM orders WHERE version > 0")) == 40
    await postgres.close()


async def test_a_small_batch_waits_for_the_one_before(postgres: Database) -> None:
    async with engine_on(postgres, limits=EngineLimits(batch_items=10)) as stage:
        first, second = await stage.placed("R-1"), await stage.placed("R-2")
        slow = SlowCommit(stage.database)
        noting = [asyncio.create_task(stage.note(first, "slow"))]
        await slow.held.wait()
        begun = stage.database.begun
        noting += [asyncio.create_task(stage.note(second, str(n))) for n in range(4)]
        for _ in range(100):
            await asyncio.sleep(0)
        assert stage.database.begun == begun
        slow.go.set()
        await asyncio.gather(*noting)
        assert await stage.notes(second) == ["0", "1", "2", "3"]
    await postgres.close()


async def test_a_store_with_one_writer_has_one_batch_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    await migrate.upgrade(f"sqlite:///{path}")
    database = await SqliteDatabase.open(path, SystemClock())
    await furnish(database)
    counted = Overlap()

    async with engine_on(database, limits=PAIRS) as stage:
        stage.database.before_commit = counted
        await asyncio.gather(*(stage.placed(f"R-{n}") for n in range(20)))
    assert counted.most == 1
    await database.close()
