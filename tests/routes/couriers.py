"""Couriers as they are: their broker sells labels, refuses some, takes them back; carriers scan what left."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from canonical.commands import (
    BookCollection,
    BookLabel,
    CancelCollection,
    CloseManifest,
    Command,
    SubmitRelease,
    VoidLabel,
)
from canonical.events import (
    CollectionBooked,
    CollectionCancelled,
    EffectRejected,
    Event,
    LabelBooked,
    LabelVoided,
    ManifestClosed,
    ParcelTracked,
)
from canonical.order import Order
from canonical.parcels import ParcelStatus
from tests.routes.world import ORDER_ID, eur

SEEN = (
    ParcelStatus.IN_TRANSIT, ParcelStatus.OUT_FOR_DELIVERY, ParcelStatus.AVAILABLE_FOR_PICKUP, ParcelStatus.DELIVERED,
    ParcelStatus.ATTEMPT_FAILED, ParcelStatus.EXCEPTION, ParcelStatus.LOST, ParcelStatus.RETURNED_TO_SENDER,
)  # fmt: skip
"""What a carrier may say of a parcel."""


@dataclass
class Couriers:
    """A broker's own books: labels by the hub's id of the parcel. Asking for what can't be is a defect of the hub."""

    refuses: int = 0
    labels: dict[str, BookLabel] = field(default_factory=dict[str, BookLabel])
    voided: set[str] = field(default_factory=set[str])
    collected: set[str] = field(default_factory=set[str])
    misuse: list[str] = field(default_factory=list[str])

    def take(self, command: Command) -> Event | None:
        match command:
            case BookLabel():
                return self._book(command)
            case VoidLabel():
                return self._void(command)
            case BookCollection():
                self.collected.add(command.parcel_id)
                reference = f"pickup_{command.parcel_id}"
                return CollectionBooked(
                    order_id=ORDER_ID, parcel_id=command.parcel_id, broker="broker", reference=reference,
                    fact_key=f"broker:{reference}:booked",
                )  # fmt: skip
            case CancelCollection():
                self.collected.remove(command.parcel_id)
                return CollectionCancelled(
                    order_id=ORDER_ID, parcel_id=command.parcel_id, broker="broker", reference=command.reference,
                    fact_key=f"broker:{command.reference}:cancelled",
                )  # fmt: skip
            case CloseManifest():
                return ManifestClosed(
                    order_id=ORDER_ID, parcel_id=command.parcel_id, broker="broker", reference="sf_1",
                    fact_key=f"broker:{command.parcel_id}:manifested",
                )  # fmt: skip
            case _:
                return None

    def may_send(self, command: SubmitRelease) -> None:
        """See that a node is asked only when its labels are there."""
        packed = [label for label in self.labels.values() if label.release_id == command.release_id]
        labelled = sum(line.quantity for label in packed for line in label.lines)
        if packed and labelled != sum(line.quantity for line in command.lines):
            self.misuse.append(f"{command.release_id} was asked for before its labels were there")

    def scan(self, order: Order, now: datetime, chance: Callable[[int], int]) -> list[Event]:
        """See a parcel that has left."""
        left = [p for p in order.parcels if p.shipment is not None and p.id in self.labels]
        if not left:
            return []
        parcel = left[chance(len(left))]
        status, minutes = SEEN[chance(len(SEEN))], chance(90) - 30
        return [seen(parcel.id, status, now + timedelta(minutes=minutes))]

    def _book(self, command: BookLabel) -> Event:
        if self.refuses:
            self.refuses -= 1
            name = type(command).__name__
            return EffectRejected(
                order_id=ORDER_ID, key=command.key, command=name, reason="no rate", fact_key=f"rejected:{command.key}"
            )  # fmt: skip
        if command.parcel_id in self.labels:
            self.misuse.append(f"a second label for {command.parcel_id}")
        self.labels[command.parcel_id] = command
        return booked(command.parcel_id)

    def _void(self, command: VoidLabel) -> Event:
        if command.parcel_id not in self.labels or command.parcel_id in self.voided:
            self.misuse.append(f"void {command.key}")
        self.voided.add(command.parcel_id)
        return LabelVoided(
            order_id=ORDER_ID, parcel_id=command.parcel_id, broker="broker", reference=command.reference,
            fact_key=f"broker:{command.parcel_id}:voided",
        )  # fmt: skip


def booked(parcel_id: str) -> LabelBooked:
    return LabelBooked(
        order_id=ORDER_ID,
        parcel_id=parcel_id,
        broker="broker",
        reference=f"shp_{parcel_id}",
        carrier="DHL",
        service="Paket",
        tracking_number=f"T-{parcel_id}",
        cost=eur("5.20"),
        fact_key=f"broker:{parcel_id}:booked",
    )


def seen(parcel_id: str, status: ParcelStatus, at: datetime, said: str = "") -> ParcelTracked:
    return ParcelTracked(
        order_id=ORDER_ID,
        broker="broker",
        reference=f"shp_{parcel_id}",
        tracking_number=f"T-{parcel_id}",
        status=status,
        occurred_at=at,
        said=said,
        fact_key=f"track:{parcel_id}:{status.value}:{at.isoformat()}",
    )
