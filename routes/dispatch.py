"""A parcel left a node: it is matched to the order's lines, the stock is gone, and what fits nowhere is said."""

from collections.abc import Iterator

from canonical.events import GoodsDispatched, ShipmentCreated, StepRefused
from canonical.order import Order, Release
from canonical.policy import Policy
from canonical.statuses import Block, HoldType, RowStatus
from canonical.steps import Step, Steps, StockMoved
from canonical.stock import StockMoveKind
from routes.asking import hold
from routes.matching import match
from routes.moves import Units, as_lines, go, units_at
from routes.rules import rule


@rule(GoodsDispatched)
def book_what_was_dispatched(order: Order, event: GoodsDispatched, policy: Policy) -> Steps:
    """Match a parcel to what its release still has to send; what is beyond that goes to a person."""
    known = order.shipment(event.shipment_id)
    if known is not None and known.release == event.release_id:
        return
    release = order.release(event.release_id)
    if release is None:
        yield from _refuse(order, event, f"there is no release {event.release_id}")
        return
    wanted = units_at(order, RowStatus.RELEASED, RowStatus.ACCEPTED, release=release.id)
    fits, beyond = match(wanted, event.skus)
    if fits:
        shipment_id = event.shipment_id if known is None else f"{release.id}/{event.shipment_id}"
        yield from _book(order, event, release, shipment_id, fits)
    if beyond:
        yield from _gone_anyway(order, event, release, beyond)
        what = ", ".join(f"{quantity} × {sku}" for sku, quantity in beyond.items())
        yield from _refuse(order, event, f"parcel {event.shipment_id} holds what was not asked for: {what}")


def _book(
    order: Order,
    event: GoodsDispatched,
    release: Release,
    shipment_id: str,
    units: list[Units],
) -> Iterator[Step]:
    sent: dict[str, int] = {}
    for line, _, quantity in units:
        sent[line.sku] = sent.get(line.sku, 0) + quantity
    for sku, quantity in sent.items():
        yield _entry(event, release, StockMoveKind.DISPATCH, sku, quantity)
    for unit in units:
        yield go(order, unit, RowStatus.SHIPPED, shipment=shipment_id)
    carrier, number = _label_used(order, event, release)
    yield ShipmentCreated(
        order_id=order.id,
        occurred_at=event.occurred_at,
        shipment_id=shipment_id,
        release_id=release.id,
        node=release.node,
        carrier=carrier,
        tracking_number=number,
        lines=as_lines(units),
    )


def _label_used(order: Order, event: GoodsDispatched, release: Release) -> tuple[str | None, str | None]:
    """Return carrier and number: what the node says, else those of the next label that was booked for its release."""
    if event.tracking_number is None:
        for parcel in order.parcels_of(release.id):
            if parcel.tracking_number is not None and parcel.shipment is None and parcel.wanted:
                return parcel.carrier, parcel.tracking_number
    return event.carrier, event.tracking_number


def _gone_anyway(
    order: Order,
    event: GoodsDispatched,
    release: Release,
    beyond: dict[str, int],
) -> Iterator[Step]:
    """Whoever asked for it: what left the node is not there any more."""
    ours = {line.sku for line in order.lines}
    for sku, quantity in beyond.items():
        if sku in ours:
            yield _entry(event, release, StockMoveKind.ADJUST, sku, -quantity)


def _entry(
    event: GoodsDispatched,
    release: Release,
    kind: StockMoveKind,
    sku: str,
    quantity: int,
) -> StockMoved:
    key = f"{kind.value}:{release.id}:{event.shipment_id}:{sku}"
    return StockMoved(key=key, kind=kind, sku=sku, node=release.node, quantity=quantity)


def _refuse(order: Order, event: GoodsDispatched, reason: str) -> Iterator[Step]:
    yield StepRefused(order_id=order.id, step="dispatch", reason=reason)
    # What did leave is paid for, so captures go on.
    yield hold(order, event, HoldType.OTHER, reason, Block.SOURCE, Block.RELEASE)
