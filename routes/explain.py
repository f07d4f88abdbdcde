"""What an order waits for, since when, who can act, and what happens then. From the order alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from canonical.fraud import FraudStanding
from canonical.order import NOT_LEFT_YET, Hold, Order, Release
from canonical.payment import Outcome, PaymentEntry, PaymentKind
from canonical.statuses import ENDED, Block, HoldType, OrderStatus, ReleaseStatus, RowStatus
from routes.dues import prepaid_to_pay_back, taken
from routes.explain_parcels import Wait, parcels
from routes.explain_suppliers import invoices, suppliers
from routes.moves import units_at

__all__ = ["Explanation", "Wait", "explain"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Where an order stands, and everything that it waits for; the first is what stops it most."""

    status: OrderStatus
    waits: tuple[Wait, ...]


_RESOLVERS: Mapping[HoldType, tuple[str, str]] = {
    HoldType.AWAITING_PAYMENT: ("the customer", "it goes on as soon as a gateway holds the money"),
    HoldType.PAYMENT_FAILED: (
        "the customer, or payment support",
        "it goes on once the money is authorised; releasing the hold tries a failed capture again",
    ),
    HoldType.REAUTH_NEEDED: ("the customer", "it goes on once the money is authorised anew"),
    HoldType.FRAUD_REVIEW: ("fraud review", "clear the order, or cancel it"),
    HoldType.INCORRECT_ADDRESS: ("support", "correct the address, then release the hold"),
    HoldType.STOCK_SHORT: ("purchasing", "bring stock in, or cancel the units"),
    HoldType.PRICE_MISMATCH: (
        "support",
        "release the hold to take what the channel says, or cancel the order",
    ),
    HoldType.MAPPING_ERROR: ("an integration engineer", "repair the mapping and replay the message"),
    HoldType.DUPLICATE_SUSPECT: ("support", "release the hold, or cancel the order"),
    HoldType.AMENDMENT_OPEN: ("support", "make the change or decline it, then release the hold"),
    HoldType.CANCEL_PENDING: ("the warehouse", "it answers whether it can still stop the goods"),
    HoldType.RELEASE_DATE: ("nobody", "it goes on by itself on its date"),
    HoldType.COMPLIANCE: ("compliance", "release the hold once it is settled, or cancel the order"),
    HoldType.CUSTOMER_REQUEST: ("the customer", "release the hold when the customer says so"),
    HoldType.DELIVERY_PROBLEM: (
        "support",
        "ask the carrier, or make it good to the buyer, then release the hold; it goes when the parcel moves on",
    ),
    HoldType.SUPPLIER_PROBLEM: (
        "purchasing",
        "ask the supplier, then release the hold, which agrees to its prices; it goes once the supplier has answered",
    ),
    HoldType.INVOICE_MISMATCH: (
        "purchasing",
        "release the hold to accept what the invoice charges, or dispute the invoice",
    ),
    HoldType.OTHER: ("support", "look at the reason, then release the hold"),
}

_ASKED: Mapping[PaymentKind, str] = {
    PaymentKind.AUTHORISE: "authorise",
    PaymentKind.CAPTURE: "capture",
    PaymentKind.VOID: "let go",
    PaymentKind.REFUND: "pay back",
}


def explain(order: Order) -> Explanation:
    """Say what an order waits for; an ended one waits at most for its gateway."""
    status = order.status()
    waits = [*_gateways(order), *_refunds(order), *invoices(order)]
    if status not in ENDED:
        waits = [
            *_holds(order),
            *_money(order),
            *waits,
            *_stock(order),
            *_warehouses(order),
            *suppliers(order),
            *parcels(order),
            *_captures(order),
        ]
    return Explanation(status, tuple(waits))


def _holds(order: Order) -> Iterator[Wait]:
    for hold in order.holds:
        who, step = _resolver(order, hold)
        name = hold.type.value.replace("_", " ")
        yield Wait(f"a hold by {hold.actor}, {name}: {hold.reason}", hold.placed_at, who, step)


def _resolver(order: Order, hold: Hold) -> tuple[str, str]:
    check = order.fraud
    if hold.type is HoldType.FRAUD_REVIEW and check is not None and check.standing is FraudStanding.PENDING:
        return check.by, "it decides, or the policy does when its time is up"
    return _RESOLVERS[hold.type]


