"""The order: lines as rows of quantities, holds, payment, releases, shipments. Headers are derived from them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from canonical.base import Instant, Name, Quantity, Value
from canonical.deadlines import Deadlines
from canonical.fraud import FraudCheck
from canonical.lines import Charge, Discount, Line, ReleaseLine, Row, Shipping, Tax
from canonical.money import Currency, Money, total
from canonical.parcels import AT_AN_END, PROBLEMS, Parcel
from canonical.parties import Destination, Language
from canonical.payment import Payment
from canonical.purchases import InvoiceStatus, Purchase
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

__all__ = [
    "Cancellation", "Charge", "Discount", "Hold", "Line", "Note", "NoteText", "Order", "Parcel", "Release",
    "ReleaseLine", "ReturnReceipt", "Row", "Shipment", "Shipping", "Tax", "rows_at",
]  # fmt: skip
"""What belongs to an order, its lines too: those who look for one find it here."""


class Hold(Value):
    """A reason why the order may not go on, and what it stops. Holds of one type replace each other."""

    type: HoldType
    blocks: tuple[Block, ...] = (Block.SOURCE, Block.RELEASE, Block.CAPTURE)
    reason: str
    actor: Name
    placed_at: Instant
    next_check_at: Instant | None = None


class Release(Value):
    """The work order for one node. Its id is the reference that the node knows."""

    id: Name
    node: Name
    connector: Name
    status: ReleaseStatus
    lines: tuple[ReleaseLine, ...]
    requested_at: Instant
    submitted: bool = True
    """The node was asked for it; it is not before the labels of its parcels are there."""
    unstoppable: bool = False
    """The node has said that it can't stop it any more."""
    refused: tuple[tuple[Name, int], ...] = ()
    """So many units of these SKUs the node refused or stopped, while it goes on with the others."""

    def wanted(self) -> int:
        """Return how many units are still to leave, or have left."""
        return sum(line.quantity for line in self.lines) - sum(quantity for _, quantity in self.refused)


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
    unpaid: bool = False
    """Its payment did not come in time."""
    by_channel: bool = False
    """The channel has cancelled it already, and is not told what it knows."""
    units: Quantity = 0
    """How many units it has cancelled so far."""


class ReturnReceipt(Value):
    """Goods that came back to a node, by line and condition."""

    id: Name
    node: Name
    received_at: Instant
    lines: tuple[ReleaseLine, ...]
    damaged: bool = False


NoteText = Annotated[str, Field(min_length=1, max_length=2000)]


