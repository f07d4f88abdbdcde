"""What a node says about its goods, whoever they are for: what it has, and what has changed of that."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from canonical.base import Instant, Name, Value
from canonical.document import Document, Positive
from canonical.stock import StockBasis

MOST_UNITS = 100_000_000


class NodeBound(Document):
    """A document about goods at one node, and about no order."""

    node: Name

    def skus(self) -> frozenset[str]:
        """Return the SKUs that it names."""
        raise NotImplementedError


class StockLine(Value):
    """What a node has of one SKU."""

    sku: Name
    quantity: Annotated[int, Field(ge=0, le=MOST_UNITS)]


class StockDocument(NodeBound):
    """What a node has, on a basis, as of a time. It touches the SKUs that it names."""

    basis: StockBasis
    as_of: Instant
    lines: tuple[StockLine, ...]

    def skus(self) -> frozenset[str]:
        """Return the SKUs that are reported."""
        return frozenset(line.sku for line in self.lines)


class GoodsCondition(StrEnum):
    """Whether units can be sold."""

    SOUND = "sound"
    DAMAGED = "damaged"
    """They can't, and are in no figure of a node's stock."""


class AdjustedLine(Value):
    """So many units of a SKU more than before, or fewer where `quantity` is below zero."""

    sku: Name
    quantity: Annotated[int, Field(ge=-MOST_UNITS, le=MOST_UNITS)]
    reason: Name
    condition: GoodsCondition = GoodsCondition.SOUND
    """Of the units that came or went: damaged ones were not counted before, and are not after."""


class StockAdjustmentDocument(NodeBound):
    """What changed at a node without an order: counted anew, found, lost, broken. `number` is the node's own.

    The same number told again changes nothing. What happened by the time of the node's newest report is in its figures.
    """

    number: Name
    happened_at: Instant
    lines: Annotated[tuple[AdjustedLine, ...], Field(min_length=1)]

    def skus(self) -> frozenset[str]:
        """Return the SKUs that were adjusted."""
        return frozenset(line.sku for line in self.lines)


class ReceivedLine(Value):
    """Units of a SKU that came; `damaged` of them can't be sold."""

    sku: Name
    quantity: Positive
    damaged: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _some_may_be_damaged(self) -> Self:
        if self.damaged > self.quantity:
            message = f"{self.damaged} of {self.quantity} units can't be damaged"
            raise ValueError(message)
        return self


class InboundReceiptDocument(NodeBound):
    """What came of an announcement, which `inbound` names by our number. `number` is the node's own of the receipt.

    The same receipt told again changes nothing. Several receipts of one announcement add up.
    """

    inbound: Name
    number: Name
    happened_at: Instant
    lines: Annotated[tuple[ReceivedLine, ...], Field(min_length=1)]

    def skus(self) -> frozenset[str]:
        """Return the SKUs that came."""
        return frozenset(line.sku for line in self.lines)
