"""Every crash, silence, late request, lost lease and early webhook, at every step of the runner: effects are had once.

One command, two workers. Checked for a partner with idempotency keys, and for one without.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID

import pytest

from canonical.commands import SendMail
from canonical.events import Event
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps
from core.bus.port import Bus
from core.clock import ManualClock
from core.connector import Limits, OpenConnector
from core.effects.claims import Claim
from core.effects.runner import EffectRunner
from core.ids import uuid7
from core.ports import Answer, EffectPort
from core.store.sql import Database, Session
from core.store.sqlite import SqliteDatabase
from tests.core.effects.vendor import SETTLE_S, KilledError, Vendor
from tests.core.engine.mishaps import end_all_but
from tests.core.engine.script import Script, every_way
from tests.core.engine.stage import NOON, Broker, Gate, Rules, Stage, Template, engine_on

STEP_S = 3.0
LONGEST_STEPS = 60


class ViolatedError(AssertionError):
    """A promise was not kept."""


def ask(order: Order, event: Event, policy: Policy) -> Steps:
    """A note asks the partner for something."""
    yield SendMail(order_id=order.id, connector="till", key=f"mail:{order.id}", template="shipped")


@dataclass
class Watched(Gate):
    """A runner's store: its user may be killed at a commit."""

    script: Script = field(default_factory=Script)
    busy: int = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        self.busy += 1
        try:
            async with self.inner.transaction() as session:
                yield session
                rows = await session.rows(
                    "SELECT id FROM effects WHERE state NOT IN ('confirmed', 'rejected')"
                )
                fate = (
                    self.script.happens("commit", "done", "killed before", "killed after") if rows else "done"
                )
                if fate == "killed before":
                    raise KilledError
            if fate == "killed after":
                raise KilledError
        finally:
            self.busy -= 1


class FickleRunner(EffectRunner):
    """Gives an effect a new key at each sending and look-up."""

    async def _ask(self, claim: Claim) -> Answer | None:
        return await super()._ask(replace(claim, effect=replace(claim.effect, key=str(uuid7()))))


@dataclass
class Run:
    """One way to its end."""

    script: Script
    database: Database
    order_id: UUID
    clock: ManualClock
    vendor: Vendor
    kind: type[EffectRunner] = EffectRunner

    async def through(self) -> None:
        before = asyncio.all_tasks()
        try:
            await self._go()
        finally:
            await end_all_but(before)

    async def _go(self) -> None:
        async with engine_on(self.database, Rules({"NoteAdded": (ask,)}), clock=self.clock) as stage:
            self.vendor.engine = stage.engine
            await stage.note(self.order_id, "ask")
            runners: list[tuple[EffectRunner, Watched]] = []
            for _ in range(LONGEST_STEPS):
                runners = self.alive(runners, stage)
                await self.quiet(runners, stage)
                open_effects = await stage.rows("SELECT id FROM effects WHERE state <> 'confirmed'")
                if not open_effects and not self.vendor.travelling:
                    break
                self.clock.advance(STEP_S)
                self.vendor.arrive()
                for runner, _ in runners:
                    runner.wake("till")
            await self.vendor.tell()
            await self.check(stage)

    def alive(
        self, runners: list[tuple[EffectRunner, Watched]], stage: Stage
    ) -> list[tuple[EffectRunner, Watched]]:
        """Have two workers: in the place of one that died comes another."""
        living = [pair for pair in runners if not _is_dead(pair[0])]
        while len(living) < 2:
            store = Watched(self.database, script=self.script)
            connectors = {"till": OpenConnector("till", effects=(cast("EffectPort", self.vendor),))}
            runner = self.kind(
                store, stage.engine, cast("Bus", Broker()), self.clock, connectors,
                {"till": Limits(ladder_s=(1,) * 9)}, lease_margin_s=5.0,
            )  # fmt: skip
            runner.start()
            living.append((runner, store))
        return living

    async def quiet(self, runners: list[tuple[EffectRunner, Watched]], stage: Stage) -> None:
        calm = 0
        while calm < 3:
            await asyncio.sleep(0.001)
            busy = any(store.busy for _, store in runners) or stage.database.begun != stage.database.committed
            calm = 0 if busy else calm + 1

    async def check(self, stage: Stage) -> None:
        if list(self.vendor.done.values()) != [1]:
            raise ViolatedError(f"the partner did it {self.vendor.done}: {self.script}")
        told = await stage.rows("SELECT seq FROM journal WHERE type = 'AmendmentRequested'")
        if len(told) != 1:
            raise ViolatedError(f"the order counts it {len(told)} times: {self.script}")
        states = [row["state"] for row in await stage.rows("SELECT state FROM effects")]
        if states != ["confirmed"]:
            raise ViolatedError(f"the effect is {states}: {self.script}")
        if len(set(self.vendor.sent)) != 1:
            raise ViolatedError(f"a resend had other bytes: {self.script}")
        if await stage.rows("SELECT id FROM failures"):
            raise ViolatedError(f"there is a failure: {self.script}")


def _is_dead(runner: EffectRunner) -> bool:
    task: asyncio.Task[None] = cast("Any", runner)._loop_task  # noqa: SLF001 - a killed loop has no other trace
    return task.done() and isinstance(task.exception(), KilledError)


@dataclass
class Ways:
    """A prepared store with one order."""

    template: Template
    order_id: UUID

    async def all(
        self,
        mishaps: int,
        *,
        keys: bool,
        natural: bool = True,
        settle_s: float = SETTLE_S,
        kind: type[EffectRunner] = EffectRunner,
    ) -> int:
        """Go every way with so many mishaps; say how many that were."""
        count = 0
        async for script in every_way(mishaps):
            clock, path = ManualClock(NOON), await self.template.copy()
            database = await SqliteDatabase.open(path, clock)
            try:
                vendor = Vendor(clock, script, keys, natural, settle_s)
                await Run(script, database, self.order_id, clock, vendor, kind).through()
            finally:
                await database.close()
                path.unlink()
            count += 1
        return count


@pytest.fixture
async def ways(tmp_path_factory: pytest.TempPathFactory) -> Ways:
    folder = tmp_path_factory.mktemp("effects")
    template = Template(folder)
    path = await template.copy()
    database = await SqliteDatabase.open(path, ManualClock(NOON))
    async with engine_on(database) as stage:
        order_id = await stage.placed("R-1")
    await database.close()
    (folder / "template.db").write_bytes(path.read_bytes())
    return Ways(template, order_id)


@pytest.mark.parametrize("keys", [True, False], ids=["with keys", "without keys"])
async def test_any_one_mishap_at_any_step_leaves_one_effect(ways: Ways, keys: bool) -> None:
    assert await ways.all(1, keys=keys) > 10


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("keys", [True, False], ids=["with keys", "without keys"])
async def test_any_two_mishaps_leave_one_effect(ways: Ways, keys: bool) -> None:
    assert await ways.all(2, keys=keys) > 100


async def test_without_lasting_keys_the_model_finds_what_the_partner_does_twice(ways: Ways) -> None:
    with pytest.raises(ViolatedError, match="the partner did it"):
        await ways.all(1, keys=True, kind=FickleRunner)


async def test_without_natural_fact_keys_the_model_finds_what_the_order_counts_twice(ways: Ways) -> None:
    with pytest.raises(ViolatedError, match="the order counts it"):
        await ways.all(1, keys=True, natural=False)


async def test_looking_up_before_a_partner_has_settled_the_model_finds_what_happens_twice(ways: Ways) -> None:
    with pytest.raises(ViolatedError, match="the partner did it"):
        await ways.all(1, keys=False, settle_s=0.0)
