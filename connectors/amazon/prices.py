"""What Amazon's breakdowns of proceeds mean for lines, shipping and taxes. Pure; Python transforms of the mappings.

An item's `proceeds.breakdowns` are ITEM, SHIPPING, GIFT_WRAP, COD_FEE, OTHER, TAX and DISCOUNT; those of TAX and
DISCOUNT say further on what they fall (`detailedBreakdowns`). They add up to `proceedsTotal`, and the items to the
order's `grandTotal`: with TAX on top, or with TAX within the other amounts, and which of the two is found by adding
up. Discounts count as reductions whether they are written with a minus or without. Where nothing adds up, the order is
refused with the field's name (Orders API v2026-01-01, OrderProceedsBreakdown, ItemProceedsBreakdown).
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from canonical.money import exponent
from connectors.amazon.plain import Obj, each, obj

_ZERO = Decimal(0)
_CHARGES = ("GIFT_WRAP", "COD_FEE", "OTHER")
_KNOWN = frozenset({"ITEM", "SHIPPING", *_CHARGES, "TAX", "DISCOUNT"})
_NO_PRICES = frozenset({"expense", "payment"})
"""Points, and how the buyer paid: perhaps in money of another kind."""
_MARKETPLACE = "MARKETPLACE_FACILITATOR"


class Item:
    """One item's amounts, as its breakdowns say them."""

    def __init__(self, item: Obj, where: str) -> None:
        self._where = f"{where}.proceeds"
        proceeds = obj(item.get("proceeds"))
        ordered = item.get("quantityOrdered")
        self.quantity = 1 if ordered is None else int(ordered)
        self.total = _money(proceeds.get("proceedsTotal"), f"{self._where}.proceedsTotal")
        self.sums: dict[str, Decimal] = {}
        self._details: dict[tuple[str, str], Decimal] = {}
        for i, entry in enumerate(each(proceeds.get("breakdowns"))):
            self._add(entry, f"{self._where}.breakdowns[{i}]")
        if "ITEM" not in self.sums:
            self.sums["ITEM"] = self._goods(item, where)
        self.by_marketplace = any(
            obj(entry).get("model") == _MARKETPLACE
            for entry in each(obj(item.get("tax")).get("taxCollections"))
        )

    def _add(self, entry: Any, where: str) -> None:
        said = obj(entry)
        kind = str(said.get("type"))
        if kind not in _KNOWN:
            raise ValueError(
                f"{where}.type: {kind!r} is no part of a price that is known: {', '.join(sorted(_KNOWN))}"
            )
        amount = _money(said.get("subtotal"), f"{where}.subtotal") or _ZERO
        self.sums[kind] = self.sums.get(kind, _ZERO) + (abs(amount) if kind == "DISCOUNT" else amount)
        for i, detail in enumerate(each(said.get("detailedBreakdowns"))):
            part = obj(detail)
            value = _money(part.get("value"), f"{where}.detailedBreakdowns[{i}].value") or _ZERO
            key = (kind, str(part.get("subtype")))
            self._details[key] = self._details.get(key, _ZERO) + (abs(value) if kind == "DISCOUNT" else value)

    def _goods(self, item: Obj, where: str) -> Decimal:
        """Return what the goods cost where no breakdown says it: by the unit's price, or by the item's total."""
        price = obj(obj(item.get("product")).get("price")).get("unitPrice")
        unit = _money(price, f"{where}.product.price.unitPrice")
        if unit is not None:
            return unit * self.quantity
        return (self.total or _ZERO) - self.without_goods(with_tax=True)

    def sum(self, kind: str) -> Decimal:
        """Return what the breakdowns of one type come to; a discount is positive."""
        return self.sums.get(kind, _ZERO)

    def detail(self, kind: str, subtype: str) -> Decimal:
        """Return what of a tax or discount falls on something."""
        return self._details.get((kind, subtype), _ZERO)

    def without_goods(self, *, with_tax: bool) -> Decimal:
        """Return what everything but the goods comes to."""
        charges = sum((self.sum(kind) for kind in ("SHIPPING", *_CHARGES)), _ZERO)
        return charges - self.sum("DISCOUNT") + (self.sum("TAX") if with_tax else _ZERO)

    def includes_tax(self) -> bool | None:
        """Say whether TAX is within the other amounts; None where there is none. Refuses what does not add up."""
        plus = self.sum("ITEM") + self.without_goods(with_tax=True)
        within = self.sum("ITEM") + self.without_goods(with_tax=False)
        stated = plus if self.total is None else self.total
        if stated == plus:
            return None if plus == within else False
        if stated == within:
            return True
        raise ValueError(
            f"{self._where}.proceedsTotal says {stated}, and the breakdowns add up to {plus}, "
            f"or to {within} without tax"
        )

    def unit_price(self, places: int) -> Decimal:
        """Return the price of one unit; what does not divide is rounded up, and taken back as a discount."""
        return (self.sum("ITEM") / self.quantity).quantize(Decimal(1).scaleb(-places), ROUND_CEILING)

    def rounding(self, places: int) -> Decimal:
        """Return by how much the units come to more than the item."""
        return self.unit_price(places) * self.quantity - self.sum("ITEM")

    @property
    def collected_by(self) -> str:
        """Who takes the tax in."""
        return "marketplace" if self.by_marketplace else "merchant"


def prices_include_tax(order: Obj) -> bool:
    """Say whether the order's prices hold their tax; all of its items must agree."""
    said = {found for item in _items(order) if (found := item.includes_tax()) is not None}
    if len(said) > 1:
        raise ValueError("orderItems: some items hold their tax, of others it comes on top")
    return said == {True}


def unit_price(item: Obj) -> Decimal:
    """Return what one unit costs."""
    return Item(item, "orderItems").unit_price(_places(item))


