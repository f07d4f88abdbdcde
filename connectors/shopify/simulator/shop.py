"""The shop: its buyers, its staff, and the API through which an app sees it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

import httpx

from connectors.shopify.simulator import goods, money
from connectors.shopify.simulator.answering import Answering
from connectors.shopify.simulator.api import App, ShopifyApi
from connectors.shopify.simulator.checkout import Basket, new_order
from connectors.shopify.simulator.delivery import Delivery
from connectors.shopify.simulator.state import LOCATION, Books, Obj, Variant
from core.loopback import LoopbackServer
from core.simulator import Workshop

_LAG_S = 30.0
_OPERATION = re.compile(r"\s*(?:query|mutation)\s+(\w+)")

Payment = Literal["authorised", "paid", "pending", "none", "failed"]


class ShopifyShop:
    """A shop on Shopify, with state.

    Options: `client_id`, `client_secret`, `token_life_s` (86399), `points` (2000) and `restore_rate` (100) of the
    bucket, `job_looks` (how often a cancellation's job is asked for until it is done, 1), `webhook_url`, `stock`
    (whether the settings name the location), `poll_s`, `deadline_s`, `settle_s` (handed on with the settings).

    Faults of calls, by `{operation}:{order's global id}`, or by SKU for stock: `timeout_before`, `reset_before`,
    `http_500`, `timeout_after`, `reset_after`, `http_500_after`, `torn_answer`, `malformed`, `http_429`, `http_403`,
    `throttled`, `not_allowed`; `token_500` by `token`. Faults of webhooks: see `Delivery`. `lagging_search` by order
    number: the order is in no list for a while.

    Ledger: `ordered`, `told_shipped`, `told_cancelled`, `told_status`, `staff` by order number; `authorised`,
    `captured`, `voided`, `refunded` by transaction; `stock_set` by SKU; `contradiction`.
    """

    def __init__(self, workshop: Workshop) -> None:
        options = workshop.options
        self._workshop, self._faults, self.ledger = workshop, workshop.faults, workshop.ledger
        self.books = Books(workshop.clock, workshop.ledger)
        self.client_id = str(options.get("client_id", "simulated"))
        self.client_secret = str(options.get("client_secret", f"shpss_{workshop.name}_{workshop.seed}"))
        self.delivery = Delivery(workshop.clock, workshop.faults, self.client_secret, self._contradicted)
        self.delivery.url = options.get("webhook_url")
        self.api = ShopifyApi(
            workshop.clock,
            workshop.faults,
            Answering(self.books, self._changed, job_looks=int(options.get("job_looks", 1))),
            App(
                self.client_id,
                self.client_secret,
                token_life_s=float(options.get("token_life_s", 86_399)),
                points=float(options.get("points", 2000)),
                restore_rate=float(options.get("restore_rate", 100)),
            ),
            self._keys_of,
        )
        self.api.server = self._server = LoopbackServer(self.api, workshop.port)

    async def start(self) -> dict[str, Any]:
        """Serve, and return the connector settings with which the hub reaches it."""
        url = await self._server.start()
        options = self._workshop.options
        handed_on = {name: options[name] for name in ("poll_s", "deadline_s", "settle_s") if name in options}
        location = {"stock_location": LOCATION} if options.get("stock", True) else {}
        return {
            "shop_url": url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            **location,
            **handed_on,
        }

    async def stop(self) -> None:
        """Stop serving, and sending. State is kept."""
        await self._server.stop()
        await self.delivery.stop()

    def connect(self, base_url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Say where the connector's doors are, as in `https://hub.example.com/connectors/shopify`."""
        self.delivery.url, self.delivery.transport = f"{base_url.rstrip('/')}/webhook", transport

    # --- what is sold ---

    def stock(self, sku: str, available: int, *, tracked: bool = True, stocked: bool = True) -> Variant:
        """Put a variant on sale."""
        number = int(self.books.next_id("ProductVariant").rpartition("/")[2])
        made = Variant(number, sku, available, tracked, stocked)
        self.books.variants[sku] = made
        return made

    # --- what buyers do ---

    def place(self, basket: Basket, payment: Payment = "authorised", number: int | None = None) -> str:
        """Take a buyer through the checkout; return the order's number. What is available falls at once."""
        order = new_order(self.books, basket, number)
        self.books.orders[order["id"]] = order
        total = Decimal(order["totalPriceSet"]["presentmentMoney"]["amount"])
        match payment:
            case "authorised":
                self.books.transact(order, "AUTHORIZATION", total)
            case "paid":
                self.books.transact(order, "SALE", total)
            case "pending":
                self.books.transact(order, "SALE", total, status="PENDING")
            case "failed":
                self.books.transact(order, "SALE", total, status="FAILURE")
            case "none":
                self.books.touch(order)
        reference = str(order["legacyResourceId"])
        currency = order["presentmentCurrencyCode"]
        self.ledger.write("ordered", reference, total=str(total), currency=currency, email=order["email"])
        self._changed(order, "orders/create")
        return reference

    def pay(self, reference: str) -> None:
        """Let a payment that was under way arrive, or pay an order that was not paid at all."""
        order = self.order(reference)
        waiting = [one for one in order["transactions"] if one["status"] == "PENDING"]
        for one in waiting:
            one["status"], one["processedAt"] = "SUCCESS", self.books.now()
            self.books.moved(order, one)
        if not waiting:
            total = Decimal(order["totalPriceSet"]["presentmentMoney"]["amount"])
            self.books.transact(order, "SALE", total)
        self.books.touch(order)
        self._staff(order, "paid", "orders/paid", "orders/updated")

    def fail(self, reference: str) -> None:
        """Let a payment that was under way come to nothing."""
        order = self.order(reference)
        for one in [one for one in order["transactions"] if one["status"] == "PENDING"]:
            one["status"] = "FAILURE"
        self.books.touch(order)
        self._staff(order, "unpaid", "orders/updated")

    # --- what staff do, past the hub ---

    def cancel(self, reference: str, reason: str = "CUSTOMER", *, refund: bool = True) -> None:
        """Cancel an order at the shop, with its money paid back."""
        order = self.order(reference)
        goods.cancel(self.books, order, reason, restock=True)
        if refund:
            takings = [one for one in order["transactions"] if one["kind"] in {"SALE", "CAPTURE"}]
            for taken in [one for one in takings if one["status"] == "SUCCESS"]:
                self._pay_back(order, taken, Decimal(taken["amountSet"]["presentmentMoney"]["amount"]))
        self._staff(order, "cancelled", "orders/cancelled", "orders/updated")

    def refund(self, reference: str, amount: str) -> None:
        """Pay some money back at the shop."""
        order = self.order(reference)
        taken = next(one for one in order["transactions"] if one["kind"] in {"SALE", "CAPTURE"})
        self._pay_back(order, taken, Decimal(amount))
        self._staff(order, "refunded", "refunds/create", "orders/updated")

    def edit(self, reference: str, units: Mapping[int, int]) -> None:
        """Change how many units of some lines (by their place) are wanted; only fewer."""
        order = self.order(reference)
        for place, quantity in units.items():
            line = order["lineItems"][place]
            fewer = line["currentQuantity"] - quantity
            line["currentQuantity"] = quantity
            for one in order["fulfillmentOrders"][0]["lineItems"]:
                if one["lineItem"] is line:
                    one["remainingQuantity"] -= fewer
        order["edited"] = True
        self.books.touch(order)
        self._staff(order, "edited", "orders/edited", "orders/updated")

    def order(self, reference: str) -> Obj:
        """Return an order by its number."""
        return self.books.order(f"gid://shopify/Order/{reference}")

    def transaction(self, reference: str, kind: str) -> Obj:
        """Return an order's first transaction of a kind."""
        found: Obj = next(one for one in self.order(reference)["transactions"] if one["kind"] == kind)
        return found

    def _pay_back(self, order: Obj, taken: Obj, amount: Decimal) -> None:
        payment = {"amount": str(amount), "parentId": taken["id"]}
        money.refund(self.books, {"orderId": order["id"], "note": "at the shop", "transactions": [payment]})

    def _staff(self, order: Obj, what: str, *topics: str) -> None:
        self.ledger.write("staff", str(order["legacyResourceId"]), what=what)
        self._changed(order, *topics)

    def _changed(self, order: Obj, *topics: str) -> None:
        lags = self._faults.strikes("lagging_search", str(order["legacyResourceId"]))
        order["searchable_at"] = self._workshop.clock.monotonic() + (_LAG_S if lags else 0)
        for topic in topics:
            self.delivery.tell(order, topic)

    def _contradicted(self, what: str) -> None:
        self.ledger.write("contradiction", what)

    def _keys_of(self, asked: Obj) -> set[str]:
        """Return the keys by which faults know a call."""
        given: Obj = asked.get("variables") or {}
        named = _OPERATION.match(asked["query"])
        operation = named[1] if named else ""
        if operation == "SetQuantities":
            by_item = {variant.item_id: sku for sku, variant in self.books.variants.items()}
            return {by_item.get(one["inventoryItemId"], "") for one in given["input"]["quantities"]}
        wanted: Obj = given.get("input") or {}
        order = given.get("id") or wanted.get("id") or wanted.get("orderId")
        if operation == "Void":
            order = self._order_with("transactions", given["parent"])
        elif operation == "Fulfil":
            place = given["fulfillment"]["lineItemsByFulfillmentOrder"][0]["fulfillmentOrderId"]
            order = self._order_with("fulfillmentOrders", place)
        elif operation == "Mark":
            order = given["metafields"][0]["ownerId"]
        return {f"{operation}:{order}"}

    def _order_with(self, part: str, part_id: str) -> str | None:
        orders = self.books.orders.values()
        return next((one["id"] for one in orders if any(p["id"] == part_id for p in one[part])), None)
