"""Purchase orders at drop-ship suppliers: what they answer, and what follows for units, prices and people."""

from collections.abc import Iterator
from datetime import timedelta

from canonical.commands import ChangePurchaseOrder, RequestSupplierReturn
from canonical.events import (
    HoldReleased,
    PurchaseAnswered,
    PurchaseChangeAgreed,
    PurchaseChangeRefused,
    PurchaseChangeRequested,
    PurchasePriceAccepted,
    StepRefused,
    SupplierReturnAnswered,
    SupplierReturnRequested,
)
from canonical.fold_purchases import units_sent
from canonical.money import Money
from canonical.order import Order
from canonical.policy import Policy
from canonical.purchases import ChangeStatus, Purchase, PurchaseLine, PurchaseUnits
from canonical.statuses import CancelStatus, ChannelStatus, HoldType, RowStatus
from canonical.steps import Step, Steps, StockOf
from routes import telling
from routes.moves import Units, go
from routes.rules import moment, rule
from routes.sourcing import eligible
from routes.suppliers import disbelieve, drop, is_live, open_units, part, sendable


@rule(PurchaseAnswered)
def take_the_suppliers_answer(order: Order, event: PurchaseAnswered, policy: Policy) -> Steps:
    """Mark what a supplier takes on; what it will not send is wanted from somebody else."""
    purchase = order.purchase(event.purchase_id)
    if purchase is None:
        return
    refused: list[Units] = []
    for line in purchase.lines:
        still = open_units(order, purchase.id, line.sku)
        gone = part(still, line.refused - line.dropped)
        refused += gone
        for unit in _taken_on(order, purchase, line, _without(still, gone)):
            yield go(order, unit, RowStatus.ACCEPTED)
    said = ", ".join(dict.fromkeys(s.reason for s in event.lines if s.reason))
    yield from drop(order, policy, purchase, refused, said or "the supplier does not send it")
    if refused:
        skus = [line.sku for line, _, _ in refused]
        view = yield StockOf(skus=frozenset(skus))
        yield from disbelieve(view, purchase.supplier, skus, f"{purchase.id}:{order.version}")
    unknown = sorted({s.sku for s in event.lines if purchase.line(s.sku) is None})
    if unknown:
        reason = f"{purchase.supplier} answers to {', '.join(unknown)}, which {purchase.id} has not"
        yield StepRefused(order_id=order.id, step="acknowledgement", reason=reason)


def _without(units: list[Units], gone: list[Units]) -> list[Units]:
    """Return what is left of some units; `gone` are the first of them."""
    skip = sum(quantity for _, _, quantity in gone)
    left: list[Units] = []
    for line, row, quantity in units:
        passed = min(skip, quantity)
        skip -= passed
        if quantity > passed:
            left.append((line, row, quantity - passed))
    return left


def _taken_on(order: Order, purchase: Purchase, line: PurchaseLine, still: list[Units]) -> list[Units]:
    """Return the units that the supplier's word on a line covers, and that are not marked so yet."""
    marked = sum(quantity for _, row, quantity in still if row.status is RowStatus.ACCEPTED)
    covered = line.accepted + line.back_ordered - units_sent(order, purchase.id).get(line.sku, 0)
    return part([unit for unit in still if unit[1].status is RowStatus.RELEASED], covered - marked)


@rule(PurchaseAnswered)
def agree_to_the_suppliers_price(order: Order, event: PurchaseAnswered, policy: Policy) -> Steps:
    """Take a price that is within the policy's tolerance; another one is put before a person."""
    purchase = order.purchase(event.purchase_id)
    told = [line for line in purchase.lines if line.told_cost is not None] if purchase else []
    if told and all(
        within(line.told_cost, line.unit_cost, policy) for line in told if line.told_cost is not None
    ):
        yield PurchasePriceAccepted(order_id=order.id, purchase_id=event.purchase_id, actor="policy")


def within(asked: Money, agreed: Money | None, policy: Policy) -> bool:
    """Say whether a unit may cost what is asked for it, where so much was agreed."""
    if agreed is None or asked.currency != agreed.currency:
        return False
    percent = policy.suppliers.invoices.unit_price_percent
    return asked.amount * 100 <= agreed.amount * (100 + percent)


@rule(HoldReleased)
def take_a_release_as_agreement(order: Order, event: HoldReleased, policy: Policy) -> Steps:
    """Whoever releases what was held for a supplier's price agrees to that price."""
    if event.type is HoldType.SUPPLIER_PROBLEM:
        for purchase in order.purchases:
            if any(line.told_cost is not None for line in purchase.lines):
                yield PurchasePriceAccepted(order_id=order.id, purchase_id=purchase.id, actor=event.actor)