def discounts(item: Obj) -> list[dict[str, Any]]:
    """Return what the line costs less: promotions, but for those on shipping; and what its units round up to."""
    found = Item(item, "orderItems")
    promotions = [
        str(p["promotionId"])
        for p in map(obj, each(obj(item.get("promotion")).get("breakdowns")))
        if p.get("promotionId")
    ]
    parts = {
        ", ".join(promotions)[:200] or "promotion": found.sum("DISCOUNT")
        - found.detail("DISCOUNT", "SHIPPING"),
        "rounding": found.rounding(_places(item)),
    }
    return [{"code": code, "amount": amount} for code, amount in parts.items() if amount]


def charges(item: Obj) -> list[dict[str, Any]]:
    """Return what the line costs beside its goods."""
    found = Item(item, "orderItems")
    return [{"code": kind.lower(), "amount": found.sum(kind)} for kind in _CHARGES if found.sum(kind)]


def taxes(item: Obj) -> list[dict[str, Any]]:
    """Return the line's tax, but for that on shipping."""
    found = Item(item, "orderItems")
    amount = found.sum("TAX") - found.detail("TAX", "SHIPPING")
    goods = found.sum("ITEM") + sum((found.sum(kind) for kind in _CHARGES), _ZERO)
    base = goods - found.sum("DISCOUNT") + found.detail("DISCOUNT", "SHIPPING")
    return _tax("tax", amount, base, found) if amount else []


def shipping_amount(order: Obj) -> Decimal:
    """Return what delivery costs, less promotions on it, with a tip for whoever brings it."""
    items = _items(order)
    amount = sum((item.sum("SHIPPING") - item.detail("DISCOUNT", "SHIPPING") for item in items), _ZERO)
    return amount + _tip(order)


def shipping_taxes(order: Obj) -> list[dict[str, Any]]:
    """Return the tax on delivery, by who collects it."""
    made: list[dict[str, Any]] = []
    for collector in ("merchant", "marketplace"):
        some = [item for item in _items(order) if item.collected_by == collector]
        amount = sum((item.detail("TAX", "SHIPPING") for item in some), _ZERO)
        base = sum((item.sum("SHIPPING") - item.detail("DISCOUNT", "SHIPPING") for item in some), _ZERO)
        if amount:
            made += _tax("shipping_tax", amount, base, some[0])
    return made


def total(order: Obj) -> Decimal:
    """Return what the customer pays, once items and order agree on it."""
    items = _items(order)
    prices_include_tax(order)
    added = sum((_stated(item) for item in items), _ZERO)
    stated = _money(obj(order.get("proceeds")).get("grandTotal"), "proceeds.grandTotal")
    if stated is None:
        return added + _tip(order)
    # A tip is charged separately, after delivery: whether it is part of the grand total is found by adding up.
    if stated not in {added, added + _tip(order)}:
        raise ValueError(f"proceeds.grandTotal says {stated}, and the items add up to {added}")
    return added + _tip(order)


def currency(order: Obj) -> str | None:
    """Return the currency of the order's amounts, of which there may be only one; None where it has no amounts."""
    found = {str(code) for code in _currencies(order)}
    if len(found) > 1:
        raise ValueError(f"currencyCode: the order's amounts are in {' and '.join(sorted(found))}")
    return next(iter(found), None)


def _stated(item: Item) -> Decimal:
    if item.total is not None:
        return item.total
    return item.sum("ITEM") + item.without_goods(with_tax=not item.includes_tax())


def _tip(order: Obj) -> Decimal:
    found = _ZERO
    for i, entry in enumerate(each(obj(order.get("proceeds")).get("breakdowns"))):
        said = obj(entry)
        if said.get("type") == "DELIVERY_TIP" and said.get("status") != "PENDING":
            found += _money(said.get("subtotal"), f"proceeds.breakdowns[{i}].subtotal") or _ZERO
    return found


def _tax(code: str, amount: Decimal, base: Decimal, item: Item) -> list[dict[str, Any]]:
    net = base - amount if item.includes_tax() else base
    rate = min(Decimal(1), max(_ZERO, (amount / net).quantize(Decimal("0.0001")))) if net > 0 else _ZERO
    return [{"code": code, "rate": rate, "amount": amount, "collected_by": item.collected_by}]


def _items(order: Obj) -> list[Item]:
    return [Item(obj(item), f"orderItems[{i}]") for i, item in enumerate(each(order.get("orderItems")))]


def _places(item: Obj) -> int:
    code = next(iter(_currencies({"orderItems": [item]})), None)
    return exponent(code) if code else 2


def _currencies(node: Any) -> Sequence[str]:
    """Return every `currencyCode` below a node but for what is no part of the price."""
    known = obj(node)
    own = [str(known["currencyCode"])] if "amount" in known and known.get("currencyCode") else []
    below = [value for name, value in known.items() if name not in _NO_PRICES]
    return [*own, *(code for value in [*below, *each(node)] for code in _currencies(value))]


def _money(said: Any, where: str) -> Decimal | None:
    if said is None:
        return None
    text = obj(said).get("amount")
    try:
        amount = Decimal(str(text))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError(f"{where}.amount: {text!r} is no amount")
    return amount


TRANSFORMS: Mapping[str, Callable[..., Any]] = {
    "amazon_prices_include_tax": prices_include_tax,
    "amazon_unit_price": unit_price,
    "amazon_discounts": discounts,
    "amazon_charges": charges,
    "amazon_taxes": taxes,
    "amazon_shipping_amount": shipping_amount,
    "amazon_shipping_taxes": shipping_taxes,
    "amazon_total": total,
    "amazon_currency": currency,
}
