"""A channel wants its order changed: a person does that, as long as no node has it."""

from collections.abc import Mapping

from canonical.events import AmendmentRequested, NoteAdded, StepRefused
from canonical.order import NOT_LEFT_YET, Order
from canonical.policy import Policy
from canonical.statuses import ChannelStatus, HoldType, RowStatus
from canonical.steps import Steps
from routes import telling
from routes.asking import hold
from routes.rules import rule

STILL_HERE = (RowStatus.CREATED, RowStatus.BACKORDERED, RowStatus.RESERVED, RowStatus.SCHEDULED)


@rule(AmendmentRequested)
def keep_the_amendment_for_a_person(order: Order, event: AmendmentRequested, policy: Policy) -> Steps:
    """Hold an order that is to be changed, with what is wanted; what a node has can't be changed any more.

    A channel that only says how its order stands, and it stands so here too, wants nothing.
    """
    if event.units and not _differs(order, event.units):
        return
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


def _differs(order: Order, units: Mapping[str, int]) -> bool:
    """Say whether a channel wants other units than the order has; of what has left nothing can be taken away."""
    lines = {line.id: line for line in order.lines}
    for line_id, wanted in units.items():
        line = lines.get(line_id)
        kept = line.ordered - line.quantity(RowStatus.CANCELLED) if line else 0
        if wanted > kept or (line is not None and wanted < kept and line.quantity(*NOT_LEFT_YET)):
            return True
    return False