class Note(Value):
    """What a person wants the next one to know. Never personal data: it is kept in the journal."""

    text: NoteText
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
    pending: bool = False
    """The channel itself is not paid yet: prices and address may be missing. It keeps its stock, and waits."""
    deadlines: Deadlines = Deadlines()
    price_accepted: bool = False
    """A person released a price_mismatch hold: what the tenders say is what is owed."""
    confirmed_at: Instant | None = None
    payment: Payment = Payment()
    holds: tuple[Hold, ...] = ()
    releases: tuple[Release, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    parcels: tuple[Parcel, ...] = ()
    """Labels that the hub has booked, and parcels that a courier's broker tells of."""
    purchases: tuple[Purchase, ...] = ()
    """What suppliers were asked to send: each belongs to the release of its id."""
    cancellation: Cancellation | None = None
    returns: tuple[ReturnReceipt, ...] = ()
    rejected_nodes: tuple[Name, ...] = ()
    """Nodes that refused this order; it is not sourced there again."""
    rejected_reason: str | None = None
    fraud: FraudCheck | None = None
    """Where it stands with fraud, once somebody has looked at that."""
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

    def purchase(self, purchase_id: str) -> Purchase | None:
        """Return the purchase order of that number, if there is one."""
        return next((p for p in self.purchases if p.id == purchase_id), None)

    def shipment(self, shipment_id: str) -> Shipment | None:
        """Return the shipment of that id, if there is one."""
        return next((s for s in self.shipments if s.id == shipment_id), None)

    def parcel(self, parcel_id: str) -> Parcel | None:
        """Return the parcel of that id, if there is one."""
        return next((p for p in self.parcels if p.id == parcel_id), None)

    def parcels_of(self, release_id: str) -> tuple[Parcel, ...]:
        """Return the parcels that a release is, or is to be, sent in."""
        return tuple(p for p in self.parcels if p.release == release_id and p.return_of is None)

    def hold(self, hold_type: HoldType) -> Hold | None:
        """Return the hold of that type, if there is one."""
        return next((h for h in self.holds if h.type is hold_type), None)

    def blocked(self, block: Block) -> tuple[Hold, ...]:
        """Return the holds that forbid a step."""
        return tuple(hold for hold in self.holds if block in hold.blocks)

    def next_deadline(self) -> datetime | None:
        """Return when the next step is due, by the channel or at a supplier; None where nothing is to be late with."""
        first = self._channels_due()
        if not self.purchases:
            return first
        return min((at for at in (first, *self._suppliers_dues()) if at is not None), default=None)

    def _channels_due(self) -> datetime | None:
        still = [self.deadlines.ship_by]
        if self.confirmed_at is None:
            still.append(self.deadlines.acknowledge_by)
        first = min((at for at in still if at is not None), default=None)
        theirs = self.type is OrderType.CHANNEL_FULFILLED
        if first is None or theirs or self.rejected_reason is not None:
            return None
        return first if self.quantity(*NOT_LEFT_YET) else None

    def _suppliers_dues(self) -> Iterator[datetime | None]:
        for purchase in self.purchases:
            release = self.release(purchase.id)
            if release is not None and release.status in LIVE_RELEASES:
                yield purchase.acknowledge_by if purchase.answered_at is None else purchase.ship_by
            for invoice in purchase.invoices:
                if invoice.status is InvoiceStatus.WAITING:
                    yield invoice.wait_until

    def back_ordered(self) -> dict[str, int]:
        """Return how many units of each line wait for stock, by its id: for ours, or for their supplier's."""
        waiting = {line.id: line.quantity(RowStatus.BACKORDERED) for line in self.lines}
        for purchase in self.purchases:
            late = {line.sku: line.back_ordered for line in purchase.lines}
            for line, row in rows_at(self.lines, frozenset({RowStatus.RELEASED, RowStatus.ACCEPTED})):
                units = min(row.quantity, late.get(line.sku, 0)) if row.release == purchase.id else 0
                if units:
                    late[line.sku] -= units
                    waiting[line.id] += units
        return {line_id: units for line_id, units in waiting.items() if units}

    def quantity(self, *statuses: RowStatus) -> int:
        """Return how many units of all lines stand at one of `statuses`."""
        return sum(line.quantity(*statuses) for line in self.lines)

    def ordered(self) -> int:
        """Return how many units were ordered."""
        return sum(line.ordered for line in self.lines)

    def computed_total(self) -> Money:
        """Return what lines and shipping add up to, each rounded to minor units; `total` should equal it."""
        return self._worth({line.id: line.ordered for line in self.lines})

    def tax(self) -> Money:
        """Return all tax of the order."""
        return total((line.tax() for line in self.lines), self.currency) + self.shipping.tax()

    def worth_without_cancelled(self) -> Money:
        """Return what lines and shipping add up to for all that is not cancelled; nothing if all of it is."""
        return self._worth(
            {line.id: line.ordered - line.quantity(RowStatus.CANCELLED) for line in self.lines}
        )

    def worth_shipped(self) -> Money:
        """Return what has left the house is worth to the customer; shipping not included."""
        plus_tax = not self.prices_include_tax
        shipped = (line.worth(line.quantity(*LEFT_THE_HOUSE), plus_tax=plus_tax) for line in self.lines)
        return total(shipped, self.currency)

    def _worth(self, units: Mapping[str, int]) -> Money:
        if not any(units.values()):
            return Money.zero(self.currency)
        plus_tax = not self.prices_include_tax
        goods = total((line.worth(units[line.id], plus_tax=plus_tax) for line in self.lines), self.currency)
        return goods + self.shipping.worth(plus_tax=plus_tax)

    def owed(self) -> Money:
        """Return what the customer has to pay: the stated total, less what was cancelled; never below nothing."""
        owed = self.total
        if self.price_accepted:
            owed = min(owed, total((t.amount for t in self.payment.tenders), self.currency))
        cancelled = self.quantity(RowStatus.CANCELLED)
        if not cancelled:
            return owed
        if cancelled == self.ordered():
            return Money.zero(self.currency)
        owed -= self.computed_total() - self.worth_without_cancelled()
        return max(owed, Money.zero(self.currency))

    def is_paid_for(self) -> bool:
        """Say whether money is authorised, captured or prepaid for all that is not cancelled."""
        return self.payment.covered(self.currency) >= self.owed()

    def payment_status(self) -> PaymentStatus:
        """Derive the payment axis; what was cancelled is not missing from what was captured."""
        status = self.payment.status(self.currency)
        if status is PaymentStatus.PARTIALLY_CAPTURED:
            taken = self.payment.captured(self.currency) + self.payment.prepaid(self.currency)
            return PaymentStatus.CAPTURED if taken >= self.owed() else status
        return status

    def fulfilment_status(self) -> FulfilmentStatus:
        """Derive the fulfilment axis from the furthest and the least far of the live rows."""
        return _fulfilment({row.status for line in self.lines for row in line.rows})

    def status(self) -> OrderStatus:
        """Derive the header's lifecycle."""
        if self.rejected_reason is not None:
            return OrderStatus.REJECTED
        statuses = {row.status for line in self.lines for row in line.rows}
        if statuses == {RowStatus.CANCELLED}:
            unpaid = self.cancellation is not None and self.cancellation.unpaid
            return OrderStatus.EXPIRED if unpaid else OrderStatus.CANCELLED
        if statuses <= _FINISHED and self.is_settled() and not self.awaits_delivery():
            return OrderStatus.COMPLETED
        if statuses & _UNDER_WAY:
            return OrderStatus.IN_PROGRESS
        if self.is_paid_for() and not self.blocked(Block.RELEASE):
            return OrderStatus.CONFIRMED
        return OrderStatus.PLACED

    def awaits_delivery(self) -> bool:
        """Say whether a parcel that a broker follows is still on its way, or in trouble that nobody has looked at.

        What a node sent with a label of its own is not waited for: many carriers never confirm.
        """
        if self.hold(HoldType.DELIVERY_PROBLEM) is not None:
            return True
        over = AT_AN_END | PROBLEMS  # a person who released the hold has settled the problem
        open_parcels = {p.shipment for p in self.parcels if p.shipment and p.status not in over}
        return any(
            row.shipment in open_parcels
            for line in self.lines
            for row in line.rows
            if row.status is RowStatus.SHIPPED
        )

    def is_settled(self) -> bool:
        """Say whether nothing is left to capture or to pay back for what has left the house."""
        currency, payment = self.currency, self.payment
        if payment.capture_pending(currency) or payment.refund_pending(currency):
            return False
        captured, prepaid = payment.captured(currency), payment.prepaid(currency)
        shipped = self.worth_shipped()
        if not shipped:
            return captured <= payment.refunded(currency)
        due = min(shipped + self.shipping.worth(plus_tax=not self.prices_include_tax), self.owed())
        enough = captured + prepaid >= due
        too_much = captured - payment.refunded(currency) > max(due - prepaid, Money.zero(currency))
        return enough and not too_much


LIVE_RELEASES = frozenset(
    {
        ReleaseStatus.REQUESTED, ReleaseStatus.ACCEPTED, ReleaseStatus.PARTIALLY_SHIPPED,
        ReleaseStatus.CANCEL_REQUESTED,
    },
)  # fmt: skip
"""A node may still send something for these."""
LEFT_THE_HOUSE = frozenset(
    {RowStatus.SHIPPED, RowStatus.DELIVERED, RowStatus.RECEIVED_GOOD, RowStatus.RECEIVED_DAMAGED},
)
NOT_LEFT_YET = frozenset(
    {
        RowStatus.CREATED, RowStatus.BACKORDERED, RowStatus.RESERVED, RowStatus.SCHEDULED,
        RowStatus.RELEASED, RowStatus.ACCEPTED,
    },
)  # fmt: skip
_FINISHED = LEFT_THE_HOUSE | {RowStatus.CANCELLED}
_UNDER_WAY = LEFT_THE_HOUSE | {RowStatus.RELEASED, RowStatus.ACCEPTED}


def _fulfilment(statuses: set[RowStatus]) -> FulfilmentStatus:
    live = statuses - {RowStatus.CANCELLED}
    if not live:
        return FulfilmentStatus.CANCELLED
    if live <= LEFT_THE_HOUSE - {RowStatus.SHIPPED}:
        return FulfilmentStatus.DELIVERED
    if live <= LEFT_THE_HOUSE:
        return FulfilmentStatus.SHIPPED
    if live & LEFT_THE_HOUSE:
        return FulfilmentStatus.PARTIALLY_SHIPPED
    if live & {RowStatus.RELEASED, RowStatus.ACCEPTED}:
        return FulfilmentStatus.RELEASED
    return FulfilmentStatus.SCHEDULED if RowStatus.SCHEDULED in live else FulfilmentStatus.NONE


def rows_at(lines: Iterable[Line], statuses: frozenset[RowStatus]) -> tuple[tuple[Line, Row], ...]:
    """Return the rows of `lines` that stand at one of `statuses`, each with its line."""
    return tuple((line, row) for line in lines for row in line.rows if row.status in statuses)
