"""What happened to an order, in the past tense. An order is the fold of its events, oldest first.

Every event names its order. `recorded_at` is set once, by the engine. An event that came from a partner carries
the partner's natural `fact_key` (gateway, reference, kind, outcome), so that answer, webhook and poll are one fact.
"""

from collections.abc import Mapping
from uuid import UUID

from canonical.base import Instant, Key, Name, Value
from canonical.deadlines import Deadlines
from canonical.fraud import FraudVerdict
from canonical.money import Currency, Money
from canonical.order import Hold, Line, NoteText, ReleaseLine, Shipping
from canonical.parcels import ParcelStatus
from canonical.parties import Destination, Language
from canonical.payment import Tender
from canonical.purchases import AnsweredLine, InvoiceSums, Overdue, PurchasedLine, PurchaseUnits
from canonical.statuses import HoldType, OrderType, RowStatus


class Event(Value):
    """Something that happened to an order."""

    order_id: UUID
    occurred_at: Instant | None = None
    """When the partner says it happened; unknown for what the hub did."""
    recorded_at: Instant | None = None
    """When the hub took it into its journal; the engine sets it."""
    fact_key: str | None = None


class OrderPlaced(Event):
    """A channel sold something. Lines come with every row at `created`."""

    channel: Name
    channel_ref: Name
    source_version: str | None = None
    type: OrderType
    placed_at: Instant
    currency: Currency
    prices_include_tax: bool
    language: Language
    destination: Destination
    lines: tuple[Line, ...]
    shipping: Shipping
    total: Money
    tenders: tuple[Tender, ...]
    pending: bool = False
    deadlines: Deadlines = Deadlines()
    review: str = ""
    """Why a person should look at it before anything happens."""


class PendingEnded(Event):
    """The channel is paid now: what it had not said of prices, address and deadlines is known, and final."""

    destination: Destination
    prices_include_tax: bool
    lines: tuple[Line, ...]
    """As they were placed, now with their prices: every row at `created`, whatever they have come to since."""
    shipping: Shipping
    total: Money
    tenders: tuple[Tender, ...]
    deadlines: Deadlines = Deadlines()
    review: str = ""


class ChannelShipped(Event):
    """The channel says that the whole order has left."""


class OrderRejected(Event):
    """The order can't be taken at all."""

    reason: str


class RowsMoved(Event):
    """Units of a line went on: `quantity` units of the rows that match `before` (and `release`) are now `after`."""

    line_id: Name
    before: RowStatus
    after: RowStatus
    quantity: int
    from_node: Name | None = None
    from_release: Name | None = None
    from_shipment: Name | None = None
    node: Name | None = None
    release: Name | None = None
    shipment: Name | None = None
    eta: Instant | None = None


class OrderConfirmed(Event):
    """The order is paid for, nothing blocks it, and some of it has its stock. It happens once."""


class DeadlinePassed(Event):
    """A time that the order set itself (`Remind`) has come; the rules look again whether it still matters."""

    name: Key


class StockReserved(Event):
    """The whole order has its stock: every unit is reserved."""


class StockShort(Event):
    """Some units could not be reserved; they wait as back-ordered."""

    skus: tuple[Name, ...]


class StockArrived(Event):
    """Stock came in for a SKU that this order waits for."""

    sku: Name


class HoldPlaced(Event):
    """The order may not go on, for a reason."""

    hold: Hold


class HoldReleased(Event):
    """A hold was taken away."""

    type: HoldType
    actor: Name
    reason: str = ""


class PaymentRequested(Event):
    """A gateway was asked for an authorisation."""

    key: Key
    tender: int
    gateway: Name
    reference: Name | None = None
    """The authorisation that is to be adopted, where there is one already."""
    amount: Money


class PaymentAuthorised(Event):
    """The gateway holds money for this order. `key` is the operation's effect key."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    capture_before: Instant | None = None
    multicapture: bool = False


class PaymentDeclined(Event):
    """The gateway refused to authorise."""

    key: Key
    gateway: Name
    reference: Name | None = None
    amount: Money
    reason: str


class CaptureRequested(Event):
    """The gateway was asked to take money; `shipments` are what it pays for."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    shipments: tuple[Name, ...] = ()
    final: bool = False
    """The gateway may let the rest of the authorisation go."""


