"""Makes orders in the shape of the Orders API v2026-01-01: what a test or a demo sells."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from connectors.amazon.simulator.orders import iso, money
from connectors.amazon.simulator.wire import Obj

_SHIP_WITHIN = timedelta(days=2)
_DELIVER_WITHIN = timedelta(days=5)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sold:
    """Some units of one listing: amounts are the whole item's but for `price`; tax comes on top."""

    item_id: str
    sku: str
    quantity: int
    price: Decimal
    tax: Decimal = _ZERO
    shipping: Decimal = _ZERO
    shipping_tax: Decimal = _ZERO
    gift_wrap: Decimal = _ZERO
    discount: Decimal = _ZERO

    @property
    def total(self) -> Decimal:
        """What the seller is paid for it."""
        return (
            self.price * self.quantity
            + self.tax
            + self.shipping
            + self.shipping_tax
            + self.gift_wrap
            - self.discount
        )


def an_order(
    order_id: str,
    items: Sequence[Sold],
    at: datetime,
    *,
    status: str = "UNSHIPPED",
    fulfilled_by: str = "MERCHANT",
    currency: str = "EUR",
    facilitated: bool = False,
    n: int = 1,
) -> Obj:
    """Return an order with all of its data sets. Its people do not exist."""
    total = sum((item.total for item in items), _ZERO)
    return {
        "orderId": order_id,
        "createdTime": iso(at),
        "lastUpdatedTime": iso(at),
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": "A1PA6795UKMFR9",
            "marketplaceName": "Amazon.de",
        },
        "buyer": {"buyerName": f"Buyer {n}", "buyerEmail": f"buyer-{n}@marketplace.example"},
        "recipient": {
            "deliveryAddress": {
                "name": f"Recipient {n}",
                "addressLine1": f"Example Street {n}",
                "addressLine2": "",
                "city": "Berlin",
                "postalCode": "10115",
                "countryCode": "DE",
                "addressType": "RESIDENTIAL",
            }
        },
        "proceeds": {"grandTotal": money(total, currency)},
        "fulfillment": {
            "fulfillmentStatus": status,
            "fulfilledBy": fulfilled_by,
            "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": {"earliestDateTime": iso(at), "latestDateTime": iso(at + _SHIP_WITHIN)},
            "deliverByWindow": {
                "earliestDateTime": iso(at + _SHIP_WITHIN),
                "latestDateTime": iso(at + _DELIVER_WITHIN),
            },
        },
        "orderItems": [_item(item, currency, facilitated=facilitated) for item in items],
    }


def _item(item: Sold, currency: str, *, facilitated: bool) -> Obj:
    shown: Obj = {
        "orderItemId": item.item_id,
        "quantityOrdered": item.quantity,
        "product": {
            "asin": "B000000001",
            "title": item.sku.replace("-", " ").title(),
            "sellerSku": item.sku,
            "price": {"unitPrice": money(item.price, currency)},
        },
        "proceeds": {
            "proceedsTotal": money(item.total, currency),
            "breakdowns": _breakdowns(item, currency),
        },
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": item.quantity},
    }
    if item.discount:
        shown["promotion"] = {"breakdowns": [{"promotionId": "EXAMPLE-PROMOTION"}]}
    if facilitated:
        party = {"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}
        shown["tax"] = {"taxCollections": [party]}
    return shown


def _breakdowns(item: Sold, currency: str) -> list[Obj]:
    parts = {
        "ITEM": item.price * item.quantity,
        "SHIPPING": item.shipping,
        "GIFT_WRAP": item.gift_wrap,
        "TAX": item.tax + item.shipping_tax,
        "DISCOUNT": -item.discount,
    }
    shown: list[Obj] = [
        {"type": kind, "subtotal": money(amount, currency)} for kind, amount in parts.items() if amount
    ]
    for part in shown:
        if part["type"] == "TAX":
            falls_on = {"ITEM": item.tax, "SHIPPING": item.shipping_tax}
            part["detailedBreakdowns"] = [
                {"subtype": kind, "value": money(amount, currency)}
                for kind, amount in falls_on.items()
                if amount
            ]
        elif part["type"] == "DISCOUNT":
            part["detailedBreakdowns"] = [{"subtype": "ITEM", "value": money(-item.discount, currency)}]
    return shown
