from datetime import timedelta

import pytest

from canonical.commands import SendMail, SubmitRelease, TellChannelCancelled, TellChannelStatus, VoidPayment
from canonical.events import StockArrived, StockReserved, StockShort
from canonical.policy import Policy, StockPolicy
from canonical.statuses import OrderStatus
from canonical.stock import NETWORK, Node, StockMoveKind
from tests.routes.world import ORDER_ID, World, line, node, placed, release_id, stock

NO_BACK_ORDER = Policy(stock=StockPolicy(back_order=False))


def arrived(sku: str) -> StockArrived:
    return StockArrived(order_id=ORDER_ID, sku=sku)


def test_stock_is_reserved_at_placement_before_payment() -> None:
    w = World(stock({"berlin": {"A": 5}}))
    w.tell(placed(line("1", "A", 2)))
    assert w.rows() == {"reserved": 2}
    assert len(w.seen(StockReserved)) == 1
    assert [(m.kind, m.node, m.quantity) for m in w.ledger] == [(StockMoveKind.RESERVE, NETWORK, 2)]


def test_repeated_skus_are_added_up_first() -> None:
    w = World(stock({"berlin": {"A": 5}}))
    w.tell(placed(line("1", "A", 2), line("2", "A", 3)))
    assert [(m.sku, m.quantity) for m in w.ledger] == [("A", 5)]


def test_stock_of_several_nodes_counts_but_safety_stock_does_not() -> None:
    w = World(stock({"berlin": {"A": 3}, "paris": {"A": 3}}, safety=1))
    w.tell(placed(line("1", "A", 5)))
    assert w.rows() == {"reserved": 4, "backordered": 1}


@pytest.mark.parametrize(
    "useless", [node("paris", enabled=False), node("paris", methods=("pickup",))], ids=["disabled", "method"]
)
def test_stock_where_it_can_not_be_sent_from_is_not_promised(useless: Node) -> None:
    w = World(stock({"berlin": {"A": 1}, "paris": {"A": 9}}, useless))
    w.tell(placed(line("1", "A", 2)))
    assert w.rows() == {"reserved": 1, "backordered": 1}


def test_what_is_short_waits_in_line_order_and_everybody_is_told() -> None:
    w = World(stock({"berlin": {"A": 3, "B": 1}}))
    w.tell(placed(line("1", "A", 2), line("2", "A", 2), line("3", "B")))
    assert [{row.status.value: row.quantity for row in x.rows} for x in w.order.lines] == [
        {"reserved": 2},
        {"reserved": 1, "backordered": 1},
        {"reserved": 1},
    ]
    assert [e.skus for e in w.seen(StockShort)] == [("A",)]
    assert [(c.status, c.reason) for c in w.sent(TellChannelStatus)] == [("back_ordered", "A")]
    assert [(c.template, c.reason) for c in w.sent(SendMail)] == [("back_ordered", "A")]
    assert not w.seen(StockReserved)


def told_of_shortages(w: World) -> tuple[int, int]:
    """How many mails and tellings are made of all that the rules asked for: one for each key."""
    mails = {c.key for c in w.sent(SendMail) if c.template == "back_ordered"}
    tellings = {c.key for c in w.sent(TellChannelStatus) if c.status == "back_ordered"}
    return len(mails), len(tellings)


def test_one_shortage_is_told_once_however_many_events_say_so_in_one_batch_or_in_several() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A", 3)))
    short = StockShort(order_id=ORDER_ID, skus=("A",))
    w.tell(short, short)
    w.tell(short)
    assert len(w.seen(StockShort)) == 4
    assert told_of_shortages(w) == (1, 1)


def test_units_that_are_short_again_after_another_refusal_are_not_told_again() -> None:
    w = World(stock({"berlin": {"A": 2}, "paris": {}}))
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    w.refuse(release_id(1))
    assert told_of_shortages(w) == (1, 1)
    w.adjust("A", "paris", 2)
    w.tell(arrived("A"))
    w.refuse(release_id(2))
    assert w.rows() == {"backordered": 2}
    assert len(w.seen(StockShort)) == 2
    assert told_of_shortages(w) == (1, 1)


