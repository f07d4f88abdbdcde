"""What partners are asked to do, in the imperative. A command leaves the hub through a port, as an effect.

`key` is the effect's business key: the same wish has the same key, however often and by whichever path it is
expressed, and it is the partner's idempotency key where the partner has one.
"""

from collections.abc import Mapping
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from canonical.base import Instant, Key, Name, Quantity, Value
from canonical.fraud import FraudReport, FraudVerdict
from canonical.inbound import InboundInstruction
from canonical.money import Money
from canonical.order import ReleaseLine
from canonical.parcels import RateWish
from canonical.parties import Party
from canonical.payment import PaymentMethod
from canonical.purchases import PurchasedLine, PurchaseUnits


class Command(Value):
    """Something that `connector` is asked to do for an order."""

    of_no_order: ClassVar[bool] = False
    """Whether `order_id` is the id of something else."""
    order_id: UUID
    connector: Name
    key: Key


class TellSubscriber(Command):
    """Tell an outside system of an event. `data` is JSON that names no person; `event_id` stays the same."""

    event_id: UUID
    event: Name
    recorded_at: Instant
    correlation_id: UUID
    data: str


class SendInterchange(Command):
    """Send an interchange that is about no single order: an acknowledgement, or several documents together.

    `order_id` is the interchange's own id in the ledger. Its bytes are stored with the effect, and never rendered.
    """

    of_no_order: ClassVar[bool] = True
    control: Name
    """Its control number, for people."""


class AuthorisePayment(Command):
    """Hold money: adopt the authorisation that the shop made, or authorise with the stored method.

    With `STORED`, `reference` names the stored method, or an earlier authorisation whose method is used again.
    Answers: `PaymentAuthorised` or `PaymentDeclined`.
    """

    tender: int
    method: PaymentMethod
    reference: Name | None
    customer_reference: Name | None = None
    amount: Money


class CapturePayment(Command):
    """Take money. Answers: `PaymentCaptured` or `CaptureFailed`."""

    reference: Name
    amount: Money
    final: bool
    """Nothing more will be captured of this authorisation; the gateway may let the rest go."""


class VoidPayment(Command):
    """Let the authorised money go. Answers: `PaymentVoided` or `VoidFailed`."""

    reference: Name
    amount: Money


class RefundPayment(Command):
    """Pay captured money back. Answers: `PaymentRefunded` or `RefundFailed`."""

    reference: Name
    amount: Money
    reason: str = ""


class SubmitRelease(Command):
    """Ask a node to send goods. Answered later by documents: accepted, refused, dispatched."""

    release_id: Name
    node: Name
    lines: tuple[ReleaseLine, ...]


class CancelRelease(Command):
    """Ask a node to stop a release. Answered later by documents: cancelled or refused."""

    release_id: Name
    node: Name


class AnnounceInbound(Command):
    """Tell a node of goods on their way to it; `order_id` is the announcement's own id.

    Answered later, as the goods come: `InboundReceiptDocument`.
    """

    of_no_order: ClassVar[bool] = True
    instruction: InboundInstruction


class TellChannelShipped(Command):
    """Tell the channel that a parcel left."""

    shipment_id: Name


class TellChannelCancelled(Command):
    """Tell the channel that units were cancelled."""

    cancel_id: Name
    lines: tuple[ReleaseLine, ...]
    reason: str


class TellChannelStatus(Command):
    """Tell the channel something else about its order: `status` is one of `ChannelStatus`."""

    status: Name
    reason: str = ""


class ScreenOrder(Command):
    """Ask a fraud gateway about the order, as it is now. Answered at once or later: `FraudDecided`."""

    turn: Annotated[int, Field(gt=0)]
    """How often it has been asked, this time included."""


class ReportToFraudGateway(Command):
    """Tell a fraud gateway what became of an order that it was asked about."""

    report: FraudReport
    subject: Key
    """What it is about: the payment operation's key, the parcel, the return, the cancellation, the turn."""
    reference: Name | None = None
    """The authorisation that money moved on."""
    amount: Money | None = None
    lines: tuple[ReleaseLine, ...] = ()
    complete: bool = False
    """Nothing of the order is left to be sent after this."""
    verdict: FraudVerdict | None = None
    reason: str = ""


