from datetime import timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from canonical.documents import (
    DOCUMENT_BY_NAME,
    DOCUMENTS,
    AmendmentDocument,
    BusinessKey,
    CancelDocument,
    DispatchDocument,
    FraudDecisionDocument,
    KeyKind,
    OrderBound,
    PaymentDocument,
    PaymentFact,
    ReleaseAnswer,
    ReleaseAnswerDocument,
    ReturnDocument,
    SkuQuantity,
)
from canonical.events import (
    AmendmentRequested,
    CancelRequested,
    CaptureFailed,
    DisputeClosed,
    DisputeOpened,
    Event,
    FraudDecided,
    GoodsDispatched,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
    RefundFailed,
    ReleaseAccepted,
    ReleaseCancelled,
    ReleaseCancelRefused,
    ReleaseRefused,
    ReturnReceived,
    VoidFailed,
)
from canonical.fraud import FraudVerdict
from canonical.order import Order
from tests.canonical.building import NOON, ORDER_ID, after, document, eur

FACTS: dict[PaymentFact, type[Event]] = {
    PaymentFact.AUTHORISED: PaymentAuthorised,
    PaymentFact.DECLINED: PaymentDeclined,
    PaymentFact.CAPTURED: PaymentCaptured,
    PaymentFact.CAPTURE_FAILED: CaptureFailed,
    PaymentFact.VOIDED: PaymentVoided,
    PaymentFact.VOID_FAILED: VoidFailed,
    PaymentFact.REFUNDED: PaymentRefunded,
    PaymentFact.REFUND_FAILED: RefundFailed,
    PaymentFact.DISPUTE_OPENED: DisputeOpened,
    PaymentFact.DISPUTE_WON: DisputeClosed,
    PaymentFact.DISPUTE_LOST: DisputeClosed,
}
ANSWERS: dict[ReleaseAnswer, type[Event]] = {
    ReleaseAnswer.ACCEPTED: ReleaseAccepted,
    ReleaseAnswer.REFUSED: ReleaseRefused,
    ReleaseAnswer.CANCELLED: ReleaseCancelled,
    ReleaseAnswer.CANCEL_REFUSED: ReleaseCancelRefused,
}


def payment(fact: PaymentFact, **more: Any) -> PaymentDocument:
    return PaymentDocument.model_validate(
        {
            "gateway": "stripe", "fact": fact, "reference": "pi_1", "operation": "op_1", "amount": Decimal("5.00"),
            "currency": "EUR", "reason": "said so", "occurred_at": NOON, **more,
        }
    )  # fmt: skip


@pytest.mark.parametrize("fact", PaymentFact)
def test_each_payment_fact_is_one_event_with_a_natural_name(fact: PaymentFact) -> None:
    (event,) = payment(fact).events(ORDER_ID)
    assert type(event) is FACTS[fact]
    assert event.fact_key == f"stripe:op_1:{fact.value}"
    assert event.occurred_at == NOON
    said = event.model_dump()
    assert (said["gateway"], said["reference"], event.order_id) == ("stripe", "pi_1", ORDER_ID)
    assert said.get("reason", "said so") in {"said so", ""}


def test_an_authorisation_says_until_when_and_how_often() -> None:
    (event,) = payment(PaymentFact.AUTHORISED, capture_before=NOON, multicapture=True).events(ORDER_ID)
    assert isinstance(event, PaymentAuthorised)
    assert (event.capture_before, event.multicapture, event.amount) == (NOON, True, eur("5.00"))


def test_a_dispute_is_won_or_lost() -> None:
    ends = [payment(fact).events(ORDER_ID)[0] for fact in (PaymentFact.DISPUTE_WON, PaymentFact.DISPUTE_LOST)]
    assert [e.won for e in ends if isinstance(e, DisputeClosed)] == [True, False]


def test_answer_and_webhook_are_one_fact_whether_or_not_they_name_our_key() -> None:
    answer = payment(PaymentFact.CAPTURED, effect_key="capture:1:s1").events(ORDER_ID)[0]
    webhook = payment(PaymentFact.CAPTURED).events(ORDER_ID)[0]
    assert answer.fact_key == webhook.fact_key
    assert isinstance(answer, PaymentCaptured)
    assert isinstance(webhook, PaymentCaptured)
    assert (answer.key, webhook.key) == ("capture:1:s1", "stripe:op_1")


