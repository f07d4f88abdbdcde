from dataclasses import dataclass

import pytest

from canonical.commands import (
    CancelRelease,
    CapturePayment,
    SendMail,
    SubmitRelease,
    TellChannelCancelled,
    TellChannelStatus,
    VoidPayment,
)
from canonical.events import (
    CancelAccepted,
    CancelRejected,
    CancelRequested,
    EffectRejected,
    HoldPlaced,
    HoldReleased,
    OrderRejected,
    StepRefused,
)
from canonical.order import Hold
from canonical.payment import PaymentMethod
from canonical.policy import ChannelPolicy, Policy, StockPolicy
from canonical.statuses import Block, CancelStatus, HoldType, OrderStatus, ReleaseStatus
from canonical.stock import StockMoveKind
from core.engine.cascade import StaleError
from tests.routes.world import ORDER_ID, World, eur, line, placed, release_id, stock, tender

R = release_id()


def cancel(w: World, cancel_id: str = "c1") -> None:
    w.tell(
        CancelRequested(
            order_id=ORDER_ID, cancel_id=cancel_id, reason="changed my mind", actor="webstore",
            fact_key=f"cancel:webstore:{cancel_id}",
        )
    )  # fmt: skip


def ordered(units: int = 2) -> World:
    w = World(stock({"berlin": {"A": units}}))
    w.tell(placed(line("1", "A", units)))
    return w


def released(units: int = 2) -> World:
    w = ordered(units)
    w.authorised()
    return w


@dataclass
class Told:
    """What channel and buyer heard of a cancellation."""

    units: list[int]
    words: list[str]
    mails: list[str]


def told(w: World) -> Told:
    return Told(
        [x.quantity for c in w.sent(TellChannelCancelled) for x in c.lines],
        [c.status for c in w.sent(TellChannelStatus) if c.status not in {"confirmed", "back_ordered"}],
        [c.template for c in w.sent(SendMail) if "cancel" in c.template],
    )


def test_before_release_it_is_cancelled_at_once() -> None:
    w = ordered()
    cancel(w)
    assert w.order.status() is OrderStatus.CANCELLED
    assert w.order.cancellation is not None
    assert w.order.cancellation.status is CancelStatus.ACCEPTED
    assert w.order.cancellation.units == 2
    assert told(w) == Told([2], [], ["order_cancelled"])
    assert [(m.kind, m.quantity) for m in w.ledger] == [
        (StockMoveKind.RESERVE, 2),
        (StockMoveKind.UNRESERVE, 2),
    ]
    assert not w.sent(CancelRelease)


def test_back_ordered_and_scheduled_units_are_cancelled_at_once_too() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A", 3)))
    hold = Hold(
        type=HoldType.OTHER, blocks=(Block.RELEASE,), reason="?", actor="support", placed_at=w.order.placed_at
    )
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))
    w.authorised()
    assert w.rows() == {"scheduled": 1, "backordered": 2}
    cancel(w)
    assert w.rows() == {"cancelled": 3}
    assert w.stock.content.level("A", "berlin").allocated == 0
    assert [c.amount for c in w.sent(VoidPayment)] == [eur("35.00")]


def test_after_release_the_node_is_asked_and_the_order_waits() -> None:
    w = released()
    cancel(w)
    (asked,) = w.sent(CancelRelease)
    assert (asked.release_id, asked.connector, asked.key) == (R, "berlin-wms", f"cancel_release:{R}:c1")
    assert w.order.hold(HoldType.CANCEL_PENDING) is not None
    assert w.rows() == {"released": 2}
    assert told(w) == Told([], [], [])
    assert not w.sent(VoidPayment)


