from datetime import timedelta

from canonical.commands import SendMail, SubmitRelease, TellChannelCancelled, TellChannelStatus
from canonical.events import (
    EffectRejected,
    HoldPlaced,
    HoldReleased,
    OrderConfirmed,
    ReleaseRequested,
    StepRefused,
    StockReserved,
    StockShort,
)
from canonical.order import Hold
from canonical.policy import ChannelPolicy, Policy, StockPolicy
from canonical.statuses import Block, HoldType, OrderStatus, ReleaseStatus
from canonical.stock import StockMoveKind
from tests.routes.world import NOON, ORDER_ID, Stock, World, line, node, placed, release_id, stock


def paid(w: World) -> World:
    w.tell(placed(line("1", "A", 2), line("2", "B")))
    w.authorised()
    return w


def two_nodes() -> World:
    return paid(World(stock({"berlin": {"A": 2, "B": 1}, "paris": {"A": 9, "B": 9}})))


def test_each_node_gets_one_release_with_its_lines() -> None:
    w = paid(World(stock({"berlin": {"A": 2}, "paris": {"B": 2}})))
    sent = w.sent(SubmitRelease)
    assert [(c.release_id, c.connector, c.node, c.key) for c in sent] == [
        (release_id(1), "berlin-wms", "berlin", f"release:{release_id(1)}"),
        (release_id(2), "paris-wms", "paris", f"release:{release_id(2)}"),
    ]
    assert [(x.line_id, x.sku, x.quantity) for c in sent for x in c.lines] == [("1", "A", 2), ("2", "B", 1)]
    assert [e.release_id for e in w.seen(ReleaseRequested)] == [release_id(1), release_id(2)]


def test_an_order_is_confirmed_once_and_channel_and_buyer_are_told() -> None:
    w = two_nodes()
    hold = Hold(type=HoldType.OTHER, reason="?", actor="support", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.OTHER, actor="support"))
    assert len(w.seen(OrderConfirmed)) == 1
    assert w.order.confirmed_at is not None
    assert [c.status for c in w.sent(TellChannelStatus)] == ["confirmed"]
    (mail,) = w.sent(SendMail)
    assert (mail.template, mail.connector, mail.amount) == ("order_confirmed", "mailer", w.order.total)


def test_a_channel_that_tells_its_customers_itself_is_left_alone() -> None:
    w = World(
        stock({"berlin": {"A": 2, "B": 1}}),
        Policy(channels={"webstore": ChannelPolicy(tell=False, mail=False)}),
    )
    paid(w)
    w.dispatch(release_id(), "s1", ("A", 2), ("B", 1))
    assert not w.sent(TellChannelStatus)
    assert not w.sent(SendMail)


def test_an_accepted_release_is_accepted_once() -> None:
    w = two_nodes()
    w.accept(release_id())
    w.accept(release_id())
    assert w.rows() == {"accepted": 3}
    assert len(w.last.repeated) == 1


def test_a_refused_release_goes_elsewhere_in_the_same_breath() -> None:
    w = two_nodes()
    w.refuse(release_id())
    assert [c.node for c in w.sent(SubmitRelease)] == ["berlin", "paris"]
    assert w.order.rejected_nodes == ("berlin",)
    assert w.rows() == {"released": 3}
    assert w.stock.content.level("A", "berlin").allocated == 0
    assert w.stock.content.level("A", "paris").allocated == 2


def test_a_node_that_is_short_is_not_believed_until_it_counts_again() -> None:
    w = two_nodes()
    w.refuse(release_id(), "A", "A")
    assert w.stock.content.level("A", "berlin").free() == 0
    assert w.stock.content.level("B", "berlin").free() == 1
    corrections = [m for m in w.ledger if m.kind is StockMoveKind.ADJUST]
    assert [(m.sku, m.node, m.quantity) for m in corrections] == [("A", "berlin", -2)]


