"""What a process that was killed leaves behind, and what a process that is alive does not."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.store.sql import Database
from core.store.sqlite import SqliteDatabase
from hub.runs import Run


@pytest.fixture
async def store(tmp_path: Path, empty_store: Path) -> AsyncIterator[Database]:
    database = await SqliteDatabase.open(Path(shutil.copy(empty_store, tmp_path / "hub.db")), SystemClock())
    yield database
    await database.close()


async def mark(store: Database, pid: int, host: str) -> None:
    sql = "INSERT INTO cursors (connector, name, value, updated_at) VALUES ('hub', $1, 'running', $2)"
    async with store.transaction() as session:
        await session.run(sql, f"running:{host}:{pid}", session.now)


def pid_of_the_dead() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_the_first_run_follows_nobody(store: Database) -> None:
    assert not await Run().begin(store)


async def test_a_run_that_ended_as_it_should_says_nothing(store: Database) -> None:
    run = Run()
    await run.begin(store)
    await run.end(store)
    assert not await Run().begin(store)


async def test_a_process_that_was_killed_is_told_of_once(store: Database) -> None:
    await mark(store, pid_of_the_dead(), socket.gethostname())
    run = Run()
    assert await run.begin(store)
    await run.end(store)
    assert not await Run().begin(store)


async def test_a_container_that_starts_again_knows_its_own_number(store: Database) -> None:
    await mark(store, os.getpid(), socket.gethostname())
    assert await Run().begin(store)


async def test_a_worker_that_is_alive_was_not_killed(store: Database) -> None:
    await mark(store, os.getppid(), socket.gethostname())
    assert not await Run().begin(store)


async def test_another_hosts_workers_are_not_this_hosts_business(store: Database) -> None:
    await mark(store, pid_of_the_dead(), f"{socket.gethostname()}-2")
    assert not await Run().begin(store)
