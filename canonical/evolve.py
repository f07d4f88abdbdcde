"""How each event changes an order. `evolve` is the only way in which an order changes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from canonical.errors import EvolveError
from canonical.events import (
    CancelAccepted,
    CancelRejected,
    CancelRequested,
    Event,
    HoldPlaced,
    HoldReleased,
    NoteAdded,
    OrderConfirmed,
    OrderPlaced,
    OrderRejected,
    PendingEnded,
    ReturnMatched,
    RowsMoved,
)
from canonical.fold_fraud import FRAUD_CHANGES
from canonical.fold_parcels import PARCEL_CHANGES
from canonical.fold_payment import PAYMENT_EVENTS, payment_changed
from canonical.fold_purchases import PURCHASE_CHANGES, minded
from canonical.fold_releases import RELEASE_CHANGES
from canonical.fold_rows import rows_moved
from canonical.order import Cancellation, Note, Order, ReturnReceipt
from canonical.payment import Payment
from canonical.statuses import CancelStatus, HoldType

__all__ = ["EvolveError", "evolve", "fold"]


def evolve(order: Order | None, event: Event) -> Order:
    """Return the order after `event`. Only `OrderPlaced` starts one; its version is that of its last event."""
    if isinstance(event, OrderPlaced):
        if order is not None:
            raise EvolveError(event, "it exists already")
        return _placed(event)
    if order is None:
        raise EvolveError(event, "there is no such order")
    change = _CHANGES.get(type(event))
    changes: dict[str, Any] = change(order, event) if change else {}
    if event.fact_key is not None:
        changes["facts"] = (*order.facts, event.fact_key)
    return order.replace(version=order.version + 1, **changes)


def fold(events: Sequence[Event], start: Order | None = None) -> Order:
    """Return the order that a journal makes: a whole one, which begins with `OrderPlaced`, or what followed `start`."""
    order = start
    for event in events:
        order = evolve(order, event)
    if order is None:
        message = "a journal has at least the event that placed the order"
        raise ValueError(message)
    return order


def _placed(event: OrderPlaced) -> Order:
    return Order(
        id=event.order_id,
        version=1,
        channel=event.channel,
        channel_ref=event.channel_ref,
        source_version=event.source_version,
        type=event.type,
        placed_at=event.placed_at,
        currency=event.currency,
        prices_include_tax=event.prices_include_tax,
        language=event.language,
        destination=event.destination,
        lines=event.lines,
        shipping=event.shipping,
        total=event.total,
        payment=Payment(tenders=event.tenders),
        pending=event.pending,
        deadlines=event.deadlines,
        facts=(event.fact_key,) if event.fact_key else (),
    )


def _pending_ended(order: Order, event: PendingEnded) -> dict[str, Any]:
    if not order.pending:
        raise EvolveError(event, "it is not pending")
    if [(line.id, line.ordered) for line in order.lines] != [(line.id, line.ordered) for line in event.lines]:
        raise EvolveError(event, "its lines are not those that were placed")
    rows = {line.id: line.rows for line in order.lines}
    return {
        "pending": False,
        "destination": event.destination,
        "prices_include_tax": event.prices_include_tax,
        "lines": tuple(line.replace(rows=rows[line.id]) for line in event.lines),
        "shipping": event.shipping,
        "total": event.total,
        "payment": order.payment.replace(tenders=event.tenders),
        "deadlines": event.deadlines,
    }


def _rejected(_: Order, event: OrderRejected) -> dict[str, Any]:
    return {"rejected_reason": event.reason}


def _hold_placed(order: Order, event: HoldPlaced) -> dict[str, Any]:
    others = tuple(hold for hold in order.holds if hold.type is not event.hold.type)
    return {"holds": (*others, event.hold)}


def _hold_released(order: Order, event: HoldReleased) -> dict[str, Any]:
    if order.hold(event.type) is None:
        raise EvolveError(event, f"there is no {event.type.value} hold")
    changes: dict[str, Any] = {"holds": tuple(hold for hold in order.holds if hold.type is not event.type)}
    if event.type is HoldType.PRICE_MISMATCH:
        changes["price_accepted"] = True
    elif event.type is HoldType.SUPPLIER_PROBLEM:
        changes |= minded(order)
    return changes


def _confirmed(order: Order, event: OrderConfirmed) -> dict[str, Any]:
    return {"confirmed_at": event.recorded_at or order.placed_at}


def _cancel_requested(order: Order, event: CancelRequested) -> dict[str, Any]:
    if order.cancellation is not None and order.cancellation.status is not CancelStatus.REJECTED:
        return {}  # it joins the one that is open or done
    return {
        "cancellation": Cancellation(
            id=event.cancel_id,
            status=CancelStatus.REQUESTED,
            reason=event.reason,
            actor=event.actor,
            requested_at=event.occurred_at or event.recorded_at or order.placed_at,
            unpaid=event.unpaid,
            by_channel=event.by_channel,
        ),
    }


def _cancel_decided(status: CancelStatus) -> Callable[[Order, Any], dict[str, Any]]:
    def change(order: Order, event: Any) -> dict[str, Any]:
        if order.cancellation is None or order.cancellation.id != event.cancel_id:
            raise EvolveError(event, f"there is no request {event.cancel_id} to cancel")
        return {"cancellation": order.cancellation.replace(status=status)}

    return change


def _return_matched(order: Order, event: ReturnMatched) -> dict[str, Any]:
    receipt = ReturnReceipt(
        id=event.return_id,
        node=event.node,
        received_at=event.occurred_at or event.recorded_at or order.placed_at,
        lines=event.lines,
        damaged=event.damaged,
    )
    return {"returns": (*order.returns, receipt)}


def _note_added(order: Order, event: NoteAdded) -> dict[str, Any]:
    note = Note(text=event.text, actor=event.actor, at=event.recorded_at or order.placed_at)
    return {"notes": (*order.notes, note)}


_CHANGES: Mapping[type[Event], Callable[[Order, Any], dict[str, Any]]] = {
    PendingEnded: _pending_ended,
    OrderRejected: _rejected,
    OrderConfirmed: _confirmed,
    RowsMoved: rows_moved,
    HoldPlaced: _hold_placed,
    HoldReleased: _hold_released,
    **dict.fromkeys(PAYMENT_EVENTS, payment_changed),
    **RELEASE_CHANGES,
    **PARCEL_CHANGES,
    **FRAUD_CHANGES,
    **PURCHASE_CHANGES,
    CancelRequested: _cancel_requested,
    CancelAccepted: _cancel_decided(CancelStatus.ACCEPTED),
    CancelRejected: _cancel_decided(CancelStatus.REJECTED),
    ReturnMatched: _return_matched,
    NoteAdded: _note_added,
}
