"""Authorising: money is asked for at placement; without it the order waits, and is given up in time."""

from canonical.events import (
    CancelRequested,
    DeadlinePassed,
    HoldReleased,
    PaymentAuthorised,
    PaymentDeclined,
)
from canonical.money import total
from canonical.order import LIVE_RELEASES, NOT_LEFT_YET, Order
from canonical.payment import Outcome, PaymentKind, PaymentMethod
from canonical.policy import Policy
from canonical.statuses import ChannelStatus, HoldType
from canonical.steps import Forget, Steps
from routes import telling
from routes.asking import ask, hold, unpaid_timer, wait_for_payment
from routes.placement import SOLD, Sold
from routes.rules import rule

LIFTED_BY_PAYMENT = (HoldType.PAYMENT_FAILED, HoldType.REAUTH_NEEDED, HoldType.AWAITING_PAYMENT)


@rule(*SOLD)
def request_payment(order: Order, event: Sold, policy: Policy) -> Steps:
    """Ask each tender's gateway to hold the money; what the channel has been paid already needs none."""
    nothing_left = not order.quantity(*NOT_LEFT_YET)
    for tender in order.payment.tenders:
        # Of an order without goods only what the shop holds already is of interest: it has to be let go.
        unneeded = nothing_left and tender.method is not PaymentMethod.ADOPT
        if tender.method is not PaymentMethod.PREPAID and tender.amount and not unneeded:
            yield from ask(order, tender, tender.method, tender.amount)


@rule(PaymentAuthorised)
def go_on_once_paid(order: Order, event: PaymentAuthorised, policy: Policy) -> Steps:
    """Lift what waits for money once all of it is covered; hold when every gateway has answered and it is not."""
    if order.is_paid_for():
        for hold_type in LIFTED_BY_PAYMENT:
            if order.hold(hold_type) is not None:
                yield HoldReleased(order_id=order.id, type=hold_type, actor=event.gateway, reason="paid")
        yield Forget(order_id=order.id, name=unpaid_timer(order))
        return
    covered = order.payment.covered(order.currency)
    tendered = total((tender.amount for tender in order.payment.tenders), order.currency)
    if covered < tendered and not order.payment.of_kind(PaymentKind.AUTHORISE, Outcome.REQUESTED):
        yield hold(order, event, HoldType.PAYMENT_FAILED, f"{covered} of {order.owed()} is covered")
        yield from wait_for_payment(order, event, policy)


@rule(PaymentDeclined)
def hold_what_is_not_paid(order: Order, event: PaymentDeclined, policy: Policy) -> Steps:
    """Hold an order whose payment was declined, ask channel and buyer for another, and give it up in time."""
    if not order.quantity(*NOT_LEFT_YET) or order.is_paid_for():
        return
    yield hold(order, event, HoldType.PAYMENT_FAILED, f"declined by {event.gateway}: {event.reason}")
    yield from wait_for_payment(order, event, policy)
    turn = str(order.version)
    yield from telling.status(order, policy, ChannelStatus.PAYMENT_DECLINED, turn, event.reason)
    yield from telling.mail(order, policy, "payment_declined", turn, amount=event.amount, reason=event.reason)


@rule(DeadlinePassed)
def give_up_what_is_not_paid(order: Order, event: DeadlinePassed, policy: Policy) -> Steps:
    """Cancel an order that is still not paid for when its time is up, unless a node is at work on it."""
    if event.name != unpaid_timer(order) or order.is_paid_for():
        return
    if any(release.status in LIVE_RELEASES for release in order.releases):
        return
    yield CancelRequested(
        order_id=order.id,
        cancel_id=f"unpaid-{order.version}",
        reason=f"it was not paid for within {policy.payment.cancel_unpaid_after_h} hours",
        actor="policy",
        unpaid=True,
    )
