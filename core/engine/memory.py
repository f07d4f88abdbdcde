"""Orders that this process wrote last, so that the next step need not parse them again.

Never stale: an order is locked first, and what is remembered counts only if it has the very version that the locked
row has. Another worker's write has another version, and then the row is read. Bounded by the size of the documents.
"""

from collections import OrderedDict
from uuid import UUID

from canonical.order import Order

LIMIT_BYTES = 16 * 1024 * 1024


class OrderMemory:
    """The last written orders, the longest unused forgotten first."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._held: OrderedDict[UUID, tuple[Order, int]] = OrderedDict()
        self._bytes = 0

    def get(self, order_id: UUID) -> Order | None:
        """Return the order that is remembered, if any: true only of a row that has its version."""
        found = self._held.get(order_id)
        if found is None:
            return None
        self._held.move_to_end(order_id)
        return found[0]

    def put(self, order: Order, size: int) -> None:
        """Remember a committed order, whose document has `size` bytes, unless a later version is remembered."""
        held, before = self._held.pop(order.id, (order, 0))
        order = max(held, order, key=lambda one: one.version)
        self._held[order.id] = (order, size)
        self._bytes += size - before
        while self._bytes > self._limit:
            _, (_, freed) = self._held.popitem(last=False)
            self._bytes -= freed
