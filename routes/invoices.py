"""Suppliers' invoices: held against what was ordered and what was sent; what does not fit is for a person."""

from collections.abc import Iterator
from datetime import timedelta

from canonical.events import (
    DeadlinePassed,
    Event,
    HoldReleased,
    InvoiceApproved,
    InvoiceAwaitsGoods,
    InvoiceDoubted,
)
from canonical.fold_purchases import units_sent
from canonical.order import Order
from canonical.policy import Policy
from canonical.purchases import Invoice, InvoiceStatus, Purchase, as_units
from canonical.statuses import HoldType
from canonical.steps import Forget, Remind, Step, Steps
from routes.asking import put_before_a_person
from routes.purchasing import within
from routes.rules import moment, rule
from routes.suppliers import is_live


def invoice_timer(purchase: Purchase, invoice: Invoice) -> str:
    """Return the name of the time until which the goods of an invoice are waited for."""
    return f"invoice:{purchase.id}:{invoice.id}"


@rule(Event)
def match_the_invoices(order: Order, event: Event, policy: Policy) -> Steps:
    """Approve an invoice that is as ordered and as sent; one that comes before its goods waits; doubt any other."""
    for purchase in order.purchases:
        for invoice in purchase.invoices:
            if invoice.status is InvoiceStatus.WAITING:
                yield from _matched(order, event, policy, purchase, invoice)


def _matched(
    order: Order, event: Event, policy: Policy, purchase: Purchase, invoice: Invoice
) -> Iterator[Step]:
    wrong = [*_wrong(purchase, invoice, policy)]
    early = [*_early(order, purchase, invoice)]
    named = {"order_id": order.id, "purchase_id": purchase.id, "invoice_id": invoice.id}
    name = invoice_timer(purchase, invoice)
    waited = invoice.wait_until is not None and moment(order, event) >= invoice.wait_until
    if early and not wrong and is_live(order, purchase) and not waited:
        if invoice.wait_until is None:
            until = invoice.received_at + timedelta(hours=policy.suppliers.invoice_waits_h)
            yield InvoiceAwaitsGoods.model_validate({**named, "until": until})
            yield Remind(name=name, at=until, event=DeadlinePassed(order_id=order.id, name=name))
        return
    if wrong or early:
        yield InvoiceDoubted.model_validate({**named, "doubts": (*wrong, *early)})
    else:
        yield _approval(order, purchase, invoice, "policy", "it is as ordered, and as sent")
    yield Forget(order_id=order.id, name=name)


def _approval(order: Order, purchase: Purchase, invoice: Invoice, actor: str, reason: str) -> InvoiceApproved:
    return InvoiceApproved(
        order_id=order.id,
        purchase_id=purchase.id,
        invoice_id=invoice.id,
        supplier=purchase.supplier,
        total=invoice.total,
        actor=actor,
        reason=reason,
    )


def _wrong(purchase: Purchase, invoice: Invoice, policy: Policy) -> Iterator[str]:
    """Yield what of an invoice's prices and sums is not as agreed."""
    may, over = policy.suppliers.invoices, 0 * invoice.total.amount
    for line in invoice.lines:
        ordered = purchase.line(line.sku)
        if ordered is None:
            yield f"{line.sku} was not ordered"
        elif ordered.unit_cost is None:
            yield f"{line.sku} is charged at {line.unit_price}, and no price was agreed"
        elif not within(line.unit_price, ordered.unit_cost, policy):
            yield f"{line.sku} is charged at {line.unit_price}, and {ordered.unit_cost} was agreed"
        else:
            over += (line.unit_price.amount - ordered.unit_cost.amount) * line.quantity
    if over > may.total_difference:
        yield f"the goods cost {over:.2f} {invoice.total.currency} more than was agreed"
    if invoice.freight.amount > may.freight_at_most:
        yield f"{invoice.freight} of freight is charged, and {may.freight_at_most} is allowed"
    sums = invoice.adds_up_to()
    if abs((invoice.total - sums).amount) > may.total_difference:
        yield f"its total is {invoice.total}, and its parts come to {sums}"


def _early(order: Order, purchase: Purchase, invoice: Invoice) -> Iterator[str]:
    """Yield which units are charged, and have not left."""
    sent, before = units_sent(order, purchase.id), purchase.invoiced_before(invoice.id)
    for sku, charged in as_units(invoice.lines).items():
        left = sent.get(sku, 0)
        if charged + before.get(sku, 0) > left and purchase.line(sku) is not None:
            others = f", {before[sku]} by other invoices" if before.get(sku) else ""
            yield f"{charged} × {sku} are charged{others}, and {left} have left"


@rule(Event)
def put_invoices_before_a_person(order: Order, event: Event, policy: Policy) -> Steps:
    """Have a person accept or dispute each invoice that is doubted; nothing else is held up for it."""
    if not order.purchases:
        return
    reason = "; ".join(
        f"invoice {invoice.id} of {purchase.supplier}: {', '.join(invoice.doubts)}"
        for purchase, invoice in doubted(order)
    )
    over = "every invoice is accepted or disputed"
    yield from put_before_a_person(order, event, HoldType.INVOICE_MISMATCH, reason, over)


@rule(HoldReleased)
def take_a_release_as_acceptance(order: Order, event: HoldReleased, policy: Policy) -> Steps:
    """Whoever releases what was held for an invoice accepts that invoice as it is."""
    if event.type is HoldType.INVOICE_MISMATCH:
        for purchase, invoice in doubted(order):
            yield _approval(order, purchase, invoice, event.actor, event.reason)


def doubted(order: Order) -> list[tuple[Purchase, Invoice]]:
    """Return the invoices that wait for a person."""
    return [
        (purchase, invoice)
        for purchase in order.purchases
        for invoice in purchase.invoices
        if invoice.status is InvoiceStatus.DOUBTED
    ]
