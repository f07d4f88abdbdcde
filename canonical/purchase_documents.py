"""What drop-ship suppliers say: answers to purchase orders, ship notices, invoices, returns.

What they have in stock is a `StockDocument` of their node; goods that they got back are a `ReturnDocument`.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from canonical.base import Instant, Name, Quantity, Value
from canonical.document import BusinessKey, KeyKind, NotNegative, OrderBound, Positive, SkuQuantity
from canonical.events import (
    Event,
    GoodsDispatched,
    InvoiceReceived,
    PurchaseAnswered,
    PurchaseChangeAgreed,
    PurchaseChangeRefused,
    ReleaseCancelled,
    ReleaseCancelRefused,
    ReleaseRefused,
    SupplierReturnAnswered,
)
from canonical.money import Currency, Money
from canonical.purchases import AnsweredLine, Cost, InvoiceLine, LineAnswer


class PurchaseBound(OrderBound):
    """A document that a supplier sends about one of its purchase orders."""

    supplier: Name
    """The node."""
    purchase_id: Name
    """The purchase order's number."""

    def key(self) -> BusinessKey:
        """Return supplier and number: nobody speaks of another supplier's purchase orders."""
        return self.key_of(self.supplier, self.purchase_id)

    @staticmethod
    def key_of(supplier: str, purchase_id: str) -> BusinessKey:
        """Return the business key of a supplier's purchase order."""
        return BusinessKey(kind=KeyKind.PURCHASE_ORDER, value=f"{supplier}:{purchase_id}")


class PurchaseAnswer(StrEnum):
    """What a supplier may answer to a purchase order, or to the wish to change or cancel it."""

    ACCEPTED = "accepted"
    """All of it, as ordered."""
    REJECTED = "rejected"
    """All of it: it will send nothing for this order."""
    LINES = "lines"
    """It says what of each line."""
    CANCELLED = "cancelled"
    CANCEL_REFUSED = "cancel_refused"
    CHANGE_AGREED = "change_agreed"
    CHANGE_REFUSED = "change_refused"


class AnswerLine(Value):
    """What a supplier says of units of a SKU. Quantities are those of the whole purchase order, not what is new."""

    sku: Name
    answer: LineAnswer
    quantity: Quantity | None = None
    """How many; nothing said: all of the SKU that no other line of the document speaks of."""
    expected_at: Instant | None = None
    unit_cost: Cost | None = None
    reason: Annotated[str, Field(max_length=200)] = ""


class PurchaseAnswerDocument(PurchaseBound):
    """A supplier's answer (X12 855 and 865, EDIFACT ORDRSP)."""

    reference: Name
    """The supplier's own name of this answer; one that comes twice is one."""
    answer: PurchaseAnswer
    change_id: Name | None = None
    """The change that it answers; nothing said: the one that is open."""
    lines: tuple[AnswerLine, ...] = ()
    currency: Currency | None = None
    """Of the lines' costs."""
    reason: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _lines_are_whole(self) -> Self:
        if bool(self.lines) != (self.answer is PurchaseAnswer.LINES):
            message = f"lines go with the answer 'lines', and {self.answer.value!r} has {len(self.lines)}"
            raise ValueError(message)
        if self.currency is None and any(line.unit_cost is not None for line in self.lines):
            message = "costs need a currency"
            raise ValueError(message)
        return self

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the one event that the answer is. Releases have the numbers of their purchase orders."""
        common: dict[str, object] = {
            "order_id": order_id,
            "occurred_at": self.occurred_at,
            "fact_key": f"purchase:{self.supplier}:{self.purchase_id}:{self.answer.value}:{self.reference}",
        }
        kind = _ANSWERS[self.answer]
        match self.answer:
            case PurchaseAnswer.ACCEPTED | PurchaseAnswer.LINES:
                lines = tuple(self._line(line) for line in self.lines)
                return (kind.model_validate({**common, "purchase_id": self.purchase_id, "lines": lines}),)
            case PurchaseAnswer.CHANGE_AGREED | PurchaseAnswer.CHANGE_REFUSED:
                common |= {"purchase_id": self.purchase_id, "change_id": self.change_id}
                refused = self.answer is PurchaseAnswer.CHANGE_REFUSED
                return (kind.model_validate(common | ({"reason": self.reason} if refused else {})),)
            case PurchaseAnswer.CANCELLED:
                return (kind.model_validate({**common, "release_id": self.purchase_id}),)
            case _:
                return (
                    kind.model_validate({**common, "release_id": self.purchase_id, "reason": self.reason}),
                )

    def _line(self, line: AnswerLine) -> AnsweredLine:
        cost = None
        if line.unit_cost is not None and self.currency is not None:
            cost = Money(amount=line.unit_cost, currency=self.currency)
        return AnsweredLine(
            sku=line.sku,
            answer=line.answer,
            quantity=line.quantity,
            expected_at=line.expected_at,
            unit_cost=cost,
            reason=line.reason,
        )


_ANSWERS: Mapping[PurchaseAnswer, type[Event]] = {
    PurchaseAnswer.ACCEPTED: PurchaseAnswered,
    PurchaseAnswer.LINES: PurchaseAnswered,
    PurchaseAnswer.REJECTED: ReleaseRefused,
    PurchaseAnswer.CANCELLED: ReleaseCancelled,
    PurchaseAnswer.CANCEL_REFUSED: ReleaseCancelRefused,
    PurchaseAnswer.CHANGE_AGREED: PurchaseChangeAgreed,
    PurchaseAnswer.CHANGE_REFUSED: PurchaseChangeRefused,
}


class ShippedPackage(Value):
    """A parcel of a ship notice. `package_id` is the supplier's own name of it, such as its SSCC."""

    package_id: Name
    carrier: str | None = None
    tracking_number: str | None = None
    lines: Annotated[tuple[SkuQuantity, ...], Field(min_length=1)]


