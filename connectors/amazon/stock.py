"""Fills `StockSink`: what may be sold of each listing, by the Listings Items API v2021-08-01."""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from connectors.amazon.client import SpApiClient
from connectors.amazon.settings import AmazonSettings
from core.errors import RejectedError, RetryableError
from core.ports import StockAnswer, StockOffer


class AmazonStock:
    """Sets the units of a listing that the seller sends itself (channel `DEFAULT`); Amazon's own stock is Amazon's.

    One call sets one listing in one marketplace or several that share its stock. A figure is whole, so that a call
    without an answer is simply made again with the figure of its time.
    """

    most = 20

    def __init__(self, settings: AmazonSettings, client: SpApiClient) -> None:
        self.deadline_s = self.most * settings.call_s
        self.settle_s = settings.settle_s
        self._settings, self._client = settings, client

    async def tell(self, key: str, offers: Sequence[StockOffer]) -> StockAnswer:
        """Tell the figures, one after the other; one that is refused does not stop those behind it."""
        refused: dict[str, str] = {}
        for i, offer in enumerate(offers):
            try:
                problem = await self._tell(offer)
            except RejectedError as error:
                problem = str(error)
            except RetryableError as error:
                if i == 0:
                    raise
                return StockAnswer({left.reference: str(error) for left in offers[i:]}, refused)
            if problem is not None:
                refused[offer.reference] = f"{offer.reference}: {problem}"
        return StockAnswer(refused=refused)

    async def _tell(self, offer: StockOffer) -> str | None:
        """Set one listing's units; return why Amazon does not take them, None where it does."""
        available = {"fulfillment_channel_code": "DEFAULT", "quantity": offer.quantity}
        patch = {"op": "replace", "path": "/attributes/fulfillment_availability", "value": [available]}
        seller, sku = (quote(part, safe="") for part in (self._settings.seller_id, offer.reference))
        reply = await self._client.call(
            "patchListingsItem",
            f"/listings/2021-08-01/items/{seller}/{sku}",
            query={"marketplaceIds": ",".join(self._settings.marketplaces)},
            body=json.dumps({"productType": "PRODUCT", "patches": [patch]}).encode(),
        )
        said = reply.data()
        return None if said.get("status") == "ACCEPTED" else _issues(said)


def _issues(said: dict[str, Any]) -> str:
    issues: list[dict[str, Any]] = said.get("issues") or []
    told = "; ".join(f"{i.get('code')}: {i.get('message')}" for i in issues if i.get("severity") == "ERROR")
    return f"Amazon calls it {said.get('status')}: {told or 'no reason given'}"[:400]
