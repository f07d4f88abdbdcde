"""How units move: a move splits rows, and a line's rows always add up to what was ordered."""

from collections.abc import Sequence
from typing import Any

from canonical.errors import EvolveError
from canonical.events import RowsMoved
from canonical.lines import Line, Row
from canonical.order import LEFT_THE_HOUSE, Order
from canonical.statuses import ROW_MOVES_OF, CancelStatus, RowStatus, may_follow


def rows_moved(order: Order, event: RowsMoved) -> dict[str, Any]:
    """Return what a move changes; an open request to cancel counts the units that are cancelled for it."""
    if not may_follow(ROW_MOVES_OF[order.type], event.before, event.after):
        raise EvolveError(event, f"units don't go from {event.before.value} to {event.after.value}")
    if all(line.id != event.line_id for line in order.lines):
        raise EvolveError(event, f"there is no line {event.line_id}")
    lines = tuple(_move(line, event) if line.id == event.line_id else line for line in order.lines)
    changes: dict[str, Any] = {"lines": lines}
    asked = order.cancellation
    if event.after is RowStatus.CANCELLED and asked is not None and asked.status is CancelStatus.REQUESTED:
        changes["cancellation"] = asked.replace(units=asked.units + event.quantity)
    return changes


_AT_NO_NODE = frozenset({RowStatus.CREATED, RowStatus.BACKORDERED, RowStatus.RESERVED})
_IN_NO_RELEASE = _AT_NO_NODE | {RowStatus.SCHEDULED}


def _move(line: Line, event: RowsMoved) -> Line:
    left = event.quantity
    stay: list[Row] = []
    gone: list[Row] = []
    for row in line.rows:
        taken = min(left, row.quantity) if left > 0 and _matches(row, event) else 0
        if not taken:
            stay.append(row)
            continue
        if taken < row.quantity:
            stay.append(row.replace(quantity=row.quantity - taken))
        gone.append(_arrived(row, taken, event))
        left -= taken
    if left or event.quantity <= 0:
        found = line.quantity(event.before) if event.quantity <= 0 else event.quantity - left
        reason = f"line {line.id} has {found} units at {event.before.value} there, not {event.quantity}"
        raise EvolveError(event, reason)
    return line.replace(rows=_merged([*stay, *gone]))


def _arrived(row: Row, quantity: int, event: RowsMoved) -> Row:
    """Return the units where they are now: they keep node, release and shipment as far as these still apply."""
    return Row(
        status=event.after,
        quantity=quantity,
        node=event.node or (None if event.after in _AT_NO_NODE else row.node),
        release=event.release or (None if event.after in _IN_NO_RELEASE else row.release),
        shipment=event.shipment or (row.shipment if event.after in LEFT_THE_HOUSE else None),
        eta=event.eta,
    )


def _matches(row: Row, event: RowsMoved) -> bool:
    return (
        row.status is event.before
        and (event.from_release is None or row.release == event.from_release)
        and (event.from_node is None or row.node == event.from_node)
        and (event.from_shipment is None or row.shipment == event.from_shipment)
    )


def _merged(rows: Sequence[Row]) -> tuple[Row, ...]:
    merged: dict[tuple[object, ...], Row] = {}
    for row in rows:
        place = (row.status, row.node, row.release, row.shipment, row.eta)
        before = merged.get(place)
        merged[place] = before.replace(quantity=before.quantity + row.quantity) if before else row
    return tuple(merged.values())
