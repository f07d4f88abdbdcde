"""By which names an order becomes known as things happen to it."""

from canonical.documents import BusinessKey, KeyKind, LabelDocument, PaymentDocument
from canonical.events import (
    Event,
    LabelBooked,
    OrderPlaced,
    PaymentAuthorised,
    PurchaseRequested,
    ReleaseRequested,
    ShipmentCreated,
)
from canonical.purchase_documents import PurchaseBound


def keys_of(event: Event) -> tuple[BusinessKey, ...]:  # noqa: PLR0911 - one return for each event that names
    """Return the names that an event gives its order: partners and people will use them."""
    match event:
        case OrderPlaced():
            placed = BusinessKey(kind=KeyKind.CHANNEL_REF, value=f"{event.channel}:{event.channel_ref}")
            paid = (
                PaymentDocument.key_of(tender.gateway, tender.reference)
                for tender in event.tenders
                if tender.reference is not None
            )
            return (placed, *paid)
        case PaymentAuthorised():
            return (PaymentDocument.key_of(event.gateway, event.reference),)
        case ReleaseRequested():
            return (BusinessKey(kind=KeyKind.RELEASE, value=event.release_id),)
        case PurchaseRequested():
            return (PurchaseBound.key_of(event.supplier, event.purchase_id),)
        case LabelBooked():
            number = BusinessKey(kind=KeyKind.TRACKING, value=event.tracking_number)
            return (number, LabelDocument.key_of(event.broker, event.reference))
        case ShipmentCreated() if event.tracking_number:
            return (BusinessKey(kind=KeyKind.TRACKING, value=event.tracking_number),)
        case _:
            return ()
