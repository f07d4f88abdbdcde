"""Asks for orders, with everything that the hub reads of them; says what of an order is missing.

Amazon has been seen to refuse a whole call because of one data set (selling-partner-api-models#5365), and leaves out
what its servers can't say just now. So an order that is not whole is kept as it came, and asked for again.
"""

import hashlib
import json
from dataclasses import dataclass
from urllib.parse import quote

from connectors.amazon.client import Reply, SpApiClient
from connectors.amazon.plain import Obj, each, obj
from connectors.amazon.slicing import orders_of
from core.errors import RejectedError
from core.ports import Intake, RawDocument

PATH = "/orders/2026-01-01/orders"
INCLUDED = "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"
ORDER, PARTIAL = "order", "partial"
_NOT_SOLD_YET = frozenset({"PENDING", "PENDING_AVAILABILITY"})
_OVER = frozenset({"SHIPPED", "CANCELLED", "UNFULFILLABLE"})


@dataclass(frozen=True, slots=True)
class Found:
    """An order as it was sent: `missing` says what it lacks, None for a whole one."""

    order_id: str
    text: str
    updated: str
    missing: str | None

    def raw(self) -> RawDocument:
        """Return it as a raw document. The same telling has the same id, one with more in it another."""
        body = self.text.encode()
        digest = hashlib.sha256(body).hexdigest()[:16]
        kind = ORDER if self.missing is None else PARTIAL
        return RawDocument(
            kind, body, external_id=f"{kind}:{self.order_id}@{self.updated}#{digest}",
            headers={} if self.missing is None else {"missing": self.missing},
        )  # fmt: skip


async def get_order(client: SpApiClient, order_id: str) -> Found:
    """Ask for one order; raise `RejectedError` where Amazon knows none of that id."""
    path = f"{PATH}/{quote(order_id, safe='')}"
    reply = await included(client, "getOrder", path, {})
    (text,) = orders_of(reply.body)
    return look(text)


async def included(client: SpApiClient, operation: str, path: str, query: dict[str, str]) -> Reply:
    """Ask with every data set; where Amazon refuses that, ask for what there is without."""
    try:
        return await client.call(operation, path, query={**query, "includedData": INCLUDED})
    except RejectedError as error:
        if error.code != "InvalidInput":
            raise
    return await client.call(operation, path, query=query)


async def hand_in(intake: Intake, found: Found) -> bool:
    """Store an order, and say whether it was new."""
    receipt = await intake.receive(found.raw())
    return not receipt.duplicate


def look(text: str) -> Found:
    """Look at an order's text for its id, and for what is missing. Never raises: a strange one is for its reader."""
    found: object = json.loads(text)
    order = obj(found)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Found(
        str(order.get("orderId") or digest), text, str(order.get("lastUpdatedTime")), _missing(order)
    )


def _missing(order: Obj) -> str | None:
    fulfilment = obj(order.get("fulfillment"))
    status = fulfilment.get("fulfillmentStatus")
    if status is None:
        return "fulfillment"
    if status in _NOT_SOLD_YET | _OVER or fulfilment.get("fulfilledBy") == "AMAZON":
        return None
    if obj(obj(order.get("recipient")).get("deliveryAddress")).get("countryCode") is None:
        return "recipient"
    replaces = bool(order.get("associatedOrders"))
    paid = [obj(obj(item).get("proceeds")) for item in each(order.get("orderItems"))]
    if not replaces and any("proceedsTotal" not in proceeds for proceeds in paid):
        return "proceeds"
    return None
