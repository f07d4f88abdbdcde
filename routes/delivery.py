"""What carriers say of parcels: units are delivered, people learn what they must, and silence comes to an end."""

from collections.abc import Iterator
from datetime import timedelta

from canonical.courier import DeliveryMail
from canonical.events import (
    DeadlinePassed,
    Event,
    HoldReleased,
    ParcelTracked,
    ShipmentCreated,
    StepRefused,
)
from canonical.fold_parcels import parcel_told_of
from canonical.order import Order
from canonical.parcels import AT_AN_END, AT_HOME, PROBLEMS, Parcel, ParcelStatus
from canonical.policy import Policy
from canonical.statuses import HoldType, RowStatus
from canonical.steps import Forget, Remind, Step, Steps
from routes import telling
from routes.asking import flag
from routes.moves import go, units_at
from routes.rules import moment, rule

_MAILS: dict[ParcelStatus, DeliveryMail] = {
    ParcelStatus.OUT_FOR_DELIVERY: "out_for_delivery",
    ParcelStatus.AVAILABLE_FOR_PICKUP: "available_for_pickup",
    ParcelStatus.DELIVERED: "delivered",
    ParcelStatus.ATTEMPT_FAILED: "delivery_problem",
    ParcelStatus.EXCEPTION: "delivery_problem",
    ParcelStatus.RETURNED_TO_SENDER: "delivery_problem",
    ParcelStatus.LOST: "delivery_problem",
}


def scan_timer(parcel: Parcel) -> str:
    """Return the name of the time at which a parcel's next scan is not waited for any longer."""
    return f"scans:{parcel.id}"


@rule(ParcelTracked)
def follow_the_parcel(order: Order, event: ParcelTracked, policy: Policy) -> Steps:
    """Tell the buyer and a person what they must know of a scan; one that came too late tells nobody anything."""
    parcel = parcel_told_of(order, event)
    if parcel is None:
        reason = f"{event.broker} tells of parcel {event.tracking_number}, and none of the order's is that"
        yield StepRefused(order_id=order.id, step="tracking", reason=reason)
        return
    if parcel.status is ParcelStatus.CANCELLED and event.status is not ParcelStatus.CANCELLED:
        reason = f"{parcel.carrier} has parcel {parcel.id} ({event.status.value}), whose label is void"
        yield StepRefused(order_id=order.id, step="tracking", reason=reason)
        return
    if not _counted(parcel, event):
        return
    yield from _mind(order, event, parcel)
    yield from _mail(order, policy, parcel)
    yield from _wait_for_scans(order, event, policy, parcel)


def _counted(parcel: Parcel, event: ParcelTracked) -> bool:
    """Say whether a scan is what the parcel now stands by."""
    if event.assumed:
        return parcel.assumed
    seen = event.occurred_at or event.recorded_at
    return parcel.status is event.status and parcel.scanned_at == seen


def _mind(order: Order, event: ParcelTracked, parcel: Parcel) -> Iterator[Step]:
    """A problem is put before a person; it is over when the parcel goes on, and no other parcel has one."""
    placed = order.hold(HoldType.DELIVERY_PROBLEM)
    if parcel.return_of is not None:
        return
    if parcel.status in PROBLEMS:
        said = f" ({parcel.said})" if parcel.said else ""
        word = parcel.status.value.replace("_", " ")
        reason = f"parcel {parcel.tracking_number} of {parcel.carrier or parcel.broker}: {word}{said}"
        if placed is None or placed.reason != reason:
            actor = "policy" if parcel.assumed else parcel.broker
            yield flag(order, event, HoldType.DELIVERY_PROBLEM, reason, actor)
    elif placed is not None and not _in_trouble(order):
        yield HoldReleased(
            order_id=order.id,
            type=HoldType.DELIVERY_PROBLEM,
            actor=parcel.broker,
            reason=f"parcel {parcel.tracking_number}: {parcel.status.value.replace('_', ' ')}",
        )


