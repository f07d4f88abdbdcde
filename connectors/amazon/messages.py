"""Writes what Amazon is told: a confirmation of shipment as JSON, and the messages of XML feeds. Pure.

XML by Amazon's schemas of 2015: OrderAcknowledgement.xsd, OrderAdjustment.xsd, amzn-envelope.xsd.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from lxml import etree

from canonical.commands import RefundPayment, TellChannelCancelled, TellChannelShipped
from canonical.money import Money, allocate
from canonical.order import Line, Order
from core.errors import RejectedError

ACKNOWLEDGEMENT = "POST_ORDER_ACKNOWLEDGEMENT_DATA"
ADJUSTMENT = "POST_PAYMENT_ADJUSTMENT_DATA"
FEED_MEDIA_TYPE = "text/xml; charset=UTF-8"
_MESSAGE_TYPES = {ACKNOWLEDGEMENT: "OrderAcknowledgement", ADJUSTMENT: "OrderAdjustment"}
Element: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - it has no other name
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CARRIERS: Mapping[str, str] = {
    name.lower().replace(" ", ""): name
    for name in (
        "Amazon Shipping", "Aramex", "Australia Post", "Canada Post", "Chronopost", "Colissimo", "Correos",
        "DB Schenker",
        "Deutsche Post", "DHL", "DPD", "Evri", "FedEx", "GLS", "Hermes", "La Poste", "Parcelforce", "PostNL",
        "Royal Mail", "SEUR", "TNT", "UPS", "USPS", "Yodel",
    )
}  # fmt: skip
"""Carrier codes that Amazon's shops share; what they don't know travels as `Other`, with its name."""


def confirmation(command: TellChannelShipped, order: Order, carriers: Mapping[str, str]) -> bytes:
    """Return the body of confirmShipment (model ordersV0).

    The package's reference is the parcel's place among the order's, which never changes: Amazon wants a number.
    """
    parcel = order.shipment(command.shipment_id)
    if parcel is None:
        raise RejectedError(f"the order has no parcel {command.shipment_id}", code="no_parcel")
    if not parcel.tracking_number:
        reason = (
            f"Amazon wants a tracking number, and parcel {parcel.id} has none: confirm it in Seller Central"
        )
        raise RejectedError(reason, code="no_tracking_number")
    said = {
        "marketplaceId": marketplace(order),
        "packageDetail": {
            "packageReferenceId": package_reference(order, command.shipment_id),
            **_carrier(parcel.carrier, carriers),
            "trackingNumber": parcel.tracking_number,
            "shipDate": parcel.shipped_at.isoformat().replace("+00:00", "Z"),
            "orderItems": [{"orderItemId": line.line_id, "quantity": line.quantity} for line in parcel.lines],
        },
    }
    return json.dumps(said).encode()


def package_reference(order: Order, shipment_id: str) -> str:
    """Return the number by which Amazon knows a parcel of its order."""
    return str(1 + [parcel.id for parcel in order.shipments].index(shipment_id))


def marketplace(order: Order) -> str:
    """Return the marketplace that an order came from."""
    return order.lines[0].attributes.get("marketplace_id", "")


def _carrier(name: str | None, carriers: Mapping[str, str]) -> dict[str, str]:
    said = (name or "").strip()
    code = carriers.get(said) or _CARRIERS.get(said.lower().replace(" ", "").replace("-", ""))
    return {"carrierCode": code} if code else {"carrierCode": "Other", "carrierName": said or "Other"}


def acknowledgement(order: Order, key: str) -> bytes:
    """Return the message that the order is taken, under the hub's own id."""
    return _message(
        key,
        _element(
            "OrderAcknowledgement",
            ("AmazonOrderID", order.channel_ref),
            ("MerchantOrderID", str(order.id)),
            ("StatusCode", "Success"),
        ),
    )


def cancellation(command: TellChannelCancelled, order: Order) -> tuple[str, bytes]:
    """Return the feed's type, and the message that units are cancelled.

    Whole items are cancelled by an acknowledgement of failure; some units of an item only by an adjustment.
    """
    whole = all(line.quantity == order.line(line.line_id).ordered for line in command.lines)
    by_buyer = _by_buyer(command, order)
    if whole:
        reason = "BuyerCanceled" if by_buyer else "NoInventory"
        items = [
            _element("Item", ("AmazonOrderItemCode", line.line_id), ("CancelReason", reason))
            for line in command.lines
        ]
        head = (("AmazonOrderID", order.channel_ref), ("StatusCode", "Failure"))
        return ACKNOWLEDGEMENT, _message(command.key, _element("OrderAcknowledgement", *head, *items))
    items = [
        _element(
            "AdjustedItem",
            ("AmazonOrderItemCode", line.line_id),
            ("AdjustmentReason", "CustomerCancel" if by_buyer else "NoInventory"),
            ("QuantityCancelled", str(line.quantity)),
        )
        for line in command.lines
    ]
    head = (("AmazonOrderID", order.channel_ref), ("ActionType", "Cancel"))
    return ADJUSTMENT, _message(command.key, _element("OrderAdjustment", *head, *items))


