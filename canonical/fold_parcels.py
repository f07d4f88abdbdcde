"""How labels and scans change an order's parcels. Late news is recorded by its event, and changes nothing."""

from collections.abc import Callable, Mapping
from typing import Any

from canonical.errors import EvolveError
from canonical.events import (
    CollectionBooked,
    CollectionCancelled,
    Event,
    LabelBooked,
    LabelRefused,
    LabelRequested,
    LabelVoided,
    LabelVoidRefused,
    LabelVoidRequested,
    ManifestClosed,
    ParcelTracked,
)
from canonical.order import Order, Shipment
from canonical.parcels import AT_HOME, PARCEL_MOVES, Parcel, ParcelStatus, moves_on
from canonical.statuses import may_follow


def left_in(parcels: tuple[Parcel, ...], shipment: Shipment) -> tuple[Parcel, ...]:
    """Return the parcels after a shipment left: the one with its tracking number is what it left in."""
    if shipment.tracking_number is None:
        return parcels
    return tuple(
        p.replace(shipment=shipment.id)
        if p.shipment is None and p.return_of is None and p.tracking_number == shipment.tracking_number
        else p
        for p in parcels
    )


def parcel_told_of(order: Order, event: ParcelTracked) -> Parcel | None:
    """Return the parcel that a scan is about: by the broker's reference, else by its tracking number."""
    for parcel in order.parcels:
        if event.reference is not None and parcel.reference == event.reference:
            return parcel
    for parcel in order.parcels:
        if event.tracking_number is not None and parcel.tracking_number == event.tracking_number:
            return parcel
    return None


def _of(order: Order, event: Any) -> Parcel:
    parcel = order.parcel(event.parcel_id)
    if parcel is None:
        raise EvolveError(event, f"there is no parcel {event.parcel_id}")
    return parcel


def _put(order: Order, event: Event, parcel: Parcel, **changes: Any) -> dict[str, Any]:
    status = changes.get("status")
    if status is not None and status is not parcel.status:
        if not may_follow(PARCEL_MOVES, parcel.status, status):
            raise EvolveError(
                event, f"parcel {parcel.id} doesn't go from {parcel.status.value} to {status.value}"
            )
        changes["since"] = event.occurred_at or event.recorded_at or parcel.since
    changed = parcel.replace(**changes)
    return {"parcels": tuple(changed if p.id == parcel.id else p for p in order.parcels)}


def _requested(order: Order, event: LabelRequested) -> dict[str, Any]:
    known = order.parcel(event.parcel_id)
    if known is None:
        parcel = Parcel(
            id=event.parcel_id,
            release=event.release_id,
            node=event.node,
            broker=event.broker,
            status=ParcelStatus.PLANNED,
            since=event.recorded_at or order.placed_at,
            lines=event.lines,
            return_of=event.return_of,
        )
        return {"parcels": (*order.parcels, parcel)}
    if known.refused is None:
        raise EvolveError(event, f"a label of parcel {known.id} is asked for already, or there")
    return _put(order, event, known, asked=known.asked + 1, refused=None, broker=event.broker)


def _booked(order: Order, event: LabelBooked) -> dict[str, Any]:
    parcel = _of(order, event)
    told = {
        "reference": event.reference, "carrier": event.carrier, "service": event.service,
        "tracking_number": event.tracking_number, "cost": event.cost, "refused": None,
    }  # fmt: skip
    return _put(order, event, parcel, status=ParcelStatus.BOOKED, **told)


def _refused(order: Order, event: LabelRefused) -> dict[str, Any]:
    parcel = _of(order, event)
    if parcel.status is not ParcelStatus.PLANNED:
        raise EvolveError(event, f"parcel {parcel.id} is {parcel.status.value}: it has its label")
    if not parcel.wanted:
        return _put(order, event, parcel, status=ParcelStatus.CANCELLED, refused=event.reason)
    return _put(order, event, parcel, refused=event.reason)


