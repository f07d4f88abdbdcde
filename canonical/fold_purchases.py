"""How suppliers' words change an order's purchases: late news changes nothing, the same word twice neither."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from canonical.errors import EvolveError
from canonical.events import (
    Event,
    InvoiceApproved,
    InvoiceAwaitsGoods,
    InvoiceDisputed,
    InvoiceDoubted,
    InvoiceReceived,
    PurchaseAnswered,
    PurchaseChangeAgreed,
    PurchaseChangeRefused,
    PurchaseChangeRequested,
    PurchaseExpected,
    PurchaseOverdue,
    PurchasePriceAccepted,
    PurchaseReduced,
    PurchaseRequested,
    SupplierReturnAnswered,
    SupplierReturnRequested,
)
from canonical.order import LIVE_RELEASES, Order, Release
from canonical.purchases import (
    AnsweredLine,
    ChangeStatus,
    Invoice,
    InvoiceStatus,
    LineAnswer,
    Purchase,
    PurchaseChange,
    PurchaseLine,
    SupplierReturn,
    as_units,
)
from canonical.statuses import RELEASE_MOVES, ReleaseStatus, may_follow

_TAKES_ON = {LineAnswer.ACCEPTED, LineAnswer.CHANGED, LineAnswer.BACK_ORDERED}


def _of(order: Order, event: Any) -> Purchase:
    purchase = order.purchase(event.purchase_id)
    if purchase is None:
        raise EvolveError(event, f"there is no purchase order {event.purchase_id}")
    return purchase


def _release(order: Order, event: Event, purchase: Purchase) -> Release:
    release = order.release(purchase.id)
    if release is None:
        raise EvolveError(event, f"there is no release {purchase.id}")
    return release


def _put(order: Order, purchase: Purchase, **changes: Any) -> dict[str, Any]:
    changed = purchase.replace(**changes)
    return {"purchases": tuple(changed if p.id == purchase.id else p for p in order.purchases)}


def _released(order: Order, event: Event, release: Release, **changes: Any) -> dict[str, Any]:
    after = changes.get("status", release.status)
    if not may_follow(RELEASE_MOVES, release.status, after):
        raise EvolveError(
            event, f"release {release.id} doesn't go from {release.status.value} to {after.value}"
        )
    changed = release.replace(**changes)
    return {"releases": tuple(changed if r.id == release.id else r for r in order.releases)}


def _requested(order: Order, event: PurchaseRequested) -> dict[str, Any]:
    if order.purchase(event.purchase_id) is not None:
        raise EvolveError(event, f"purchase order {event.purchase_id} exists already")
    purchase = Purchase(
        id=event.purchase_id,
        n=event.n,
        supplier=event.supplier,
        requested_at=event.recorded_at or order.placed_at,
        lines=tuple(PurchaseLine.model_validate(line.model_dump()) for line in event.lines),
        acknowledge_by=event.acknowledge_by,
    )
    return {"purchases": (*order.purchases, purchase)}


def _answered(order: Order, event: PurchaseAnswered) -> dict[str, Any]:
    purchase = _of(order, event)
    release = _release(order, event, purchase)
    if release.status not in LIVE_RELEASES:
        raise EvolveError(event, f"purchase order {purchase.id} is {release.status.value}: it is over")
    said = event.lines or tuple(
        AnsweredLine(sku=line.sku, answer=LineAnswer.ACCEPTED) for line in purchase.lines
    )
    changes = _put(
        order,
        purchase,
        lines=tuple(_told(line, [s for s in said if s.sku == line.sku]) for line in purchase.lines),
        answered_at=purchase.answered_at or event.occurred_at or event.recorded_at or order.placed_at,
        overdue=None if purchase.overdue == "acknowledgement" else purchase.overdue,
    )
    takes_on = any(s.answer in _TAKES_ON and s.quantity != 0 for s in said)
    if release.status is ReleaseStatus.REQUESTED and takes_on:
        changes |= _released(order, event, release, status=ReleaseStatus.ACCEPTED)
    return changes


def _told(line: PurchaseLine, said: Sequence[AnsweredLine]) -> PurchaseLine:
    """Return a line after a supplier's word on it. What it refused once stays refused; nothing adds up to too much."""
    if not said:
        return line
    units = {a: sum(s.quantity or 0 for s in said if s.answer is a) for a in LineAnswer}
    named = {s.answer for s in said}
    for s in (s for s in said if s.quantity is None):
        units[s.answer] = max(0, line.quantity - sum(units.values()))
    back = units[LineAnswer.BACK_ORDERED] if LineAnswer.BACK_ORDERED in named else line.back_ordered
    refused = units[LineAnswer.REJECTED]
    if LineAnswer.CHANGED in named:
        refused = line.quantity - units[LineAnswer.CHANGED] - units[LineAnswer.BACK_ORDERED]
    refused = min(max(line.refused, refused), line.quantity)
    taken = line.accepted
    if named & {LineAnswer.ACCEPTED, LineAnswer.CHANGED}:
        taken = units[LineAnswer.ACCEPTED] + units[LineAnswer.CHANGED]
    taken = min(taken, line.quantity - refused)
    back = min(back, line.quantity - refused - taken)
    return line.replace(accepted=taken, back_ordered=back, refused=refused, **_terms(line, said))


