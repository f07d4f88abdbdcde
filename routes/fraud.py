"""Fraud: covered orders wait for a gateway's word, or for a person's, before they are sent.

A person's word stands above the gateway's, and the gateway's newest above its older ones. What comes too late to
change anything is kept, and changes nothing.
"""

from collections.abc import Iterator
from datetime import timedelta

from canonical.commands import ScreenOrder
from canonical.events import (
    CancelRequested,
    DeadlinePassed,
    Event,
    FraudCleared,
    FraudDecided,
    FraudRejected,
    FraudReviewNeeded,
    FraudScreeningRequested,
    HoldReleased,
    StepRefused,
)
from canonical.fraud import FraudCheck, FraudStanding, FraudVerdict
from canonical.order import LEFT_THE_HOUSE, NOT_LEFT_YET, Order
from canonical.policy import Policy
from canonical.statuses import HoldType
from canonical.steps import Forget, Remind, Step, Steps
from routes import fraud_reports
from routes.asking import hold
from routes.rules import moment, rule

POLICY = "policy"
CANCELLED_BECAUSE = "the order could not be verified"
"""What channel and buyer are told: whom the gateway takes for a fraud, and why, is nobody else's business."""


@rule(Event)
def screen_for_fraud(order: Order, event: Event, policy: Policy) -> Steps:
    """Ask the fraud gateway about orders that its policy covers, once they are paid for; clear the others at once.

    An order that was changed to cost more, or to go elsewhere, is asked about again.
    """
    check, gateway = order.fraud, policy.fraud.gateway
    if gateway is None or order.pending or not order.quantity(*NOT_LEFT_YET) or not _is_news(order, check):
        return
    exemption = policy.fraud.exemption(order)
    if exemption is not None:
        if check is None:
            yield FraudCleared(order_id=order.id, actor=POLICY, reason=exemption)
    elif order.is_paid_for():
        yield from _ask(order, event, policy, gateway)


def _is_news(order: Order, check: FraudCheck | None) -> bool:
    """Say whether the order was never asked about, as long as no node has it, or has changed since."""
    if check is None or check.total is None:
        return not order.releases
    return order.total > check.total or order.destination != check.destination


def _ask(order: Order, event: Event, policy: Policy, gateway: str) -> Iterator[Step]:
    turn = order.fraud.turn + 1 if order.fraud else 1
    key = f"screen:{order.id}:{turn}"
    yield FraudScreeningRequested(
        order_id=order.id, key=key, gateway=gateway, turn=turn, total=order.total,
        destination=order.destination,
    )  # fmt: skip
    reason = f"{gateway} was asked, and has not decided"
    yield hold(order, event, HoldType.FRAUD_REVIEW, reason, actor=gateway)
    yield ScreenOrder(order_id=order.id, connector=gateway, key=key, turn=turn)
    name = deadline(order)
    at = moment(order, event) + timedelta(hours=policy.fraud.decide_within_h)
    yield Remind(name=name, at=at, event=DeadlinePassed(order_id=order.id, name=name))


def deadline(order: Order) -> str:
    """Return the name of the time at which the policy decides instead of a gateway that did not."""
    return f"fraud:{order.id}"


@rule(FraudDecided)
def follow_the_fraud_decision(order: Order, event: FraudDecided, policy: Policy) -> Steps:
    """Send, hold or cancel the order, as its gateway says; what is out of date, or comes too late, changes nothing."""
    check = order.fraud
    if check is None or check.is_older(event.occurred_at):
        return
    if check.person or not order.quantity(*NOT_LEFT_YET):
        yield from _contradict(order, check, event)
        return
    said = f"{event.gateway}: {event.reason or event.verdict.value}"
    match event.verdict:
        case FraudVerdict.APPROVED if check.standing is not FraudStanding.CLEARED:
            yield from _clear(order, event.gateway, said)
        case FraudVerdict.REVIEW if check.standing is not FraudStanding.REVIEW:
            yield from _leave_to_a_person(order, event, event.gateway, said)
        case FraudVerdict.REJECTED if check.standing is not FraudStanding.REJECTED:
            yield from _reject(order, event, policy, said)
        case _:
            return


