"""Stock: what a node has, what is promised, and the append-only ledger that explains both."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from canonical.base import Instant, Name, Quantity, Value
from canonical.money import Currency
from canonical.purchases import Cost


class StockBasis(StrEnum):
    """What a node's figures mean."""

    ON_HAND = "on_hand"
    """What lies there, whatever it is promised to."""
    AVAILABLE = "available"
    """What lies there less what the node has accepted to send."""


class StockMoveKind(StrEnum):
    """Why a stock figure changed."""

    RESERVE = "reserve"
    """A promise to an order, not yet to a node's goods."""
    UNRESERVE = "unreserve"
    ALLOCATE = "allocate"
    """A promise of one node's goods."""
    DEALLOCATE = "deallocate"
    DISPATCH = "dispatch"
    """Goods left: on hand and allocation both fall."""
    RECEIVE = "receive"
    """Sellable goods came back."""
    ADJUST = "adjust"
    """A correction by a feed, a refusal or a person."""
    ACCEPT = "accept"
    """What a node has taken on to send, signed: in the ledger only, where `StockBasis.AVAILABLE` is read by it."""


Count = Annotated[int, Field(ge=0)]
"""Units over all orders: it has no upper bound."""


class StockLevel(Value):
    """One SKU at one node. Promises to no node yet are kept at the pseudo-node `NETWORK`."""

    sku: Name
    node: Name
    on_hand: int = 0
    allocated: Count = 0
    reserved: Count = 0
    safety: Count = 0
    as_of: Instant | None = None

    def free(self) -> int:
        """Return what this node could promise now; never below nothing."""
        return max(0, self.on_hand - self.safety - self.allocated)


NETWORK = "*"
"""The pseudo-node that carries reservations before sourcing has chosen a node."""


class NodeKind(StrEnum):
    """Whose the goods of a node are."""

    WAREHOUSE = "warehouse"
    """Ours, wherever they lie: a warehouse, a store, a 3PL. It is asked by releases."""
    SUPPLIER = "supplier"
    """A supplier's, who sends them to the buyer. It is asked by purchase orders."""


class SupplierItem(Value):
    """What is agreed with a supplier about an item."""

    cost: Cost | None = None
    """What one costs, in the supplier's currency."""
    reference: Name | None = None
    """What the supplier calls it; nothing said: our SKU."""
    direct: bool = False
    """It always comes from the supplier, also where warehouses have it."""


class Node(Value):
    """A place that sends goods: a warehouse, a store, a 3PL, a drop-ship supplier."""

    id: Name
    name: str = ""
    kind: NodeKind = NodeKind.WAREHOUSE
    connector: Name
    country: str
    enabled: bool = True
    priority: int = 100
    """Lower goes first."""
    methods: tuple[Name, ...] = ()
    """Delivery methods that it offers; none named means all."""
    currency: Currency | None = None
    """In which a supplier is paid."""
    items: dict[Name, SupplierItem] = {}
    """What is agreed with a supplier, by SKU."""

    @model_validator(mode="after")
    def _terms(self) -> Self:
        wrong = wrong_terms(self.kind, self.currency, self.items)
        if wrong is not None:
            raise ValueError(wrong)
        return self


def wrong_terms(kind: NodeKind, currency: str | None, items: Mapping[str, SupplierItem]) -> str | None:
    """Return what is wrong with what is said of a node's goods; None for nothing."""
    if kind is not NodeKind.SUPPLIER:
        return "`currency` and `items` are a supplier's: say `kind: supplier`" if currency or items else None
    priced = next((sku for sku, item in items.items() if item.cost is not None), None)
    if priced is not None and currency is None:
        return f"the item {priced} has a cost, so the supplier needs a `currency`, such as EUR"
    return None


class Item(Value):
    """A sellable item of the master data."""

    sku: Name
    title: str = ""
    weight_g: Quantity | None = None
    tax_class: str | None = None
    customs_code: str | None = None


class StockView:
    """The locked stock of some SKUs at all nodes, as a rule sees it: earlier decisions of the batch count."""

    def __init__(self, levels: Iterable[StockLevel], nodes: Mapping[str, Node]) -> None:
        self._levels = {(level.sku, level.node): level for level in levels}
        self.nodes = nodes

    def level(self, sku: str, node: str) -> StockLevel:
        """Return the level of a SKU at a node; nothing is known means nothing is there."""
        return self._levels.get((sku, node)) or StockLevel(sku=sku, node=node)

    def available(self, sku: str) -> int:
        """Return what of a SKU may be promised to somebody new, over all enabled nodes; never below nothing."""
        free = sum(self.level(sku, node.id).free() for node in self.nodes.values() if node.enabled)
        return max(0, free - self.level(sku, NETWORK).reserved)

    def free_at(self, sku: str, node: str) -> int:
        """Return what a node could send of a SKU, whoever of those with a reservation gets it."""
        return self.level(sku, node).free()

    def put(self, level: StockLevel) -> None:
        """Set a level, so that the next reader sees it."""
        self._levels[level.sku, level.node] = level


def moved(level: StockLevel, kind: StockMoveKind, quantity: int) -> StockLevel:
    """Return `level` after one ledger entry. `quantity` is signed for `ADJUST` and `ACCEPT` only."""
    changes: dict[str, int] = {}
    match kind:
        case StockMoveKind.RESERVE:
            changes = {"reserved": level.reserved + quantity}
        case StockMoveKind.UNRESERVE:
            changes = {"reserved": level.reserved - quantity}
        case StockMoveKind.ALLOCATE:
            changes = {"allocated": level.allocated + quantity}
        case StockMoveKind.DEALLOCATE:
            changes = {"allocated": level.allocated - quantity}
        case StockMoveKind.DISPATCH:
            changes = {"on_hand": level.on_hand - quantity, "allocated": level.allocated - quantity}
        case StockMoveKind.RECEIVE | StockMoveKind.ADJUST:
            changes = {"on_hand": level.on_hand + quantity}
        case StockMoveKind.ACCEPT:
            return level  # the level counts the allocation; the node's word is for reading its figures
    return level.replace(**changes)
