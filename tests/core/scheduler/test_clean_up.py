"""Old ids and bodies go, and partitions come before their time."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from core.ids import floor_id, uuid7
from core.ports import RawDocument
from core.scheduler import jobs
from core.scheduler.retention import Retention
from core.store import messages, partitions
from core.store.messages import ErasedError
from core.store.sql import Database
from tests.core.engine.stage import engine_on


async def inbox(database: Database) -> set[str]:
    async with database.reading() as session:
        return {row["consumer"] for row in await session.rows("SELECT consumer FROM inbox")}


async def take_in(database: Database, consumer: str, item_id: UUID) -> None:
    async with database.transaction() as session:
        await session.run("INSERT INTO inbox VALUES ($1, $2, 1)", consumer, item_id)


async def test_inbox_ids_outlive_every_automatic_retry_and_no_more(store: Database) -> None:
    now = datetime.now(UTC)
    await take_in(store, "old", floor_id(now - timedelta(days=8)))
    await take_in(store, "young", floor_id(now - timedelta(days=6)))
    await jobs.clean_up(store, Retention())
    assert await inbox(store) == {"young"}


async def test_coming_partitions_are_made_once_and_used(postgres_store: Database) -> None:
    made = await partitions.make(postgres_store)
    assert len(made) == 8
    assert await partitions.make(postgres_store) == []
    await take_in(postgres_store, "today", uuid7())
    async with postgres_store.reading() as session:
        rows = await session.rows("SELECT tableoid::regclass::text AS name FROM inbox")
    assert rows[0]["name"] == f"inbox_{datetime.now(UTC):%Y%m%d}"


async def test_a_partition_whose_time_the_rest_holds_is_left_out(postgres_store: Database) -> None:
    await take_in(postgres_store, "early", uuid7())
    made = await partitions.make(postgres_store)
    assert f"inbox_{datetime.now(UTC):%Y%m%d}" not in made
    assert len(made) == 7
    assert await inbox(postgres_store) == {"early"}


async def test_orders_that_come_while_a_partition_is_made_are_taken(postgres_store: Database) -> None:
    async with engine_on(postgres_store) as stage:
        for n in range(6):
            making = asyncio.create_task(partitions.make(postgres_store))
            await asyncio.gather(*(stage.placed(f"R-{n}-{m}") for m in range(5)))
            await making
        assert await stage.rows("SELECT id FROM failures") == []
        assert len(await stage.rows("SELECT id FROM orders WHERE version = 1")) == 30


async def test_old_partitions_are_dropped_whole(postgres_store: Database) -> None:
    await partitions.make(postgres_store)
    await take_in(postgres_store, "today", uuid7())
    in_two_days = datetime.now(UTC) + timedelta(days=2)
    assert len(await partitions.drop_inbox_before(postgres_store, in_two_days)) == 2
    assert await inbox(postgres_store) == set()


async def test_bodies_go_when_their_time_is_over_unless_a_failure_needs_them(store: Database) -> None:
    async with engine_on(store) as stage:
        receipts = [
            await stage.engine.receive("shop", RawDocument("order", name)) for name in (b"one", b"two")
        ]
        failures = await stage.until_rows(2, "SELECT id, message_id FROM failures ORDER BY message_id")
        await stage.run("UPDATE failures SET status = 'resolved' WHERE id = $1", failures[0]["id"])
        await jobs.clean_up(store, Retention(bodies_days=-1))
        async with store.reading() as session:
            ids = [receipt.message_id for receipt in receipts]
            found = await messages.load(session, stage.ring, ids)
        assert isinstance(found[failures[0]["message_id"]], ErasedError)
        assert not isinstance(found[failures[1]["message_id"]], ErasedError)
        assert len(await stage.rows("SELECT id FROM data_keys")) == 1
