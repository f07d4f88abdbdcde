"""A worker that takes interchanges and sends their acknowledgements, as a process of its own, until it is killed."""

import asyncio
import sys
from pathlib import Path
from typing import cast

from core.bus.port import Bus
from core.clock import SystemClock
from core.connector import Limits, OpenConnector
from core.effects.runner import EffectRunner
from core.engine.changes import UNPUBLISHED_GRACE_S
from core.ports import RawDocument
from core.scheduler import jobs
from core.transport.folder import FolderTransport
from core.transport.interchanges import InterchangePort
from core.transport.outbox import Outbox
from core.transport.settings import FolderSettings
from tests.core.engine.stage import Broker, open_store
from tests.core.exchange.partner import KIND, NAME, taking


async def work(url: str, folder: Path, count: int) -> None:
    """Hand in every interchange, again and again, and send what is to be sent."""
    clock = SystemClock()
    store = await open_store(url, clock)
    broker = Broker()
    async with taking(store, bus=broker) as stage:
        port = InterchangePort(
            Outbox(FolderTransport(FolderSettings(path=folder), clock), "out"), settle_s=0.0, deadline_s=0.5
        )
        connectors = {NAME: OpenConnector(NAME, effects=(port,))}
        runner = EffectRunner(
            store, stage.engine, cast("Bus", broker), clock, connectors, {NAME: Limits()}, lease_margin_s=0.5
        )
        runner.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            stage.engine.publish(await jobs.sweep(store, horizon_s=UNPUBLISHED_GRACE_S))
            for n in range(1, count + 1):
                body = f"{n}|850,{n},ok;850,{n}x,bad;850,{n}y,ok|".encode()
                await stage.engine.receive(NAME, RawDocument(KIND, body, "application/edi-x12", f"{n}.edi"))
            await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