def _by_buyer(command: TellChannelCancelled, order: Order) -> bool:
    asked = order.cancellation
    return asked is not None and asked.id == command.cancel_id and asked.actor == order.channel


def refund(command: RefundPayment, order: Order) -> bytes:
    """Return the message that pays an amount back: divided over what the order's items cost, to the cent.

    An amount in another currency, of nothing or less, in parts of a cent, or above the order's total is refused.
    """
    amount = command.amount
    if amount.currency != order.currency:
        reason = f"the order is in {order.currency}, and {amount} is not"
        raise RejectedError(reason, code="wrong_currency")
    if amount.amount <= 0 or amount != amount.rounded() or amount > order.total:
        reason = f"{amount} can't be paid back of {order.total}"
        raise RejectedError(reason, code="wrong_amount")
    parts = list(_components(order))
    shares = allocate(amount, [worth.amount for _, _, worth in parts])
    adjusted: dict[str, list[tuple[str, Money]]] = {}
    for (line, kind, _), share in zip(parts, shares, strict=True):
        if share:
            adjusted.setdefault(line.id, []).append((kind, share))
    reason = "CustomerReturn" if order.returns else "GeneralAdjustment"
    items = [
        _element(
            "AdjustedItem",
            ("AmazonOrderItemCode", line_id),
            ("MerchantAdjustmentItemID", f"{message_id(command.key)}-{n}"),
            ("AdjustmentReason", reason),
            _element("ItemPriceAdjustments", *(_component(kind, share) for kind, share in components)),
        )
        for n, (line_id, components) in enumerate(adjusted.items(), start=1)
    ]
    head = (("AmazonOrderID", order.channel_ref), ("ActionType", "Refund"))
    return _message(command.key, _element("OrderAdjustment", *head, *items))


def _components(order: Order) -> Iterable[tuple[Line, str, Money]]:
    """Yield what was paid for, by line and by Amazon's name for it."""
    for line in order.lines:
        if line.goods().amount > 0:
            yield line, "Principal", line.goods()
        if line.tax().amount > 0 and not order.prices_include_tax:
            yield line, "Tax", line.tax()
    first, shipping = order.lines[0], order.shipping
    if shipping.amount.amount > 0:
        yield first, "Shipping", shipping.amount
    if shipping.tax().amount > 0 and not order.prices_include_tax:
        yield first, "ShippingTax", shipping.tax()


def _component(kind: str, share: Money) -> Element:
    component = _element("Component", ("Type", kind))
    amount = etree.SubElement(component, "Amount", currency=share.currency)
    amount.text = f"{share.amount:.2f}"
    return component


def message_id(key: str) -> str:
    """Return the number of an effect's message: the same for ever, so that a report's word finds its effect.

    The schema allows 18 digits; the first is never zero.
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])
    return str(10**14 + number % (9 * 10**14))


def envelope(feed_type: str, seller_id: str, messages: Sequence[bytes]) -> bytes:
    """Return a whole feed of messages that were written before."""
    root = etree.Element("AmazonEnvelope", nsmap={"xsi": _XSI})
    root.set(f"{{{_XSI}}}noNamespaceSchemaLocation", "amzn-envelope.xsd")
    root.append(_element("Header", ("DocumentVersion", "1.01"), ("MerchantIdentifier", seller_id)))
    root.append(_element_of("MessageType", _MESSAGE_TYPES[feed_type]))
    for message in messages:
        root.append(etree.fromstring(message))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _message(key: str, content: Element) -> bytes:
    return etree.tostring(_element("Message", ("MessageID", message_id(key)), content), encoding="UTF-8")


def _element(name: str, *children: "tuple[str, str] | Element") -> Element:
    element = etree.Element(name)
    for child in children:
        element.append(_element_of(*child) if isinstance(child, tuple) else child)
    return element


def _element_of(name: str, text: str) -> Element:
    element = etree.Element(name)
    element.text = text
    return element
