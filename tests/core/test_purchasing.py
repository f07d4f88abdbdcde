"""What a change or a cancellation says of its whole purchase order, for standards that say all of it again."""

from decimal import Decimal

from canonical.purchase_instructions import PurchaseCancelInstruction, PurchaseChangeInstruction
from canonical.purchases import ChangeStatus, Purchase, PurchaseChange, PurchaseUnits
from core.ports import EffectContext
from core.purchasing import instruction_of
from tests.contracts.building import NOON
from tests.contracts.supplier import NODE, NUMBER, OrderingContract

EXAMPLE = OrderingContract()


def context(*changes: str, **line: object) -> EffectContext:
    """Return the contract's context, with changes of the purchase order, and its first line as is said."""
    known = EXAMPLE.context()
    (purchase,) = known.order.purchases
    made = tuple(
        PurchaseChange(
            id=f"{NUMBER}-{name}", status=ChangeStatus.REQUESTED, requested_at=NOON,
            lines=(PurchaseUnits(sku="CUP", quantity=1),),
        )
        for name in changes
    )  # fmt: skip
    lines = (purchase.lines[0].replace(**line), *purchase.lines[1:])
    asked: Purchase = purchase.replace(changes=made, lines=lines)
    order = known.order.replace(purchases=(asked,))
    return EffectContext(order, known.parties, known.nodes, known.items, known.now)


def changed(known: EffectContext, name: str = "c1") -> PurchaseChangeInstruction:
    found = instruction_of(EXAMPLE.change().replace(change_id=f"{NUMBER}-{name}"), known, NODE)
    assert isinstance(found, PurchaseChangeInstruction)
    return found


def cancelled(known: EffectContext) -> PurchaseCancelInstruction:
    found = instruction_of(EXAMPLE.cancellation(), known, NODE)
    assert isinstance(found, PurchaseCancelInstruction)
    return found


def test_a_change_says_the_whole_order_as_it_shall_be() -> None:
    found = changed(context("c1"))
    assert [(line.sku, line.quantity, line.wanted) for line in found.whole] == [("CUP", 2, 1), ("POT", 1, 1)]
    assert [line.sku for line in found.lines] == ["CUP"]
    assert found.total == Decimal("8.00")
    assert found.ship_to is not None


def test_what_the_supplier_refused_is_not_wanted_again() -> None:
    found = changed(context("c1", dropped=1))
    assert [(line.sku, line.quantity, line.wanted) for line in found.whole] == [("CUP", 1, 0), ("POT", 1, 1)]


def test_each_wish_follows_what_was_said_last() -> None:
    assert changed(context("c1")).follows == NUMBER
    assert changed(context("c1", "c2"), "c2").follows == f"{NUMBER}-c1"
    assert cancelled(context()).follows == NUMBER
    assert cancelled(context("c1", "c2")).follows == f"{NUMBER}-c2"


def test_a_line_without_a_cost_leaves_no_total() -> None:
    assert cancelled(context()).total == Decimal("12.00")
    assert cancelled(context(unit_cost=None)).total is None
    assert changed(context("c1", unit_cost=None, dropped=1)).total == Decimal("4.00")
