"""What an order waits for at couriers: labels, scans, and what became of parcels. From the order alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from canonical.order import Order
from canonical.parcels import AT_AN_END, AT_HOME, PROBLEMS, Parcel, ParcelStatus
from canonical.statuses import HoldType


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that an order waits for."""

    what: str
    since: datetime | None
    who: str
    """Who can act."""
    next_step: str


def parcels(order: Order) -> Iterator[Wait]:
    """Yield what is waited for at couriers, by parcel."""
    for parcel in order.parcels:
        if parcel.return_of is None:
            wait = _planned(order, parcel) if parcel.status is ParcelStatus.PLANNED else _under_way(parcel)
            if wait is not None:
                yield wait


def _planned(order: Order, parcel: Parcel) -> Wait | None:
    if parcel.refused is None:
        what = f"{parcel.broker} to book a label for parcel {parcel.id}"
        return Wait(what, parcel.since, parcel.broker, f"warehouse {parcel.node} is asked once it is there")
    if order.hold(HoldType.OTHER) is not None:
        return None  # the hold says so already
    what = f"a label for parcel {parcel.id}: {parcel.refused}"
    return Wait(what, parcel.since, "support", "place a hold and release it: the label is asked for again")


def _under_way(parcel: Parcel) -> Wait | None:
    if parcel.shipment is None or parcel.status in AT_AN_END or parcel.status in PROBLEMS:
        return None
    carrier = parcel.carrier or parcel.broker
    name = f"parcel {parcel.tracking_number}"
    match parcel.status:
        case ParcelStatus.ATTEMPT_FAILED:
            times = "once" if parcel.attempts == 1 else f"{parcel.attempts} times"
            step = "it is tried again, kept for the buyer, or sent back"
            return Wait(
                f"{carrier} to deliver {name}, which failed {times}", parcel.scanned_at, carrier, step
            )
        case ParcelStatus.AVAILABLE_FOR_PICKUP:
            return Wait(f"the buyer to fetch {name}", parcel.scanned_at, "the buyer", "it is fetched")
        case _ if parcel.status in AT_HOME:
            return Wait(f"{carrier} to scan {name}", parcel.since, carrier, "its first scan")
        case _:
            step = "it is delivered, or counts as delivered after a while without scans"
            return Wait(f"{carrier} to deliver {name}", parcel.scanned_at, carrier, step)
