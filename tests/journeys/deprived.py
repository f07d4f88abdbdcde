"""Hubs without what keeps them honest, for the control: no inbox, or no lasting effect keys.

They are made here, out of subclasses, and only here: the hub has no switch for either. All three are handed every
delivery twice, and lose the first answer to every effect. `complete` has everything, and must not mind.
"""

import asyncio
import signal
from dataclasses import replace
from multiprocessing.synchronize import Event

from core.bus.port import Delivery
from core.effects.claims import Claim
from core.effects.runner import EffectRunner
from core.engine.batch import Batch
from core.engine.engine import Engine
from core.engine.work import Work
from core.errors import OutcomeUnknownError
from core.ids import uuid7
from core.ports import Answer
from core.scheduler.scheduler import Scheduler
from hub.application import Hub
from hub.serving import ApiServer
from tests.journeys.hubfile import HubFile


class EchoingEngine(Engine):
    """Is handed everything twice, as by a bus that has lost an acknowledgement."""

    async def handle(self, delivery: Delivery) -> None:
        """Take a delivery, and its echo."""
        await super().handle(_Echo(delivery))
        await super().handle(delivery)


class _Echo(Delivery):
    """A delivery whose acknowledgement nobody hears."""

    def __init__(self, delivery: Delivery) -> None:
        self.queue, self.items, self.origin = delivery.queue, delivery.items, delivery.origin
        self.redelivered_count, self.size_bytes = delivery.redelivered_count, delivery.size_bytes

    async def ack(self) -> None:
        """Get lost."""

    async def reject(self, *, requeue: bool) -> None:
        """Get lost."""


class ForgetfulBatch(Batch):
    """Takes everything for new."""

    async def _take_in(self) -> list[Work]:
        return list(self._works)


class ForgetfulEngine(EchoingEngine):
    """Keeps no inbox: whatever comes is new to it."""

    batch = ForgetfulBatch


class DeafRunner(EffectRunner):
    """Loses the first answer to every effect."""

    async def _ask(self, claim: Claim) -> Answer | None:
        answer = await super()._ask(claim)
        if claim.effect.attempt == 1 and not claim.look_up:
            raise OutcomeUnknownError("the answer was lost, as the control wants it")
        return answer


class FickleRunner(DeafRunner):
    """Gives effects a new key at each sending and looking up."""

    async def _ask(self, claim: Claim) -> Answer | None:
        fresh = replace(claim.effect, key=f"{claim.effect.key}:{uuid7()}")
        return await super()._ask(replace(claim, effect=fresh))


def complete(file: HubFile, ready: Event) -> None:
    """Be a hub that has everything."""
    asyncio.run(_work(file, ready, EchoingEngine, DeafRunner))


def without_inbox(file: HubFile, ready: Event) -> None:
    """Be a hub that has no inbox."""
    asyncio.run(_work(file, ready, ForgetfulEngine, DeafRunner))


def without_keys(file: HubFile, ready: Event) -> None:
    """Be a hub whose effects have no keys that last."""
    asyncio.run(_work(file, ready, EchoingEngine, FickleRunner))


async def _work(file: HubFile, ready: Event, engine: type[Engine], runner: type[EffectRunner]) -> None:
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    hub = await Hub.open(file.blueprint())
    plan, database, bus = hub.blueprint, hub.database, hub.bus
    limits = {name: placement.limits for name, placement in plan.connectors.items()}
    hub.engine = engine(database, bus, plan.clock, hub.engine.world, plan.engine_limits)
    hub.runner = runner(
        database, hub.engine, bus, plan.clock, hub.connectors, limits, lease_margin_s=plan.lease_margin_s
    )
    hub.scheduler = Scheduler(database, hub.engine, bus, plan.clock, hub.connectors, beat=plan.beat)
    await hub.start()
    api = await ApiServer.start(hub, port=file.port)
    ready.set()
    await ending.wait()
    await api.stop()
    await hub.stop(grace_s=15)