def test_a_node_that_names_what_it_has_not_is_believed_already() -> None:
    w = two_nodes()
    w.refuse(release_id(), "Z")
    assert not [m for m in w.ledger if m.kind is StockMoveKind.ADJUST]


def test_stock_that_was_found_again_is_not_all_of_it_while_others_wait() -> None:
    w = World(stock({"berlin": {"A": 2}, "paris": {"A": 2}}))
    w.tell(placed(line("1", "A", 2), line("2", "B")))
    w.authorised()
    w.refuse(release_id())
    assert w.rows() == {"released": 2, "backordered": 1}
    assert not w.seen(StockReserved)


def test_the_part_that_was_sent_before_the_refusal_stays_sent() -> None:
    w = two_nodes()
    w.accept(release_id())
    w.dispatch(release_id(), "s1", ("A", 1))
    w.refuse(release_id())
    assert w.rows() == {"shipped": 1, "released": 2}
    assert [(c.node, [x.quantity for x in c.lines]) for c in w.sent(SubmitRelease)][1:] == [("paris", [1, 1])]


def test_when_nobody_is_left_the_units_wait_and_the_buyer_is_told() -> None:
    w = paid(World(stock({"berlin": {"A": 2, "B": 1}})))
    w.refuse(release_id())
    assert w.rows() == {"backordered": 3}
    assert [e.skus for e in w.seen(StockShort)] == [("A", "B")]
    assert [c.status for c in w.sent(TellChannelStatus)] == ["confirmed", "back_ordered"]


def test_when_nobody_is_left_and_none_may_wait_the_units_are_cancelled() -> None:
    w = paid(World(stock({"berlin": {"A": 2, "B": 1}}), Policy(stock=StockPolicy(back_order=False))))
    w.refuse(release_id())
    assert w.order.status() is OrderStatus.CANCELLED
    assert [len(c.lines) for c in w.sent(TellChannelCancelled)] == [2]


def test_a_node_that_stops_unasked_is_like_one_that_refuses() -> None:
    w = two_nodes()
    w.accept(release_id())
    w.stopped(release_id())
    assert w.order.rejected_nodes == ("berlin",)
    assert [c.node for c in w.sent(SubmitRelease)] == ["berlin", "paris"]


def test_a_release_that_the_partner_rejects_is_refused() -> None:
    w = two_nodes()
    w.tell(
        EffectRejected(
            order_id=ORDER_ID, key=f"release:{release_id()}", command="SubmitRelease", reason="unknown SKU"
        )
    )
    assert w.order.rejected_nodes == ("berlin",)
    assert w.rows() == {"released": 3}


def test_a_rejection_of_a_release_that_is_closed_is_for_a_person() -> None:
    w = two_nodes()
    w.dispatch(release_id(), "s1", ("A", 2), ("B", 1))
    for key in (f"release:{release_id()}", "release:unheard-of"):
        w.tell(EffectRejected(order_id=ORDER_ID, key=key, command="SubmitRelease", reason="unknown SKU"))
    assert [e.step for e in w.seen(StepRefused)] == ["SubmitRelease", "SubmitRelease"]
    release = w.order.release(release_id())
    assert release is not None
    assert release.status is ReleaseStatus.SHIPPED


def test_a_chosen_node_that_is_known_no_more_is_chosen_anew() -> None:
    w = World(stock({"berlin": {"A": 1}, "paris": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    hold = Hold(
        type=HoldType.FRAUD_REVIEW, blocks=(Block.RELEASE,), reason="?", actor="support", placed_at=NOON
    )
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))
    w.authorised()
    levels = [w.stock.content.level("A", name) for name in ("*", "berlin", "paris")]
    w.stock = Stock([node("paris")], levels)
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.FRAUD_REVIEW, actor="support"))
    assert w.rows() == {"reserved": 1}
    assert "berlin was chosen, and is not known any more" in w.seen(StepRefused)[0].reason
    w.pass_time(timedelta(seconds=1))
    assert [c.node for c in w.sent(SubmitRelease)] == ["paris"]
