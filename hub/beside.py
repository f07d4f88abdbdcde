"""The desk beside a hub: commands open the store themselves, and leave the moving to the hub that runs there."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace

from core.errors import HubError
from core.store.migrate import Level, level
from hub.application import Hub, keep_nodes
from hub.config import HubConfig
from hub.config.building import build
from hub.config.connecting import behind, shown_store
from hub.desk.context import DeskContext

GRACE_S = 10.0


class StoreNotReadyError(HubError):
    """The store is not there yet, or not at this version's level."""


@asynccontextmanager
async def open_desk(config: HubConfig) -> AsyncGenerator[DeskContext]:
    """Open the desk over a hub's store. What it commits goes out by the outbox of the hub that runs, or of the next.

    Its bus is never started, so it takes nothing, publishes nothing and confirms nothing. Raises
    `StoreNotReadyError`, `ConfigError`, `StoreUnavailableError`.
    """
    await require_level(config)
    hub = await Hub.open(build(config), beside=True)
    hub.engine.start()
    try:
        await keep_nodes(hub, config.nodes)
        yield replace(hub.desk, runner=None)
    finally:
        await hub.engine.stop(GRACE_S)
        for connector in hub.connectors.values():
            await connector.close()
        await hub.database.close()


async def require_level(config: HubConfig) -> None:
    """Make sure that the store is there, at this version's level; raises `StoreNotReadyError`."""
    file = config.store_file
    if file is not None and not await asyncio.to_thread(file.exists):
        raise StoreNotReadyError(
            f"{shown_store(config)} does not exist yet: make it with `orderhub db upgrade`"
        )
    found: Level = await level(config.store_url)
    if not found.current:
        raise StoreNotReadyError(f"{shown_store(config)} {behind(found)}")
