"""The building blocks of many rules: units that go on, and the stock that goes with them."""

from collections.abc import Iterable, Iterator, Sequence

from canonical.events import RowsMoved
from canonical.lines import Line, Row
from canonical.order import Order, ReleaseLine
from canonical.statuses import RowStatus
from canonical.steps import StockMoved
from canonical.stock import NETWORK, StockMoveKind

Units = tuple[Line, Row, int]
"""So many units of a row of a line."""


def units_at(order: Order, *statuses: RowStatus, release: str | None = None) -> list[Units]:
    """Return the rows that stand at one of `statuses`, whole, by line order; those of one release if it is named."""
    return [
        (line, row, row.quantity)
        for line in order.lines
        for row in line.rows
        if row.status in statuses and (release is None or row.release == release)
    ]


def go(
    order: Order,
    units: Units,
    after: RowStatus,
    *,
    node: str | None = None,
    release: str | None = None,
    shipment: str | None = None,
) -> RowsMoved:
    """Say that units of one row are at `after` now."""
    line, row, quantity = units
    return RowsMoved(
        order_id=order.id,
        line_id=line.id,
        before=row.status,
        after=after,
        quantity=quantity,
        from_node=row.node,
        from_release=row.release,
        from_shipment=row.shipment,
        node=node,
        release=release,
        shipment=shipment,
    )


def as_lines(units: Iterable[Units]) -> tuple[ReleaseLine, ...]:
    """Add units up by line, in line order."""
    added: dict[str, tuple[Line, int]] = {}
    for line, _, quantity in units:
        _, before = added.get(line.id, (line, 0))
        added[line.id] = (line, before + quantity)
    return tuple(
        ReleaseLine(line_id=line.id, sku=line.sku, quantity=quantity) for line, quantity in added.values()
    )


def ledger(
    order: Order,
    kind: StockMoveKind,
    entries: Iterable[tuple[str, str, int]],
    cause: str,
) -> Iterator[StockMoved]:
    """Return one ledger entry for each SKU and node of `entries` (SKU, node, quantity), added up.

    Its key holds the order's version: a rule that moves stock also moves rows, so none shares it with an earlier
    one; `cause` tells apart those of one rule.
    """
    added: dict[tuple[str, str], int] = {}
    for sku, node, quantity in entries:
        added[sku, node] = added.get((sku, node), 0) + quantity
    for (sku, node), quantity in added.items():
        key = f"{order.id}:{order.version}:{cause}:{kind.value}:{node}:{sku}"
        yield StockMoved(key=key, kind=kind, sku=sku, node=node, quantity=quantity)


def at_network(units: Iterable[Units]) -> Iterator[tuple[str, str, int]]:
    """Return units as ledger entries of the network's reservations."""
    return ((line.sku, NETWORK, quantity) for line, _, quantity in units)


def at_nodes(units: Iterable[Units]) -> Iterator[tuple[str, str, int]]:
    """Return units as ledger entries of the nodes where they stand."""
    return ((line.sku, row.node, quantity) for line, row, quantity in units if row.node is not None)


def give_back(order: Order, units: Sequence[Units], cause: str) -> Iterator[StockMoved]:
    """Return the ledger entries that free what units had been promised, wherever they stand."""
    reserved = [u for u in units if u[1].status is RowStatus.RESERVED]
    yield from ledger(order, StockMoveKind.UNRESERVE, at_network(reserved), cause)
    yield from ledger(order, StockMoveKind.DEALLOCATE, at_nodes(units), cause)
