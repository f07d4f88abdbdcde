from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.documents import KeyKind, PaymentDocument, PaymentFact
from canonical.money import Money
from connectors.stripe import labels
from connectors.stripe.reading import EVENT_TYPES, StripeReader, stripe_amount
from core.errors import DocumentError
from core.ports import RawDocument
from tests.connectors.stripe.events import AT, MARKS, ORDER_ID, charge, dispute, event, intent, refund
from tests.connectors.stripe.stage import MAPPINGS

READER = StripeReader("stripe", MAPPINGS)
NOON = datetime.fromtimestamp(AT, UTC)


def read(body: bytes) -> tuple[PaymentDocument, ...]:
    found = READER(RawDocument("event", body))
    assert all(isinstance(document, PaymentDocument) for document in found)
    return tuple(document for document in found if isinstance(document, PaymentDocument))


def one(body: bytes) -> PaymentDocument:
    (document,) = read(body)
    return document


def note(key: str, amount: str) -> dict[str, str]:
    return {labels.capture_mark(key): labels.capture_note(key, Money.of(amount, "EUR"))}


def test_a_held_charge_is_an_authorisation_with_its_own_deadline() -> None:
    assert one(event("charge.succeeded", charge())) == PaymentDocument(
        occurred_at=NOON,
        gateway="stripe",
        fact=PaymentFact.AUTHORISED,
        reference="pi_1",
        operation="pi_1",
        effect_key="authorise:1",
        order_id=ORDER_ID,
        amount=Decimal("44.80"),
        currency="EUR",
        capture_before=datetime.fromtimestamp(AT + 5 * 86_400, UTC),
    )


def test_an_authorisation_that_allows_several_captures_says_so() -> None:
    card = {"capture_before": None, "multicapture": {"status": "available"}}
    document = one(event("charge.succeeded", charge(payment_method_details={"card": card})))
    assert (document.multicapture, document.capture_before) == (True, None)


def test_a_charge_that_was_captured_at_once_is_no_authorisation() -> None:
    assert read(event("charge.succeeded", charge(captured=True))) == ()


@pytest.mark.parametrize("failed", ["ch_9", {"id": "ch_9", "object": "charge"}])
def test_a_decline_is_named_by_the_charge_that_failed_and_says_why(failed: object) -> None:
    error = {
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
    }
    declined = intent(last_payment_error=error, latest_charge=failed, amount_received=0)
    document = one(event("payment_intent.payment_failed", declined))
    assert (document.fact, document.operation) == (PaymentFact.DECLINED, "ch_9")
    assert document.reason == "Your card has insufficient funds. (insufficient_funds)"
    assert document.effect_key == "authorise:1"


def test_every_capture_is_told_with_what_it_took() -> None:
    marks = {**MARKS, **note("capture:1", "24.80"), **note("capture:2", "20")}
    documents = read(event("payment_intent.succeeded", intent(metadata=marks)))
    told = {document.effect_key: document.amount for document in documents}
    assert told == {"capture:1": Decimal("24.80"), "capture:2": Decimal(20)}
    assert len({document.fact_key() for document in documents}) == 2
    assert {document.operation.split(":")[0] for document in documents} == {"pi_1"}


def test_a_capture_is_the_same_fact_in_every_event_that_tells_of_it() -> None:
    first = {**MARKS, **note("capture:1", "24.80")}
    early = one(event("payment_intent.succeeded", intent(metadata=first, amount_received=2480)))
    late = read(event("payment_intent.succeeded", intent(metadata={**first, **note("capture:2", "20.00")})))
    assert early in late


def test_what_was_captured_at_stripes_desk_is_told_without_a_key() -> None:
    document = one(event("payment_intent.succeeded", intent()))
    assert (document.amount, document.effect_key, document.operation) == (Decimal("44.80"), None, "pi_1:4480")
    marks = {**MARKS, **note("capture:1", "24.80")}
    ours, theirs = read(event("payment_intent.succeeded", intent(metadata=marks)))
    assert (ours.effect_key, theirs.effect_key) == ("capture:1", None)
    assert theirs.amount == Decimal("20.00")


