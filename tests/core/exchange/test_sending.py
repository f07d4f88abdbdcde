"""What is sent has its control number from the commit that stores its bytes; what partners say of it ends it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from canonical.commands import SendMail
from canonical.events import Event
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps
from core.bus.port import Bus
from core.clock import ManualClock, SystemClock
from core.connector import Limits, OpenConnector
from core.effects.runner import EffectRunner
from core.errors import RetryableError
from core.exchange.shapes import Draft
from core.ports import Answer, Effect, EffectContext, EffectPort, Outgoing
from core.scheduler import owed
from core.store.sql import Database
from tests.core.engine.stage import NOON, Broker, Rules, Stage, engine_on, open_store
from tests.core.exchange.partner import KIND, NAME, Partner, draft, hand_in, reads_nothing

LEDGER = "SELECT control, status, reason, ended_at FROM interchanges WHERE direction = 'out' ORDER BY recorded_at, id"
FAILURES = "SELECT error, reason, status FROM failures ORDER BY recorded_at, id"


@dataclass
class Supplier:
    """Takes orders as interchanges, after the troubles that it was given."""

    troubles: list[Exception] = field(default_factory=list[Exception])
    sent: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])
    broken: bool = False
    commands = frozenset({SendMail})
    deadline_s = 0.2
    settle_s = 0.0

    def render(self, command: Any, context: EffectContext) -> Outgoing:
        return Outgoing(b"", "application/edi-x12", draft=self._draft(command.template))

    def _draft(self, number: str) -> Draft:
        made = draft("850", answered_h=24, reference=number, wants="856")
        if number != "unsayable":
            return made

        def write(numbers: Any) -> bytes:
            raise ValueError("the name holds a delimiter")

        return Draft(made.pair, 1, made.sets, write, made.name, made.media_type)

    async def send(self, effect: Effect) -> Answer:
        self.sent.append((effect.outgoing.target, effect.outgoing.body))
        if self.troubles:
            raise self.troubles.pop(0)
        return Answer(reference="ref")

    async def look_up(self, effect: Effect) -> Answer | None:
        return None


def order_at_supplier(order: Order, event: Event, policy: Policy) -> Steps:
    text = cast("Any", event).text
    yield SendMail(order_id=order.id, connector=NAME, key=f"buy:{order.id}:{text}", template=text)


@asynccontextmanager
async def supplied(
    store: Database, supplier: Supplier, clock: ManualClock | None = None
) -> AsyncIterator[tuple[Stage, UUID]]:
    broker = Broker()
    time = SystemClock()
    async with engine_on(
        store, Rules({"NoteAdded": (order_at_supplier,)}), bus=broker, clock=clock,
        takers={(NAME, KIND): Partner()}, readers={(NAME, "856"): reads_nothing},
    ) as stage:  # fmt: skip
        connectors = {NAME: OpenConnector(NAME, effects=(cast("EffectPort", supplier),))}
        runner = EffectRunner(
            store, stage.engine, cast("Bus", broker), time, connectors, {NAME: Limits(ladder_s=(0.0, 0.0))}
        )
        runner.start()
        try:
            yield stage, await stage.placed("R-1")
        finally:
            await runner.stop(5)


async def confirmed(stage: Stage, count: int) -> None:
    await stage.until_rows(count, "SELECT id FROM effects WHERE state = 'confirmed'")


async def test_a_resend_has_the_old_number_and_the_same_bytes(store: Database) -> None:
    supplier = Supplier([RetryableError("closed"), RetryableError("closed")])
    async with supplied(store, supplier) as (stage, order_id):
        await stage.note(order_id, "PO-1")
        await confirmed(stage, 1)
        assert supplier.sent == [("1.edi", b"1|850|(1,)|(1,)")] * 3
        await stage.note(order_id, "PO-2")
        await confirmed(stage, 2)
        assert supplier.sent[-1] == ("2.edi", b"2|850|(2,)|(2,)")
        assert [row["control"] for row in await stage.rows(LEDGER)] == ["1", "2"]


async def test_what_can_not_be_written_draws_no_number(store: Database) -> None:
    supplier = Supplier()
    async with supplied(store, supplier) as (stage, order_id):
        await stage.note(order_id, "unsayable")
        await stage.until_rows(1, "SELECT id FROM effects WHERE state = 'parked'")
        await stage.note(order_id, "PO-2")
        await confirmed(stage, 1)
        assert supplier.sent == [("1.edi", b"1|850|(1,)|(1,)")]


async def test_a_997_ends_what_it_accepts(store: Database) -> None:
    async with supplied(store, Supplier()) as (stage, order_id):
        await stage.note(order_id, "PO-1")
        await confirmed(stage, 1)
        (row,) = await stage.rows(LEDGER)
        assert (row["status"], row["ended_at"]) == ("open", None)
        await hand_in(stage, "77||997,1,accepted")
        (row,) = await stage.rows(LEDGER)
        assert row["status"] == "accepted"
        assert row["ended_at"] is not None


async def test_a_ta1_that_accepts_leaves_the_sets_open_and_one_that_rejects_ends_all(store: Database) -> None:
    async with supplied(store, Supplier()) as (stage, order_id):
        await stage.note(order_id, "PO-1")
        await confirmed(stage, 1)
        await hand_in(stage, "77||TA1,1,accepted")
        assert [row["status"] for row in await stage.rows(LEDGER)] == ["open"]
        await hand_in(stage, "78||TA1,1,rejected")
        assert [row["status"] for row in await stage.rows(LEDGER)] == ["rejected"]


async def test_a_set_that_is_rejected_is_a_failure_that_says_why(store: Database) -> None:
    async with supplied(store, Supplier()) as (stage, order_id):
        await stage.note(order_id, "PO-1")
        await confirmed(stage, 1)
        await hand_in(stage, "77||997,1,partly accepted,1=rejected")
        (row,) = await stage.rows(LEDGER)
        assert (row["status"], row["reason"]) == ("rejected", "997 rejects set 1: 5")
        (failure,) = await stage.rows(FAILURES)
        assert failure["error"] == "NotAcceptedError"
        assert "our interchange 1 was not accepted" in failure["reason"]


async def test_an_answer_to_what_we_never_sent_is_a_failure(store: Database) -> None:
    async with supplied(store, Supplier()) as (stage, _):
        await hand_in(stage, "77||997,5,accepted")
        (failure,) = await stage.rows(FAILURES)
        assert failure["error"] == "UnknownInterchangeError"
        assert "997 answers group 5" in failure["reason"]


async def test_an_application_may_refuse_what_its_syntax_check_took(store: Database) -> None:
    async with supplied(store, Supplier()) as (stage, order_id):
        for number in ("PO-1", "PO-2"):
            await stage.note(order_id, number)
        await confirmed(stage, 2)
        await hand_in(stage, "77||997,1,accepted;997,2,accepted")
        await hand_in(stage, "78||APERAK,PO-1,rejected")
        await hand_in(stage, "78||APERAK,PO-1,rejected", "once-more")
        await hand_in(stage, "79||APERAK,PO-2,accepted")
        rows = [(row["control"], row["status"], row["reason"]) for row in await stage.rows(LEDGER)]
        assert rows == [
            ("1", "rejected", "APERAK refuses 850 PO-1: 18 No such item"),
            ("2", "accepted", None),
        ]
        (failure,) = await stage.rows(FAILURES)
        assert (failure["error"], failure["status"]) == ("NotAcceptedError", "open")
        assert "our interchange 1 was not accepted: APERAK refuses 850 PO-1" in failure["reason"]


async def test_an_application_may_be_sooner_than_its_syntax_check(store: Database) -> None:
    async with supplied(store, Supplier()) as (stage, order_id):
        await stage.note(order_id, "PO-1")
        await confirmed(stage, 1)
        await hand_in(stage, "77||APERAK,PO-1,accepted with errors")
        assert [row["status"] for row in await stage.rows(LEDGER)] == ["open"]
        await hand_in(stage, "78||APERAK,PO-1,rejected;997,1,accepted")
        assert [row["status"] for row in await stage.rows(LEDGER)] == ["rejected"]


async def test_an_application_that_answers_no_document_of_ours_is_a_failure(store: Database) -> None:
    async with supplied(store, Supplier()) as (stage, _):
        await hand_in(stage, "77||APERAK,PO-9,rejected")
        await hand_in(stage, "78||APERAK,,accepted")
        first, second = await stage.rows(FAILURES)
        assert "APERAK answers document PO-9 of" in first["reason"]
        assert second["error"] == "UnknownInterchangeError"


async def test_a_997_that_does_not_come_is_a_failure_until_it_does(sqlite_path: str) -> None:
    clock = ManualClock(NOON)
    store = await open_store(sqlite_path, clock)
    try:
        async with supplied(store, Supplier(), clock) as (stage, order_id):
            await stage.note(order_id, "PO-1")
            await confirmed(stage, 1)
            clock.advance(24 * 3600 + 1)
            await owed.chase(store, stage.ring)
            await owed.chase(store, stage.ring)
            (failure,) = await stage.rows(FAILURES)
            assert (failure["error"], failure["status"]) == ("AcknowledgementOverdueError", "open")
            await hand_in(stage, "77||997,1,accepted")
            assert [f["status"] for f in await stage.rows(FAILURES)] == ["resolved"]
    finally:
        await store.close()


async def test_an_order_without_a_ship_notice_is_a_failure_until_the_notice_comes(sqlite_path: str) -> None:
    clock = ManualClock(NOON)
    store = await open_store(sqlite_path, clock)
    try:
        async with supplied(store, Supplier(), clock) as (stage, order_id):
            await stage.note(order_id, "PO-1")
            await confirmed(stage, 1)
            await hand_in(stage, "77||997,1,accepted")
            clock.advance(48 * 3600 + 1)
            await owed.chase(store, stage.ring)
            (failure,) = await stage.rows(FAILURES)
            assert failure["error"] == "Missing856Error"
            assert "850 about PO-1" in failure["reason"]
            await hand_in(stage, "78|856,PO-1,ok|")
            assert [f["status"] for f in await stage.rows(FAILURES)] == ["resolved"]
    finally:
        await store.close()
