"""A `ScreenOrder` with all that it refers to: what outgoing mappings to fraud gateways write from."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from canonical.base import Instant, Name, Value
from canonical.money import Currency
from canonical.parties import Party
from canonical.payment import PaymentMethod

Sum = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4, allow_inf_nan=False)]


class ScreenedLine(Value):
    """What is bought; the price is one unit's, before discounts."""

    line_id: Name
    sku: Name
    title: str = ""
    quantity: Annotated[int, Field(gt=0)]
    unit_price: Sum


class ScreenedPayment(Value):
    """How it is paid: an authorisation, or what the channel has been paid."""

    reference: Name
    gateway: Name
    method: PaymentMethod
    amount: Sum
    at: Instant


class ScreeningInstruction(Value):
    """An order as a fraud gateway is to see it. Amounts are in `currency`."""

    order_ref: Name
    """`channel:reference`"""
    channel: Name
    turn: Annotated[int, Field(gt=0)]
    placed_at: Instant
    currency: Currency
    total: Sum
    shipping_method: Name
    shipping_amount: Sum
    buyer: Party
    ship_to: Party
    bill_to: Party
    lines: Annotated[tuple[ScreenedLine, ...], Field(min_length=1)]
    payments: tuple[ScreenedPayment, ...] = ()
    paid_by: Name
    """What kind of payment the gateways take, in the fraud gateway's word."""
    coverage: tuple[Name, ...] = ()
    """What the fraud gateway is asked to answer for, in its words."""
    delivery: Name
    """How its decision is to come, in its word."""