def test_effect_keys_may_hold_any_character_that_stripe_keeps() -> None:
    key = "capture:Ä b~2:shipment 1/2 EUR 9.99 x"
    document = one(event("payment_intent.succeeded", intent(metadata={**MARKS, **note(key, "44.80")})))
    assert (document.effect_key, document.amount) == (key, Decimal("44.80"))


@pytest.mark.parametrize(
    ("key", "effect_key"),
    [
        ("void:1", "void:1"),
        ("void:1#2", "void:1"),
        ("void:1~2", "void:1~2"),
        ("void:%E2%84%96%201%232#3", "void:№ 1#2"),
        (None, None),
    ],
)
def test_a_void_is_named_by_the_call_that_caused_it(key: str | None, effect_key: str | None) -> None:
    gone = intent(status="canceled", amount_received=0, cancellation_reason="expired")
    document = one(event("payment_intent.canceled", gone, key=key))
    assert (document.fact, document.effect_key) == (PaymentFact.VOIDED, effect_key)
    assert (document.amount, document.reason) == (Decimal("44.80"), "expired")


def test_a_void_lets_go_what_was_not_captured() -> None:
    gone = intent(status="canceled", amount_received=2480)
    assert one(event("payment_intent.canceled", gone)).amount == Decimal(20)


@pytest.mark.parametrize("kind", ["refund.created", "refund.updated"])
def test_a_refund_that_succeeded_is_one_fact_in_whichever_event(kind: str) -> None:
    document = one(event(kind, refund()))
    assert document.fact_key() == "stripe:re_1:refunded"
    assert (document.effect_key, document.amount) == ("refund:1", Decimal("9.95"))


@pytest.mark.parametrize("status", ["pending", "requires_action", "something_new"])
def test_a_refund_that_is_not_decided_is_no_fact(status: str) -> None:
    assert read(event("refund.created", refund(status=status, balance_transaction=None))) == ()


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_a_refund_that_failed_later_is_told_under_the_same_key(status: str) -> None:
    lost = refund(status=status, failure_reason="expired_or_canceled_card")
    document = one(event("refund.failed", lost))
    assert (document.fact, document.effect_key) == (PaymentFact.REFUND_FAILED, "refund:1")
    assert document.reason == "expired_or_canceled_card"


def test_a_refund_at_stripes_desk_finds_its_order_by_the_payment() -> None:
    document = one(event("refund.created", refund(metadata={})))
    assert (document.effect_key, document.order_id) == (None, None)
    assert (document.key().kind, document.key().value) == (KeyKind.PAYMENT, "stripe:pi_1")


@pytest.mark.parametrize(
    "released",
    [
        refund(metadata={}, balance_transaction=None),
        refund(metadata={}, reason="expired_uncaptured_charge"),
        refund(metadata={}, reason="partial_capture"),
        refund(metadata={}, payment_intent=None),
    ],
)
def test_money_that_was_held_and_let_go_is_no_refund(released: dict[str, Any]) -> None:
    assert read(event("refund.created", released)) == ()


@pytest.mark.parametrize(
    ("kind", "status", "fact"),
    [
        ("charge.dispute.created", "needs_response", PaymentFact.DISPUTE_OPENED),
        ("charge.dispute.created", "warning_needs_response", PaymentFact.DISPUTE_OPENED),
        ("charge.dispute.closed", "won", PaymentFact.DISPUTE_WON),
        ("charge.dispute.closed", "warning_closed", PaymentFact.DISPUTE_WON),
        ("charge.dispute.closed", "lost", PaymentFact.DISPUTE_LOST),
    ],
)
def test_disputes_are_recorded_from_their_opening_to_their_end(
    kind: str, status: str, fact: PaymentFact
) -> None:
    document = one(event(kind, dispute(status=status)))
    assert (document.fact, document.operation, document.reference) == (fact, "dp_1", "pi_1")
    assert document.reason == "fraudulent"


