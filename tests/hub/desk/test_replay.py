"""Replays: each from the stored bytes, under a new id, and nothing is done twice."""

from dataclasses import replace
from uuid import UUID, uuid4

import orjson
import pytest

from core.errors import RetryableError
from hub.desk import failures, messages, orders, replay, replays
from hub.desk.access import Role
from hub.desk.errors import ForbiddenError, InvalidError, NotFoundError, RefusedError
from hub.desk.failures import FailureFilter
from hub.desk.replay_views import ReplayMode, ReplayState
from tests.hub.desk.replaying import until_state
from tests.hub.stage import ENGINEER, SUPPORT, VIEWER, Reading, Stage, order_json


async def many(hub: Stage, count: int) -> list[UUID]:
    return [(await hub.failed(f"B-{i}"))[0] for i in range(count)]


async def test_a_replay_reads_the_stored_bytes_with_the_current_mapping(hub: Stage) -> None:
    failure_id, message_id = await hub.failed("B-1")
    Reading.mended = True
    sent = await replay.replay_failure(hub.ctx, SUPPORT, failure_id)
    assert sent.message_id == message_id
    assert sent.item_id != message_id
    await hub.order_id("B-1")
    await hub.failure_is(failure_id, "resolved")
    shown = await messages.show_message(hub.ctx, SUPPORT, message_id)
    assert shown.status == "done"
    assert shown.reading is not None
    assert shown.reading.types == ("OrderDocument",)


async def test_a_replayed_document_that_waits_for_its_order_is_counted_as_waiting(hub: Stage) -> None:
    message_id = await hub.receive(b'{"ref": "B-9", "id": "c-1"}', kind="cancel")
    await hub.until(lambda: hub.rows("SELECT item_id FROM waiting"))
    await hub.run("UPDATE waiting SET deadline = since")
    (row,) = await hub.until(lambda: hub.rows("SELECT id FROM failures WHERE message_id = $1", message_id))
    plan = await replays.plan(hub.ctx, ENGINEER, ids=[row["id"]])
    await replays.run(hub.ctx, ENGINEER, plan.id)
    over = await until_state(hub, plan.id, ReplayState.DONE)
    assert over.counts == {"waiting": 1}
    await hub.placed("B-9")
    await hub.failure_is(row["id"], "resolved")
    assert (await replays.status(hub.ctx, ENGINEER, plan.id)).counts == {"resolved": 1}


async def test_two_who_replay_at_once_replay_once(hub: Stage) -> None:
    failure_id, _ = await hub.failed("B-1")
    Reading.mended = True
    await replay.replay_failure(hub.ctx, SUPPORT, failure_id)
    with pytest.raises(RefusedError, match=r"is (replaying|resolved)"):
        await replay.replay_failure(hub.ctx, replace(SUPPORT, name="colleague"), failure_id)
    await hub.failure_is(failure_id, "resolved")
    assert len(await hub.rows("SELECT seq FROM journal WHERE type = 'OrderPlaced'")) == 1


