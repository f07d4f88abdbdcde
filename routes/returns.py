"""Goods that came back: matched to what was sent, sellable ones are stock again. Refunds are decided elsewhere."""

from canonical.events import ReturnMatched, ReturnReceived, StepRefused
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import RowStatus
from canonical.steps import Steps, StockMoved
from canonical.stock import StockMoveKind
from routes.matching import match
from routes.moves import as_lines, go, units_at
from routes.rules import rule


@rule(ReturnReceived)
def book_what_came_back(order: Order, event: ReturnReceived, policy: Policy) -> Steps:
    """Match returned goods to what was sent and is not back yet; good ones are stock again where they are."""
    if any(receipt.id == event.return_id and receipt.node == event.node for receipt in order.returns):
        return
    sent = units_at(order, RowStatus.SHIPPED, RowStatus.DELIVERED, release=event.release_id)
    fits, beyond = match(sent, event.skus)
    back: dict[str, int] = {}
    for line, _, quantity in fits:
        back[line.sku] = back.get(line.sku, 0) + quantity
    if not event.damaged:
        for sku, quantity in back.items():
            key = f"return:{order.id}:{event.node}:{event.return_id}:{sku}"
            yield StockMoved(key=key, kind=StockMoveKind.RECEIVE, sku=sku, node=event.node, quantity=quantity)
    for unit in fits:
        yield go(order, unit, RowStatus.RECEIVED_DAMAGED if event.damaged else RowStatus.RECEIVED_GOOD)
    if fits:
        yield ReturnMatched(
            order_id=order.id,
            occurred_at=event.occurred_at,
            return_id=event.return_id,
            node=event.node,
            lines=as_lines(fits),
            damaged=event.damaged,
        )
    if beyond:
        what = ", ".join(f"{quantity} × {sku}" for sku, quantity in beyond.items())
        reason = f"return {event.return_id} holds what was not sent, or is back already: {what}"
        yield StepRefused(order_id=order.id, step="return", reason=reason)
