import pytest

from canonical.commands import CapturePayment, SendMail, TellChannelShipped
from canonical.events import GoodsDispatched, ReleaseRequested, ShipmentCreated, StepRefused
from canonical.order import ReleaseLine
from canonical.statuses import Block, FulfilmentStatus, HoldType, OrderStatus, ReleaseStatus
from canonical.stock import StockMoveKind
from core.engine.cascade import StaleError
from tests.routes.world import NOON, ORDER_ID, World, line, placed, release_id, stock

R = release_id()


def released() -> World:
    """Two lines of one SKU and one of another, all with one node."""
    w = World(stock({"berlin": {"A": 9, "B": 9}}))
    w.tell(placed(line("1", "A", 2), line("2", "A", 1), line("3", "B", 1, "2.50")))
    w.authorised()
    return w


def test_a_parcel_is_matched_by_sku_in_line_order() -> None:
    w = released()
    w.accept(R)
    w.dispatch(R, "s1", ("A", 1), ("B", 1), ("A", 1))
    w.dispatch(R, "s2", ("A", 1))
    lines = [[(x.line_id, x.quantity) for x in e.lines] for e in w.seen(ShipmentCreated)]
    assert lines == [[("1", 2), ("3", 1)], [("2", 1)]]
    assert w.order.fulfilment_status() is FulfilmentStatus.SHIPPED


def test_goods_that_left_are_neither_there_nor_promised() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 3), ("B", 1))
    level = w.stock.content.level("A", "berlin")
    assert (level.on_hand, level.allocated) == (6, 0)


def test_part_of_a_release_may_leave_first() -> None:
    w = released()
    w.accept(R)
    w.dispatch(R, "s1", ("A", 1))
    assert w.rows() == {"accepted": 3, "shipped": 1}
    assert w.order.fulfilment_status() is FulfilmentStatus.PARTIALLY_SHIPPED
    assert w.order.releases[0].status is ReleaseStatus.PARTIALLY_SHIPPED


def test_a_parcel_may_overtake_the_acceptance() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 1))
    w.accept(R)
    assert w.rows() == {"accepted": 3, "shipped": 1}
    w.dispatch(R, "s2", ("A", 2), ("B", 1))
    assert w.rows() == {"shipped": 4}


def test_an_acceptance_after_everything_left_is_stale() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 3), ("B", 1))
    with pytest.raises(StaleError):
        w.accept(R)


def test_channel_and_buyer_are_told_of_each_parcel() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 1))
    w.dispatch(R, "s2", ("A", 2), ("B", 1))
    assert [c.shipment_id for c in w.sent(TellChannelShipped)] == ["s1", "s2"]
    mails = [c for c in w.sent(SendMail) if c.template == "shipment_dispatched"]
    assert [c.shipment_id for c in mails] == ["s1", "s2"]


def test_a_parcel_told_twice_left_once() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 1))
    w.dispatch(R, "s1", ("A", 1))
    w.tell(GoodsDispatched(order_id=ORDER_ID, release_id=R, shipment_id="s1", skus=(("A", 1),)))
    assert w.rows() == {"released": 3, "shipped": 1}
    assert not w.seen(StepRefused)


def test_two_nodes_may_give_their_parcels_the_same_name() -> None:
    w = World(stock({"berlin": {"A": 1}, "paris": {"A": 1}}))
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.dispatch(release_id(1), "1", ("A", 1))
    w.dispatch(release_id(2), "1", ("A", 1))
    assert [s.id for s in w.order.shipments] == ["1", f"{release_id(2)}/1"]
    assert w.order.status() is OrderStatus.IN_PROGRESS
    assert w.rows() == {"shipped": 2}


def test_what_was_not_asked_for_goes_to_a_person_and_the_rest_is_booked_and_captured() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 5), ("B", 1), ("C", 1))
    assert w.rows() == {"shipped": 4}
    (refused,) = w.seen(StepRefused)
    assert "2 × A, 1 × C" in refused.reason
    held = w.order.hold(HoldType.OTHER)
    assert held is not None
    assert Block.CAPTURE not in held.blocks
    assert len(w.sent(CapturePayment)) == 1
    corrections = [m for m in w.ledger if m.kind is StockMoveKind.ADJUST]
    assert [(m.sku, m.quantity) for m in corrections] == [("A", -2)]
    assert w.stock.content.level("A", "berlin").on_hand == 4


def test_a_parcel_of_goods_that_were_refused_goes_to_a_person() -> None:
    w = World(stock({"berlin": {"A": 9}}))
    w.tell(placed(line("1", "A")))
    w.authorised()
    w.refuse(R)
    w.dispatch(R, "s1", ("A", 1))
    assert w.rows() == {"backordered": 1}
    assert "what was not asked for" in w.seen(StepRefused)[0].reason
    assert not w.order.shipments


def test_a_parcel_of_an_unknown_release_goes_to_a_person() -> None:
    w = released()
    w.dispatch("r-77", "s1", ("A", 1))
    assert "there is no release r-77" in w.seen(StepRefused)[0].reason
    assert w.rows() == {"released": 4}


def test_a_parcel_without_goods_books_nothing() -> None:
    w = released()
    w.dispatch(R, "s1", ("A", 0))
    assert w.rows() == {"released": 4}
    assert not w.order.shipments


def test_a_release_can_not_be_asked_for_twice() -> None:
    w = released()
    again = ReleaseRequested(
        order_id=ORDER_ID, release_id=R, node="berlin", connector="x",
        lines=(ReleaseLine(line_id="1", sku="A", quantity=1),), occurred_at=NOON,
    )  # fmt: skip
    with pytest.raises(StaleError):
        w.tell(again)
