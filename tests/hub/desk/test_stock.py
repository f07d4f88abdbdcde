"""The stock desk."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from canonical.policy import ChannelPolicy, Policy
from core.scheduler.scheduler import Beat
from core.store import migrate
from hub.desk import master_data, stock
from hub.desk.door_desk import ConnectorDesk
from hub.desk.errors import ForbiddenError, InvalidError, NotFoundError
from hub.desk.master_data import Kind
from tests.core.offers.shelf import Shelf
from tests.hub.stage import ADMIN, ENGINEER, SHELVES, SUPPORT, VIEWER, Stage, stage


async def test_stock_is_shown_with_what_may_be_promised(hub: Stage) -> None:
    await hub.placed("R-1", quantity=3)
    await hub.settled()
    shown = await stock.show_stock(hub.ctx, VIEWER, "MUG-1")
    assert shown.available == 97
    assert {level.node: (level.on_hand, level.allocated) for level in shown.levels}["hall"] == (100, 3)
    assert {entry.kind for entry in shown.ledger} >= {"adjust", "reserve", "allocate"}
    assert shown.drift == ()


async def test_a_count_says_by_whom_and_why(hub: Stage) -> None:
    shown = await stock.set_stock(hub.ctx, ENGINEER, "MUG-1", "hall", 40, "counted")
    assert shown.available == 40
    assert shown.ledger[0].quantity == -60
    message_id = shown.ledger[0].key.split(":")[1]
    kept = (await hub.rows("SELECT kind, status FROM messages WHERE id = $1", message_id))[0]
    assert (kept["kind"], kept["status"]) == ("stock_set", "done")
    log = await hub.rows("SELECT actor, detail FROM audit_log WHERE action = 'stock.set' ORDER BY id DESC")
    assert (log[0]["actor"], log[0]["detail"]) == ("mapper", "40: counted")


async def test_goods_that_are_counted_go_to_who_waits_for_them(hub: Stage) -> None:
    order_id = await hub.placed("R-1", sku="CUP-2")
    rows = await hub.rows("SELECT sku FROM back_orders")
    assert [row["sku"] for row in rows] == ["CUP-2"]
    await stock.set_stock(hub.ctx, ENGINEER, "CUP-2", "hall", 5, "delivered")
    await hub.until(
        lambda: hub.rows("SELECT id FROM orders WHERE id = $1 AND status = 'in_progress'", order_id)
    )
    assert (await stock.show_stock(hub.ctx, VIEWER, "CUP-2")).available == 3


@pytest.mark.parametrize(
    ("sku", "node", "on_hand", "field"),
    [
        ("NOPE", "hall", 1, "sku"),
        ("MUG-1", "nowhere", 1, "node"),
        ("MUG-1", "hall", -1, "on_hand"),
        ("\x00", "hall", 1, "sku"),
    ],
)
async def test_a_count_of_nothing_known_is_refused(
    hub: Stage, sku: str, node: str, on_hand: int, field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        await stock.set_stock(hub.ctx, ENGINEER, sku, node, on_hand, "counted")
    assert [problem.field for problem in refused.value.problems] == [field]


async def test_support_sets_no_stock(hub: Stage) -> None:
    with pytest.raises(ForbiddenError):
        await stock.set_stock(hub.ctx, SUPPORT, "MUG-1", "hall", 1, "counted")


async def test_an_unknown_sku_has_no_stock_page(hub: Stage) -> None:
    with pytest.raises(NotFoundError):
        await stock.show_stock(hub.ctx, VIEWER, "NOPE")
    assert (await stock.show_stock(hub.ctx, VIEWER, "CUP-2")).available == 0


async def test_drift_names_the_level_that_its_ledger_does_not_explain(hub: Stage) -> None:
    assert await stock.find_drift(hub.ctx, VIEWER) == ()
    await hub.run("UPDATE stock SET on_hand = 99 WHERE node = 'hall'")
    drift = await stock.find_drift(hub.ctx, VIEWER)
    assert [(d.sku, d.node, d.field, d.ledger, d.level) for d in drift] == [
        ("MUG-1", "hall", "on_hand", 100, 99)
    ]


async def test_availability_answers_in_the_order_of_the_question(hub: Stage) -> None:
    found = await stock.availability(hub.ctx, VIEWER, "shop", ["NOPE", "MUG-1", "CUP-2", "MUG-1"])
    assert [(a.reference, a.available) for a in found] == [("NOPE", None), ("MUG-1", 100), ("CUP-2", 0)]
    for bad in ([], ["x"] * 501):
        with pytest.raises(InvalidError):
            await stock.availability(hub.ctx, VIEWER, "shop", bad)


async def test_a_door_learns_the_status_of_its_own_messages_only(hub: Stage) -> None:
    _, failed = await hub.failed()
    shop, wms = ConnectorDesk(hub.ctx, "shop"), ConnectorDesk(hub.ctx, "wms")
    status = await shop.message_status(failed)
    assert status is not None
    assert status[0] == "failed"
    assert "colour" in (status[1] or "")
    assert await wms.message_status(failed) is None


async def test_a_channel_may_not_promise_what_is_kept_back_from_it(hub: Stage) -> None:
    policy = Policy(channels={"shop": ChannelPolicy(stock_buffer=30)})
    hub.hub.engine.world = replace(hub.hub.engine.world, policy=policy)
    found = await stock.availability(hub.ctx, VIEWER, "shop", ["MUG-1", "CUP-2"])
    assert [a.available for a in found] == [70, 0]
    assert (await stock.show_stock(hub.ctx, VIEWER, "MUG-1")).available == 100


@pytest.fixture
async def selling(tmp_path: Path) -> AsyncIterator[Stage]:
    """A hub whose shop shows stock."""
    SHELVES["shop"] = Shelf(shown={"MUG-1": 0, "CUP-2": 0, "mug": 0})
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    await migrate.upgrade(url)
    try:
        policy = Policy(channels={"shop": ChannelPolicy(offer="items")})
        async with stage(url, beat=Beat(stock_s=0.05), policy=policy) as running:
            yield running
    finally:
        SHELVES.clear()


async def test_a_shop_is_told_of_every_change_of_its_stock(selling: Stage) -> None:
    shelf = SHELVES["shop"]
    assert isinstance(shelf, Shelf)

    async def shows(**figures: int) -> None:
        wanted = {name.replace("_", "-"): figure for name, figure in figures.items()}

        async def so() -> bool:
            return all(shelf.shown[name] == figure for name, figure in wanted.items())

        await selling.until(so)

    await shows(MUG_1=100)
    await selling.placed("R-1", quantity=3)
    await shows(MUG_1=97)
    await stock.set_stock(selling.ctx, ENGINEER, "MUG-1", "hall", 40, "counted")
    await shows(MUG_1=37)
    other = b"channel,reference,sku\nshop,mug,MUG-1\n"
    await master_data.import_file(selling.ctx, ADMIN, Kind.REFERENCES, "references.csv", other)
    await shows(mug=37)
    closed = b"id,connector,country,enabled\nhall,wms,DE,false\n"
    await master_data.import_file(selling.ctx, ADMIN, Kind.NODES, "nodes.csv", closed)
    await shows(mug=0)
    told = {o.reference: o for o in (await stock.show_stock(selling.ctx, VIEWER, "MUG-1")).offers}
    assert (told["mug"].connector, told["mug"].quantity) == ("shop", 0)