def _contradict(order: Order, check: FraudCheck, event: FraudDecided) -> Iterator[Step]:
    """Somebody should know of a rejection that nothing follows from, unless all of the order is cancelled anyway."""
    alive = order.quantity(*NOT_LEFT_YET, *LEFT_THE_HOUSE)
    if alive and event.verdict is FraudVerdict.REJECTED and check.standing is not FraudStanding.REJECTED:
        why = f"{check.by} has cleared it" if check.person else "all of it has left"
        reason = f"{event.gateway} rejects the order ({event.reason or 'no reason given'}), but {why}"
        yield StepRefused(order_id=order.id, step="fraud", reason=reason)


def _clear(order: Order, by: str, reason: str) -> Iterator[Step]:
    yield FraudCleared(order_id=order.id, actor=by, reason=reason)
    yield Forget(order_id=order.id, name=deadline(order))
    if _is_our_hold(order):
        yield HoldReleased(order_id=order.id, type=HoldType.FRAUD_REVIEW, actor=by, reason=reason)


def _is_our_hold(order: Order) -> bool:
    """Say whether the fraud hold is the gateway's or the policy's: one that a person placed is the person's."""
    placed, check = order.hold(HoldType.FRAUD_REVIEW), order.fraud
    return placed is not None and check is not None and placed.actor in {POLICY, check.gateway}


def _leave_to_a_person(order: Order, event: Event, by: str, reason: str) -> Iterator[Step]:
    yield FraudReviewNeeded(order_id=order.id, actor=by, reason=reason)
    yield Forget(order_id=order.id, name=deadline(order))
    yield hold(order, event, HoldType.FRAUD_REVIEW, reason, actor=by)


def _reject(order: Order, event: FraudDecided, policy: Policy, said: str) -> Iterator[Step]:
    """Cancel it, or hold it; what a node has already it is asked to stop, as in any cancellation."""
    yield FraudRejected(order_id=order.id, actor=event.gateway, reason=said)
    yield Forget(order_id=order.id, name=deadline(order))
    yield hold(order, event, HoldType.FRAUD_REVIEW, f"rejected by {said}", actor=event.gateway)
    if policy.fraud.on_rejection == "cancel":
        yield CancelRequested(
            order_id=order.id, cancel_id=f"fraud-{order.version}", reason=CANCELLED_BECAUSE, actor=POLICY
        )


@rule(DeadlinePassed)
def stop_waiting_for_the_fraud_gateway(order: Order, event: DeadlinePassed, policy: Policy) -> Steps:
    """Clear a small order that the gateway did not decide in time; leave the others to a person."""
    check = order.fraud
    if event.name != deadline(order) or check is None or check.standing is not FraudStanding.PENDING:
        return
    if not order.quantity(*NOT_LEFT_YET):
        return
    limit, name = policy.fraud.accept_undecided_below, check.by
    said = f"{name} did not decide within {policy.fraud.decide_within_h:g} hours"
    if order.total.amount < limit:
        yield from _clear(order, POLICY, f"{said}, and {order.total} is below {limit}")
    else:
        yield from _leave_to_a_person(order, event, POLICY, said)


@rule(HoldReleased)
def take_a_release_as_clearance(order: Order, event: HoldReleased, policy: Policy) -> Steps:
    """A person who releases the fraud hold has cleared the order, and the gateway learns of it."""
    check = order.fraud
    if event.type is not HoldType.FRAUD_REVIEW or check is None or check.gateway is None:
        return
    if check.standing is FraudStanding.CLEARED or not order.quantity(*NOT_LEFT_YET):
        return
    yield FraudCleared(order_id=order.id, actor=event.actor, person=True, reason=event.reason)
    yield Forget(order_id=order.id, name=deadline(order))
    yield from fraud_reports.verdict(order, FraudVerdict.APPROVED, event.reason)


@rule(CancelRequested)
def take_a_cancellation_as_rejection(order: Order, event: CancelRequested, policy: Policy) -> Steps:
    """A person who cancels an order that is left to people has rejected it, and the gateway learns of it."""
    check = order.fraud
    if check is None or check.gateway is None or order.hold(HoldType.FRAUD_REVIEW) is None:
        return
    if event.actor in {order.channel, check.gateway, POLICY}:
        return
    if check.standing in {FraudStanding.REVIEW, FraudStanding.REJECTED} and not check.person:
        yield FraudRejected(order_id=order.id, actor=event.actor, person=True, reason=event.reason)
        yield from fraud_reports.verdict(order, FraudVerdict.REJECTED, event.reason)