class PaymentCaptured(Event):
    """The gateway took the money."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money


class CaptureFailed(Event):
    """The gateway would not take the money."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    reason: str


class VoidRequested(Event):
    """The gateway was asked to let the authorised money go."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money


class PaymentVoided(Event):
    """The authorisation is gone: voided by us, expired, or cancelled at the gateway."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    reason: str = ""


class VoidFailed(Event):
    """The gateway would not void the authorisation."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    reason: str


class RefundRequested(Event):
    """The gateway was asked to pay money back."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    reason: str = ""


class PaymentRefunded(Event):
    """The gateway paid money back, because we asked or by its own desk."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money


class RefundFailed(Event):
    """The gateway could not pay the money back, at once or later."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    reason: str


class DisputeOpened(Event):
    """The customer disputes a charge."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    reason: str = ""


class DisputeClosed(Event):
    """A dispute was decided."""

    key: Key
    gateway: Name
    reference: Name
    amount: Money
    won: bool


class ReleaseRequested(Event):
    """A node was asked to send goods."""

    release_id: Name
    node: Name
    connector: Name
    lines: tuple[ReleaseLine, ...]
    submitted: bool = True
    """The node is asked at once; otherwise once its parcels have labels."""


class ReleaseSubmitted(Event):
    """The labels of a release are there, and its node was asked."""

    release_id: Name


class ReleaseAccepted(Event):
    """The node will send the goods."""

    release_id: Name


class ReleaseRefused(Event):
    """The node will not send some of the release; `skus` names what was short, if it did."""

    release_id: Name
    reason: str
    skus: tuple[Name, ...] = ()
    units: tuple[tuple[Name, int], ...] = ()
    """So many units of these SKUs; the release goes on with the others. None named: all that it has not sent yet."""


class GoodsDispatched(Event):
    """A parcel left a node. Lines are by SKU, as nodes know them; a rule finds the order's lines."""

    release_id: Name
    shipment_id: Name
    carrier: str | None = None
    tracking_number: str | None = None
    skus: tuple[tuple[Name, int], ...]


class ShipmentCreated(Event):
    """A parcel, matched to the order's lines."""

    shipment_id: Name
    release_id: Name
    node: Name
    carrier: str | None = None
    tracking_number: str | None = None
    lines: tuple[ReleaseLine, ...]


class CancelRequested(Event):
    """Somebody wants what is not shipped to be cancelled."""

    cancel_id: Name
    reason: str
    actor: Name
    unpaid: bool = False
    """It is cancelled because its payment did not come; one that was paid after all is not cancelled."""
    by_channel: bool = False
    """The channel has cancelled it already, and is not told what it knows."""


class CancelAccepted(Event):
    """All that was not shipped is cancelled."""

    cancel_id: Name


class CancelRejected(Event):
    """It was too late to cancel."""

    cancel_id: Name
    reason: str


class ReleaseCancelRequested(Event):
    """A node was asked not to send what it has not sent yet."""

    release_id: Name


class ReleaseCancelled(Event):
    """The node stopped some of the release."""

    release_id: Name
    units: tuple[tuple[Name, int], ...] = ()
    """So many units of these SKUs; the others left before, or still do. None named: all that it has not sent yet."""


class ReleaseCancelRefused(Event):
    """The node can't stop the release any more."""

    release_id: Name
    reason: str


class AmendmentRequested(Event):
    """The channel wants the order changed; what is to change is in the message it came with."""

    amendment_id: Name
    actor: Name
    summary: str
    units: dict[Name, int] = {}
    """How many units of each line the channel now wants, where it says so."""


class ReturnReceived(Event):
    """Goods came back to a node."""

    return_id: Name
    node: Name
    release_id: Name | None = None
    skus: tuple[tuple[Name, int], ...]
    damaged: bool = False


class ReturnMatched(Event):
    """Returned goods, matched to the order's lines."""

    return_id: Name
    node: Name
    lines: tuple[ReleaseLine, ...]
    damaged: bool = False


