"""Workers that are killed at any moment neither skip nor repeat a control number, a set or an acknowledgement."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.store.sql import Database
from tests.core.engine.stage import open_store

COUNT, KILLS = 40, 8
ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(
        "sqlite_path" if request.param == "sqlite" else "prepared_postgres_url"
    )
    return found


async def start(url: str, folder: Path) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.core.exchange.exchanger", url, str(folder), str(COUNT),
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)
    await process.wait()


async def is_done(store: Database) -> bool:
    async with store.reading() as session:
        taken = await session.rows("SELECT id FROM interchanges WHERE direction = 'in'")
        sent = await session.rows("SELECT id FROM effects WHERE state = 'confirmed'")
        read = await session.rows("SELECT id FROM messages WHERE kind = '850' AND status = 'ignored'")
    return (len(taken), len(sent), len(read)) == (COUNT, COUNT, 2 * COUNT)


@pytest.mark.slow
@pytest.mark.timeout(170)
async def test_nothing_is_skipped_or_repeated_when_workers_are_killed(url: str, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    workers = 1 if url.startswith("sqlite") else 2
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    for _ in range(KILLS // workers):
        processes = await asyncio.gather(*[start(url, tmp_path) for _ in range(workers)])
        for process in processes:
            await asyncio.sleep(chance.uniform(0.0, 0.25))
            await kill(process)
    last = await start(url, tmp_path)
    store = await open_store(url, SystemClock())
    try:
        async with asyncio.timeout(60):
            while not await is_done(store):  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.1)
        await judge(store, f"seed {seed}")
        judge_files(tmp_path / "out", f"seed {seed}")
    finally:
        await kill(last)
        await store.close()


async def judge(store: Database, hint: str) -> None:
    async with store.reading() as session:
        sets = await session.rows("SELECT control, status FROM exchanged_sets ORDER BY interchange_id, seq")
        out = await session.rows("SELECT control, answers FROM interchanges WHERE direction = 'out'")
        numbers = await session.rows(
            "SELECT last FROM control_numbers WHERE level = 'interchange' AND last > 0"
        )
    assert sorted(int(row["control"]) for row in out) == list(range(1, COUNT + 1)), hint
    assert len({row["answers"] for row in out}) == COUNT, hint
    assert [row["last"] for row in numbers] == [COUNT], hint
    assert [row["status"] for row in sets] == ["accepted", "accepted", "rejected"] * COUNT, hint


def judge_files(folder: Path, hint: str) -> None:
    found = {path.name: path.read_bytes().split(b"|")[0] for path in folder.iterdir()}
    assert found == {f"{n}.edi": str(n).encode() for n in range(1, COUNT + 1)}, hint
