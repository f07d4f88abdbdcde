"""The building blocks of the rules on money: asking for it, letting it go, and the times by which to look again."""

from collections.abc import Iterator
from datetime import timedelta

from canonical.commands import AuthorisePayment, VoidPayment
from canonical.events import DeadlinePassed, Event, HoldPlaced, HoldReleased, PaymentRequested, VoidRequested
from canonical.money import Money
from canonical.order import Hold, Order
from canonical.payment import Outcome, PaymentEntry, PaymentKind, PaymentMethod, Tender
from canonical.policy import Policy
from canonical.statuses import Block, HoldType
from canonical.steps import Forget, Remind, Step
from routes.rules import moment


def unpaid_timer(order: Order) -> str:
    """Return the name of the time at which an unpaid order is given up."""
    return f"unpaid:{order.id}"


def expiry_timer(order: Order, reference: str) -> str:
    """Return the name of the time at which an authorisation is renewed."""
    return f"capture_before:{order.id}:{reference}"


def ask(order: Order, tender: Tender, method: PaymentMethod, amount: Money) -> Iterator[Step]:
    """Ask a tender's gateway to hold an amount; the n-th time under the n-th key."""
    asked = sum(e.tender == tender.n for e in order.payment.of_kind(PaymentKind.AUTHORISE, *Outcome))
    key = f"authorise:{order.id}:{tender.n}:{asked + 1}"
    adopted = tender.reference if method is PaymentMethod.ADOPT else None
    yield PaymentRequested(
        order_id=order.id, key=key, tender=tender.n, gateway=tender.gateway, reference=adopted, amount=amount
    )
    yield AuthorisePayment(
        order_id=order.id,
        connector=tender.gateway,
        key=key,
        tender=tender.n,
        method=method,
        reference=tender.reference,
        customer_reference=tender.customer_reference,
        amount=amount,
    )


def void(order: Order, entry: PaymentEntry, left: Money) -> Iterator[Step]:
    """Let the rest of an authorisation go; asked once for each."""
    reference = entry.reference
    voids = order.payment.of_kind(PaymentKind.VOID, *Outcome)
    if reference is None or any(e.reference == reference for e in voids):
        return
    key, gateway = f"void:{order.id}:{reference}", entry.gateway
    yield Forget(order_id=order.id, name=expiry_timer(order, reference))
    yield VoidRequested(order_id=order.id, key=key, gateway=gateway, reference=reference, amount=left)
    yield VoidPayment(order_id=order.id, connector=gateway, key=key, reference=reference, amount=left)


def wait_for_payment(order: Order, event: Event, policy: Policy) -> Iterator[Step]:
    """Look again, after the policy's hours, whether the order is paid."""
    name = unpaid_timer(order)
    at = moment(order, event) + timedelta(hours=policy.payment.cancel_unpaid_after_h)
    yield Remind(name=name, at=at, event=DeadlinePassed(order_id=order.id, name=name))


def flag(order: Order, event: Event, hold_type: HoldType, reason: str, actor: str = "policy") -> HoldPlaced:
    """Put something before a person. It blocks nothing: whatever else is to happen goes on."""
    flagged = Hold(type=hold_type, blocks=(), reason=reason, actor=actor, placed_at=moment(order, event))
    return HoldPlaced(order_id=order.id, hold=flagged)


def put_before_a_person(
    order: Order, event: Event, hold_type: HoldType, reason: str, over: str
) -> Iterator[Step]:
    """Flag an order while there is a reason to, anew when that is another one; `over` says why it is no more."""
    placed = order.hold(hold_type)
    if reason and (placed is None or placed.reason != reason):
        yield flag(order, event, hold_type, reason)
    elif placed is not None and not reason:
        yield HoldReleased(order_id=order.id, type=hold_type, actor="policy", reason=over)


def hold(
    order: Order,
    event: Event,
    hold_type: HoldType,
    reason: str,
    *blocks: Block,
    actor: str = "policy",
) -> HoldPlaced:
    """Stop the order for a reason: all of `blocks`, or every step that a hold can stop."""
    return HoldPlaced(
        order_id=order.id,
        hold=Hold(
            type=hold_type,
            blocks=blocks or tuple(Block),
            reason=reason,
            actor=actor,
            placed_at=moment(order, event),
        ),
    )
