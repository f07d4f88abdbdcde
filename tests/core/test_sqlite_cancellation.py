"""A writer whose caller went away in the middle of something serves the next one all the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.store.sqlite import SqliteDatabase


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    opened = await SqliteDatabase.open(tmp_path / "any.db", SystemClock())
    async with opened.transaction() as session:
        await session.run("CREATE TABLE things (name TEXT)")
    yield opened
    await opened.close()


async def write(database: SqliteDatabase) -> None:
    async with database.transaction() as session:
        await session.run("INSERT INTO things (name) VALUES ('one')")
        await session.run("INSERT INTO things (name) VALUES ('another')")


@pytest.mark.parametrize("steps", range(12))
async def test_a_writer_that_is_cancelled_anywhere_leaves_no_transaction_behind(
    database: SqliteDatabase, steps: int
) -> None:
    task = asyncio.create_task(write(database))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await write(database)
    async with database.reading() as session:
        count = (await session.rows("SELECT COUNT(*) AS n FROM things"))[0]["n"]
    assert count in {2, 4}
