"""Purchase orders with all that they refer to: what outgoing mappings to suppliers write from."""

from typing import Annotated

from pydantic import Field

from canonical.base import Instant, Name, Quantity, Value
from canonical.money import Currency
from canonical.parties import Party
from canonical.purchases import Cost


class PurchaseInstructionLine(Value):
    """A line of a purchase order with what is known of its item."""

    number: Annotated[int, Field(gt=0)]
    sku: Name
    reference: Name
    """What the supplier calls the item; our SKU where it has no other name."""
    title: str = ""
    quantity: Annotated[int, Field(gt=0)]
    unit_cost: Cost | None = None


class PurchaseInstruction(Value):
    """A `PlacePurchaseOrder` (X12 850, EDIFACT ORDERS). Costs are in `currency`."""

    purchase_id: Name
    supplier: Name
    channel: Name
    channel_ref: Name
    shipping_method: Name
    created_at: Instant
    acknowledge_by: Instant
    ship_to: Party
    currency: Currency | None = None
    lines: Annotated[tuple[PurchaseInstructionLine, ...], Field(min_length=1)]
    total: Cost | None = None
    """What all of it costs; None where not every line has a cost."""


class PurchaseChangeLine(PurchaseInstructionLine):
    """A line as it shall be from now on; `quantity` is what it was, and `wanted` what is left of it."""

    wanted: Quantity


class PurchaseChangeInstruction(Value):
    """A `ChangePurchaseOrder` (X12 860, EDIFACT ORDCHG, UBL OrderChange, cXML OrderRequest).

    `lines` are those that change; `whole` and `total` are the purchase order as it shall be from now on, for standards
    that say all of it again.
    """

    purchase_id: Name
    change_id: Name
    follows: Name
    """What we said last about the purchase order: its own number, or that of the change before."""
    supplier: Name
    ordered_at: Instant
    created_at: Instant
    currency: Currency | None = None
    lines: Annotated[tuple[PurchaseChangeLine, ...], Field(min_length=1)]
    whole: Annotated[tuple[PurchaseChangeLine, ...], Field(min_length=1)]
    total: Cost | None = None
    """What is left of it costs; None where not every line has a cost."""
    ship_to: Party | None = None
    """None where the people were erased."""
    reason: str = ""


class PurchaseCancelInstruction(Value):
    """A `CancelPurchaseOrder`: an 860, ORDCHG, OrderCancellation or OrderRequest that takes back the whole."""

    purchase_id: Name
    follows: Name
    """What we said last about the purchase order: its own number, or that of its newest change."""
    supplier: Name
    ordered_at: Instant
    created_at: Instant
    currency: Currency | None = None
    lines: Annotated[tuple[PurchaseInstructionLine, ...], Field(min_length=1)]
    """What is taken back."""
    total: Cost | None = None


class SupplierReturnInstruction(Value):
    """A `RequestSupplierReturn` (X12 180, EDIFACT RETANN)."""

    purchase_id: Name
    return_id: Name
    supplier: Name
    created_at: Instant
    lines: Annotated[tuple[PurchaseInstructionLine, ...], Field(min_length=1)]
    reason: str
