from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.commands import SubmitRelease
from canonical.events import HoldPlaced, HoldReleased, StockShort
from canonical.order import Hold
from canonical.policy import Policy, SourcingPolicy, StockPolicy
from canonical.statuses import Block, HoldType
from canonical.stock import StockMoveKind
from routes.sourcing import Parcel, plan
from tests.routes.world import NOON, ORDER_ID, World, line, node, placed, stock

Levels = dict[str, dict[str, int]]


def planned(
    demand: Mapping[str, int], levels: Levels, max_splits: int = 2, least: int = 0
) -> dict[str, dict[str, int]]:
    parcels = plan(
        demand,
        list(levels),
        lambda sku, name: levels[name].get(sku, 0),
        max_splits,
        lambda parcel: sum(parcel.units.values()) >= least,
    )
    return {parcel.node: dict(parcel.units) for parcel in parcels}


def test_one_node_that_has_all_of_it_is_better_than_two_nearer_ones() -> None:
    levels: Levels = {"near": {"A": 1}, "nearer": {"B": 1}, "far": {"A": 1, "B": 1}}
    assert planned({"A": 1, "B": 1}, levels) == {"far": {"A": 1, "B": 1}}


def test_among_equals_the_first_is_taken() -> None:
    assert planned({"A": 1}, {"first": {"A": 9}, "second": {"A": 9}}) == {"first": {"A": 1}}


def test_a_sku_comes_whole_from_one_node_where_that_is_possible() -> None:
    levels: Levels = {"first": {"A": 1, "B": 2}, "second": {"A": 3}}
    assert planned({"A": 3, "B": 2}, levels) == {"first": {"B": 2}, "second": {"A": 3}}


def test_a_sku_is_divided_where_nobody_has_all_of_it() -> None:
    assert planned({"A": 5}, {"first": {"A": 3}, "second": {"A": 3}}) == {
        "first": {"A": 3},
        "second": {"A": 2},
    }


def test_a_node_without_a_sku_has_no_part_in_dividing_it() -> None:
    levels: Levels = {"first": {"B": 1}, "second": {"A": 2}, "third": {"A": 2}}
    assert planned({"A": 4, "B": 1}, levels, max_splits=3) == {
        "first": {"B": 1},
        "second": {"A": 2},
        "third": {"A": 2},
    }


def test_no_more_parcels_than_allowed_the_fullest_first() -> None:
    levels: Levels = {"one": {"A": 1}, "two": {"A": 2}, "three": {"A": 3}}
    assert planned({"A": 6}, levels, max_splits=2) == {"three": {"A": 3}, "two": {"A": 2}}


def test_a_parcel_that_is_not_worth_it_is_not_split_off() -> None:
    levels: Levels = {"first": {"A": 5}, "second": {"B": 1}}
    assert planned({"A": 5, "B": 1}, levels, least=2) == {"first": {"A": 5}}
    assert planned({"A": 5, "B": 1}, levels, least=1) == {"first": {"A": 5}, "second": {"B": 1}}


def test_a_small_order_is_one_parcel_and_always_worth_it() -> None:
    assert planned({"A": 1}, {"only": {"A": 1}}, least=100) == {"only": {"A": 1}}


def test_nothing_anywhere_is_no_parcel() -> None:
    assert planned({"A": 1}, {"only": {}}) == {}


def test_very_many_nodes_are_not_tried_one_by_one() -> None:
    levels: Levels = {f"n{i:03}": {"A": 1} for i in range(150)}
    assert len(planned({"A": 3}, levels, max_splits=3)) == 3


@given(
    st.dictionaries(st.sampled_from("ABC"), st.integers(1, 5), min_size=1),
    st.dictionaries(
        st.sampled_from(["n1", "n2", "n3", "n4"]), st.dictionaries(st.sampled_from("ABC"), st.integers(0, 5))
    ),
    st.integers(1, 4),
)
def test_a_plan_sends_no_more_than_is_wanted_or_there(
    demand: dict[str, int], levels: Levels, max_splits: int
) -> None:
    parcels = planned(demand, levels, max_splits)
    assert len(parcels) <= max_splits
    for name, units in parcels.items():
        assert all(0 < quantity <= levels[name].get(sku, 0) for sku, quantity in units.items())
    for sku, wanted in demand.items():
        there = sum(level.get(sku, 0) for level in levels.values())
        sent = sum(units.get(sku, 0) for units in parcels.values())
        assert sent <= wanted
        assert sent == min(wanted, there) or max_splits < len(levels)


