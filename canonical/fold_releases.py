"""How releases and shipments change an order: a table says what may follow, late news changes nothing."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from canonical.errors import EvolveError
from canonical.events import (
    Event,
    ReleaseAccepted,
    ReleaseCancelled,
    ReleaseCancelRefused,
    ReleaseCancelRequested,
    ReleaseRefused,
    ReleaseRequested,
    ReleaseSubmitted,
    ShipmentCreated,
)
from canonical.fold_parcels import left_in
from canonical.fold_purchases import left
from canonical.order import LIVE_RELEASES, Order, Release, Shipment
from canonical.statuses import RELEASE_MOVES, ReleaseStatus, may_follow


def _release_requested(order: Order, event: ReleaseRequested) -> dict[str, Any]:
    if order.release(event.release_id) is not None:
        raise EvolveError(event, f"release {event.release_id} exists already")
    release = Release(
        id=event.release_id,
        node=event.node,
        connector=event.connector,
        status=ReleaseStatus.REQUESTED,
        lines=event.lines,
        requested_at=event.recorded_at or order.placed_at,
        submitted=event.submitted,
    )
    return {"releases": (*order.releases, release)}


def _release_submitted(order: Order, event: ReleaseSubmitted) -> dict[str, Any]:
    release = order.release(event.release_id)
    if release is None or release.submitted:
        raise EvolveError(event, f"there is no release {event.release_id} that waits for its labels")
    return {"releases": tuple(r.replace(submitted=True) if r.id == release.id else r for r in order.releases)}


def _release_cancel_requested(order: Order, event: ReleaseCancelRequested) -> dict[str, Any]:
    releases = _with_release_status(order, event, event.release_id, ReleaseStatus.CANCEL_REQUESTED)
    return {"releases": releases}


def _with_release_status(
    order: Order,
    event: Event,
    release_id: str,
    status: ReleaseStatus,
) -> tuple[Release, ...]:
    release = order.release(release_id)
    if release is None:
        raise EvolveError(event, f"there is no release {release_id}")
    if not may_follow(RELEASE_MOVES, release.status, status):
        raise EvolveError(
            event, f"release {release_id} doesn't go from {release.status.value} to {status.value}"
        )
    return tuple(r.replace(status=status) if r.id == release_id else r for r in order.releases)


def _release_accepted(order: Order, event: ReleaseAccepted) -> dict[str, Any]:
    release = order.release(event.release_id)
    late = {ReleaseStatus.CANCEL_REQUESTED, ReleaseStatus.PARTIALLY_SHIPPED}
    if release is not None and release.status in late:
        return {}
    return {"releases": _with_release_status(order, event, event.release_id, ReleaseStatus.ACCEPTED)}


def _release_refused(order: Order, event: ReleaseRefused) -> dict[str, Any]:
    release = order.release(event.release_id)
    if release is None or not event.units:
        releases = _with_release_status(order, event, event.release_id, ReleaseStatus.REFUSED)
        node = next(r.node for r in releases if r.id == event.release_id)
        return {"releases": releases, "rejected_nodes": _rejecting(order, node)}
    return _lacking(order, event, release, ReleaseStatus.REFUSED)


def _lacking(
    order: Order, event: ReleaseRefused | ReleaseCancelled, release: Release, over: ReleaseStatus
) -> dict[str, Any]:
    """Take the named units off a release, which is `over` once nothing of it has left or will."""
    if release.status is ReleaseStatus.SHIPPED:
        return {}  # a rule tells a person: it says that it sent what it says that it does not send
    if release.status not in LIVE_RELEASES:
        raise EvolveError(event, f"release {release.id} is {release.status.value}: it is over")
    less = release.replace(refused=_refused_in_all(order, release, event.units))
    after = less.replace(status=_reached(less, _sent(order, release.id), over))
    changes: dict[str, Any] = {
        "releases": tuple(after if r.id == release.id else r for r in order.releases),
    }
    if over is ReleaseStatus.REFUSED or release.status is not ReleaseStatus.CANCEL_REQUESTED:
        changes["rejected_nodes"] = _rejecting(order, release.node)
    return changes


def _refused_in_all(
    order: Order, release: Release, units: Iterable[tuple[str, int]]
) -> tuple[tuple[str, int], ...]:
    """Return what a release lacks after one more refusal: nothing is refused that has left, or was refused before."""
    left = Counter[str]()
    for line in release.lines:
        left[line.sku] += line.quantity
    for shipment in order.shipments:
        if shipment.release == release.id:
            for line in shipment.lines:
                left[line.sku] -= line.quantity
    refused = Counter(dict(release.refused))
    left.subtract(refused)
    for sku, quantity in units:
        taken = max(0, min(quantity, left[sku]))
        left[sku] -= taken
        refused[sku] += taken
    return tuple((sku, quantity) for sku, quantity in refused.items() if quantity)


def _sent(order: Order, release_id: str) -> int:
    return sum(line.quantity for s in order.shipments if s.release == release_id for line in s.lines)


def _reached(release: Release, sent: int, over: ReleaseStatus) -> ReleaseStatus:
    """Return where a release stands of which so much was sent: it has left once all but what it lacks has."""
    if sent >= release.wanted():
        return ReleaseStatus.SHIPPED if sent else over
    return release.status


def _rejecting(order: Order, node: str) -> tuple[str, ...]:
    return order.rejected_nodes if node in order.rejected_nodes else (*order.rejected_nodes, node)


def _release_cancelled(order: Order, event: ReleaseCancelled) -> dict[str, Any]:
    """A node that cancels unasked refuses; one that answers after it has sent everything changes nothing.

    One that names the units keeps the others: a parcel with them may have left, and be told later.
    """
    release = order.release(event.release_id)
    if release is not None and event.units:
        return _lacking(order, event, release, ReleaseStatus.CANCELLED)
    if release is not None and release.status is ReleaseStatus.SHIPPED:
        return {}
    changes: dict[str, Any] = {
        "releases": _with_release_status(order, event, event.release_id, ReleaseStatus.CANCELLED),
    }
    if release is not None and release.status is not ReleaseStatus.CANCEL_REQUESTED:
        changes["rejected_nodes"] = _rejecting(order, release.node)
    return changes


def _release_cancel_refused(order: Order, event: ReleaseCancelRefused) -> dict[str, Any]:
    release = order.release(event.release_id)
    if release is not None and release.status is not ReleaseStatus.CANCEL_REQUESTED:
        raise EvolveError(event, f"release {release.id} is {release.status.value}: nobody waits for this")
    sent = _sent(order, event.release_id)
    status = ReleaseStatus.PARTIALLY_SHIPPED if sent else ReleaseStatus.ACCEPTED
    releases = _with_release_status(order, event, event.release_id, status)
    return {
        "releases": tuple(r.replace(unstoppable=True) if r.id == event.release_id else r for r in releases)
    }


def _shipment_created(order: Order, event: ShipmentCreated) -> dict[str, Any]:
    if order.shipment(event.shipment_id) is not None:
        raise EvolveError(event, f"shipment {event.shipment_id} exists already")
    shipment = Shipment(
        id=event.shipment_id,
        release=event.release_id,
        node=event.node,
        carrier=event.carrier,
        tracking_number=event.tracking_number,
        shipped_at=event.occurred_at or event.recorded_at or order.placed_at,
        lines=event.lines,
    )
    sent = _sent(order, event.release_id) + sum(line.quantity for line in event.lines)
    release = order.release(event.release_id)
    wanted = release.wanted() if release else 0
    status = ReleaseStatus.SHIPPED if sent >= wanted else ReleaseStatus.PARTIALLY_SHIPPED
    if (
        release
        and release.status is ReleaseStatus.CANCEL_REQUESTED
        and status is ReleaseStatus.PARTIALLY_SHIPPED
    ):
        status = ReleaseStatus.CANCEL_REQUESTED
    return {
        "shipments": (*order.shipments, shipment),
        "parcels": left_in(order.parcels, shipment),
        "releases": _with_release_status(order, event, event.release_id, status),
        **(left(order, event.release_id, shipment.shipped_at) if order.purchases else {}),
    }


RELEASE_CHANGES: Mapping[type[Event], Callable[[Order, Any], dict[str, Any]]] = {
    ReleaseRequested: _release_requested,
    ReleaseSubmitted: _release_submitted,
    ReleaseAccepted: _release_accepted,
    ReleaseRefused: _release_refused,
    ReleaseCancelRequested: _release_cancel_requested,
    ReleaseCancelled: _release_cancelled,
    ReleaseCancelRefused: _release_cancel_refused,
    ShipmentCreated: _shipment_created,
}
