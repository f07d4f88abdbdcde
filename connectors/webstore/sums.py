"""Whether an order adds up, and whether it is in one currency. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from canonical.money import exponent
from connectors.webstore.wire import Discount, OrderLine, OrderPosted, Tax

Place = tuple[str | int, ...]
Finding = tuple[Place, str, object]
"""A place, what is wrong there, and what stands there."""

_MOST = Decimal(10) ** 12
"""More than this no line and no order is worth, in any currency."""


def currency_findings(order: OrderPosted) -> Iterator[Finding]:
    """Find every amount that says it is in another currency than the order."""
    stated = [
        *((("lines", i, "currency"), line.currency) for i, line in enumerate(order.lines)),
        (("shipping", "currency"), order.shipping.currency),
        *((("payments", i, "currency"), payment.currency) for i, payment in enumerate(order.payments)),
    ]
    for place, currency in stated:
        if currency is not None and currency != order.currency:
            reason = f"the order is in {order.currency}: one order has one currency; send one order for each"
            yield place, reason, currency


def unit_findings(order: OrderPosted) -> Iterator[Finding]:
    """Find every amount that is finer than the currency's smallest unit, or larger than any order."""
    digits = exponent(order.currency)
    for place, amount in _amounts(order):
        if amount != round(amount, digits):
            yield place, f"{order.currency} has {digits} digits behind the point", str(amount)
    for i, line in enumerate(order.lines):
        if line.unit_price * line.quantity >= _MOST:
            yield ("lines", i, "quantity"), "the line is worth more than any order may be", line.quantity


def sum_findings(order: OrderPosted) -> Iterator[Finding]:
    """Find what does not add up: lines below zero, the total, the payments."""
    goods = Decimal(0)
    for i, line in enumerate(order.lines):
        value = _value(line)
        goods += value
        if value < 0:
            yield (
                ("lines", i, "discounts"),
                f"the discounts are larger than the line's price, by {-value}",
                None,
            )
    off = sum((discount.amount for discount in order.discounts), Decimal(0))
    if off > max(goods, Decimal(0)):
        yield ("discounts",), f"the order's discounts of {off} are larger than its goods of {goods}", None
    tax = Decimal(0) if order.prices_include_tax else _tax(order)
    total = goods - off + order.shipping.amount + tax
    if total != order.total:
        reason = (
            f"lines {goods}, discounts -{off}, shipping {order.shipping.amount} and "
            + (f"tax {tax}" if tax else "no further tax")
            + f" add up to {total}"
        )
        yield ("total",), reason, str(order.total)
    paid = sum((payment.amount for payment in order.payments), Decimal(0))
    if paid != order.total:
        yield ("payments",), f"the payments add up to {paid}, and the order's total is {order.total}", None


def _value(line: OrderLine) -> Decimal:
    return line.unit_price * line.quantity - sum((d.amount for d in line.discounts), Decimal(0))


def _tax(order: OrderPosted) -> Decimal:
    taxes = [tax for line in order.lines for tax in line.taxes] + list(order.shipping.taxes)
    return sum((tax.amount for tax in taxes), Decimal(0))


def _amounts(order: OrderPosted) -> Iterator[tuple[Place, Decimal]]:
    for i, line in enumerate(order.lines):
        yield ("lines", i, "unit_price"), line.unit_price
        yield from _each(("lines", i, "discounts"), line.discounts)
        yield from _each(("lines", i, "taxes"), line.taxes)
    yield from _each(("discounts",), order.discounts)
    yield ("shipping", "amount"), order.shipping.amount
    yield from _each(("shipping", "taxes"), order.shipping.taxes)
    yield ("total",), order.total
    yield from ((("payments", i, "amount"), payment.amount) for i, payment in enumerate(order.payments))


def _each(place: Place, parts: Sequence[Discount | Tax]) -> Iterator[tuple[Place, Decimal]]:
    for i, part in enumerate(parts):
        yield (*place, i, "amount"), part.amount
