"""What a person may do about a supplier's invoice or goods: accept, dispute, send back. All through the engine."""

from collections.abc import Mapping
from uuid import UUID

from canonical.events import InvoiceApproved, InvoiceDisputed, SupplierReturnRequested
from canonical.order import Order
from canonical.purchases import Invoice, InvoiceStatus, Purchase, PurchaseUnits
from core.ids import uuid7
from hub.desk.access import Permission, Principal
from hub.desk.base import required
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, RefusedError
from hub.desk.order_verbs import LONGEST_REASON, happen, the_order
from hub.desk.order_views import OrderVerbResult


async def accept_invoice(
    ctx: DeskContext, principal: Principal, order_id: UUID, invoice_id: str, reason: str
) -> OrderVerbResult:
    """Accept an invoice as it is; one that is approved already is refused."""
    principal.must(Permission.CHANGE_ORDERS)
    why = required(reason, "reason", longest=LONGEST_REASON)
    purchase, invoice = _invoice(await the_order(ctx, order_id), invoice_id)
    event = InvoiceApproved(
        order_id=order_id,
        purchase_id=purchase.id,
        invoice_id=invoice.id,
        supplier=purchase.supplier,
        total=invoice.total,
        actor=principal.name,
        reason=why,
    )
    return await happen(ctx, principal, event, "invoice.accept", f"{invoice_id}: {why}")


async def dispute_invoice(
    ctx: DeskContext, principal: Principal, order_id: UUID, invoice_id: str, reason: str
) -> OrderVerbResult:
    """Dispute an invoice; one that is approved or disputed already is refused."""
    principal.must(Permission.CHANGE_ORDERS)
    why = required(reason, "reason", longest=LONGEST_REASON)
    purchase, invoice = _invoice(await the_order(ctx, order_id), invoice_id)
    if invoice.status is InvoiceStatus.DISPUTED:
        raise RefusedError(f"invoice {invoice_id} is disputed already, by {invoice.decided_by}")
    event = InvoiceDisputed(
        order_id=order_id, purchase_id=purchase.id, invoice_id=invoice.id, actor=principal.name, reason=why
    )
    return await happen(ctx, principal, event, "invoice.dispute", f"{invoice_id}: {why}")


async def return_to_supplier(
    ctx: DeskContext,
    principal: Principal,
    order_id: UUID,
    purchase_id: str,
    units: Mapping[str, int],
    reason: str,
) -> OrderVerbResult:
    """Ask a supplier to take goods of a purchase order back: units by SKU, none of which it was not asked for."""
    principal.must(Permission.CHANGE_ORDERS)
    why = required(reason, "reason", longest=LONGEST_REASON)
    order = await the_order(ctx, order_id)
    purchase = order.purchase(purchase_id)
    if purchase is None:
        there = ", ".join(p.id for p in order.purchases) or "none"
        raise InvalidError(f"the order has no purchase order {purchase_id!r}; there is {there}")
    for sku, quantity in units.items():
        line = purchase.line(sku)
        if line is None or not 0 < quantity <= line.quantity:
            asked = line.quantity if line else 0
            raise InvalidError(f"{quantity} x {sku} can't go back: {asked} were ordered by {purchase_id}")
    lines = tuple(PurchaseUnits(sku=sku, quantity=quantity) for sku, quantity in units.items())
    if not lines:
        raise InvalidError("say what goes back: SKU=QUANTITY")
    event = SupplierReturnRequested(
        order_id=order_id,
        purchase_id=purchase_id,
        return_id=f"b-{uuid7().hex[12:]}",  # X12 (BGN02) has room for 30; what is left is the random part
        lines=lines,
        actor=principal.name,
        reason=why,
    )
    return await happen(ctx, principal, event, "supplier.return", f"{purchase_id}: {why}")


def _invoice(order: Order, invoice_id: str) -> tuple[Purchase, Invoice]:
    for purchase in order.purchases:
        invoice = purchase.invoice(invoice_id)
        if invoice is not None:
            if invoice.status is InvoiceStatus.APPROVED:
                raise RefusedError(f"invoice {invoice_id} is approved already, by {invoice.decided_by}")
            return purchase, invoice
    there = ", ".join(i.id for p in order.purchases for i in p.invoices) or "none"
    raise InvalidError(f"the order has no invoice {invoice_id!r}; there is {there}")
