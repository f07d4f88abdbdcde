"""Choosing nodes: the smallest number of them that covers all, near and preferred ones first. Then rows follow."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from math import comb

from canonical.events import Event, StockShort
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import Block, RowStatus
from canonical.steps import Step, Steps, StockOf
from canonical.stock import Node, NodeKind, StockMoveKind, StockView
from routes.calling_off import call_off_by_policy
from routes.moves import Units, at_network, go, ledger, units_at
from routes.rules import rule
from routes.suppliers import Free, sendable

MOST_COMBINATIONS = 5_000
"""So many sets of nodes are tried one by one; among more, the node that sends most is taken first."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one node is to send: units by SKU."""

    node: str
    units: Mapping[str, int]


def eligible(order: Order, nodes: Mapping[str, Node]) -> list[Node]:
    """Return the nodes that may send this order, the best first: same country, then priority, then id."""
    method, country = order.shipping.method, order.destination.country
    fit = (
        node
        for node in nodes.values()
        if node.enabled
        and (not node.methods or method in node.methods)
        and node.id not in order.rejected_nodes
    )
    return sorted(fit, key=lambda node: (node.country != country, node.priority, node.id))


def plan(
    demand: Mapping[str, int],
    nodes: Sequence[str],
    free: Free,
    max_splits: int,
    worthwhile: Callable[[Parcel], bool],
) -> tuple[Parcel, ...]:
    """Divide `demand` (units by SKU) among `nodes`, which come best first.

    The smallest number of nodes that covers all of it, at most `max_splits`, where each parcel of several is
    `worthwhile`; among equals the set whose nodes come first. When no such set covers all, what the fullest one can
    send; the rest is left over.
    """
    can = {node: {sku: min(free(sku, node), wanted) for sku, wanted in demand.items()} for node in nodes}
    useful = [node for node in nodes if any(can[node].values())]
    for size in range(1, min(max_splits, len(useful)) + 1):
        if comb(len(useful), size) > MOST_COMBINATIONS:
            break
        for chosen in combinations(useful, size):
            if all(sum(can[node][sku] for node in chosen) >= wanted for sku, wanted in demand.items()):
                parcels = _fill(demand, chosen, can)
                if size == 1 or all(worthwhile(parcel) for parcel in parcels):
                    return parcels
    return _greedy(demand, useful, can, max_splits, worthwhile)


def _fill(
    demand: Mapping[str, int],
    chosen: Sequence[str],
    can: Mapping[str, Mapping[str, int]],
) -> tuple[Parcel, ...]:
    """Let each SKU come whole from the first node that has all of it, else from one node after the other."""
    units: dict[str, dict[str, int]] = {node: {} for node in chosen}
    for sku, wanted in demand.items():
        whole = next((node for node in chosen if can[node][sku] >= wanted), None)
        left = wanted
        for node in (whole,) if whole is not None else chosen:
            taken = min(left, can[node][sku])
            if taken:
                units[node][sku] = taken
                left -= taken
    return tuple(Parcel(node, sent) for node, sent in units.items() if sent)


def _greedy(
    demand: Mapping[str, int],
    nodes: Sequence[str],
    can: Mapping[str, Mapping[str, int]],
    max_splits: int,
    worthwhile: Callable[[Parcel], bool],
) -> tuple[Parcel, ...]:
    left = dict(demand)
    parcels: list[Parcel] = []
    rest = list(nodes)
    while rest and len(parcels) < max_splits and any(left.values()):
        best = max(rest, key=lambda node: sum(min(can[node][sku], left[sku]) for sku in left))
        rest.remove(best)
        parcel = Parcel(best, {sku: n for sku in left if (n := min(can[best][sku], left[sku]))})
        if parcel.units and (not parcels or worthwhile(parcel)):
            parcels.append(parcel)
            for sku, sent in parcel.units.items():
                left[sku] -= sent
    return tuple(parcels)


