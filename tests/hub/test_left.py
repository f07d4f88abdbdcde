"""What a command beside a hub commits is published by the hub that runs there: events for outsiders too."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

from core.bus.port import EVENTS
from core.clock import SystemClock
from core.engine.announcing import Subscriptions
from core.engine.changes import UNPUBLISHED_GRACE_S
from core.scheduler import jobs
from core.store.sql import Database
from core.store.sqlite import SqliteDatabase
from hub.left import LeftToTheHub
from tests.core.engine.stage import Broker, Stage, engine_on, furnish

SOON = timedelta(seconds=UNPUBLISHED_GRACE_S / 4)
"""Sooner than rows are due of which nobody has said that they may go."""
TOLD = Subscriptions(queued=frozenset({"OrderPlaced", "NoteAdded"}))


@asynccontextmanager
async def beside(store: Database) -> AsyncGenerator[Stage]:
    """The engine of a command: it commits, and carries nothing."""
    async with engine_on(store, bus=cast("Broker", LeftToTheHub(store))) as stage:
        stage.engine.world = replace(stage.engine.world, subscriptions=TOLD)
        yield stage


@asynccontextmanager
async def shared(empty_store: Path, folder: Path) -> AsyncGenerator[Database]:
    store = await SqliteDatabase.open(Path(shutil.copy(empty_store, folder / "hub.db")), SystemClock())
    try:
        await furnish(store)
        yield store
    finally:
        await store.close()


async def test_an_event_for_outsiders_is_told_once_by_the_hub_and_never_by_the_command(
    empty_store: Path, tmp_path: Path
) -> None:
    async with shared(empty_store, tmp_path) as store:
        async with beside(store) as command:
            order_id = await command.placed("R-1")
            await command.note(order_id, "rung up")
            due = "SELECT item_id FROM outbox WHERE queue = $1 AND due_at <= $2"
            await command.until_rows(2, due, EVENTS, SystemClock().now() + SOON)
        async with engine_on(store) as hub:
            hub.engine.publish(await jobs.sweep(store))
            await hub.until_rows(0, "SELECT item_id FROM outbox")
            assert [item.type for item in hub.bus.told] == ["OrderPlaced", "NoteAdded"]
            assert {item.subject for item in hub.bus.told} == {str(order_id)}
            hub.engine.publish(await jobs.sweep(store))
            assert len(hub.bus.told) == 2
