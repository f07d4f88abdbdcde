"""The marketplace: one seller's account with its orders, feeds, listings and notifications."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from connectors.amazon.simulator.api import Entrance, Route
from connectors.amazon.simulator.feedwork import FeedWork
from connectors.amazon.simulator.orders import Orders, iso
from connectors.amazon.simulator.queue import Queue
from connectors.amazon.simulator.selling import Sold, an_order
from connectors.amazon.simulator.wire import Obj, Reply, Request, invalid
from core.simulator import Workshop

SELLER, MARKETPLACE = "A2EXAMPLESELLER", "A1PA6795UKMFR9"
_V0_STATUS = {
    "PENDING_AVAILABILITY": "PendingAvailability", "PENDING": "Pending", "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped", "SHIPPED": "Shipped", "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}  # fmt: skip
"""Notifications keep version 0's spellings (OrderChangeNotification.json)."""


class Marketplace:
    """Plays Amazon for one seller.

    Options: `feed_s` is how long a feed takes, `queue` False leaves notifications out, `page_size` is how many
    orders a page holds at most, `behind_s` is how far searches lag, `rate_factor` makes the usage plans that much
    more generous, `settings` are the connector's that go with all this.
    """

    def __init__(self, workshop: Workshop) -> None:
        options = workshop.options
        self._clock, self._faults, self._ledger = workshop.clock, workshop.faults, workshop.ledger
        self.credentials = {
            "client_id": "amzn1.application-oa2-client.simulated",
            "client_secret": "amzn1.oa2-cs.v1.simulated-secret",
            "refresh_token": "Atzr|simulated-refresh-token",
        }
        self.queue = Queue(workshop.clock, "AKIASIMULATED")
        self._notifies = bool(options.get("queue", True))
        self.orders = Orders(workshop.clock, workshop.ledger, workshop.faults, self._changed)
        self.orders.page_size = int(options.get("page_size", 100))
        self.orders.behind = timedelta(seconds=float(options.get("behind_s", 120)))
        self.feeds = FeedWork(
            workshop.clock,
            workshop.ledger,
            workshop.faults,
            self.orders,
            SELLER,
            float(options.get("feed_s", 60)),
        )
        self._settings: dict[str, Any] = dict(options.get("settings", {}))
        self.listings: dict[str, int] = {}
        """Units on offer, by seller SKU."""
        self._notified = 0
        self.entrance = Entrance(
            workshop.clock,
            workshop.faults,
            self.credentials,
            self._routes(),
            workshop.port,
            rate_factor=float(options.get("rate_factor", 1)),
        )
        self.entrance.queue = self.queue.answer
        self.entrance.presigned = self._presigned
        self._serving = False

    async def start(self) -> dict[str, Any]:
        """Serve, and return the connector settings with which the hub reaches it."""
        if not self._serving:
            await self.entrance.server.start()
            self._serving = True
        base = self.entrance.server.url
        self.feeds.base = self.queue.base = base
        settings: dict[str, Any] = {
            **self.credentials,
            "seller_id": SELLER,
            "marketplaces": [MARKETPLACE],
            "api_base": base,
            "token_url": f"{base}/auth/o2/token",
        }
        if self._notifies:
            settings["queue"] = {
                "url": self.queue.url,
                "region": "eu-west-1",
                "access_key_id": "AKIASIMULATED",
                "secret_access_key": "simulated-secret-access-key",
            }
        return {**settings, **self._settings}

    async def stop(self) -> None:
        """Stop serving. State is kept."""
        await self.entrance.server.stop()
        self._serving = False

    # --- what buyers and Amazon do ---

    def sell(self, order_id: str, items: Sequence[Sold], **more: Any) -> Obj:
        """Sell something; `status` PENDING is one that Amazon has not been paid for yet."""
        order = an_order(order_id, items, self._clock.now(), **more)
        self.orders.add(order)
        return order

    def paid(self, order_id: str) -> None:
        """Let Amazon have the buyer's money."""
        self.orders.set_status(order_id, "UNSHIPPED")

    def sent_by_amazon(self, order_id: str) -> None:
        """Let Amazon send an order from its own warehouse."""
        self.orders.set_status(order_id, "SHIPPED")

    def _changed(self, order: Obj, kind: str) -> None:
        """Notify of a change, unless a fault loses that; some are told twice."""
        self._notified += 1
        key = f"{order['orderId']}:{self._notified_of(order)}"
        if not self._notifies or self._faults.strikes("lost_notification", key):
            return
        body = json.dumps(self._notification(order, kind))
        self.queue.put(body)
        if self._faults.strikes("duplicate_notification", key):
            self.queue.put(body)

    def _notified_of(self, order: Obj) -> int:
        order["_told"] = order.get("_told", 0) + 1
        return int(order["_told"])

    def _notification(self, order: Obj, kind: str) -> Obj:
        """Write an ORDER_CHANGE notification (schemas/notifications/OrderChangeNotification.json)."""
        now, fulfilment = iso(self._clock.now()), order["fulfillment"]
        fulfilled_by = "AFN" if fulfilment["fulfilledBy"] == "AMAZON" else "MFN"
        wanted = kind == "BuyerRequestedChange"
        return {
            "NotificationVersion": "1.0",
            "NotificationType": "ORDER_CHANGE",
            "PayloadVersion": "1.0",
            "EventTime": now,
            "Payload": {
                "OrderChangeNotification": {
                    "NotificationLevel": "OrderLevel",
                    "SellerId": SELLER,
                    "AmazonOrderId": order["orderId"],
                    "OrderChangeType": kind,
                    "OrderChangeTrigger": {
                        "TimeOfOrderChange": now,
                        "ChangeReason": "Buyer Requested Cancel" if wanted else "OrderStatusChange",
                    },
                    "Summary": {
                        "MarketplaceId": order["salesChannel"]["marketplaceId"],
                        "OrderStatus": _V0_STATUS[fulfilment["fulfillmentStatus"]],
                        "PurchaseDate": order["createdTime"],
                        "DestinationPostalCode": order["recipient"]["deliveryAddress"]["postalCode"],
                        "FulfillmentType": fulfilled_by,
                        "OrderType": "StandardOrder",
                        "NumberOfItemsShipped": 0,
                        "NumberOfItemsUnshipped": len(order["orderItems"]),
                        "OrderItems": [_v0_item(item, wanted=wanted) for item in order["orderItems"]],
                    },
                }
            },
            "NotificationMetadata": {
                "ApplicationId": "app-id-simulated",
                "SubscriptionId": "subscription-id-simulated",
                "PublishTime": now,
                "NotificationId": f"10000000-0000-4000-8000-{self._notified:012d}",
            },
        }

    # --- the API ---

    def _routes(self) -> list[Route]:
        orders, feeds = "/orders/2026-01-01/orders", "/feeds/2021-06-30"
        listings = "/listings/2021-08-01/items/([^/]+)/([^/]+)"
        return [
            Route("searchOrders", "GET", orders, self.orders.search),
            Route("getOrder", "GET", f"{orders}/([^/]+)", self.orders.get),
            Route(
                "confirmShipment",
                "POST",
                "/orders/v0/orders/([^/]+)/shipmentConfirmation",
                self.orders.confirm,
            ),
            Route("createFeedDocument", "POST", f"{feeds}/documents", self.feeds.create_document),
            Route("getFeedDocument", "GET", f"{feeds}/documents/([^/]+)", self.feeds.show_document),
            Route("createFeed", "POST", f"{feeds}/feeds", self.feeds.create),
            Route("getFeeds", "GET", f"{feeds}/feeds", self.feeds.listed),
            Route("getFeed", "GET", f"{feeds}/feeds/([^/]+)", self.feeds.show),
            Route("patchListingsItem", "PATCH", listings, self._patch, bare=True),
        ]

    def _patch(self, request: Request, seller_id: str, sku: str) -> Reply:
        """Answer patchListingsItem: only what is on offer of the seller's own stock can be set here."""
        if seller_id != SELLER or not request.query.get("marketplaceIds"):
            raise invalid("sellerId and marketplaceIds are required")
        if sku not in self.listings:
            raise invalid(f"SKU {sku} is not listed")  # the model has no 404 for this operation
        said = request.json()
        if not said.get("productType") or len(said.get("patches") or []) != 1:
            raise invalid("productType and patches are required")
        patch: Obj = said["patches"][0]
        values: list[Obj] = patch.get("value") or [{}]
        value = values[0]
        known = (patch.get("path"), patch.get("op"), value.get("fulfillment_channel_code"))
        quantity = value.get("quantity")
        if known != ("/attributes/fulfillment_availability", "replace", "DEFAULT") or not isinstance(
            quantity, int
        ):
            raise invalid("patches[0] is not played here")
        answer: Obj = {
            "sku": sku,
            "status": "ACCEPTED",
            "submissionId": f"submission-{len(self._ledger.entries)}",
        }
        if quantity < 0 or self._faults.strikes("invalid_listing", sku):
            issue = {
                "code": "90244", "message": "The quantity is not one.", "severity": "ERROR",
                "categories": ["INVALID_ATTRIBUTE"],
            }  # fmt: skip
            return Reply.of({**answer, "status": "INVALID", "issues": [issue]})
        if self.listings[sku] != quantity:
            self.listings[sku] = quantity
            self._ledger.write("stock", sku, quantity=quantity)
        return Reply.of({**answer, "issues": []})

    def _presigned(self, request: Request, document_id: str) -> Reply:
        if request.method == "PUT":
            return self.feeds.put(request, document_id)
        return self.feeds.get(document_id)


def _v0_item(item: Obj, *, wanted: bool) -> Obj:
    return {
        "OrderItemId": item["orderItemId"],
        "SupplySourceId": "00000000-0000-4000-8000-000000000000",
        "SellerSKU": item["product"]["sellerSku"],
        "Quantity": item["quantityOrdered"],
        "QuantityShipped": item.get("fulfillment", {}).get("quantityFulfilled", 0),
        "IsBuyerRequestedCancel": wanted and "cancellationRequest" in item.get("cancellation", {}),
    }
