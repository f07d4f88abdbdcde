"""`orderhub run`: a hub as a service, from its configuration until it is told to end."""

import asyncio
import signal

import structlog

from core.store import migrate
from hub.application import Hub, Role, keep_nodes
from hub.beside import require_level
from hub.config import HubConfig
from hub.config.building import build
from hub.mappings import MappingLibrary
from hub.serving import ApiServer

log = structlog.get_logger()


async def run_hub(config: HubConfig, role: Role) -> None:
    """Run until SIGINT or SIGTERM; finish what has begun, and end."""
    await prepare_store(config)
    blueprint = build(config)
    hub = await Hub.open(blueprint, role)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ending.set)
    api: ApiServer | None = None
    watching: asyncio.Task[None] | None = None
    try:
        await keep_nodes(hub, config.nodes)
        if role in {Role.ALL, Role.API}:
            section = config.sections.api
            api = await ApiServer.start(
                hub, host=section.host, port=section.port, max_body_bytes=section.max_body_bytes,
                time_limit_s=section.time_limit_s,
            )  # fmt: skip
            log.info("serving", address=api.url)
        await hub.start()
        if isinstance(blueprint.mappings, MappingLibrary):
            watching = asyncio.create_task(blueprint.mappings.watch(ending), name="mappings")
        log.info("running", role=role.value, connectors=sorted(blueprint.connectors))
        await ending.wait()
        log.info("stopping")
    finally:
        ending.set()
        if api is not None:
            await api.stop()
        await hub.stop()
        if watching is not None:
            await watching
    log.info("stopped")


async def prepare_store(config: HubConfig) -> None:
    """Bring an embedded store up to date; of a shared one only say what is missing."""
    if config.store_file is not None:
        config.store_file.parent.mkdir(parents=True, exist_ok=True)
        await migrate.upgrade(config.store_url)
        return
    await require_level(config)