def _terms(line: PurchaseLine, said: Sequence[AnsweredLine]) -> dict[str, Any]:
    """Return what a word on a line says of dates and of the cost."""
    terms: dict[str, Any] = {}
    for s in said:
        if s.expected_at is not None:
            terms["back_at" if s.answer is LineAnswer.BACK_ORDERED else "expected_at"] = s.expected_at
        if s.unit_cost is not None:
            terms["told_cost"] = None if s.unit_cost == line.unit_cost else s.unit_cost
    return terms


def _price_accepted(order: Order, event: PurchasePriceAccepted) -> dict[str, Any]:
    purchase = _of(order, event)
    lines = tuple(
        line.replace(unit_cost=line.told_cost, told_cost=None) if line.told_cost is not None else line
        for line in purchase.lines
    )
    return _put(order, purchase, lines=lines)


def _expected(order: Order, event: PurchaseExpected) -> dict[str, Any]:
    purchase = _of(order, event)
    overdue = None if purchase.overdue == "ship_notice" else purchase.overdue
    return _put(order, purchase, ship_by=event.ship_by, overdue=overdue)


def _reduced(order: Order, event: PurchaseReduced) -> dict[str, Any]:
    """A purchase of which nothing is left to come is refused, or sent as far as it was."""
    purchase = _of(order, event)
    release = _release(order, event, purchase)
    gone = as_units(event.lines)
    lines = tuple(line.replace(dropped=line.dropped + gone.get(line.sku, 0)) for line in purchase.lines)
    less = {line.line_id: line.quantity for line in event.lines}
    left = tuple(
        line.replace(quantity=line.quantity - less.get(line.line_id, 0))
        for line in release.lines
        if line.quantity > less.get(line.line_id, 0)
    )
    status = release.status
    sent = sum(line.quantity for s in order.shipments if s.release == release.id for line in s.lines)
    if sent >= release.replace(lines=left).wanted():
        status = ReleaseStatus.SHIPPED if sent else ReleaseStatus.REFUSED
    return _put(order, purchase, lines=lines) | _released(order, event, release, lines=left, status=status)


def _change_requested(order: Order, event: PurchaseChangeRequested) -> dict[str, Any]:
    purchase = _of(order, event)
    if purchase.open_change() is not None:
        raise EvolveError(event, f"a change of purchase order {purchase.id} is not answered yet")
    at = event.recorded_at or order.placed_at
    change = PurchaseChange(id=event.change_id, lines=event.lines, requested_at=at)
    return _put(order, purchase, changes=(*purchase.changes, change))


def _change_decided(status: ChangeStatus) -> Callable[[Order, Any], dict[str, Any]]:
    def change(order: Order, event: Any) -> dict[str, Any]:
        purchase = _of(order, event)
        open_one = purchase.open_change()
        if open_one is None or event.change_id not in {None, open_one.id}:
            named = event.change_id or "any change"
            raise EvolveError(event, f"nobody waits for an answer to {named} of purchase order {purchase.id}")
        decided = open_one.replace(status=status)
        return _put(order, purchase, changes=tuple(decided if c is open_one else c for c in purchase.changes))

    return change


def _overdue(order: Order, event: PurchaseOverdue) -> dict[str, Any]:
    return _put(order, _of(order, event), overdue=event.step)


def minded(order: Order) -> dict[str, Any]:
    """Return what changes when a person has seen to all that suppliers are late with."""
    if not order.purchases:
        return {}
    return {"purchases": tuple(p.replace(overdue=None) if p.overdue else p for p in order.purchases)}


def _invoice_received(order: Order, event: InvoiceReceived) -> dict[str, Any]:
    purchase = _of(order, event)
    if purchase.invoice(event.invoice_id) is not None:
        raise EvolveError(event, f"invoice {event.invoice_id} was here before")
    invoice = Invoice(
        id=event.invoice_id,
        received_at=event.recorded_at or order.placed_at,
        lines=event.lines,
        freight=event.freight,
        allowances=event.allowances,
        tax=event.tax,
        total=event.total,
    )
    return _put(order, purchase, invoices=(*purchase.invoices, invoice))


