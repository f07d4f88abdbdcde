"""What gateways are to be asked for: never more than was shipped, never more than is owed."""

from canonical.money import Money, total
from canonical.order import LEFT_THE_HOUSE, NOT_LEFT_YET, Order
from canonical.payment import Outcome
from canonical.policy import Policy
from canonical.statuses import OrderType, RowStatus


def taken(order: Order) -> Money:
    """Return what was captured, or is being captured."""
    return order.payment.taken(order.currency)


def due_for_shipped(order: Order, policy: Policy) -> Money:
    """Return what gateways are to be asked for in all, for what has left: goods, tax, and delivery when it is due.

    What the channel has been paid already is used first; delivery comes with the first parcel or with the last.
    """
    if not order.quantity(*LEFT_THE_HOUSE):
        return Money.zero(order.currency)
    due = order.worth_shipped()
    if policy.payment.shipping_with == "first_shipment" or not order.quantity(*NOT_LEFT_YET):
        due += order.shipping.worth(plus_tax=not order.prices_include_tax)
    return min(
        max(due - order.payment.prepaid(order.currency), Money.zero(order.currency)), due_at_most(order)
    )


def due_at_most(order: Order) -> Money:
    """Return what gateways may be asked for once all that is not cancelled has left."""
    return max(order.owed() - order.payment.prepaid(order.currency), Money.zero(order.currency))


def prepaid_to_pay_back(order: Order) -> Money:
    """Return what the channel has been paid for goods that were cancelled, less what was paid back or is being.

    Of an order that the channel sends itself no money is the hub's business.
    """
    nothing = Money.zero(order.currency)
    if order.type is OrderType.CHANNEL_FULFILLED or not order.quantity(RowStatus.CANCELLED):
        return nothing
    refunds = order.payment.prepaid_refunds(Outcome.SUCCEEDED, Outcome.REQUESTED)
    paid_back = total((entry.amount for entry in refunds), order.currency)
    return max(order.payment.prepaid(order.currency) - order.owed() - paid_back, nothing)
