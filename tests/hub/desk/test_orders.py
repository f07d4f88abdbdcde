"""Orders at the desk: found, shown, explained, and moved by people."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from canonical.statuses import HoldType
from core.scheduler.jobs import clean_up
from core.scheduler.retention import Retention
from hub.desk import explain, order_verbs, orders
from hub.desk.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError
from hub.desk.masking import MASK
from hub.desk.order_search import OrderFilter
from tests.hub.stage import EMAIL, NAME, SUPPORT, VIEWER, Stage


async def test_an_order_is_shown_with_all_that_belongs_to_it(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    assert shown.channel_ref == "R-1"
    assert shown.total == "25.00 EUR"
    assert shown.parties is not None
    assert shown.parties.buyer.email == EMAIL
    assert shown.journal[0].type == "OrderPlaced"
    assert [entry.seq for entry in shown.journal] == list(range(1, len(shown.journal) + 1))
    assert {effect.command for effect in shown.effects} >= {"SubmitRelease"}
    assert {message.direction for message in shown.messages} >= {"in", "out"}


async def test_an_order_whose_journal_is_over_its_retention_is_shown_from_its_snapshot_on(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    await hub.run("UPDATE orders SET status = 'cancelled' WHERE id = $1", order_id)
    await clean_up(hub.ctx.database, Retention(journal_days=-1))
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    (entry,) = shown.journal
    assert (entry.seq, entry.type) == (shown.version, "Snapshot")
    assert entry.body == {"stands_for": f"events 1 to {entry.seq}, which are over their retention"}
    assert (await explain.explain(hub.ctx, SUPPORT, order_id)).id == order_id


async def test_a_viewer_sees_no_personal_data(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    shown = await orders.show_order(hub.ctx, VIEWER, order_id)
    assert shown.parties is not None
    assert shown.parties.masked
    assert shown.parties.buyer.name == MASK
    assert shown.parties.buyer.country == "DE"
    text = shown.model_dump_json()
    assert EMAIL not in text
    assert NAME not in text
    assert "10115" not in text


async def test_orders_are_listed_in_pages_the_newest_first(hub: Stage) -> None:
    ids = [await hub.placed(f"R-{i}") for i in range(5)]
    first = await orders.list_orders(hub.ctx, VIEWER, limit=3)
    rest = await orders.list_orders(hub.ctx, VIEWER, limit=3, cursor=first.next)
    assert [order.id for order in (*first.items, *rest.items)] == ids[::-1]
    assert rest.next is None


async def test_orders_are_filtered_by_how_they_stand(hub: Stage) -> None:
    held = await hub.placed("R-1")
    await hub.placed("R-2")
    await order_verbs.hold(hub.ctx, SUPPORT, held, HoldType.OTHER, "asked by phone")
    found = await orders.list_orders(hub.ctx, VIEWER, OrderFilter(held=True))
    assert [order.id for order in found.items] == [held]
    assert found.items[0].holds == ("other",)
    none = await orders.list_orders(hub.ctx, VIEWER, OrderFilter(status="cancelled"))
    assert none.items == ()


@pytest.mark.parametrize("kind", ["id", "reference", "channel:reference", "release", "effect"])
async def test_an_order_is_found_by_any_of_its_names(hub: Stage, kind: str) -> None:
    order_id = await hub.placed("R-7")
    await hub.placed("R-8")
    await hub.settled()
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    names = {
        "id": str(order_id),
        "reference": "R-7",
        "channel:reference": "shop:R-7",
        "release": shown.order.releases[0].id,
        "effect": shown.effects[0].key,
    }
    found = await orders.list_orders(hub.ctx, VIEWER, OrderFilter(text=names[kind]))
    assert [order.id for order in found.items] == [order_id]


@pytest.mark.parametrize("text", ["nothing like it", "\x00", "%", "0f4c6f6e-0000-4000-8000-000000000000"])
async def test_what_names_no_order_finds_none(hub: Stage, text: str) -> None:
    await hub.placed("R-1")
    found = await orders.list_orders(hub.ctx, VIEWER, OrderFilter(text=text))
    assert found.items == ()


async def test_a_person_is_found_by_email_phone_and_postcode_however_they_are_written(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.placed("R-2", email="b.customer@example.org", postcode="99999")
    for wanted in (
        OrderFilter(email=" A.Customer@EXAMPLE.com "),
        OrderFilter(postcode="10 115"),
        OrderFilter(phone="+49-30-1234567", email=EMAIL),
    ):
        found = await orders.list_orders(hub.ctx, SUPPORT, wanted)
        assert [order.id for order in found.items] == [order_id]


async def test_a_viewer_may_not_look_for_people(hub: Stage) -> None:
    with pytest.raises(ForbiddenError, match="takes the role support"):
        await orders.list_orders(hub.ctx, VIEWER, OrderFilter(email=EMAIL))


@pytest.mark.parametrize("limit", [0, -1, 501])
async def test_a_page_has_a_bound(hub: Stage, limit: int) -> None:
    with pytest.raises(InvalidError, match="1 to 500"):
        await orders.list_orders(hub.ctx, VIEWER, limit=limit)


async def test_a_cursor_that_no_page_gave_is_refused(hub: Stage) -> None:
    with pytest.raises(InvalidError, match="cursor"):
        await orders.list_orders(hub.ctx, VIEWER, cursor="first")


async def test_an_unknown_order_is_not_found(hub: Stage) -> None:
    with pytest.raises(NotFoundError):
        await orders.show_order(hub.ctx, VIEWER, uuid4())
    with pytest.raises(NotFoundError):
        await order_verbs.note(hub.ctx, SUPPORT, uuid4(), "is it here?")
    assert await hub.rows("SELECT id FROM failures") == []


async def test_a_hold_is_placed_and_released_by_name_and_reason(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    held = await order_verbs.hold(hub.ctx, SUPPORT, order_id, HoldType.CUSTOMER_REQUEST, "wants it later")
    assert held.applied
    assert held.order.held
    freed = await order_verbs.release(hub.ctx, SUPPORT, order_id, HoldType.CUSTOMER_REQUEST, "called again")
    assert not freed.order.held
    log = await hub.rows(
        "SELECT actor, action, detail FROM audit_log WHERE target = $1 ORDER BY id", str(order_id)
    )
    assert [(row["actor"], row["action"]) for row in log] == [
        ("helper", "order.hold"),
        ("helper", "order.release"),
    ]
    assert "wants it later" in log[0]["detail"]


async def test_releasing_a_hold_that_is_not_there_is_refused_in_words(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    with pytest.raises(RefusedError, match="no fraud_review hold: nothing holds it"):
        await order_verbs.release(hub.ctx, SUPPORT, order_id, HoldType.FRAUD_REVIEW)


async def test_cancelling_twice_is_refused_with_what_goes_on(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    await order_verbs.cancel(hub.ctx, SUPPORT, order_id, "changed their mind")
    with pytest.raises(RefusedError, match=r"asked for by helper|nothing left to cancel"):
        await order_verbs.cancel(hub.ctx, SUPPORT, order_id, "once more")


async def test_a_viewer_changes_nothing(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    with pytest.raises(ForbiddenError):
        await order_verbs.cancel(hub.ctx, VIEWER, order_id, "no")
    with pytest.raises(ForbiddenError):
        await order_verbs.hold(hub.ctx, VIEWER, order_id, HoldType.OTHER, "no")


async def test_a_note_is_kept_and_an_empty_one_refused(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await order_verbs.note(hub.ctx, SUPPORT, order_id, "ring twice")
    shown = await orders.show_order(hub.ctx, VIEWER, order_id)
    assert [(note.text, note.actor) for note in shown.order.notes] == [("ring twice", "helper")]
    with pytest.raises(InvalidError, match="text"):
        await order_verbs.note(hub.ctx, SUPPORT, order_id, "  ")


async def test_an_explanation_names_what_is_waited_for(hub: Stage) -> None:
    await hub.run(
        "INSERT INTO connector_states (connector, paused, reason, updated_at) VALUES ('wms', 1, 'moving house', $1)",
        hub.ctx.clock.now(),
    )
    hub.hub.runner.paused = frozenset({"wms"})
    order_id = await hub.placed("R-1")
    said = await explain.explain(hub.ctx, VIEWER, order_id)
    assert said.status == "in_progress"
    waits = [wait for wait in said.waits if wait.effect_id is not None and "wms" in wait.what]
    assert waits
    assert "moving house" in waits[0].next_step


async def test_what_is_due_is_listed_by_its_deadline_in_pages(hub: Stage) -> None:
    ids = [await hub.placed(f"R-{i}") for i in range(5)]
    now = hub.ctx.clock.now()
    for order_id, hours in zip(ids, (3, 1, 2, 2, None), strict=True):
        at = None if hours is None else now + timedelta(hours=hours)
        await hub.run("UPDATE orders SET due_at = $2 WHERE id = $1", order_id, at)
    due, found, cursor = OrderFilter(due=True), list[UUID](), None
    while True:
        page = await orders.list_orders(hub.ctx, VIEWER, due, limit=2, cursor=cursor)
        found += [order.id for order in page.items]
        if (cursor := page.next) is None:
            break
    assert found == [ids[1], *sorted(ids[2:4]), ids[0]]


@pytest.mark.parametrize("cursor", ["nonsense", "2026-11-20T12:00:00_x", f"_{UUID(int=1)}", str(UUID(int=1))])
async def test_a_cursor_that_no_page_of_due_orders_gave_out_is_refused(hub: Stage, cursor: str) -> None:
    with pytest.raises(InvalidError, match="cursor"):
        await orders.list_orders(hub.ctx, VIEWER, OrderFilter(due=True), cursor=cursor)
