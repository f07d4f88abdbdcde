"""An order as the REST Admin API and the bodies of webhooks show it, put into the shape in which orders are fetched.

What comes in by webhook is always fetched: this is for trying a document that somebody has at hand. It has no
transactions, so the order that it becomes has no tenders. Money is the buyer's (`presentment_money`), where it is told
(shopify.dev/docs/api/admin-rest/latest/resources/order).
"""

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Any, cast

Obj = dict[str, Any]
_Money = Callable[[Obj, str], Obj | None]

_SAME = ("name", "test", "phone", "email", "edited")
_RENAMED = {
    "createdAt": "created_at",
    "updatedAt": "updated_at",
    "cancelledAt": "cancelled_at",
    "taxesIncluded": "taxes_included",
    "customerLocale": "customer_locale",
}
_ADDRESS = {
    "name": "name",
    "company": "company",
    "address1": "address1",
    "address2": "address2",
    "city": "city",
    "provinceCode": "province_code",
    "zip": "zip",
    "countryCodeV2": "country_code",
    "phone": "phone",
}


def as_fetched(said: Obj) -> Obj | None:
    """Return the order in the shape of the hub's own query; None for what is no order of REST's."""
    order = _obj(said.get("order")) or said
    if order.get("id") is None or "total_price" not in order:
        return None
    lines = order.get("line_items")
    currency = order.get("presentment_currency") or order.get("currency")
    applied = _each(order.get("discount_applications"))
    reason = order.get("cancel_reason")

    def money(node: Obj, name: str) -> Obj | None:
        told = _obj(_obj(node.get(f"{name}_set")).get("presentment_money"))
        amount = told.get("amount", node.get(name))
        if amount is None:
            return None
        return {
            "presentmentMoney": {"amount": str(amount), "currencyCode": told.get("currency_code", currency)}
        }

    return {
        **{name: order.get(name) for name in _SAME},
        **{name: order.get(rest) for name, rest in _RENAMED.items()},
        "id": f"gid://shopify/Order/{order['id']}",
        "legacyResourceId": str(order["id"]),
        "cancelReason": reason.upper() if isinstance(reason, str) else None,
        "presentmentCurrencyCode": currency,
        "totalPriceSet": money(order, "total_price"),
        "totalTipReceivedSet": money(order, "total_tip_received"),
        "originalTotalDutiesSet": money(order, "original_total_duties"),
        "originalTotalAdditionalFeesSet": money(order, "original_total_additional_fees"),
        "shippingAddress": _address(order.get("shipping_address")),
        "billingAddress": _address(order.get("billing_address")),
        "lineItems": {
            "nodes": [_line(_obj(line), applied, money) for line in _each(lines)] if lines else None
        },
        "shippingLines": {
            "nodes": [_shipping(_obj(line), money) for line in _each(order.get("shipping_lines"))]
        },
        "transactions": [],
    }


def _line(line: Obj, applied: list[Any], money: _Money) -> Obj:
    variant = line.get("variant_id")
    return {
        "id": f"gid://shopify/LineItem/{line.get('id')}",
        "sku": line.get("sku"),
        "title": line.get("title"),
        "quantity": line.get("quantity"),
        "currentQuantity": line.get("current_quantity", line.get("quantity")),
        "requiresShipping": line.get("requires_shipping"),
        "variant": None if variant is None else {"legacyResourceId": str(variant)},
        "originalUnitPriceSet": money(line, "price"),
        "discountAllocations": [
            {
                "allocatedAmountSet": money(_obj(one), "amount"),
                "discountApplication": _application(applied, _obj(one).get("discount_application_index")),
            }
            for one in _each(line.get("discount_allocations"))
        ],
        "taxLines": _taxes(line, money),
    }


def _shipping(line: Obj, money: _Money) -> Obj:
    return {
        "title": line.get("title"),
        "code": line.get("code"),
        "isRemoved": line.get("is_removed", False),
        "discountedPriceSet": money(line, "discounted_price") or _reduced(line, money),
        "taxLines": _taxes(line, money),
    }


def _reduced(line: Obj, money: _Money) -> Obj | None:
    """Return the price of a shipping line less its discounts, where REST does not say what is left of it."""
    price = money(line, "price")
    parts = [money(_obj(one), "amount") for one in _each(line.get("discount_allocations"))]
    if price is None or not parts:
        return price
    try:
        off = sum((Decimal(part["presentmentMoney"]["amount"]) for part in parts if part), Decimal(0))
        left = Decimal(price["presentmentMoney"]["amount"]) - off
    except InvalidOperation:
        return price  # it is refused as it stands, by its name
    return {"presentmentMoney": {**price["presentmentMoney"], "amount": str(left)}}


def _taxes(line: Obj, money: _Money) -> list[Obj]:
    return [
        {
            "title": tax.get("title"),
            "rate": tax.get("rate"),
            "channelLiable": tax.get("channel_liable"),
            "priceSet": money(tax, "price"),
        }
        for tax in map(_obj, _each(line.get("tax_lines")))
    ]


def _application(applied: list[Any], index: object) -> Obj:
    found = _obj(applied[index]) if isinstance(index, int) and 0 <= index < len(applied) else {}
    return {name: found[name] for name in ("code", "title") if found.get(name)}


def _address(address: object) -> Obj | None:
    told = _obj(address)
    return {name: told.get(rest) for name, rest in _ADDRESS.items()} if told else None


def _obj(node: object) -> Obj:
    return cast("Obj", node) if isinstance(node, dict) else {}


def _each(node: object) -> list[Any]:
    return [*cast("Iterable[Any]", node)] if isinstance(node, list) else []
