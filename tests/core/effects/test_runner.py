"""The runner with partners that refuse, fail, and come back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from canonical.commands import Command, SendMail, TellChannelStatus
from canonical.events import Event
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps
from core.bus.port import Bus, outbound
from core.clock import SystemClock
from core.connector import Limits, OpenConnector
from core.effects.runner import EffectRunner
from core.errors import OutcomeUnknownError, RejectedError, RetryableError, UnauthorisedError
from core.ports import Answer, Effect, EffectContext, EffectPort, Outgoing
from core.store.sql import Database
from tests.core.engine.stage import Broker, Rules, Stage, engine_on, item_of


@dataclass
class Till:
    """Carries out what it is asked, after the troubles that it was given."""

    troubles: list[Exception] = field(default_factory=list[Exception])
    looks: list[bool] = field(default_factory=list[bool])
    sent: list[bytes] = field(default_factory=list[bytes])
    only: dict[type[Command], Exception] = field(default_factory=dict[type[Command], Exception])
    """The trouble that a command has each time."""
    asked: Counter[str] = field(default_factory=Counter[str])
    unspeakable: str | None = None
    rendered: int = 0
    commands: frozenset[type[Command]] = frozenset({SendMail, TellChannelStatus})
    deadline_s = 0.2
    settle_s = 0.0

    def render(self, command: Any, context: EffectContext) -> Outgoing:
        if isinstance(command, SendMail) and command.template == self.unspeakable:
            raise LookupError("a defect")
        self.rendered += 1
        return Outgoing(f"{self.rendered}".encode())

    async def send(self, effect: Effect) -> Answer:
        self.sent.append(effect.outgoing.body)
        self.asked[type(effect.command).__name__] += 1
        if trouble := self.only.get(type(effect.command)):
            raise trouble
        if self.troubles:
            raise self.troubles.pop(0)
        return Answer(reference="ref")

    async def look_up(self, effect: Effect) -> Answer | None:
        found = self.looks.pop(0) if self.looks else False
        return Answer(reference="found") if found else None


def ask(order: Order, event: Event, policy: Policy) -> Steps:
    """Each note asks for a mail of its own."""
    text = cast("Any", event).text
    yield SendMail(order_id=order.id, connector="till", key=f"mail:{order.id}:{text}", template=text)


@asynccontextmanager
async def runner_on(
    store: Database, till: Till, limits: Limits | None = None, *, embedded: bool = False
) -> AsyncIterator[tuple[Stage, EffectRunner, UUID]]:
    broker = Broker(consumes_outbox=embedded, confirms=not embedded)
    async with engine_on(store, Rules({"NoteAdded": (ask,)}), bus=broker) as stage:
        connectors = {"till": OpenConnector("till", effects=(cast("EffectPort", till),))}
        held = {"till": limits or Limits(ladder_s=(0.01, 0.01))}
        runner = EffectRunner(store, stage.engine, cast("Bus", broker), SystemClock(), connectors, held)
        runner.start()
        try:
            yield stage, runner, await stage.placed("R-1")
        finally:
            await runner.stop(5)


async def until_state(stage: Stage, state: str, count: int = 1) -> None:
    await stage.until_rows(count, "SELECT id FROM effects WHERE state = $1", state)


async def test_a_certain_failure_is_sent_again_with_the_same_bytes(store: Database) -> None:
    till = Till([RetryableError("closed"), RetryableError("closed")])
    async with runner_on(store, till) as (stage, _, order_id):
        await stage.note(order_id, "shipped")
        await until_state(stage, "confirmed")
        assert till.sent == [b"1", b"1", b"1"]
        assert till.rendered == 1


async def test_a_command_that_rules_give_twice_in_one_decision_takes_effect_once(store: Database) -> None:
    till = Till()
    async with runner_on(store, till) as (stage, _, order_id):
        stage.rules.by_event["NoteAdded"] = (ask, ask)
        await stage.note(order_id, "short")
        await until_state(stage, "confirmed")
        stage.rules.by_event["NoteAdded"] = (ask,)
        await stage.note(order_id, "done")
        await until_state(stage, "confirmed", 2)
        assert till.sent == [b"1", b"2"]
        await stage.until_rows(0, "SELECT item_id FROM outbox")


async def test_silence_is_looked_up_and_only_then_repeated(store: Database) -> None:
    till = Till([OutcomeUnknownError("silence")], looks=[False])
    async with runner_on(store, till) as (stage, runner, order_id):
        await stage.note(order_id, "shipped")
        await until_state(stage, "confirmed")
        assert till.sent == [b"1", b"1"]
        assert runner.statistics.ends["till", "not_found"] == 1


async def test_what_is_found_is_not_sent_again(store: Database) -> None:
    till = Till([OutcomeUnknownError("silence")], looks=[True])
    async with runner_on(store, till) as (stage, _, order_id):
        await stage.note(order_id, "shipped")
        await until_state(stage, "confirmed")
        assert till.sent == [b"1"]
        assert (await stage.rows("SELECT reference FROM effects"))[0]["reference"] == "found"


async def test_a_no_for_good_reaches_the_order(store: Database) -> None:
    async with runner_on(store, Till([RejectedError("unknown address")])) as (stage, _, order_id):
        await stage.note(order_id, "shipped")
        await until_state(stage, "rejected")
        told = await stage.rows("SELECT body FROM journal WHERE type = 'EffectRejected'")
        assert len(told) == 1
        assert "unknown address" in told[0]["body"]


async def test_after_the_last_rung_a_person_is_asked(store: Database) -> None:
    till = Till([RetryableError("closed")] * 3)
    async with runner_on(store, till) as (stage, _, order_id):
        await stage.note(order_id, "shipped")
        await until_state(stage, "parked")
        failure = (await stage.rows("SELECT effect_id, stage, queue, reason, status FROM failures"))[0]
        effect = (await stage.rows("SELECT id FROM effects"))[0]
        assert failure == {
            "effect_id": effect["id"], "stage": "send", "queue": outbound("till"), "reason": "closed", "status": "open",
        }  # fmt: skip


async def test_a_late_confirmation_of_a_parked_effect_closes_its_failure(store: Database) -> None:
    till = Till([RetryableError("closed")] * 3)
    async with runner_on(store, till) as (stage, runner, order_id):
        await stage.note(order_id, "shipped")
        await until_state(stage, "parked")
        await stage.run("UPDATE effects SET state = 'unknown'")
        till.looks = [True]
        runner.wake("till")
        await until_state(stage, "confirmed")
        assert (await stage.rows("SELECT status FROM failures"))[0]["status"] == "resolved"


async def test_a_defect_in_writing_one_effect_holds_up_no_other(store: Database) -> None:
    async with runner_on(store, Till(unspeakable="broken")) as (stage, _, order_id):
        await stage.note(order_id, "broken")
        await stage.note(order_id, "shipped")
        await until_state(stage, "confirmed")
        await until_state(stage, "parked")
        assert (await stage.rows("SELECT error FROM failures"))[0]["error"] == "LookupError"


def ask_twofold(order: Order, event: Event, policy: Policy) -> Steps:
    """Each note is mailed, and told to the channel."""
    yield from ask(order, event, policy)
    text = cast("Any", event).text
    yield TellChannelStatus(order_id=order.id, connector="till", key=f"tell:{order.id}:{text}", status=text)


async def sent_by_command(stage: Stage) -> dict[str, int]:
    sql = "SELECT command, COUNT(*) AS n FROM effects WHERE state = 'confirmed' GROUP BY command"
    return {row["command"]: row["n"] for row in await stage.rows(sql)}


async def test_a_limit_of_one_operation_holds_back_its_command_and_no_other(store: Database) -> None:
    till = Till(only={SendMail: RetryableError("a bucket is empty", retry_after_s=60, scope="operation")})
    async with runner_on(store, till, Limits(breaker_failures=1)) as (stage, runner, order_id):
        stage.rules.by_event["NoteAdded"] = (ask_twofold,)
        await stage.note(order_id, "one")
        await until_state(stage, "confirmed")
        assert runner.throttles["till"].waiting() == ("SendMail",)
        for n in range(5):
            await stage.note(order_id, f"note {n}")
        await until_state(stage, "confirmed", 6)
        assert await sent_by_command(stage) == {"TellChannelStatus": 6}
        assert till.asked == {"SendMail": 1, "TellChannelStatus": 6}
        assert not runner.throttles["till"].is_open


async def test_a_limit_of_one_operation_ends_by_itself(store: Database) -> None:
    till = Till([RetryableError("a bucket is empty", retry_after_s=0.3, scope="operation")])
    async with runner_on(store, till) as (stage, _, order_id):
        await stage.note(order_id, "one")
        await stage.note(order_id, "two")
        await until_state(stage, "confirmed", 2)


async def test_a_limit_of_the_partner_holds_back_everything(store: Database) -> None:
    till = Till(only={SendMail: RetryableError("slow down", retry_after_s=60)})
    async with runner_on(store, till) as (stage, runner, order_id):
        await stage.note(order_id, "one")
        await stage.until(lambda: _is_open(runner))
        stage.rules.by_event["NoteAdded"] = (ask_twofold,)
        await stage.note(order_id, "two")
        await asyncio.sleep(0.1)
        assert till.asked == {"SendMail": 1}


async def _is_open(runner: EffectRunner) -> bool:
    return runner.throttles["till"].is_open


async def test_refused_credentials_pause_the_connector_and_lose_nothing(store: Database) -> None:
    async with runner_on(store, Till([UnauthorisedError("expired")])) as (stage, runner, order_id):
        await stage.note(order_id, "shipped")
        await stage.until_rows(1, "SELECT connector FROM connector_states WHERE paused")
        await until_state(stage, "pending")
        await stage.run("DELETE FROM connector_states")
        runner.wake("till")
        await until_state(stage, "confirmed")


async def test_a_paused_connector_is_sent_nothing(store: Database) -> None:
    till = Till()
    async with runner_on(store, till) as (stage, runner, order_id):
        await stage.run(
            "INSERT INTO connector_states (connector, paused, failures, updated_at) VALUES ('till', TRUE, 0, $1)",
            SystemClock().now(),
        )
        await stage.until(lambda: _knows_the_pause(runner))
        await stage.note(order_id, "shipped")
        await asyncio.sleep(0.1)
        assert till.sent == []


async def _knows_the_pause(runner: EffectRunner) -> bool:
    return "till" in runner.paused


async def test_a_rate_is_kept_and_used(store: Database) -> None:
    limits = Limits(rate_per_s=20, burst=1)
    async with runner_on(store, Till(), limits) as (stage, _, order_id):
        began = asyncio.get_running_loop().time()
        for n in range(6):
            await stage.note(order_id, f"mail {n}")
        await until_state(stage, "confirmed", 6)
        assert 0.2 <= asyncio.get_running_loop().time() - began < 4


async def test_on_the_embedded_bus_news_is_acknowledged_after_its_rows_are_gone(store: Database) -> None:
    async with runner_on(store, Till(), embedded=True) as (stage, runner, order_id):
        await stage.note(order_id, "shipped")
        await until_state(stage, "confirmed")
        news = item_of("SendMail", "{}")
        await stage.run("INSERT INTO outbox VALUES ($1, 1, 'out.till', '{}', $2, 1)", news.id, news.time)
        before = stage.bus.acks
        await runner.handle(stage.bus.parcel(outbound("till"), [news]))
        await stage.until_rows(0, "SELECT item_id FROM outbox WHERE item_id = $1", news.id)
        await stage.until(lambda: stage.acknowledged(before + 1))
