"""What a partner's document says, in the hub's own words: the targets of every incoming mapping.

A document is not an event: it names its order by a key that the partner knows, and an order document also carries
personal data. `core.engine` finds the order; `events` then says what the document means for it.
"""

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from canonical.base import Instant, Name, Value
from canonical.deadlines import Deadlines
from canonical.document import (
    Amount,
    BusinessKey,
    Document,
    KeyKind,
    NotNegative,
    OrderBound,
    Positive,
    SkuQuantity,
)
from canonical.events import (
    AmendmentRequested,
    CancelRequested,
    CaptureFailed,
    ChannelShipped,
    CollectionBooked,
    CollectionCancelled,
    DisputeClosed,
    DisputeOpened,
    Event,
    FraudDecided,
    LabelBooked,
    LabelVoided,
    LabelVoidRefused,
    ManifestClosed,
    ParcelTracked,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentVoided,
    RefundFailed,
    VoidFailed,
)
from canonical.fraud import FraudVerdict
from canonical.lines import TaxCollector
from canonical.money import Currency, Money
from canonical.parcels import ParcelStatus
from canonical.parties import Destination, Language, Parties
from canonical.payment import PaymentMethod
from canonical.purchase_documents import (
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    SupplierInvoiceDocument,
    SupplierReturnAnswerDocument,
)
from canonical.release_documents import (
    DispatchDocument,
    ReleaseAnswer,
    ReleaseAnswerDocument,
    ReleaseBound,
    ReturnDocument,
)
from canonical.statuses import OrderType
from canonical.stock_documents import (
    AdjustedLine,
    GoodsCondition,
    InboundReceiptDocument,
    NodeBound,
    ReceivedLine,
    StockAdjustmentDocument,
    StockDocument,
    StockLine,
)

__all__ = [
    "DOCUMENTS", "DOCUMENT_BY_NAME", "AdjustedLine", "AmendmentDocument", "Amount", "BusinessKey", "CancelDocument",
    "ChannelBound", "DispatchDocument", "Document", "DocumentCharge", "DocumentDiscount", "DocumentLine",
    "DocumentTax", "DocumentTender", "FraudDecisionDocument", "GoodsCondition", "InboundReceiptDocument", "KeyKind",
    "LabelDocument",
    "LabelFact", "NodeBound", "NotNegative", "OrderBound", "OrderDocument", "PaymentDocument", "PaymentFact",
    "Positive", "PurchaseAnswerDocument", "ReceivedLine", "ReleaseAnswer", "ReleaseAnswerDocument", "ReleaseBound",
    "ReturnDocument", "ShipNoticeDocument", "ShippedDocument", "SkuQuantity", "StockAdjustmentDocument",
    "StockDocument", "StockLine", "SupplierInvoiceDocument", "SupplierReturnAnswerDocument", "TrackingDocument",
]  # fmt: skip


class DocumentTax(Value):
    """A tax of a line or of the shipping; amounts in the order's currency."""

    code: Name
    rate: Annotated[Decimal, Field(ge=0, le=1)]
    amount: NotNegative
    collected_by: TaxCollector = "merchant"


class DocumentDiscount(Value):
    """A discount on a line, or on the whole order."""

    code: Name
    amount: NotNegative


class DocumentCharge(Value):
    """What a whole line costs beside its goods: gift wrap, a fee for cash on delivery."""

    code: Name
    amount: NotNegative


class DocumentLine(Value):
    """A line as the channel has it. `reference` is what the channel calls the item, a SKU or its own id."""

    id: Name
    reference: Name
    title: str = ""
    quantity: Positive
    unit_price: NotNegative
    charges: tuple[DocumentCharge, ...] = ()
    discounts: tuple[DocumentDiscount, ...] = ()
    taxes: tuple[DocumentTax, ...] = ()
    attributes: dict[str, str] = {}


class DocumentTender(Value):
    """How the channel says that the order is paid."""

    gateway: Name
    method: PaymentMethod
    reference: Name | None = None
    customer_reference: Name | None = None
    may_reauthorise: bool = False
    amount: NotNegative

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.method is not PaymentMethod.PREPAID and self.reference is None:
            message = f"a tender of method {self.method.value} needs the gateway's reference"
            raise ValueError(message)
        return self


