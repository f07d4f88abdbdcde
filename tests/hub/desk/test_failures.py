"""Failures: grouped, shown, claimed, discarded; and what waits behind one."""

from dataclasses import replace
from uuid import uuid4

import orjson
import pytest

from hub.desk import failures, order_verbs, orders, replay
from hub.desk.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError
from hub.desk.failures import FailureFilter
from hub.desk.masking import MASK
from tests.hub.defects import Faulty, quarantined
from tests.hub.stage import ENGINEER, NAME, SUPPORT, VIEWER, Stage, order_json

OTHER = replace(SUPPORT, name="colleague")


async def test_a_failure_is_shown_with_its_place_in_the_document(hub: Stage) -> None:
    failure_id, message_id = await hub.failed()
    shown = await failures.show_failure(hub.ctx, SUPPORT, failure_id)
    assert shown.status == "open"
    assert shown.stage == "read"
    assert shown.problems[0]["field"] == "colour"
    assert shown.problems[0]["value"] == NAME
    assert [line.number for line in shown.excerpt if line.problem] == [3]
    assert shown.excerpt[0].number == 1
    assert shown.current_message_id == message_id


async def test_a_viewer_sees_where_it_failed_and_no_value(hub: Stage) -> None:
    failure_id, _ = await hub.failed()
    shown = await failures.show_failure(hub.ctx, VIEWER, failure_id)
    assert shown.problems[0]["value"] == MASK
    assert NAME not in shown.model_dump_json()
    assert "colour" in shown.reason
    assert shown.excerpt[2].text == '  "xxxx": "x. xxxxxxxx",'


async def test_failures_of_one_kind_are_one_group(hub: Stage) -> None:
    for ref in ("B-1", "B-2"):
        await hub.failed(ref)
    await hub.receive(b"{", "order")
    await hub.until(lambda: hub.rows("SELECT 1 FROM failures WHERE details LIKE '%JSON%'"))
    groups = await failures.list_groups(hub.ctx, VIEWER)
    assert [group.open for group in groups] == [2, 1]
    assert groups[0].connector == "shop"
    assert groups[0].first_at <= groups[0].last_at
    found = await failures.list_failures(hub.ctx, VIEWER, FailureFilter(signature=groups[0].signature))
    assert len(found.items) == 2


async def test_what_is_claimed_is_left_alone_by_others(hub: Stage) -> None:
    failure_id, _ = await hub.failed()
    assert (await failures.claim(hub.ctx, SUPPORT, failure_id)).claimed_by == "helper"
    await failures.claim(hub.ctx, SUPPORT, failure_id)
    for refused in (
        failures.claim(hub.ctx, OTHER, failure_id),
        failures.unclaim(hub.ctx, OTHER, failure_id),
        failures.discard(hub.ctx, OTHER, failure_id, "no"),
        replay.replay_failure(hub.ctx, OTHER, failure_id),
    ):
        with pytest.raises(RefusedError, match="helper has claimed"):
            await refused
    with pytest.raises(ForbiddenError):
        await failures.claim(hub.ctx, OTHER, failure_id, force=True)
    assert (await failures.claim(hub.ctx, ENGINEER, failure_id, force=True)).claimed_by == "mapper"
    assert (await failures.unclaim(hub.ctx, ENGINEER, failure_id)).claimed_by is None


async def test_a_discarded_failure_is_closed_with_its_reason(hub: Stage) -> None:
    failure_id, _ = await hub.failed()
    with pytest.raises(InvalidError):
        await failures.discard(hub.ctx, SUPPORT, failure_id, " ")
    closed = await failures.discard(hub.ctx, SUPPORT, failure_id, "a test order of theirs")
    assert (closed.status, closed.closed_by, closed.closed_reason) == (
        "discarded",
        "helper",
        "a test order of theirs",
    )
    for refused in (
        failures.discard(hub.ctx, SUPPORT, failure_id, "again"),
        replay.replay_failure(hub.ctx, SUPPORT, failure_id),
        failures.claim(hub.ctx, SUPPORT, failure_id),
    ):
        with pytest.raises(RefusedError, match="discarded"):
            await refused
    log = await hub.rows("SELECT detail FROM audit_log WHERE action = 'failure.discard'")
    assert [row["detail"] for row in log] == ["a test order of theirs"]


