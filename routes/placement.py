"""Checks at placement: an order whose sums don't agree, or that is unusually large, waits for a person."""

from canonical.events import HoldReleased, OrderPlaced, PendingEnded
from canonical.money import total
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import HoldType
from canonical.steps import Steps
from routes.asking import hold, wait_for_payment
from routes.rules import rule

Sold = OrderPlaced | PendingEnded
SOLD: tuple[type[Sold], ...] = (OrderPlaced, PendingEnded)


@rule(*SOLD)
def check_the_sums(order: Order, event: Sold, policy: Policy) -> Steps:
    """Hold an order whose lines don't add up to its total, or whose tenders don't; a pending one has no sums yet."""
    if order.pending:
        return
    computed, stated = order.computed_total(), order.total
    tendered = total((tender.amount for tender in order.payment.tenders), order.currency)
    if computed != stated:
        reason = f"lines and shipping add up to {computed}, the order says {stated}"
        yield hold(order, event, HoldType.PRICE_MISMATCH, reason)
    elif not order.payment.tenders and stated:
        yield hold(order, event, HoldType.AWAITING_PAYMENT, f"nothing pays for {stated}")
        yield from wait_for_payment(order, event, policy)
    elif tendered != stated:
        reason = f"the tenders add up to {tendered}, the order says {stated}"
        yield hold(order, event, HoldType.PRICE_MISMATCH, reason)


@rule(OrderPlaced)
def wait_for_the_channels_money(order: Order, event: OrderPlaced, policy: Policy) -> Steps:
    """Keep a pending order where it is, with its stock, until its channel has been paid."""
    if order.pending:
        reason = f"{order.channel} has not been paid for it yet"
        yield hold(order, event, HoldType.AWAITING_PAYMENT, reason, actor=order.channel)


@rule(PendingEnded)
def go_on_once_the_channel_is_paid(order: Order, event: PendingEnded, policy: Policy) -> Steps:
    """Let an order go on whose channel has been paid now."""
    placed = order.hold(HoldType.AWAITING_PAYMENT)
    if placed is not None and placed.actor == order.channel:
        reason = f"{order.channel} has been paid"
        yield HoldReleased(
            order_id=order.id, type=HoldType.AWAITING_PAYMENT, actor=order.channel, reason=reason
        )


@rule(*SOLD)
def hold_for_review(order: Order, event: Sold, policy: Policy) -> Steps:
    """Let a person look at an order above the channel's limit, or where the channel's word gives cause to."""
    if event.review:
        yield hold(order, event, HoldType.OTHER, event.review)
        return
    limit = policy.channel(order.channel).hold_for_review_above
    if limit is not None and order.total.amount > limit:
        reason = f"{order.total} is above the limit of {limit} for channel {order.channel}"
        yield hold(order, event, HoldType.OTHER, reason)
