"""An order with an unresolved failure queues its own later messages, in order, while all others flow."""

from uuid import UUID

import pytest

from canonical.events import Event, NoteAdded
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Steps
from core.bus.port import HUB
from core.engine.work import Ending, Happening, data_of
from core.store.sql import Database
from tests.core.engine.stage import Rules, Stage, engine_on, item_of


class Moody(Rules):
    """Refuses notes that say `bad`, until its mood changes."""

    angry = True

    def rules_for(self, event: Event, order: Order) -> tuple[object, ...]:  # type: ignore[override]
        return (self.refuse,) if isinstance(event, NoteAdded) else ()

    def refuse(self, order: Order, event: Event, policy: Policy) -> Steps:
        if self.angry and isinstance(event, NoteAdded) and "bad" in event.text:
            raise ValueError("not in this mood")
        yield from ()


async def quarantined(stage: Stage) -> tuple[UUID, UUID]:
    """Let an order fail, with three notes behind; returns the order's and the failure's id."""
    order_id = await stage.placed("R-1")
    failed = await stage.note(order_id, "bad 0")
    assert failed.ending is Ending.FAILED
    for n in (1, 2, 3):
        assert (await stage.note(order_id, f"note {n}")).ending is Ending.WAITING
    return order_id, failed.failure_id


async def test_only_the_failed_order_waits(store: Database) -> None:
    async with engine_on(store, Moody()) as stage:
        order_id, failure_id = await quarantined(stage)
        other = await stage.placed("R-2")
        assert (await stage.note(other, "hello")).ending is Ending.DONE
        assert await stage.notes(order_id) == []
        row = (await stage.rows("SELECT quarantined_by FROM orders WHERE id = $1", order_id))[0]
        assert row["quarantined_by"] == failure_id


async def test_after_the_replay_all_goes_on_in_its_order(store: Database) -> None:
    rules = Moody()
    async with engine_on(store, rules) as stage:
        order_id, failure_id = await quarantined(stage)
        rules.angry = False
        await stage.replay(failure_id)
        await stage.until_rows(1, "SELECT id FROM failures WHERE status = 'resolved'")
        assert await stage.notes(order_id) == ["bad 0", "note 1", "note 2", "note 3"]
        assert await stage.rows("SELECT item_id FROM waiting") == []


async def test_a_replay_that_fails_again_keeps_everybody_waiting_in_order(store: Database) -> None:
    rules = Moody()
    async with engine_on(store, rules) as stage:
        order_id, failure_id = await quarantined(stage)
        await stage.replay(failure_id)
        await stage.until_rows(1, "SELECT id FROM failures WHERE status = 'open'")
        assert (await stage.note(order_id, "note 4")).ending is Ending.WAITING
        assert await stage.notes(order_id) == []
        rules.angry = False
        await stage.replay(failure_id)
        await stage.until_rows(0, "SELECT item_id FROM waiting")
        assert await stage.notes(order_id) == ["bad 0", "note 1", "note 2", "note 3", "note 4"]


async def test_a_failure_among_those_that_waited_holds_up_those_behind_it(store: Database) -> None:
    rules = Moody()
    async with engine_on(store, rules) as stage:
        order_id = await stage.placed("R-1")
        first = (await stage.note(order_id, "bad 0")).failure_id
        for text in ("note 1", "bad 2", "note 3"):
            await stage.note(order_id, text)
        await stage.run("UPDATE failures SET status = 'discarded' WHERE id = $1", first)
        go_on = item_of("GoOn", data_of(Happening(order_id, ()), first), subject=str(order_id))
        await stage.post(HUB, go_on)
        second = (await stage.until_rows(1, "SELECT id FROM failures WHERE status = 'open'"))[0]["id"]
        assert await stage.notes(order_id) == ["note 1"]
        rules.angry = False
        await stage.replay(second)
        await stage.until_rows(0, "SELECT item_id FROM waiting")
        assert await stage.notes(order_id) == ["note 1", "bad 2", "note 3"]


async def test_a_discarded_failure_stays_discarded_and_is_passed_over(store: Database) -> None:
    async with engine_on(store, Moody()) as stage:
        order_id, failure_id = await quarantined(stage)
        await stage.run("UPDATE failures SET status = 'discarded' WHERE id = $1", failure_id)
        go_on = item_of("GoOn", data_of(Happening(order_id, ()), failure_id), subject=str(order_id))
        await stage.post(HUB, go_on)
        await stage.until_rows(0, "SELECT item_id FROM waiting")
        assert await stage.notes(order_id) == ["note 1", "note 2", "note 3"]
        assert (await stage.rows("SELECT status FROM failures"))[0]["status"] == "discarded"


@pytest.mark.parametrize("times", [2, 3])
async def test_a_repeated_replay_does_nothing_more(store: Database, times: int) -> None:
    rules = Moody()
    async with engine_on(store, rules) as stage:
        order_id, failure_id = await quarantined(stage)
        rules.angry = False
        for _ in range(times):
            await stage.replay(failure_id)
            await stage.until_rows(1, "SELECT id FROM failures WHERE status = 'resolved'")
        assert (await stage.notes(order_id))[:4] == ["bad 0", "note 1", "note 2", "note 3"]