class ShipNoticeDocument(PurchaseBound):
    """Goods of a purchase order have left, in so many parcels (X12 856, EDIFACT DESADV)."""

    notice_id: Name
    packages: Annotated[tuple[ShippedPackage, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _packages_are_distinct(self) -> Self:
        ids = [package.package_id for package in self.packages]
        twice = next((i for i in ids if ids.count(i) > 1), None)
        if twice is not None:
            message = f"two packages have the id {twice!r}"
            raise ValueError(message)
        return self

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return one dispatch for each parcel; a parcel that a second notice names again is the same one."""
        return tuple(
            GoodsDispatched(
                order_id=order_id, occurred_at=self.occurred_at, release_id=self.purchase_id,
                shipment_id=package.package_id, carrier=package.carrier, tracking_number=package.tracking_number,
                skus=tuple((line.sku, line.quantity) for line in package.lines),
                fact_key=f"dispatch:{self.purchase_id}:{package.package_id}",
            )
            for package in self.packages
        )  # fmt: skip


class InvoicedLine(Value):
    """Some units that a supplier charges."""

    sku: Name
    quantity: Positive
    unit_price: Cost


class SupplierInvoiceDocument(PurchaseBound):
    """A supplier's invoice for one purchase order (X12 810, EDIFACT INVOIC). A corrected one has a new number."""

    invoice_id: Name
    currency: Currency
    lines: Annotated[tuple[InvoicedLine, ...], Field(min_length=1)]
    freight: NotNegative = Decimal(0)
    allowances: NotNegative = Decimal(0)
    """What is taken off."""
    tax: NotNegative = Decimal(0)
    total: NotNegative

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the charge."""

        def money(amount: object) -> Money:
            return Money.model_validate({"amount": amount, "currency": self.currency})

        return (
            InvoiceReceived(
                order_id=order_id, occurred_at=self.occurred_at, purchase_id=self.purchase_id,
                invoice_id=self.invoice_id,
                lines=tuple(
                    InvoiceLine(sku=line.sku, quantity=line.quantity, unit_price=money(line.unit_price))
                    for line in self.lines
                ),
                freight=money(self.freight), allowances=money(self.allowances), tax=money(self.tax),
                total=money(self.total), fact_key=f"invoice:{self.supplier}:{self.invoice_id}",
            ),
        )  # fmt: skip


class SupplierReturnAnswerDocument(PurchaseBound):
    """A supplier takes goods back under its number, or does not (X12 180, EDIFACT RETANN)."""

    return_id: Name
    """The hub's own id of the return, which the supplier gives back."""
    authorisation: Name | None = None
    """The number that has to be on the parcel; none: it does not take them back."""
    reason: Annotated[str, Field(max_length=200)] = ""

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the answer."""
        said = self.authorisation or "declined"
        return (
            SupplierReturnAnswered(
                order_id=order_id, occurred_at=self.occurred_at, purchase_id=self.purchase_id,
                return_id=self.return_id, authorisation=self.authorisation, reason=self.reason,
                fact_key=f"supplier_return:{self.supplier}:{self.purchase_id}:{self.return_id}:{said}",
            ),
        )  # fmt: skip
