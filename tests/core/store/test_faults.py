"""Who is to blame for an error of a database, and what a caller that goes away leaves behind."""

import asyncio
import threading
from pathlib import Path

import asyncpg
import pytest

from core.clock import SystemClock
from core.store.postgres import fault_of, translated
from core.store.sql import Database, Fault, ItemFaultError, StoreUnavailableError
from core.store.sqlite import SqliteDatabase

ITEM = "INSERT INTO items VALUES ($1, '{}', $2)"


async def test_a_repeated_key_is_the_items_fault(store: Database) -> None:
    async def twice() -> None:
        async with store.transaction() as session:
            for _ in range(2):
                await session.run(ITEM, "TWICE", session.now)

    with pytest.raises(ItemFaultError):
        await twice()


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("got result for unknown protocol state 3"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionResetError("reset by peer"),
        TimeoutError(),
    ],
)
def test_a_connection_that_was_cut_is_nobodys_fault(error: Exception) -> None:
    assert fault_of(error) is Fault.TRANSIENT
    with pytest.raises(StoreUnavailableError), translated():
        raise error


async def test_a_database_that_was_not_migrated_is_nobodys_fault(store: Database) -> None:
    with pytest.raises(StoreUnavailableError):
        async with store.transaction() as session:
            await session.rows("SELECT value FROM never_made")


async def test_a_cancelled_caller_leaves_no_transaction_open(store: Database) -> None:
    async def write(n: int) -> None:
        async with store.transaction() as session:
            await session.run(ITEM, f"NEW-{n}", session.now)
            await asyncio.sleep(0.001)

    for n in range(40):
        task = asyncio.create_task(write(n))
        await asyncio.sleep(0.0002 * (n % 8))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await write(99)
    async with store.reading() as session:
        assert len(await session.rows("SELECT sku FROM items WHERE sku = 'NEW-99'")) == 1


async def test_readers_that_are_cancelled_give_their_connection_back(store: Database) -> None:
    async def read() -> None:
        async with store.reading() as session:
            await session.rows("SELECT sku FROM items")
            await asyncio.sleep(1)

    for _ in range(12):
        task = asyncio.create_task(read())
        await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with asyncio.timeout(5), store.reading() as session:
        assert await session.rows("SELECT sku FROM items")


async def test_a_file_that_is_no_database_leaves_no_thread(tmp_path: Path) -> None:
    file = tmp_path / "hub.db"
    file.write_bytes(b"no database at all, whatever it is called " * 100)
    before = threading.active_count()
    with pytest.raises(Exception, match="not a database"):
        await SqliteDatabase.open(file, SystemClock())
    async with asyncio.timeout(5):
        while threading.active_count() > before:  # noqa: ASYNC110 - a thread's end has no event
            await asyncio.sleep(0.01)
