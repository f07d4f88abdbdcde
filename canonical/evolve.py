"""How each event changes an order. `evolve` is the only way in which an order changes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from canonical.events import (
    CancelAccepted,
    CancelRejected,
    CancelRequested,
    CaptureFailed,
    CaptureRequested,
    DisputeClosed,
    DisputeOpened,
    Event,
    HoldPlaced,
    HoldReleased,
    NoteAdded,
    OrderPlaced,
    OrderRejected,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundFailed,
    RefundRequested,
    ReleaseAccepted,
    ReleaseCancelled,
    ReleaseCancelRefused,
    ReleaseCancelRequested,
    ReleaseRefused,
    ReleaseRequested,
    ReturnMatched,
    RowsMoved,
    ShipmentCreated,
    VoidFailed,
    VoidRequested,
)
from canonical.order import Cancellation, Line, Note, Order, Release, ReturnReceipt, Row, Shipment
from canonical.payment import Outcome, Payment, PaymentEntry, PaymentKind
from canonical.statuses import (
    RELEASE_MOVES,
    ROW_MOVES,
    CancelStatus,
    ReleaseStatus,
    RowStatus,
    may_follow,
)


class EvolveError(ValueError):
    """An event does not fit the order: the lifecycle's table forbids it, or it names what isn't there."""

    def __init__(self, event: Event, reason: str) -> None:
        super().__init__(f"{type(event).__name__} does not fit order {event.order_id}: {reason}")
        self.event, self.reason = event, reason


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


def fold(events: Sequence[Event]) -> Order:
    """Return the order that a whole journal makes; it starts with `OrderPlaced`."""
    order: Order | None = None
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
        facts=(event.fact_key,) if event.fact_key else (),
    )


def _rejected(_: Order, event: OrderRejected) -> dict[str, Any]:
    return {"rejected_reason": event.reason}


def _rows_moved(order: Order, event: RowsMoved) -> dict[str, Any]:
    if not may_follow(ROW_MOVES, event.before, event.after):
        raise EvolveError(event, f"units don't go from {event.before.value} to {event.after.value}")
    lines = tuple(_move(line, event) if line.id == event.line_id else line for line in order.lines)
    return {"lines": lines}


def _move(line: Line, event: RowsMoved) -> Line:
    left = event.quantity
    rows: list[Row] = []
    for row in line.rows:
        taken = min(left, row.quantity) if _matches(row, event) else 0
        if taken < row.quantity:
            rows.append(row.replace(quantity=row.quantity - taken) if taken else row)
        left -= taken
    if left or event.quantity <= 0:
        found = event.quantity - left
        raise EvolveError(
            event,
            f"line {line.id} has {found} units at {event.before.value} there, not {event.quantity}",
        )
    keeps_release = event.after not in {RowStatus.CREATED, RowStatus.RESERVED, RowStatus.BACKORDERED}
    rows.append(
        Row(
            status=event.after,
            quantity=event.quantity,
            node=event.node or (event.from_node if keeps_release else None),
            release=event.release or (event.from_release if keeps_release else None),
            shipment=event.shipment,
            eta=event.eta,
        ),
    )
    return line.replace(rows=_merged(rows))


def _matches(row: Row, event: RowsMoved) -> bool:
    return (
        row.status is event.before
        and (event.from_release is None or row.release == event.from_release)
        and (event.from_node is None or row.node == event.from_node)
    )


def _merged(rows: Sequence[Row]) -> tuple[Row, ...]:
    merged: dict[tuple[object, ...], Row] = {}
    for row in rows:
        place = (row.status, row.node, row.release, row.shipment, row.eta)
        before = merged.get(place)
        merged[place] = before.replace(quantity=before.quantity + row.quantity) if before else row
    return tuple(merged.values())


def _hold_placed(order: Order, event: HoldPlaced) -> dict[str, Any]:
    others = tuple(hold for hold in order.holds if hold.type is not event.hold.type)
    return {"holds": (*others, event.hold)}


def _hold_released(order: Order, event: HoldReleased) -> dict[str, Any]:
    if order.hold(event.type) is None:
        raise EvolveError(event, f"there is no {event.type.value} hold")
    return {"holds": tuple(hold for hold in order.holds if hold.type is not event.type)}


PaymentEvent: TypeAlias = (
    PaymentRequested | PaymentAuthorised | PaymentDeclined | CaptureRequested | PaymentCaptured | CaptureFailed
    | VoidRequested | PaymentVoided | VoidFailed | RefundRequested | PaymentRefunded | RefundFailed
    | DisputeOpened | DisputeClosed
)  # fmt: skip

_ENTRY: Mapping[type[Event], tuple[PaymentKind, Outcome]] = {
    PaymentRequested: (PaymentKind.AUTHORISE, Outcome.REQUESTED),
    PaymentAuthorised: (PaymentKind.AUTHORISE, Outcome.SUCCEEDED),
    PaymentDeclined: (PaymentKind.AUTHORISE, Outcome.FAILED),
    CaptureRequested: (PaymentKind.CAPTURE, Outcome.REQUESTED),
    PaymentCaptured: (PaymentKind.CAPTURE, Outcome.SUCCEEDED),
    CaptureFailed: (PaymentKind.CAPTURE, Outcome.FAILED),
    VoidRequested: (PaymentKind.VOID, Outcome.REQUESTED),
    PaymentVoided: (PaymentKind.VOID, Outcome.SUCCEEDED),
    VoidFailed: (PaymentKind.VOID, Outcome.FAILED),
    RefundRequested: (PaymentKind.REFUND, Outcome.REQUESTED),
    PaymentRefunded: (PaymentKind.REFUND, Outcome.SUCCEEDED),
    RefundFailed: (PaymentKind.REFUND, Outcome.FAILED),
    DisputeOpened: (PaymentKind.DISPUTE, Outcome.REQUESTED),
}


def _payment(order: Order, event: PaymentEvent) -> dict[str, Any]:
    kind, outcome = _ENTRY.get(type(event)) or (PaymentKind.DISPUTE, _dispute_outcome(event))
    entry = PaymentEntry(
        key=_operation(order.payment, event, kind),
        kind=kind,
        outcome=outcome,
        gateway=event.gateway,
        reference=None if isinstance(event, PaymentRequested) else event.reference,
        amount=event.amount,
        at=event.occurred_at or event.recorded_at or order.placed_at,
        capture_before=event.capture_before if isinstance(event, PaymentAuthorised) else None,
        multicapture=isinstance(event, PaymentAuthorised) and event.multicapture,
        reason=getattr(event, "reason", None) or None,
    )
    return {"payment": order.payment.replace(entries=(*order.payment.entries, entry))}


def _dispute_outcome(event: PaymentEvent) -> Outcome:
    return Outcome.SUCCEEDED if isinstance(event, DisputeClosed) and event.won else Outcome.FAILED


def _operation(payment: Payment, event: PaymentEvent, kind: PaymentKind) -> str:
    """Find which operation an outcome belongs to: a webhook that beats the answer may not name our key."""
    entries = payment.latest()
    if any(entry.key == event.key for entry in entries):
        return event.key
    for entry in entries:
        pending = entry.kind is kind and entry.outcome is Outcome.REQUESTED
        same = entry.reference in {None, getattr(event, "reference", None)}
        if pending and same and entry.gateway == event.gateway and entry.amount == event.amount:
            return entry.key
    return event.key


def _release_requested(order: Order, event: ReleaseRequested) -> dict[str, Any]:
    if order.release(event.release_id) is not None:
        raise EvolveError(event, f"release {event.release_id} exists already")
    release = Release(
        id=event.release_id,
        node=event.node,
        connector=event.connector,
        status=ReleaseStatus.REQUESTED,
        lines=event.lines,
        requested_at=event.recorded_at or order.placed_at,
    )
    return {"releases": (*order.releases, release)}


def _release_status(status: ReleaseStatus) -> Callable[[Order, Any], dict[str, Any]]:
    def change(order: Order, event: Any) -> dict[str, Any]:
        return {"releases": _with_release_status(order, event, event.release_id, status)}

    return change


def _with_release_status(
    order: Order,
    event: Event,
    release_id: str,
    status: ReleaseStatus,
) -> tuple[Release, ...]:
    release = order.release(release_id)
    if release is None:
        raise EvolveError(event, f"there is no release {release_id}")
    if not may_follow(RELEASE_MOVES, release.status, status):
        raise EvolveError(event, f"release {release_id} doesn't go from {release.status.value} to {status.value}")
    return tuple(r.replace(status=status) if r.id == release_id else r for r in order.releases)


def _release_refused(order: Order, event: ReleaseRefused) -> dict[str, Any]:
    releases = _with_release_status(order, event, event.release_id, ReleaseStatus.REFUSED)
    node = next(r.node for r in releases if r.id == event.release_id)
    rejected = order.rejected_nodes if node in order.rejected_nodes else (*order.rejected_nodes, node)
    return {"releases": releases, "rejected_nodes": rejected}


def _shipment_created(order: Order, event: ShipmentCreated) -> dict[str, Any]:
    if order.shipment(event.shipment_id) is not None:
        raise EvolveError(event, f"shipment {event.shipment_id} exists already")
    shipment = Shipment(
        id=event.shipment_id,
        release=event.release_id,
        node=event.node,
        carrier=event.carrier,
        tracking_number=event.tracking_number,
        shipped_at=event.occurred_at or event.recorded_at or order.placed_at,
        lines=event.lines,
    )
    shipments = (*order.shipments, shipment)
    sent = sum(line.quantity for s in shipments if s.release == event.release_id for line in s.lines)
    release = order.release(event.release_id)
    asked = sum(line.quantity for line in release.lines) if release else 0
    status = ReleaseStatus.SHIPPED if sent >= asked else ReleaseStatus.PARTIALLY_SHIPPED
    return {
        "shipments": shipments,
        "releases": _with_release_status(order, event, event.release_id, status),
    }


def _cancel_requested(order: Order, event: CancelRequested) -> dict[str, Any]:
    return {
        "cancellation": Cancellation(
            id=event.cancel_id,
            status=CancelStatus.REQUESTED,
            reason=event.reason,
            actor=event.actor,
            requested_at=event.occurred_at or event.recorded_at or order.placed_at,
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
    OrderRejected: _rejected,
    RowsMoved: _rows_moved,
    HoldPlaced: _hold_placed,
    HoldReleased: _hold_released,
    **dict.fromkeys((*_ENTRY, DisputeClosed), _payment),
    ReleaseRequested: _release_requested,
    ReleaseAccepted: _release_status(ReleaseStatus.ACCEPTED),
    ReleaseRefused: _release_refused,
    ReleaseCancelRequested: _release_status(ReleaseStatus.CANCEL_REQUESTED),
    ReleaseCancelled: _release_status(ReleaseStatus.CANCELLED),
    ReleaseCancelRefused: _release_status(ReleaseStatus.ACCEPTED),
    ShipmentCreated: _shipment_created,
    CancelRequested: _cancel_requested,
    CancelAccepted: _cancel_decided(CancelStatus.ACCEPTED),
    CancelRejected: _cancel_decided(CancelStatus.REJECTED),
    ReturnMatched: _return_matched,
    NoteAdded: _note_added,
}
