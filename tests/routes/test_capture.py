from datetime import timedelta
from decimal import Decimal
from typing import Literal

import pytest

from canonical.commands import AuthorisePayment, CapturePayment, RefundPayment, VoidPayment
from canonical.events import (
    CaptureFailed,
    HoldPlaced,
    HoldReleased,
    PaymentCaptured,
    PaymentVoided,
    StepRefused,
)
from canonical.order import Hold
from canonical.payment import PaymentMethod
from canonical.policy import PaymentPolicy, Policy
from canonical.statuses import HoldType, OrderStatus, PaymentStatus
from tests.routes.world import NOON, ORDER_ID, World, eur, line, placed, release_id, stock, tender

R = release_id()
Mode = Literal["last_shipment", "first_shipment_full", "reauthorise_remainder"]


def ordered(
    mode: Mode = "last_shipment", *, multicapture: bool = False, may_reauthorise: bool = False
) -> World:
    """Three units for 10.00 and delivery for 5.00."""
    w = World(stock({"berlin": {"A": 9}}), Policy(payment=PaymentPolicy(split_capture=mode)))
    w.tell(
        placed(
            line("1", "A", 3, "3.34", discount="0.02"),
            tenders=(tender(1, "15.00", may_reauthorise=may_reauthorise),),
        )
    )
    w.authorised(multicapture=multicapture)
    return w


def amounts(w: World) -> list[tuple[str, bool]]:
    return [(str(c.amount.amount), c.final) for c in w.sent(CapturePayment)]


def test_one_parcel_is_one_capture_of_everything() -> None:
    w = ordered()
    w.dispatch(R, "s1", ("A", 3))
    (capture,) = w.sent(CapturePayment)
    assert (capture.amount, capture.final, capture.reference) == (eur("15.00"), True, "pi_1")
    assert capture.key == f"capture:{ORDER_ID}:s1"
    w.captured()
    assert w.order.status() is OrderStatus.COMPLETED
    assert w.order.payment_status() is PaymentStatus.CAPTURED


def test_each_parcel_is_captured_where_the_gateway_allows_several() -> None:
    w = ordered(multicapture=True)
    for n in range(1, 4):
        w.dispatch(R, f"s{n}", ("A", 1))
    assert amounts(w) == [("8.33", False), ("3.34", False), ("3.33", True)]
    assert [c.key for c in w.sent(CapturePayment)] == [f"capture:{ORDER_ID}:s{n}" for n in (1, 2, 3)]


def test_equal_parcels_whose_captures_are_told_without_keys_are_captured_each() -> None:
    w = World(stock({"berlin": {"A": 2}}))
    w.tell(placed(line("1", "A", 2), shipping="0.00"))
    w.authorised(multicapture=True)
    w.dispatch(R, "s1", ("A", 1))
    w.dispatch(R, "s2", ("A", 1))
    for operation in ("ch_2", "ch_1"):
        w.tell(
            PaymentCaptured(
                order_id=ORDER_ID,
                fact_key=f"stripe:{operation}:captured",
                key=f"stripe:{operation}",
                gateway="stripe",
                reference="pi_1",
                amount=eur("10.00"),
            )
        )
    assert w.order.payment.captured("EUR") == eur("20.00")
    assert w.order.status() is OrderStatus.COMPLETED


def test_without_that_everything_is_captured_with_the_last_parcel() -> None:
    w = ordered()
    w.dispatch(R, "s1", ("A", 1))
    assert amounts(w) == []
    w.dispatch(R, "s2", ("A", 2))
    assert amounts(w) == [("15.00", True)]
    assert w.sent(CapturePayment)[0].key == f"capture:{ORDER_ID}:final"


def test_what_is_not_sent_in_the_end_is_not_captured() -> None:
    w = ordered()
    w.dispatch(R, "s1", ("A", 1))
    w.refuse(R)
    w.pass_time(timedelta(days=31))
    assert w.rows() == {"shipped": 1, "cancelled": 2}
    assert amounts(w) == [("8.33", True)]
    w.captured()
    assert w.order.status() is OrderStatus.COMPLETED


def test_all_of_it_may_be_captured_with_the_first_parcel() -> None:
    w = ordered("first_shipment_full")
    w.dispatch(R, "s1", ("A", 1))
    assert amounts(w) == [("15.00", True)]
    w.captured()
    w.dispatch(R, "s2", ("A", 2))
    assert len(amounts(w)) == 1
    assert w.order.status() is OrderStatus.COMPLETED


