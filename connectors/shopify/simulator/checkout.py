"""What a buyer puts into the basket, and the order that the checkout makes of it."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from connectors.shopify.simulator.state import LOCATION, Books, Obj, bag


@dataclass(frozen=True)
class Wanted:
    """Some units of a SKU at a price; `discount` is the whole line's."""

    sku: str
    quantity: int
    price: str
    discount: str = "0.00"
    code: str = "WELCOME"
    shipped: bool = True


@dataclass(frozen=True)
class Basket:
    """A basket. `tax_rate` is in the prices where `tax_included`, else on top."""

    wanted: tuple[Wanted, ...]
    currency: str = "EUR"
    shipping: str = "4.90"
    tax_rate: str = "0.19"
    tax_included: bool = True
    tip: str = "0.00"
    test: bool = False
    email: str = "a.customer@example.com"
    name: str = "A. Customer"
    country: str = "DE"
    locale: str = "de-DE"
    line_ids: tuple[int, ...] = field(default=())


def new_order(books: Books, basket: Basket, number: int | None) -> Obj:
    """Make an order that adds up."""
    number = number or int(books.next_id("Order").rpartition("/")[2])
    lines = [_line(books, basket, i, wanted) for i, wanted in enumerate(basket.wanted)]
    shipping = Decimal(basket.shipping)
    extra = (
        Decimal(0) if basket.tax_included else sum((_tax_of(line) for line in lines), _tax(basket, shipping))
    )
    goods = sum((_worth(wanted) for wanted in basket.wanted), Decimal(0))
    total = goods + shipping + extra + Decimal(basket.tip)
    now, money = books.now(), basket.currency
    address = {
        "name": basket.name, "company": None, "address1": "1 Example Street", "address2": None, "city": "Town",
        "provinceCode": None, "zip": "10115", "countryCodeV2": basket.country, "phone": None,
    }  # fmt: skip
    for line in lines:
        books.restock(line, -line["quantity"])
    place = {
        "id": books.next_id("FulfillmentOrder"), "status": "OPEN",
        "assignedLocation": {"location": {"id": LOCATION}},
        "lineItems": [
            {"id": books.next_id("FulfillmentOrderLineItem"), "remainingQuantity": line["quantity"], "lineItem": line}
            for line in lines
        ],
    }  # fmt: skip
    return {
        "__typename": "Order",
        "id": f"gid://shopify/Order/{number}", "legacyResourceId": number, "name": f"#{number}", "createdAt": now,
        "processedAt": now, "updatedAt": now, "cancelledAt": None, "cancelReason": None, "edited": False,
        "test": basket.test, "presentmentCurrencyCode": money, "taxesIncluded": basket.tax_included,
        "customerLocale": basket.locale, "email": basket.email, "phone": None, "displayFinancialStatus": "PENDING",
        "totalPriceSet": bag(total, money), "totalTipReceivedSet": bag(basket.tip, money),
        "originalTotalDutiesSet": None, "originalTotalAdditionalFeesSet": None, "shippingAddress": address,
        "billingAddress": dict(address), "lineItems": lines,
        "shippingLines": [
            {
                "title": "Standard", "code": "Standard", "isRemoved": False,
                "discountedPriceSet": bag(shipping, money), "taxLines": _taxes(basket, shipping),
            }
        ],
        "transactions": [], "refunds": [], "fulfillments": [], "fulfillmentOrders": [place], "tags": [],
        "metafields": {}, "searchable_at": 0.0,
    }  # fmt: skip


def _line(books: Books, basket: Basket, i: int, wanted: Wanted) -> Obj:
    money = basket.currency
    variant = books.variants.get(wanted.sku)
    number = basket.line_ids[i] if basket.line_ids else int(books.next_id("LineItem").rpartition("/")[2])
    allocations = []
    if Decimal(wanted.discount):
        application = {"__typename": "DiscountCodeApplication", "code": wanted.code}
        allocations = [
            {"allocatedAmountSet": bag(wanted.discount, money), "discountApplication": application}
        ]
    return {
        "id": f"gid://shopify/LineItem/{number}", "sku": wanted.sku, "title": wanted.sku.title(),
        "quantity": wanted.quantity, "currentQuantity": wanted.quantity, "requiresShipping": wanted.shipped,
        "variant": {"legacyResourceId": variant.number} if variant else None,
        "originalUnitPriceSet": bag(wanted.price, money), "discountAllocations": allocations,
        "taxLines": _taxes(basket, _worth(wanted)),
    }  # fmt: skip


def _worth(wanted: Wanted) -> Decimal:
    return Decimal(wanted.price) * wanted.quantity - Decimal(wanted.discount)


def _tax(basket: Basket, worth: Decimal) -> Decimal:
    rate = Decimal(basket.tax_rate)
    tax = worth * rate / (1 + rate) if basket.tax_included else worth * rate
    return tax.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _taxes(basket: Basket, worth: Decimal) -> list[Obj]:
    if not Decimal(basket.tax_rate) or not worth:
        return []
    tax = bag(_tax(basket, worth), basket.currency)
    return [{"title": "VAT", "rate": float(basket.tax_rate), "priceSet": tax}]


def _tax_of(line: Obj) -> Decimal:
    return sum(
        (Decimal(tax["priceSet"]["presentmentMoney"]["amount"]) for tax in line["taxLines"]), Decimal(0)
    )
