"""The building blocks of the rules on labels: asking for them, and asking nodes to send once they are there."""

from collections.abc import Iterator, Sequence

from canonical.commands import BookLabel, BookReturnLabel, SubmitRelease
from canonical.courier import NodeLabels
from canonical.events import LabelRequested
from canonical.order import Order, ReleaseLine
from canonical.parcels import Parcel, ParcelStatus
from canonical.policy import Policy
from canonical.steps import Step

RETURN_METHOD = "return"
"""The delivery method of what a buyer sends back, as `policies.courier` knows it."""


def label_key(parcel_id: str, asked: int) -> str:
    """Return the key of the n-th wish for a parcel's label."""
    return f"label:{parcel_id}:{asked}"


def void_key(parcel_id: str) -> str:
    """Return the key of the wish to give a parcel's label back."""
    return f"void_label:{parcel_id}"


def submission(
    order: Order,
    release_id: str,
    node: str,
    connector: str,
    lines: tuple[ReleaseLine, ...],
) -> SubmitRelease:
    """Ask a node to send."""
    return SubmitRelease(
        order_id=order.id,
        connector=connector,
        key=f"release:{release_id}",
        release_id=release_id,
        node=node,
        lines=lines,
    )


def ask_for_labels(
    order: Order,
    policy: Policy,
    labels: NodeLabels,
    release_id: str,
    node: str,
    lines: Sequence[ReleaseLine],
) -> Iterator[Step]:
    """Ask the broker for a label for each parcel of a release."""
    for n, packed in enumerate(_packed(lines, labels.units_per_parcel), 1):
        planned = LabelRequested(
            order_id=order.id,
            parcel_id=f"{release_id}-p{n}",
            release_id=release_id,
            node=node,
            broker=labels.broker,
            lines=packed,
        )
        yield from ask_for_label(order, policy, planned, 1)


def ask_again(order: Order, policy: Policy, parcel: Parcel) -> Iterator[Step]:
    """Ask once more for a label that was refused; under a key of its own, because the first wish is answered."""
    planned = LabelRequested(
        order_id=order.id,
        parcel_id=parcel.id,
        release_id=parcel.release,
        node=parcel.node,
        broker=parcel.broker,
        lines=parcel.lines,
        return_of=parcel.return_of,
    )
    yield from ask_for_label(order, policy, planned, parcel.asked + 1)


def ask_for_label(order: Order, policy: Policy, planned: LabelRequested, asked: int) -> Iterator[Step]:
    """Plan a parcel, and ask its broker for the label, for the n-th time. What comes back needs not be as fast."""
    kind = BookReturnLabel if planned.return_of else BookLabel
    method = RETURN_METHOD if planned.return_of else order.shipping.method
    yield planned
    yield kind(
        order_id=order.id,
        connector=planned.broker,
        key=label_key(planned.parcel_id, asked),
        parcel_id=planned.parcel_id,
        release_id=planned.release_id,
        node=planned.node,
        lines=planned.lines,
        wish=policy.courier.wish(planned.node, order.channel, method),
        label_format=policy.courier.label_format,
    )


def is_labelled(order: Order, release_id: str) -> bool:
    """Say whether every parcel of a release has its label."""
    return all(p.status is not ParcelStatus.PLANNED for p in order.parcels_of(release_id) if p.wanted)


def _packed(lines: Sequence[ReleaseLine], most: int | None) -> Iterator[tuple[ReleaseLine, ...]]:
    """Divide lines into parcels of at most `most` units, in line order."""
    if most is None:
        yield tuple(lines)
        return
    parcel: list[ReleaseLine] = []
    room = most
    for line in lines:
        left = line.quantity
        while left:
            units = min(left, room)
            parcel.append(line.replace(quantity=units))
            left, room = left - units, room - units
            if not room:
                yield tuple(parcel)
                parcel, room = [], most
    if parcel:
        yield tuple(parcel)
