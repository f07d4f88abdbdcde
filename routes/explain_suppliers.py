"""What an order waits for at drop-ship suppliers: answers, goods, a word on invoices. From the order alone."""

from collections.abc import Iterator

from canonical.order import LIVE_RELEASES, Order, Release
from canonical.purchases import ChangeStatus, InvoiceStatus, Purchase
from canonical.statuses import ReleaseStatus, RowStatus
from routes.explain_parcels import Wait
from routes.moves import units_at


def suppliers(order: Order) -> Iterator[Wait]:
    """Yield what is waited for at suppliers, by purchase order."""
    for purchase in order.purchases:
        release = order.release(purchase.id)
        if release is not None and release.status in LIVE_RELEASES:
            yield _goods(order, purchase, release)
            yield from _changes(purchase)


def invoices(order: Order) -> Iterator[Wait]:
    """Yield the invoices that are not decided; they outlive the order."""
    for purchase in order.purchases:
        for invoice in purchase.invoices:
            name = f"invoice {invoice.id} of {purchase.supplier} over {invoice.total}"
            if invoice.status is InvoiceStatus.WAITING and invoice.wait_until is not None:
                step = f"it is put before a person on {invoice.wait_until:%Y-%m-%d %H:%M} UTC"
                what = f"the ship notice of what {name} charges"
                yield Wait(what, invoice.received_at, f"supplier {purchase.supplier}", step)
            elif invoice.status is InvoiceStatus.DOUBTED:
                what = f"a word on {name}: {', '.join(invoice.doubts)}"
                yield Wait(what, invoice.received_at, "purchasing", "accept it, or dispute it")


def _goods(order: Order, purchase: Purchase, release: Release) -> Wait:
    who, name = f"supplier {purchase.supplier}", f"purchase order {purchase.id}"
    units = sum(n for _, _, n in units_at(order, RowStatus.RELEASED, RowStatus.ACCEPTED, release=release.id))
    if release.status is ReleaseStatus.CANCEL_REQUESTED:
        asked = order.cancellation.requested_at if order.cancellation else purchase.requested_at
        step = "it cancels them, or says that it is too late"
        return Wait(f"{who} to cancel {units} units of {name}", asked, who, step)
    if purchase.answered_at is None:
        by = f"it is to say by {purchase.acknowledge_by:%Y-%m-%d %H:%M} UTC what it sends, and when"
        return Wait(f"{who} to acknowledge {name} of {units} units", purchase.requested_at, who, by)
    back = ", ".join(
        f"{line.back_ordered} × {line.sku}" + (f" by {line.back_at:%Y-%m-%d}" if line.back_at else "")
        for line in purchase.lines
        if line.back_ordered
    )
    later = f" (on back-order: {back})" if back else ""
    due = f", due {purchase.ship_by:%Y-%m-%d %H:%M} UTC" if purchase.ship_by else ""
    return Wait(
        f"{who} to send {units} units of {name}{later}", purchase.answered_at, who, f"its ship notice{due}"
    )


def _changes(purchase: Purchase) -> Iterator[Wait]:
    for change in purchase.changes:
        if change.status is ChangeStatus.REQUESTED:
            less = ", ".join(f"{line.quantity} × {line.sku}" for line in change.lines)
            what = f"supplier {purchase.supplier} to let go of {less}"
            step = "what it lets go of is wanted from somebody else"
            yield Wait(what, change.requested_at, f"supplier {purchase.supplier}", step)
    for wish in purchase.returns:
        if wish.status is ChangeStatus.REQUESTED:
            what = f"supplier {purchase.supplier} to take return {wish.id} back"
            yield Wait(what, None, f"supplier {purchase.supplier}", "its number, which goes on the parcel")
