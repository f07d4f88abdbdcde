"""What a supplier says, as cXML documents: ConfirmationRequest, ShipNoticeRequest, InvoiceDetailRequest (cXML 1.2)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.dropship_edi.simulator.books import Ordered, Purchase
from connectors.dropship_edi.simulator.cxml_in import Orders
from connectors.dropship_edi.simulator.cxml_side import element
from connectors.dropship_edi.simulator.x12_out import Package, Word
from mappings.syntax.xml_places import Element

_TYPES = {"AT": "accept", "RJ": "reject", "AC": "detail"}
"""ConfirmationHeader/@type for what X12 587 calls accepted, rejected, by line."""
_STATUSES = {"IA": "accept", "IQ": "detail", "IB": "backordered", "IR": "reject"}
"""ConfirmationStatus/@type for what X12 668 calls accepted, changed, back-ordered, rejected."""


class CxmlPapers:
    """Writes what stands in a supplier's requests. Codes are handed in as X12 has them, and written as cXML has."""

    def __init__(self, orders: Orders, currency: str) -> None:
        self._orders, self._currency = orders, currency
        self._answers = 0

    def answer(self, purchase: Purchase, code: str, words: Sequence[Word], now: datetime) -> Element:
        """Return a ConfirmationRequest: `code` is X12 587."""
        items = [
            element(
                "ConfirmationItem", element("UnitOfMeasure", "EA"),
                *(self._status(word) for word in said), lineNumber=line.number, quantity=str(line.quantity),
            )
            for line in purchase.lines
            if (said := [word for word in words if word.line is line])
        ]  # fmt: skip
        return self._confirmed(
            purchase.number, self._orders.payload(purchase.number, "new"), code, items, now
        )

    def change_answer(self, number: str, purpose: str, code: str, sequence: str, now: datetime) -> Element:
        """Return a ConfirmationRequest to an update, whose payloadID is `sequence`, or to a deletion."""
        about = self._orders.payload(number, "delete") if purpose == "01" else sequence
        return self._confirmed(number, about, code, (), now)

    def _confirmed(
        self, number: str, about: str, code: str, items: Sequence[Element], now: datetime
    ) -> Element:
        self._answers += 1
        header = element(
            "ConfirmationHeader", type=_TYPES[code], noticeDate=_stamp(now), confirmID=f"C-{self._answers:05d}",
            operation="new",
        )  # fmt: skip
        return element("ConfirmationRequest", header, _reference(number, about), *items)

    def _status(self, word: Word) -> Element:
        when = {} if word.leaves_on is None else {"shipmentDate": _stamp(word.leaves_on)}
        item = element("ItemIn", _item_id(word.line), self._detail(word.line), quantity=str(word.quantity))
        quantity = {"quantity": str(word.quantity), "type": _STATUSES[word.status], **when}
        return element("ConfirmationStatus", element("UnitOfMeasure", "EA"), item, **quantity)

    def _detail(self, line: Ordered) -> Element:
        price = element("UnitPrice", _money(line.cost or Decimal(0), self._currency))
        kind = element("Classification", line.sku, domain="SKU")
        return element(
            "ItemDetail", price, element("Description", line.reference), element("UnitOfMeasure", "EA"), kind
        )

    def ship_notice(
        self, purchase: Purchase, notice: str, packages: Sequence[Package], carrier: str, now: datetime, *,
        in_levels: bool,
    ) -> Element:  # fmt: skip
        """Return a ShipNoticeRequest, with the container of each item, or as one parcel."""
        header = element(
            "ShipNoticeHeader", shipmentID=notice, noticeDate=_stamp(now), shipmentDate=_stamp(now)
        )
        control = element(
            "ShipControl", element("CarrierIdentifier", carrier, domain="SCAC"),
            element("ShipmentIdentifier", packages[0].tracking_number),
        )  # fmt: skip
        items: list[Element] = []
        for package in packages:
            for sku, units in package.lines.items():
                items.append(
                    _shipped(purchase.line(sku), units, len(items) + 1, package if in_levels else None)
                )
        portion = element("ShipNoticePortion", self._about(purchase), *items)
        return element("ShipNoticeRequest", header, control, portion)

    def invoice(
        self, purchase: Purchase, number: str, units: Mapping[str, int], prices: Mapping[str, Decimal],
        currency: str, now: datetime,
    ) -> Element:  # fmt: skip
        """Return an InvoiceDetailRequest."""
        charged = [line for line in purchase.lines if units.get(line.sku)]
        items: list[Element] = []
        for n, line in enumerate(charged, 1):
            count, price = units[line.sku], prices[line.sku]
            named = element(
                "InvoiceDetailItemReference",
                _item_id(line),
                element("Description", line.reference),
                lineNumber=line.number,
            )
            amount = element("SubtotalAmount", _money(price * count, currency))
            items.append(
                element(
                    "InvoiceDetailItem", element("UnitOfMeasure", "EA"), element("UnitPrice", _money(price, currency)),
                    named, amount, invoiceLineNumber=str(n), quantity=str(count),
                )
            )  # fmt: skip
        total = sum((prices[line.sku] * units[line.sku] for line in charged), Decimal(0))
        header = element(
            "InvoiceDetailRequestHeader", element("InvoiceDetailHeaderIndicator"),
            element("InvoiceDetailLineIndicator"), invoiceID=number, purpose="standard", operation="new",
            invoiceDate=_stamp(now),
        )  # fmt: skip
        about = element("InvoiceDetailOrderInfo", self._about(purchase))
        tax = element("Tax", _money(Decimal(0), currency), element("Description", "none"))
        sums = (
            element("SubtotalAmount", _money(total, currency)),
            tax,
            element("NetAmount", _money(total, currency)),
        )
        return element(
            "InvoiceDetailRequest", header, element("InvoiceDetailOrder", about, *items),
            element("InvoiceDetailSummary", *sums),
        )  # fmt: skip

    def _about(self, purchase: Purchase) -> Element:
        return _reference(purchase.number, self._orders.payload(purchase.number, "new"))

    def stock_report(
        self, number: str, figures: Mapping[str, int], numbers: Mapping[str, str], now: datetime
    ) -> Element:
        """Refuse: in cXML buyers tell suppliers of stock, and suppliers nobody."""
        raise ValueError("cXML has no report of a supplier's own stock")

    def return_answer(
        self, number: str, return_id: str, own: str, authorisation: str | None, reason: str, now: datetime
    ) -> Element:
        """Refuse: nobody asks in cXML whether goods may come back."""
        raise ValueError("cXML has no answer to the wish to send goods back")


def _shipped(line: Ordered, units: int, n: int, package: Package | None) -> Element:
    packaging = None
    if package is not None:
        tracking = element("PackageID", element("PackageTrackingID", package.tracking_number))
        code = element("ShippingContainerSerialCode", package.sscc)
        packaging = element("Packaging", element("PackagingCode", "CTN"), code, tracking)
    return element(
        "ShipNoticeItem", _item_id(line), element("UnitOfMeasure", "EA"), packaging, quantity=str(units),
        lineNumber=line.number, shipNoticeLineNumber=str(n),
    )  # fmt: skip


def _reference(number: str, payload: str) -> Element:
    return element("OrderReference", element("DocumentReference", payloadID=payload), orderID=number)


def _item_id(line: Ordered) -> Element:
    return element("ItemID", element("SupplierPartID", line.reference), element("BuyerPartID", line.sku))


def _money(amount: Decimal, currency: str) -> Element:
    return element("Money", str(amount), currency=currency)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
