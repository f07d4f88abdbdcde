"""From a command about a purchase order to what is written to the supplier: the same for every kind of connector."""

from collections.abc import Iterable
from decimal import Decimal

from pydantic import ValidationError

from canonical.commands import (
    CancelPurchaseOrder,
    ChangePurchaseOrder,
    Command,
    PlacePurchaseOrder,
    RequestSupplierReturn,
)
from canonical.purchase_instructions import (
    PurchaseCancelInstruction,
    PurchaseChangeInstruction,
    PurchaseChangeLine,
    PurchaseInstruction,
    PurchaseInstructionLine,
    SupplierReturnInstruction,
)
from canonical.purchases import Purchase, PurchasedLine, PurchaseLine, PurchaseUnits
from core.errors import RejectedError
from core.instructing import only_for, ship_to, unwritable
from core.ports import EffectContext

Instruction = (
    PurchaseInstruction | PurchaseChangeInstruction | PurchaseCancelInstruction | SupplierReturnInstruction
)


def instruction_of(command: Command, context: EffectContext, node: str) -> Instruction:
    """Return a command with all that it refers to, for the supplier of `node`. Pure.

    Raises `RejectedError` for what can't be said: a command of another port or for another node, and a purchase order
    whose people were erased.
    """
    match command:
        case PlacePurchaseOrder():
            only_for(node, command.supplier)
            return _order(command, context)
        case ChangePurchaseOrder():
            only_for(node, command.supplier)
            return _change(command, context)
        case CancelPurchaseOrder():
            only_for(node, command.supplier)
            return _cancellation(_purchase(command.purchase_id, context), context)
        case RequestSupplierReturn():
            only_for(node, command.supplier)
            return _return(command, context)
        case _:
            raise RejectedError(f"a supplier takes no {type(command).__name__}", code="command")


def _purchase(purchase_id: str, context: EffectContext) -> Purchase:
    purchase = context.order.purchase(purchase_id)
    if purchase is None:
        raise RejectedError(f"the order has no purchase order {purchase_id}", code="document")
    return purchase


def _order(command: PlacePurchaseOrder, context: EffectContext) -> PurchaseInstruction:
    buyer = ship_to(context)
    costs = [line.unit_cost for line in command.lines]
    currency = next((cost.currency for cost in costs if cost is not None), None)
    total = sum(
        (c.amount * line.quantity for c, line in zip(costs, command.lines, strict=True) if c), Decimal(0)
    )
    try:
        return PurchaseInstruction(
            purchase_id=command.purchase_id,
            supplier=command.supplier,
            channel=context.order.channel,
            channel_ref=context.order.channel_ref,
            shipping_method=context.order.shipping.method,
            created_at=context.now,
            acknowledge_by=command.acknowledge_by,
            ship_to=buyer,
            currency=currency,
            lines=tuple(_line(line, context) for line in command.lines),
            total=None if None in costs else total,
        )
    except ValidationError as error:
        raise unwritable("the purchase order can't be written", error) from None


def _cancellation(purchase: Purchase, context: EffectContext) -> PurchaseCancelInstruction:
    lines = tuple(_line(line, context, line.wanted() or line.quantity) for line in purchase.lines)
    return PurchaseCancelInstruction(
        purchase_id=purchase.id,
        follows=purchase.changes[-1].id if purchase.changes else purchase.id,
        supplier=purchase.supplier,
        ordered_at=purchase.requested_at,
        created_at=context.now,
        currency=_currency(purchase),
        lines=lines,
        total=_total((line.unit_cost, line.quantity) for line in lines),
    )


def _currency(purchase: Purchase) -> str | None:
    return next((line.unit_cost.currency for line in purchase.lines if line.unit_cost), None)


def _total(costs: Iterable[tuple[Decimal | None, int]]) -> Decimal | None:
    """Return what units cost; None where not every one of them has a cost."""
    known = [(cost, units) for cost, units in costs if units]
    if any(cost is None for cost, _ in known):
        return None
    return sum((cost * units for cost, units in known if cost is not None), Decimal(0))


def _line(
    line: PurchasedLine, context: EffectContext, quantity: int | None = None
) -> PurchaseInstructionLine:
    item = context.items.get(line.sku)
    titles = (x.title for x in context.order.lines if x.sku == line.sku)
    return PurchaseInstructionLine(
        number=line.number,
        sku=line.sku,
        reference=line.reference or line.sku,
        title=(item.title if item else "") or next(titles, ""),
        quantity=line.quantity if quantity is None else quantity,
        unit_cost=line.unit_cost.amount if line.unit_cost else None,
    )


def _change(command: ChangePurchaseOrder, context: EffectContext) -> PurchaseChangeInstruction:
    purchase = _purchase(command.purchase_id, context)
    less = {line.sku: line.quantity for line in command.lines}
    whole = tuple(
        PurchaseChangeLine(
            **_line(line, context, line.wanted() or line.quantity).model_dump(),
            wanted=max(0, line.wanted() - less.get(line.sku, 0)),
        )
        for line in purchase.lines
    )
    by_sku = {line.sku: line for line in whole}
    lines = tuple(by_sku[line.sku] for line in _named(purchase, command.lines))
    before = [change.id for change in purchase.changes if change.id != command.change_id]
    return PurchaseChangeInstruction(
        purchase_id=purchase.id,
        change_id=command.change_id,
        follows=before[-1] if before else purchase.id,
        supplier=command.supplier,
        ordered_at=purchase.requested_at,
        created_at=context.now,
        currency=_currency(purchase),
        lines=lines,
        whole=whole,
        total=_total((line.unit_cost, line.wanted) for line in whole),
        ship_to=context.parties.ship_to if context.parties else None,
        reason=command.reason,
    )


def _return(command: RequestSupplierReturn, context: EffectContext) -> SupplierReturnInstruction:
    purchase = _purchase(command.purchase_id, context)
    units = {line.sku: line.quantity for line in command.lines}
    return SupplierReturnInstruction(
        purchase_id=purchase.id,
        return_id=command.return_id,
        supplier=command.supplier,
        created_at=context.now,
        lines=tuple(_line(line, context, units[line.sku]) for line in _named(purchase, command.lines)),
        reason=command.reason,
    )


def _named(purchase: Purchase, lines: Iterable[PurchaseUnits]) -> list[PurchaseLine]:
    found = [purchase.line(line.sku) for line in lines]
    return [line for line in found if line is not None]
