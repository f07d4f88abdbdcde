import pytest
from pydantic import ValidationError

from canonical.stock import NETWORK, Node, StockLevel, StockMoveKind, StockView, moved

BERLIN = Node(id="berlin", connector="wms", country="DE")
CLOSED = Node(id="closed", connector="wms", country="DE", enabled=False)


def level(
    node: str, on_hand: int = 0, *, safety: int = 0, allocated: int = 0, reserved: int = 0
) -> StockLevel:
    return StockLevel(
        sku="A", node=node, on_hand=on_hand, safety=safety, allocated=allocated, reserved=reserved
    )


@pytest.mark.parametrize(
    ("on_hand", "safety", "allocated", "free"), [(5, 0, 0, 5), (5, 2, 1, 2), (5, 6, 0, 0), (-3, 0, 0, 0)]
)
def test_free_is_what_may_be_promised_and_never_below_nothing(
    on_hand: int, safety: int, allocated: int, free: int
) -> None:
    assert level("berlin", on_hand, safety=safety, allocated=allocated).free() == free


def test_available_is_what_enabled_nodes_have_less_what_is_reserved() -> None:
    view = StockView(
        [level("berlin", 5), level("closed", 9), level(NETWORK, reserved=2)],
        {"berlin": BERLIN, "closed": CLOSED},
    )
    assert view.available("A") == 3
    assert view.free_at("A", "berlin") == 5
    view.put(level(NETWORK, reserved=7))
    assert view.available("A") == 0


def test_what_is_not_known_is_not_there() -> None:
    assert StockView([], {"berlin": BERLIN}).available("Z") == 0


@pytest.mark.parametrize(
    ("kind", "quantity", "on_hand", "allocated", "reserved"),
    [
        (StockMoveKind.RESERVE, 2, 10, 3, 5),
        (StockMoveKind.UNRESERVE, 2, 10, 3, 1),
        (StockMoveKind.ALLOCATE, 2, 10, 5, 3),
        (StockMoveKind.DEALLOCATE, 2, 10, 1, 3),
        (StockMoveKind.DISPATCH, 2, 8, 1, 3),
        (StockMoveKind.RECEIVE, 2, 12, 3, 3),
        (StockMoveKind.ADJUST, -4, 6, 3, 3),
    ],
)
def test_each_entry_changes_what_it_says(
    kind: StockMoveKind, quantity: int, on_hand: int, allocated: int, reserved: int
) -> None:
    after = moved(level("berlin", 10, allocated=3, reserved=3), kind, quantity)
    assert (after.on_hand, after.allocated, after.reserved) == (on_hand, allocated, reserved)


def test_more_than_was_promised_can_not_be_taken_back() -> None:
    with pytest.raises(ValidationError):
        moved(level(NETWORK, reserved=1), StockMoveKind.UNRESERVE, 2)
