"""A channel wants its order changed: a person does that, as long as no node has it."""

from canonical.events import AmendmentRequested, NoteAdded, StepRefused
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import ChannelStatus, HoldType, RowStatus
from canonical.steps import Steps
from routes import telling
from routes.asking import hold
from routes.rules import rule

STILL_HERE = (RowStatus.CREATED, RowStatus.BACKORDERED, RowStatus.RESERVED, RowStatus.SCHEDULED)


@rule(AmendmentRequested)
def keep_the_amendment_for_a_person(order: Order, event: AmendmentRequested, policy: Policy) -> Steps:
    """Hold an order that is to be changed, with what is wanted; what a node has can't be changed any more."""
    amendment = event.amendment_id
    if not order.releases and order.quantity(*STILL_HERE):
        text = f"Change {amendment} is wanted: {event.summary}"
        yield NoteAdded(order_id=order.id, text=text[:2000], actor=event.actor)
        yield hold(order, event, HoldType.AMENDMENT_OPEN, event.summary, actor=event.actor)
        yield from telling.status(order, policy, ChannelStatus.AMENDMENT_RECEIVED, amendment)
        return
    reason = "a warehouse has it already" if order.releases else "all of it is cancelled"
    said = f"change {amendment} ({event.summary}) can't be made: {reason}"
    yield StepRefused(order_id=order.id, step="amend", reason=said)
    yield from telling.status(order, policy, ChannelStatus.AMENDMENT_REJECTED, amendment, reason)