class LabelRequested(Event):
    """A broker was asked for a label: for a new parcel, or once more for one that got none."""

    parcel_id: Name
    release_id: Name
    node: Name
    broker: Name
    lines: tuple[ReleaseLine, ...]
    return_of: Name | None = None
    """The shipment that it is to bring back."""


class LabelBooked(Event):
    """A parcel has its label."""

    parcel_id: Name
    broker: Name
    reference: Name
    carrier: Name
    service: Name
    tracking_number: Name
    cost: Money | None = None


class LabelRefused(Event):
    """There is no label to be had for a parcel."""

    parcel_id: Name
    reason: str


class LabelVoidRequested(Event):
    """A parcel is not wanted any more, and its label is to be given back, if it has one."""

    parcel_id: Name
    reason: str


class LabelVoided(Event):
    """A label is void: nothing may be sent with it."""

    parcel_id: Name
    broker: Name
    reference: Name


class LabelVoidRefused(Event):
    """A label can't be given back."""

    parcel_id: Name
    reason: str


class CollectionBooked(Event):
    """A carrier comes for a parcel."""

    parcel_id: Name
    broker: Name
    reference: Name


class CollectionCancelled(Event):
    """Nobody comes for a parcel any more."""

    parcel_id: Name
    broker: Name
    reference: Name


class ManifestClosed(Event):
    """A parcel is on a manifest."""

    parcel_id: Name
    broker: Name
    reference: Name


class ParcelTracked(Event):
    """A carrier saw a parcel. It is found by the broker's reference, else by its tracking number."""

    broker: Name
    reference: Name | None = None
    tracking_number: Name | None = None
    status: ParcelStatus
    said: str = ""
    """The broker's own code."""
    carrier: Name | None = None
    assumed: bool = False
    """Nobody saw it: so much time has passed without a scan that it counts as that."""


class ReturnLabelRequested(Event):
    """Somebody wants the buyer to have a label, to send a shipment back."""

    shipment_id: Name
    actor: Name


class FraudScreeningRequested(Event):
    """A fraud gateway was asked about the order, as it is now; `turn` counts how often."""

    key: Key
    gateway: Name
    turn: int
    total: Money
    destination: Destination


class FraudDecided(Event):
    """A fraud gateway gave its word. It is kept; what the hub makes of it is told by the events that follow."""

    gateway: Name
    verdict: FraudVerdict
    reference: Name | None = None
    """The gateway's own name of its case."""
    score: float | None = None
    """How trustworthy the gateway finds it, on the gateway's own scale."""
    reason: str = ""


class FraudCleared(Event):
    """The order may be sent: so says the gateway, a person, or the policy."""

    actor: Name
    person: bool = False
    reason: str = ""


class FraudRejected(Event):
    """The order is taken for fraud, by the gateway or by a person."""

    actor: Name
    person: bool = False
    reason: str = ""


class FraudReviewNeeded(Event):
    """A person has to decide: the gateway says so, or did not decide in time."""

    actor: Name
    reason: str = ""


class PurchaseRequested(Event):
    """A supplier was asked to send goods: the purchase order of the release of the same id."""

    purchase_id: Name
    n: int
    supplier: Name
    lines: tuple[PurchasedLine, ...]
    acknowledge_by: Instant


class PurchaseAnswered(Event):
    """A supplier says what it makes of a purchase order; without lines it will send all of it as it was ordered."""

    purchase_id: Name
    lines: tuple[AnsweredLine, ...] = ()


class PurchasePriceAccepted(Event):
    """What a supplier wants for its goods is agreed now: by policy, or by a person."""

    purchase_id: Name
    actor: Name


class PurchaseExpected(Event):
    """When the next goods of a purchase order are to leave."""

    purchase_id: Name
    ship_by: Instant


class PurchaseReduced(Event):
    """Some of a purchase order does not come, and is wanted from its supplier no more."""

    purchase_id: Name
    lines: tuple[ReleaseLine, ...]
    reason: str = ""


class PurchaseChangeRequested(Event):
    """A supplier was asked not to send some of what was ordered."""

    purchase_id: Name
    change_id: Name
    lines: tuple[PurchaseUnits, ...]
    reason: str


class PurchaseChangeAgreed(Event):
    """A supplier does not send what it was asked not to send; the change is the open one where it names none."""

    purchase_id: Name
    change_id: Name | None = None


