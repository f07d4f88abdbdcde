"""Amendments, returns, and what the channel hears of holds."""

import pytest

from canonical.commands import SubmitRelease, TellChannelStatus
from canonical.events import (
    AmendmentRequested,
    CancelRequested,
    HoldPlaced,
    HoldReleased,
    ReturnMatched,
    ReturnReceived,
    StepRefused,
)
from canonical.order import Hold
from canonical.statuses import FulfilmentStatus, HoldType, OrderStatus
from canonical.stock import StockMoveKind
from tests.routes.world import NOON, ORDER_ID, World, line, placed, release_id, stock

R = release_id()


def ordered() -> World:
    w = World(stock({"berlin": {"A": 9, "B": 9}}))
    w.tell(placed(line("1", "A", 2), line("2", "A", 1), line("3", "B", 1)))
    return w


def amend(w: World, summary: str = "three of line 1") -> None:
    w.tell(AmendmentRequested(order_id=ORDER_ID, amendment_id="a1", actor="webstore", summary=summary))


def send_back(w: World, *skus: tuple[str, int], return_id: str = "rt1", damaged: bool = False) -> None:
    w.tell(
        ReturnReceived(
            order_id=ORDER_ID, return_id=return_id, node="paris", release_id=R, skus=skus, damaged=damaged
        )
    )


def shipped() -> World:
    w = ordered()
    w.authorised()
    w.dispatch(R, "s1", ("A", 3), ("B", 1))
    w.captured()
    return w


def test_a_change_before_release_waits_for_a_person() -> None:
    w = ordered()
    amend(w)
    held = w.order.hold(HoldType.AMENDMENT_OPEN)
    assert held is not None
    assert (held.reason, held.actor) == ("three of line 1", "webstore")
    assert [n.text for n in w.order.notes] == ["Change a1 is wanted: three of line 1"]
    assert [c.status for c in w.sent(TellChannelStatus)] == ["amendment_received"]
    w.authorised()
    assert not w.sent(SubmitRelease)
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.AMENDMENT_OPEN, actor="support"))
    assert len(w.sent(SubmitRelease)) == 1


def test_a_very_long_wish_is_cut_to_what_a_note_holds() -> None:
    w = ordered()
    amend(w, "x" * 3000)
    assert len(w.order.notes[0].text) == 2000


def test_a_change_after_release_is_refused_with_the_reason() -> None:
    w = ordered()
    w.authorised()
    amend(w)
    assert w.order.holds == ()
    assert "a warehouse has it already" in w.seen(StepRefused)[0].reason
    told = w.sent(TellChannelStatus)[-1]
    assert (told.status, told.reason) == ("amendment_rejected", "a warehouse has it already")


def test_a_change_of_a_cancelled_order_is_refused() -> None:
    w = ordered()
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="", actor="webstore"))
    amend(w)
    assert w.sent(TellChannelStatus)[-1].reason == "all of it is cancelled"


def test_good_returned_goods_are_stock_again_where_they_are() -> None:
    w = shipped()
    send_back(w, ("A", 3))
    assert w.rows() == {"received_good": 3, "shipped": 1}
    assert [(m.node, m.sku, m.quantity) for m in w.ledger if m.kind is StockMoveKind.RECEIVE] == [
        ("paris", "A", 3)
    ]
    (matched,) = w.seen(ReturnMatched)
    assert [(x.line_id, x.quantity) for x in matched.lines] == [("1", 2), ("2", 1)]
    assert [r.id for r in w.order.returns] == ["rt1"]
    assert w.order.status() is OrderStatus.COMPLETED


def test_damaged_returned_goods_are_not() -> None:
    w = shipped()
    send_back(w, ("A", 1), damaged=True)
    assert w.rows() == {"received_damaged": 1, "shipped": 3}
    assert not [m for m in w.ledger if m.kind is StockMoveKind.RECEIVE]


def test_more_than_was_sent_can_not_come_back() -> None:
    w = shipped()
    send_back(w, ("B", 2), ("Z", 1))
    assert w.rows() == {"received_good": 1, "shipped": 3}
    assert "1 × B, 1 × Z" in w.seen(StepRefused)[0].reason
    send_back(w, ("B", 1), return_id="rt2")
    assert len(w.order.returns) == 1
    assert "1 × B" in w.seen(StepRefused)[1].reason


def test_a_return_told_twice_came_once() -> None:
    w = shipped()
    send_back(w, ("A", 1))
    send_back(w, ("A", 1))
    assert w.rows() == {"received_good": 1, "shipped": 3}


def test_everything_back_is_delivered_and_over() -> None:
    w = shipped()
    send_back(w, ("A", 3), ("B", 1))
    assert w.order.fulfilment_status() is FulfilmentStatus.DELIVERED


@pytest.mark.parametrize(
    ("hold_type", "words"), [(HoldType.INCORRECT_ADDRESS, ["on_hold"]), (HoldType.FRAUD_REVIEW, [])]
)
def test_a_channel_hears_of_holds_that_it_can_help_with(hold_type: HoldType, words: list[str]) -> None:
    w = ordered()
    hold = Hold(type=hold_type, reason="internal words", actor="support", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))
    told = w.sent(TellChannelStatus)
    assert [c.status for c in told] == words
    assert all(c.reason == hold_type.value for c in told)


def says(w: World, units: dict[str, int], name: str = "a1") -> None:
    """Let the channel say how many units it has now."""
    w.tell(
        AmendmentRequested(
            order_id=ORDER_ID, amendment_id=name, actor="webstore", summary="edited", units=units
        )
    )


@pytest.mark.parametrize(
    ("units", "wants"),
    [
        ({"1": 2, "2": 1, "3": 1}, False),
        ({"1": 1, "2": 1, "3": 1}, True),
        ({"1": 3, "2": 1, "3": 1}, True),
        ({"1": 2, "2": 1, "3": 1, "4": 1}, True),
        ({"1": 2, "2": 1, "3": 1, "4": 0}, False),
    ],
)
def test_a_channel_that_has_the_lines_that_the_order_has_wants_nothing(
    units: dict[str, int], wants: bool
) -> None:
    w = World(stock({}))
    w.tell(placed(line("1", "A", 2), line("2", "A", 1), line("3", "B", 1)))
    says(w, units)
    assert (w.order.hold(HoldType.AMENDMENT_OPEN) is not None) is wants


def test_what_the_hub_cancelled_itself_is_no_wish_of_the_channel() -> None:
    w = World(stock({}))
    w.tell(placed(line("1", "A", 2)))
    w.tell(CancelRequested(order_id=ORDER_ID, cancel_id="c1", actor="desk", reason="sold out"))
    before = len(w.commands)
    says(w, {"1": 0})
    assert w.commands[before:] == []
