"""Control numbers have no gaps and no repeats, whoever draws them and whatever is rolled back."""

import asyncio
from collections import Counter

import pytest

from core.clock import SystemClock
from core.exchange.numbers import HIGHEST, Counters, Level, Numbers
from core.store.sql import Database
from tests.core.engine.stage import open_store

PAIR = "x12 ZZ:HUB>01:123456789"


class BrokenOffError(Exception):
    pass


async def draw(
    store: Database, groups: int = 1, sets: int = 1, *, pair: str = PAIR, broken: bool = False
) -> Numbers:
    async with store.transaction() as session:
        counters = await Counters.lock(session, [pair])
        drawn = counters.draw(pair, groups, sets)
        await counters.save(session)
        if broken:
            raise BrokenOffError
        return drawn


async def test_numbers_follow_each_other_at_every_level(store: Database) -> None:
    assert await draw(store, 2, 3) == Numbers(1, (1, 2), (1, 2, 3))
    assert await draw(store, 1, 1) == Numbers(2, (3,), (4,))
    assert await draw(store, 0, 0) == Numbers(3)


async def test_each_direction_has_its_own(store: Database) -> None:
    await draw(store)
    assert (await draw(store, pair="x12 01:123456789>ZZ:HUB")).interchange == 1


async def test_a_transaction_that_is_rolled_back_leaves_no_gap(store: Database) -> None:
    await draw(store)
    with pytest.raises(BrokenOffError):
        await draw(store, broken=True)
    assert (await draw(store)).interchange == 2


async def test_behind_nine_nines_comes_one(store: Database) -> None:
    await draw(store)
    async with store.transaction() as session:
        await session.run(
            "UPDATE control_numbers SET last = $1 WHERE level = $2", HIGHEST - 1, Level.SET.value
        )
    assert (await draw(store, 1, 3)).sets == (HIGHEST, 1, 2)
    assert (await draw(store)).sets == (3,)


async def test_several_who_draw_at_once_never_get_the_same(store: Database) -> None:
    async def often() -> list[int]:
        found: list[int] = []
        for n in range(25):
            try:
                found.append((await draw(store, broken=n % 5 == 4)).interchange)
            except BrokenOffError:
                continue
        return found

    found = Counter(n for drawn in await asyncio.gather(*[often() for _ in range(4)]) for n in drawn)
    assert sorted(found) == list(range(1, 81))
    assert set(found.values()) == {1}


@pytest.mark.postgres
async def test_two_workers_that_draw_for_two_pairs_never_wait_for_each_other(
    postgres_store: Database, postgres_url: str
) -> None:
    other = await open_store(postgres_url, SystemClock())
    pairs = [f"edifact 14:HUB>14:{n}" for n in range(4)]

    async def often(database: Database, order: list[str]) -> None:
        for _ in range(20):
            async with database.transaction() as session:
                counters = await Counters.lock(session, order)
                for pair in order:
                    counters.draw(pair, 0, 1)
                await counters.save(session)

    try:
        await asyncio.gather(often(postgres_store, pairs), often(other, pairs[::-1]))
    finally:
        await other.close()
    async with postgres_store.reading() as session:
        rows = await session.rows("SELECT last FROM control_numbers WHERE level = 'interchange'")
    assert [row["last"] for row in rows] == [40] * 4
