"""The JSON that shops send, strictly: what isn't named here is refused, and so is a text that no store keeps.

From these models the JSON Schemas at `GET /schema` are made. Amounts are decimal strings in the order's
currency, and every discount and tax is the whole line's, not one unit's.
"""

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from mappings.engine.transforms.iso import COUNTRIES, CURRENCIES

_AMOUNT = r"^[0-9]{1,10}(\.[0-9]{1,4})?$"
_INSTANT = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$"
_RATE = r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$"
_EMAIL = r"^[^\s@<>\"(),:;\\\[\]]{1,64}@[^\s@<>\"(),:;\\\[\]]{1,185}$"
_YEARS = range(2000, 2100)


def _decimal(value: object) -> Decimal:
    if not isinstance(value, str):
        raise PydanticCustomError("amount", 'an amount is a decimal string such as "19.95", not a number')
    if not re.fullmatch(_AMOUNT, value):
        raise PydanticCustomError(
            "amount",
            'an amount is digits, with up to four behind a point, and never below zero, such as "19.95"',
        )
    return Decimal(value)


def _fraction(value: object) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(_RATE, value):
        raise PydanticCustomError(
            "rate", 'a rate is a decimal string from "0" to "1", such as "0.19" for 19 %'
        )
    return Decimal(value)


def _rfc3339(value: object) -> datetime:
    if not isinstance(value, str) or not re.fullmatch(_INSTANT, value, re.ASCII):
        raise PydanticCustomError("instant", 'a time has a zone, as in "2026-11-20T10:15:00Z" (RFC 3339)')
    try:
        found = datetime.fromisoformat(value.upper())
    except ValueError:
        raise PydanticCustomError("instant", "there is no such day or time") from None
    if found.year not in _YEARS:
        raise PydanticCustomError("instant", "the year is not one in which orders are placed")
    return found


def _one_line(value: str) -> str:
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in value):
        raise PydanticCustomError("text", "the text holds a line break or another control character")
    if value != value.strip():
        raise PydanticCustomError("text", "the text starts or ends with a space, or is nothing but space")
    return value


def _known_to_iso(codes: frozenset[str], standard: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in codes:
            raise PydanticCustomError("code", "{standard} has no such code", {"standard": standard})
        return value

    return AfterValidator(check)


Amount = Annotated[Decimal, BeforeValidator(_decimal), WithJsonSchema({"type": "string", "pattern": _AMOUNT})]
Rate = Annotated[Decimal, BeforeValidator(_fraction), WithJsonSchema({"type": "string", "pattern": _RATE})]
Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_rfc3339),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _INSTANT}),
]
Line1 = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
Text = Annotated[str, StringConstraints(max_length=500), AfterValidator(_one_line)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=_EMAIL), AfterValidator(_one_line)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9#][A-Za-z0-9._~:#@+-]{0,99}$")]
"""An order's name in URLs and in the hub: no spaces, no slashes."""
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), _known_to_iso(CURRENCIES, "ISO 4217")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), _known_to_iso(COUNTRIES, "ISO 3166-1")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")]
Units = Annotated[int, Field(ge=1, le=1_000_000)]


class Wire(BaseModel):
    """Closed and strict: an unknown field, a number in a string's place and the reverse are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Customer(Wire):
    """Who bought. The hub mails the buyer where it is set to."""

    name: Line1
    company: Text | None = None
    email: Email | None = None
    phone: Text | None = None


class Address(Wire):
    """Where goods or bills go."""

    name: Line1
    company: Text | None = None
    address_lines: Annotated[list[Text], Field(min_length=1, max_length=5)]
    city: Line1
    region: Text | None = None
    postcode: Text | None = None
    country: Country
    phone: Text | None = None
    email: Email | None = None


class Discount(Wire):
    """A reduction of a whole line, or of the whole order."""

    code: Line1
    amount: Amount


class Tax(Wire):
    """A tax of a whole line, or of the shipping; contained in the prices where `prices_include_tax`."""

    code: Line1
    rate: Rate
    amount: Amount


class OrderLine(Wire):
    """What is bought of one item. `sku` is the hub's SKU, or the shop's name that the hub knows for it."""

    id: Line1
    sku: Line1
    title: Text = ""
    quantity: Units
    unit_price: Amount
    currency: Currency | None = None
    """May be left out; where it is given, it is the order's."""
    discounts: Annotated[list[Discount], Field(max_length=20)] = []
    taxes: Annotated[list[Tax], Field(max_length=10)] = []
    attributes: Annotated[dict[Line1, Text], Field(max_length=20)] = {}


class Shipping(Wire):
    """How the goods travel, and what the customer pays for that."""

    method: Line1 = "standard"
    amount: Amount = Decimal(0)
    currency: Currency | None = None
    taxes: Annotated[list[Tax], Field(max_length=10)] = []


class PaymentType(StrEnum):
    """How the hub comes by the money."""

    PAYMENT_INTENT = "payment_intent"
    """The shop has an authorisation at the gateway, which the hub adopts."""
    STORED_METHOD = "stored_method"
    """The gateway keeps a method that may be charged."""
    PREPAID = "prepaid"
    """The shop has the money already."""


class Payment(Wire):
    """One means of paying. `gateway` is a connector's name in the hub; for a prepaid payment any till's."""

    gateway: Line1
    type: PaymentType
    reference: Line1 | None = None
    customer_reference: Line1 | None = None
    may_reauthorise: bool = False
    amount: Amount
    currency: Currency | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.type is not PaymentType.PREPAID and self.reference is None:
            raise PydanticCustomError(
                "payment",
                "a payment of type {type} names the gateway's own reference in `reference`",
                {"type": self.type.value},
            )
        return self


class OrderPosted(Wire):
    """A new order: the body of `POST /orders`. It is the same order for ever, by its `reference`."""

    reference: Reference
    placed_at: Instant
    currency: Currency
    prices_include_tax: bool = True
    language: Language = "en"
    customer: Customer
    ship_to: Address
    bill_to: Address | None = None
    lines: Annotated[list[OrderLine], Field(min_length=1, max_length=1000)]
    discounts: Annotated[list[Discount], Field(max_length=20)] = []
    shipping: Shipping = Shipping()
    total: Amount
    payments: Annotated[list[Payment], Field(max_length=10)] = []


class CancelPosted(Wire):
    """The wish to cancel what is not shipped: the body of `POST /orders/{ref}/cancel`."""

    id: Reference
    order: Reference
    requested_at: Instant
    reason: Text = ""


class QuantityChange(Wire):
    """A line's new quantity; 0 takes the line away."""

    line: Line1
    quantity: Annotated[int, Field(ge=0, le=1_000_000)]


class AmendmentPosted(Wire):
    """The wish to change an order: the body of `POST /orders/{ref}/amendments`."""

    id: Reference
    order: Reference
    requested_at: Instant
    quantities: Annotated[list[QuantityChange], Field(max_length=1000)] = []
    ship_to: Address | None = None
    shipping_method: Line1 | None = None
    note: Text = ""
    """For the person at the desk; it stays in the message and does not enter the order's history."""

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.quantities and self.ship_to is None and self.shipping_method is None:
            raise PydanticCustomError("amendment", "give `quantities`, `ship_to` or `shipping_method`")
        return self
