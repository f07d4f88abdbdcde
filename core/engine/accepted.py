"""What nodes have taken on to send and have not sent yet: what a node's figure of what is available leaves out."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from canonical.order import Order
from canonical.statuses import ReleaseStatus

_TAKEN_ON = frozenset({ReleaseStatus.ACCEPTED, ReleaseStatus.PARTIALLY_SHIPPED})
"""Not what is to be stopped: the node may have let go of it, and too little is promised rather than too much."""

Held = Mapping[tuple[str, str], int]
"""Units by SKU and node."""
_NOTHING: Held = MappingProxyType({})


def change(before: Order | None, after: Order) -> Held:
    """Return what a change of an order adds to what nodes have taken on, signed."""
    if before is not None and before.releases is after.releases and before.shipments is after.shipments:
        return _NOTHING
    changed = _held(after)
    if before is not None:
        changed.subtract(_held(before))
    return {place: quantity for place, quantity in changed.items() if quantity}


def _held(order: Order) -> Counter[tuple[str, str]]:
    held = Counter[tuple[str, str]]()
    open_ids = {release.id for release in order.releases if release.status in _TAKEN_ON}
    for release in order.releases:
        if release.id in open_ids:
            for line in release.lines:
                held[line.sku, release.node] += line.quantity
            for sku, quantity in release.refused:
                held[sku, release.node] -= quantity
    for shipment in order.shipments:
        if shipment.release in open_ids:
            for line in shipment.lines:
                held[line.sku, shipment.node] -= line.quantity
    return held