def test_what_was_captured_with_the_first_parcel_and_never_left_is_paid_back() -> None:
    w = ordered("first_shipment_full")
    w.dispatch(R, "s1", ("A", 1))
    w.captured()
    w.refuse(R)
    w.pass_time(timedelta(days=31))
    (refund,) = w.sent(RefundPayment)
    assert (refund.amount, refund.reference, refund.key) == (eur("6.67"), "pi_1", f"refund:{ORDER_ID}:1")


def test_the_rest_is_authorised_anew_and_what_left_is_captured_then() -> None:
    w = ordered("reauthorise_remainder", may_reauthorise=True)
    w.dispatch(R, "s1", ("A", 1))
    assert amounts(w) == []
    again = w.sent(AuthorisePayment)[-1]
    assert (again.method, again.amount, again.key) == (
        PaymentMethod.STORED, eur("6.67"), f"authorise:{ORDER_ID}:1:2",
    )  # fmt: skip
    assert (again.reference, again.customer_reference) == ("pi_1", "cus_1")
    w.authorised("pi_again", "6.67", key=again.key)
    assert amounts(w) == [("8.33", True)]
    assert not w.sent(VoidPayment)
    w.dispatch(R, "s2", ("A", 2))
    assert amounts(w) == [("8.33", True), ("6.67", True)]
    assert w.sent(CapturePayment)[1].reference == "pi_again"


def test_a_declined_renewal_of_the_rest_waits_for_the_last_parcel() -> None:
    w = ordered("reauthorise_remainder", may_reauthorise=True)
    w.dispatch(R, "s1", ("A", 1))
    w.declined(f"authorise:{ORDER_ID}:1:2", "6.67")
    assert w.order.holds == ()
    w.dispatch(R, "s2", ("A", 2))
    assert amounts(w) == [("15.00", True)]


@pytest.mark.parametrize(("may", "multicapture"), [(False, False), (True, True)])
def test_the_rest_is_not_authorised_anew_without_consent_or_need(may: bool, multicapture: bool) -> None:
    w = ordered("reauthorise_remainder", may_reauthorise=may, multicapture=multicapture)
    w.dispatch(R, "s1", ("A", 1))
    assert len(w.sent(AuthorisePayment)) == 1


def test_the_rest_is_asked_for_once() -> None:
    w = ordered("reauthorise_remainder", may_reauthorise=True)
    w.dispatch(R, "s1", ("A", 1))
    w.dispatch(R, "s2", ("A", 1))
    assert len(w.sent(AuthorisePayment)) == 2


def test_a_rest_that_costs_nothing_needs_no_authorisation() -> None:
    w = World(
        stock({"berlin": {"A": 1, "B": 1}}),
        Policy(payment=PaymentPolicy(split_capture="reauthorise_remainder")),
    )
    w.tell(
        placed(
            line("1", "A"), line("2", "B", price="0.00"), tenders=(tender(1, "15.00", may_reauthorise=True),)
        )
    )
    w.authorised()
    w.dispatch(R, "s1", ("A", 1))
    assert len(w.sent(AuthorisePayment)) == 1
    assert amounts(w) == [("15.00", True)]


def test_delivery_may_be_captured_with_the_last_parcel() -> None:
    w = World(stock({"berlin": {"A": 2}}), Policy(payment=PaymentPolicy(shipping_with="last_shipment")))
    w.tell(placed(line("1", "A", 2)))
    w.authorised(multicapture=True)
    w.dispatch(R, "s1", ("A", 1))
    w.dispatch(R, "s2", ("A", 1))
    assert amounts(w) == [("10.00", False), ("15.00", True)]


def test_tax_is_captured_with_its_units_where_prices_do_not_include_it() -> None:
    w = World(stock({"berlin": {"A": 3}}))
    w.tell(placed(line("1", "A", 3, "1.00", tax="0.50"), shipping="0.00", prices_include_tax=False))
    w.authorised(multicapture=True)
    for n in range(3):
        w.dispatch(R, f"s{n}", ("A", 1))
    assert [amount for amount, _ in amounts(w)] == ["1.17", "1.16", "1.17"]
    assert sum(Decimal(amount) for amount, _ in amounts(w)) == Decimal("3.50")