def test_the_node_stops_it_and_the_money_is_let_go() -> None:
    w = released()
    cancel(w)
    w.stopped(R)
    assert w.order.status() is OrderStatus.CANCELLED
    assert w.order.holds == ()
    assert w.order.rejected_nodes == ()
    assert told(w) == Told([2], [], ["order_cancelled"])
    assert [c.reference for c in w.sent(VoidPayment)] == ["pi_1"]
    assert w.stock.content.level("A", "berlin").allocated == 0
    assert len(w.seen(CancelAccepted)) == 1


def test_the_node_can_not_stop_it_and_the_order_goes_on() -> None:
    w = released()
    w.accept(R)
    cancel(w)
    w.not_stopped(R)
    assert w.order.cancellation is not None
    assert w.order.cancellation.status is CancelStatus.REJECTED
    assert w.order.holds == ()
    assert told(w) == Told([], ["cancel_rejected"], ["cancel_rejected"])
    w.dispatch(R, "s1", ("A", 2))
    assert w.rows() == {"shipped": 2}
    assert [c.amount for c in w.sent(CapturePayment)] == [eur("25.00")]


def test_a_dispatch_that_comes_after_the_wish_wins() -> None:
    w = released()
    cancel(w)
    w.dispatch(R, "s1", ("A", 2))
    (rejected,) = w.seen(CancelRejected)
    assert rejected.reason == "everything had left before it could be stopped"
    assert w.order.holds == ()
    assert told(w) == Told([], ["cancel_rejected"], ["cancel_rejected"])
    assert len(w.sent(CapturePayment)) == 1


def test_the_nodes_late_yes_after_everything_left_is_for_a_person() -> None:
    w = released()
    cancel(w)
    w.dispatch(R, "s1", ("A", 2))
    w.stopped(R)
    assert "has dispatched all of it" in w.seen(StepRefused)[0].reason
    assert w.rows() == {"shipped": 2}


def test_the_nodes_late_no_after_everything_left_is_stale() -> None:
    w = released()
    cancel(w)
    w.dispatch(R, "s1", ("A", 2))
    with pytest.raises(StaleError):
        w.not_stopped(R)


def test_part_leaves_and_the_rest_is_stopped() -> None:
    w = released(3)
    cancel(w)
    w.dispatch(R, "s1", ("A", 1))
    assert w.order.releases[0].status is ReleaseStatus.CANCEL_REQUESTED
    assert w.order.hold(HoldType.CANCEL_PENDING) is not None
    w.stopped(R)
    assert w.rows() == {"shipped": 1, "cancelled": 2}
    assert told(w) == Told([2], [], ["order_cancelled"])
    assert [c.amount for c in w.sent(CapturePayment)] == [eur("15.00")]
    w.captured()
    assert w.order.status() is OrderStatus.COMPLETED


def test_part_leaves_and_the_rest_can_not_be_stopped() -> None:
    w = released(3)
    cancel(w)
    w.dispatch(R, "s1", ("A", 1))
    w.not_stopped(R)
    assert w.order.releases[0].status is ReleaseStatus.PARTIALLY_SHIPPED
    assert told(w).words == ["cancel_rejected"]
    w.dispatch(R, "s2", ("A", 2))
    assert w.rows() == {"shipped": 3}


def test_an_acceptance_that_crosses_the_wish_changes_nothing_about_it() -> None:
    w = released()
    cancel(w)
    w.accept(R)
    assert w.order.releases[0].status is ReleaseStatus.CANCEL_REQUESTED
    w.stopped(R)
    assert w.order.status() is OrderStatus.CANCELLED


def test_a_node_that_refuses_what_is_to_be_cancelled_ends_it() -> None:
    w = released()
    cancel(w)
    w.refuse(R)
    assert w.order.status() is OrderStatus.CANCELLED
    assert len(w.sent(SubmitRelease)) == 1


def test_what_no_node_has_is_cancelled_while_the_node_is_asked() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A", 3)))
    w.authorised()
    cancel(w)
    assert w.rows() == {"released": 1, "cancelled": 2}
    w.stopped(R)
    assert told(w) == Told([2, 1], [], ["order_cancelled"])
    assert len({c.key for c in w.sent(TellChannelCancelled)}) == 2


