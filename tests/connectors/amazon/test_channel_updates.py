"""Amazon's `ChannelUpdates`, held to the port's contract and to what Amazon's feeds ask for."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from canonical.commands import Command, TellChannelCancelled, TellChannelShipped, TellChannelStatus
from canonical.order import Cancellation, ReleaseLine
from canonical.statuses import CancelStatus, ChannelStatus
from connectors.amazon.messages import message_id
from core.errors import OutcomeUnknownError, RejectedError, RetryableError
from core.ports import Effect, EffectContext
from tests.connectors.amazon.stage import CUPS, POT, REF, Stage, a_stage, our_order
from tests.contracts.building import NOON, a_context, a_parcel, an_effect
from tests.contracts.channel_updates import ChannelUpdatesContract
from tests.contracts.effect_port import Bench


class TestAmazonUpdates(ChannelUpdatesContract):
    refusing_for_now = ("http_429", "http_503")
    breaking_before = ("timeout_before", "http_500")
    breaking_after = ("timeout_after", "reset_after", "http_500_after")
    refusing_for_good = ("http_400",)
    status = "confirmed"

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Bench]:
        async with a_stage(tmp_path) as stage:
            stage.told["call_s"] = 0.5
            port = stage.open().effects[0]
            stage.market.sell(REF, [CUPS, POT])
            secrets = tuple(stage.market.credentials.values())

            def locked_out() -> Any:
                return stage.open(refresh_token="Atzr|somebody-elses").effects[0]

            yield Bench(port, stage.market, stage.ledger, stage.faults, secrets, locked_out)

    def context(self) -> EffectContext:
        return a_context(our_order())

    def fault_keys(self, effect: Effect) -> set[str]:
        return {f"confirmShipment:{REF}"}

    def happened(self, bench: Bench, effect: Effect) -> int:
        kinds = ("told_shipped", "told_cancelled", "acknowledged")
        keys = {f"{REF}:1"} if isinstance(effect.command, TellChannelShipped) else {message_id(effect.key)}
        return sum(entry["key"] in keys for kind in kinds for entry in bench.ledger.of(kind))

    def shipped_units(self, bench: Bench, effect: Effect) -> dict[str, int]:
        (entry,) = bench.ledger.of("told_shipped")
        return dict(entry["items"])

    async def test_a_parcel_is_confirmed_as_the_model_says(self, bench: Bench) -> None:
        outgoing = bench.port.render(self.commands()[0], self.context())
        assert outgoing.target == f"/orders/v0/orders/{REF}/shipmentConfirmation"
        assert json.loads(outgoing.body) == {
            "marketplaceId": "A1PA6795UKMFR9",
            "packageDetail": {
                "packageReferenceId": "1",
                "carrierCode": "DHL",
                "trackingNumber": "00340434161094042557",
                "shipDate": "2026-11-20T12:00:00Z",
                "orderItems": [{"orderItemId": "1", "quantity": 2}],
            },
        }

    @pytest.mark.parametrize(
        ("carrier", "said"),
        [
            ("royal-mail", {"carrierCode": "Royal Mail"}),
            ("Bike Boys", {"carrierCode": "Other", "carrierName": "Bike Boys"}),
            (None, {"carrierCode": "Other", "carrierName": "Other"}),
        ],
    )
    async def test_a_carrier_that_amazon_does_not_know_travels_by_its_name(
        self, bench: Bench, carrier: str | None, said: dict[str, str]
    ) -> None:
        order = our_order(shipments=(a_parcel("parcel-1").replace(carrier=carrier),))
        detail = json.loads(bench.port.render(self.commands()[0], a_context(order)).body)["packageDetail"]
        assert {name: detail[name] for name in ("carrierCode", "carrierName") if name in detail} == said

    async def test_a_parcel_keeps_its_number_when_others_follow(self, bench: Bench) -> None:
        first, second = a_parcel("parcel-1"), a_parcel("parcel-2")
        for shipments in ((first,), (first, second)):
            said = json.loads(
                bench.port.render(self.commands()[0], a_context(our_order(shipments=shipments))).body
            )
            assert said["packageDetail"]["packageReferenceId"] == "1"

    async def test_a_parcel_without_a_tracking_number_is_for_a_person(self, bench: Bench) -> None:
        order = our_order(shipments=(a_parcel("parcel-1").replace(tracking_number=None),))
        with pytest.raises(RejectedError, match="Seller Central"):
            bench.port.render(self.commands()[0], a_context(order))

    async def test_a_shipment_that_the_order_does_not_have_is_refused(self, bench: Bench) -> None:
        with pytest.raises(RejectedError, match="parcel-1"):
            bench.port.render(self.commands()[0], a_context(our_order(shipments=())))

    async def test_more_units_than_were_sold_are_refused_by_amazon(self, bench: Bench) -> None:
        order = our_order(
            shipments=(
                a_parcel("parcel-1").replace(lines=(ReleaseLine(line_id="1", sku="CUP", quantity=3),)),
            )
        )
        effect = an_effect(self.commands()[0], bench.port.render(self.commands()[0], a_context(order)))
        with pytest.raises(RejectedError, match="3 units are not left") as refused:
            await bench.port.send(effect)
        assert refused.value.code == "InvalidInput"

    async def test_statuses_that_amazon_has_no_word_for_are_not_told(self, bench: Bench) -> None:
        for status in set(ChannelStatus) - {ChannelStatus.CONFIRMED}:
            command = TellChannelStatus(
                order_id=our_order().id, connector="amazon", key=status, status=status
            )
            answer = await bench.port.send(an_effect(command, bench.port.render(command, self.context())))
            assert answer.reference is not None
            assert answer.reference.startswith("not told")
        assert bench.ledger.of("feed") == []

    async def test_looking_up_finds_what_was_told(self, bench: Bench) -> None:
        for command in self.commands():
            effect = self._effect(bench, command)
            assert await bench.port.look_up(effect) is None
            await bench.port.send(effect)
            assert await bench.port.look_up(effect) is not None
            assert self.happened(bench, effect) == 1


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with a_stage(tmp_path, feed_s=60) as made:
        for n in range(1, 4):
            made.market.sell(f"W-100{n}", [CUPS, POT])
        yield made


def acknowledge(stage: Stage, n: int) -> Effect:
    order = our_order(channel_ref=f"W-100{n}")
    command = TellChannelStatus(
        order_id=order.id, connector="amazon", key=f"tell:{n}", status=ChannelStatus.CONFIRMED
    )
    return an_effect(command, stage.connector.effects[0].render(command, a_context(order)))


async def send(stage: Stage, *effects: Effect) -> list[Any]:
    """Send effects as the runner does, all at once, and return what became of each."""
    port = stage.connector.effects[0]
    return await asyncio.gather(*(port.send(effect) for effect in effects), return_exceptions=True)


async def test_messages_that_wait_together_travel_in_one_feed(stage: Stage) -> None:
    effects = [acknowledge(stage, n) for n in (1, 2, 3)]
    answers = await send(stage, *effects)
    assert [answer.reference for answer in answers] == ["feed 50000000001"] * 3
    assert len(stage.ledger.of("feed")) == 1
    assert sorted(e["order"] for e in stage.ledger.of("acknowledged")) == ["W-1001", "W-1002", "W-1003"]


async def test_each_message_of_a_feed_has_its_own_outcome(stage: Stage) -> None:
    stage.faults.plan["feed_error"] = {"W-1002"}
    effects = [acknowledge(stage, n) for n in (1, 2, 3)]
    _, refused, _ = await send(stage, *effects)
    assert isinstance(refused, RejectedError)
    assert refused.code == "8560"
    assert "unable to process" in str(refused)
    assert sorted(e["order"] for e in stage.ledger.of("acknowledged")) == ["W-1001", "W-1003"]


async def test_one_report_is_fetched_once_for_all_of_its_messages(stage: Stage) -> None:
    effects = [acknowledge(stage, n) for n in (1, 2, 3)]
    await send(stage, *effects)
    stage.market.entrance.set_plan("getFeedDocument", 0.0001, 0)
    for effect in effects:
        assert await stage.connector.effects[0].look_up(effect)


async def test_a_feed_that_was_cut_off_is_sent_again_where_that_does_no_harm(stage: Stage) -> None:
    stage.faults.plan["feed_fatal"] = {"POST_ORDER_ACKNOWLEDGEMENT_DATA"}
    effect = acknowledge(stage, 1)
    (doubt,) = await send(stage, effect)
    assert isinstance(doubt, OutcomeUnknownError)
    assert await stage.connector.effects[0].look_up(effect) is None
    (answer,) = await send(stage, effect)
    assert answer.reference == "feed 50000000002"
    assert len(stage.ledger.of("acknowledged")) == 1


async def test_what_was_sent_before_a_crash_is_found_by_the_next_process(stage: Stage) -> None:
    effect = acknowledge(stage, 1)
    await send(stage, effect)
    after = stage.open().effects[0]
    answer = await after.look_up(effect)
    assert answer is not None
    assert answer.reference == "feed 50000000001"
    assert len(stage.ledger.of("feed")) == 1


async def test_a_look_at_a_feed_that_fails_is_tried_again(stage: Stage) -> None:
    stage.faults.plan["http_503"] = {"getFeed:50000000001"}
    (answer,) = await send(stage, acknowledge(stage, 1))
    assert answer.reference == "feed 50000000001"


async def test_a_feed_that_is_refused_leaves_its_messages_for_later(stage: Stage) -> None:
    stage.faults.plan["http_429"] = {"createFeed"}
    effect = acknowledge(stage, 1)
    with pytest.raises(RetryableError):
        await stage.connector.effects[0].send(effect)
    assert await stage.connector.effects[0].look_up(effect) is None
    assert stage.ledger.of("feed") == []


async def test_a_feed_whose_answer_was_lost_is_in_doubt(stage: Stage) -> None:
    stage.faults.plan["reset_after"] = {"createFeed"}
    effect = acknowledge(stage, 1)
    with pytest.raises(OutcomeUnknownError):
        await stage.connector.effects[0].send(effect)
    assert await stage.connector.effects[0].look_up(effect) is None  # to acknowledge once more does no harm


CANCEL = TellChannelCancelled(
    order_id=our_order().id,
    connector="amazon",
    key="cancelled:1",
    cancel_id="c-1",
    lines=(ReleaseLine(line_id="2", sku="POT", quantity=1),),
    reason="the customer changed their mind",
)


def render_xml(stage: Stage, command: Command, **changes: object) -> tuple[str, Any]:
    outgoing = stage.connector.effects[0].render(command, a_context(our_order(**changes)))
    return outgoing.target, etree.fromstring(outgoing.body)


async def test_whole_items_are_cancelled_by_an_acknowledgement_of_failure(stage: Stage) -> None:
    target, message = render_xml(stage, CANCEL)
    assert target == "POST_ORDER_ACKNOWLEDGEMENT_DATA"
    assert message.findtext("OrderAcknowledgement/StatusCode") == "Failure"
    assert message.findtext("OrderAcknowledgement/Item/AmazonOrderItemCode") == "2"
    assert message.findtext("OrderAcknowledgement/Item/CancelReason") == "NoInventory"


async def test_a_buyers_wish_is_told_as_the_reason(stage: Stage) -> None:
    asked = Cancellation(
        id="c-1", status=CancelStatus.REQUESTED, reason="found it cheaper", actor="amazon", requested_at=NOON
    )
    _, message = render_xml(stage, CANCEL, cancellation=asked)
    assert message.findtext("OrderAcknowledgement/Item/CancelReason") == "BuyerCanceled"
    assert b"cheaper" not in etree.tostring(message)


async def test_some_units_of_an_item_are_cancelled_by_an_adjustment(stage: Stage) -> None:
    some = CANCEL.replace(lines=(ReleaseLine(line_id="1", sku="CUP", quantity=1),))
    target, message = render_xml(stage, some)
    assert target == "POST_PAYMENT_ADJUSTMENT_DATA"
    assert message.findtext("OrderAdjustment/ActionType") == "Cancel"
    assert message.findtext("OrderAdjustment/AdjustedItem/QuantityCancelled") == "1"


async def test_a_message_has_the_same_number_for_ever() -> None:
    assert message_id("tell:1") == message_id("tell:1") != message_id("tell:2")
    assert {len(message_id(f"key:{n}")) for n in range(1000)} == {15}
