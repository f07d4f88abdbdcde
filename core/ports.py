"""The ports that connectors fill. Their docstrings are contracts, and `tests/contracts` holds each connector to them.

All effects go through one shape, `EffectPort`: render (pure, exact bytes), send, look up. What differs between a
payment gateway and a warehouse is which commands they take and which documents they answer with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from canonical.commands import (
    AnnounceInbound,
    AuthorisePayment,
    BookCollection,
    BookLabel,
    BookReturnLabel,
    CancelCollection,
    CancelPurchaseOrder,
    CancelRelease,
    CapturePayment,
    ChangePurchaseOrder,
    CloseManifest,
    Command,
    PlacePurchaseOrder,
    RefundPayment,
    ReportToFraudGateway,
    RequestSupplierReturn,
    ScreenOrder,
    SendMail,
    SubmitRelease,
    TellChannelCancelled,
    TellChannelShipped,
    TellChannelStatus,
    VoidLabel,
    VoidPayment,
)
from canonical.documents import BusinessKey, Document
from canonical.order import Order
from canonical.parties import Parties
from canonical.stock import Item, Node
from core.errors import RejectedError
from core.exchange.shapes import Draft

# --- what leaves -----------------------------------------------------------------------------------------------

TARGET = "x-target"
"""The header of a stored request that keeps `Outgoing.target`."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The exact bytes of a request, kept in the store before the first of them leaves, and used again on a resend.

    `headers` and `target` (a path, a file name, an address) never hold secrets: those are added while sending.
    """

    body: bytes
    media_type: str = "application/json"
    target: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    draft: Draft | None = None
    """An interchange: it gets its numbers, its body and its target in the commit that claims the effect."""


@dataclass(frozen=True, slots=True)
class EffectContext:
    """What `render` may look at. `parties` is None when the personal data was erased."""

    about: Order | None
    """None where the command is about no order."""
    parties: Parties | None
    nodes: Mapping[str, Node]
    items: Mapping[str, Item]
    now: datetime

    @property
    def order(self) -> Order:
        """The order that the command is about. Raises `RejectedError` where there is none."""
        if self.about is None:
            raise RejectedError("this is about no order", code="no_order")
        return self.about


@dataclass(frozen=True, slots=True)
class Effect:
    """One wish of the hub, claimed by this worker. `key` is its business key and the partner's idempotency key."""

    id: UUID
    key: str
    command: Command
    outgoing: Outgoing
    attempt: int
    """1 for the first sending."""
    first_sent_at: datetime | None
    """When it was first sent: a partner's idempotency keys have a lifetime."""


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """A file that came with an answer, such as a label: kept as a message of its own, sealed under the order's key."""

    kind: str
    """What it is, in a word: `label`."""
    body: bytes
    media_type: str
    keys: tuple[BusinessKey, ...] = ()
    """By which it is found."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a partner answered. `documents` are facts, equal to what its webhook would say about the same thing."""

    documents: tuple[Document, ...] = ()
    reference: str | None = None
    """The partner's own id of what it did."""
    body: bytes = b""
    media_type: str = "application/json"
    keys: tuple[BusinessKey, ...] = ()
    """Further names by which people will look for it."""
    files: tuple[AnswerFile, ...] = ()
    arrived: "tuple[RawDocument, ...]" = ()
    """The partner's own documents that came with it: stored with the effect's end, and read like those that arrive."""


class EffectPort(Protocol):
    """Carries out commands at a partner.

    Order: effects of one order arrive in the order in which they were decided, but one whose outcome is unknown does
    not hold up the next. Repetition: `send` is called again only after a `RetryableError`, or after `look_up` found
    nothing; always with the bytes and the key of the first time. Errors: `RetryableError`, `RejectedError`,
    `UnauthorisedError`, `OutcomeUnknownError`; any other exception counts as outcome unknown.
    """

    commands: frozenset[type[Command]]
    """What it takes."""
    deadline_s: float
    """How long a sending may take; the lease is longer."""
    settle_s: float
    """How long after the deadline a request may still take effect: "not found" before that proves nothing."""

    def render(self, command: Command, context: EffectContext) -> Outgoing:
        """Write the request. Pure: equal arguments give equal bytes. Refuses what can't be said: `RejectedError`."""
        ...

    async def send(self, effect: Effect) -> Answer:
        """Send the request's exact bytes under the effect's key, and read the answer."""
        ...

    async def look_up(self, effect: Effect) -> Answer | None:
        """Ask the partner whether the effect happened, by its key; None when it did not."""
        ...