def test_an_end_of_a_dispute_that_nobody_knows_is_refused_with_the_table() -> None:
    with pytest.raises(DocumentError, match="closings"):
        read(event("charge.dispute.closed", dispute(status="withdrawn")))


@pytest.mark.parametrize(
    ("kind", "about"),
    [
        ("charge.succeeded", charge(metadata={"order_id": "W-1001"})),
        ("payment_intent.payment_failed", intent(metadata={})),
        ("payment_intent.succeeded", intent(metadata={})),
        ("payment_intent.canceled", intent(metadata={}, status="canceled")),
        ("charge.dispute.created", dispute(payment_intent=None)),
    ],
)
def test_what_is_not_the_hubs_says_nothing(kind: str, about: dict[str, Any]) -> None:
    assert read(event(kind, about)) == ()


@pytest.mark.parametrize(
    "kind", ["payment_intent.created", "charge.refunded", "customer.created", "v2.core.something", ""]
)
def test_an_event_of_another_kind_says_nothing(kind: str) -> None:
    assert read(event(kind, intent())) == ()


@pytest.mark.parametrize(
    ("currency", "minor", "amount"),
    [("jpy", 500, "500"), ("kwd", 5120, "5.12"), ("isk", 500, "5"), ("ugx", 100, "1"), ("usd", 1, "0.01")],
)
def test_amounts_are_read_by_stripes_own_exponents(currency: str, minor: int, amount: str) -> None:
    document = one(event("charge.succeeded", charge(currency=currency, amount=minor)))
    assert (document.amount, document.currency) == (Decimal(amount), currency.upper())


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "JSON"),
        (event("charge.succeeded", charge())[:-5], "JSON"),
        (b"[]", "not a Stripe event"),
        (b'{"object": "charge"}', "not a Stripe event"),
        (b'{"object": "event", "type": "charge.succeeded"}', "data.object"),
        (b'{"object": "event", "type": "charge.succeeded", "data": {"object": "ch_1"}}', "data.object"),
        (event("charge.succeeded", charge(amount="44.80")), "amount"),
        (event("charge.succeeded", charge(amount=None)), "amount"),
        (event("charge.succeeded", charge(amount=44.8)), "amount"),
        (event("charge.succeeded", charge(amount=10**30)), "amount"),
        (event("charge.succeeded", charge(currency="euros")), "currency"),
        (event("charge.succeeded", charge(currency=None)), "currency"),
        (event("charge.succeeded", charge(payment_intent=None)), "payment_intent"),
        (
            event("charge.succeeded", charge(metadata={**MARKS, "orderhub_order_id": "W-1"})),
            "orderhub_order_id",
        ),
        (event("charge.succeeded", charge(), created="yesterday"), "created"),
        (event("payment_intent.succeeded", intent(amount_received=None)), "amount_received"),
        (event("payment_intent.succeeded", intent(amount_received=[])), "amount_received"),
        (event("payment_intent.succeeded", intent(metadata=None)), "metadata"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_not_as_agreed_is_refused_by_name(body: bytes, named: str) -> None:
    with pytest.raises(DocumentError, match=named):
        read(body)


def test_a_minor_amount_without_its_currency_is_not_there() -> None:
    assert stripe_amount({"minor": 1, "currency": None}) is None
    assert stripe_amount(None) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
BUILDERS = {"charge": charge, "payment_intent": intent, "refund": refund, "charge.dispute": dispute}


@settings(max_examples=400, deadline=None)
@given(kind=st.sampled_from(EVENT_TYPES), field=st.integers(0, 20), value=JSON)
def test_any_value_in_any_field_is_read_or_refused_and_never_breaks(
    kind: str, field: int, value: object
) -> None:
    about = BUILDERS[kind.rpartition(".")[0]]()
    name = sorted(about)[field % len(about)]
    with suppress(DocumentError):
        assert isinstance(read(event(kind, {**about, name: value})), tuple)