def _in_trouble(order: Order) -> bool:
    return any(parcel.status in PROBLEMS and parcel.return_of is None for parcel in order.parcels)


def _mail(order: Order, policy: Policy, parcel: Parcel) -> Iterator[Step]:
    """Mail the buyer what the policy wants mailed, each once for a parcel; never what nobody has seen."""
    template = _MAILS.get(parcel.status)
    wanted = template in policy.courier.mails and not parcel.assumed and parcel.return_of is None
    if template is None or not wanted or parcel.shipment is None:
        return
    turn = f"{parcel.id}:{parcel.status.value}"
    yield from telling.mail(
        order, policy, template, turn, shipment_id=parcel.shipment, reason=parcel.status.value
    )


def _wait_for_scans(order: Order, event: Event, policy: Policy, parcel: Parcel) -> Iterator[Step]:
    """Look again when there has been no scan for as long as the policy says."""
    days, name = policy.courier.assume_delivered_after_days, scan_timer(parcel)
    if parcel.status in AT_AN_END:
        yield Forget(order_id=order.id, name=name)
    elif days is not None:
        at = (event.occurred_at or moment(order, event)) + timedelta(days=days)
        at = max(at, moment(order, event))
        yield Remind(name=name, at=at, event=DeadlinePassed(order_id=order.id, name=name))


@rule(ParcelTracked, ShipmentCreated)
def mark_what_was_delivered(order: Order, event: Event, policy: Policy) -> Steps:
    """The units of a parcel that was delivered are delivered, whichever news came first: its leaving or its end."""
    for parcel in order.parcels:
        if parcel.status is not ParcelStatus.DELIVERED or parcel.return_of is not None:
            continue
        for unit in units_at(order, RowStatus.SHIPPED, release=parcel.release):
            if parcel.shipment is not None and unit[1].shipment == parcel.shipment:
                yield go(order, unit, RowStatus.DELIVERED)


@rule(ShipmentCreated)
def watch_the_parcel(order: Order, event: ShipmentCreated, policy: Policy) -> Steps:
    """Look again whether a parcel was ever scanned after it left."""
    for parcel in order.parcels_of(event.release_id):
        if parcel.shipment == event.shipment_id and parcel.scanned_at is None:
            yield from _wait_for_scans(order, event, policy, parcel)


@rule(ShipmentCreated)
def mail_what_was_seen_before_it_left(order: Order, event: ShipmentCreated, policy: Policy) -> Steps:
    """The buyer hears of what a carrier said of a parcel before its node said that it left."""
    for parcel in order.parcels_of(event.release_id):
        if parcel.shipment == event.shipment_id:
            yield from _mail(order, policy, parcel)


@rule(DeadlinePassed)
def stop_waiting_for_scans(order: Order, event: DeadlinePassed, policy: Policy) -> Steps:
    """Take a parcel that was on its way for delivered, as carriers often don't say; ask after one they never had."""
    days = policy.courier.assume_delivered_after_days or 0
    for parcel in order.parcels:
        if event.name != scan_timer(parcel) or parcel.status in AT_AN_END or parcel.status in PROBLEMS:
            continue
        status, said = _taken_for(parcel, days)
        yield ParcelTracked(
            order_id=order.id,
            broker=parcel.broker,
            reference=parcel.reference,
            tracking_number=parcel.tracking_number,
            status=status,
            said=said,
            assumed=True,
        )


def _taken_for(parcel: Parcel, days: float) -> tuple[ParcelStatus, str]:
    """Return what a parcel counts as that nobody has scanned for so many days."""
    if parcel.status in AT_HOME:
        return ParcelStatus.EXCEPTION, "it left, and was never scanned"
    if parcel.status is ParcelStatus.AVAILABLE_FOR_PICKUP:
        return ParcelStatus.EXCEPTION, "it was not fetched"
    return ParcelStatus.DELIVERED, f"no scan for {days:g} days"