async def test_a_stored_message_can_be_read_again_and_changes_nothing(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    original = (await hub.rows("SELECT id FROM messages WHERE direction = 'in' AND kind = 'order'"))[0]["id"]
    before = (await orders.show_order(hub.ctx, SUPPORT, order_id)).version
    sent = await replay.replay_message(hub.ctx, SUPPORT, original)
    sql = "SELECT id FROM messages WHERE id = $1 AND status = 'duplicate'"
    await hub.until(lambda: hub.rows(sql, sent.message_id))
    assert (await orders.show_order(hub.ctx, SUPPORT, order_id)).version == before
    assert sent.message_id is not None
    again = await replay.replay_message(hub.ctx, SUPPORT, sent.message_id)
    await hub.until(lambda: hub.rows(sql, again.message_id))
    shown = await messages.show_message(hub.ctx, SUPPORT, original)
    assert {copy.id for copy in shown.lineage.replays} == {sent.message_id, again.message_id}
    copy = await messages.show_message(hub.ctx, SUPPORT, sent.message_id)
    assert copy.body == shown.body


async def test_only_what_came_in_is_read_again(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    out = next(message for message in shown.messages if message.direction == "out")
    with pytest.raises(RefusedError, match="only what came in"):
        await replay.replay_message(hub.ctx, SUPPORT, out.id)
    with pytest.raises(NotFoundError):
        await replay.replay_message(hub.ctx, SUPPORT, uuid4())


async def test_a_failed_message_is_replayed_by_its_failure(hub: Stage) -> None:
    _, message_id = await hub.failed("B-1")
    with pytest.raises(RefusedError, match="has an open failure"):
        await replay.replay_message(hub.ctx, SUPPORT, message_id)


async def test_an_edited_copy_takes_the_originals_place(hub: Stage) -> None:
    failure_id, message_id = await hub.failed("B-1")
    sent = await replay.resend_edited(
        hub.ctx, SUPPORT, message_id, order_json("B-1", colour="blue"), "no such colour"
    )
    assert sent.message_id is not None
    await hub.order_id("B-1")
    await hub.failure_is(failure_id, "resolved")
    original = await messages.show_message(hub.ctx, SUPPORT, message_id)
    assert original.status == "replaced"
    assert str(sent.message_id) in (original.reason or "")
    copy = await messages.show_message(hub.ctx, SUPPORT, sent.message_id)
    assert copy.replay_of == message_id
    assert copy.lineage.original is not None
    assert orjson.loads(copy.body or "")["colour"] == "blue"
    assert orjson.loads(original.body or "")["colour"] == "octarine"
    log = await hub.rows("SELECT target, detail FROM audit_log WHERE action = 'message.edit'")
    assert "no such colour" in log[0]["detail"]


async def test_an_edit_that_fails_opens_the_failure_about_the_copy(hub: Stage) -> None:
    failure_id, message_id = await hub.failed("B-1")
    sent = await replay.resend_edited(hub.ctx, SUPPORT, message_id, b"{", "a slip")
    await hub.failure_is(failure_id, "open")
    shown = await failures.show_failure(hub.ctx, SUPPORT, failure_id)
    assert shown.current_message_id == sent.message_id
    assert shown.problems[0]["reason"] == "is no JSON"
    again = await replay.replay_failure(hub.ctx, SUPPORT, failure_id)
    assert again.message_id == sent.message_id


async def test_a_mended_document_of_many_parts_closes_its_one_failure(hub: Stage) -> None:
    documents = [orjson.loads(order_json(f"P-{i}", colour="octarine")) for i in range(3)]
    message_id = await hub.receive(orjson.dumps([*documents, orjson.loads(order_json("P-3", sku="NOPE"))]))
    sql = "SELECT id FROM failures WHERE message_id = $1 ORDER BY id"
    failure_id = (await hub.until(lambda: hub.rows(sql, message_id)))[0]["id"]
    Reading.mended = True
    await replay.replay_failure(hub.ctx, SUPPORT, failure_id)
    await hub.failure_is(failure_id, "resolved")
    await hub.order_id("P-2")
    found = await failures.list_failures(hub.ctx, SUPPORT, FailureFilter(status="open"))
    assert [failure.stage for failure in found.items] == ["master data"]


async def test_a_plan_moves_nothing_and_is_what_is_replayed(hub: Stage) -> None:
    ids = await many(hub, 3)
    signature = (await failures.list_groups(hub.ctx, VIEWER))[0].signature
    planned = await replays.plan(hub.ctx, ENGINEER, wanted=FailureFilter(signature=signature))
    assert (planned.total, planned.counts, planned.state) == (3, {"planned": 3}, ReplayState.PLANNED)
    await hub.failed("too-late")
    Reading.mended = True
    await replays.run(hub.ctx, ENGINEER, planned.id)
    for failure_id in ids:
        await hub.failure_is(failure_id, "resolved")
    await replays.advance_all(hub.ctx)
    shown = await replays.status(hub.ctx, VIEWER, planned.id)
    assert shown.counts == {"resolved": 3}
    assert shown.state is ReplayState.DONE
    assert len((await failures.list_failures(hub.ctx, VIEWER, FailureFilter(status="open"))).items) == 1


async def test_named_failures_are_replayed_and_no_others(hub: Stage) -> None:
    ids = await many(hub, 3)
    Reading.mended = True
    planned = await replays.plan(hub.ctx, ENGINEER, ids=ids[:2])
    await replays.run(hub.ctx, ENGINEER, planned.id)
    await hub.failure_is(ids[1], "resolved")
    assert (await failures.show_failure(hub.ctx, VIEWER, ids[2])).status == "open"
    items = await replays.list_items(hub.ctx, VIEWER, planned.id)
    assert [item.failure_id for item in items] == ids[:2]


async def test_what_was_closed_or_claimed_meanwhile_is_skipped_with_the_reason(hub: Stage) -> None:
    ids = await many(hub, 3)
    planned = await replays.plan(hub.ctx, ENGINEER, ids=ids)
    await failures.discard(hub.ctx, SUPPORT, ids[0], "not needed")
    await failures.claim(hub.ctx, SUPPORT, ids[1])
    Reading.mended = True
    await replays.run(hub.ctx, ENGINEER, planned.id)
    await hub.failure_is(ids[2], "resolved")
    items = await replays.list_items(hub.ctx, VIEWER, planned.id)
    assert [item.status for item in items] == ["skipped", "skipped", "resolved"]
    assert "discarded" in (items[0].reason or "")
    assert "helper has claimed" in (items[1].reason or "")


async def test_a_canary_stops_when_the_failure_comes_back(hub: Stage) -> None:
    ids = await many(hub, 4)
    planned = await replays.plan(hub.ctx, ENGINEER, ids=ids)
    await replays.run(hub.ctx, ENGINEER, planned.id, ReplayMode.CANARY)

    async def stopped() -> bool:
        await replays.advance_all(hub.ctx)
        return (await replays.status(hub.ctx, VIEWER, planned.id)).state is ReplayState.STOPPED

    await hub.until(stopped)
    shown = await replays.status(hub.ctx, VIEWER, planned.id)
    assert shown.counts == {"failed_again": 1, "planned": 3}
    assert "failed again in the same way" in (shown.reason or "")


async def test_a_canary_that_comes_through_is_followed_by_all(hub: Stage) -> None:
    ids = await many(hub, 12)
    planned = await replays.plan(hub.ctx, ENGINEER, ids=ids)
    Reading.mended = True
    first = await replays.run(hub.ctx, ENGINEER, planned.id, ReplayMode.CANARY)
    assert first.counts["planned"] == 11

    async def done() -> bool:
        await replays.advance_all(hub.ctx)
        return (await replays.status(hub.ctx, VIEWER, planned.id)).state is ReplayState.DONE

    await hub.until(done)
    assert (await replays.status(hub.ctx, VIEWER, planned.id)).counts == {"resolved": 12}


async def test_the_hub_looks_after_a_canary_by_itself(hub: Stage) -> None:
    ids = await many(hub, 2)
    planned = await replays.plan(hub.ctx, ENGINEER, ids=ids)
    Reading.mended = True
    await replays.run(hub.ctx, ENGINEER, planned.id, ReplayMode.CANARY)
    await hub.until(lambda: hub.rows("SELECT id FROM replays WHERE state = 'done'"), seconds=30)
    assert (await replays.status(hub.ctx, VIEWER, planned.id)).counts == {"resolved": 2}


async def test_a_stopped_replay_sends_no_more(hub: Stage) -> None:
    ids = await many(hub, 3)
    planned = await replays.plan(hub.ctx, ENGINEER, ids=ids)
    stopped = await replays.stop(hub.ctx, ENGINEER, planned.id)
    assert stopped.reason == "stopped by mapper"
    with pytest.raises(RefusedError, match="stopped already"):
        await replays.stop(hub.ctx, ENGINEER, planned.id)
    assert not await replays.advance(hub.ctx, planned.id)


async def test_a_replay_of_nothing_is_refused(hub: Stage) -> None:
    with pytest.raises(RefusedError, match="nothing to replay"):
        await replays.plan(hub.ctx, ENGINEER, wanted=FailureFilter())
    with pytest.raises(InvalidError, match="one of the two"):
        await replays.plan(hub.ctx, ENGINEER)
    with pytest.raises(ForbiddenError):
        await replays.plan(hub.ctx, SUPPORT, wanted=FailureFilter())
    assert SUPPORT.role is Role.SUPPORT


async def test_a_parked_effect_is_looked_up_before_it_is_sent_again(hub: Stage) -> None:
    hub.partners["wms"].troubles = [RetryableError("closed") for _ in range(2)]
    order_id = await hub.placed("R-1")
    rows = await hub.until(lambda: hub.rows("SELECT id, effect_id FROM failures WHERE stage = 'send'"))
    failure_id = rows[0]["id"]
    sent = await replay.replay_failure(hub.ctx, SUPPORT, failure_id)
    assert sent.effect_id == rows[0]["effect_id"]
    await hub.failure_is(failure_id, "resolved")
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    release = next(effect for effect in shown.effects if effect.command == "SubmitRelease")
    assert release.state == "confirmed"
    assert hub.partners["wms"].looked_up == [release.key]
    assert hub.partners["wms"].took == [release.key]


async def test_a_parked_effect_that_fails_again_opens_its_failure_again(hub: Stage) -> None:
    hub.partners["wms"].troubles = [RetryableError("closed") for _ in range(9)]
    await hub.placed("R-1")
    failure_id = (await hub.until(lambda: hub.rows("SELECT id FROM failures WHERE stage = 'send'")))[0]["id"]
    await replay.replay_failure(hub.ctx, SUPPORT, failure_id)
    await hub.failure_is(failure_id, "open")
    assert len(await hub.rows("SELECT id FROM failures")) == 1


class TestNeverBothTheEditedAndTheOriginal:
    async def test_an_original_that_was_edited_is_not_read_again(self, hub: Stage) -> None:
        _, message_id = await hub.failed("B-1")
        sent = await replay.resend_edited(hub.ctx, SUPPORT, message_id, order_json("B-1"), "no such colour")
        for again in (
            replay.replay_message(hub.ctx, SUPPORT, message_id),
            replay.resend_edited(hub.ctx, SUPPORT, message_id, order_json("B-1"), "once more"),
        ):
            with pytest.raises(RefusedError, match=f"edited and sent again as {sent.message_id}"):
                await again

    async def test_an_edited_copy_that_is_edited_again_takes_the_failure_along(self, hub: Stage) -> None:
        failure_id, message_id = await hub.failed("B-1")
        first = await replay.resend_edited(hub.ctx, SUPPORT, message_id, b"{", "a slip")
        await hub.failure_is(failure_id, "open")
        assert first.message_id is not None
        with pytest.raises(RefusedError, match="has an open failure"):
            await replay.replay_message(hub.ctx, SUPPORT, first.message_id)
        second = await replay.resend_edited(
            hub.ctx, SUPPORT, first.message_id, order_json("B-1"), "the slip is mended"
        )
        assert second.failure_id == failure_id
        await hub.failure_is(failure_id, "resolved")
        assert len(await hub.rows("SELECT seq FROM journal WHERE type = 'OrderPlaced'")) == 1

    async def test_what_is_being_replayed_as_it_is_can_not_be_edited_meanwhile(self, hub: Stage) -> None:
        failure_id, message_id = await hub.failed("B-1")
        await hub.run("UPDATE failures SET status = 'replaying' WHERE id = $1", failure_id)
        with pytest.raises(RefusedError, match="is being replayed as it is"):
            await replay.resend_edited(hub.ctx, SUPPORT, message_id, order_json("B-1"), "too eager")
        with pytest.raises(RefusedError, match="or one that is being replayed"):
            await replay.replay_message(hub.ctx, SUPPORT, message_id)


async def test_pages_show_every_failure_once_though_more_come_meanwhile(hub: Stage) -> None:
    ids = await many(hub, 7)
    seen: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await failures.list_failures(hub.ctx, VIEWER, limit=2, cursor=cursor)
        seen += [one.id for one in page.items]
        cursor = page.next
        if cursor is None:
            break
        await hub.failed(f"late-{len(seen)}")
    assert sorted(seen) == sorted(ids)
