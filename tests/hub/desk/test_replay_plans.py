"""A plan is a frozen list: what is on the screen, what is in it, who agreed to it, and why something can't go."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from hub.desk import auditing, erasure, failures, replay, replays
from hub.desk.access import Principal, Role
from hub.desk.auditing import AuditFilter
from hub.desk.errors import ForbiddenError, InvalidError, RefusedError
from hub.desk.failures import FailureFilter
from hub.desk.messages import MessageFilter
from hub.desk.replay_choice import MOST, must_fit
from hub.desk.replay_plans import Selection
from hub.desk.replay_policy import ReplayPolicy
from hub.desk.replay_views import ReplayMode, ReplayOrdering, ReplayState, ReplayVerb
from tests.hub.desk.replaying import failed_cancel, many, until_state
from tests.hub.stage import ADMIN, ENGINEER, SUPPORT, VIEWER, Reading, Stage, order_json

COLLEAGUE = Principal("colleague", Role.ENGINEER)


async def the_orders(hub: Stage) -> list[str]:
    sql = "SELECT o.channel_ref AS ref FROM journal j JOIN orders o ON o.id = j.order_id WHERE j.type = 'OrderPlaced'"
    return sorted(row["ref"] for row in await hub.rows(sql))


async def test_a_plan_is_what_was_on_the_screen(either: Stage) -> None:
    ids = await many(either, 3)
    signature = (await failures.list_groups(either.ctx, VIEWER))[0].signature
    wanted = FailureFilter(signature=signature, status="open")
    seen = [one.id for one in (await failures.list_failures(either.ctx, VIEWER, wanted)).items]
    planned = await replays.plan(either.ctx, ENGINEER, wanted=FailureFilter(signature=signature))
    late, _ = await either.failed("late")
    items = await replays.list_items(either.ctx, VIEWER, planned.id)
    assert {item.failure_id for item in items} == set(seen) == set(ids)
    Reading.mended = True
    await replays.run(either.ctx, ENGINEER, planned.id)
    done = await until_state(either, planned.id, ReplayState.DONE)
    assert done.counts == {"resolved": 3}
    assert (await failures.show_failure(either.ctx, VIEWER, late)).status == "open"


async def test_a_manifest_counts_the_money_of_each_order_once(either: Stage) -> None:
    for ref, quantity in (("N-1", 2), ("N-2", 4)):
        await either.receive(order_json(ref, sku="NOPE", quantity=quantity))
    await either.until(
        lambda: either.rows("SELECT 1 AS one FROM (SELECT COUNT(*) AS n FROM failures) f WHERE n = 2")
    )
    await either.failed("unreadable")
    planned = await replays.plan(either.ctx, ENGINEER, wanted=FailureFilter())
    held = planned.manifest
    assert held.money == {"EUR": Decimal("75.00")}
    assert (held.orders, held.money_unknown, held.refused) == (2, 1, 0)
    assert {(s.connector, s.kind, s.channel, s.count) for s in held.sorts} == {
        ("shop", "order", "shop", 2),
        ("shop", "order", None, 1),
    }
    assert held.code == either.ctx.versions.code
    assert (planned.actor, planned.run_by) == ("mapper", None)
    log = (await auditing.list_audit(either.ctx, ADMIN, AuditFilter(action="replay.plan"))).items
    assert (log[0].actor, "75.00 EUR" in (log[0].detail or "")) == ("mapper", True)


async def test_a_manifest_names_the_mapping_that_failed_and_the_one_of_today(hub: Stage) -> None:
    await hub.failed("B-1")
    planned = await replays.plan(hub.ctx, ENGINEER, wanted=FailureFilter())
    change = planned.manifest.changes[0]
    assert (change.failed_with, change.now, change.count) == ("bench/order@1", None, 1)


async def test_what_can_not_be_replayed_is_in_the_plan_with_the_reason(either: Stage) -> None:
    discarded, _ = await either.failed("B-1")
    erased = await failed_cancel(either, "B-2")
    good, _ = await either.failed("B-3")
    await failures.discard(either.ctx, SUPPORT, discarded, "not needed")
    order_id = await either.placed("B-2")
    await either.run("UPDATE failures SET order_id = $2 WHERE id = $1", erased, order_id)
    row = (await either.rows("SELECT message_id FROM failures WHERE id = $1", erased))[0]
    await either.run("UPDATE messages SET order_id = $2 WHERE id = $1", row["message_id"], order_id)
    await erasure.erase(either.ctx, ADMIN, order_id, "asked for", force=True)
    nowhere = uuid4()
    planned = await replays.plan(either.ctx, ENGINEER, ids=[discarded, erased, good, nowhere])
    why = {i.failure_id: i.reason for i in await replays.list_items(either.ctx, VIEWER, planned.id)}
    assert "is discarded" in (why[discarded] or "")
    assert "erased" in (why[erased] or "")
    assert why[nowhere] == f"there is no failure {nowhere}"
    assert why[good] is None
    assert (planned.counts, planned.manifest.refused) == ({"planned": 1, "skipped": 3}, 3)


async def test_a_large_plan_takes_a_second_person(either: Stage) -> None:
    ctx = replace(either.ctx, replay_policy=ReplayPolicy(approval_above=1))
    await many(either, 2)
    planned = await replays.plan(ctx, ENGINEER, wanted=FailureFilter())
    assert planned.manifest.approval == "2 items are more than 1"
    Reading.mended = True
    with pytest.raises(RefusedError, match="somebody other than mapper must agree"):
        await replays.run(ctx, COLLEAGUE, planned.id)
    with pytest.raises(ForbiddenError, match="somebody else must agree"):
        await replays.approve(ctx, ENGINEER, planned.id)
    with pytest.raises(ForbiddenError, match="takes the role engineer"):
        await replays.approve(ctx, SUPPORT, planned.id)
    agreed = await replays.approve(ctx, COLLEAGUE, planned.id)
    assert agreed.approved_by == "colleague"
    with pytest.raises(RefusedError, match="has agreed to it already"):
        await replays.approve(ctx, ADMIN, planned.id)
    await replays.run(ctx, ENGINEER, planned.id)
    done = await until_state(either, planned.id, ReplayState.DONE)
    assert (done.actor, done.run_by, done.approved_by) == ("mapper", "mapper", "colleague")
    with pytest.raises(RefusedError, match="only a planned one is agreed to"):
        await replays.approve(ctx, ADMIN, planned.id)


def test_money_at_stake_also_asks_for_a_second_person() -> None:
    policy = ReplayPolicy(approval_above_amount={"EUR": Decimal(100)})
    assert policy.needs_second(1, {"EUR": Decimal(100), "USD": Decimal(9000)}) is None
    assert policy.needs_second(1, {"EUR": Decimal(101)}) == "101 EUR at stake are more than 100 EUR"
    assert ReplayPolicy().needs_second(9999, {"EUR": Decimal(10**9)}) is None


async def test_what_a_colleague_has_claimed_stays_and_so_does_what_comes_behind_it(either: Stage) -> None:
    first, _ = await either.failed("B-1")
    await failed_cancel(either, "B-1")
    await many(either, 1, first=2)
    planned = await replays.plan(either.ctx, ENGINEER, wanted=FailureFilter())
    await failures.claim(either.ctx, COLLEAGUE, first)
    Reading.mended = True
    await replays.run(either.ctx, ENGINEER, planned.id)
    done = await until_state(either, planned.id, ReplayState.DONE)
    assert done.counts == {"skipped": 2, "resolved": 1}
    why = [i.reason for i in await replays.list_items(either.ctx, VIEWER, planned.id)]
    assert why == [
        "colleague has claimed it",
        "number 1, of the same order and before it, was not sent",
        None,
    ]
    with pytest.raises(RefusedError, match="is done"):
        await replays.run(either.ctx, ENGINEER, planned.id)
    assert await the_orders(either) == ["B-2"]


async def test_what_failed_again_goes_again_when_a_stopped_replay_is_continued(either: Stage) -> None:
    await many(either, 3)
    planned = await replays.plan(either.ctx, ENGINEER, wanted=FailureFilter())
    await replays.run(either.ctx, ENGINEER, planned.id, mode=ReplayMode.CANARY)
    stopped = await until_state(either, planned.id, ReplayState.STOPPED)
    assert (stopped.counts, stopped.can_run) == ({"failed_again": 1, "planned": 2}, True)
    Reading.mended = True
    await replays.run(either.ctx, COLLEAGUE, planned.id, mode=ReplayMode.CANARY)
    done = await until_state(either, planned.id, ReplayState.DONE)
    assert (done.counts, done.actor, done.run_by) == ({"resolved": 3}, "mapper", "colleague")
    assert await the_orders(either) == ["B-0", "B-1", "B-2"]
    log = (await auditing.list_audit(either.ctx, ADMIN, AuditFilter(target=str(planned.id)))).items
    assert [entry.action for entry in log] == ["replay.continue", "replay.run", "replay.plan"]


async def test_each_item_says_with_which_versions_it_was_sent(hub: Stage) -> None:
    await many(hub, 1)
    planned = await replays.plan(hub.ctx, ENGINEER, wanted=FailureFilter())
    Reading.mended = True
    await replays.run(hub.ctx, ENGINEER, planned.id)
    await until_state(hub, planned.id, ReplayState.DONE)
    item = (await replays.list_items(hub.ctx, VIEWER, planned.id))[0]
    assert item.sent_with == hub.ctx.versions.said()
    assert item.sent_at is not None


class TestOneOrder:
    async def test_two_failures_of_one_order_go_one_after_the_other(self, either: Stage) -> None:
        order, _ = await either.failed("B-1")
        cancel = await failed_cancel(either, "B-1")
        planned = await replays.plan(either.ctx, ENGINEER, ids=[cancel, order])
        assert [i.failure_id for i in await replays.list_items(either.ctx, VIEWER, planned.id)] == [
            order,
            cancel,
        ]
        Reading.mended = True
        await replays.run(either.ctx, ENGINEER, planned.id)
        await until_state(either, planned.id, ReplayState.DONE)
        items = await replays.list_items(either.ctx, VIEWER, planned.id)
        closed = (await failures.show_failure(either.ctx, VIEWER, order)).closed_at
        assert items[1].sent_at is not None
        assert closed is not None
        assert closed <= items[1].sent_at
        assert {item.status for item in items} == {"resolved"}

    async def test_what_comes_behind_one_that_failed_again_stays(self, either: Stage) -> None:
        await either.receive(order_json("B-1", sku="NOPE"))
        await either.until(lambda: either.rows("SELECT id FROM failures"))
        await failed_cancel(either, "B-1")
        Reading.mended = True
        planned = await replays.plan(either.ctx, ENGINEER, wanted=FailureFilter())
        await replays.run(either.ctx, ENGINEER, planned.id)
        done = await until_state(either, planned.id, ReplayState.DONE)
        assert done.counts == {"failed_again": 1, "skipped": 1}
        items = await replays.list_items(either.ctx, VIEWER, planned.id)
        assert items[1].reason == "number 1, of the same order and before it, failed again"


class TestUnsent:
    async def test_a_message_without_an_outcome_is_done_once(self, either: Stage) -> None:
        await either.placed("R-1")
        await either.settled()
        early = either.ctx.clock.now().replace(year=2020)
        sql = "SELECT id FROM messages WHERE kind = 'order'"
        message_id: UUID = (await either.rows(sql))[0]["id"]
        await either.run(
            "UPDATE messages SET status = 'received', recorded_at = $2 WHERE id = $1", message_id, early
        )
        await either.run("DELETE FROM inbox WHERE item_id = $1", message_id)
        planned = await replays.make_plan(either.ctx, ENGINEER, Selection(verb=ReplayVerb.UNSENT))
        assert [s.signature for s in planned.signatures] == ["shop | no outcome | order"]
        await replays.run(either.ctx, ENGINEER, planned.id)
        done = await until_state(either, planned.id, ReplayState.DONE)
        assert done.counts == {"resolved": 1}
        assert (await either.rows("SELECT status FROM messages WHERE id = $1", message_id))[0][
            "status"
        ] == "duplicate"
        assert await the_orders(either) == ["R-1"]

    async def test_what_is_on_its_way_is_not_called_unsent(self, either: Stage) -> None:
        await either.placed("R-1")
        with pytest.raises(RefusedError, match="nothing to replay"):
            await replays.make_plan(either.ctx, ENGINEER, Selection(verb=ReplayVerb.UNSENT))

    async def test_an_effect_that_was_never_sent_is_woken_and_a_paused_partner_is_named(
        self, either: Stage
    ) -> None:
        order_id = await either.placed("R-1")
        await either.settled()
        early = either.ctx.clock.now().replace(year=2020)
        for number, connector in ((1, "gone"), (2, "resting")):
            await either.run(
                "INSERT INTO effects (id, key, connector, command, body, order_id, state, due_at, recorded_at) "
                "VALUES ($1, $2, $3, 'SendMail', '{}', $4, 'pending', $5, $5)",
                uuid4(), f"mail:{number}", connector, order_id, early,
            )  # fmt: skip
        await either.run(
            "INSERT INTO connector_states (connector, paused, reason, failures, updated_at) "
            "VALUES ('resting', true, 'moving', 0, $1)",
            early,
        )
        planned = await replays.make_plan(either.ctx, ENGINEER, Selection(verb=ReplayVerb.UNSENT))
        items = await replays.list_items(either.ctx, VIEWER, planned.id)
        assert {item.what for item in items} == {"effect"}
        assert any("resting is paused (moving)" in (item.reason or "") for item in items)
        await replays.run(either.ctx, ENGINEER, planned.id)
        assert (await replays.status(either.ctx, VIEWER, planned.id)).counts == {"skipped": 1, "replaying": 1}
        due = await either.rows("SELECT due_at FROM effects WHERE connector = 'gone'")
        assert due[0]["due_at"].year > 2020


class TestEverything:
    async def test_it_is_guarded(self, hub: Stage) -> None:
        await hub.placed("R-1")
        with pytest.raises(InvalidError, match="needs a reason"):
            await replays.make_plan(hub.ctx, ENGINEER, Selection(verb=ReplayVerb.ALL))
        with pytest.raises(InvalidError, match="is of a selection"):
            await replays.make_plan(hub.ctx, ENGINEER, Selection(verb=ReplayVerb.ALL, reason="why not"))
        shop = Selection(verb=ReplayVerb.ALL, reason="stock", messages=MessageFilter(connector="shop"))
        planned = await replays.make_plan(hub.ctx, ENGINEER, shop)
        with pytest.raises(InvalidError, match="confirm that number"):
            await replays.run(hub.ctx, ENGINEER, planned.id)
        with pytest.raises(InvalidError, match="1 items go, and not 7"):
            await replays.run(hub.ctx, ENGINEER, planned.id, confirm=7)

    async def test_what_was_done_stays_done_and_an_edited_original_is_left_out(self, either: Stage) -> None:
        order_id = await either.placed("R-1")
        await either.settled()
        _, edited = await either.failed("B-1")
        sent = await replay.resend_edited(either.ctx, SUPPORT, edited, order_json("B-1"), "no such colour")
        await either.order_id("B-1")
        await either.settled()
        took = {name: list(partner.took) for name, partner in either.partners.items()}
        shop = Selection(verb=ReplayVerb.ALL, reason="stock", messages=MessageFilter(connector="shop"))
        planned = await replays.make_plan(either.ctx, ENGINEER, shop)
        assert planned.counts == {"planned": 1, "skipped": 1}
        why = next(i.reason for i in await replays.list_items(either.ctx, VIEWER, planned.id) if i.reason)
        assert f"edited and sent again as {sent.message_id}" in why
        await replays.run(either.ctx, ENGINEER, planned.id, confirm=1)
        done = await until_state(either, planned.id, ReplayState.DONE)
        assert done.counts == {"resolved": 1, "skipped": 1}
        await either.settled()
        assert {name: list(partner.took) for name, partner in either.partners.items()} == took
        sql = "SELECT status FROM messages WHERE replay_of IS NOT NULL AND body IS NULL"
        assert [row["status"] for row in await either.rows(sql)] == ["duplicate"]
        assert order_id == await either.order_id("R-1")


def test_more_than_a_plan_holds_is_refused_and_never_cut() -> None:
    assert len(must_fit([1] * MOST)) == MOST
    with pytest.raises(InvalidError, match="narrow it"):
        must_fit([1] * (MOST + 1))


async def test_ordering_by_ship_by_keeps_to_age_where_no_order_has_one(hub: Stage) -> None:
    ids = await many(hub, 3)
    planned = await replays.make_plan(
        hub.ctx, ENGINEER, Selection(failures=FailureFilter(), ordering=ReplayOrdering.SHIP_BY)
    )
    assert [i.failure_id for i in await replays.list_items(hub.ctx, VIEWER, planned.id)] == ids


async def test_what_must_be_shipped_first_goes_first(hub: Stage) -> None:
    for ref, ship_by in (("S-1", None), ("S-2", "2026-12-24T12:00:00Z"), ("S-3", "2026-12-01T12:00:00Z")):
        await hub.receive(order_json(ref, sku="NOPE", ship_by=ship_by))
    await hub.until(
        lambda: hub.rows("SELECT 1 AS one FROM (SELECT COUNT(*) AS n FROM failures) f WHERE n = 3")
    )
    wanted = Selection(failures=FailureFilter(), ordering=ReplayOrdering.SHIP_BY)
    planned = await replays.make_plan(hub.ctx, ENGINEER, wanted)
    sql = "SELECT lane FROM replay_items WHERE replay_id = $1 ORDER BY seq"
    lanes = [row["lane"] for row in await hub.rows(sql, planned.id)]
    assert lanes == ["channel_ref:shop:S-3", "channel_ref:shop:S-2", "channel_ref:shop:S-1"]
