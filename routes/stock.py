"""Reserving stock: at placement, before payment and checks; again after a refusal, and when stock comes in."""

import hashlib
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from datetime import timedelta

from canonical.events import (
    DeadlinePassed,
    Event,
    OrderPlaced,
    StepRefused,
    StockArrived,
    StockReserved,
    StockShort,
)
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import ChannelStatus, RowStatus
from canonical.steps import Forget, Remind, Step, Steps, StockOf
from canonical.stock import Node, StockMoveKind, StockView
from routes import telling
from routes.calling_off import call_off_by_policy
from routes.moves import Units, at_network, go, ledger, units_at
from routes.rules import moment, rule
from routes.sourcing import eligible
from routes.suppliers import Free, sendable

WAITING = (RowStatus.CREATED, RowStatus.BACKORDERED)


def back_order_timer(order: Order) -> str:
    """Return the name of the time at which back-ordered units are given up."""
    return f"back_order:{order.id}"


@rule(Event)
def reserve_what_is_open(order: Order, event: Event, policy: Policy) -> Steps:
    """Reserve what has no stock yet, in line order; the rest waits for stock, or is cancelled where none may wait."""
    wanted = units_at(order, RowStatus.CREATED)
    if not wanted:
        return
    short = yield from _reserve(order, wanted)
    if not short:
        if not order.quantity(RowStatus.BACKORDERED):
            yield StockReserved(order_id=order.id)
    elif policy.stock.back_order:
        for unit in short:
            yield go(order, unit, RowStatus.BACKORDERED)
        yield StockShort(order_id=order.id, skus=_skus(short))
    else:
        yield from call_off_by_policy(order, policy, short, "short", "it is out of stock")


@rule(StockArrived)
def reserve_what_came_in(order: Order, event: StockArrived, policy: Policy) -> Steps:
    """Reserve for back-ordered units what came in of their SKU."""
    wanted = [unit for unit in units_at(order, RowStatus.BACKORDERED) if unit[0].sku == event.sku]
    if not wanted:
        return
    short = yield from _reserve(order, wanted)
    still = order.quantity(*WAITING) - _count(wanted) + _count(short)
    if not still:
        yield StockReserved(order_id=order.id)
        yield Forget(order_id=order.id, name=back_order_timer(order))


def _reserve(order: Order, wanted: Sequence[Units]) -> Generator[Step, StockView, list[Units]]:
    """Reserve as much of `wanted` as there is, in line order, and return what there is not."""
    skus = frozenset(line.sku for line, _, _ in wanted)
    view = yield StockOf(skus=skus)
    nodes = eligible(order, view.nodes)
    free = sendable(order, view, nodes)
    there = {sku: _available(view, sku, nodes, free) for sku in skus}
    got: list[Units] = []
    short: list[Units] = []
    for line, row, quantity in wanted:
        taken = min(quantity, there[line.sku])
        there[line.sku] -= taken
        if taken:
            got.append((line, row, taken))
        if taken < quantity:
            short.append((line, row, quantity - taken))
    yield from ledger(order, StockMoveKind.RESERVE, at_network(got), "reserve")
    for unit in got:
        yield go(order, unit, RowStatus.RESERVED)
    return short


def _available(view: StockView, sku: str, nodes: Iterable[Node], free: Free) -> int:
    """Return what may be promised to this order: what lies where it can't be sent from is of no use to it."""
    return min(view.available(sku), sum(free(sku, node.id) for node in nodes))


@rule(OrderPlaced)
def check_that_somebody_delivers(order: Order, event: OrderPlaced, policy: Policy) -> Steps:
    """Say so when no warehouse offers the promised delivery method: nothing can be reserved then."""
    view = yield StockOf(skus=frozenset(line.sku for line in order.lines))
    if not eligible(order, view.nodes):
        reason = f"no enabled warehouse offers the delivery method {order.shipping.method!r}"
        yield StepRefused(order_id=order.id, step="source", reason=reason)


@rule(StockShort)
def wait_for_stock(order: Order, event: StockShort, policy: Policy) -> Steps:
    """Tell channel and buyer which units wait for stock, and give these up in time.

    What is told is what waits now, and these words are told once: whoever finds the same units short again, in the same
    message or after another warehouse refused them, tells nothing new.
    """
    waiting = units_at(order, RowStatus.BACKORDERED)
    if not waiting:
        return
    days = policy.stock.cancel_back_order_after_days
    name = back_order_timer(order)
    at = moment(order, event) + timedelta(days=days)
    yield Remind(name=name, at=at, event=DeadlinePassed(order_id=order.id, name=name))
    reason = ", ".join(_skus(waiting))
    shortage = _named(waiting)
    yield from telling.status(order, policy, ChannelStatus.BACK_ORDERED, shortage, reason)
    yield from telling.mail(order, policy, "back_ordered", shortage, reason=reason)


@rule(DeadlinePassed)
def stop_waiting_for_stock(order: Order, event: DeadlinePassed, policy: Policy) -> Steps:
    """Cancel what has waited for stock too long."""
    if event.name != back_order_timer(order):
        return
    days = policy.stock.cancel_back_order_after_days
    reason = f"it did not come in within {days} days"
    waited = units_at(order, RowStatus.BACKORDERED)
    yield from call_off_by_policy(order, policy, waited, "back_order", reason)


def _named(units: Iterable[Units]) -> str:
    """Return a name of the shortage: how many units wait of each line. Line ids may be long, so it is their digest."""
    counts: Counter[str] = Counter()
    for line, _, quantity in units:
        counts[line.id] += quantity
    words = "\n".join(f"{line_id} {count}" for line_id, count in sorted(counts.items()))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _skus(units: Iterable[Units]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.sku for line, _, _ in units))


def _count(units: Iterable[Units]) -> int:
    return sum(quantity for _, _, quantity in units)
