import pytest
from hypothesis import given
from hypothesis import strategies as st

from canonical.events import CancelRequested, RowsMoved
from canonical.evolve import EvolveError, evolve
from canonical.order import Order
from canonical.statuses import ROW_MOVES, RowStatus, may_follow
from tests.canonical.building import ORDER_ID, after, line, placed


def move(before: str, after_: str, quantity: int = 1, line_id: str = "1", **more: str) -> RowsMoved:
    return RowsMoved.model_validate(
        {
            "order_id": ORDER_ID,
            "line_id": line_id,
            "before": before,
            "after": after_,
            "quantity": quantity,
            **more,
        }
    )


def rows(order: Order) -> list[tuple[str, int, str | None, str | None, str | None]]:
    return sorted(
        (row.status.value, row.quantity, row.node, row.release, row.shipment)
        for x in order.lines
        for row in x.rows
    )


def test_a_move_splits_a_row() -> None:
    order = after(move("created", "reserved", 2))
    assert rows(order) == [("created", 1, None, None, None), ("reserved", 2, None, None, None)]


def test_units_at_the_same_place_are_one_row() -> None:
    order = after(move("created", "reserved", 1), move("created", "reserved", 2))
    assert rows(order) == [("reserved", 3, None, None, None)]


def test_units_keep_node_release_and_parcel_as_far_as_these_apply() -> None:
    order = after(
        move("created", "reserved", 3),
        move("reserved", "scheduled", 3, node="berlin"),
        move("scheduled", "released", 3, release="r1"),
        move("released", "accepted", 3),
        move("accepted", "shipped", 1, from_release="r1", shipment="s1"),
        move("accepted", "created", 1, from_node="berlin"),
        move("accepted", "cancelled", 1),
        move("shipped", "received_good", 1),
    )
    assert rows(order) == [
        ("cancelled", 1, "berlin", "r1", None),
        ("created", 1, None, None, None),
        ("received_good", 1, "berlin", "r1", "s1"),
    ]


def test_a_move_takes_from_several_rows() -> None:
    order = after(
        move("created", "reserved", 3),
        move("reserved", "scheduled", 1, node="berlin"),
        move("reserved", "scheduled", 2, node="paris"),
        move("scheduled", "cancelled", 2),
    )
    assert rows(order) == [
        ("cancelled", 1, "berlin", None, None),
        ("cancelled", 1, "paris", None, None),
        ("scheduled", 1, "paris", None, None),
    ]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (move("created", "shipped"), "units don't go from created to shipped"),
        (move("created", "reserved", 4), "line 1 has 3 units at created there, not 4"),
        (move("reserved", "cancelled", 1), "line 1 has 0 units at reserved there, not 1"),
        (move("created", "reserved", 0), "line 1 has 3 units at created there, not 0"),
        (move("created", "reserved", 1, "7"), "there is no line 7"),
        (move("created", "reserved", 1, from_release="r1"), "line 1 has 0 units at created there, not 1"),
    ],
)
def test_a_move_that_does_not_fit_is_refused_with_the_reason(event: RowsMoved, reason: str) -> None:
    with pytest.raises(EvolveError, match=reason) as caught:
        after(event)
    assert caught.value.event == event


def test_other_lines_stay_as_they_are() -> None:
    order = after(move("created", "cancelled", 2, "2"), start=placed(line("1"), line("2")))
    assert order.line("1").quantity(RowStatus.CREATED) == 3
    assert order.line("2").quantity(RowStatus.CREATED, RowStatus.CANCELLED) == 3
    with pytest.raises(KeyError):
        order.line("7")


def test_an_open_cancellation_counts_its_units() -> None:
    asked = CancelRequested(order_id=ORDER_ID, cancel_id="c1", reason="", actor="webstore")
    order = after(move("created", "cancelled"), asked, move("created", "cancelled", 2))
    assert order.cancellation is not None
    assert order.cancellation.units == 2


def test_the_table_names_every_status_and_staying_is_always_allowed() -> None:
    assert set(ROW_MOVES) == set(RowStatus)
    assert all(may_follow(ROW_MOVES, status, status) for status in RowStatus)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(RowStatus), st.sampled_from(RowStatus), st.integers(-1, 4), st.sampled_from("12")
        )
    )
)
def test_whatever_is_tried_the_rows_add_up(moves: list[tuple[RowStatus, RowStatus, int, str]]) -> None:
    order = after(start=placed(line("1", 3), line("2", 2)))
    for before, behind, quantity, line_id in moves:
        try:
            order = evolve(order, move(before.value, behind.value, quantity, line_id))
        except EvolveError:
            continue
    for x in order.lines:
        assert sum(row.quantity for row in x.rows) == x.ordered
        assert all(row.quantity > 0 for row in x.rows)
