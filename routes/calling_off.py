"""Calling units off: they are cancelled, what they were promised is free again, channel and fraud gateway know."""

from collections.abc import Iterator, Sequence

from canonical.order import Order
from canonical.policy import Policy
from canonical.statuses import RowStatus
from canonical.steps import Step
from routes import fraud_reports, telling
from routes.moves import Units, as_lines, give_back, go


def call_off(
    order: Order,
    policy: Policy,
    units: Sequence[Units],
    cancel_id: str,
    reason: str,
) -> Iterator[Step]:
    """Cancel `units`, free their stock, and tell the channel of exactly these."""
    if not units:
        return
    yield from give_back(order, units, "cancel")
    for unit in units:
        yield go(order, unit, RowStatus.CANCELLED)
    yield from telling.cancelled(order, policy, cancel_id, as_lines(units), reason)
    yield from fraud_reports.cancelled(order, units, cancel_id, reason)


def call_off_by_policy(
    order: Order,
    policy: Policy,
    units: Sequence[Units],
    cause: str,
    reason: str,
) -> Iterator[Step]:
    """Cancel `units` though nobody asked for it; so the buyer is mailed at once."""
    if not units:
        return
    cancel_id = f"{cause}-{order.version}"
    yield from call_off(order, policy, units, cancel_id, reason)
    yield from telling.mail(order, policy, "order_cancelled", cancel_id, reason=reason)
