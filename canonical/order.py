"""The order: lines as rows of quantities, holds, payment, releases, shipments. Headers are derived from them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from canonical.base import Instant, Name, Quantity, Value
from canonical.money import Currency, Money, total
from canonical.parties import Destination, Language
from canonical.payment import Payment
from canonical.statuses import (
    Block,
    CancelStatus,
    FulfilmentStatus,
    HoldType,
    OrderStatus,
    OrderType,
    PaymentStatus,
    ReleaseStatus,
    RowStatus,
)


class Tax(Value):
    """One tax on one line or on the shipping. `rate` is a fraction (0.19)."""

    code: Name
    rate: Annotated[Decimal, Field(ge=0, le=1)]
    amount: Money


class Discount(Value):
    """A reduction, with the share of it that this line bears."""

    code: Name
    amount: Money


class Row(Value):
    """Some units of a line that stand at the same place. A line's rows always add up to what was ordered."""

    status: RowStatus
    quantity: Annotated[int, Field(gt=0)]
    node: Name | None = None
    release: Name | None = None
    shipment: Name | None = None
    eta: Instant | None = None


class Line(Value):
    """What was ordered of one SKU. `discounts` and `taxes` are the whole line's."""

    id: Name
    sku: Name
    title: str = ""
    ordered: Annotated[int, Field(gt=0, le=1_000_000)]
    unit_price: Money
    """The price of one unit, before discounts; with tax when `Order.prices_include_tax`."""
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    rows: tuple[Row, ...]
    attributes: dict[str, str] = {}

    def quantity(self, *statuses: RowStatus) -> int:
        """Return how many units stand at one of `statuses`."""
        return sum(row.quantity for row in self.rows if row.status in statuses)

    def goods(self) -> Money:
        """Return what the whole line costs after discounts, before tax that is not in the price."""
        gross = self.unit_price * self.ordered
        return gross - total((d.amount for d in self.discounts), gross.currency)

    def tax(self) -> Money:
        """Return the tax of the whole line."""
        return total((t.amount for t in self.taxes), self.unit_price.currency)


class Shipping(Value):
    """What delivery costs the customer, and how it was promised."""

    method: Name = "standard"
    amount: Money
    taxes: tuple[Tax, ...] = ()

    def tax(self) -> Money:
        """Return the tax on delivery."""
        return total((t.amount for t in self.taxes), self.amount.currency)


class Hold(Value):
    """A reason why the order may not go on, and what it stops. Holds of one type replace each other."""

    type: HoldType
    blocks: tuple[Block, ...] = (Block.SOURCE, Block.RELEASE, Block.CAPTURE)
    reason: str
    actor: Name
    placed_at: Instant
    next_check_at: Instant | None = None


class ReleaseLine(Value):
    """Some units of a line that a node is asked for."""

    line_id: Name
    sku: Name
    quantity: Annotated[int, Field(gt=0)]


class Release(Value):
    """The work order for one node. Its id is the reference that the node knows."""

    id: Name
    node: Name
    connector: Name
    status: ReleaseStatus
    lines: tuple[ReleaseLine, ...]
    requested_at: Instant


class Shipment(Value):
    """One parcel that left a node."""

    id: Name
    release: Name
    node: Name
    carrier: str | None = None
    tracking_number: str | None = None
    shipped_at: Instant
    lines: tuple[ReleaseLine, ...]


class Cancellation(Value):
    """A request to cancel all of an order that is not shipped yet."""

    id: Name
    status: CancelStatus
    reason: str
    actor: Name
    requested_at: Instant


class ReturnReceipt(Value):
    """Goods that came back to a node, by line and condition."""

    id: Name
    node: Name
    received_at: Instant
    lines: tuple[ReleaseLine, ...]
    damaged: bool = False


