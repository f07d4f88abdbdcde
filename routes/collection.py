"""How parcels come from their nodes to the carrier: collections and manifests, where the policy asks for them."""

from canonical.commands import BookCollection, CancelCollection, CloseManifest
from canonical.events import CollectionBooked, Event, LabelVoidRequested, ReleaseAccepted, ShipmentCreated
from canonical.order import Order
from canonical.parcels import ParcelStatus
from canonical.policy import Policy
from canonical.steps import Steps
from routes.rules import rule


@rule(ReleaseAccepted)
def have_it_collected(order: Order, event: ReleaseAccepted, policy: Policy) -> Steps:
    """Have each parcel of a release fetched, once its node has said that it will send it."""
    for parcel in order.parcels_of(event.release_id):
        labels = policy.courier.labels_of(parcel.node, order.channel)
        booked = parcel.status is ParcelStatus.BOOKED and parcel.wanted
        if labels is not None and labels.collect and booked and parcel.reference is not None:
            yield BookCollection(
                order_id=order.id,
                connector=parcel.broker,
                key=f"collection:{parcel.id}",
                parcel_id=parcel.id,
                node=parcel.node,
                reference=parcel.reference,
            )


@rule(LabelVoidRequested, CollectionBooked)
def call_the_collection_off(order: Order, event: Event, policy: Policy) -> Steps:
    """Nobody comes for a parcel that is not sent."""
    for parcel in order.parcels:
        if not parcel.wanted and parcel.collection is not None:
            yield CancelCollection(
                order_id=order.id,
                connector=parcel.broker,
                key=f"cancel_collection:{parcel.collection}",
                parcel_id=parcel.id,
                reference=parcel.collection,
            )


@rule(ShipmentCreated)
def close_the_manifest(order: Order, event: ShipmentCreated, policy: Policy) -> Steps:
    """Put each parcel on a manifest as it leaves."""
    for parcel in order.parcels_of(event.release_id):
        labels = policy.courier.labels_of(parcel.node, order.channel)
        left = parcel.shipment == event.shipment_id and parcel.manifest is None
        if labels is not None and labels.manifest and left and parcel.reference is not None:
            yield CloseManifest(
                order_id=order.id,
                connector=parcel.broker,
                key=f"manifest:{parcel.id}",
                parcel_id=parcel.id,
                node=parcel.node,
                reference=parcel.reference,
            )
