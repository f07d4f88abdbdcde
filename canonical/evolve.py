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
    OrderConfirmed,
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
from canonical.lines import Line, Row
from canonical.order import LEFT_THE_HOUSE, Cancellation, Note, Order, Release, ReturnReceipt, Shipment
from canonical.payment import Outcome, Payment, PaymentEntry, PaymentKind
from canonical.statuses import (
    RELEASE_MOVES,
    ROW_MOVES,
    CancelStatus,
    HoldType,
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
    if all(line.id != event.line_id for line in order.lines):
        raise EvolveError(event, f"there is no line {event.line_id}")
    lines = tuple(_move(line, event) if line.id == event.line_id else line for line in order.lines)
    changes: dict[str, Any] = {"lines": lines}
    asked = order.cancellation
    if event.after is RowStatus.CANCELLED and asked is not None and asked.status is CancelStatus.REQUESTED:
        changes["cancellation"] = asked.replace(units=asked.units + event.quantity)
    return changes


_AT_NO_NODE = frozenset({RowStatus.CREATED, RowStatus.BACKORDERED, RowStatus.RESERVED})
_IN_NO_RELEASE = _AT_NO_NODE | {RowStatus.SCHEDULED}


def _move(line: Line, event: RowsMoved) -> Line:
    left = event.quantity
    stay: list[Row] = []
    gone: list[Row] = []
    for row in line.rows:
        taken = min(left, row.quantity) if left > 0 and _matches(row, event) else 0
        if not taken:
            stay.append(row)
            continue
        if taken < row.quantity:
            stay.append(row.replace(quantity=row.quantity - taken))
        gone.append(_arrived(row, taken, event))
        left -= taken
    if left or event.quantity <= 0:
        found = line.quantity(event.before) if event.quantity <= 0 else event.quantity - left
        reason = f"line {line.id} has {found} units at {event.before.value} there, not {event.quantity}"
        raise EvolveError(event, reason)
    return line.replace(rows=_merged([*stay, *gone]))


def _arrived(row: Row, quantity: int, event: RowsMoved) -> Row:
    """Return the units where they are now: they keep node, release and shipment as far as these still apply."""
    return Row(
        status=event.after,
        quantity=quantity,
        node=event.node or (None if event.after in _AT_NO_NODE else row.node),
        release=event.release or (None if event.after in _IN_NO_RELEASE else row.release),
        shipment=event.shipment or (row.shipment if event.after in LEFT_THE_HOUSE else None),
        eta=event.eta,
    )


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
    changes: dict[str, Any] = {"holds": tuple(hold for hold in order.holds if hold.type is not event.type)}
    if event.type is HoldType.PRICE_MISMATCH:
        changes["price_accepted"] = True
    return changes


def _confirmed(order: Order, event: OrderConfirmed) -> dict[str, Any]:
    return {"confirmed_at": event.recorded_at or order.placed_at}


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
    before = _operation(order.payment, event, kind)
    entry = PaymentEntry(
        key=before.key if before else event.key,
        kind=kind,
        outcome=outcome,
        gateway=event.gateway,
        reference=event.reference or (before.reference if before else None),
        amount=event.amount,
        at=event.occurred_at or event.recorded_at or order.placed_at,
        tender=_tender(order.payment, event, before) if kind is PaymentKind.AUTHORISE else None,
        capture_before=event.capture_before if isinstance(event, PaymentAuthorised) else None,
        multicapture=isinstance(event, PaymentAuthorised) and event.multicapture,
        final=event.final if isinstance(event, CaptureRequested) else before is not None and before.final,
        shipments=event.shipments
        if isinstance(event, CaptureRequested)
        else before.shipments
        if before
        else (),
        reason=getattr(event, "reason", None) or None,
    )
    return {"payment": order.payment.replace(entries=(*order.payment.entries, entry))}


def _tender(payment: Payment, event: PaymentEvent, before: PaymentEntry | None) -> int | None:
    if isinstance(event, PaymentRequested):
        return event.tender
    if before is not None and before.tender is not None:
        return before.tender
    named = (t.n for t in payment.tenders if t.gateway == event.gateway and t.reference == event.reference)
    return next(named, None)


def _dispute_outcome(event: PaymentEvent) -> Outcome:
    return Outcome.SUCCEEDED if isinstance(event, DisputeClosed) and event.won else Outcome.FAILED


_ASKED_BY_US = (PaymentRequested, CaptureRequested, VoidRequested, RefundRequested)


def _operation(payment: Payment, event: PaymentEvent, kind: PaymentKind) -> PaymentEntry | None:
    """Find the operation that an event is about: a webhook that beats the answer may not name our key.

    By key; else what was asked of that gateway for that reference and that amount (any amount, where it is voided) and
    is not decided; else, one reference being one authorisation, what was said of it before.
    """
    latest = payment.latest()
    by_key = next((e for e in latest if e.key == event.key), None)
    if isinstance(event, _ASKED_BY_US) or (by_key is not None and by_key.outcome is Outcome.REQUESTED):
        return by_key
    of_kind = [e for e in latest if e.kind is kind and e.gateway == event.gateway]
    pending = (e for e in of_kind if e.outcome is Outcome.REQUESTED and _is_about(e, event, kind))
    if by_key is not None:
        # A new fact with the outcome that is known already: what was known was about its twin, told without a key.
        twice = (kind, _ENTRY.get(type(event))) == (by_key.kind, (by_key.kind, by_key.outcome))
        return (next(pending, None) if twice else None) or by_key
    found = next(pending, None)
    if found is None and kind is PaymentKind.AUTHORISE and event.reference is not None:
        found = next((e for e in of_kind if e.reference == event.reference), None)
    return found


def _is_about(asked: PaymentEntry, event: PaymentEvent, kind: PaymentKind) -> bool:
    same_amount = asked.amount == event.amount or kind is PaymentKind.VOID
    return same_amount and asked.reference in {None, event.reference}


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
        raise EvolveError(
            event, f"release {release_id} doesn't go from {release.status.value} to {status.value}"
        )
    return tuple(r.replace(status=status) if r.id == release_id else r for r in order.releases)


def _release_accepted(order: Order, event: ReleaseAccepted) -> dict[str, Any]:
    release = order.release(event.release_id)
    late = {ReleaseStatus.CANCEL_REQUESTED, ReleaseStatus.PARTIALLY_SHIPPED}
    if release is not None and release.status in late:
        return {}
    return {"releases": _with_release_status(order, event, event.release_id, ReleaseStatus.ACCEPTED)}


def _release_refused(order: Order, event: ReleaseRefused | ReleaseCancelled) -> dict[str, Any]:
    releases = _with_release_status(order, event, event.release_id, ReleaseStatus.REFUSED)
    node = next(r.node for r in releases if r.id == event.release_id)
    return {"releases": releases, "rejected_nodes": _rejecting(order, node)}


def _rejecting(order: Order, node: str) -> tuple[str, ...]:
    return order.rejected_nodes if node in order.rejected_nodes else (*order.rejected_nodes, node)


def _release_cancelled(order: Order, event: ReleaseCancelled) -> dict[str, Any]:
    """A node that cancels unasked refuses; one that answers after it has sent everything changes nothing."""
    release = order.release(event.release_id)
    if release is not None and release.status is ReleaseStatus.SHIPPED:
        return {}
    changes: dict[str, Any] = {
        "releases": _with_release_status(order, event, event.release_id, ReleaseStatus.CANCELLED),
    }
    if release is not None and release.status is not ReleaseStatus.CANCEL_REQUESTED:
        changes["rejected_nodes"] = _rejecting(order, release.node)
    return changes


def _release_cancel_refused(order: Order, event: ReleaseCancelRefused) -> dict[str, Any]:
    release = order.release(event.release_id)
    if release is not None and release.status is not ReleaseStatus.CANCEL_REQUESTED:
        raise EvolveError(event, f"release {release.id} is {release.status.value}: nobody waits for this")
    sent = any(shipment.release == event.release_id for shipment in order.shipments)
    status = ReleaseStatus.PARTIALLY_SHIPPED if sent else ReleaseStatus.ACCEPTED
    return {"releases": _with_release_status(order, event, event.release_id, status)}


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
    if (
        release
        and release.status is ReleaseStatus.CANCEL_REQUESTED
        and status is ReleaseStatus.PARTIALLY_SHIPPED
    ):
        status = ReleaseStatus.CANCEL_REQUESTED
    return {
        "shipments": shipments,
        "releases": _with_release_status(order, event, event.release_id, status),
    }


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
    OrderConfirmed: _confirmed,
    RowsMoved: _rows_moved,
    HoldPlaced: _hold_placed,
    HoldReleased: _hold_released,
    **dict.fromkeys((*_ENTRY, DisputeClosed), _payment),
    ReleaseRequested: _release_requested,
    ReleaseAccepted: _release_accepted,
    ReleaseRefused: _release_refused,
    ReleaseCancelRequested: _release_status(ReleaseStatus.CANCEL_REQUESTED),
    ReleaseCancelled: _release_cancelled,
    ReleaseCancelRefused: _release_cancel_refused,
    ShipmentCreated: _shipment_created,
    CancelRequested: _cancel_requested,
    CancelAccepted: _cancel_decided(CancelStatus.ACCEPTED),
    CancelRejected: _cancel_decided(CancelStatus.REJECTED),
    ReturnMatched: _return_matched,
    NoteAdded: _note_added,
}
