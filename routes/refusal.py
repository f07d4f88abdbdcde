"""When a node will not send: its part is free again, it is not asked again, and the units look for stock elsewhere."""

from collections.abc import Iterator

from canonical.events import ReleaseCancelled, ReleaseRefused, StepRefused
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import CancelStatus, RowStatus
from canonical.steps import Step, Steps, StockOf
from routes.calling_off import call_off
from routes.matching import match
from routes.moves import Units, give_back, go, units_at
from routes.rules import rule
from routes.suppliers import disbelieve


@rule(ReleaseRefused)
def take_back_what_was_refused(order: Order, event: ReleaseRefused, policy: Policy) -> Steps:
    """Free what a node refused, believe it about its stock, and look for stock elsewhere.

    A node that says how many units it refuses sends the others. What it refuses beyond those that have not left is for
    a person to read: it said that it sent them, or refused them before, and nothing is sourced twice.
    """
    units, beyond = _meant(order, event)
    yield from _take_back(order, policy, units, event.reason)
    if event.skus:
        view = yield StockOf(skus=frozenset(event.skus))
        for release in (release for release in order.releases if release.id == event.release_id):
            # A node may be short of a SKU twice: once more after it has counted again.
            yield from disbelieve(view, release.node, event.skus, f"{release.id}:{order.version}")
    if beyond:
        reason = f"release {event.release_id} has less left to send than its node refuses: {_named(beyond)} too many"
        yield StepRefused(order_id=order.id, step="refusal", reason=reason)


@rule(ReleaseCancelled)
def take_back_what_was_cancelled(order: Order, event: ReleaseCancelled, policy: Policy) -> Steps:
    """Cancel what a node stopped because it was asked to; look elsewhere for what it stopped by itself.

    A node that says how many units it stopped has sent the others, or still does, whichever is heard first. What it
    stopped beyond those that have not left is for a person to read.
    """
    units, beyond = _meant(order, event)
    yield from _take_back(order, policy, units, "the warehouse stopped it")
    if beyond:
        reason = f"release {event.release_id} has less left to send than its node stopped: {_named(beyond)} too many"
        yield StepRefused(order_id=order.id, step="cancel", reason=reason)


def _meant(order: Order, event: ReleaseRefused | ReleaseCancelled) -> tuple[list[Units], dict[str, int]]:
    """Return which units will not leave, and what was named beyond those that had not left yet, by SKU."""
    units = units_at(order, RowStatus.RELEASED, RowStatus.ACCEPTED, release=event.release_id)
    return match(units, event.units) if event.units else (units, {})


def _named(goods: dict[str, int]) -> str:
    return ", ".join(f"{quantity} × {sku}" for sku, quantity in goods.items())


def _take_back(order: Order, policy: Policy, units: list[Units], reason: str) -> Iterator[Step]:
    asked = order.cancellation
    if asked is not None and asked.status is CancelStatus.REQUESTED:
        yield from call_off(order, policy, units, asked.id, asked.reason or reason)
        return
    yield from give_back(order, units, "refused")
    for unit in units:
        yield go(order, unit, RowStatus.CREATED)
