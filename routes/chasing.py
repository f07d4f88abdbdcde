"""What suppliers promised by when: goods are expected; what is late, or in question, is put before a person."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from canonical.events import (
    DeadlinePassed,
    Event,
    PurchaseAnswered,
    PurchaseExpected,
    PurchaseOverdue,
    ShipmentCreated,
)
from canonical.order import Order
from canonical.policy import Policy
from canonical.purchases import Purchase
from canonical.statuses import HoldType
from canonical.steps import Forget, Remind, Steps
from routes.asking import put_before_a_person
from routes.rules import moment, rule
from routes.suppliers import answer_timer, is_live, open_units


def notice_timer(purchase: Purchase) -> str:
    """Return the name of the time by which a purchase order's next ship notice is due."""
    return f"ship_notice:{purchase.id}"


@rule(PurchaseAnswered, ShipmentCreated)
def expect_the_goods(order: Order, event: Event, policy: Policy) -> Steps:
    """Expect the next ship notice by the supplier's own date, or by the policy's; no answer is waited for any more."""
    purchase = _told_of(order, event)
    if purchase is None:
        return
    yield Forget(order_id=order.id, name=answer_timer(purchase.id))
    by, name = _due(order, purchase, policy), notice_timer(purchase)
    if by is None or not is_live(order, purchase):
        yield Forget(order_id=order.id, name=name)
    elif by != purchase.ship_by:
        yield PurchaseExpected(order_id=order.id, purchase_id=purchase.id, ship_by=by)
        yield Remind(name=name, at=by, event=DeadlinePassed(order_id=order.id, name=name))


def _told_of(order: Order, event: Event) -> Purchase | None:
    match event:
        case PurchaseAnswered():
            return order.purchase(event.purchase_id)
        case ShipmentCreated() if order.purchases:
            return order.purchase(event.release_id)
        case _:
            return None


def _due(order: Order, purchase: Purchase, policy: Policy) -> datetime | None:
    """Return when the next goods are due; None where nothing is left to come."""
    answered = purchase.answered_at or purchase.requested_at
    grace = timedelta(hours=policy.suppliers.ship_grace_h)
    times: list[datetime] = []
    for line in purchase.lines:
        still = sum(quantity for _, _, quantity in open_units(order, purchase.id, line.sku))
        if still > line.back_ordered:
            usual = answered + timedelta(hours=policy.suppliers.ship_within_h)
            times.append(line.expected_at + grace if line.expected_at else usual)
        elif still:
            latest = answered + timedelta(days=policy.suppliers.back_order_within_days)
            times.append(line.back_at + grace if line.back_at else latest)
    return min(times, default=None)


@rule(DeadlinePassed)
def chase_the_supplier(order: Order, event: DeadlinePassed, policy: Policy) -> Steps:
    """An acknowledgement or a ship notice that did not come in time is put before a person."""
    for purchase in order.purchases:
        if not is_live(order, purchase):
            continue
        if event.name == answer_timer(purchase.id) and purchase.answered_at is None:
            yield PurchaseOverdue(order_id=order.id, purchase_id=purchase.id, step="acknowledgement")
        elif event.name == notice_timer(purchase) and _is_late(purchase, moment(order, event)):
            yield PurchaseOverdue(order_id=order.id, purchase_id=purchase.id, step="ship_notice")


def _is_late(purchase: Purchase, now: datetime) -> bool:
    return purchase.overdue is None and purchase.ship_by is not None and now >= purchase.ship_by


@rule(Event)
def put_suppliers_before_a_person(order: Order, event: Event, policy: Policy) -> Steps:
    """Hold up nothing, but have a person look while a supplier is late or wants another price."""
    if not order.purchases:
        return
    reason = "; ".join(said for purchase in order.purchases for said in troubles(order, purchase))
    over = "nothing is late or in question any more"
    yield from put_before_a_person(order, event, HoldType.SUPPLIER_PROBLEM, reason, over)


def troubles(order: Order, purchase: Purchase) -> Iterator[str]:
    """Yield what a person should know of a purchase order."""
    if not is_live(order, purchase):
        return
    name = f"{purchase.supplier} {{}} purchase order {purchase.id}, due {{:%Y-%m-%d %H:%M}} UTC"
    if purchase.overdue == "acknowledgement":
        yield name.format("has not acknowledged", purchase.acknowledge_by)
    elif purchase.overdue == "ship_notice" and purchase.ship_by is not None:
        yield name.format("has sent no ship notice for", purchase.ship_by)
    for line in purchase.lines:
        if line.told_cost is not None:
            agreed = f"{line.unit_cost} was agreed" if line.unit_cost else "no price was agreed"
            yield f"{purchase.supplier} wants {line.told_cost} for {line.sku}, and {agreed}"
