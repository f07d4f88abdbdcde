"""What was ordered: lines, each with its price, its taxes and the rows that say where its units stand."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from canonical.base import Instant, Name, Value
from canonical.money import Money, share_of_units, total
from canonical.statuses import RowStatus

TaxCollector = Literal["merchant", "marketplace"]
"""Who takes a tax in and pays it to the state. What the marketplace collects is never our liability."""


class Tax(Value):
    """One tax on one line or on the shipping. `rate` is a fraction (0.19)."""

    code: Name
    rate: Annotated[Decimal, Field(ge=0, le=1)]
    amount: Money
    collected_by: TaxCollector = "merchant"


class Discount(Value):
    """A reduction, with the share of it that this line bears."""

    code: Name
    amount: Money


class Charge(Value):
    """What a line costs beside its goods: gift wrap, a fee for cash on delivery."""

    code: Name
    amount: Money


class Row(Value):
    """Some units of a line that stand at the same place. A line's rows always add up to what was ordered."""

    status: RowStatus
    quantity: Annotated[int, Field(gt=0)]
    node: Name | None = None
    release: Name | None = None
    shipment: Name | None = None
    eta: Instant | None = None


class ReleaseLine(Value):
    """Some units of a line that a node is asked for."""

    line_id: Name
    sku: Name
    quantity: Annotated[int, Field(gt=0)]


class Line(Value):
    """What was ordered of one SKU. `charges`, `discounts` and `taxes` are the whole line's."""

    id: Name
    sku: Name
    title: str = ""
    ordered: Annotated[int, Field(gt=0, le=1_000_000)]
    unit_price: Money
    """The price of one unit, before discounts; with tax when `Order.prices_include_tax`."""
    charges: tuple[Charge, ...] = ()
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[Tax, ...] = ()
    rows: tuple[Row, ...]
    attributes: dict[str, str] = {}

    def quantity(self, *statuses: RowStatus) -> int:
        """Return how many units stand at one of `statuses`."""
        units = 0
        for row in self.rows:  # a plain loop: every order asks this of all its lines many times
            if row.status in statuses:
                units += row.quantity
        return units

    def goods(self) -> Money:
        """Return what the whole line costs after charges and discounts, before tax that is not in the price."""
        gross = self.unit_price * self.ordered + total(
            (c.amount for c in self.charges), self.unit_price.currency
        )
        return gross - total((d.amount for d in self.discounts), gross.currency)

    def tax(self) -> Money:
        """Return the tax of the whole line."""
        return total((t.amount for t in self.taxes), self.unit_price.currency)

    def worth(self, units: int, *, plus_tax: bool) -> Money:
        """Return what the first `units` of the line cost the customer, in minor units.

        Goods and tax each by the cumulative rule, so that shipments, one after the other, add up to the line.
        """
        goods = share_of_units(self.goods(), self.ordered, units, 0)
        return goods + share_of_units(self.tax(), self.ordered, units, 0) if plus_tax else goods


class Shipping(Value):
    """What delivery costs the customer, and how it was promised."""

    method: Name = "standard"
    amount: Money
    taxes: tuple[Tax, ...] = ()

    def tax(self) -> Money:
        """Return the tax on delivery."""
        return total((t.amount for t in self.taxes), self.amount.currency)

    def worth(self, *, plus_tax: bool) -> Money:
        """Return what delivery costs the customer, in minor units."""
        return (self.amount + self.tax() if plus_tax else self.amount).rounded()
