"""Labels that the hub books for its nodes: nobody is asked to send before they are there, none is left unused."""

from canonical.commands import VoidLabel
from canonical.events import (
    Event,
    HoldReleased,
    LabelBooked,
    LabelRefused,
    LabelRequested,
    LabelVoidRefused,
    LabelVoidRequested,
    ReleaseSubmitted,
    ReturnLabelRequested,
    StepRefused,
)
from canonical.order import LIVE_RELEASES, Order
from canonical.parcels import AT_HOME, Parcel
from canonical.policy import Policy
from canonical.statuses import Block, HoldType, ReleaseStatus
from canonical.steps import Steps
from routes.asking import hold
from routes.booking import ask_again, ask_for_label, is_labelled, submission, void_key
from routes.rules import rule


@rule(Event)
def submit_what_is_labelled(order: Order, event: Event, policy: Policy) -> Steps:
    """Ask a node to send once every parcel of its release has a label, and nothing forbids it."""
    if order.blocked(Block.RELEASE):
        return
    for release in order.releases:
        waits = not release.submitted and release.status is ReleaseStatus.REQUESTED
        if waits and is_labelled(order, release.id):
            yield ReleaseSubmitted(order_id=order.id, release_id=release.id)
            yield submission(order, release.id, release.node, release.connector, release.lines)


@rule(LabelRefused)
def hold_what_has_no_label(order: Order, event: LabelRefused, policy: Policy) -> Steps:
    """A person looks at a parcel that no carrier takes; releasing the hold asks once more."""
    parcel = order.parcel(event.parcel_id)
    if parcel is None or not parcel.wanted:
        return
    reason = f"{parcel.broker} has no label for parcel {parcel.id}: {event.reason}"
    yield StepRefused(order_id=order.id, step="label", reason=reason)
    if parcel.return_of is None:
        yield hold(order, event, HoldType.OTHER, reason, Block.SOURCE, Block.RELEASE, actor=parcel.broker)


@rule(HoldReleased)
def ask_for_the_label_again(order: Order, event: HoldReleased, policy: Policy) -> Steps:
    """A person has looked at it: ask once more for each label that was refused."""
    if event.type is HoldType.OTHER:
        for parcel in order.parcels:
            if parcel.refused is not None and parcel.wanted:
                yield from ask_again(order, policy, parcel)


@rule(Event)
def void_what_is_not_wanted(order: Order, event: Event, policy: Policy) -> Steps:
    """Give back each label that its release does not need any more, as soon as there is one to give back."""
    for parcel in order.parcels:
        if parcel.wanted and parcel.status in AT_HOME and _is_idle(order, parcel):
            reason = f"release {parcel.release} does not need it any more"
            yield LabelVoidRequested(order_id=order.id, parcel_id=parcel.id, reason=reason)
            if parcel.reference is not None:
                yield _void(order, parcel, parcel.reference)
        elif isinstance(event, LabelBooked) and event.parcel_id == parcel.id and not parcel.wanted:
            yield _void(order, parcel, event.reference)


def _is_idle(order: Order, parcel: Parcel) -> bool:
    """Say whether a parcel's release is over, and nothing left in the parcel."""
    release = order.release(parcel.release)
    over = release is not None and release.status not in LIVE_RELEASES
    return over and parcel.shipment is None and parcel.return_of is None


def _void(order: Order, parcel: Parcel, reference: str) -> VoidLabel:
    return VoidLabel(
        order_id=order.id,
        connector=parcel.broker,
        key=void_key(parcel.id),
        parcel_id=parcel.id,
        reference=reference,
    )


@rule(LabelVoidRefused)
def say_that_a_label_stays(order: Order, event: LabelVoidRefused, policy: Policy) -> Steps:
    """A label that is paid for and can't be given back is for a person."""
    reason = f"the label of parcel {event.parcel_id} can't be given back: {event.reason}"
    yield StepRefused(order_id=order.id, step="void_label", reason=reason)


@rule(ReturnLabelRequested)
def book_a_return_label(order: Order, event: ReturnLabelRequested, policy: Policy) -> Steps:
    """Book a label by which the buyer sends a shipment back, where the hub books labels for its node."""
    shipment = order.shipment(event.shipment_id)
    if shipment is None:
        reason = f"there is no shipment {event.shipment_id}"
        yield StepRefused(order_id=order.id, step="return_label", reason=reason)
        return
    labels = policy.courier.labels_of(shipment.node, order.channel)
    if labels is None:
        reason = f"the hub books no labels for {shipment.node}: name it in policies.courier.nodes"
        yield StepRefused(order_id=order.id, step="return_label", reason=reason)
        return
    before = sum(parcel.return_of == shipment.id for parcel in order.parcels)
    planned = LabelRequested(
        order_id=order.id,
        parcel_id=f"{shipment.id}-back{before + 1}",
        release_id=shipment.release,
        node=shipment.node,
        broker=labels.broker,
        lines=shipment.lines,
        return_of=shipment.id,
    )
    yield from ask_for_label(order, policy, planned, 1)
