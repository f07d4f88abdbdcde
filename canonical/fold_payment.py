"""How payment facts are folded: each is an entry, and entries of one operation share its key."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from canonical.events import (
    CaptureFailed,
    CaptureRequested,
    DisputeClosed,
    DisputeOpened,
    Event,
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RefundFailed,
    RefundRequested,
    VoidFailed,
    VoidRequested,
)
from canonical.order import Order
from canonical.payment import Outcome, Payment, PaymentEntry, PaymentKind

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


def payment_changed(order: Order, event: PaymentEvent) -> dict[str, Any]:
    """Return the payment with one more entry, which belongs to what was asked for, as far as that can be found."""
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


PAYMENT_EVENTS: tuple[type[Event], ...] = (*_ENTRY, DisputeClosed)
