"""What every document out of a wire document shares: when it happened, and the name by which its order is found."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from canonical.base import Instant, Name, Value
from canonical.events import Event

Amount = Annotated[Decimal, Field(max_digits=18, decimal_places=4, allow_inf_nan=False)]
Positive = Annotated[int, Field(gt=0, le=1_000_000)]
NotNegative = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4, allow_inf_nan=False)]


class KeyKind(StrEnum):
    """By what a partner knows an order. Also how support finds messages."""

    ORDER_ID = "order_id"
    CHANNEL_REF = "channel_ref"
    """`channel:reference`"""
    RELEASE = "release"
    PAYMENT = "payment"
    """`gateway:reference`"""
    TRACKING = "tracking"
    PARCEL = "parcel"
    """`broker:reference`"""
    PURCHASE_ORDER = "purchase_order"
    """`supplier:number`"""
    EXTERNAL_ID = "external_id"


class BusinessKey(Value):
    """A name of an order, or of a message, that people and partners use."""

    kind: KeyKind
    value: Name


class Document(Value):
    """One canonical document out of one wire document."""

    occurred_at: Instant | None = None


class OrderBound(Document):
    """A document about one existing order."""

    def key(self) -> BusinessKey:
        """Return the name by which the order is found."""
        raise NotImplementedError

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return what the document means for its order."""
        raise NotImplementedError


class SkuQuantity(Value):
    """Some units of a SKU."""

    sku: Name
    quantity: Positive
