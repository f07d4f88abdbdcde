"""Releasing: each chosen node is asked to send; it accepts, or refuses and another one is found."""

from collections.abc import Sequence

from canonical.events import (
    DeadlinePassed,
    Event,
    OrderConfirmed,
    ReleaseAccepted,
    ReleaseRequested,
    StepRefused,
)
from canonical.numbers import release_number
from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import Block, RowStatus
from canonical.steps import Remind, Steps, StockOf
from canonical.stock import NodeKind, StockMoveKind
from routes.booking import ask_for_labels, submission
from routes.moves import Units, as_lines, at_network, give_back, go, ledger, units_at
from routes.rules import moment, rule
from routes.suppliers import purchase

WITH_STOCK = (RowStatus.RESERVED, RowStatus.SCHEDULED)


@rule(Event)
def confirm_what_may_go_on(order: Order, event: Event, policy: Policy) -> Steps:
    """Confirm an order, once: it is paid for, nothing forbids its release, and some of it has its stock."""
    if order.confirmed_at is not None or not order.quantity(*WITH_STOCK) or order.blocked(Block.RELEASE):
        return
    if order.is_paid_for():
        yield OrderConfirmed(order_id=order.id)


@rule(Event)
def release_what_is_scheduled(order: Order, event: Event, policy: Policy) -> Steps:
    """Ask each chosen node to send its part, once it is paid for and nothing forbids it."""
    scheduled = units_at(order, RowStatus.SCHEDULED)
    if not scheduled or order.blocked(Block.RELEASE) or not order.is_paid_for():
        return
    view = yield StockOf(skus=frozenset(line.sku for line, _, _ in scheduled))
    count, purchases = len(order.releases), len(order.purchases)
    for node_id, units in _by_node(scheduled).items():
        node = view.nodes.get(node_id)
        if node is None:
            yield from _take_back(order, event, node_id, units)
            continue
        if node.kind is NodeKind.SUPPLIER:
            purchases += 1
            yield from purchase(order, event, policy, node, units, purchases)
            continue
        count += 1
        release_id = release_number(order.id, count)
        lines = as_lines(units)
        booked = policy.courier.labels_of(node_id, order.channel)
        yield ReleaseRequested(
            order_id=order.id,
            release_id=release_id,
            node=node_id,
            connector=node.connector,
            lines=lines,
            submitted=booked is None,
        )
        for unit in units:
            yield go(order, unit, RowStatus.RELEASED, release=release_id)
        if booked is None:
            yield submission(order, release_id, node_id, node.connector, lines)
        else:
            yield from ask_for_labels(order, policy, booked, release_id, node_id, lines)


def _by_node(units: Sequence[Units]) -> dict[str, list[Units]]:
    nodes: dict[str, list[Units]] = {}
    for unit in units:
        nodes.setdefault(unit[1].node or "", []).append(unit)
    return nodes


def _take_back(order: Order, event: Event, node: str, units: Sequence[Units]) -> Steps:
    """The chosen node is known no more: its units are reserved as before, and go elsewhere at once."""
    yield from give_back(order, units, f"gone:{node}")
    yield from ledger(order, StockMoveKind.RESERVE, at_network(units), f"gone:{node}")
    for unit in units:
        yield go(order, unit, RowStatus.RESERVED)
    reason = f"warehouse {node} was chosen, and is not known any more"
    yield StepRefused(order_id=order.id, step="release", reason=reason)
    name = f"source_again:{order.id}"
    yield Remind(name=name, at=moment(order, event), event=DeadlinePassed(order_id=order.id, name=name))


@rule(ReleaseAccepted)
def mark_what_was_accepted(order: Order, event: ReleaseAccepted, policy: Policy) -> Steps:
    """The node will send the units of its release; those that it has sent already stay sent."""
    for unit in units_at(order, RowStatus.RELEASED, release=event.release_id):
        yield go(order, unit, RowStatus.ACCEPTED)