def test_what_the_channel_was_paid_is_used_first() -> None:
    w = World(stock({"berlin": {"A": 3}}))
    tenders = (tender(1, "9.00", PaymentMethod.PREPAID), tender(2, "26.00"))
    w.tell(placed(line("1", "A", 3), tenders=tenders))
    w.authorised("pi_2", "26.00", multicapture=True)
    w.dispatch(R, "s1", ("A", 1))
    w.dispatch(R, "s2", ("A", 2))
    assert amounts(w) == [("6.00", False), ("20.00", True)]


def test_several_tenders_are_captured_in_their_order_each_capped_at_what_it_holds() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    tenders = (
        tender(1, "4.00", PaymentMethod.STORED, gateway="giftcards", reference="gc"),
        tender(2, "11.00"),
    )
    w.tell(placed(line("1", "A"), tenders=tenders))
    w.authorised("gc_auth", "4.00", key=f"authorise:{ORDER_ID}:1:1", gateway="giftcards")
    assert w.rows() == {"reserved": 1}
    w.authorised("pi_2", "11.00")
    w.dispatch(R, "s1", ("A", 1))
    captures = w.sent(CapturePayment)
    assert [(c.connector, c.reference, str(c.amount.amount)) for c in captures] == [
        ("giftcards", "gc_auth", "4.00"),
        ("stripe", "pi_2", "11.00"),
    ]
    assert [c.key for c in captures] == [f"capture:{ORDER_ID}:s1", f"capture:{ORDER_ID}:s1:2"]


def test_a_tender_that_is_not_needed_in_the_end_is_let_go() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A", 2), tenders=(tender(1, "15.00"), tender(2, "10.00"))))
    w.authorised("pi_1", "15.00")
    w.authorised("pi_2", "10.00")
    w.dispatch(R, "s1", ("A", 1))
    assert amounts(w) == [("15.00", True)], (
        "another authorisation covers the rest, so this one can be captured"
    )
    w.pass_time(timedelta(days=31))
    assert [(c.reference, c.amount) for c in w.sent(VoidPayment)] == [("pi_2", eur("10.00"))]


def test_a_failed_capture_holds_the_order_and_a_person_tries_again_under_a_new_key() -> None:
    w = ordered()
    w.dispatch(R, "s1", ("A", 3))
    first = w.sent(CapturePayment)[0]
    w.tell(
        CaptureFailed(
            order_id=ORDER_ID, fact_key="f1", key=first.key, gateway="stripe", reference="pi_1",
            amount=first.amount, reason="processor down",
        )
    )  # fmt: skip
    assert "processor down" in w.seen(StepRefused)[0].reason
    assert w.order.hold(HoldType.PAYMENT_FAILED) is not None
    assert w.order.status() is OrderStatus.IN_PROGRESS
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.PAYMENT_FAILED, actor="support"))
    assert [c.key for c in w.sent(CapturePayment)] == [first.key, f"{first.key}:again1"]
    w.captured()
    assert w.order.status() is OrderStatus.COMPLETED


def test_a_hold_that_blocks_capture_delays_it() -> None:
    w = ordered(multicapture=True)
    hold = Hold(type=HoldType.OTHER, reason="?", actor="support", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))
    w.dispatch(R, "s1", ("A", 1))
    w.dispatch(R, "s2", ("A", 1))
    assert amounts(w) == []
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))
    assert amounts(w) == [("11.67", False)]
    assert w.sent(CapturePayment)[0].key == f"capture:{ORDER_ID}:final"


def test_what_no_authorisation_covers_is_said() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A"), tenders=(tender(1, "14.00"),), stated="15.00"))
    w.authorised(amount="14.00")
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.PRICE_MISMATCH, actor="support"))
    w.dispatch(R, "s1", ("A", 1))
    assert amounts(w) == [("14.00", True)]
    assert not w.seen(StepRefused), "the accepted price is the tenders'"


def test_a_void_authorisation_is_not_captured_but_said() -> None:
    w = ordered()
    w.tell(
        PaymentVoided(
            order_id=ORDER_ID,
            key="x",
            gateway="stripe",
            reference="pi_1",
            amount=eur("15.00"),
            reason="expired",
        )
    )
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.REAUTH_NEEDED, actor="support"))
    w.dispatch(R, "s1", ("A", 3))
    assert amounts(w) == []
    assert "15.00 EUR of what was shipped is covered by no authorisation" in w.seen(StepRefused)[0].reason
