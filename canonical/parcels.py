"""Parcels and their labels: what a courier's broker is asked for, what it offers, and where each parcel stands.

A parcel here is one whose label the hub has booked, or that a broker tells of. What left a node is a `Shipment`; the
parcel that it left in names it. A lifecycle is a table, consulted by one function: `PARCEL_MOVES` and `moves_on`.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from canonical.base import Instant, Name, Quantity, Value
from canonical.lines import ReleaseLine
from canonical.money import Money
from canonical.statuses import may_follow


class ParcelStatus(StrEnum):
    """Where a parcel stands, from its label to its end."""

    PLANNED = "planned"
    """A label is asked for."""
    BOOKED = "booked"
    COLLECTION_SCHEDULED = "collection_scheduled"
    COLLECTED = "collected"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    RETURNED_TO_SENDER = "returned_to_sender"
    LOST = "lost"
    CANCELLED = "cancelled"
    """Its label is void."""


AT_HOME = frozenset({ParcelStatus.PLANNED, ParcelStatus.BOOKED, ParcelStatus.COLLECTION_SCHEDULED})
"""The carrier does not have it yet: its label can be voided."""
AT_AN_END = frozenset(
    {ParcelStatus.DELIVERED, ParcelStatus.RETURNED_TO_SENDER, ParcelStatus.LOST, ParcelStatus.CANCELLED}
)
"""Nothing more is waited for."""
PROBLEMS = frozenset({ParcelStatus.EXCEPTION, ParcelStatus.RETURNED_TO_SENDER, ParcelStatus.LOST})
"""A person has to look at it. A failed attempt is none: carriers try again by themselves."""

_ON_THE_WAY = frozenset(ParcelStatus) - AT_HOME - {ParcelStatus.COLLECTED, ParcelStatus.CANCELLED}

PARCEL_MOVES: Mapping[ParcelStatus, frozenset[ParcelStatus]] = {
    ParcelStatus.PLANNED: frozenset({ParcelStatus.BOOKED, ParcelStatus.CANCELLED}),
    ParcelStatus.BOOKED: _ON_THE_WAY
    | {ParcelStatus.COLLECTION_SCHEDULED, ParcelStatus.COLLECTED, ParcelStatus.CANCELLED},
    ParcelStatus.COLLECTION_SCHEDULED: _ON_THE_WAY
    | {ParcelStatus.BOOKED, ParcelStatus.COLLECTED, ParcelStatus.CANCELLED},
    ParcelStatus.COLLECTED: _ON_THE_WAY,
    ParcelStatus.IN_TRANSIT: _ON_THE_WAY,
    ParcelStatus.OUT_FOR_DELIVERY: _ON_THE_WAY,
    ParcelStatus.AVAILABLE_FOR_PICKUP: _ON_THE_WAY,
    ParcelStatus.ATTEMPT_FAILED: _ON_THE_WAY,
    ParcelStatus.EXCEPTION: _ON_THE_WAY,
    ParcelStatus.LOST: _ON_THE_WAY,  # what was given up turns up again
    ParcelStatus.DELIVERED: frozenset({ParcelStatus.RETURNED_TO_SENDER}),
    ParcelStatus.RETURNED_TO_SENDER: frozenset(),
    ParcelStatus.CANCELLED: frozenset(),
}


class Parcel(Value):
    """A parcel with a label, or one that is asked for. Its id is the hub's own."""

    id: Name
    release: Name
    node: Name
    broker: Name
    """The connector that its label is booked by, or that tells of it."""
    status: ParcelStatus
    since: Instant
    """Since when it stands there."""
    lines: tuple[ReleaseLine, ...]
    return_of: Name | None = None
    """The shipment that this parcel is to bring back."""
    asked: Annotated[int, Field(ge=0)] = 1
    """How often a label was asked for: a refusal is not the end."""
    wanted: bool = True
    """Its release still needs it; otherwise its label is voided."""
    refused: str | None = None
    """Why there is no label."""
    reference: Name | None = None
    """The broker's own id of it."""
    carrier: Name | None = None
    service: Name | None = None
    tracking_number: Name | None = None
    cost: Money | None = None
    shipment: Name | None = None
    """What left in it."""
    collection: Name | None = None
    """The broker's id of the collection that is booked for it."""
    manifest: Name | None = None
    scanned_at: Instant | None = None
    """When the carrier last saw it."""
    said: str = ""
    """The broker's own words for where it stands: codes, never texts, which may name people."""
    attempts: Quantity = 0
    """How often it could not be delivered."""
    assumed: bool = False
    """Nobody has seen it there: so much time has passed without a scan that it counts as that."""


