"""What the business has decided about fraud: who screens which orders, and what follows."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from canonical.base import Name, Value
from canonical.order import Order


class FraudPolicy(Value):
    """Which orders a fraud gateway looks at before they are sent."""

    gateway: Name | None = None
    """The connector that screens orders; without one nothing is screened."""
    channels: dict[Name, bool] = {}
    """Channels whose orders are screened always (true) or never (false). Of the others those orders are screened for
    which a gateway holds money; what the channel has been paid itself, as marketplaces and tills are, is not."""
    min_total: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    """Orders below this total, in their own currency, are not screened."""
    decide_within_h: Annotated[float, Field(gt=0, le=24 * 30)] = 12
    """So many hours the gateway has for a decision."""
    accept_undecided_below: Annotated[Decimal, Field(ge=0)] = Decimal(0)
    """Orders without a decision in time are cleared below this total, in their own currency; else a person decides."""
    on_rejection: Literal["cancel", "hold"] = "cancel"
    """What the gateway rejects is cancelled at once, or held for a person."""

    def covers(self, order: Order) -> bool:
        """Say whether the order is to be screened."""
        return self.gateway is not None and self.exemption(order) is None

    def exemption(self, order: Order) -> str | None:
        """Return why an order is not screened; None for one that is."""
        wanted = self.channels.get(order.channel)
        if wanted is False:
            return f"orders of {order.channel} are not screened"
        if not order.total:
            return "there is nothing to pay"
        if wanted is None and order.payment.prepaid(order.currency) >= order.total:
            return f"{order.channel} has been paid itself"
        if order.total.amount < self.min_total:
            return f"{order.total} is below {self.min_total}"
        return None
