"""Settling: what is not needed of an authorisation is let go, what was taken too much is paid back."""

from canonical.commands import RefundPayment
from canonical.events import (
    DisputeClosed,
    DisputeOpened,
    Event,
    HoldReleased,
    RefundFailed,
    RefundRequested,
    StepRefused,
    VoidFailed,
)
from canonical.money import Money, total
from canonical.order import NOT_LEFT_YET, Order
from canonical.payment import Outcome, PaymentKind, PaymentMethod
from canonical.policy import Policy
from canonical.statuses import Block, HoldType
from canonical.steps import Steps
from routes.asking import hold, void
from routes.dues import due_at_most, prepaid_to_pay_back, taken
from routes.rules import rule


@rule(Event)
def void_what_is_not_needed(order: Order, event: Event, policy: Policy) -> Steps:
    """Let go what is still authorised once nothing more will be shipped and all that was shipped is captured."""
    if order.quantity(*NOT_LEFT_YET):
        return
    capturable = order.payment.capturable(order.currency)
    if capturable and taken(order) >= due_at_most(order):
        for entry, left in capturable:
            yield from void(order, entry, left)


@rule(Event)
def refund_what_was_taken_too_much(order: Order, event: Event, policy: Policy) -> Steps:
    """Pay back what was captured beyond what is owed for all that is not cancelled, the newest capture first.

    A refund that failed, or a dispute, is for a person.
    """
    payment, currency = order.payment, order.currency
    captures = payment.of_kind(PaymentKind.CAPTURE, Outcome.SUCCEEDED)
    if not captures or payment.disputed() or payment.of_kind(PaymentKind.REFUND, Outcome.FAILED):
        return
    decided = (Outcome.SUCCEEDED, Outcome.REQUESTED)
    of_prepaid = payment.prepaid_refunds(*decided)
    refunds = [entry for entry in payment.of_kind(PaymentKind.REFUND, *decided) if entry not in of_prepaid]
    paid_back = total((entry.amount for entry in refunds), currency)
    excess = taken(order) - paid_back - due_at_most(order)
    if excess.amount <= 0:
        return
    left: dict[tuple[str, str], Money] = {}
    for entry in reversed(captures):
        place = (entry.gateway, entry.reference or "")
        left[place] = left.get(place, Money.zero(currency)) + entry.amount
    for entry in refunds:
        place = (entry.gateway, entry.reference or "")
        left[place] = left.get(place, Money.zero(currency)) - entry.amount
    count = len(refunds)
    for (gateway, reference), rest in left.items():
        amount = min(excess, rest)
        if amount.amount <= 0:
            continue
        excess -= amount
        count += 1
        key = f"refund:{order.id}:{count}"
        reason = "more was taken than is owed for what is not cancelled"
        yield from _pay_back(order, gateway, reference, amount, key, reason)


@rule(Event)
def refund_what_the_channel_was_paid(order: Order, event: Event, policy: Policy) -> Steps:
    """Pay back what the channel was paid for goods that are cancelled, if the policy has the hub do that.

    Else the channel does, which is told of the cancellation: the order says what is owed until it is told as paid. A
    refund that failed is for a person.
    """
    excess = prepaid_to_pay_back(order)
    if policy.channel(order.channel).refunds != "here" or not excess:
        return
    payment, currency = order.payment, order.currency
    if payment.disputed() or payment.prepaid_refunds(Outcome.FAILED):
        return
    refunds = payment.prepaid_refunds(Outcome.SUCCEEDED, Outcome.REQUESTED)
    count = len(refunds)
    for tender in reversed(payment.tenders):
        if tender.method is not PaymentMethod.PREPAID:
            continue
        reference = tender.reference or order.channel_ref
        of_tender = (e.amount for e in refunds if (e.gateway, e.reference) == (tender.gateway, reference))
        amount = min(excess, tender.amount - total(of_tender, currency), _left_at(order, tender.gateway))
        if amount.amount <= 0:
            continue
        excess -= amount
        count += 1
        key, reason = f"refund:{order.id}:prepaid:{count}", "it was paid for what is cancelled"
        yield from _pay_back(order, tender.gateway, reference, amount, key, reason)


def _left_at(order: Order, gateway: str) -> Money:
    """Return what a gateway still has of what it was paid for the channel, by whichever reference it paid back."""
    payment, prepaid = order.payment, PaymentMethod.PREPAID
    paid = (t.amount for t in payment.tenders if t.gateway == gateway and t.method is prepaid)
    refunds = payment.prepaid_refunds(Outcome.SUCCEEDED, Outcome.REQUESTED)
    back = (entry.amount for entry in refunds if entry.gateway == gateway)
    return total(paid, order.currency) - total(back, order.currency)


def _pay_back(order: Order, gateway: str, reference: str, amount: Money, key: str, reason: str) -> Steps:
    yield RefundRequested(
        order_id=order.id, key=key, gateway=gateway, reference=reference, amount=amount, reason=reason
    )
    yield RefundPayment(
        order_id=order.id, connector=gateway, key=key, reference=reference, amount=amount, reason=reason
    )


@rule(RefundFailed)
def say_that_nothing_was_paid_back(order: Order, event: RefundFailed, policy: Policy) -> Steps:
    """A refund that failed is for a person."""
    reason = f"{event.gateway} did not pay {event.amount} back: {event.reason}"
    yield StepRefused(order_id=order.id, step="refund", reason=reason)


@rule(VoidFailed)
def say_that_nothing_was_let_go(order: Order, event: VoidFailed, policy: Policy) -> Steps:
    """An authorisation that its gateway does not let go is for a person."""
    reason = f"{event.gateway} did not let {event.amount} go: {event.reason}"
    yield StepRefused(order_id=order.id, step="void", reason=reason)


@rule(DisputeOpened)
def hold_what_is_disputed(order: Order, event: DisputeOpened, policy: Policy) -> Steps:
    """Send nothing more of an order whose charge is disputed."""
    if order.payment.disputed() and order.quantity(*NOT_LEFT_YET):
        reason = f"{event.amount} is disputed at {event.gateway}: {event.reason or 'no reason given'}"
        yield hold(
            order, event, HoldType.COMPLIANCE, reason, Block.SOURCE, Block.RELEASE, actor=event.gateway
        )


@rule(DisputeClosed)
def go_on_after_a_dispute(order: Order, event: DisputeClosed, policy: Policy) -> Steps:
    """Go on when the last dispute is won; a lost one is for a person."""
    placed = order.hold(HoldType.COMPLIANCE)
    if not event.won:
        reason = f"the dispute of {event.amount} at {event.gateway} is lost"
        yield StepRefused(order_id=order.id, step="dispute", reason=reason)
    elif placed is not None and placed.actor == event.gateway and not order.payment.disputed():
        yield HoldReleased(
            order_id=order.id, type=HoldType.COMPLIANCE, actor=event.gateway, reason="the dispute is won"
        )
