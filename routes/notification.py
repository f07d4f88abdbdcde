"""Telling people: the channel in its few words, the buyer by mail."""

from canonical.events import (
    CancelAccepted,
    CancelRejected,
    HoldPlaced,
    OrderConfirmed,
    OrderRejected,
    ShipmentCreated,
)
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import ChannelStatus, HoldType
from canonical.steps import Steps
from routes import telling
from routes.rules import rule

HOLDS_TO_TELL = frozenset(
    {
        HoldType.PRICE_MISMATCH, HoldType.AWAITING_PAYMENT, HoldType.INCORRECT_ADDRESS, HoldType.RELEASE_DATE,
        HoldType.CUSTOMER_REQUEST,
    },
)  # fmt: skip
"""What a channel can do something about. Other holds have words of their own, or are the merchant's business."""


@rule(OrderConfirmed)
def tell_that_it_is_confirmed(order: Order, event: OrderConfirmed, policy: Policy) -> Steps:
    """Tell channel and buyer that the order is paid for and will be sent."""
    yield from telling.status(order, policy, ChannelStatus.CONFIRMED, "1")
    yield from telling.mail(order, policy, "order_confirmed", "1", amount=order.owed())


@rule(ShipmentCreated)
def tell_that_it_left(order: Order, event: ShipmentCreated, policy: Policy) -> Steps:
    """Tell channel and buyer of each parcel."""
    parcel = event.shipment_id
    yield from telling.shipped(order, policy, parcel)
    yield from telling.mail(order, policy, "shipment_dispatched", parcel, shipment_id=parcel)


@rule(CancelAccepted)
def tell_that_it_is_cancelled(order: Order, event: CancelAccepted, policy: Policy) -> Steps:
    """Mail the buyer that what had not left is cancelled; the channel was told of the units as they were."""
    asked = order.cancellation
    if asked is not None and asked.units:
        yield from telling.mail(order, policy, "order_cancelled", event.cancel_id, reason=asked.reason)


@rule(CancelRejected)
def tell_that_it_is_too_late(order: Order, event: CancelRejected, policy: Policy) -> Steps:
    """Tell channel and buyer that it was too late to cancel."""
    turn = f"{event.cancel_id}:{order.version}"
    yield from telling.status(order, policy, ChannelStatus.CANCEL_REJECTED, turn, event.reason)
    yield from telling.mail(order, policy, "cancel_rejected", turn, reason=event.reason)


@rule(HoldPlaced)
def tell_that_it_waits(order: Order, event: HoldPlaced, policy: Policy) -> Steps:
    """Tell the channel that its order waits for something that the channel can help with, and does not know."""
    if event.hold.type in HOLDS_TO_TELL and event.hold.actor != order.channel:
        reason = event.hold.type.value
        yield from telling.status(order, policy, ChannelStatus.ON_HOLD, str(order.version), reason)


@rule(OrderRejected)
def tell_that_it_is_rejected(order: Order, event: OrderRejected, policy: Policy) -> Steps:
    """Tell the channel that its order can't be taken, and why."""
    yield from telling.status(order, policy, ChannelStatus.REJECTED, "1", event.reason)
