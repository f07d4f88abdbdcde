"""Orders of which the channel knows more than the hub: not paid yet, sent by itself, cancelled by itself."""

from decimal import Decimal

import pytest

from canonical.commands import (
    AuthorisePayment,
    SendMail,
    SubmitRelease,
    TellChannelCancelled,
    TellChannelStatus,
)
from canonical.deadlines import Deadlines
from canonical.errors import EvolveError
from canonical.events import CancelRequested, ChannelShipped, OrderPlaced, PendingEnded, RowsMoved
from canonical.evolve import evolve
from canonical.payment import PaymentMethod
from canonical.policy import ChannelPolicy, Policy, StockPolicy
from canonical.statuses import HoldType, OrderStatus, OrderType, PaymentStatus, RowStatus
from tests.routes.world import NOON, ORDER_ID, World, eur, line, placed, stock, tender

PREPAID = tender(1, "25.00", PaymentMethod.PREPAID, gateway="amazon")


def world(policy: Policy | None = None) -> World:
    return World(stock({"berlin": {"A": 9, "B": 9}}), policy or Policy())


def pending(quantity: int = 2) -> OrderPlaced:
    """A marketplace's order that the marketplace has not been paid for: its goods are known, and nothing else."""
    event = placed(line("1", "A", quantity, "0.00"), tenders=(), shipping="0.00", channel="amazon")
    return event.model_copy(update={"pending": True})


def ended(**changes: object) -> PendingEnded:
    final = placed(line("1", "A", 2), tenders=(PREPAID,), channel="amazon")
    said = {
        "order_id": ORDER_ID, "fact_key": "paid:amazon:1001", "destination": final.destination,
        "prices_include_tax": True, "lines": final.lines, "shipping": final.shipping, "total": final.total,
        "tenders": final.tenders, "deadlines": Deadlines(ship_by=NOON),
    }  # fmt: skip
    return PendingEnded.model_validate({**said, **changes})


def test_a_pending_order_keeps_its_stock_and_waits() -> None:
    w = world()
    w.tell(pending())
    assert w.order.quantity(RowStatus.RESERVED) == 2
    assert w.order.status() is OrderStatus.PLACED
    held = w.order.hold(HoldType.AWAITING_PAYMENT)
    assert held is not None
    assert held.actor == "amazon"
    assert not w.sent(SubmitRelease)
    assert not w.sent(AuthorisePayment)
    assert list(w.timers) == []


def test_the_channel_is_not_told_what_it_knows_of_a_pending_order() -> None:
    w = world()
    w.tell(pending())
    assert not w.sent(TellChannelStatus)


def test_a_pending_order_goes_on_as_soon_as_its_channel_is_paid() -> None:
    w = world()
    w.tell(pending())
    w.tell(ended())
    assert w.order.holds == ()
    assert (w.order.pending, w.order.total, w.order.deadlines.ship_by) == (False, eur("25.00"), NOON)
    assert [row.status for row in w.order.lines[0].rows] == [RowStatus.RELEASED]
    assert w.order.payment_status() is PaymentStatus.CAPTURED
    assert len(w.sent(SubmitRelease)) == 1


def test_a_pending_order_whose_final_sums_disagree_is_held() -> None:
    w = world()
    w.tell(pending())
    w.tell(ended(total=eur("25.01")))
    assert w.order.hold(HoldType.PRICE_MISMATCH) is not None
    assert not w.sent(SubmitRelease)


def test_a_pending_order_is_reviewed_by_its_final_sum() -> None:
    w = world(Policy(channels={"amazon": ChannelPolicy(hold_for_review_above=Decimal(20))}))
    w.tell(pending())
    assert w.order.hold(HoldType.OTHER) is None
    w.tell(ended())
    assert w.order.hold(HoldType.OTHER) is not None
    assert not w.sent(SubmitRelease)


