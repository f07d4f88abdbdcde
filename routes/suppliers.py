"""The building blocks of the rules on drop-ship suppliers: who may send what, and what is ordered from whom."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from canonical.commands import PlacePurchaseOrder
from canonical.events import DeadlinePassed, Event, PurchaseReduced, PurchaseRequested, ReleaseRequested
from canonical.money import Money
from canonical.numbers import purchase_number
from canonical.order import LIVE_RELEASES, Order
from canonical.policy import Policy
from canonical.purchases import Purchase, PurchasedLine, as_units
from canonical.statuses import CancelStatus, RowStatus
from canonical.steps import Remind, Step, StockMoved
from canonical.stock import Node, NodeKind, StockMoveKind, StockView
from routes.calling_off import call_off
from routes.moves import Units, as_lines, give_back, go, units_at
from routes.rules import moment

Free = Callable[[str, str], int]
"""How many units of a SKU a node could send."""


def answer_timer(purchase_id: str) -> str:
    """Return the name of the time by which a purchase order is to be acknowledged."""
    return f"acknowledgement:{purchase_id}"


def sendable(order: Order, view: StockView, nodes: Sequence[Node]) -> Free:
    """Return how many units of a SKU each of `nodes` could send for this order.

    A supplier that refused a SKU of this order, or was asked not to send it, is not asked for it again; what always
    comes from a supplier is not sent by anybody else, while there is a supplier to ask.
    """
    suppliers = [node for node in nodes if node.kind is NodeKind.SUPPLIER]
    if not suppliers:
        return view.free_at
    refused = {(line.sku, p.supplier) for p in order.purchases for line in p.lines if line.dropped}

    def direct(sku: str) -> list[str]:
        found = ((node.id, node.items.get(sku)) for node in suppliers)
        return [
            supplier for supplier, item in found if item and item.direct and (sku, supplier) not in refused
        ]

    def free(sku: str, node: str) -> int:
        only = direct(sku)
        return 0 if (sku, node) in refused or (only and node not in only) else view.free_at(sku, node)

    return free


def purchase(
    order: Order, event: Event, policy: Policy, node: Node, units: Sequence[Units], n: int
) -> Iterator[Step]:
    """Order units from a supplier, as the order's n-th purchase order, and expect its answer in time."""
    number, lines, now = purchase_number(order.id, n), as_lines(units), moment(order, event)
    by = now + timedelta(hours=policy.suppliers.acknowledge_within_h)
    asked = tuple(_lines(node, as_units(lines)))
    yield ReleaseRequested(
        order_id=order.id, release_id=number, node=node.id, connector=node.connector, lines=lines
    )
    for unit in units:
        yield go(order, unit, RowStatus.RELEASED, release=number)
    yield PurchaseRequested(
        order_id=order.id, purchase_id=number, n=n, supplier=node.id, lines=asked, acknowledge_by=by
    )
    yield PlacePurchaseOrder(
        order_id=order.id,
        connector=node.connector,
        key=f"po:{order.id}:{n}",
        purchase_id=number,
        supplier=node.id,
        lines=asked,
        acknowledge_by=by,
    )
    name = answer_timer(number)
    yield Remind(name=name, at=by, event=DeadlinePassed(order_id=order.id, name=name))


def _lines(node: Node, units: dict[str, int]) -> Iterator[PurchasedLine]:
    for number, (sku, quantity) in enumerate(units.items(), 1):
        item = node.items.get(sku)
        cost = None
        if item is not None and item.cost is not None and node.currency is not None:
            cost = Money(amount=item.cost, currency=node.currency)
        reference = item.reference if item else None
        yield PurchasedLine(number=number, sku=sku, reference=reference, quantity=quantity, unit_cost=cost)


def is_live(order: Order, purchase: Purchase) -> bool:
    """Say whether a supplier may still send something of a purchase order."""
    release = order.release(purchase.id)
    return release is not None and release.status in LIVE_RELEASES


def open_units(order: Order, purchase_id: str, sku: str) -> list[Units]:
    """Return what of a SKU a supplier has not sent yet: first what it has not answered to, then what it took on."""
    return [
        unit
        for status in (RowStatus.RELEASED, RowStatus.ACCEPTED)
        for unit in units_at(order, status, release=purchase_id)
        if unit[0].sku == sku
    ]


def part(units: Sequence[Units], most: int) -> list[Units]:
    """Return the first `most` of some units."""
    taken: list[Units] = []
    for line, row, quantity in units:
        now = min(quantity, most)
        if now > 0:
            taken.append((line, row, now))
            most -= now
    return taken


def drop(
    order: Order, policy: Policy, purchase: Purchase, units: Sequence[Units], reason: str
) -> Iterator[Step]:
    """Take units back that a supplier does not send: cancelled where that was asked for, else open as at the start."""
    if not units:
        return
    asked = order.cancellation
    if asked is not None and asked.status is CancelStatus.REQUESTED:
        yield from call_off(order, policy, units, asked.id, asked.reason or reason)
    else:
        yield from give_back(order, units, "dropped")
        for unit in units:
            yield go(order, unit, RowStatus.CREATED)
    yield PurchaseReduced(order_id=order.id, purchase_id=purchase.id, lines=as_lines(units), reason=reason)


def disbelieve(view: StockView, node: str, skus: Sequence[str], cause: str) -> Iterator[StockMoved]:
    """Correct a node's stock: it can't promise any of these until it counts again."""
    for sku in dict.fromkeys(skus):
        free = view.free_at(sku, node)
        if free:
            yield StockMoved(
                key=f"short:{cause}:{sku}", kind=StockMoveKind.ADJUST, sku=sku, node=node, quantity=-free
            )
