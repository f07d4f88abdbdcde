"""The desk's reads and verbs on PostgreSQL: the same statements, another database."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from canonical.statuses import HoldType
from core.errors import RetryableError
from core.store.migrate import upgrade
from hub.desk import (
    auditing,
    connectors,
    effects,
    erasure,
    explain,
    failures,
    master_data,
    messages,
    order_verbs,
    orders,
    replay,
    replays,
    stats,
    stock,
    tokens,
)
from hub.desk.access import Role
from hub.desk.auditing import AuditFilter
from hub.desk.effects import EffectFilter, Resolution
from hub.desk.failures import FailureFilter
from hub.desk.master_data import Kind
from hub.desk.messages import MessageFilter
from hub.desk.order_search import OrderFilter
from hub.desk.replay_views import ReplayMode, ReplayState
from hub.desk.tokens import TokenBook
from tests.hub.stage import ADMIN, EMAIL, SUPPORT, VIEWER, Reading, Stage, order_json, stage


@pytest.fixture
async def hub(postgres_url: str) -> AsyncIterator[Stage]:
    await upgrade(postgres_url)
    async with stage(postgres_url) as running:
        yield running


async def test_orders_are_found_shown_moved_and_erased(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    since = hub.ctx.clock.now().replace(year=2020)
    wanted = OrderFilter(held=False, quarantined=False, channel="shop", since=since, text="R-1", email=EMAIL)
    found = await orders.list_orders(hub.ctx, SUPPORT, wanted, limit=1)
    assert [order.id for order in found.items] == [order_id]
    assert (await orders.list_orders(hub.ctx, SUPPORT, cursor=str(order_id))).items == ()
    shown = await orders.show_order(hub.ctx, SUPPORT, order_id)
    assert shown.parties is not None
    assert shown.journal[0].type == "OrderPlaced"
    assert (await explain.explain(hub.ctx, VIEWER, order_id)).status == "in_progress"
    await order_verbs.hold(hub.ctx, SUPPORT, order_id, HoldType.OTHER, "look at it")
    freed = await order_verbs.release(hub.ctx, SUPPORT, order_id, HoldType.OTHER)
    assert not freed.order.held
    erased = await erasure.erase(hub.ctx, ADMIN, order_id, "asked for", force=True)
    assert erased.messages >= 2
    assert (await orders.show_order(hub.ctx, ADMIN, order_id)).erased
    log = await auditing.list_audit(hub.ctx, ADMIN, AuditFilter(target=str(order_id), since=since))
    assert len(log.items) == 3


async def _failures(hub: Stage, count: int) -> list[UUID]:
    return [(await hub.failed(f"B-{i}"))[0] for i in range(count)]


async def test_failures_are_claimed_discarded_edited_and_replayed(hub: Stage) -> None:
    ids = await _failures(hub, 4)
    group = (await failures.list_groups(hub.ctx, VIEWER))[0]
    assert (group.open, group.connector) == (4, "shop")
    await failures.claim(hub.ctx, SUPPORT, ids[0])
    await failures.discard(hub.ctx, SUPPORT, ids[0], "not needed")
    shown = await failures.show_failure(hub.ctx, SUPPORT, ids[1])
    assert [line.number for line in shown.excerpt if line.problem] == [3]
    assert shown.message_id is not None
    await replay.resend_edited(
        hub.ctx, SUPPORT, shown.message_id, order_json("B-1"), "a colour that is known"
    )
    await hub.failure_is(ids[1], "resolved")
    Reading.mended = True
    planned = await replays.plan(hub.ctx, ADMIN, wanted=FailureFilter(signature=group.signature))
    assert planned.total == 2
    await replays.run(hub.ctx, ADMIN, planned.id, ReplayMode.CANARY)

    async def done() -> bool:
        await replays.advance_all(hub.ctx)
        return (await replays.status(hub.ctx, VIEWER, planned.id)).state is ReplayState.DONE

    await hub.until(done)
    items = await replays.list_items(hub.ctx, VIEWER, planned.id)
    assert [(item.failure_id, item.status) for item in items] == [(ids[2], "resolved"), (ids[3], "resolved")]
    assert len(await replays.list_replays(hub.ctx, VIEWER)) == 1


async def test_messages_are_listed_by_every_filter_and_replayed(hub: Stage) -> None:
    order_id = await hub.placed("R-1")
    await hub.settled()
    now = hub.ctx.clock.now()
    wanted = MessageFilter(
        connector="shop", direction="in", status="done", kind="order", order_id=order_id, key="shop:R-1",
        since=now.replace(year=2020), until=now.replace(year=now.year + 1),
    )  # fmt: skip
    found = (await messages.list_messages(hub.ctx, VIEWER, wanted)).items
    assert len(found) == 1
    assert (await messages.list_messages(hub.ctx, VIEWER, MessageFilter(signature="none"))).items == ()
    sent = await replay.replay_message(hub.ctx, SUPPORT, found[0].id)
    sql = "SELECT id FROM messages WHERE id = $1 AND status = 'duplicate'"
    await hub.until(lambda: hub.rows(sql, sent.message_id))
    shown = await messages.show_message(hub.ctx, SUPPORT, found[0].id)
    assert [copy.id for copy in shown.lineage.replays] == [sent.message_id]
    assert shown.body == order_json("R-1").decode()


async def test_a_parked_effect_is_replayed_and_an_unknown_one_resolved(hub: Stage) -> None:
    hub.partners["wms"].troubles = [RetryableError("closed") for _ in range(2)]
    await hub.placed("R-1")
    row = (await hub.until(lambda: hub.rows("SELECT id, effect_id FROM failures WHERE stage = 'send'")))[0]
    await replay.replay_failure(hub.ctx, SUPPORT, row["id"])
    await hub.failure_is(row["id"], "resolved")
    await hub.settled()
    await hub.run("UPDATE effects SET state = 'parked' WHERE id = $1", row["effect_id"])
    shown = await effects.resolve(
        hub.ctx, SUPPORT, row["effect_id"], Resolution.CONFIRMED, "seen", reference="W-1"
    )
    assert (shown.state, shown.reference) == ("confirmed", "W-1")
    listed = await effects.list_effects(hub.ctx, VIEWER, EffectFilter(state="confirmed", connector="wms"))
    assert [effect.id for effect in listed.items] == [row["effect_id"]]


async def test_stock_master_data_connectors_and_numbers_are_read(hub: Stage) -> None:
    await hub.placed("R-1")
    await hub.settled()
    assert await stock.find_drift(hub.ctx, VIEWER) == ()
    assert (await stock.show_stock(hub.ctx, VIEWER, "MUG-1")).available == 98
    assert [a.available for a in await stock.availability(hub.ctx, VIEWER, "shop", ["MUG-1", "NOPE"])] == [
        98,
        None,
    ]
    content = b"channel,reference,sku\nshop,101,MUG-1\n"
    for expected in ((1, 0), (0, 1)):
        result = await master_data.import_file(hub.ctx, ADMIN, Kind.REFERENCES, "r.csv", content)
        assert (result.new, result.same) == expected
    for kind in Kind:
        assert (await master_data.list_master_data(hub.ctx, VIEWER, kind, limit=1)).items
    await connectors.pause(hub.ctx, ADMIN, "wms", "moving")
    assert (await connectors.resume(hub.ctx, ADMIN, "wms")).paused is False
    shown = await stats.statistics(hub.ctx, VIEWER)
    assert shown.orders == {"in_progress": 1}


async def test_tokens_are_made_known_and_revoked(hub: Stage) -> None:
    made = await tokens.create_token(hub.ctx, ADMIN, "robot", Role.SUPPORT, expires_in_days=1)
    book = TokenBook(hub.ctx)
    assert (await book.authenticate(made.secret)).role is Role.SUPPORT
    await tokens.revoke_token(hub.ctx, ADMIN, made.id)
    assert (await tokens.list_tokens(hub.ctx, ADMIN))[0].revoked_at is not None