def moves_on(parcel: Parcel, status: ParcelStatus, at: Instant | None) -> bool:
    """Say whether a scan moves a parcel: it is not older than what is known, and the table lets it follow.

    What was only assumed stands back behind whatever the carrier says.
    """
    if at is not None and parcel.scanned_at is not None and at < parcel.scanned_at:
        return False
    before = ParcelStatus.IN_TRANSIT if parcel.assumed else parcel.status
    return may_follow(PARCEL_MOVES, before, status)


class Rate(Value):
    """What a carrier's service would cost, and how long it takes."""

    reference: Name
    """The broker's id of the offer."""
    carrier: Name
    service: Name
    price: Money
    days: Annotated[int, Field(ge=0)] | None = None
    """Until it is delivered; None where the carrier does not say."""


class RateWish(Value):
    """What is wanted of a rate. `carriers` are written `CARRIER` or `CARRIER/SERVICE`, the best liked first."""

    prefer: Literal["price", "carrier"] = "price"
    carriers: tuple[Name, ...] = ()
    """Only these; none means any."""
    within_days: Annotated[int, Field(ge=0)] | None = None
    """What was promised; None where nothing was."""
    at_most: Annotated[Decimal, Field(gt=0)] | None = None
    """In the rate's own currency."""


class NoRateError(ValueError):
    """No rate will do: why, and what would help."""


def choose(rates: Iterable[Rate], wish: RateWish) -> Rate:
    """Return the rate that is bought: within the promised time the cheapest, or that of the best liked carrier.

    If no carrier keeps the promise, the fastest is taken, because to send late is better than not to send. Equal
    rates are decided by the order of `carriers`, then by speed, then by name, so that the choice is always the same.
    """
    offered = tuple(rates)
    liked = [rate for rate in offered if _rank(rate, wish) is not None]
    affordable = [rate for rate in liked if wish.at_most is None or rate.price.amount <= wish.at_most]
    if not affordable:
        raise NoRateError(_reason(offered, liked, wish))
    if len({rate.price.currency for rate in affordable}) > 1:
        named = ", ".join(sorted({rate.price.currency for rate in affordable}))
        message = f"the rates are in {named}: name the carriers of one currency in policies.courier"
        raise NoRateError(message)
    in_time = [
        rate
        for rate in affordable
        if wish.within_days is None or (rate.days is not None and rate.days <= wish.within_days)
    ]
    if not in_time:
        return min(affordable, key=lambda rate: (_days(rate), _order(rate, wish)))
    return min(in_time, key=lambda rate: _order(rate, wish))


def _order(rate: Rate, wish: RateWish) -> tuple[object, ...]:
    rank, price = _rank(rate, wish) or 0, rate.price.amount
    names = (_days(rate), rate.carrier, rate.service, rate.reference)
    return (rank, price, *names) if wish.prefer == "carrier" else (price, rank, *names)


def _days(rate: Rate) -> float:
    return float("inf") if rate.days is None else rate.days


def _rank(rate: Rate, wish: RateWish) -> int | None:
    """Return the place of a rate's carrier among those that are liked; None if it is none of them."""
    if not wish.carriers:
        return 0
    names = {rate.carrier, f"{rate.carrier}/{rate.service}"}
    return next((i for i, name in enumerate(wish.carriers) if name in names), None)


def _reason(offered: tuple[Rate, ...], liked: list[Rate], wish: RateWish) -> str:
    if not offered:
        return "no carrier offers a rate: look at the address and at the parcel's weight"
    if not liked:
        named = ", ".join(sorted({f"{rate.carrier}/{rate.service}" for rate in offered}))
        return f"none of the wanted carriers ({', '.join(wish.carriers)}) offers a rate; there is {named}"
    cheapest = min(liked, key=lambda rate: rate.price.amount)
    return f"the cheapest rate is {cheapest.price}, and policies.courier allows {wish.at_most}"
