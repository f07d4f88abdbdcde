"""Who waits for which SKU, and who of them is told that there is some: the oldest first, as many as there are units."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from canonical.events import StockArrived
from canonical.steps import StockMoved
from canonical.stock import StockMoveKind, StockView
from core.engine.reading import Part
from core.store.messages import as_uuid
from core.store.sql import Session

_WAITING = "SELECT sku, order_id FROM back_orders WHERE sku {any:1:text} ORDER BY since, order_id"
_FREEING = frozenset(
    {StockMoveKind.UNRESERVE, StockMoveKind.DEALLOCATE, StockMoveKind.RECEIVE, StockMoveKind.ADJUST}
)

Waiting = tuple[str, UUID]
"""A SKU, and the order that waits for it."""


async def news(
    session: Session,
    skus: Collection[str],
    view: StockView,
    begun: Iterable[Waiting] = (),
    over: Collection[Waiting] = (),
) -> list[StockArrived]:
    """Tell as many waiting orders, the oldest first, as there are units for.

    The stock of `skus` is locked: who began to wait for it before is committed, and seen. `begun` are those that this
    transaction lets wait, and `over` those that it lets wait no longer.
    """
    if not skus:
        return []
    stored = [(row["sku"], as_uuid(row["order_id"])) for row in await session.rows(_WAITING, sorted(skus))]
    left = {sku: view.available(sku) for sku in skus}
    told: list[StockArrived] = []
    for sku, order_id in dict.fromkeys((*stored, *begun)):
        if left.get(sku, 0) > 0 and (sku, order_id) not in over:
            left[sku] -= 1
            told.append(StockArrived(order_id=order_id, sku=sku))
    return told


@dataclass(slots=True)
class Freed:
    """What orders gave back in a batch, with the part that did so last, by SKU."""

    by: dict[str, Part] = field(default_factory=dict[str, Part])

    def note(self, part: Part, moves: Sequence[StockMoved]) -> None:
        """Keep in mind what a decision gave back."""
        for move in moves:
            if move.kind in _FREEING:
                self.by[move.sku] = part

    def tried(self, waiting: Waiting) -> bool:
        """Return whether the order itself was the last to free it: it has seen what there is, and waits all the same.

        Told of it, an order that can't be sent from where the goods lie could go round for ever.
        """
        sku, order_id = waiting
        return sku in self.by and self.by[sku].order_id == order_id