async def test_an_unknown_failure_is_not_found(hub: Stage) -> None:
    for call in (failures.show_failure, failures.claim, failures.unclaim, replay.replay_failure):
        with pytest.raises(NotFoundError):
            await call(hub.ctx, SUPPORT, uuid4())


async def test_a_failed_order_queues_its_own_messages_and_no_other(hub: Stage) -> None:
    _, order_id, failure_id = await quarantined(hub)
    waits = await order_verbs.note(hub.ctx, SUPPORT, order_id, "is it stuck?")
    assert not waits.applied
    assert str(failure_id) in (waits.reason or "")
    await hub.placed("R-2")
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    assert shown.quarantined_by == failure_id
    assert len(shown.waiting) == 1
    assert (await failures.show_failure(hub.ctx, SUPPORT, failure_id)).held_up == 1


async def test_discarding_lets_what_waited_go_on_in_its_order(hub: Stage) -> None:
    _, order_id, failure_id = await quarantined(hub)
    for text in ("first", "second", "third"):
        await order_verbs.note(hub.ctx, SUPPORT, order_id, text)
    await failures.discard(hub.ctx, SUPPORT, failure_id, "cancelled by phone")
    await hub.until(
        lambda: hub.rows("SELECT id FROM orders WHERE id = $1 AND quarantined_by IS NULL", order_id)
    )
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    assert [note.text for note in shown.order.notes] == ["first", "second", "third"]
    assert shown.waiting == ()
    assert shown.order.cancellation is None
    assert (await failures.show_failure(hub.ctx, SUPPORT, failure_id)).status == "discarded"


async def test_a_replay_of_what_quarantines_comes_before_what_waited(hub: Stage) -> None:
    rules, order_id, failure_id = await quarantined(hub)
    await order_verbs.note(hub.ctx, SUPPORT, order_id, "later")
    rules.mended = True
    await replay.replay_failure(hub.ctx, SUPPORT, failure_id)
    await hub.failure_is(failure_id, "resolved")
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    types = [entry.type for entry in shown.journal]
    assert types.index("CancelRequested") < types.index("NoteAdded")
    assert shown.quarantined_by is None


async def test_a_replay_that_fails_again_opens_the_same_failure(hub: Stage) -> None:
    _, order_id, failure_id = await quarantined(hub)
    await replay.replay_failure(hub.ctx, SUPPORT, failure_id)
    await hub.failure_is(failure_id, "open")
    assert len(await hub.rows("SELECT id FROM failures")) == 1
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    assert shown.quarantined_by == failure_id


async def test_a_wish_that_a_rule_breaks_on_is_refused_with_its_failure(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    Faulty(hub)
    with pytest.raises(RefusedError, match="a defect of the rule"):
        await order_verbs.cancel(hub.ctx, SUPPORT, order_id, "please")
    log = await hub.rows("SELECT action FROM audit_log WHERE target = $1", str(order_id))
    assert [row["action"] for row in log] == ["order.cancel.refused"]


async def test_a_crowded_document_fails_part_by_part(hub: Stage) -> None:
    good, bad = orjson.loads(order_json("P-1")), orjson.loads(order_json("P-2", sku="NOPE"))
    message_id = await hub.receive(orjson.dumps([good, bad]))
    await hub.order_id("P-1")
    found = await hub.until(
        lambda: hub.rows("SELECT id, reason FROM failures WHERE message_id = $1", message_id)
    )
    assert len(found) == 1
    assert "NOPE" in found[0]["reason"]
