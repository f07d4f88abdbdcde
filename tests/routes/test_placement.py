from decimal import Decimal

import pytest

from canonical.commands import AuthorisePayment, SubmitRelease, TellChannelStatus
from canonical.events import HoldReleased, StepRefused
from canonical.payment import PaymentMethod
from canonical.policy import ChannelPolicy, Policy
from canonical.statuses import Block, HoldType, OrderStatus
from tests.routes.world import ORDER_ID, World, line, node, placed, stock, tender


def world(policy: Policy | None = None) -> World:
    return World(stock({"berlin": {"A": 9, "B": 9}}), policy or Policy())


def test_sums_that_agree_hold_nothing() -> None:
    w = world()
    w.tell(placed(line("1", "A", 2, discount="1.00"), line("2", "B")))
    assert w.order.holds == ()


def test_a_total_that_the_lines_do_not_add_up_to_is_held_with_both_figures() -> None:
    w = world()
    w.tell(placed(line("1", "A", 2), stated="24.99"))
    held = w.order.hold(HoldType.PRICE_MISMATCH)
    assert held is not None
    assert "25.00 EUR" in held.reason
    assert "24.99 EUR" in held.reason
    assert [c.status for c in w.sent(TellChannelStatus)] == ["on_hold"]


def test_tax_counts_where_prices_do_not_include_it() -> None:
    w = world()
    w.tell(placed(line("1", "A", tax="1.90"), prices_include_tax=False))
    assert w.order.total.amount == Decimal("16.90")
    assert w.order.holds == ()


def test_tenders_that_do_not_add_up_to_the_total_are_held() -> None:
    w = world()
    w.tell(placed(line("1", "A"), tenders=(tender(1, "14.99"),)))
    held = w.order.hold(HoldType.PRICE_MISMATCH)
    assert held is not None
    assert "14.99 EUR" in held.reason


def test_a_person_who_releases_the_price_hold_accepts_what_the_tenders_say() -> None:
    w = world()
    w.tell(placed(line("1", "A"), tenders=(tender(1, "14.99"),)))
    w.authorised(amount="14.99")
    assert not w.sent(SubmitRelease)
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.PRICE_MISMATCH, actor="support"))
    assert w.order.is_paid_for()
    assert len(w.sent(SubmitRelease)) == 1


def test_an_order_that_nothing_pays_for_waits_and_is_given_up() -> None:
    w = world()
    w.tell(placed(line("1", "A"), tenders=()))
    assert w.order.hold(HoldType.AWAITING_PAYMENT) is not None
    assert list(w.timers) == [f"unpaid:{ORDER_ID}"]


def test_a_free_order_needs_no_payment() -> None:
    w = world()
    w.tell(placed(line("1", "A", price="0.00"), shipping="0.00", tenders=()))
    assert w.order.holds == ()
    assert len(w.sent(SubmitRelease)) == 1


@pytest.mark.parametrize(("total", "held"), [("100.00", False), ("100.01", True)])
def test_orders_above_the_channels_limit_wait_for_a_person(total: str, held: bool) -> None:
    limit = ChannelPolicy(hold_for_review_above=Decimal(100))
    w = world(Policy(channels={"webstore": limit}))
    w.tell(placed(line("1", "A", price=total), shipping="0.00"))
    found = w.order.hold(HoldType.OTHER)
    assert (found is not None) is held
    if found:
        assert "above the limit of 100" in found.reason
        assert set(found.blocks) == set(Block)


def test_an_order_that_waits_for_a_person_goes_on_when_the_hold_is_released() -> None:
    w = world(Policy(channels={"webstore": ChannelPolicy(hold_for_review_above=Decimal(1))}))
    w.tell(placed(line("1", "A")))
    w.authorised()
    assert w.order.status() is OrderStatus.PLACED
    assert w.rows() == {"reserved": 1}
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))
    assert w.order.status() is OrderStatus.IN_PROGRESS


def test_nobody_delivering_that_way_is_said() -> None:
    w = World(stock({"berlin": {"A": 9}}, node("berlin", methods=("pickup",))))
    w.tell(placed(line("1", "A"), method="express"))
    (refused,) = w.seen(StepRefused)
    assert "no enabled warehouse offers the delivery method 'express'" in refused.reason
    assert w.rows() == {"backordered": 1}


def test_each_tender_is_asked_of_its_own_gateway_but_what_is_paid_is_not() -> None:
    w = world()
    w.tell(
        placed(
            line("1", "A"),
            tenders=(
                tender(1, "3.00", PaymentMethod.PREPAID, gateway="till"),
                tender(2, "2.00", PaymentMethod.STORED, gateway="giftcards", reference="gc_9"),
                tender(3, "10.00"),
                tender(4, "0.00"),
            ),
        )
    )
    asked = w.sent(AuthorisePayment)
    assert [(c.connector, c.method, c.reference, c.key) for c in asked] == [
        ("giftcards", "stored", "gc_9", f"authorise:{ORDER_ID}:2:1"),
        ("stripe", "adopt", "pi_3", f"authorise:{ORDER_ID}:3:1"),
    ]


def test_a_prepaid_order_goes_on_at_once() -> None:
    w = world()
    w.tell(placed(line("1", "A"), tenders=(tender(1, "15.00", PaymentMethod.PREPAID),)))
    assert w.order.status() is OrderStatus.IN_PROGRESS
    assert not w.sent(AuthorisePayment)