class OrderDocument(Document):
    """An order, as a channel tells it. Order discounts are divided over the lines when it is captured.

    One that is `pending` may come without its people, and with prices of nothing; the same order, told again without
    `pending`, brings them. Any other repetition changes nothing.
    """

    channel: Name
    channel_ref: Name
    source_version: str | None = None
    type: OrderType = OrderType.STANDARD
    placed_at: Instant
    currency: Currency
    prices_include_tax: bool = True
    language: Language = "en"
    pending: bool = False
    """The channel itself is not paid yet."""
    parties: Parties | None = None
    """Everybody whom it names; only a pending order, or one that the channel fulfils, may leave them out."""
    destination: Destination | None = None
    """Where it goes, as far as that is known without its people."""
    lines: Annotated[tuple[DocumentLine, ...], Field(min_length=1, max_length=1000)]
    discounts: tuple[DocumentDiscount, ...] = ()
    shipping_method: Name = "standard"
    shipping_amount: NotNegative = Decimal(0)
    shipping_taxes: tuple[DocumentTax, ...] = ()
    total: NotNegative
    tenders: tuple[DocumentTender, ...] = ()
    deadlines: Deadlines = Deadlines()
    review: str = ""
    """Why a person should look at it before anything happens."""

    @model_validator(mode="after")
    def _lines_are_distinct(self) -> Self:
        ids = [line.id for line in self.lines]
        twice = next((i for i in ids if ids.count(i) > 1), None)
        if twice is not None:
            message = f"two lines have the id {twice!r}"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _goes_somewhere(self) -> Self:
        if self.parties is not None:
            return self
        if not self.pending and self.type is not OrderType.CHANNEL_FULFILLED:
            message = (
                "an order that is not pending needs its people: `parties` says who buys, and where it goes"
            )
            raise ValueError(message)
        if self.destination is None:
            message = "an order without `parties` needs a `destination`"
            raise ValueError(message)
        return self

    def goes_to(self) -> Destination:
        """Return where it goes: by its people, where they are known."""
        if self.parties is not None:
            ship_to = self.parties.ship_to
            return Destination(country=ship_to.country, region=ship_to.region)
        if self.destination is None:
            message = "an order without `parties` needs a `destination`"
            raise ValueError(message)
        return self.destination

    @model_validator(mode="after")
    def _can_be_paid(self) -> Self:
        for name, amount in (("total", self.total), *(("tenders.amount", t.amount) for t in self.tenders)):
            if amount != Money(amount=amount, currency=self.currency).rounded().amount:
                message = f"{name} {amount} is finer than the smallest unit of {self.currency}"
                raise ValueError(message)
        return self

    def key(self) -> BusinessKey:
        """Return the natural key of the order."""
        return BusinessKey(kind=KeyKind.CHANNEL_REF, value=f"{self.channel}:{self.channel_ref}")


class ChannelBound(OrderBound):
    """A document that a channel sends about its own order."""

    channel: Name
    channel_ref: Name

    def key(self) -> BusinessKey:
        """Return the channel's reference."""
        return BusinessKey(kind=KeyKind.CHANNEL_REF, value=f"{self.channel}:{self.channel_ref}")


class CancelDocument(ChannelBound):
    """The channel wants its order cancelled."""

    cancel_id: Name
    reason: str = ""
    by_channel: bool = False
    """The channel has cancelled it already: it tells, it does not ask."""

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the request."""
        return (
            CancelRequested(
                order_id=order_id, occurred_at=self.occurred_at, cancel_id=self.cancel_id, reason=self.reason,
                actor=self.channel, by_channel=self.by_channel,
                fact_key=f"cancel:{self.channel}:{self.cancel_id}",
            ),
        )  # fmt: skip


class ShippedDocument(ChannelBound):
    """The channel says that its whole order has left."""

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the one fact that this is."""
        fact_key = f"shipped:{self.channel}:{self.channel_ref}"
        return (ChannelShipped(order_id=order_id, occurred_at=self.occurred_at, fact_key=fact_key),)


