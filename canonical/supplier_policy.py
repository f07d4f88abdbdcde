"""What the business has decided about drop-ship suppliers: how long they have, and which invoices may be paid."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from canonical.base import Value

Hours = Annotated[float, Field(gt=0, le=24 * 90)]
Sum = Annotated[Decimal, Field(ge=0)]


class InvoiceTolerance(Value):
    """How far an invoice may be from its order. All sums are in the invoice's currency."""

    unit_price_percent: Annotated[Decimal, Field(ge=0, le=100)] = Decimal(1)
    """A unit may cost so much more than was agreed. What costs less is taken."""
    freight_at_most: Sum = Decimal(0)
    """Freight that an invoice may charge without a person having seen it."""
    total_difference: Sum = Decimal(1)
    """Goods may cost so much more in all than was agreed, and the total may be so far from what its parts come to."""


class SupplierPolicy(Value):
    """How long suppliers have, and what is taken from them without asking anybody."""

    acknowledge_within_h: Hours = 24
    """A purchase order that is not acknowledged by then is put before a person."""
    ship_within_h: Hours = 72
    """The ship notice is due so long after the answer, where the supplier has promised no date of its own."""
    ship_grace_h: Annotated[float, Field(ge=0, le=24 * 90)] = 24
    """The ship notice is due so long after the date that the supplier has promised."""
    back_order_within_days: Annotated[float, Field(ge=0, le=365)] = 14
    """What a supplier sends later than that is taken elsewhere, if anybody else has it and the supplier agrees."""
    invoice_waits_h: Hours = 48
    """An invoice that charges more than has left waits so long for the ship notice."""
    invoices: InvoiceTolerance = InvoiceTolerance()