def _gateways(order: Order) -> Iterator[Wait]:
    for entry in order.payment.latest():
        if entry.outcome is Outcome.REQUESTED:
            yield _gateway(entry)


def _gateway(entry: PaymentEntry) -> Wait:
    if entry.kind is PaymentKind.DISPUTE:
        what = f"the dispute of {entry.amount} at {entry.gateway}"
        return Wait(what, entry.at, "payment support", "answer the dispute at the gateway")
    what = f"{entry.gateway} to {_ASKED[entry.kind]} {entry.amount}"
    return Wait(what, entry.at, entry.gateway, "its answer moves the order")


def _refunds(order: Order) -> Iterator[Wait]:
    """Tell what the channel was paid for nothing: it pays that back itself, or the hub tried to and failed."""
    owed = prepaid_to_pay_back(order)
    if not owed:
        return
    what = f"{owed} to go back to the customer, paid to {order.channel} for what is cancelled"
    if failed := order.payment.prepaid_refunds(Outcome.FAILED):
        who, step = "payment support", f"pay it back by hand: {failed[-1].reason or 'the gateway refused'}"
    else:
        step = "the channel pays it back itself; the hub counts it once it is told"
        who = order.channel
    yield Wait(what, None, who, step)


def _money(order: Order) -> Iterator[Wait]:
    pending = order.payment.of_kind(PaymentKind.AUTHORISE, Outcome.REQUESTED)
    if not pending and order.quantity(*NOT_LEFT_YET) and not order.is_paid_for():
        what = f"money: {order.payment.covered(order.currency)} of {order.owed()} is covered"
        yield Wait(what, None, "the customer", "it goes on as soon as a gateway holds the money")


def _stock(order: Order) -> Iterator[Wait]:
    short: dict[str, int] = {}
    for line, _, quantity in units_at(order, RowStatus.CREATED, RowStatus.BACKORDERED):
        short[line.sku] = short.get(line.sku, 0) + quantity
    for sku, quantity in short.items():
        step = "it is reserved as soon as stock comes in, and cancelled if that takes too long"
        yield Wait(f"stock: {quantity} × {sku}", None, "purchasing", step)
    ready = order.quantity(RowStatus.RESERVED, RowStatus.SCHEDULED)
    if ready and short and order.is_paid_for() and not order.blocked(Block.SOURCE):
        step = "it goes when all of it is there"
        yield Wait(f"the rest of the order: {ready} units are reserved", None, "the hub", step)


def _warehouses(order: Order) -> Iterator[Wait]:
    for release in order.releases:
        wait = _warehouse(order, release)
        if wait is not None and order.purchase(release.id) is None:
            yield wait


def _warehouse(order: Order, release: Release) -> Wait | None:
    node, since = f"warehouse {release.node}", release.requested_at
    units = _open_units(order, release)
    match release.status:
        case ReleaseStatus.REQUESTED if not release.submitted:
            return None  # it waits for its labels, not for its node
        case ReleaseStatus.REQUESTED:
            return Wait(f"{node} to accept {units} units", since, node, "it accepts, refuses or sends them")
        case ReleaseStatus.ACCEPTED | ReleaseStatus.PARTIALLY_SHIPPED:
            return Wait(f"{node} to send {units} units", since, node, "it sends them")
        case ReleaseStatus.CANCEL_REQUESTED:
            asked = order.cancellation.requested_at if order.cancellation else since
            return Wait(
                f"{node} to stop {units} units", asked, node, "it stops them, or says that it is too late"
            )
        case _:
            return None


def _open_units(order: Order, release: Release) -> int:
    """Return how many units of a release have not left."""
    return sum(n for _, _, n in units_at(order, RowStatus.RELEASED, RowStatus.ACCEPTED, release=release.id))


def _captures(order: Order) -> Iterator[Wait]:
    due = order.worth_shipped() - order.payment.prepaid(order.currency) - taken(order)
    if due.amount <= 0:
        return
    since = order.shipments[-1].shipped_at
    if order.quantity(*NOT_LEFT_YET):
        what = f"the capture of {due} for what has left"
        yield Wait(
            what, since, "the hub", "it is captured with the last parcel, or when nothing more will leave"
        )
    elif not order.blocked(Block.CAPTURE):
        what = f"{due} for what has left: no authorisation covers it"
        yield Wait(what, since, "payment support", "ask the customer for the money")
