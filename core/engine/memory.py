"""Orders that this process wrote last, so that the next step need neither parse them nor write all of them again.

Never stale: an order is locked first, and what is remembered counts only if it has the very version that the locked
row has. Another worker's write has another version, and then the row is read. Bounded by the size of the documents.
"""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from canonical.order import Order

LIMIT_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Written:
    """An order as it was written: what may be remembered once it is committed."""

    order: Order
    lines: str
    """Its lines as JSON, the largest part of its document, which most steps leave as they are."""
    size: int
    """Characters of document and lines together."""


class OrderMemory:
    """The last written orders, the longest unused forgotten first."""

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._held: OrderedDict[UUID, Written] = OrderedDict()
        self._bytes = 0

    def get(self, order_id: UUID) -> Order | None:
        """Return the order that is remembered, if any: true only of a row that has its version."""
        found = self._held.get(order_id)
        if found is None:
            return None
        self._held.move_to_end(order_id)
        return found.order

    def lines_of(self, order: Order) -> str | None:
        """Return the JSON of the order's lines, if they are the very ones that were written last."""
        found = self._held.get(order.id)
        return found.lines if found is not None and found.order.lines is order.lines else None

    def put(self, written: Written) -> None:
        """Remember a committed order, unless a later version is remembered."""
        held = self._held.pop(written.order.id, None)
        if held is not None:
            self._bytes -= held.size
            if held.order.version > written.order.version:
                written = held
        self._held[written.order.id] = written
        self._bytes += written.size
        while self._bytes > self._limit:
            _, forgotten = self._held.popitem(last=False)
            self._bytes -= forgotten.size