class AmendmentDocument(ChannelBound):
    """The channel wants its order changed."""

    amendment_id: Name
    summary: Annotated[str, Field(min_length=1, max_length=500)]
    units: dict[Name, Annotated[int, Field(ge=0)]] = {}
    """How many units of each line the channel now wants, where it says so."""

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the request."""
        return (
            AmendmentRequested(
                order_id=order_id, occurred_at=self.occurred_at, amendment_id=self.amendment_id,
                actor=self.channel, summary=self.summary, units=self.units,
                fact_key=f"amend:{self.channel}:{self.amendment_id}",
            ),
        )  # fmt: skip


class PaymentFact(StrEnum):
    """What a gateway may tell."""

    AUTHORISED = "authorised"
    DECLINED = "declined"
    CAPTURED = "captured"
    CAPTURE_FAILED = "capture_failed"
    VOIDED = "voided"
    VOID_FAILED = "void_failed"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"


class PaymentDocument(OrderBound):
    """Something that a gateway says about its reference.

    Answer, webhook and poll about the same thing build equal documents but for `occurred_at`, and so one fact.
    """

    gateway: Name
    fact: PaymentFact
    reference: Name
    """The authorisation that it is about: what `authorised` named."""
    operation: Name
    """The gateway's own id of the operation: the capture, the refund, the dispute; the authorisation itself."""
    effect_key: Name | None = None
    """The hub's effect key, where the gateway gives it back."""
    order_id: UUID | None = None
    """The order, where the gateway gives it back."""
    channel: Name | None = None
    channel_ref: Name | None = None
    """The order as its channel knows it, where the gateway is the channel too."""
    amount: NotNegative
    currency: Currency
    capture_before: Instant | None = None
    multicapture: bool = False
    reason: str = ""

    def fact_key(self) -> str:
        """Return gateway, reference, kind and outcome: the fact's natural name."""
        return f"{self.gateway}:{self.operation}:{self.fact.value}"

    def key(self) -> BusinessKey:
        """Return the order's id where the gateway gave it back, the channel's name of it, else the reference."""
        if self.order_id is not None:
            return BusinessKey(kind=KeyKind.ORDER_ID, value=str(self.order_id))
        if self.channel is not None and self.channel_ref is not None:
            return BusinessKey(kind=KeyKind.CHANNEL_REF, value=f"{self.channel}:{self.channel_ref}")
        return self.key_of(self.gateway, self.reference)

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the one event that this fact is."""
        common = {
            "order_id": order_id,
            "occurred_at": self.occurred_at,
            "fact_key": self.fact_key(),
            "key": self.effect_key or f"{self.gateway}:{self.operation}",
            "gateway": self.gateway,
            "reference": self.reference,
            "amount": Money(amount=self.amount, currency=self.currency),
        }
        match self.fact:
            case PaymentFact.AUTHORISED:
                held = {"capture_before": self.capture_before, "multicapture": self.multicapture}
                return (PaymentAuthorised.model_validate({**common, **held}),)
            case PaymentFact.DISPUTE_WON | PaymentFact.DISPUTE_LOST:
                won = self.fact is PaymentFact.DISPUTE_WON
                return (DisputeClosed.model_validate({**common, "won": won}),)
            case PaymentFact.CAPTURED | PaymentFact.REFUNDED:
                return (_PLAIN_FACTS[self.fact].model_validate(common),)
            case _:
                return (_PLAIN_FACTS[self.fact].model_validate({**common, "reason": self.reason}),)

    @staticmethod
    def key_of(gateway: str, reference: str) -> BusinessKey:
        """Return the business key of a gateway's reference."""
        return BusinessKey(kind=KeyKind.PAYMENT, value=f"{gateway}:{reference}")


_PLAIN_FACTS: Mapping[PaymentFact, type[Event]] = {
    PaymentFact.DECLINED: PaymentDeclined,
    PaymentFact.CAPTURED: PaymentCaptured,
    PaymentFact.CAPTURE_FAILED: CaptureFailed,
    PaymentFact.VOIDED: PaymentVoided,
    PaymentFact.VOID_FAILED: VoidFailed,
    PaymentFact.REFUNDED: PaymentRefunded,
    PaymentFact.REFUND_FAILED: RefundFailed,
    PaymentFact.DISPUTE_OPENED: DisputeOpened,
}


def _named_by_the_hub(order_ref: str) -> str:
    channel, _, reference = order_ref.partition(":")
    if not (channel and reference):
        raise ValueError(
            "no order of the hub's: it names them `channel:reference`. Another system seems to share the fraud "
            "gateway's account: give the hub one of its own, and discard this"
        )
    return order_ref


class FraudDecisionDocument(OrderBound):
    """A fraud gateway's word about an order; answer, webhook and look-up of one decision build equal documents."""

    gateway: Name
    order_ref: Annotated[Name, AfterValidator(_named_by_the_hub)]
    """`channel:reference`, by which the gateway was asked about it."""
    verdict: FraudVerdict
    reference: Name | None = None
    """The gateway's own name of its case."""
    score: Annotated[float, Field(allow_inf_nan=False)] | None = None
    """How trustworthy the gateway finds it, on the gateway's own scale."""
    reason: Annotated[str, Field(max_length=500)] = ""

    def key(self) -> BusinessKey:
        """Return the channel's reference."""
        return BusinessKey(kind=KeyKind.CHANNEL_REF, value=self.order_ref)

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the word. One of another time is another one, even if it says the same."""
        at = self.occurred_at.astimezone(UTC).isoformat() if self.occurred_at else "-"
        return (
            FraudDecided(
                order_id=order_id, occurred_at=self.occurred_at, gateway=self.gateway, verdict=self.verdict,
                reference=self.reference, score=self.score, reason=self.reason,
                fact_key=f"fraud:{self.gateway}:{self.order_ref}:{at}:{self.verdict.value}",
            ),
        )  # fmt: skip


class LabelFact(StrEnum):
    """What a courier's broker may tell of a label that the hub asked for."""

    BOOKED = "booked"
    VOIDED = "voided"
    VOID_REFUSED = "void_refused"
    COLLECTION_BOOKED = "collection_booked"
    COLLECTION_CANCELLED = "collection_cancelled"
    MANIFESTED = "manifested"


