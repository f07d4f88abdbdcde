"""Erasing people: what is gone, and what stays."""

import pytest

from hub.desk import erasure, failures, messages, order_verbs, orders, replay
from hub.desk.errors import ForbiddenError, RefusedError
from hub.desk.order_search import OrderFilter
from tests.hub.stage import ADMIN, EMAIL, ENGINEER, NAME, SUPPORT, Reading, Stage, order_json


async def test_an_erased_order_has_no_people_and_no_readable_messages(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    erased = await erasure.erase(hub.ctx, ADMIN, order_id, "asked for by letter", force=True)
    assert erased.parties
    assert erased.keys >= 2
    shown = await orders.show_order(hub.ctx, ADMIN, order_id)
    assert shown.parties is None
    assert shown.erased
    assert shown.order.channel_ref == "R-1"
    for message in shown.messages:
        if message.direction != "internal":
            detail = await messages.show_message(hub.ctx, ADMIN, message.id)
            assert detail.body is None
            assert "erased" in (detail.unavailable or "")
    assert (await orders.list_orders(hub.ctx, ADMIN, OrderFilter(email=EMAIL))).items == ()
    assert (await orders.list_orders(hub.ctx, ADMIN, OrderFilter(text="R-1"))).items[0].id == order_id


async def test_nothing_of_the_person_is_left_in_the_store(hub: Stage) -> None:
    failure_id, message_id = await hub.failed("R-1")
    await replay.resend_edited(hub.ctx, SUPPORT, message_id, order_json("R-1"), "no such colour")
    order_id = await hub.order_id("R-1")
    await hub.failure_is(failure_id, "resolved")
    await hub.settled()
    assert NAME in str(await hub.rows("SELECT details FROM failures"))
    await erasure.erase(hub.ctx, ADMIN, order_id, "asked for by letter", force=True)
    tables = await hub.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    for table in tables:
        text = str(await hub.rows(f"SELECT * FROM {table['name']}"))  # noqa: S608 - the store's own tables
        assert NAME not in text, table["name"]
        assert EMAIL not in text, table["name"]
    left = (
        "SELECT k.id FROM data_keys k LEFT JOIN messages m ON m.key_id = k.id WHERE m.kind IS NOT 'stock_set'"
    )
    assert await hub.rows(left) == []
    assert await hub.rows("SELECT id FROM messages WHERE body IS NOT NULL AND direction = 'in'") == []


async def test_an_erased_message_says_why_it_can_not_be_replayed(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    message_id = (await hub.rows("SELECT id FROM messages WHERE direction = 'in' AND kind = 'order'"))[0][
        "id"
    ]
    await erasure.erase(hub.ctx, ADMIN, order_id, "asked for by letter", force=True)
    with pytest.raises(RefusedError, match="erased"):
        await replay.replay_message(hub.ctx, SUPPORT, message_id)
    with pytest.raises(RefusedError, match="erased"):
        await messages.raw_body(hub.ctx, SUPPORT, message_id)


async def test_the_same_order_is_still_known_when_it_comes_again(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    version = (await orders.show_order(hub.ctx, ADMIN, order_id)).version
    await erasure.erase(hub.ctx, ADMIN, order_id, "asked for by letter", force=True)
    again = await hub.receive(order_json("R-1"))
    await hub.until(lambda: hub.rows("SELECT id FROM messages WHERE id = $1 AND status = 'duplicate'", again))
    assert (await orders.show_order(hub.ctx, ADMIN, order_id)).version == version


async def test_an_order_under_way_is_not_erased_by_accident(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    with pytest.raises(RefusedError, match="can't be delivered without its people"):
        await erasure.erase(hub.ctx, ADMIN, order_id, "asked for")
    shown = await orders.show_order(hub.ctx, ADMIN, order_id)
    assert shown.parties is not None


async def test_only_an_administrator_erases(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    with pytest.raises(ForbiddenError):
        await erasure.erase(hub.ctx, ENGINEER, order_id, "asked for", force=True)


async def test_erasing_is_in_the_audit_log_and_touches_nobody_else(hub: Stage) -> None:
    erased, kept = await hub.placed("R-1"), await hub.placed("R-2")
    await erasure.erase(hub.ctx, ADMIN, erased, "asked for by letter", force=True)
    log = await hub.rows("SELECT actor, detail FROM audit_log WHERE action = 'order.erase'")
    assert log[0]["actor"] == "root"
    assert log[0]["detail"].startswith("asked for by letter")
    other = await orders.show_order(hub.ctx, SUPPORT, kept)
    assert other.parties is not None
    assert other.parties.buyer.name == NAME


async def test_an_order_of_no_people_goes_on_being_looked_after(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    await erasure.erase(hub.ctx, ADMIN, order_id, "asked for", force=True)
    await order_verbs.note(hub.ctx, SUPPORT, order_id, "was erased")
    assert (await orders.show_order(hub.ctx, SUPPORT, order_id)).order.notes[0].text == "was erased"
    assert (await failures.list_failures(hub.ctx, SUPPORT)).items == ()
    assert Reading.mended is False
