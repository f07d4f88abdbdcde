"""Timers: rows, whose messages' ids derive from what they are, so that none fires twice."""

from datetime import UTC, datetime, timedelta

from canonical.events import Event
from canonical.order import Order
from canonical.policy import Policy
from canonical.steps import Forget, Remind, Steps
from core.scheduler import jobs
from core.store.sql import Database
from tests.core.engine.stage import Rules, engine_on, note

PAST = datetime(2026, 1, 1, tzinfo=UTC)
TIMERS = "SELECT name, due_at FROM timers"


def reminding(*steps: tuple[str, datetime | None]) -> Rules:
    """Rules that set timers (or with None, take them away) when an order is placed."""

    def remind(order: Order, event: Event, policy: Policy) -> Steps:
        for name, at in steps:
            if at is None:
                yield Forget(order_id=order.id, name=name)
            else:
                yield Remind(name=name, at=at, event=note(order.id, name))

    return Rules({"OrderPlaced": (remind,)})


async def test_a_timer_that_is_due_happens_to_its_order_once(store: Database) -> None:
    async with engine_on(store, reminding(("wake", PAST))) as stage:
        order_id = await stage.placed("R-1")
        fired = await jobs.fire_timers(store, stage.ring)
        stage.engine.publish(fired)
        stage.engine.publish(fired)
        await stage.until(lambda: stage.acknowledged(2))
        assert await stage.notes(order_id) == ["wake"]
        assert await jobs.fire_timers(store, stage.ring) == []


async def test_a_stale_leader_fires_the_same_message(store: Database) -> None:
    async with engine_on(store, reminding(("wake", PAST))) as stage:
        order_id = await stage.placed("R-1")
        first = await jobs.fire_timers(store, stage.ring)
        stage.engine.publish(first)
        await stage.until(lambda: stage.acknowledged(1))
        row = note(order_id, "wake")
        await stage.run(
            "INSERT INTO timers VALUES ($1, 'wake', $2, 'NoteAdded', $3)",
            order_id,
            PAST,
            row.model_dump_json(),
        )
        second = await jobs.fire_timers(store, stage.ring)
        assert second[0].item.id == first[0].item.id
        stage.engine.publish(second)
        await stage.until(lambda: stage.acknowledged(2))
        assert await stage.notes(order_id) == ["wake"]


async def test_a_later_timer_of_the_same_name_replaces_it(store: Database) -> None:
    later = PAST + timedelta(days=9000)
    async with engine_on(store, reminding(("wake", PAST), ("wake", later))) as stage:
        await stage.placed("R-1")
        assert len(await stage.rows(TIMERS)) == 1
        assert await jobs.fire_timers(store, stage.ring) == []


async def test_a_timer_that_was_taken_away_never_fires(store: Database) -> None:
    async with engine_on(store, reminding(("wake", PAST), ("wake", None))) as stage:
        await stage.placed("R-1")
        assert await stage.rows(TIMERS) == []
