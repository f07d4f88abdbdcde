"""From an order as it was fetched to the documents that it says: which mapping documents read it. Pure.

The order itself comes first, and is known by its natural key ever after; then what became of its money; then whether
it was cancelled or changed at the shop. So what the shop has paid back is known before the hub asks whether anything is
to be paid back. Every document has a natural key of Shopify's own: however often an order is fetched, each says its
thing once.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import orjson

from canonical.documents import Document
from connectors.shopify.documents import number
from connectors.shopify.rest import as_fetched
from connectors.shopify.transactions import DONE, HOLDING, UNDER_WAY
from core.connector import Mappings
from core.errors import DocumentError, Problem
from core.ports import RawDocument
from core.raw_json import parse_json

Obj = dict[str, Any]

PAYMENTS = ("authorised", "sold", "captured", "voided", "refunded", "refund_failed")
"""The mapping documents of transactions, in the order in which money moves."""
_NOT_CARRIED = {
    "totalTipReceivedSet": "a tip",
    "originalTotalDutiesSet": "duties",
    "originalTotalAdditionalFeesSet": "additional fees",
}
_LONGEST_SUMMARY = 500


class ShopifyReader:
    """Reads orders of the channel, and gateway, of that name."""

    def __init__(self, name: str, mappings: Mappings, *, take_tests: bool) -> None:
        self._name, self._mappings, self._take_tests = name, mappings, take_tests

    def __call__(self, raw: RawDocument) -> tuple[Document, ...]:
        """Return everything that a stored order says; raise `DocumentError` with what is not as agreed."""
        return self.documents(raw.body)

    def documents(self, body: bytes) -> tuple[Document, ...]:
        """Return the order, its payments, its cancellation, its changes. Nothing for a test order that is ignored."""
        order, body = _order(body)
        if order.get("test") is True and not self._take_tests:
            return ()
        problems = tuple(_problems(order))
        if problems:
            raise DocumentError(problems)
        channel, gateway = {"channel": self._name}, {"gateway": self._name}
        found = [*self._mappings.read("shopify/order", body, channel)]
        for name in (*PAYMENTS, *_unpaid(order)):
            found += self._mappings.read(f"shopify/{name}", body, gateway)
        if order.get("cancelledAt"):
            return (*found, *self._mappings.read("shopify/cancelled", body, channel))
        if changes := _changes(order):
            said = {**channel, "state": changes[0], "summary": changes[1]}
            found += self._mappings.read("shopify/changed", body, said)
        return tuple(found)


def news(raw: RawDocument) -> tuple[Document, ...]:  # noqa: ARG001 - it fills `Reader`
    """Read a webhook: it says nothing itself; the order that it is about is fetched."""
    return ()


def shopify_sum(value: object) -> str | None:
    """Add decimal texts up. A Python transform of the mapping documents: JMESPath would count in floats."""
    amounts = cast("list[object]", value) if isinstance(value, list) else [value]
    try:
        return str(sum((Decimal(str(amount)) for amount in amounts), Decimal(0)))
    except InvalidOperation as error:
        message = f"these are no amounts: {amounts!r}"
        raise ValueError(message) from error


def shopify_units(value: object) -> dict[str, int]:
    """Return how many units of each line the shop counts now. A Python transform, as above."""
    lines = cast("list[Obj]", value) if isinstance(value, list) else []
    return {number(str(line["id"])): int(line["currentQuantity"]) for line in lines}


PYTHON_TRANSFORMS: Mapping[str, Callable[..., Any]] = {
    "shopify_sum": shopify_sum,
    "shopify_units": shopify_units,
}


def _order(body: bytes) -> tuple[Obj, bytes]:
    """Return the order, and the body in which the mapping documents find it: one of REST's is put into their shape."""
    said = parse_json(body)
    whole = cast("Obj", said) if isinstance(said, dict) else {}
    if (fetched := as_fetched(whole)) is not None:
        return fetched, orjson.dumps({"order": fetched})
    if isinstance(whole.get("orders"), list):
        raise DocumentError((Problem("these are several orders: give one of them", field="orders"),))
    order: object = whole.get("order")
    if not isinstance(order, dict):
        reason = "this is not an order, neither as the hub asks for it nor as REST and webhooks show it"
        raise DocumentError((Problem(reason, field="order"),))
    return cast("Obj", order), body


def _problems(order: Obj) -> Iterator[Problem]:
    """Find what an order of the hub can't carry: it would not add up, or could not be sent."""
    for field, what in _NOT_CARRIED.items():
        amount = _amount(order.get(field))
        if amount:
            reason = f"the hub's orders carry no {what.removeprefix('a ')}: take it out at the shop, then replay this"
            yield Problem(reason, field=f"order.{field}", value=str(amount))
    if not order.get("shippingAddress"):
        yield Problem("an order without a delivery address can't be sent", field="order.shippingAddress")
    lines: object = order.get("lineItems")
    nodes: object = cast("Obj", lines).get("nodes") if isinstance(lines, dict) else None
    if not isinstance(nodes, list):
        yield Problem("an order has lines", field="order.lineItems.nodes")
        return
    for i, line in enumerate(cast("list[object]", nodes)):
        yield from _line_problems(i, cast("Obj", line) if isinstance(line, dict) else {})


def _line_problems(i: int, line: Obj) -> Iterator[Problem]:
    field = f"order.lineItems.nodes[{i}]"
    if line.get("requiresShipping") is not True:
        reason = "what is not sent (a download, a service, a gift card) is not carried out by the hub"
        yield Problem(reason, field=f"{field}.requiresShipping", value=str(line.get("requiresShipping")))
    variant: object = line.get("variant")
    if not line.get("sku") and not (
        isinstance(variant, dict) and cast("Obj", variant).get("legacyResourceId")
    ):
        yield Problem("a line names an item, by SKU or by variant", field=f"{field}.sku")
    now: object = line.get("currentQuantity")
    if not isinstance(now, int) or isinstance(now, bool) or not isinstance(line.get("id"), str):
        yield Problem("a line has an id and a count of its units", field=f"{field}.currentQuantity")


def _unpaid(order: Obj) -> tuple[str, ...]:
    """Return what reads failed payments, where nothing else pays: a buyer may try several cards until one is good."""
    transactions: object = order.get("transactions")
    several = cast("list[object]", transactions) if isinstance(transactions, list) else []
    known = [cast("Obj", one) for one in several if isinstance(one, dict)]
    pays = any(one.get("kind") in HOLDING and one.get("status") in DONE | UNDER_WAY for one in known)
    return () if pays else ("declined",)


def _amount(money: object) -> Decimal:
    try:
        return Decimal(str(cast("Any", money)["presentmentMoney"]["amount"]))
    except (TypeError, KeyError, InvalidOperation):
        return Decimal(0)


def _changes(order: Obj) -> tuple[str, str] | None:
    """Return a name for the order's lines as they stand now, and in words what is not as it was bought."""
    lines: list[Obj] = order["lineItems"]["nodes"]
    changed = [line for line in lines if line["currentQuantity"] != line.get("quantity")]
    if not changed and not order.get("edited"):
        return None
    units = [f"{number(line['id'])}={line['currentQuantity']}" for line in lines]
    state = "lines-" + hashlib.sha256(",".join(units).encode()).hexdigest()[:16]
    words = [
        f"{line.get('sku') or line.get('title')}: {line['currentQuantity']} instead of {line.get('quantity')}"
        for line in changed
    ]
    return state, ("; ".join(words) or "the order was edited at the shop")[:_LONGEST_SUMMARY]