@rule(PurchaseAnswered)
def take_what_comes_too_late_elsewhere(order: Order, event: PurchaseAnswered, policy: Policy) -> Steps:
    """Ask a supplier to let go of what it would send too late, where somebody else has it; else wait for it."""
    purchase, asked = order.purchase(event.purchase_id), order.cancellation
    stopping = asked is not None and asked.status is CancelStatus.REQUESTED
    if purchase is None or stopping or purchase.open_change() is not None or not is_live(order, purchase):
        return
    latest = moment(order, event) + timedelta(days=policy.suppliers.back_order_within_days)
    late = {
        line.sku: units
        for line in purchase.lines
        if (units := _back_ordered(order, purchase, line)) and (line.back_at is None or line.back_at > latest)
    }
    if not late:
        return
    view = yield StockOf(skus=frozenset(late))
    others = [node for node in eligible(order, view.nodes) if node.id != purchase.supplier]
    free = sendable(order, view, others)
    wanted = tuple(
        PurchaseUnits(sku=sku, quantity=units)
        for sku, units in late.items()
        if min(view.available(sku), sum(free(sku, node.id) for node in others)) >= units
    )
    if wanted:
        reason = "it comes too late, and can be sent by somebody else"
        yield from _change(order, purchase, wanted, reason)


def _back_ordered(order: Order, purchase: Purchase, line: PurchaseLine) -> int:
    """Return how many units of a line the supplier still has to send, and has on back-order."""
    still = sum(quantity for _, _, quantity in open_units(order, purchase.id, line.sku))
    return min(line.back_ordered, still)


def _change(order: Order, purchase: Purchase, less: tuple[PurchaseUnits, ...], reason: str) -> Iterator[Step]:
    release = order.release(purchase.id)
    if release is None:
        return
    change_id = f"{purchase.id}-c{len(purchase.changes) + 1}"
    yield PurchaseChangeRequested(
        order_id=order.id, purchase_id=purchase.id, change_id=change_id, lines=less, reason=reason
    )
    yield ChangePurchaseOrder(
        order_id=order.id,
        connector=release.connector,
        key=f"po_change:{order.id}:{purchase.n}:{len(purchase.changes) + 1}",
        purchase_id=purchase.id,
        supplier=purchase.supplier,
        change_id=change_id,
        lines=less,
        reason=reason,
    )


@rule(PurchaseChangeAgreed)
def take_back_what_the_supplier_lets_go(order: Order, event: PurchaseChangeAgreed, policy: Policy) -> Steps:
    """What a supplier agrees not to send, and has not sent meanwhile, is wanted from somebody else."""
    purchase = order.purchase(event.purchase_id)
    if purchase is None:
        return
    change = purchase.changes[-1]
    back: list[Units] = []
    for line in change.lines:
        back += part(open_units(order, purchase.id, line.sku)[::-1], line.quantity)
    yield from drop(order, policy, purchase, back, "the supplier lets go of it")


@rule(PurchaseChangeRefused)
def say_that_it_comes_all_the_same(order: Order, event: PurchaseChangeRefused, policy: Policy) -> Steps:
    """A person reads in the journal that the supplier sends what it was asked not to send."""
    reason = f"purchase order {event.purchase_id} stays as it is: {event.reason or 'no reason was given'}"
    yield StepRefused(order_id=order.id, step="purchase_change", reason=reason)


@rule(PurchaseAnswered)
def tell_that_the_supplier_is_short(order: Order, event: PurchaseAnswered, policy: Policy) -> Steps:
    """Tell channel and buyer which units their supplier sends later, unless they are wanted from somebody else."""
    purchase = order.purchase(event.purchase_id)
    if purchase is None or purchase.open_change() is not None:
        return
    late = {line.sku: _back_ordered(order, purchase, line) for line in purchase.lines}
    told = {line.sku for line in event.lines} & {sku for sku, units in late.items() if units}
    if told:
        turn = ":".join((purchase.id, *(f"{sku}={late[sku]}@{_day(purchase, sku)}" for sku in sorted(told))))
        reason = ", ".join(sorted(told))
        yield from telling.status(order, policy, ChannelStatus.BACK_ORDERED, turn, reason)
        yield from telling.mail(order, policy, "back_ordered", turn, reason=reason)


def _day(purchase: Purchase, sku: str) -> str:
    line = purchase.line(sku)
    return f"{line.back_at:%Y-%m-%d}" if line is not None and line.back_at is not None else "-"


@rule(SupplierReturnRequested)
def ask_the_supplier_to_take_it_back(order: Order, event: SupplierReturnRequested, policy: Policy) -> Steps:
    """Ask a supplier for the number under which it takes goods back."""
    purchase, release = order.purchase(event.purchase_id), order.release(event.purchase_id)
    if purchase is not None and release is not None:
        yield RequestSupplierReturn(
            order_id=order.id,
            connector=release.connector,
            key=f"supplier_return:{order.id}:{purchase.n}:{event.return_id}",
            purchase_id=purchase.id,
            supplier=purchase.supplier,
            return_id=event.return_id,
            lines=event.lines,
            reason=event.reason,
        )


@rule(SupplierReturnAnswered)
def say_what_is_not_taken_back(order: Order, event: SupplierReturnAnswered, policy: Policy) -> Steps:
    """A person reads in the journal that a supplier does not take goods back."""
    purchase = order.purchase(event.purchase_id)
    declined = purchase is not None and any(
        r.id == event.return_id and r.status is ChangeStatus.REFUSED for r in purchase.returns
    )
    if purchase is not None and declined:
        reason = f"{purchase.supplier} does not take return {event.return_id} back: {event.reason}"
        yield StepRefused(order_id=order.id, step="supplier_return", reason=reason)