class Note(Value):
    """What a person wants the next one to know. Never personal data: it is kept in the journal."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    actor: Name
    at: Instant


class Order(Value):
    """An order: always the fold of its journal. `version` is the seq of the last journal row."""

    id: UUID
    version: int = 0
    channel: Name
    channel_ref: Name
    source_version: str | None = None
    type: OrderType = OrderType.STANDARD
    placed_at: Instant
    currency: Currency
    prices_include_tax: bool = True
    language: Language = "en"
    destination: Destination
    lines: tuple[Line, ...]
    shipping: Shipping
    total: Money
    """What the customer owes, as the channel states it."""
    payment: Payment = Payment()
    holds: tuple[Hold, ...] = ()
    releases: tuple[Release, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    cancellation: Cancellation | None = None
    returns: tuple[ReturnReceipt, ...] = ()
    rejected_nodes: tuple[Name, ...] = ()
    """Nodes that refused this order; it is not sourced there again."""
    rejected_reason: str | None = None
    notes: tuple[Note, ...] = ()
    facts: tuple[str, ...] = ()
    """Natural keys of the partners' facts that were applied; a second telling changes nothing."""

    def line(self, line_id: str) -> Line:
        """Return the line of that id; an unknown one raises KeyError."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise KeyError(line_id)

    def release(self, release_id: str) -> Release | None:
        """Return the release of that id, if there is one."""
        return next((r for r in self.releases if r.id == release_id), None)

    def shipment(self, shipment_id: str) -> Shipment | None:
        """Return the shipment of that id, if there is one."""
        return next((s for s in self.shipments if s.id == shipment_id), None)

    def hold(self, hold_type: HoldType) -> Hold | None:
        """Return the hold of that type, if there is one."""
        return next((h for h in self.holds if h.type is hold_type), None)

    def blocked(self, block: Block) -> tuple[Hold, ...]:
        """Return the holds that forbid a step."""
        return tuple(hold for hold in self.holds if block in hold.blocks)

    def quantity(self, *statuses: RowStatus) -> int:
        """Return how many units of all lines stand at one of `statuses`."""
        return sum(line.quantity(*statuses) for line in self.lines)

    def ordered(self) -> int:
        """Return how many units were ordered."""
        return sum(line.ordered for line in self.lines)

    def computed_total(self) -> Money:
        """Return what lines and shipping add up to; `total` should equal it."""
        goods = total((line.goods() for line in self.lines), self.currency) + self.shipping.amount
        return goods if self.prices_include_tax else goods + self.tax()

    def tax(self) -> Money:
        """Return all tax of the order."""
        return total((line.tax() for line in self.lines), self.currency) + self.shipping.tax()

    def is_paid_for(self) -> bool:
        """Say whether money is authorised, captured or prepaid for all that is not cancelled."""
        covered = self.payment.authorised(self.currency) + self.payment.prepaid(self.currency)
        return covered >= self.total

    def payment_status(self) -> PaymentStatus:
        """Derive the payment axis."""
        return self.payment.status(self.currency)

    def fulfilment_status(self) -> FulfilmentStatus:
        """Derive the fulfilment axis from the furthest and the least far of the live rows."""
        return _fulfilment({row.status for line in self.lines for row in line.rows})

    def status(self) -> OrderStatus:
        """Derive the header's lifecycle."""
        if self.rejected_reason is not None:
            return OrderStatus.REJECTED
        statuses = {row.status for line in self.lines for row in line.rows}
        if statuses == {RowStatus.CANCELLED}:
            return OrderStatus.CANCELLED
        if statuses <= _FINISHED and self.is_settled():
            return OrderStatus.COMPLETED
        if statuses & _UNDER_WAY:
            return OrderStatus.IN_PROGRESS
        if self.is_paid_for() and not self.blocked(Block.RELEASE):
            return OrderStatus.CONFIRMED
        return OrderStatus.PLACED

    def is_settled(self) -> bool:
        """Say whether nothing is left to capture or to pay back."""
        open_money = self.payment.capture_pending(self.currency) + self.payment.refund_pending(self.currency)
        taken = self.payment.captured(self.currency) + self.payment.prepaid(self.currency)
        shipped = self.quantity(*_LEFT_THE_HOUSE) > 0
        return not open_money and (not shipped or bool(taken))


_LEFT_THE_HOUSE = frozenset(
    {RowStatus.SHIPPED, RowStatus.DELIVERED, RowStatus.RECEIVED_GOOD, RowStatus.RECEIVED_DAMAGED},
)
_FINISHED = _LEFT_THE_HOUSE | {RowStatus.CANCELLED}
_UNDER_WAY = _LEFT_THE_HOUSE | {RowStatus.RELEASED, RowStatus.ACCEPTED}


def _fulfilment(statuses: set[RowStatus]) -> FulfilmentStatus:
    live = statuses - {RowStatus.CANCELLED}
    if not live:
        return FulfilmentStatus.CANCELLED
    if live <= _LEFT_THE_HOUSE - {RowStatus.SHIPPED}:
        return FulfilmentStatus.DELIVERED
    if live <= _LEFT_THE_HOUSE:
        return FulfilmentStatus.SHIPPED
    if live & _LEFT_THE_HOUSE:
        return FulfilmentStatus.PARTIALLY_SHIPPED
    if live & {RowStatus.RELEASED, RowStatus.ACCEPTED}:
        return FulfilmentStatus.RELEASED
    return FulfilmentStatus.SCHEDULED if RowStatus.SCHEDULED in live else FulfilmentStatus.NONE


def rows_at(lines: Iterable[Line], statuses: frozenset[RowStatus]) -> tuple[tuple[Line, Row], ...]:
    """Return the rows of `lines` that stand at one of `statuses`, each with its line."""
    return tuple((line, row) for line in lines for row in line.rows if row.status in statuses)