def test_the_same_country_goes_before_priority_and_that_before_the_name() -> None:
    nodes = (node("a", "FR", 1), node("b", "DE", 9), node("c", "DE", 5), node("d", "DE", 5))
    w = World(stock({n.id: {"A": 1} for n in nodes}, *nodes))
    w.tell(placed(line("1", "A")))
    w.authorised()
    assert [c.node for c in w.sent(SubmitRelease)] == ["c"]


def test_sourcing_turns_the_reservation_into_an_allocation() -> None:
    w = World(stock({"berlin": {"A": 2}, "paris": {"A": 2}}))
    w.tell(placed(line("1", "A", 3)))
    w.authorised()
    moves = [(m.kind, m.node, m.quantity) for m in w.ledger[1:]]
    assert moves == [
        (StockMoveKind.UNRESERVE, "*", 3),
        (StockMoveKind.ALLOCATE, "berlin", 2),
        (StockMoveKind.ALLOCATE, "paris", 1),
    ]
    assert w.order.rejected_nodes == ()


def test_what_too_many_nodes_would_have_to_send_waits() -> None:
    w = World(stock({"a": {"A": 1}, "b": {"A": 1}, "c": {"A": 1}}))
    w.tell(placed(line("1", "A", 3)))
    w.authorised()
    assert w.rows() == {"released": 2, "backordered": 1}
    assert [e.skus for e in w.seen(StockShort)] == [("A",)]
    assert w.stock.content.level("A", "*").reserved == 0


def test_where_none_may_wait_more_nodes_send_rather_than_cancel() -> None:
    policy = Policy(
        stock=StockPolicy(back_order=False),
        sourcing=SourcingPolicy(max_splits=1, min_parcel_value=Decimal(999)),
    )
    w = World(stock({"a": {"A": 1}, "b": {"A": 1}, "c": {"A": 1}}), policy)
    w.tell(placed(line("1", "A", 3)))
    w.authorised()
    assert w.rows() == {"released": 3}


def test_an_order_that_goes_only_whole_does_not_go_in_part_for_want_of_nodes() -> None:
    policy = Policy(stock=StockPolicy(ship_partial=False), sourcing=SourcingPolicy(max_splits=1))
    w = World(stock({"a": {"A": 1}, "b": {"A": 1}}), policy)
    w.tell(placed(line("1", "A", 2)))
    w.authorised()
    assert w.rows() == {"reserved": 1, "backordered": 1}


def test_stock_that_vanished_between_reservation_and_sourcing_is_cancelled_where_none_may_wait() -> None:
    w = World(stock({"berlin": {"A": 2}}), Policy(stock=StockPolicy(back_order=False)))
    w.tell(placed(line("1", "A", 2)))
    w.adjust("A", "berlin", -1)
    w.authorised()
    assert w.rows() == {"released": 1, "cancelled": 1}


@pytest.mark.parametrize(
    ("blocks", "rows"),
    [
        ((Block.SOURCE,), {"reserved": 1}),
        ((Block.RELEASE,), {"scheduled": 1}),
        ((Block.CAPTURE,), {"released": 1}),
    ],
)
def test_a_hold_stops_what_it_blocks_and_no_more(blocks: tuple[Block, ...], rows: dict[str, int]) -> None:
    w = World(stock({"berlin": {"A": 1}}))
    w.tell(placed(line("1", "A")))
    hold = Hold(type=HoldType.FRAUD_REVIEW, blocks=blocks, reason="?", actor="support", placed_at=NOON)
    w.tell(HoldPlaced(order_id=ORDER_ID, hold=hold))
    w.authorised()
    assert w.rows() == rows
    w.tell(HoldReleased(order_id=ORDER_ID, type=HoldType.FRAUD_REVIEW, actor="support"))
    assert w.rows() == {"released": 1}


def test_the_value_of_a_parcel_is_that_of_its_goods() -> None:
    policy = Policy(sourcing=SourcingPolicy(min_parcel_value=Decimal(10)))
    w = World(stock({"a": {"A": 1}, "b": {"B": 1}}), policy)
    w.tell(placed(line("1", "A", price="50.00"), line("2", "B", price="9.99")))
    w.authorised()
    assert [c.node for c in w.sent(SubmitRelease)] == ["a"]
    assert w.rows() == {"released": 1, "backordered": 1}


def test_parcels_are_values() -> None:
    assert Parcel("a", {"A": 1}) == Parcel("a", {"A": 1})
