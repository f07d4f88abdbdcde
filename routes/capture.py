"""Capturing: exactly what was shipped, in as many captures as the gateway allows."""

from collections.abc import Iterator

from canonical.commands import CapturePayment
from canonical.events import (
    CaptureFailed,
    CaptureRequested,
    DeadlinePassed,
    Event,
    ShipmentCreated,
    StepRefused,
)
from canonical.money import Money, total
from canonical.order import NOT_LEFT_YET, Order
from canonical.payment import Outcome, PaymentEntry, PaymentKind
from canonical.policy import Policy
from canonical.statuses import Block, HoldType
from canonical.steps import Step, Steps
from routes.asking import expiry_timer, hold
from routes.dues import due_at_most, due_for_shipped, taken
from routes.rules import rule


@rule(Event)
def capture_what_was_shipped(order: Order, event: Event, policy: Policy) -> Steps:
    """Capture what was shipped and is not captured yet, as the authorisations allow, never more than they hold."""
    if not order.shipments or order.blocked(Block.CAPTURE):
        return
    capturable = order.payment.capturable(order.currency)
    if not capturable and not isinstance(event, ShipmentCreated):
        return
    last = not order.quantity(*NOT_LEFT_YET)
    due = due_for_shipped(order, policy) - taken(order)
    for i, (entry, left) in enumerate(capturable):
        wanted = due
        if due.amount > 0 and not last and not entry.multicapture:
            wanted = _in_one_capture(
                order, policy, due, total((m for _, m in capturable[i + 1 :]), order.currency)
            )
        if due.amount <= 0 or not wanted:
            return
        amount = min(left, wanted)
        final = last or not entry.multicapture or amount == left
        yield from _capture(order, entry, amount, final=final)
        due -= amount
    if due.amount > 0:
        reason = f"{due} of what was shipped is covered by no authorisation"
        yield StepRefused(order_id=order.id, step="capture", reason=reason)


def _in_one_capture(order: Order, policy: Policy, due: Money, elsewhere: Money) -> Money:
    """Return what to take now by the only capture that there is, while more is to be shipped.

    All that is owed, where policy says so; what is due, where other authorisations hold the rest; else nothing yet.
    """
    open_sum = due_at_most(order) - taken(order)
    if policy.payment.split_capture == "first_shipment_full":
        return open_sum
    return due if elsewhere >= open_sum - due else Money.zero(order.currency)


def _capture(order: Order, entry: PaymentEntry, amount: Money, *, final: bool) -> Iterator[Step]:
    reference = entry.reference or ""
    entries = order.payment.of_kind(PaymentKind.CAPTURE, *Outcome)
    paid = {s for e in entries if e.outcome is not Outcome.FAILED for s in e.shipments}
    shipments = tuple(s.id for s in order.shipments if s.id not in paid)
    what = shipments[0] if len(shipments) == 1 else "final"
    key = _key(order, entry, f"capture:{order.id}:{what}")
    yield CaptureRequested(
        order_id=order.id,
        key=key,
        gateway=entry.gateway,
        reference=reference,
        amount=amount,
        shipments=shipments,
        final=final,
    )
    yield CapturePayment(
        order_id=order.id,
        connector=entry.gateway,
        key=key,
        reference=reference,
        amount=amount,
        final=final,
    )


def _key(order: Order, entry: PaymentEntry, key: str) -> str:
    """Return `key`, with a mark for a second authorisation and a second attempt: a gateway answers a key once."""
    nth = 1 + [e.reference for e in order.payment.authorisations()].index(entry.reference)
    own = f"{key}:{nth}" if nth > 1 else key
    attempts = sum(
        e.key == own or e.key.startswith(f"{own}:again")
        for e in order.payment.of_kind(PaymentKind.CAPTURE, *Outcome)
    )
    return f"{own}:again{attempts}" if attempts else own


@rule(DeadlinePassed)
def capture_before_it_expires(order: Order, event: DeadlinePassed, policy: Policy) -> Steps:
    """Capture what was shipped before its authorisation ends, though more is to come: that is asked for anew."""
    if order.blocked(Block.CAPTURE):
        return
    due = due_for_shipped(order, policy) - taken(order)
    for entry, left in order.payment.capturable(order.currency):
        if due.amount > 0 and event.name == expiry_timer(order, entry.reference or ""):
            yield from _capture(order, entry, min(left, due), final=True)


@rule(CaptureFailed)
def hold_what_can_not_be_captured(order: Order, event: CaptureFailed, policy: Policy) -> Steps:
    """Hold an order whose money could not be taken; releasing the hold tries again."""
    reason = f"{event.gateway} did not capture {event.amount}: {event.reason}"
    yield StepRefused(order_id=order.id, step="capture", reason=reason)
    yield hold(order, event, HoldType.PAYMENT_FAILED, reason)
