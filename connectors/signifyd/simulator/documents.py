"""What the simulated Signifyd wants of the documents that it is sent: which fields, which types, which codes."""

from typing import Any

from mappings.data import is_list, is_object

Obj = dict[str, Any]

_CODES = {
    "fulfillmentStatus": {"PARTIAL", "COMPLETE", "REPLACEMENT", "CANCELED"},
    "shipmentStatus": {
        "WAITING_FOR_PICKUP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "FAILED_ATTEMPT", "DELIVERED", "EXCEPTION",
    },
    "gatewayStatusCode": {
        "SUCCESS", "PENDING", "FAILURE", "INITIAL", "ERROR", "CANCELLED", "EXPIRED", "SOFTDECLINE",
    },
    "decisionDelivery": {"SYNC", "ASYNC_ONLY"},
    "reason": {
        "BETTER_PRICE_AVAILABLE", "BOUGHT_BY_MISTAKE", "CANCELATION", "DID_NOT_AUTHORIZE", "DUPLICATE_ORDER",
        "ITEM_ARRIVED_TOO_LATE", "ITEM_NOT_RECEIVED", "NO_LONGER_NEEDED", "ITEM_DAMAGED",
        "SIGNIFICANTLY_NOT_AS_DESCRIBED", "ORDER_ERROR", "CANCELLED_BY_ISSUER", "OTHER",
    },
}  # fmt: skip
"""Enums of github.com/signifyd/commercetools, 2023."""

_WANTED: dict[str, tuple[str, ...]] = {
    "sales": (
        "orderId",
        "purchase.createdAt",
        "purchase.totalPrice",
        "purchase.currency",
        "purchase.products",
    ),
    "transactions": ("orderId", "transactions[].transactionId", "transactions[].gatewayStatusCode"),
    "fulfillments": ("orderId", "fulfillmentStatus", "fulfillments[].shipmentId"),
    "returns/records": ("orderId", "returnId", "returnedItems[].itemId"),
}


def errors(event: str, document: Any) -> dict[str, list[str]]:
    """Return what is wrong with a document, by field; nothing for a good one."""
    found: dict[str, list[str]] = {}
    if not isinstance(document, dict):
        return {"": ["not an object"]}
    for path in _WANTED[event]:
        if any(value in (None, "", [], {}) for value in _at(document, path.replace("[]", ".*").split("."))):
            found[path] = ["is required"]
    for path, value in _leaves(document, ""):
        name = path.rpartition(".")[2]
        if name in _CODES and value not in _CODES[name]:
            found[path] = [f"{value!r} is none of {sorted(_CODES[name])}"]
        if name in {"totalPrice", "itemPrice", "amount"} and (isinstance(value, bool | str) or value < 0):
            found[path] = ["is a number, not below 0"]
        if name == "itemQuantity" and (not isinstance(value, int) or value < 1):
            found[path] = ["is a whole number above 0"]
    return found


def _at(value: Any, path: list[str]) -> list[Any]:
    if not path:
        return [value]
    head, rest = path[0], path[1:]
    if head == "*":
        inner = value if is_list(value) else []
        return [found for one in inner for found in _at(one, rest)] or [None]
    return _at(value.get(head), rest) if is_object(value) else [None]


def _leaves(value: Any, path: str) -> list[tuple[str, Any]]:
    if is_object(value):
        return [leaf for name, one in value.items() for leaf in _leaves(one, f"{path}.{name}".lstrip("."))]
    if is_list(value):
        return [leaf for one in value for leaf in _leaves(one, path)]
    return [(path, value)]
