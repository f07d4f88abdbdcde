"""What nodes say of their releases: answers to them, parcels that left, goods that came back."""

import hashlib
from collections import Counter
from datetime import UTC
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from canonical.base import Name
from canonical.document import BusinessKey, KeyKind, OrderBound, SkuQuantity
from canonical.events import (
    Event,
    GoodsDispatched,
    ReleaseAccepted,
    ReleaseCancelled,
    ReleaseCancelRefused,
    ReleaseRefused,
    ReturnReceived,
)


class ReleaseBound(OrderBound):
    """A document that a node sends about a release."""

    release_id: Name

    def key(self) -> BusinessKey:
        """Return the release."""
        return BusinessKey(kind=KeyKind.RELEASE, value=self.release_id)


class ReleaseAnswer(StrEnum):
    """What a node may answer to a release, or to the wish to stop it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    CANCEL_REFUSED = "cancel_refused"


_OF_UNITS = (ReleaseAnswer.REFUSED, ReleaseAnswer.CANCELLED)


class ReleaseAnswerDocument(ReleaseBound):
    """A node accepts, refuses, stops, or can't stop a release."""

    answer: ReleaseAnswer
    reason: str = ""
    skus: tuple[Name, ...] = ()
    """What was short, where the node refuses for that."""
    units: tuple[SkuQuantity, ...] = ()
    """How many units it refuses or stopped; it sends the others. None named: all that it has not sent yet."""
    reference: Name | None = None
    """The node's own number of this answer, where it has one."""

    @model_validator(mode="after")
    def _units_will_not_leave(self) -> Self:
        if self.units and self.answer not in _OF_UNITS:
            message = f"units go with the answers 'refused' and 'cancelled', not with {self.answer.value!r}"
            raise ValueError(message)
        return self

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the one event that the answer is."""
        common = {
            "order_id": order_id,
            "occurred_at": self.occurred_at,
            "release_id": self.release_id,
            "fact_key": self.fact_key(),
        }
        match self.answer:
            case ReleaseAnswer.ACCEPTED:
                return (ReleaseAccepted.model_validate(common),)
            case ReleaseAnswer.REFUSED:
                said = {"reason": self.reason, "skus": self.skus, "units": self._units()}
                return (ReleaseRefused.model_validate(common | said),)
            case ReleaseAnswer.CANCELLED:
                return (ReleaseCancelled.model_validate({**common, "units": self._units()}),)
            case ReleaseAnswer.CANCEL_REFUSED:
                return (ReleaseCancelRefused.model_validate({**common, "reason": self.reason}),)

    def fact_key(self) -> str:
        """Return the answer's natural name. A release has one answer of each kind, but many that name some units.

        These are told apart by the node's number and by their units, for some nodes give all that they say of a release
        one number; where there is no number, by their time and their units. What is the same in these is one answer:
        units rather wait than be sent twice.
        """
        name, units = f"release:{self.release_id}:{self.answer.value}", self._units()
        if not units:
            return name
        at = self.occurred_at.astimezone(UTC).isoformat() if self.occurred_at else "-"
        words = "".join(f"{quantity}*{sku}\n" for sku, quantity in units)
        digest = hashlib.sha256(words.encode()).hexdigest()[:16]
        return f"{name}:{self.reference or at}:{digest}"

    def _units(self) -> tuple[tuple[str, int], ...]:
        """Return the units that will not leave, added up by SKU."""
        added = Counter[str]()
        for line in self.units:
            added[line.sku] += line.quantity
        return tuple(sorted(added.items()))


class DispatchDocument(ReleaseBound):
    """A parcel left a node."""

    shipment_id: Name
    """The node's own id of the parcel, unique at that node."""
    carrier: str | None = None
    tracking_number: str | None = None
    lines: Annotated[tuple[SkuQuantity, ...], Field(min_length=1)]

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the dispatch."""
        return (
            GoodsDispatched(
                order_id=order_id, occurred_at=self.occurred_at, release_id=self.release_id,
                shipment_id=self.shipment_id, carrier=self.carrier, tracking_number=self.tracking_number,
                skus=tuple((line.sku, line.quantity) for line in self.lines),
                fact_key=f"dispatch:{self.release_id}:{self.shipment_id}",
            ),
        )  # fmt: skip


class ReturnDocument(ReleaseBound):
    """Goods of a release came back to a node."""

    return_id: Name
    node: Name
    damaged: bool = False
    lines: Annotated[tuple[SkuQuantity, ...], Field(min_length=1)]

    def events(self, order_id: UUID) -> tuple[Event, ...]:
        """Return the receipt."""
        return (
            ReturnReceived(
                order_id=order_id, occurred_at=self.occurred_at, return_id=self.return_id, node=self.node,
                release_id=self.release_id, damaged=self.damaged,
                skus=tuple((line.sku, line.quantity) for line in self.lines),
                fact_key=f"return:{self.node}:{self.return_id}",
            ),
        )  # fmt: skip