def _invoiced(order: Order, event: Any, *before: InvoiceStatus, **changes: Any) -> dict[str, Any]:
    """Return what changes when an invoice changes that stands at one of `before`."""
    purchase = _of(order, event)
    invoice = purchase.invoice(event.invoice_id)
    if invoice is None:
        raise EvolveError(event, f"purchase order {purchase.id} has no invoice {event.invoice_id}")
    if invoice.status not in before:
        raise EvolveError(event, f"invoice {invoice.id} is {invoice.status.value} already")
    changed = invoice.replace(**changes)
    return _put(order, purchase, invoices=tuple(changed if i is invoice else i for i in purchase.invoices))


def _awaits(order: Order, event: InvoiceAwaitsGoods) -> dict[str, Any]:
    return _invoiced(order, event, InvoiceStatus.WAITING, wait_until=event.until)


def _approved(order: Order, event: InvoiceApproved) -> dict[str, Any]:
    undecided = (InvoiceStatus.WAITING, InvoiceStatus.DOUBTED, InvoiceStatus.DISPUTED)
    after = InvoiceStatus.APPROVED
    return _invoiced(order, event, *undecided, status=after, wait_until=None, decided_by=event.actor)


def _doubted(order: Order, event: InvoiceDoubted) -> dict[str, Any]:
    after = InvoiceStatus.DOUBTED
    return _invoiced(order, event, InvoiceStatus.WAITING, status=after, wait_until=None, doubts=event.doubts)


def _disputed(order: Order, event: InvoiceDisputed) -> dict[str, Any]:
    before, after = (InvoiceStatus.WAITING, InvoiceStatus.DOUBTED), InvoiceStatus.DISPUTED
    return _invoiced(order, event, *before, status=after, wait_until=None, decided_by=event.actor)


def _return_requested(order: Order, event: SupplierReturnRequested) -> dict[str, Any]:
    purchase = _of(order, event)
    if any(r.id == event.return_id for r in purchase.returns):
        raise EvolveError(event, f"return {event.return_id} was asked for before")
    wish = SupplierReturn(id=event.return_id, lines=event.lines, reason=event.reason)
    return _put(order, purchase, returns=(*purchase.returns, wish))


def _return_answered(order: Order, event: SupplierReturnAnswered) -> dict[str, Any]:
    purchase = _of(order, event)
    wish = next((r for r in purchase.returns if r.id == event.return_id), None)
    if wish is None or wish.status is not ChangeStatus.REQUESTED:
        raise EvolveError(event, f"nobody waits for an answer to return {event.return_id}")
    status = ChangeStatus.REFUSED if event.authorisation is None else ChangeStatus.AGREED
    decided = wish.replace(status=status, authorisation=event.authorisation)
    return _put(order, purchase, returns=tuple(decided if r is wish else r for r in purchase.returns))


def left(order: Order, release_id: str, at: Any) -> dict[str, Any]:
    """Return what changes in the purchases when goods of a release leave: a ship notice is an answer too."""
    purchase = order.purchase(release_id)
    if purchase is None or (purchase.answered_at is not None and purchase.overdue is None):
        return {}
    return _put(order, purchase, answered_at=purchase.answered_at or at, overdue=None)


def units_sent(order: Order, purchase_id: str) -> Mapping[str, int]:
    """Return how many units of each SKU have left for a purchase order."""
    return as_units(line for s in order.shipments if s.release == purchase_id for line in s.lines)


PURCHASE_CHANGES: Mapping[type[Event], Callable[[Order, Any], dict[str, Any]]] = {
    PurchaseRequested: _requested,
    PurchaseAnswered: _answered,
    PurchasePriceAccepted: _price_accepted,
    PurchaseExpected: _expected,
    PurchaseReduced: _reduced,
    PurchaseChangeRequested: _change_requested,
    PurchaseChangeAgreed: _change_decided(ChangeStatus.AGREED),
    PurchaseChangeRefused: _change_decided(ChangeStatus.REFUSED),
    PurchaseOverdue: _overdue,
    InvoiceReceived: _invoice_received,
    InvoiceAwaitsGoods: _awaits,
    InvoiceApproved: _approved,
    InvoiceDoubted: _doubted,
    InvoiceDisputed: _disputed,
    SupplierReturnRequested: _return_requested,
    SupplierReturnAnswered: _return_answered,
}
