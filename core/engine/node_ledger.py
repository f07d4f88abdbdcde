"""One node's entries in the stock ledger: those that are stored, and those that this batch is about to write."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from canonical.stock import StockMoveKind
from core.store.sql import Session

_SINCE = (
    "SELECT sku, kind, SUM(quantity) AS quantity FROM stock_ledger "
    "WHERE node = $1 AND sku {any:2:text} AND happened_at > $3 GROUP BY sku, kind"
)
_TAKEN_ON = (
    "SELECT sku, SUM(quantity) AS quantity FROM stock_ledger "
    "WHERE node = $1 AND sku {any:2:text} AND happened_at <= $3 AND kind = 'accept' GROUP BY sku"
)
_UNDER = "SELECT sku FROM stock_ledger WHERE key = $1 AND kind = $4 AND sku {any:2:text} AND node = $3"
_ACCEPT = StockMoveKind.ACCEPT.value

Entry = tuple[str, str, str, str, int, UUID | None, datetime]
"""key, kind, sku, node, quantity, order, happened_at"""


@dataclass(frozen=True, slots=True)
class NodeLedger:
    """The entries of some SKUs, whose stock is locked."""

    session: Session
    node: str
    skus: Sequence[str]
    pending: Sequence[tuple[Any, ...]]
    """What the batch will write, each beginning as an `Entry`."""

    async def since(self, at: datetime) -> Mapping[tuple[str, str], int]:
        """Return the units that moved after a moment, by SKU and kind."""
        found: Counter[tuple[str, str]] = Counter()
        for row in await self.session.rows(_SINCE, self.node, self.skus, at):
            found[row["sku"], row["kind"]] += int(row["quantity"])
        for _, kind, sku, quantity, happened_at in self._pending():
            if happened_at > at:
                found[sku, kind] += quantity
        return found

    async def taken_on(self, at: datetime) -> Mapping[str, int]:
        """Return the units that the node had taken on to send by a moment, and has not sent since."""
        found: Counter[str] = Counter()
        for row in await self.session.rows(_TAKEN_ON, self.node, self.skus, at):
            found[row["sku"]] += int(row["quantity"])
        for _, kind, sku, quantity, happened_at in self._pending():
            if kind == _ACCEPT and happened_at <= at:
                found[sku] += quantity
        return found

    async def under(self, key: str, kind: StockMoveKind) -> frozenset[str]:
        """Return the SKUs that have an entry of a kind under a key."""
        rows = await self.session.rows(_UNDER, key, self.skus, self.node, kind.value)
        stored = {row["sku"] for row in rows}
        return frozenset(stored | {sku for own, of, sku, *_ in self._pending() if (own, of) == (key, kind)})

    def _pending(self) -> Iterator[tuple[str, str, str, int, datetime]]:
        wanted = set(self.skus)
        for key, kind, sku, node, quantity, _, happened_at, *_ in self.pending:
            if node == self.node and sku in wanted:
                yield key, kind, sku, quantity, happened_at