def test_two_nodes_answer_differently() -> None:
    w = World(stock({"berlin": {"A": 1}, "paris": {"A": 1}}))
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    cancel(w)
    w.stopped(release_id(1))
    assert w.order.cancellation is not None
    assert w.order.cancellation.status is CancelStatus.REQUESTED
    w.not_stopped(release_id(2))
    assert told(w) == Told([1], ["cancel_rejected"], ["cancel_rejected"])
    w.dispatch(release_id(2), "s1", ("A", 1))
    assert [c.amount for c in w.sent(CapturePayment)] == [eur("15.00")]


def test_a_second_wish_joins_the_first() -> None:
    w = released()
    cancel(w)
    cancel(w, "c2")
    assert len(w.sent(CancelRelease)) == 1
    w.stopped(R)
    cancel(w, "c3")
    assert w.order.cancellation is not None
    assert w.order.cancellation.id == "c1"
    assert told(w) == Told([2], [], ["order_cancelled"])


def test_a_wish_after_a_rejected_one_is_answered_anew() -> None:
    w = released()
    cancel(w)
    w.not_stopped(R)
    cancel(w, "c2")
    assert [c.key for c in w.sent(CancelRelease)] == [f"cancel_release:{R}:c1"], (
        "the node has said that it can't"
    )
    assert [e.cancel_id for e in w.seen(CancelRejected)] == ["c1", "c2"]
    assert w.order.holds == ()


def test_a_wish_after_everything_left_is_rejected() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 2))
    cancel(w)
    assert told(w).words == ["cancel_rejected"]


def test_a_wish_for_what_is_cancelled_already_is_granted_silently() -> None:
    w = World(stock({"berlin": {}}), Policy(stock=StockPolicy(back_order=False)))
    w.tell(placed(line("1", "A")))
    cancel(w)
    assert w.order.cancellation is not None
    assert w.order.cancellation.status is CancelStatus.ACCEPTED
    assert told(w) == Told([1], [], ["order_cancelled"])


def test_a_node_whose_system_rejects_the_wish_can_not_stop_it() -> None:
    w = released()
    cancel(w)
    key = f"cancel_release:{R}:c1"
    w.tell(EffectRejected(order_id=ORDER_ID, key=key, command="CancelRelease", reason="already picked"))
    assert told(w).words == ["cancel_rejected"]
    w.tell(EffectRejected(order_id=ORDER_ID, key=key, command="CancelRelease", reason="already picked"))
    assert [e.step for e in w.seen(StepRefused)] == ["CancelRelease"]


def test_the_channel_pays_back_what_it_was_paid() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A"), tenders=(tender(1, "15.00", PaymentMethod.PREPAID),)))
    cancel(w)
    w.stopped(R)
    assert w.order.status() is OrderStatus.CANCELLED
    assert not w.sent(VoidPayment)


def test_an_order_that_can_not_be_taken_is_undone_and_its_channel_told() -> None:
    w = released()
    w.tell(OrderRejected(order_id=ORDER_ID, reason="a duplicate"))
    w.stopped(R)
    assert w.order.status() is OrderStatus.REJECTED
    assert w.rows() == {"cancelled": 2}
    assert [c.status for c in w.sent(TellChannelStatus)] == ["confirmed", "rejected"]
    assert len(w.sent(VoidPayment)) == 1


def test_a_hold_that_is_not_there_can_not_be_released() -> None:
    w = ordered()
    with pytest.raises(StaleError):
        w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.CANCEL_PENDING, actor="support"))


def test_a_channel_that_wants_to_hear_nothing_hears_nothing() -> None:
    w = World(stock({"berlin": {"A": 1}}), Policy(channels={"webstore": ChannelPolicy(tell=False)}))
    w.tell(placed(line("1", "A")))
    cancel(w)
    assert told(w) == Told([], [], ["order_cancelled"])
