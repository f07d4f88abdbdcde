"""The drop-ship supplier in the demo: what it has, what it costs, and what it does with whose orders."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from canonical.stock import Node, NodeKind, SupplierItem
from connectors.dropship_edi.simulator import Plan
from hub.demo.plan import DIRECT, PlannedOrder
from hub.demo.scenarios import Outcome

SUPPLIER = "acme"
NODE = Node(
    id=SUPPLIER, name="Acme (X12 in a watched folder)", kind=NodeKind.SUPPLIER, connector=SUPPLIER, country="DE",
    currency="EUR", items={DIRECT: SupplierItem(cost=Decimal(340), reference="AC-100", direct=True)},
)  # fmt: skip
OPTIONS: dict[str, Any] = {
    "transport": "folder", "stock": {DIRECT: 10_000}, "numbers": {DIRECT: "AC-100"}, "currency": "EUR", "ship_s": 20.0,
    "charge_s": 10.0, "resend_s": 30.0, "poll_interval_s": 10.0, "interval_s": 2.0,
}  # fmt: skip
_SLOWLY_S = 600.0
_DEARER = Decimal(25)


def wishes(plan: Iterable[PlannedOrder]) -> Iterator[tuple[str, Plan]]:
    """Yield what the supplier shall do with which order."""
    for order in plan:
        match order.outcome:
            case Outcome.CANCELLED_AT_A_SUPPLIER:
                yield order.reference, Plan(ship_s=_SLOWLY_S)
            case Outcome.OVERCHARGED_BY_A_SUPPLIER:
                yield order.reference, Plan(dearer=_DEARER)
            case _:
                pass
