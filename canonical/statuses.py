"""Every status of the order's life, and the tables that say which may follow which.

A lifecycle is a table, consulted by one function: `may_follow`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)


class OrderType(StrEnum):
    """How an order is fulfilled; rules are bound per type."""

    STANDARD = "standard"
    CHANNEL_FULFILLED = "channel_fulfilled"
    """The channel sends it from its own stock, or sent it before the hub knew of it: it is recorded, no more."""


class OrderStatus(StrEnum):
    """The header's lifecycle; always derived, never set."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED = frozenset({OrderStatus.COMPLETED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED})
"""An order that stands here is over, unless something comes back."""


class RowStatus(StrEnum):
    """Where some units of a line stand."""

    CREATED = "created"
    BACKORDERED = "backordered"
    RESERVED = "reserved"
    SCHEDULED = "scheduled"
    RELEASED = "released"
    ACCEPTED = "accepted"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RECEIVED_GOOD = "received_good"
    RECEIVED_DAMAGED = "received_damaged"


class PaymentStatus(StrEnum):
    """The payment axis of the header; derived from the gateway's facts."""

    NONE = "none"
    PENDING = "pending"
    AUTHORISED = "authorised"
    DECLINED = "declined"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    DISPUTED = "disputed"


class FulfilmentStatus(StrEnum):
    """The fulfilment axis of the header; derived from the lines' rows."""

    NONE = "none"
    SCHEDULED = "scheduled"
    RELEASED = "released"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


class ReleaseStatus(StrEnum):
    """Where one release (the work order for one node) stands."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANCEL_REQUESTED = "cancel_requested"
    CANCELLED = "cancelled"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"


class CancelStatus(StrEnum):
    """Where a request to cancel stands."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class HoldType(StrEnum):
    """Why an order may not go on."""

    AWAITING_PAYMENT = "awaiting_payment"
    PAYMENT_FAILED = "payment_failed"
    REAUTH_NEEDED = "reauth_needed"
    FRAUD_REVIEW = "fraud_review"
    INCORRECT_ADDRESS = "incorrect_address"
    STOCK_SHORT = "stock_short"
    PRICE_MISMATCH = "price_mismatch"
    MAPPING_ERROR = "mapping_error"
    DUPLICATE_SUSPECT = "duplicate_suspect"
    AMENDMENT_OPEN = "amendment_open"
    CANCEL_PENDING = "cancel_pending"
    RELEASE_DATE = "release_date"
    COMPLIANCE = "compliance"
    CUSTOMER_REQUEST = "customer_request"
    DELIVERY_PROBLEM = "delivery_problem"
    """A parcel is lost, on its way back, or stuck. It stops nothing, and keeps the order from being completed."""
    SUPPLIER_PROBLEM = "supplier_problem"
    """A supplier is late, or wants another price. It stops nothing."""
    INVOICE_MISMATCH = "invoice_mismatch"
    """A supplier's invoice is not as it was ordered or as it was sent. It stops nothing, but that invoice."""
    OTHER = "other"


class ChannelStatus(StrEnum):
    """What a channel may be told of its order besides shipments and cancellations. The list is closed."""

    CONFIRMED = "confirmed"
    BACK_ORDERED = "back_ordered"
    PAYMENT_DECLINED = "payment_declined"
    CANCEL_REJECTED = "cancel_rejected"
    AMENDMENT_RECEIVED = "amendment_received"
    AMENDMENT_REJECTED = "amendment_rejected"
    ON_HOLD = "on_hold"
    REJECTED = "rejected"


class Block(StrEnum):
    """A step that a hold forbids."""

    SOURCE = "source"
    RELEASE = "release"
    CAPTURE = "capture"


ROW_MOVES: Mapping[RowStatus, frozenset[RowStatus]] = {
    RowStatus.CREATED: frozenset({RowStatus.BACKORDERED, RowStatus.RESERVED, RowStatus.CANCELLED}),
    RowStatus.BACKORDERED: frozenset({RowStatus.RESERVED, RowStatus.CANCELLED}),
    RowStatus.RESERVED: frozenset(
        {RowStatus.SCHEDULED, RowStatus.CREATED, RowStatus.BACKORDERED, RowStatus.CANCELLED},
    ),
    RowStatus.SCHEDULED: frozenset({RowStatus.RELEASED, RowStatus.RESERVED, RowStatus.CANCELLED}),
    RowStatus.RELEASED: frozenset(
        {RowStatus.ACCEPTED, RowStatus.SHIPPED, RowStatus.CREATED, RowStatus.CANCELLED},
    ),
    RowStatus.ACCEPTED: frozenset({RowStatus.SHIPPED, RowStatus.CREATED, RowStatus.CANCELLED}),
    RowStatus.SHIPPED: frozenset(
        {RowStatus.DELIVERED, RowStatus.RECEIVED_GOOD, RowStatus.RECEIVED_DAMAGED},
    ),
    RowStatus.DELIVERED: frozenset({RowStatus.RECEIVED_GOOD, RowStatus.RECEIVED_DAMAGED}),
    RowStatus.CANCELLED: frozenset(),
    RowStatus.RECEIVED_GOOD: frozenset(),
    RowStatus.RECEIVED_DAMAGED: frozenset(),
}

ROW_MOVES_OF: Mapping[OrderType, Mapping[RowStatus, frozenset[RowStatus]]] = {
    OrderType.STANDARD: ROW_MOVES,
    OrderType.CHANNEL_FULFILLED: {
        **ROW_MOVES, RowStatus.CREATED: frozenset({RowStatus.SHIPPED, RowStatus.CANCELLED}),
    },
}  # fmt: skip
"""What the channel sends itself leaves at once, and never by a node of ours."""

RELEASE_MOVES: Mapping[ReleaseStatus, frozenset[ReleaseStatus]] = {
    ReleaseStatus.REQUESTED: frozenset(
        {
            ReleaseStatus.ACCEPTED, ReleaseStatus.REFUSED, ReleaseStatus.CANCEL_REQUESTED, ReleaseStatus.CANCELLED,
            ReleaseStatus.PARTIALLY_SHIPPED, ReleaseStatus.SHIPPED,
        },
    ),
    ReleaseStatus.ACCEPTED: frozenset(
        {
            ReleaseStatus.REFUSED, ReleaseStatus.CANCEL_REQUESTED, ReleaseStatus.CANCELLED,
            ReleaseStatus.PARTIALLY_SHIPPED, ReleaseStatus.SHIPPED,
        },
    ),
    ReleaseStatus.CANCEL_REQUESTED: frozenset(
        {
            ReleaseStatus.CANCELLED, ReleaseStatus.ACCEPTED, ReleaseStatus.REFUSED,
            ReleaseStatus.PARTIALLY_SHIPPED, ReleaseStatus.SHIPPED,
        },
    ),
    ReleaseStatus.PARTIALLY_SHIPPED: frozenset(
        {ReleaseStatus.SHIPPED, ReleaseStatus.REFUSED, ReleaseStatus.CANCEL_REQUESTED, ReleaseStatus.CANCELLED},
    ),
    ReleaseStatus.REFUSED: frozenset(),
    ReleaseStatus.CANCELLED: frozenset(),
    ReleaseStatus.SHIPPED: frozenset(),
}  # fmt: skip


def may_follow(table: Mapping[S, frozenset[S]], before: S, after: S) -> bool:
    """Say whether `table` lets `after` follow `before`; staying where one is always may."""
    return before is after or after in table[before]
