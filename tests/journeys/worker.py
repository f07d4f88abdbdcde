"""A part of the hub as a process of its own, until it is told to end, or killed."""

import asyncio
import logging
import signal
import sys
from multiprocessing.synchronize import Event

import structlog

from hub.application import Hub
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile


def main(file: HubFile, ready: Event) -> None:
    """Be the hub that the file describes until SIGTERM."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    asyncio.run(work(file, ready))


async def work(file: HubFile, ready: Event) -> None:
    """Open the hub, and its API where it has one; end both when told to."""
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    hub = await Hub.open(file.blueprint(), file.role)
    await hub.start()
    api = await ApiServer.start(hub, port=file.port) if file.port else None
    ready.set()
    await ending.wait()
    if api is not None:
        await api.stop()
    await hub.stop(grace_s=15)
