"""What the simulated Signifyd knows and decides: cases by order, decisions, and what it was told of the orders.

developer.signifyd.com/main/reference/sale: a sale of a known order updates it and is decided anew; from the hundredth
update on the decision is REJECT (reference/checkout).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from core.clock import Clock
from core.simulator import Ledger

Obj = dict[str, Any]
Action = Literal["ACCEPT", "REJECT", "HOLD", "CHALLENGE"]
MOST_UPDATES = 100

_REASONS = {
    "ACCEPT": "SIGNIFYD_APPROVED",
    "REJECT": "SIGNIFYD_DECLINED",
    "HOLD": "MERCHANT_POLICY",
    "CHALLENGE": "SCA_REQUIRED",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How an order is decided: `after_s` None never, 0 in the answer, else that much later by webhook."""

    action: Action = "ACCEPT"
    after_s: float | None = 0


@dataclass(slots=True)
class Case:
    """An order as Signifyd knows it."""

    signifyd_id: int
    sale: Obj
    updates: int = 0
    decision: Obj | None = None
    decided_at: datetime | None = None
    """When it was last decided, about whichever state of the order."""
    told: dict[str, Obj] = field(default_factory=dict[str, Obj])
    """Transactions, fulfillments and returns, by kind and id."""


class Desk:
    """Keeps the cases. `announce` sends a case's decision out, with the checkpoint that it was made at."""

    def __init__(self, clock: Clock, ledger: Ledger, announce: Callable[[str, Obj], None]) -> None:
        self._clock, self._ledger, self._announce = clock, ledger, announce
        self.cases: dict[str, Case] = {}
        self.plans: dict[str, Plan] = {}
        self.otherwise = Plan()
        """What happens to orders without a plan."""

    def sell(self, sale: Obj) -> Case:
        """Take a sale in: a new case, or a known one as it is now."""
        order_id = str(sale["orderId"])
        case = self.cases.get(order_id)
        if case is None:
            case = self.cases[order_id] = Case(9_900_000_001 + len(self.cases), sale)
        else:
            case.sale, case.decision, case.updates = sale, None, case.updates + 1
        self._ledger.write("screened", order_id, order=order_id, turn=case.updates + 1)
        return case

    def decide(self, order_id: str, action: str, checkpoint: str = "SALE") -> Obj:
        """Decide, and say so."""
        case = self.cases[order_id]
        if case.updates >= MOST_UPDATES:
            action = "REJECT"
        case.decision = {
            "createdAt": self._moment(case).isoformat(timespec="microseconds"),
            "checkpointAction": action,
            "checkpointActionReason": _REASONS[action],
            "checkpointActionPolicy": "SIGNIFYD_DECISION" if action != "HOLD" else "Merchant review",
            "policies": {
                "overriding": [],
                "default": {"name": "SIGNIFYD_DECISION", "status": "EVALUATED_TRUE"},
            },
            "score": {"ACCEPT": 871.42, "REJECT": 12.5}.get(action, 401.0),
        }
        self._ledger.write("decided", order_id, order=order_id, action=action, checkpoint=checkpoint)
        self._announce(checkpoint, self.shown(order_id))
        return self.shown(order_id)

    def _moment(self, case: Case) -> datetime:
        """Return the time, never that of the decision before."""
        now, before = self._clock.now(), case.decided_at
        case.decided_at = now if before is None or now > before else before + timedelta(milliseconds=1)
        return case.decided_at

    def shown(self, order_id: str) -> Obj:
        """Return a case as answers and webhooks show it; `decision` is null until there is one."""
        case = self.cases[order_id]
        purchase: Obj = case.sale["purchase"]
        cover = {"amount": purchase["totalPrice"], "currency": purchase["currency"]}
        accepted = case.decision is not None and case.decision["checkpointAction"] == "ACCEPT"
        return {
            "signifydId": case.signifyd_id,
            "orderId": order_id,
            "decision": case.decision,
            "coverage": {"fraudChargebacks": cover if accepted else None, "inrChargebacks": None},
        }

    def tell(self, kind: str, order_id: str, thing_id: str, said: Obj) -> None:
        """Take in what became of an order. The same thing told again takes the place of what was said before."""
        told = self.cases[order_id].told
        copy = f"{kind} {thing_id}"
        again = told.get(copy) == said
        told[copy] = said
        self._ledger.write(f"told_{kind}", thing_id, order=order_id, again=again, said=said)