class LabelDocument(OrderBound):
    """Something that a broker did, or would not do, about a parcel's label."""

    broker: Name
    fact: LabelFact
    order_id: UUID
    parcel_id: Name
    """The hub's own id of the parcel, which the broker gives back."""
    reference: Name
    """The broker's id: of the parcel; of the collection; of the manifest."""
    carrier: Name | None = None
    service: Name | None = None
    tracking_number: Name | None = None
    cost: NotNegative | None = None
    currency: Currency | None = None
    reason: str = ""

    @model_validator(mode="after")
    def _booked_whole(self) -> Self:
        needed = {"carrier": self.carrier, "service": self.service, "tracking_number": self.tracking_number}
        missing = [name for name, value in needed.items() if value is None]
        if self.fact is LabelFact.BOOKED and missing:
            message = f"a label that is booked has a {missing[0]}"
            raise ValueError(message)
        if (self.cost is None) != (self.currency is None):
            message = "cost and currency go together"
            raise ValueError(message)
        return self

    def key(self) -> BusinessKey:
        """Return the order's id, which the hub told the broker."""
        return BusinessKey(kind=KeyKind.ORDER_ID, value=str(self.order_id))

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the one event that the fact is."""
        common: dict[str, object] = {
            "order_id": order_id,
            "occurred_at": self.occurred_at,
            "fact_key": f"{self.broker}:{self.parcel_id}:{self.reference}:{self.fact.value}",
            "parcel_id": self.parcel_id,
        }
        named = {**common, "broker": self.broker, "reference": self.reference}
        match self.fact:
            case LabelFact.BOOKED:
                cost = None
                if self.cost is not None and self.currency is not None:
                    cost = Money(amount=self.cost, currency=self.currency)
                told = {"carrier": self.carrier, "service": self.service, "cost": cost}
                return (
                    LabelBooked.model_validate({**named, **told, "tracking_number": self.tracking_number}),
                )
            case LabelFact.VOID_REFUSED:
                return (LabelVoidRefused.model_validate({**common, "reason": self.reason}),)
            case _:
                return (_LABEL_FACTS[self.fact].model_validate(named),)

    @staticmethod
    def key_of(broker: str, reference: str) -> BusinessKey:
        """Return the business key of a broker's reference."""
        return BusinessKey(kind=KeyKind.PARCEL, value=f"{broker}:{reference}")


_LABEL_FACTS: Mapping[LabelFact, type[Event]] = {
    LabelFact.VOIDED: LabelVoided,
    LabelFact.COLLECTION_BOOKED: CollectionBooked,
    LabelFact.COLLECTION_CANCELLED: CollectionCancelled,
    LabelFact.MANIFESTED: ManifestClosed,
}


class TrackingDocument(OrderBound):
    """A carrier saw a parcel. `occurred_at` is when; the same scan told twice is one fact."""

    broker: Name
    reference: Name | None = None
    """The broker's id of the parcel, where its label was booked there."""
    tracking_number: Name
    carrier: Name | None = None
    status: ParcelStatus
    said: Annotated[str, Field(max_length=100)] = ""
    """The broker's own code, for people; never a text, which may name somebody."""

    def key(self) -> BusinessKey:
        """Return the broker's reference, else the tracking number."""
        if self.reference is not None:
            return LabelDocument.key_of(self.broker, self.reference)
        return BusinessKey(kind=KeyKind.TRACKING, value=self.tracking_number)

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the scan."""
        at = self.occurred_at.isoformat() if self.occurred_at else "-"
        name = self.reference or self.tracking_number
        return (
            ParcelTracked(
                order_id=order_id, occurred_at=self.occurred_at, broker=self.broker, reference=self.reference,
                tracking_number=self.tracking_number, status=self.status, said=self.said, carrier=self.carrier,
                fact_key=f"track:{self.broker}:{name}:{self.status.value}:{at}",
            ),
        )  # fmt: skip


DOCUMENTS: tuple[type[Document], ...] = (
    OrderDocument, ShippedDocument, CancelDocument, AmendmentDocument, PaymentDocument, ReleaseAnswerDocument,
    DispatchDocument, ReturnDocument, StockDocument, StockAdjustmentDocument, InboundReceiptDocument,
    FraudDecisionDocument,
    LabelDocument, TrackingDocument,
    PurchaseAnswerDocument, ShipNoticeDocument, SupplierInvoiceDocument, SupplierReturnAnswerDocument,
)  # fmt: skip
"""Every target of an incoming mapping."""

DOCUMENT_BY_NAME: Mapping[str, type[Document]] = {document.__name__: document for document in DOCUMENTS}