def _void_requested(order: Order, event: LabelVoidRequested) -> dict[str, Any]:
    """A parcel that got no label is over; one whose label is still to come is voided when it comes."""
    parcel = _of(order, event)
    if parcel.refused is not None:
        return _put(order, event, parcel, wanted=False, status=ParcelStatus.CANCELLED)
    return _put(order, event, parcel, wanted=False)


def _voided(order: Order, event: LabelVoided) -> dict[str, Any]:
    parcel = _of(order, event)
    if parcel.status not in AT_HOME:
        return {}  # the carrier has it all the same: the scans count
    return _put(order, event, parcel, wanted=False, status=ParcelStatus.CANCELLED)


def _void_refused(order: Order, event: LabelVoidRefused) -> dict[str, Any]:
    return _put(order, event, _of(order, event))


def _collection_booked(order: Order, event: CollectionBooked) -> dict[str, Any]:
    parcel = _of(order, event)
    if parcel.status is not ParcelStatus.BOOKED:
        return _put(order, event, parcel, collection=event.reference)
    return _put(order, event, parcel, status=ParcelStatus.COLLECTION_SCHEDULED, collection=event.reference)


def _collection_cancelled(order: Order, event: CollectionCancelled) -> dict[str, Any]:
    parcel = _of(order, event)
    if parcel.collection != event.reference:
        return {}
    if parcel.status is not ParcelStatus.COLLECTION_SCHEDULED:
        return _put(order, event, parcel, collection=None)
    return _put(order, event, parcel, status=ParcelStatus.BOOKED, collection=None)


def _manifest_closed(order: Order, event: ManifestClosed) -> dict[str, Any]:
    return _put(order, event, _of(order, event), manifest=event.reference)


def _tracked(order: Order, event: ParcelTracked) -> dict[str, Any]:
    parcel = parcel_told_of(order, event)
    if parcel is None:
        return _told_of_ours(order, event)
    if not moves_on(parcel, event.status, event.occurred_at):
        return {}
    failed = event.status is ParcelStatus.ATTEMPT_FAILED
    changed = parcel.replace(
        status=event.status,
        since=parcel.since if event.status is parcel.status else _at(order, event),
        scanned_at=parcel.scanned_at if event.assumed else _at(order, event),
        said=event.said or parcel.said,
        attempts=parcel.attempts + failed,
        assumed=event.assumed,
    )
    return {"parcels": tuple(changed if p.id == parcel.id else p for p in order.parcels)}


def _told_of_ours(order: Order, event: ParcelTracked) -> dict[str, Any]:
    """A broker follows a parcel that its node made the label of: from now on the hub follows it too."""
    number = event.tracking_number
    sent = [s for s in order.shipments if number is not None and s.tracking_number == number]
    if not sent:
        return {}
    shipment = sent[0]
    parcel = Parcel(
        id=shipment.id,
        release=shipment.release,
        node=shipment.node,
        broker=event.broker,
        status=event.status,
        since=_at(order, event),
        lines=shipment.lines,
        asked=0,
        reference=event.reference,
        carrier=event.carrier or shipment.carrier,
        tracking_number=number,
        shipment=shipment.id,
        scanned_at=_at(order, event),
        said=event.said,
        attempts=int(event.status is ParcelStatus.ATTEMPT_FAILED),
    )
    return {"parcels": (*order.parcels, parcel)}


def _at(order: Order, event: Event) -> Any:
    return event.occurred_at or event.recorded_at or order.placed_at


PARCEL_CHANGES: Mapping[type[Event], Callable[[Order, Any], dict[str, Any]]] = {
    LabelRequested: _requested,
    LabelBooked: _booked,
    LabelRefused: _refused,
    LabelVoidRequested: _void_requested,
    LabelVoided: _voided,
    LabelVoidRefused: _void_refused,
    CollectionBooked: _collection_booked,
    CollectionCancelled: _collection_cancelled,
    ManifestClosed: _manifest_closed,
    ParcelTracked: _tracked,
}
