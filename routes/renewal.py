"""Authorisations end: they are renewed in time where the customer agreed to that, else a person must ask."""

from collections.abc import Iterator
from datetime import timedelta

from canonical.events import (
    DeadlinePassed,
    Event,
    PaymentAuthorised,
    PaymentDeclined,
    PaymentVoided,
    ShipmentCreated,
)
from canonical.money import Money
from canonical.order import NOT_LEFT_YET, Order
from canonical.payment import Outcome, PaymentKind, PaymentMethod, Tender
from canonical.policy import Policy
from canonical.statuses import HoldType
from canonical.steps import Forget, Remind, Step, Steps
from routes.asking import ask, expiry_timer, hold, void
from routes.dues import due_at_most, due_for_shipped, taken
from routes.rules import rule

BEFORE_EXPIRY = timedelta(hours=24)
"""So long before an authorisation ends it is renewed."""


@rule(PaymentAuthorised)
def watch_the_expiry(order: Order, event: PaymentAuthorised, policy: Policy) -> Steps:
    """Look again about a day before the gateway lets the money go, by its own date."""
    if event.capture_before is not None:
        name = expiry_timer(order, event.reference)
        at = event.capture_before - BEFORE_EXPIRY
        yield Remind(name=name, at=at, event=DeadlinePassed(order_id=order.id, name=name))


@rule(DeadlinePassed)
def renew_before_it_expires(order: Order, event: DeadlinePassed, policy: Policy) -> Steps:
    """Renew an authorisation that is about to end while it is needed; hold where the customer must be asked."""
    for entry in order.payment.authorisations():
        if entry.reference is not None and event.name == expiry_timer(order, entry.reference):
            until = f" at {entry.capture_before:%Y-%m-%d %H:%M} UTC" if entry.capture_before else ""
            yield from _renew(order, event, entry.reference, f"the authorisation ends{until}")


@rule(PaymentVoided)
def renew_what_was_let_go(order: Order, event: PaymentVoided, policy: Policy) -> Steps:
    """Ask again for money that the gateway let go while it is needed; hold the order until it is there."""
    yield Forget(order_id=order.id, name=expiry_timer(order, event.reference))
    said = f": {event.reason}" if event.reason else ""
    yield from _renew(order, event, event.reference, f"{event.gateway} let the authorisation go{said}")


def _renew(order: Order, event: Event, reference: str, reason: str) -> Iterator[Step]:
    """Renew for what is owed beyond all other money that there is."""
    capturable = order.payment.capturable(order.currency)
    rest = [left for entry, left in capturable if entry.reference == reference]
    missing = order.owed() - order.payment.covered(order.currency) + sum(rest, Money.zero(order.currency))
    tender = _tender_of(order, reference)
    if missing.amount <= 0 or (tender is not None and _is_asked(order, tender)):
        return
    if tender is not None and tender.may_reauthorise:
        yield from ask(order, tender, PaymentMethod.STORED, missing)
        if rest:
            return  # there is money while the gateway thinks
    yield hold(order, event, HoldType.REAUTH_NEEDED, reason)


def _tender_of(order: Order, reference: str) -> Tender | None:
    found = (e.tender for e in order.payment.authorisations() if e.reference == reference)
    n = next(found, None)
    return next((t for t in order.payment.tenders if t.n == n), None)


def _is_asked(order: Order, tender: Tender) -> bool:
    pending = order.payment.of_kind(PaymentKind.AUTHORISE, Outcome.REQUESTED)
    return any(entry.tender == tender.n for entry in pending)


@rule(ShipmentCreated)
def authorise_the_rest_anew(order: Order, event: ShipmentCreated, policy: Policy) -> Steps:
    """Where policy says so, ask anew for what is still to come, so that what has left can be captured at once."""
    mode = policy.payment.split_capture
    capturable = order.payment.capturable(order.currency)
    if mode != "reauthorise_remainder" or len(capturable) != 1 or not order.quantity(*NOT_LEFT_YET):
        return
    entry = capturable[0][0]
    tender = _tender_of(order, entry.reference or "")
    if tender is None or not tender.may_reauthorise or entry.multicapture or _is_asked(order, tender):
        return
    rest = due_at_most(order) - max(due_for_shipped(order, policy), taken(order))
    if rest.amount > 0:
        yield from ask(order, tender, PaymentMethod.STORED, rest)


@rule(PaymentDeclined)
def hold_what_is_not_renewed(order: Order, event: PaymentDeclined, policy: Policy) -> Steps:
    """Hold an order whose renewal was declined, though the older authorisation still holds the money for a while."""
    if policy.payment.split_capture == "reauthorise_remainder":
        return  # the older authorisation is captured at the end, as by `last_shipment`
    if order.quantity(*NOT_LEFT_YET) and order.is_paid_for() and _is_renewal(order, event.key):
        reason = f"{event.gateway} declined the renewal: {event.reason}"
        yield hold(order, event, HoldType.REAUTH_NEEDED, reason)


def _is_renewal(order: Order, key: str) -> bool:
    """Say whether an operation that failed was for a tender that is authorised."""
    failed = [e for e in order.payment.of_kind(PaymentKind.AUTHORISE, Outcome.FAILED) if e.key == key]
    authorised = {e.tender for e in order.payment.authorisations()}
    return any(e.tender in authorised for e in failed)


@rule(PaymentAuthorised)
def void_what_was_renewed(order: Order, event: PaymentAuthorised, policy: Policy) -> Steps:
    """Let older authorisations of a tender go when the newer one covers what is needed without them."""
    capturable = order.payment.capturable(order.currency)
    newest = next((e for e, _ in capturable if e.reference == event.reference), None)
    if newest is None or newest.tender is None:
        return
    surplus = order.payment.covered(order.currency) - order.owed()
    for entry, left in capturable:
        older = entry.tender == newest.tender and entry is not newest and entry.at <= newest.at
        if older and left <= surplus:
            surplus -= left
            yield from void(order, entry, left)
