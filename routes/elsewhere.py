"""What a channel sends from its own stock: it is recorded, and no node, no stock and no money of ours move for it."""

from canonical.events import ChannelShipped
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import RowStatus
from canonical.steps import Steps
from routes.moves import go, units_at
from routes.rules import rule


@rule(ChannelShipped)
def record_what_the_channel_sent(order: Order, event: ChannelShipped, policy: Policy) -> Steps:
    """All of it that was not cancelled has left."""
    for unit in units_at(order, RowStatus.CREATED):
        yield go(order, unit, RowStatus.SHIPPED)
