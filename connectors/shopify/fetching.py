"""Fetches an order whole, as the one document that the reader knows, and hands it in."""

import hashlib
from typing import Any

import orjson

from connectors.shopify.client import Obj, ShopifyClient, order_in
from connectors.shopify.documents import MORE_LINES, ORDER
from core.ports import Intake, RawDocument

KIND = "order"


class Fetcher:
    """Hands in orders by their id. The same state of an order is stored once, however often it is fetched."""

    def __init__(self, client: ShopifyClient) -> None:
        self._client = client

    async def fetch(self, order_id: str, intake: Intake) -> bool:
        """Fetch an order and hand it in; say whether it was new, in this state."""
        order = order_in(await self._client.ask(ORDER, {"id": order_id}))
        if order is None:
            return False  # deleted, or older than the app may see
        await self._rest_of_the_lines(order_id, order)
        body = orjson.dumps({"order": order})
        # Two changes within a second have one updatedAt: what the order looks like is part of its name.
        digest = hashlib.sha256(body).hexdigest()[:16]
        external_id = f"{order_id}@{order.get('updatedAt')}#{digest}"
        receipt = await intake.receive(RawDocument(KIND, body, external_id=external_id))
        return not receipt.duplicate

    async def _rest_of_the_lines(self, order_id: str, order: Obj) -> None:
        lines: Any = order["lineItems"]
        page = lines["pageInfo"]
        while page["hasNextPage"]:
            answer = await self._client.ask(MORE_LINES, {"id": order_id, "after": page["endCursor"]})
            more = answer["order"]["lineItems"]
            lines["nodes"].extend(more["nodes"])
            page = lines["pageInfo"] = more["pageInfo"]