class PaymentGateway(EffectPort, Protocol):
    """Authorises (or adopts), captures, voids and refunds.

    Every answer holds one `PaymentDocument` per fact, with `effect_key`; a decline is an answer, not an error. The
    order's id and the effect's key travel in the gateway's metadata, so that a webhook that beats the answer finds its
    order. Amounts are sent in minor units by the gateway's own exponent table. Adopting checks amount and currency.
    """


class FraudGateway(EffectPort, Protocol):
    """Screens orders, and is told what became of those that it was asked about.

    An order is asked about under `channel:reference`; a later turn replaces what was said before. A decision is a
    `FraudDecisionDocument`: in the answer, where the gateway decides at once, or later by webhook; `look_up` of a
    screening that was taken gives the decision as it is by then, if there is one. A rejection is a decision, not an
    error. A report has no documents; one that the gateway has no words for is done without a call.
    """


class FulfilmentPoint(EffectPort, Protocol):
    """Takes releases and requests to stop them; answers later, by documents.

    `send` returns once the partner has the document for certain (its name is in place under its final name, or the
    call was acknowledged). The release's id is the partner's reference; a second upload of one id is one release.

    What it says comes by documents, each as often and in whichever order the partner likes: `ReleaseAnswerDocument`,
    `DispatchDocument`, `ReturnDocument`. A refusal that names its units may overtake the parcels of the others; one
    that names none ends the release.
    """


class InboundPoint(EffectPort, Protocol):
    """Is told of goods on their way to it; says later, by documents, what came.

    An announcement is about no order, and names no person. Its number is the node's reference to it; a second one of
    the same number is the same announcement. Each receipt is an `InboundReceiptDocument` with a number of its own, as
    often told as the node likes.
    """


class Supplier(EffectPort, Protocol):
    """Takes purchase orders of goods that it sends to buyers itself, changes and cancellations; answers by documents.

    Order: a change or a cancellation may overtake its purchase order at the partner; the partner's answer decides, and
    "there is no such purchase order" is none. Repetition: the purchase order's number (`purchase_id`) is the partner's
    reference; a second document of one number is the same purchase order, as a second change of one `change_id`, a
    second cancellation, or a second return of one `return_id` is. `send` returns once the partner has the document
    for certain (it is in place under its final name, or the call was acknowledged); that is no answer to it. `look_up`
    says whether the partner has the document, by these names. What is written comes from
    `core.purchasing.instruction_of`; there is no address to send to once people are erased, which is for good
    (`RejectedError`, code `erased`), as is a purchase order for another node (code `node`).

    What it says comes by documents, each as often and in whichever order the partner likes, all under supplier and
    number: `PurchaseAnswerDocument`, whose quantities are those of the whole purchase order, so that an answer told
    again changes nothing; `ShipNoticeDocument`, one parcel each with its own name, which needs no answer before it;
    `SupplierInvoiceDocument`; `SupplierReturnAnswerDocument`; and, of its node, `StockDocument` and `ReturnDocument`
    (whose release is the purchase order's number). A final no of the partner's door is a `RejectedError`: for a
    purchase order it counts as refused, and the goods are wanted from somebody else.
    """


class CourierBroker(EffectPort, Protocol):
    """Rates, books and voids labels, books and cancels collections, closes manifests; tells of parcels by documents.

    Booking asks for rates, chooses by the command's wish (`canonical.parcels.choose`), and buys, all in one effect: a
    label is bought once per key, whatever is repeated, because the parcel at the broker carries the key as its own
    reference and is looked up by it. An answer is one `LabelDocument`; with a label comes its file, in `Answer.files`.
    That no rate will do, or that a label can't be given back, is for good: `RejectedError`, or `void_refused`.
    """


class ChannelUpdates(EffectPort, Protocol):
    """Tells a channel what became of its order: shipped, cancelled, changed status. One telling per key."""


@dataclass(frozen=True, slots=True)
class StockOffer:
    """What a channel may sell of one item: a whole figure, never a difference."""

    reference: str
    """The channel's own name of the item, or its SKU."""
    sku: str
    quantity: int
    told: int | None
    """What the channel took last; None: it was never told, or nobody knows."""
    attempt: int
    """1 for the first telling of this figure."""


@dataclass(frozen=True, slots=True)
class StockAnswer:
    """What became of some offers, by reference, each with the reason. Whatever is in neither was taken."""

    later: Mapping[str, str] = field(default_factory=dict[str, str])
    """Not taken, and to be told again with the figure of then."""
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    """Not taken, and not told again until the figure changes, or a day has passed."""