class PurchaseChangeRefused(Event):
    """A supplier sends it all the same."""

    purchase_id: Name
    change_id: Name | None = None
    reason: str = ""


class PurchaseOverdue(Event):
    """A supplier's acknowledgement or ship notice did not come in time."""

    purchase_id: Name
    step: Overdue


class InvoiceReceived(Event, InvoiceSums):
    """A supplier charges for goods."""

    purchase_id: Name
    invoice_id: Name


class InvoiceAwaitsGoods(Event):
    """An invoice charges more than has left; the ship notice is waited for until `until`."""

    purchase_id: Name
    invoice_id: Name
    until: Instant


class InvoiceApproved(Event):
    """An invoice may be paid: it is as ordered and as sent, or a person accepts it as it is."""

    purchase_id: Name
    invoice_id: Name
    supplier: Name
    total: Money
    actor: Name
    reason: str = ""


class InvoiceDoubted(Event):
    """An invoice is not as it was ordered or as it was sent: a person accepts or disputes it."""

    purchase_id: Name
    invoice_id: Name
    doubts: tuple[str, ...]


class InvoiceDisputed(Event):
    """A person does not accept an invoice: it is not paid, and its units may be charged by another one."""

    purchase_id: Name
    invoice_id: Name
    actor: Name
    reason: str


class SupplierReturnRequested(Event):
    """Somebody wants to send goods back to their supplier."""

    purchase_id: Name
    return_id: Name
    lines: tuple[PurchaseUnits, ...]
    actor: Name
    reason: str


class SupplierReturnAnswered(Event):
    """A supplier takes goods back under its number, or does not."""

    purchase_id: Name
    return_id: Name
    authorisation: Name | None = None
    reason: str = ""


class NoteAdded(Event):
    """A person left a note."""

    text: NoteText
    actor: Name


class StepRefused(Event):
    """A step could not be taken, and somebody should know: what, and why."""

    step: str
    reason: str


class EffectRejected(Event):
    """A partner said no, for good, to something that no other event covers."""

    key: Key
    command: Name
    reason: str


EVENTS: tuple[type[Event], ...] = (
    OrderPlaced, PendingEnded, ChannelShipped, OrderRejected, OrderConfirmed, DeadlinePassed, RowsMoved,
    StockReserved, StockShort, StockArrived, HoldPlaced, HoldReleased,
    PaymentRequested, PaymentAuthorised, PaymentDeclined, CaptureRequested, PaymentCaptured, CaptureFailed,
    VoidRequested, PaymentVoided, VoidFailed, RefundRequested, PaymentRefunded, RefundFailed, DisputeOpened,
    DisputeClosed, ReleaseRequested, ReleaseAccepted, ReleaseRefused, GoodsDispatched, ShipmentCreated,
    CancelRequested, CancelAccepted, CancelRejected, ReleaseCancelRequested, ReleaseCancelled,
    ReleaseCancelRefused, AmendmentRequested, ReturnReceived, ReturnMatched, NoteAdded, StepRefused, EffectRejected,
    ReleaseSubmitted, LabelRequested, LabelBooked, LabelRefused, LabelVoidRequested, LabelVoided, LabelVoidRefused,
    CollectionBooked, CollectionCancelled, ManifestClosed, ParcelTracked, ReturnLabelRequested,
    FraudScreeningRequested, FraudDecided, FraudCleared, FraudRejected, FraudReviewNeeded,
    PurchaseRequested, PurchaseAnswered, PurchasePriceAccepted, PurchaseExpected, PurchaseReduced,
    PurchaseChangeRequested, PurchaseChangeAgreed, PurchaseChangeRefused, PurchaseOverdue,
    InvoiceReceived, InvoiceAwaitsGoods, InvoiceApproved, InvoiceDoubted, InvoiceDisputed,
    SupplierReturnRequested, SupplierReturnAnswered,
)  # fmt: skip
"""Every event of the language. Its class name is its type, in the journal and in `workflow.yaml`."""

EVENT_BY_NAME: Mapping[str, type[Event]] = {event.__name__: event for event in EVENTS}

SCHEMA = 1
"""The version of the events and of the order that this code writes."""
