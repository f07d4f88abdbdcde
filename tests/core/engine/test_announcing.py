"""Outside systems are told of the events that they asked for: each by one id, none lost, nobody named."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson

from canonical.events import HoldPlaced
from canonical.order import Hold
from canonical.statuses import HoldType
from core.engine.announcing import Subscriptions
from core.scheduler import jobs
from core.store.sql import Database
from tests.core.engine.stage import NOON, Broker, Stage, engine_on

EVERYBODY = Subscriptions(
    frozenset({"OrderPlaced", "HoldPlaced"}),
    {"erp": frozenset({"HoldPlaced"}), "bi": frozenset({"HoldPlaced"})},
)
OUTBOX = "SELECT item_id FROM outbox WHERE queue = 'events'"


@asynccontextmanager
async def told(
    store: Database, subscriptions: Subscriptions, *, confirms: bool = True
) -> AsyncIterator[Stage]:
    async with engine_on(store, bus=Broker(confirms=confirms)) as stage:
        stage.engine.world = replace(stage.engine.world, subscriptions=subscriptions)
        yield stage


def hold(order_id: Any) -> HoldPlaced:
    placed = Hold(type=HoldType.OTHER, reason="Mr Smith rang", actor="jane.doe", placed_at=NOON)
    return HoldPlaced(order_id=order_id, hold=placed, fact_key="once")


async def test_an_event_is_told_with_its_order_and_its_place_in_it(store: Database) -> None:
    async with told(store, EVERYBODY) as stage:
        order_id = await stage.placed("R-1")
        await stage.until_rows(0, OUTBOX)
        (item,) = stage.bus.told
        assert (item.type, item.subject) == ("OrderPlaced", str(order_id))
        data = orjson.loads(item.data)
        assert data["order"] == {"id": str(order_id), "channel": "shop", "reference": "R-1", "version": 1}
        assert data["event"]["total"] == {"amount": "5", "currency": "EUR"}


async def test_nobody_is_told_who_did_it_or_what_people_wrote(store: Database) -> None:
    async with told(store, EVERYBODY) as stage:
        order_id = await stage.placed("R-1")
        await stage.do(order_id, hold(order_id))
        await stage.until_rows(0, OUTBOX)
        said = stage.bus.told[-1].data
        assert orjson.loads(said)["event"]["hold"]["type"] == "other"
        commands = [row["body"] for row in await stage.rows("SELECT body FROM effects")]
        for text in (said, *commands):
            assert "jane.doe" not in text
            assert "Smith" not in text


async def test_what_the_broker_has_not_confirmed_is_told_again_under_the_same_id(store: Database) -> None:
    async with told(store, EVERYBODY, confirms=False) as stage:
        await stage.placed("R-1")
        (row,) = await stage.rows(OUTBOX)
        stage.engine.publish(await jobs.sweep(store, horizon_s=3600))

        async def twice() -> bool:
            return len(stage.bus.told) == 2

        await stage.until(twice)
        assert [item.id for item in stage.bus.told] == [row["item_id"]] * 2
        assert len(await stage.rows(OUTBOX)) == 1


async def test_each_subscriber_by_webhook_has_an_effect_of_its_own_for_one_event(store: Database) -> None:
    async with told(store, EVERYBODY) as stage:
        order_id = await stage.placed("R-1")
        await stage.do(order_id, hold(order_id))
        rows = await stage.rows("SELECT connector, key, command, body FROM effects ORDER BY connector")
        assert [(row["connector"], row["key"]) for row in rows] == [
            ("bi", f"tell:bi:{order_id}:2"),
            ("erp", f"tell:erp:{order_id}:2"),
        ]
        await stage.until_rows(0, OUTBOX)
        ids = {orjson.loads(row["body"])["event_id"] for row in rows}
        assert ids == {str(stage.bus.told[-1].id)}


async def test_a_fact_that_comes_twice_is_told_once(store: Database) -> None:
    async with told(store, EVERYBODY) as stage:
        order_id = await stage.placed("R-1")
        await stage.do(order_id, hold(order_id))
        await stage.do(order_id, hold(order_id))
        await stage.until_rows(0, OUTBOX)
        assert [item.type for item in stage.bus.told] == ["OrderPlaced", "HoldPlaced"]
        assert len(await stage.rows("SELECT id FROM effects")) == 2


async def test_what_nobody_asked_for_is_told_to_nobody(store: Database) -> None:
    async with told(store, Subscriptions(frozenset({"OrderRejected"}))) as stage:
        order_id = await stage.placed("R-1")
        await stage.note(order_id, "a note")
        await stage.note(order_id, "another")
        assert stage.bus.told == []
        assert await stage.rows(OUTBOX) == []
        assert await stage.rows("SELECT id FROM effects") == []