class StockSink(Protocol):
    """Shows a channel how much there is to sell.

    Order: an item's next figure is told only when the one before has its end, or can't take effect any more; so what
    comes last stays. Repetition: no telling is repeated as it was, the next one bears the figure of its own time, and
    a figure that the channel has already changes nothing there. Errors, about all offers of a call: `RetryableError`,
    `RejectedError`, `UnauthorisedError`, `OutcomeUnknownError`; any other exception counts as outcome unknown.
    """

    most: int
    """How many offers one call takes."""
    deadline_s: float
    """How long one call may take."""
    settle_s: float
    """How long after the deadline a call without an answer may still take effect."""

    async def tell(self, key: str, offers: Sequence[StockOffer]) -> StockAnswer:
        """Tell the figures. `key` is this telling's own, for a partner that takes idempotency keys."""
        ...


class Notifier(EffectPort, Protocol):
    """Mails the buyer, by template and language. A mail whose answer was lost may be repeated; no other may."""


PORT_COMMANDS: Mapping[str, frozenset[type[Command]]] = {
    "PaymentGateway": frozenset({AuthorisePayment, CapturePayment, VoidPayment, RefundPayment}),
    "FraudGateway": frozenset({ScreenOrder, ReportToFraudGateway}),
    "FulfilmentPoint": frozenset({SubmitRelease, CancelRelease}),
    "InboundPoint": frozenset({AnnounceInbound}),
    "ChannelUpdates": frozenset({TellChannelShipped, TellChannelCancelled, TellChannelStatus}),
    "Supplier": frozenset(
        {PlacePurchaseOrder, ChangePurchaseOrder, CancelPurchaseOrder, RequestSupplierReturn}
    ),
    "CourierBroker": frozenset(
        {BookLabel, BookReturnLabel, VoidLabel, BookCollection, CancelCollection, CloseManifest}
    ),
    "Notifier": frozenset({SendMail}),
}

# --- what arrives ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawDocument:
    """A partner's bytes, as they came. `kind` names the connector's reader for them (`order`, `event`, `dispatch`).

    `external_id` is the partner's own stable id of this telling (a webhook's id, an idempotency key, a file's name and
    size and time); the same id is stored once. Headers hold no secrets.
    """

    kind: str
    body: bytes
    media_type: str = "application/json"
    external_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Receipt:
    """A document is stored. `duplicate`: it was before, as `message_id`; `same_body`: and with the same bytes."""

    message_id: UUID
    duplicate: bool = False
    same_body: bool = True


class Intake(Protocol):
    """Where raw documents are handed in."""

    async def receive(self, raw: RawDocument) -> Receipt:
        """Store the document durably, and return only after that commit. Raises `DoorError` 503 on back-pressure."""
        ...


class Desk(Intake, Protocol):
    """What a connector's doors may ask of the hub."""

    async def find_order(self, channel_ref: str) -> Order | None:
        """Return this connector's order of that reference, as far as it has come."""
        ...

    async def message_status(self, message_id: UUID) -> tuple[str, str | None] | None:
        """Return a stored message's status and, if it failed, why."""
        ...

    async def available(self, references: tuple[str, ...]) -> Mapping[str, int | None]:
        """Return what may be promised of each of the channel's references (or SKUs); None for an unknown one."""
        ...


class Feed(Protocol):
    """Fetches raw documents: a poll, a watched folder, a remote directory.

    Yields raw documents, never canonical ones. A document is removed at the partner only after `receive` returned.
    One worker runs it at a time (the hub holds the lease); `poll` is called again every `interval_s`.
    """

    name: str
    interval_s: float

    async def poll(self, intake: Intake) -> int:
        """Hand in what is new, and return how many documents that was. Repetition is safe."""
        ...


@dataclass(frozen=True, slots=True)
class DoorRequest:
    """An HTTP request to a connector's door, its body raw and within bounds. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    parameters: Mapping[str, str]
    """The named parts of the door's path."""
    body: bytes
    target: str = ""
    """Path and query as they stood on the request line, percent-encoding untouched: what a signature covers."""


@dataclass(frozen=True, slots=True)
class DoorResponse:
    """What the door answers."""

    status: int
    body: bytes = b""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class DoorHandler(Protocol):
    """Answers one door. Authenticates on the raw bytes, in constant time, before anything else looks at them."""

    async def __call__(self, request: DoorRequest, desk: Desk) -> DoorResponse:
        """Answer, after what must be kept is stored; refuse with `DoorError`."""
        ...


@dataclass(frozen=True, slots=True)
class Door:
    """An HTTP entrance of a connector, mounted under `/connectors/{name}`. `summary` appears in the API's pages."""

    method: str
    path: str
    handler: DoorHandler
    summary: str
    max_body_bytes: int = 1024 * 1024
