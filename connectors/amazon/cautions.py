"""Why a person should look at an order of Amazon's before anything happens: what it demands that no parcel, and no
message of the hub's, would carry out. Pure; a Python transform of the mapping documents (Orders API v2026-01-01).
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from connectors.amazon.plain import Obj, each, obj

_LONGEST = 500
_LEFT = {
    "PARTIALLY_SHIPPED": "Amazon says that part of it was shipped before the hub knew of it: "
    "cancel what has left, or all of it",
    "SHIPPED": "Amazon says that it was shipped already, and not by the hub: cancel it here",
}
_PROGRAMS = {
    "IN_STORE_PICK_UP": "the buyer picks it up in a store",
    "AMAZON_EASY_SHIP": "Amazon's carrier collects it (Easy Ship): its label is made in Seller Central",
    "DELIVERY_BY_AMAZON": "Amazon's carrier collects it (Delivery by Amazon): its label is made in Seller Central",
}
_CONSTRAINTS = {
    "cashOnDelivery": "the buyer pays at the door, and has paid nothing yet",
    "palletDelivery": "it must go on a pallet",
    "signatureConfirmation": "whoever takes it must sign",
    "recipientIdentityVerification": "only the recipient may take it, and shows who that is",
    "recipientAgeVerification": "the carrier must check the recipient's age",
}
_NOT_OURS = frozenset({"PENDING", "PENDING_AVAILABILITY", "CANCELLED", "UNFULFILLABLE"})


def review(order: Obj) -> str | None:
    """Return every reason, or None. What Amazon sends itself, and what nobody has to send yet, gives none."""
    fulfilment = obj(order.get("fulfillment"))
    status = str(fulfilment.get("fulfillmentStatus"))
    if status in _NOT_OURS or fulfilment.get("fulfilledBy") == "AMAZON":
        return None
    if status in _LEFT:
        return _LEFT[status]
    return "; ".join(dict.fromkeys(_reasons(order)))[:_LONGEST] or None


def _reasons(order: Obj) -> Iterator[str]:
    programs = each(order.get("programs"))
    yield from (said for program, said in _PROGRAMS.items() if program in programs)
    methods = [
        obj(one).get("paymentMethod") for one in each(obj(order.get("payment")).get("paymentExecutions"))
    ]
    if "CashOnDelivery" in methods:
        yield _CONSTRAINTS["cashOnDelivery"]
    for item in map(obj, each(order.get("orderItems"))):
        yield from _item_reasons(item)


def _item_reasons(item: Obj) -> Iterator[str]:
    shipping = obj(obj(item.get("fulfillment")).get("shipping"))
    demanded = obj(shipping.get("shippingConstraints"))
    yield from (said for name, said in _CONSTRAINTS.items() if demanded.get(name))
    measure = obj(item.get("measurement"))
    if measure and measure.get("unit") != "COUNT":
        yield f"item {item.get('orderItemId')} is sold by measure: {measure.get('value')} {measure.get('unit')}"
    if obj(obj(item.get("product")).get("customization")).get("customizedUrl"):
        yield f"item {item.get('orderItemId')} is made as the buyer designed it: see the order in Seller Central"


TRANSFORMS: Mapping[str, Callable[..., Any]] = {"amazon_review": review}