class SendMail(Command):
    """Mail the buyer. `template` names the event that is told; `shipment_id` and `reason` fill it in."""

    template: Name
    shipment_id: Name | None = None
    amount: Money | None = None
    reason: str = ""


class BookLabel(Command):
    """Choose a rate and buy a label. Answer: a `LabelDocument`, `booked`; the label itself is kept as a message."""

    parcel_id: Name
    release_id: Name
    node: Name
    lines: tuple[ReleaseLine, ...]
    wish: RateWish
    label_format: Name


class BookReturnLabel(BookLabel):
    """Buy a label by which the buyer sends goods back to `node`. Answered like `BookLabel`."""


class VoidLabel(Command):
    """Give a label back that was not used. Answer: a `LabelDocument`, `voided` or `void_refused`."""

    parcel_id: Name
    reference: Name
    """The broker's id of the parcel."""


class BookCollection(Command):
    """Have a parcel fetched from its node. Answer: a `LabelDocument`, `collection_booked`."""

    parcel_id: Name
    node: Name
    reference: Name
    """The broker's id of the parcel."""


class CancelCollection(Command):
    """Call a collection off. Answer: a `LabelDocument`, `collection_cancelled`."""

    parcel_id: Name
    reference: Name
    """The broker's id of the collection."""


class CloseManifest(Command):
    """Hand the list of parcels over to the carrier. Answer: a `LabelDocument`, `manifested`."""

    parcel_id: Name
    node: Name
    reference: Name
    """The broker's id of the parcel."""


class PlacePurchaseOrder(Command):
    """Order goods from a supplier, who sends them to the buyer. Answered later by a `PurchaseAnswerDocument`."""

    purchase_id: Name
    supplier: Name
    lines: tuple[PurchasedLine, ...]
    acknowledge_by: Instant


class ChangePurchaseOrder(Command):
    """Ask a supplier not to send some of what was ordered. Answered later: `change_agreed` or `change_refused`."""

    purchase_id: Name
    supplier: Name
    change_id: Name
    lines: tuple[PurchaseUnits, ...]
    """So many less of each."""
    reason: str = ""


class CancelPurchaseOrder(Command):
    """Ask a supplier to send nothing more of a purchase order. Answered later: `cancelled` or `cancel_refused`."""

    purchase_id: Name
    supplier: Name


class RequestSupplierReturn(Command):
    """Ask a supplier to take goods back. Answered later by a `SupplierReturnAnswerDocument`."""

    purchase_id: Name
    supplier: Name
    return_id: Name
    lines: tuple[PurchaseUnits, ...]
    reason: str


class InstructedLine(Value):
    """A line of a release with what is known of its item."""

    number: Annotated[int, Field(gt=0)]
    line_id: Name
    sku: Name
    quantity: Annotated[int, Field(gt=0)]
    title: str = ""
    unit_weight_g: Quantity | None = None


class InstructedParcel(Value):
    """A parcel of a release whose label is booked: what the node writes on its dispatch."""

    parcel_id: Name
    carrier: Name
    service: Name
    tracking_number: Name


class ReleaseInstruction(Value):
    """A `SubmitRelease` with all that it refers to: what outgoing mappings to nodes write from."""

    release_id: Name
    node: Name
    channel: Name
    channel_ref: Name
    shipping_method: Name
    created_at: Instant
    ship_to: Party
    lines: Annotated[tuple[InstructedLine, ...], Field(min_length=1)]
    parcels: tuple[InstructedParcel, ...] = ()
    """Labels that are booked for it; none where the node makes its own."""


class CancelInstruction(Value):
    """A `CancelRelease` with all that it refers to."""

    release_id: Name
    node: Name
    created_at: Instant


COMMANDS: tuple[type[Command], ...] = (
    AuthorisePayment, CapturePayment, VoidPayment, RefundPayment, SubmitRelease, CancelRelease,
    TellChannelShipped, TellChannelCancelled, TellChannelStatus, SendMail, TellSubscriber,
    BookLabel, BookReturnLabel, VoidLabel, BookCollection, CancelCollection, CloseManifest,
    ScreenOrder, ReportToFraudGateway, SendInterchange, AnnounceInbound,
    PlacePurchaseOrder, ChangePurchaseOrder, CancelPurchaseOrder, RequestSupplierReturn,
)  # fmt: skip

COMMAND_BY_NAME: Mapping[str, type[Command]] = {command.__name__: command for command in COMMANDS}
