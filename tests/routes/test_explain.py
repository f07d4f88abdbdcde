from datetime import timedelta

import pytest

from canonical.events import (
    CancelRequested,
    CaptureFailed,
    DisputeOpened,
    HoldPlaced,
    HoldReleased,
    PaymentVoided,
)
from canonical.order import Hold
from canonical.policy import Policy, StockPolicy
from canonical.statuses import HoldType, OrderStatus
from routes.explain import explain
from tests.routes.world import NOON, ORDER_ID, World, eur, line, placed, release_id, stock

R = release_id()


def ordered(on_hand: int = 2, policy: Policy | None = None) -> World:
    w = World(stock({"berlin": {"A": on_hand}}), policy or Policy())
    w.tell(placed(line("1", "A", 2)))
    return w


def waits(w: World) -> list[tuple[str, str]]:
    return [(wait.what, wait.who) for wait in explain(w.order).waits]


def test_a_new_order_waits_for_its_gateway() -> None:
    w = ordered()
    assert waits(w) == [("stripe to authorise 25.00 EUR", "stripe")]
    assert explain(w.order).waits[0].since == NOON + timedelta(seconds=1)


def test_a_declined_order_waits_for_its_customer() -> None:
    w = ordered()
    w.declined()
    (hold, money) = explain(w.order).waits
    assert hold.what == "a hold by policy, payment failed: declined by stripe: insufficient funds"
    assert money.what == "money: 0.00 EUR of 25.00 EUR is covered"
    assert money.who == "the customer"


def test_a_short_order_waits_for_stock() -> None:
    w = ordered(0)
    w.authorised()
    assert waits(w) == [("stock: 2 × A", "purchasing")]


def test_an_order_that_goes_only_whole_says_so() -> None:
    w = ordered(1, Policy(stock=StockPolicy(ship_partial=False)))
    w.authorised()
    assert waits(w) == [
        ("stock: 1 × A", "purchasing"),
        ("the rest of the order: 1 units are reserved", "the hub"),
    ]


def test_a_released_order_waits_for_its_warehouse_at_each_step() -> None:
    w = ordered()
    w.authorised()
    assert waits(w) == [("warehouse berlin to accept 2 units", "warehouse berlin")]
    w.accept(R)
    assert waits(w) == [("warehouse berlin to send 2 units", "warehouse berlin")]
    w.dispatch(R, "s1", ("A", 1))
    assert waits(w) == [
        ("warehouse berlin to send 1 units", "warehouse berlin"),
        ("the capture of 10.00 EUR for what has left", "the hub"),
    ]
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="changed", actor="webstore"))
    assert ("warehouse berlin to stop 1 units", "warehouse berlin") in waits(w)
    assert explain(w.order).waits[0].who == "the warehouse"


def test_a_shipped_order_waits_for_its_capture_and_then_for_nothing() -> None:
    w = ordered()
    w.authorised()
    w.dispatch(R, "s1", ("A", 2))
    assert waits(w) == [("stripe to capture 25.00 EUR", "stripe")]
    w.captured()
    explanation = explain(w.order)
    assert explanation.waits == ()
    assert explanation.status is OrderStatus.COMPLETED


def test_what_can_not_be_captured_waits_for_payment_support() -> None:
    w = ordered()
    w.authorised()
    w.dispatch(R, "s1", ("A", 2))
    key = w.order.payment.entries[-1].key
    w.tell(
        CaptureFailed(
            order_id=ORDER_ID, key=key, gateway="stripe", reference="pi_1", amount=eur("25.00"), reason="no"
        )
    )
    assert waits(w) == [
        (
            "a hold by policy, payment failed: stripe did not capture 25.00 EUR: no",
            "the customer, or payment support",
        )
    ]
    w.tell(
        PaymentVoided(order_id=ORDER_ID, key="gone", gateway="stripe", reference="pi_1", amount=eur("25.00")),
        HoldReleased(order_id=ORDER_ID, type=HoldType.PAYMENT_FAILED, actor="support"),
        HoldReleased(order_id=ORDER_ID, type=HoldType.REAUTH_NEEDED, actor="support"),
    )
    assert waits(w) == [("20.00 EUR for what has left: no authorisation covers it", "payment support")]


def test_a_cancelled_order_may_still_wait_for_its_gateway() -> None:
    w = ordered()
    w.authorised()
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="changed", actor="webstore"))
    w.stopped(R)
    assert waits(w) == [("stripe to let go 25.00 EUR", "stripe")]


def test_a_dispute_is_for_payment_support() -> None:
    w = ordered()
    w.authorised()
    w.tell(
        DisputeOpened(
            order_id=ORDER_ID, key="dp", gateway="stripe", reference="pi_1", amount=eur("25.00"), reason="?"
        )
    )
    assert ("the dispute of 25.00 EUR at stripe", "payment support") in waits(w)


@pytest.mark.parametrize("hold_type", HoldType)
def test_every_hold_says_who_can_act_and_how(hold_type: HoldType) -> None:
    w = ordered()
    hold = Hold(type=hold_type, reason="because", actor="support", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))
    first = explain(w.order).waits[0]
    assert first.what.endswith("because")
    assert first.since == NOON
    assert first.who
    assert first.next_step