def test_a_pending_order_that_waits_for_stock_takes_its_prices_too() -> None:
    w = World(stock({"berlin": {"A": 0}}), Policy())
    w.tell(pending())
    w.tell(ended())
    assert w.order.quantity(RowStatus.BACKORDERED) == 2
    assert w.order.lines[0].unit_price == eur("10.00")


@pytest.mark.parametrize("changed", [{"lines": (line("1", "A", 3),)}, {"lines": (line("2", "A", 2),)}])
def test_what_is_not_what_was_placed_does_not_end_the_waiting(changed: dict[str, object]) -> None:
    order = evolve(None, pending())
    with pytest.raises(EvolveError, match="not those that were placed"):
        evolve(order, ended(**changed))


def test_an_order_is_pending_no_more_only_once() -> None:
    order = evolve(evolve(None, pending()), ended())
    with pytest.raises(EvolveError, match="not pending"):
        evolve(order, ended())


def test_a_word_of_the_channels_that_gives_cause_is_looked_at_by_a_person() -> None:
    w = world()
    w.tell(placed(line("1", "A")).model_copy(update={"review": "part of it has left already"}))
    held = w.order.hold(HoldType.OTHER)
    assert held is not None
    assert held.reason == "part of it has left already"
    assert not w.sent(SubmitRelease)


def cancelled(*, by_channel: bool) -> CancelRequested:
    return CancelRequested(
        order_id=ORDER_ID, cancel_id="c-1", reason="changed their mind", actor="amazon", by_channel=by_channel,
        fact_key="cancel:amazon:c-1",
    )  # fmt: skip


@pytest.mark.parametrize("by_channel", [True, False])
def test_a_channel_is_told_of_a_cancellation_unless_it_was_its_own(by_channel: bool) -> None:
    w = world()
    w.tell(pending())
    w.tell(cancelled(by_channel=by_channel))
    assert w.order.status() is OrderStatus.CANCELLED
    assert len(w.sent(TellChannelCancelled)) == (0 if by_channel else 1)


def test_a_pending_order_that_is_cancelled_gives_its_stock_back() -> None:
    w = world()
    w.tell(pending())
    w.tell(cancelled(by_channel=True))
    kinds = [(move.kind.value, move.quantity) for move in w.ledger]
    assert kinds == [("reserve", 2), ("unreserve", 2)]


def theirs() -> OrderPlaced:
    event = placed(line("1", "A", 2), tenders=(PREPAID,), channel="amazon")
    return event.model_copy(update={"type": OrderType.CHANNEL_FULFILLED})


def test_what_the_channel_sends_is_recorded_and_moves_nothing_of_ours() -> None:
    w = world()
    w.tell(theirs())
    w.tell(ChannelShipped(order_id=ORDER_ID, fact_key="shipped:amazon:1001"))
    assert w.order.status() is OrderStatus.COMPLETED
    assert [row.status for row in w.order.lines[0].rows] == [RowStatus.SHIPPED]
    assert w.ledger == []
    assert not w.sent(SubmitRelease)
    assert not w.sent(SendMail)
    assert not w.sent(TellChannelStatus)


def test_what_the_channel_sends_may_be_cancelled_by_it() -> None:
    w = world()
    w.tell(theirs())
    w.tell(cancelled(by_channel=True))
    assert w.order.status() is OrderStatus.CANCELLED
    assert w.ledger == []


def test_an_order_of_ours_is_not_sent_by_the_channels_word() -> None:
    w = world(Policy(stock=StockPolicy(back_order=False)))
    w.tell(placed(line("1", "A", 2)))
    w.tell(ChannelShipped(order_id=ORDER_ID, fact_key="shipped:webstore:1001"))
    assert w.order.quantity(RowStatus.SHIPPED) == 0


def test_goods_of_ours_never_leave_without_a_node() -> None:
    move = RowsMoved(
        order_id=ORDER_ID, line_id="1", before=RowStatus.CREATED, after=RowStatus.SHIPPED, quantity=1
    )
    with pytest.raises(EvolveError, match="created to shipped"):
        evolve(evolve(None, placed(line("1", "A", 2))), move)
