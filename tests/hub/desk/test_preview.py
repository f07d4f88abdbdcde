"""A preview says what would be stored and sent, and leaves no trace."""

from typing import Any

import pytest

from core.errors import RetryableError
from hub.desk import preview, replays
from hub.desk.errors import ForbiddenError, InvalidError, RefusedError
from hub.desk.failures import FailureFilter
from hub.desk.messages import MessageFilter
from hub.desk.preview_views import Preview
from hub.desk.replay_plans import Selection
from hub.desk.replay_views import ReplayVerb
from tests.hub.defects import quarantined
from tests.hub.desk.replaying import failed_cancel, many
from tests.hub.stage import ENGINEER, SUPPORT, VIEWER, Reading, Stage, order_json

ALL_OPEN = Selection(failures=FailureFilter())
TABLES = (
    "messages", "inbox", "outbox", "orders", "journal", "effects", "failures", "stock", "stock_ledger", "waiting",
    "timers", "replays", "replay_items", "audit_log", "business_keys", "parties", "data_keys", "message_keys",
)  # fmt: skip


async def everything_in(hub: Stage) -> dict[str, list[Any]]:
    return {name: sorted(map(str, await hub.rows(f"SELECT * FROM {name}"))) for name in TABLES}  # noqa: S608 - our own tables


async def looked_at(hub: Stage, wanted: Selection = ALL_OPEN) -> Preview:
    """Preview, and see that the store is what it was."""
    await hub.settled()
    before = await everything_in(hub)
    shown = await preview.preview(hub.ctx, SUPPORT, wanted)
    assert await everything_in(hub) == before
    return shown


async def test_it_says_what_would_be_stored_and_sent_and_stores_and_sends_nothing(either: Stage) -> None:
    await many(either, 2)
    Reading.mended = True
    took = {name: list(partner.took) for name, partner in either.partners.items()}
    shown = await looked_at(either)
    first = shown.items[0]
    assert (first.outcome, first.orders[0].new, first.orders[0].reference) == ("done", True, "shop:B-0")
    assert "no such colour is known" in (first.before or "")
    assert {s.name: (s.before, s.after) for s in first.orders[0].statuses}["status"] == (None, "in_progress")
    assert [event.type for event in first.events][:2] == ["OrderPlaced", "RowsMoved"]
    assert [effect.command for effect in first.effects] == ["SubmitRelease", "TellChannelStatus", "SendMail"]
    assert {(s.kind, s.quantity) for s in first.stock} >= {("reserve", 2), ("allocate", 2)}
    assert (shown.outcomes, shown.total) == ({"done": 2}, 2)
    assert shown.effects == {"wms SubmitRelease": 2, "shop TellChannelStatus": 2, "mailer SendMail": 2}
    assert {name: list(partner.took) for name, partner in either.partners.items()} == took


async def test_what_still_fails_says_where(either: Stage) -> None:
    await many(either, 1)
    item = (await looked_at(either)).items[0]
    assert (item.outcome, item.problems[0]["line"], item.problems[0]["reason"]) == (
        "failed", 3, "no such colour is known",
    )  # fmt: skip
    assert (item.events, item.effects, item.stock) == ((), (), ())


async def test_what_was_done_is_not_done_again(either: Stage) -> None:
    await either.placed("R-1")
    wanted = Selection(verb=ReplayVerb.ALL, reason="what if", messages=MessageFilter(connector="shop"))
    shown = await looked_at(either, wanted)
    assert (shown.outcomes, shown.effects) == ({"duplicate": 1}, {})


async def test_each_sees_what_those_before_it_would_have_done(either: Stage) -> None:
    await either.failed("B-1")
    await failed_cancel(either, "B-1")
    Reading.mended = True
    shown = await looked_at(either)
    assert [item.outcome for item in shown.items] == ["done", "done"]
    change = shown.items[1].orders[0]
    assert (change.new, change.reference) == (False, "shop:B-1")
    assert "CancelRequested" in [event.type for event in shown.items[1].events]


async def test_a_defect_of_a_rule_shows_as_what_it_is(either: Stage) -> None:
    rules, order_id, _ = await quarantined(either)
    item = (await looked_at(either)).items[0]
    assert (item.outcome, item.reason) == ("failed", "a defect of the rule")
    rules.mended = True
    item = (await looked_at(either)).items[0]
    assert (item.outcome, item.orders[0].order_id) == ("done", order_id)


async def test_an_effect_that_may_have_been_done_would_be_looked_up_first(either: Stage) -> None:
    either.partners["wms"].troubles = [RetryableError("closed") for _ in range(2)]
    await either.placed("R-1")
    await either.until(lambda: either.rows("SELECT id FROM failures WHERE stage = 'send'"))
    item = (await looked_at(either)).items[0]
    assert item.outcome == "sent"
    assert [(e.connector, e.command, e.looked_up) for e in item.effects] == [("wms", "SubmitRelease", True)]
    assert either.partners["wms"].looked_up == []


async def test_a_plan_can_be_previewed_too_and_says_how_much_it_left_out(either: Stage) -> None:
    await many(either, 3)
    Reading.mended = True
    planned = await replays.plan(either.ctx, ENGINEER, wanted=FailureFilter())
    shown = await preview.preview_plan(either.ctx, SUPPORT, planned.id, limit=2)
    assert (len(shown.items), shown.total, shown.outcomes) == (2, 3, {"done": 2})
    assert (shown.code, shown.mappings) == (either.ctx.versions.code, None)


async def test_one_failure_is_previewed_alone(hub: Stage) -> None:
    failure_id, message_id = await hub.failed("B-1")
    Reading.mended = True
    item = await preview.preview_failure(hub.ctx, SUPPORT, failure_id)
    assert (item.failure_id, item.message_id, item.outcome) == (failure_id, message_id, "done")


async def test_an_unknown_item_of_the_master_data_is_named(hub: Stage) -> None:
    await hub.receive(order_json("N-1", sku="NOPE"))
    await hub.until(lambda: hub.rows("SELECT id FROM failures"))
    item = (await looked_at(hub)).items[0]
    assert (item.outcome, item.problems[0]["value"]) == ("failed", "NOPE")


async def test_it_is_for_those_who_replay_and_goes_through_a_few(hub: Stage) -> None:
    with pytest.raises(ForbiddenError):
        await preview.preview(hub.ctx, VIEWER, ALL_OPEN)
    with pytest.raises(InvalidError, match="1 to 200"):
        await preview.preview(hub.ctx, SUPPORT, ALL_OPEN, limit=0)
    with pytest.raises(RefusedError, match="nothing to replay"):
        await preview.preview(hub.ctx, SUPPORT, ALL_OPEN)
