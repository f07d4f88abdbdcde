"""Checks at placement: an order whose sums don't agree, or that is unusually large, waits for a person."""

from canonical.events import OrderPlaced
from canonical.money import total
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import HoldType
from canonical.steps import Steps
from routes.asking import hold, wait_for_payment
from routes.rules import rule


@rule(OrderPlaced)
def check_the_sums(order: Order, event: OrderPlaced, policy: Policy) -> Steps:
    """Hold an order whose lines don't add up to its total, or whose tenders don't."""
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
def hold_for_review(order: Order, event: OrderPlaced, policy: Policy) -> Steps:
    """Let a person look at an order above the channel's limit."""
    limit = policy.channel(order.channel).hold_for_review_above
    if limit is not None and order.total.amount > limit:
        reason = f"{order.total} is above the limit of {limit} for channel {order.channel}"
        yield hold(order, event, HoldType.OTHER, reason)
