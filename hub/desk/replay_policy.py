"""What the one who runs the hub has decided about replays of many."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

CANARY_WAIT_S = 600


@dataclass(frozen=True, slots=True)
class ReplayPolicy:
    """Above which size a second person must agree, and how long a canary waits for what it sent."""

    approval_above: int | None = None
    """More items than this; None: never for their number."""
    approval_above_amount: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])
    """More money at stake than this, by currency."""
    canary_wait_s: int = CANARY_WAIT_S

    def needs_second(self, items: int, money: Mapping[str, Decimal]) -> str | None:
        """Return why somebody else must agree; None where nobody must."""
        if self.approval_above is not None and items > self.approval_above:
            return f"{items} items are more than {self.approval_above}"
        for currency, most in self.approval_above_amount.items():
            if money.get(currency, Decimal(0)) > most:
                return f"{money[currency]} {currency} at stake are more than {most} {currency}"
        return None
