"""Purchase orders at drop-ship suppliers: what was ordered there, what the supplier said of it, and its invoices.

A purchase is the other half of the release of the same id: the release says which of the order's units a supplier is
to send, the purchase what it costs, what the supplier has promised, and by when. Suppliers know SKUs, so a purchase has
one line for each SKU.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from canonical.base import Instant, Name, Quantity, Value
from canonical.lines import ReleaseLine
from canonical.money import Money, total

Overdue = Literal["acknowledgement", "ship_notice"]


class LineAnswer(StrEnum):
    """What a supplier may answer to a line."""

    ACCEPTED = "accepted"
    """It sends so many; of the others it says nothing here."""
    CHANGED = "changed"
    """It sends so many and, but for those that it says are back-ordered, no more."""
    BACK_ORDERED = "back_ordered"
    """It sends so many later."""
    REJECTED = "rejected"
    """It does not send so many."""


class AnsweredLine(Value):
    """What a supplier says of units of a SKU, over the whole purchase order: told again, it changes nothing."""

    sku: Name
    answer: LineAnswer
    quantity: Quantity | None = None
    """How many; None: all of the SKU that it says nothing else of."""
    expected_at: Instant | None = None
    """When they will leave, where it says so."""
    unit_cost: Money | None = None
    """What it wants for one, where it says so."""
    reason: str = ""
    """Its own code or words."""


class PurchasedLine(Value):
    """A line of a purchase order, as it is sent. `number` counts from 1."""

    number: Annotated[int, Field(gt=0)]
    sku: Name
    reference: Name | None = None
    """What the supplier calls the item."""
    quantity: Annotated[int, Field(gt=0)]
    unit_cost: Money | None = None
    """What was agreed for one; None where nothing was."""


class PurchaseLine(PurchasedLine):
    """A line of a purchase order, with the supplier's word on it: how many it accepted, sends later, and refused."""

    accepted: Quantity = 0
    back_ordered: Quantity = 0
    refused: Quantity = 0
    dropped: Quantity = 0
    """So many are not wanted from it any more: it refused them, or agreed not to send them."""
    expected_at: Instant | None = None
    back_at: Instant | None = None
    """When the back-ordered ones will leave, as far as it has said."""
    told_cost: Money | None = None
    """What it wants for one, where that is not what was agreed, and nobody has accepted it yet."""

    def wanted(self) -> int:
        """Return how many are still to come, or have come."""
        return self.quantity - self.dropped


class ChangeStatus(StrEnum):
    """Where the wish to change a purchase order stands."""

    REQUESTED = "requested"
    AGREED = "agreed"
    REFUSED = "refused"


class PurchaseUnits(Value):
    """Some units of a SKU of a purchase order."""

    sku: Name
    quantity: Annotated[int, Field(gt=0)]


class PurchaseChange(Value):
    """The wish that a supplier does not send some of what was ordered."""

    id: Name
    status: ChangeStatus = ChangeStatus.REQUESTED
    lines: tuple[PurchaseUnits, ...]
    requested_at: Instant


class InvoiceStatus(StrEnum):
    """Where a supplier's invoice stands."""

    WAITING = "waiting"
    """For the ship notice of what it charges."""
    APPROVED = "approved"
    """It may be paid."""
    DOUBTED = "doubted"
    """A person has to accept or to dispute it."""
    DISPUTED = "disputed"


class InvoiceLine(Value):
    """Some units that a supplier charges."""

    sku: Name
    quantity: Annotated[int, Field(gt=0)]
    unit_price: Money


class InvoiceSums(Value):
    """What an invoice charges: `total` is what its lines, freight and tax come to, less the allowances."""

    lines: tuple[InvoiceLine, ...]
    freight: Money
    allowances: Money
    tax: Money
    total: Money

    def adds_up_to(self) -> Money:
        """Return what its parts come to, in the currency of its total."""
        goods = total((line.unit_price * line.quantity for line in self.lines), self.total.currency)
        return goods + self.freight + self.tax - self.allowances


class Invoice(InvoiceSums):
    """A supplier's invoice. Its id is the supplier's number of it."""

    id: Name
    status: InvoiceStatus = InvoiceStatus.WAITING
    received_at: Instant
    wait_until: Instant | None = None
    """Until then the goods that it charges are waited for."""
    doubts: tuple[str, ...] = ()
    decided_by: Name | None = None


class SupplierReturn(Value):
    """The wish to send goods back to a supplier. Its id is the hub's own."""

    id: Name
    status: ChangeStatus = ChangeStatus.REQUESTED
    lines: tuple[PurchaseUnits, ...]
    reason: str
    authorisation: Name | None = None
    """The supplier's number, which has to be on the parcel."""


class Purchase(Value):
    """A purchase order. Its id is its number, and the id of its release; `n` counts the order's purchases."""

    id: Name
    n: Annotated[int, Field(gt=0)]
    supplier: Name
    """The node."""
    requested_at: Instant
    lines: tuple[PurchaseLine, ...]
    acknowledge_by: Instant
    answered_at: Instant | None = None
    """When it first said something of it; a ship notice is an answer too."""
    ship_by: Instant | None = None
    """When the next ship notice is due."""
    overdue: Overdue | None = None
    """What did not come in time; None again once it came, or a person has seen to it."""
    changes: tuple[PurchaseChange, ...] = ()
    invoices: tuple[Invoice, ...] = ()
    returns: tuple[SupplierReturn, ...] = ()

    def line(self, sku: str) -> PurchaseLine | None:
        """Return the line of that SKU, if there is one."""
        return next((line for line in self.lines if line.sku == sku), None)

    def open_change(self) -> PurchaseChange | None:
        """Return the change that the supplier has not answered yet, if there is one."""
        return next((c for c in self.changes if c.status is ChangeStatus.REQUESTED), None)

    def invoice(self, invoice_id: str) -> Invoice | None:
        """Return the invoice of that number, if there is one."""
        return next((invoice for invoice in self.invoices if invoice.id == invoice_id), None)

    def invoiced_before(self, invoice_id: str) -> Mapping[str, int]:
        """Return how many units of each SKU are charged by earlier invoices, and by later ones that are approved.

        Disputed ones don't count.
        """
        counted: list[InvoiceLine] = []
        later = False
        for invoice in self.invoices:
            later = later or invoice.id == invoice_id
            counts = (
                (InvoiceStatus.APPROVED,) if later else tuple(set(InvoiceStatus) - {InvoiceStatus.DISPUTED})
            )
            if invoice.id != invoice_id and invoice.status in counts:
                counted += invoice.lines
        return as_units(counted)


def as_units(lines: Iterable[ReleaseLine | InvoiceLine]) -> dict[str, int]:
    """Add lines up by SKU."""
    units: dict[str, int] = {}
    for line in lines:
        units[line.sku] = units.get(line.sku, 0) + line.quantity
    return units


Cost = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4, allow_inf_nan=False)]
"""An amount in a currency that stands beside it."""
