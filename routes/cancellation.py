"""Cancelling: at once what no node knows of; of the rest, what its node can still stop. What has left has left."""

from canonical.commands import CancelPurchaseOrder, CancelRelease
from canonical.events import (
    CancelAccepted,
    CancelRejected,
    CancelRequested,
    Event,
    HoldReleased,
    OrderRejected,
    ReleaseCancelled,
    ReleaseCancelRequested,
    StepRefused,
)
from canonical.order import LEFT_THE_HOUSE, LIVE_RELEASES, NOT_LEFT_YET, Order, Release
from canonical.policy import Policy
from canonical.statuses import Block, CancelStatus, HoldType, ReleaseStatus, RowStatus
from canonical.steps import Steps
from routes.asking import hold
from routes.calling_off import call_off
from routes.moves import units_at
from routes.rules import rule

AT_NO_NODE = (RowStatus.CREATED, RowStatus.BACKORDERED, RowStatus.RESERVED, RowStatus.SCHEDULED)

_TO_BE_ASKED = LIVE_RELEASES - {ReleaseStatus.CANCEL_REQUESTED}


def _is_open(order: Order) -> bool:
    return order.cancellation is not None and order.cancellation.status is CancelStatus.REQUESTED


@rule(CancelRequested)
def cancel_what_no_node_has(order: Order, event: CancelRequested, policy: Policy) -> Steps:
    """Cancel at once what was not released, and what its node was not asked for yet."""
    asked = order.cancellation
    if asked is None or not _is_open(order):
        return
    units = units_at(order, *AT_NO_NODE)
    for release in order.releases:
        if release.status is ReleaseStatus.REQUESTED and not release.submitted:
            units += units_at(order, RowStatus.RELEASED, release=release.id)
            yield ReleaseCancelRequested(order_id=order.id, release_id=release.id)
            yield ReleaseCancelled(order_id=order.id, release_id=release.id)
    yield from call_off(order, policy, units, asked.id, asked.reason)


@rule(CancelRequested)
def ask_nodes_to_stop(order: Order, event: CancelRequested, policy: Policy) -> Steps:
    """Ask each node that may still send something to stop, and hold the order until all have answered."""
    asked = order.cancellation
    if asked is None or not _is_open(order):
        return
    for release in order.releases:
        if release.status in _TO_BE_ASKED and not release.unstoppable:
            yield ReleaseCancelRequested(order_id=order.id, release_id=release.id)
            yield _stop(order, release, asked.id)
    waits = any(r.status in LIVE_RELEASES and not r.unstoppable for r in order.releases)
    if waits and order.hold(HoldType.CANCEL_PENDING) is None:
        blocks = (Block.SOURCE, Block.RELEASE)
        yield hold(order, event, HoldType.CANCEL_PENDING, asked.reason, *blocks, actor=asked.actor)


def _stop(order: Order, release: Release, cancel_id: str) -> CancelRelease | CancelPurchaseOrder:
    """Ask whoever is to send a release to stop it: a node, or a supplier."""
    purchase = order.purchase(release.id)
    if purchase is not None:
        return CancelPurchaseOrder(
            order_id=order.id,
            connector=release.connector,
            key=f"po_cancel:{order.id}:{purchase.n}:{cancel_id}",
            purchase_id=purchase.id,
            supplier=purchase.supplier,
        )
    return CancelRelease(
        order_id=order.id,
        connector=release.connector,
        key=f"cancel_release:{release.id}:{cancel_id}",
        release_id=release.id,
        node=release.node,
    )


@rule(Event)
def conclude_the_cancellation(order: Order, event: Event, policy: Policy) -> Steps:
    """Once no node is still to answer: accepted, if all that had not left is cancelled; rejected otherwise."""
    asked = order.cancellation
    if asked is None or not _is_open(order):
        return
    if any(release.status is ReleaseStatus.CANCEL_REQUESTED for release in order.releases):
        return
    if order.quantity(*NOT_LEFT_YET):
        reason = "the warehouse can't stop it any more"
        yield CancelRejected(order_id=order.id, cancel_id=asked.id, reason=reason)
    elif asked.units or not order.quantity(*LEFT_THE_HOUSE):
        yield CancelAccepted(order_id=order.id, cancel_id=asked.id)
    else:
        reason = "everything had left before it could be stopped"
        yield CancelRejected(order_id=order.id, cancel_id=asked.id, reason=reason)
    if order.hold(HoldType.CANCEL_PENDING) is not None:
        yield HoldReleased(
            order_id=order.id,
            type=HoldType.CANCEL_PENDING,
            actor="policy",
            reason="the cancellation is decided",
        )


@rule(ReleaseCancelled)
def say_that_it_has_left(order: Order, event: ReleaseCancelled, policy: Policy) -> Steps:
    """A person finds out whether goods left that their node says it stopped, after it said that it sent them."""
    release = order.release(event.release_id)
    if release is not None and release.status is ReleaseStatus.SHIPPED and not event.units:
        all_of_it = "dispatched or refused all of it" if release.refused else "dispatched all of it"
        reason = f"warehouse {release.node} says that it stopped {release.id}, but it has {all_of_it}"
        yield StepRefused(order_id=order.id, step="cancel", reason=reason)


@rule(OrderRejected)
def cancel_what_was_rejected(order: Order, event: OrderRejected, policy: Policy) -> Steps:
    """An order that can't be taken is cancelled like any other, by policy."""
    cancel_id = f"rejected-{order.version}"
    yield CancelRequested(order_id=order.id, cancel_id=cancel_id, reason=event.reason, actor="policy")