def test_a_shortage_of_further_units_is_told_too() -> None:
    w = World(stock({"berlin": {"A": 1, "B": 2}}))
    w.tell(placed(line("1", "A", 2), line("2", "B", 2)))
    w.authorised()
    assert told_of_shortages(w) == (1, 1)
    w.refuse(release_id(1))
    assert w.rows() == {"backordered": 4}
    assert told_of_shortages(w) == (2, 2)


def test_the_available_part_is_sent_and_the_rest_when_it_arrives() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    assert [x.quantity for c in w.sent(SubmitRelease) for x in c.lines] == [1]
    w.adjust("A", "berlin", 5)
    w.tell(arrived("A"))
    assert [x.quantity for c in w.sent(SubmitRelease) for x in c.lines] == [1, 1]
    assert f"back_order:{ORDER_ID}" not in w.timers
    assert len(w.seen(StockReserved)) == 1


def test_an_order_may_wait_until_all_of_it_is_there() -> None:
    w = World(stock({"berlin": {"A": 1}}), Policy(stock=StockPolicy(ship_partial=False)))
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    assert not w.sent(SubmitRelease)
    w.adjust("A", "berlin", 1)
    w.tell(arrived("A"))
    assert [x.quantity for c in w.sent(SubmitRelease) for x in c.lines] == [2]


def test_stock_that_nobody_waits_for_changes_nothing() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    before = w.order.version
    w.tell(arrived("A"), arrived("Z"))
    assert w.order.version == before + 2
    assert w.rows() == {"reserved": 1}


def test_stock_that_is_not_enough_keeps_the_rest_waiting_silently() -> None:
    w = World(stock({"berlin": {"A": 0, "B": 0}}))
    w.tell(placed(line("1", "A", 3), line("2", "B")))
    w.adjust("A", "berlin", 1)
    w.tell(arrived("A"))
    assert w.rows() == {"reserved": 1, "backordered": 3}
    assert len(w.seen(StockShort)) == 1


def test_back_ordered_units_are_given_up_after_the_policys_days() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A", 3)))
    w.authorised()
    w.pass_time(timedelta(days=29))
    assert w.rows() == {"released": 1, "backordered": 2}
    w.pass_time(timedelta(days=2))
    assert w.rows() == {"released": 1, "cancelled": 2}
    (told,) = w.sent(TellChannelCancelled)
    assert [x.quantity for x in told.lines] == [2]
    assert "30 days" in told.reason
    assert w.sent(SendMail)[-1].template == "order_cancelled"


def test_short_units_are_cancelled_at_once_where_none_may_wait() -> None:
    w = World(stock({"berlin": {"A": 1}}), NO_BACK_ORDER)
    w.tell(placed(line("1", "A", 3)))
    assert w.rows() == {"reserved": 1, "cancelled": 2}
    assert [x.quantity for c in w.sent(TellChannelCancelled) for x in c.lines] == [2]
    assert [c.template for c in w.sent(SendMail)] == ["order_cancelled"]
    assert w.order.owed().amount == 15


def test_an_order_without_any_stock_is_cancelled_and_its_money_let_go() -> None:
    w = World(stock({"berlin": {}}), NO_BACK_ORDER)
    w.tell(placed(line("1", "A")))
    w.authorised()
    assert w.order.status() is OrderStatus.CANCELLED
    assert [c.reference for c in w.sent(VoidPayment)] == ["pi_1"]


def test_a_shortage_that_is_over_when_it_is_told_is_not_told() -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    w.tell(StockShort(order_id=ORDER_ID, skus=("A",)))
    assert not w.sent(SendMail)
    assert w.timers == {}
