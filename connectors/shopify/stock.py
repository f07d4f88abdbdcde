"""Fills `StockSink`: what may be sold is set at one location, compared with what Shopify shows before.

Shopify counts its own sales off at once, before the hub knows of them. So a figure there that is neither the one it was
told nor the one it is to be told is left alone at first: the order is likely on its way, and the hub's figure about to
change. Source: shopify.dev/docs/api/admin-graphql/2026-10/mutations/inventorySetQuantities.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connectors.shopify.client import Obj, ShopifyClient, user_errors
from connectors.shopify.documents import LEVELS, SET_QUANTITIES
from connectors.shopify.settings import ShopifySettings
from core.errors import RejectedError
from core.ports import StockAnswer, StockOffer

_STALE = frozenset({"CHANGE_FROM_QUANTITY_STALE", "IDEMPOTENCY_CONCURRENT_REQUEST"})
_FIRST_ATTEMPT = 1


@dataclass(frozen=True, slots=True)
class _Level:
    """An item as Shopify has it at the location; `shown` None: it is not stocked there."""

    item_id: str
    tracked: bool
    shown: int | None


class ShopifyStock:
    """Sets what is available of each variant, by SKU or by the variant's number."""

    most = 50

    def __init__(self, settings: ShopifySettings, client: ShopifyClient, location: str) -> None:
        self.deadline_s, self.settle_s = settings.deadline_s, settings.settle_s
        self._client, self._location = client, location

    async def tell(self, key: str, offers: Sequence[StockOffer]) -> StockAnswer:
        """Read what Shopify shows, and set what differs, each figure only if it is still what was read."""
        found = await self._levels([offer.reference for offer in offers])
        refused, later = dict[str, str](), dict[str, str]()
        wanted: list[tuple[StockOffer, _Level]] = []
        for offer in offers:
            level, reason = _the_one(offer.reference, found.get(offer.reference, ()))
            if level is None:
                refused[offer.reference] = reason
            elif level.shown != offer.quantity:
                if offer.attempt == _FIRST_ATTEMPT and offer.told not in {None, level.shown}:
                    reason = f"Shopify shows {level.shown}, and was told {offer.told}: it may have sold some"
                    later[offer.reference] = reason
                else:
                    wanted.append((offer, level))
        if wanted:
            later |= await self._set(key, wanted)
        return StockAnswer(later, refused)

    async def _set(self, key: str, wanted: Sequence[tuple[StockOffer, _Level]]) -> Mapping[str, str]:
        """Set figures, all or none; return what is to be read and told again, with the reason."""
        change = {
            "name": "available",
            "reason": "correction",
            "referenceDocumentUri": f"orderhub://stock/{key}",
            "quantities": [
                {
                    "inventoryItemId": level.item_id, "locationId": self._location,
                    "quantity": offer.quantity, "changeFromQuantity": level.shown,
                }
                for offer, level in wanted
            ],
        }  # fmt: skip
        answer = await self._client.change(SET_QUANTITIES, {"input": change, "key": key})
        errors = user_errors(answer["inventorySetQuantities"])
        if not errors:
            return {}
        said = "; ".join(str(error["message"]) for error in errors)
        if any(error.get("code") not in _STALE for error in errors):
            raise RejectedError(f"Shopify refuses: {said}", code=str(errors[0].get("code")))
        return {offer.reference: f"Shopify's figures moved meanwhile: {said}" for offer, _ in wanted}

    async def _levels(self, references: Sequence[str]) -> dict[str, list[_Level]]:
        """Return what Shopify has under each reference: its SKU, or the variant's number."""
        terms = [f'sku:"{_quoted(one)}"' for one in references]
        terms += [f"id:{one}" for one in references if one.isascii() and one.isdecimal()]
        found: dict[str, list[_Level]] = {}
        after: str | None = None
        while True:
            variables = {"query": " OR ".join(terms), "location": self._location, "after": after}
            page = (await self._client.ask(LEVELS, variables))["productVariants"]
            for node in page["nodes"]:
                for name in {str(node["sku"] or ""), str(node["legacyResourceId"])} & set(references):
                    found.setdefault(name, []).append(_level(node["inventoryItem"]))
            if not page["pageInfo"]["hasNextPage"]:
                return found
            after = page["pageInfo"]["endCursor"]


def _level(item: Obj) -> _Level:
    level = item["inventoryLevel"]
    quantities: Iterable[Obj] = level["quantities"] if level else ()
    shown = next((int(one["quantity"]) for one in quantities if one["name"] == "available"), None)
    return _Level(str(item["id"]), bool(item["tracked"]), shown)


def _the_one(reference: str, found: Sequence[_Level]) -> tuple[_Level | None, str]:
    """Return the item that a reference means, or why it means none that stock can be set of."""
    if not found:
        return None, f"Shopify has no variant with the SKU or number {reference}"
    if len(found) > 1:
        return (
            None,
            f"Shopify has {len(found)} variants with the SKU {reference}: refer to them by their numbers",
        )
    if not found[0].tracked:
        return None, f"Shopify does not track the stock of {reference}: switch that on at the variant"
    if found[0].shown is None:
        return None, f"{reference} is not stocked at the location: activate it there"
    return found[0], ""


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