@rule(Event)
def source_what_is_reserved(order: Order, event: Event, policy: Policy) -> Steps:
    """Choose the nodes that send what is reserved, once it is paid for and nothing forbids it."""
    reserved = units_at(order, RowStatus.RESERVED)
    if not reserved or order.blocked(Block.SOURCE) or not order.is_paid_for():
        return
    waiting = order.quantity(RowStatus.CREATED, RowStatus.BACKORDERED) > 0
    if waiting and not policy.stock.ship_partial:
        return
    view = yield StockOf(skus=frozenset(line.sku for line, _, _ in reserved))
    parcels = _plan_for(order, reserved, view, policy)
    sent, left = _assign(reserved, parcels)
    if left and policy.stock.back_order and not policy.stock.ship_partial:
        sent = []
    yield from ledger(order, StockMoveKind.UNRESERVE, at_network(unit for _, unit in sent), "source")
    yield from ledger(order, StockMoveKind.ALLOCATE, ((u[0].sku, node, u[2]) for node, u in sent), "source")
    for node, unit in sent:
        yield go(order, unit, RowStatus.SCHEDULED, node=node)
    yield from _left_over(order, policy, left)


def _plan_for(order: Order, reserved: Sequence[Units], view: StockView, policy: Policy) -> tuple[Parcel, ...]:
    demand: dict[str, int] = {}
    for line, _, quantity in reserved:
        demand[line.sku] = demand.get(line.sku, 0) + quantity
    nodes = eligible(order, view.nodes)
    own = [node.id for node in nodes if node.kind is not NodeKind.SUPPLIER]
    suppliers = [node.id for node in nodes if node.kind is NodeKind.SUPPLIER]
    free = sendable(order, view, nodes)
    limits = policy.sourcing
    prices = {line.sku: line.goods().amount / line.ordered for line in order.lines}

    def worthwhile(parcel: Parcel) -> bool:
        worth = sum((prices[sku] * n for sku, n in parcel.units.items()), Decimal(0))
        return worth >= limits.min_parcel_value

    def by_suppliers(parcels: tuple[Parcel, ...]) -> tuple[Parcel, ...]:
        """Add what suppliers send: the last resort, for what no warehouse sends."""
        left = _left(demand, parcels) if suppliers else None
        return (*parcels, *plan(left, suppliers, free, len(suppliers), lambda _: True)) if left else parcels

    parcels = by_suppliers(plan(demand, own, free, limits.max_splits, worthwhile))
    if policy.stock.back_order or not _left(demand, parcels):
        return parcels
    # What is left over would be cancelled, though nodes have it: rather send more parcels, and smaller ones.
    return by_suppliers(plan(demand, own, free, len(own), lambda _: True))


def _left(demand: Mapping[str, int], parcels: Iterable[Parcel]) -> dict[str, int]:
    """Return what of the demand is in no parcel."""
    left = dict(demand)
    for parcel in parcels:
        for sku, sent in parcel.units.items():
            left[sku] -= sent
    return {sku: quantity for sku, quantity in left.items() if quantity}


def _assign(
    reserved: Sequence[Units],
    parcels: Sequence[Parcel],
) -> tuple[list[tuple[str, Units]], list[Units]]:
    """Divide each parcel's units among the lines, in line order; return what is sent, by node, and what is left."""
    has = {parcel.node: dict(parcel.units) for parcel in parcels}
    sent: list[tuple[str, Units]] = []
    left: list[Units] = []
    for line, row, quantity in reserved:
        open_units = quantity
        for node, units in has.items():
            taken = min(open_units, units.get(line.sku, 0))
            if taken:
                units[line.sku] -= taken
                open_units -= taken
                sent.append((node, (line, row, taken)))
        if open_units:
            left.append((line, row, open_units))
    return sent, left


def _left_over(order: Order, policy: Policy, left: Sequence[Units]) -> Iterator[Step]:
    if not left:
        return
    if not policy.stock.back_order:
        reason = "no warehouse that may send it has it"
        yield from call_off_by_policy(order, policy, left, "short", reason)
        return
    yield from ledger(order, StockMoveKind.UNRESERVE, at_network(left), "short")
    for unit in left:
        yield go(order, unit, RowStatus.BACKORDERED)
    yield StockShort(order_id=order.id, skus=tuple(dict.fromkeys(line.sku for line, _, _ in left)))
