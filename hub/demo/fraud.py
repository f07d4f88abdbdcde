"""Fraud in the demo: how the fraud gateway decides about which order, and what its ledger must then show."""

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from canonical.fraud_policy import FraudPolicy
from connectors.signifyd.simulator import SignifydSimulator
from connectors.signifyd.simulator.desk import Action
from hub.demo.plan import PlannedOrder
from hub.demo.scenarios import Outcome

GATEWAY = "signifyd"
POLICY = FraudPolicy(
    gateway=GATEWAY,
    channels={"shopify": False},
    decide_within_h=0.08,
    accept_undecided_below=Decimal(2000),
)
"""Five minutes are a long time in a demo. Shopify screens the orders of its own shops."""
_SOON_S = 40.0
_DECISIONS: Mapping[Outcome, tuple[Action, float | None]] = {
    Outcome.SCREENED_AND_CLEARED: ("ACCEPT", _SOON_S),
    Outcome.CLEARED_BY_A_PERSON: ("HOLD", 0),
    Outcome.REJECTED_FOR_FRAUD: ("REJECT", _SOON_S),
    Outcome.NO_DECISION_IN_TIME: ("ACCEPT", None),
}
"""All others are approved in the answer."""


def plan_decisions(partner: SignifydSimulator, plan: Iterable[PlannedOrder]) -> None:
    """Tell the gateway how it will decide."""
    for order in plan:
        if order.outcome in _DECISIONS:
            partner.plan(f"{order.channel}:{order.reference}", *_DECISIONS[order.outcome])


KINDS = frozenset({"screened", "told_fulfillment", "told_return"})
"""What counts of the gateway's ledger."""


def reference_of(entry: Mapping[str, Any]) -> str:
    """Return the order that an entry of the gateway's ledger is about; it knows orders as `channel:reference`."""
    return str(entry["order"]).partition(":")[2]


def note(found: Counter[str], entry: Mapping[str, Any]) -> None:
    """Count what the gateway was asked and told about an order; what it was told twice counts once."""
    match entry["kind"]:
        case "screened":
            found["screened"] += 1
        case "told_fulfillment" if not entry["again"]:
            cancelled = entry["said"]["fulfillmentStatus"] == "CANCELED"
            found["cancelled" if cancelled else "parcels"] += 1
        case "told_return" if not entry["again"]:
            found["returned"] += 1
        case _:
            pass


def wrong(expected: Mapping[str, Any], found: Counter[str]) -> Iterable[str]:
    """Yield what is wrong with it. An order that is cancelled at once may be screened or not."""
    if expected["screened"] is None:
        return
    times = int(expected["screened"])
    if found["screened"] != times:
        yield f"screened {found['screened']} times, not {times}"
    if not times:
        return
    wanted = {
        "parcels": expected["parcels"],
        "cancelled": expected["told_cancelled"],
        "returned": int(expected["outcome"] == Outcome.RETURNED.value),
    }
    for what, count in wanted.items():
        if found[what] != count:
            yield f"the fraud gateway was told of {found[what]} {what}, not {count}"