def test_a_payment_is_found_by_order_where_the_gateway_gives_it_back() -> None:
    assert payment(PaymentFact.CAPTURED).key() == BusinessKey(kind=KeyKind.PAYMENT, value="stripe:pi_1")
    named = payment(PaymentFact.CAPTURED, order_id=ORDER_ID).key()
    assert named == BusinessKey(kind=KeyKind.ORDER_ID, value=str(ORDER_ID))


@pytest.mark.parametrize("answer", ReleaseAnswer)
def test_each_answer_of_a_node_is_one_event(answer: ReleaseAnswer) -> None:
    told = ReleaseAnswerDocument(release_id="r1", answer=answer, reason="because", skus=("A",))
    (event,) = told.events(ORDER_ID)
    assert type(event) is ANSWERS[answer]
    assert event.fact_key == f"release:r1:{answer.value}"
    assert told.key() == BusinessKey(kind=KeyKind.RELEASE, value="r1")


def refusal(**more: Any) -> ReleaseRefused:
    told = ReleaseAnswerDocument.model_validate(
        {
            "release_id": "r1", "answer": "refused", "occurred_at": NOON, "reference": "X-1",
            "units": ({"sku": "B", "quantity": 1}, {"sku": "A", "quantity": 2}), **more,
        }
    )  # fmt: skip
    (event,) = told.events(ORDER_ID)
    assert isinstance(event, ReleaseRefused)
    return event


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"occurred_at": NOON + timedelta(days=1)},
        {"units": ({"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}, {"sku": "A", "quantity": 1})},
        {"reason": "in other words"},
    ],
)
def test_a_refusal_told_twice_is_one_fact(again: dict[str, Any]) -> None:
    assert refusal(**again).fact_key == refusal().fact_key
    assert refusal(**again).units == (("A", 2), ("B", 1))


@pytest.mark.parametrize(
    "other",
    [
        {"reference": "X-2"},
        {"units": ({"sku": "A", "quantity": 2},)},
        {"units": ({"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 2})},
        {"units": ()},
        {"release_id": "r2"},
        {"reference": None},
    ],
)
def test_two_refusals_of_a_release_are_two_facts(other: dict[str, Any]) -> None:
    assert refusal(**other).fact_key != refusal().fact_key


def test_refusals_without_a_number_are_told_apart_by_their_time() -> None:
    later = NOON + timedelta(minutes=1)
    elsewhere = NOON.astimezone(timezone(timedelta(hours=2)))
    first = refusal(reference=None)
    assert refusal(reference=None, occurred_at=elsewhere).fact_key == first.fact_key
    assert refusal(reference=None, occurred_at=later).fact_key != first.fact_key
    assert refusal(reference=None, occurred_at=None).fact_key != first.fact_key


def test_a_refusal_without_units_is_told_once_for_each_release() -> None:
    assert refusal(units=()).fact_key == refusal(units=(), reference="X-2").fact_key == "release:r1:refused"


def test_a_stop_names_units_as_a_refusal_does() -> None:
    told = ReleaseAnswerDocument.model_validate(
        {
            "release_id": "r1", "answer": "cancelled", "reference": "X-1",
            "units": ({"sku": "B", "quantity": 1}, {"sku": "A", "quantity": 2}),
        }
    )  # fmt: skip
    (event,) = told.events(ORDER_ID)
    assert isinstance(event, ReleaseCancelled)
    assert event.units == (("A", 2), ("B", 1))
    assert str(event.fact_key).startswith("release:r1:cancelled:X-1:")


@pytest.mark.parametrize("answer", [ReleaseAnswer.ACCEPTED, ReleaseAnswer.CANCEL_REFUSED])
def test_only_a_refusal_or_a_stop_names_units(answer: ReleaseAnswer) -> None:
    with pytest.raises(ValidationError, match=f"units go with the answers .*, not with '{answer.value}'"):
        refusal(answer=answer)


def test_a_parcel_is_one_event() -> None:
    parcel = DispatchDocument(
        release_id="r1",
        shipment_id="s1",
        carrier="c",
        tracking_number="t",
        lines=(SkuQuantity(sku="A", quantity=2),),
    )
    (event,) = parcel.events(ORDER_ID)
    assert isinstance(event, GoodsDispatched)
    assert (event.skus, event.fact_key) == ((("A", 2),), "dispatch:r1:s1")


def test_a_return_is_one_event() -> None:
    back = ReturnDocument(
        release_id="r1", return_id="rt", node="paris", lines=(SkuQuantity(sku="A", quantity=1),)
    )
    (event,) = back.events(ORDER_ID)
    assert isinstance(event, ReturnReceived)
    assert (event.skus, event.node, event.fact_key) == ((("A", 1),), "paris", "return:paris:rt")


def test_a_channels_wishes_are_events_of_its_own_order() -> None:
    wish = CancelDocument(channel="webstore", channel_ref="1001", cancel_id="c1", reason="changed")
    (cancel,) = wish.events(ORDER_ID)
    assert isinstance(cancel, CancelRequested)
    assert (cancel.actor, cancel.fact_key) == ("webstore", "cancel:webstore:c1")
    assert wish.key() == BusinessKey(kind=KeyKind.CHANNEL_REF, value="webstore:1001")
    (amend,) = AmendmentDocument(
        channel="webstore", channel_ref="1001", amendment_id="a1", summary="one more"
    ).events(ORDER_ID)
    assert isinstance(amend, AmendmentRequested)
    assert (amend.summary, amend.fact_key) == ("one more", "amend:webstore:a1")


def decision(**changes: Any) -> FraudDecisionDocument:
    return FraudDecisionDocument.model_validate(
        {
            "gateway": "signifyd", "order_ref": "webstore:1001", "verdict": FraudVerdict.APPROVED,
            "occurred_at": NOON, "reference": "c1", "score": 12.5, "reason": "fine", **changes,
        }
    )  # fmt: skip


def test_a_fraud_gateways_word_is_one_event_of_an_order_that_it_knows_by_its_channels_reference() -> None:
    (event,) = decision().events(ORDER_ID)
    assert isinstance(event, FraudDecided)
    assert (event.gateway, event.verdict, event.reference) == ("signifyd", FraudVerdict.APPROVED, "c1")
    assert (event.score, event.reason, event.occurred_at) == (12.5, "fine", NOON)
    assert decision().key() == BusinessKey(kind=KeyKind.CHANNEL_REF, value="webstore:1001")


def test_the_same_word_is_the_same_fact_by_whichever_clock_it_is_written() -> None:
    east = NOON.astimezone(timezone(timedelta(hours=9)))
    keys = [one.events(ORDER_ID)[0].fact_key for one in (decision(), decision(occurred_at=east, score=None))]
    assert keys[0] == keys[1]
    others = [decision(verdict=FraudVerdict.REJECTED), decision(occurred_at=NOON + timedelta(seconds=1))]
    others.append(decision(occurred_at=None))
    assert len({keys[0], *(one.events(ORDER_ID)[0].fact_key for one in others)}) == 4


@pytest.mark.parametrize("order_ref", ["1001", ":1001", "webstore:"])
def test_a_fraud_gateways_word_names_the_order_as_the_hub_did(order_ref: str) -> None:
    with pytest.raises(ValidationError, match="order_ref"):
        decision(order_ref=order_ref)


def test_an_order_has_a_natural_key() -> None:
    assert document().key() == BusinessKey(kind=KeyKind.CHANNEL_REF, value="webstore:1001")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lines": ()}, "at least 1 item"),
        (
            {"lines": [{"id": "1", "reference": "A", "quantity": 1, "unit_price": 1}] * 2},
            "two lines have the id '1'",
        ),
        ({"lines": [{"id": "1", "reference": "A", "quantity": 0, "unit_price": 1}]}, "greater than 0"),
        (
            {"tenders": [{"gateway": "stripe", "method": "adopt", "amount": 1}]},
            "needs the gateway's reference",
        ),
        ({"total": "30.005"}, "total 30.005 is finer than the smallest unit of EUR"),
        (
            {"tenders": [{"gateway": "till", "method": "prepaid", "amount": "0.001"}]},
            "tenders.amount 0.001 is finer than the smallest unit of EUR",
        ),
        (
            {"currency": "JPY", "total": "30.50", "tenders": ()},
            "total 30.50 is finer than the smallest unit of JPY",
        ),
        ({"placed_at": "2026-03-02T12:00:00"}, "timezone"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_with_the_reason(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        document(**changes)


def test_what_a_channel_was_paid_needs_no_reference() -> None:
    assert document(tenders=({"gateway": "till", "method": "prepaid", "amount": "30.00"},)).tenders


def test_every_document_has_its_name() -> None:
    assert set(DOCUMENT_BY_NAME.values()) == set(DOCUMENTS)


def test_a_document_about_an_order_names_it() -> None:
    class Bare(OrderBound):
        """Says nothing."""

    with pytest.raises(NotImplementedError):
        Bare().key()
    with pytest.raises(NotImplementedError):
        Bare().events(ORDER_ID)


def test_orders_survive_the_way_through_json() -> None:
    order = after()
    assert Order.model_validate_json(order.model_dump_json()) == order
