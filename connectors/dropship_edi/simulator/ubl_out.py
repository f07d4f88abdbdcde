"""What a supplier says, as UBL documents: OrderResponse, DespatchAdvice, Invoice, InventoryReport (UBL 2.1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.dropship_edi.simulator.books import Ordered, Purchase
from connectors.dropship_edi.simulator.ubl_words import document, group, text
from connectors.dropship_edi.simulator.x12_out import Package, Word
from mappings.syntax.xml_places import Element

_RESPONSES = {"AT": "AP", "RJ": "RE", "AC": "CA"}
"""UN/CEFACT 4343 for what X12 587 calls accepted, rejected, by line."""
_SENT = ("IA", "IQ")
_PIECES = {"unitCode": "C62"}


class UblPapers:
    """Writes a supplier's documents. Codes are handed in as X12 has them, and written as UBL has."""

    def __init__(self, own_id: str, buyers_id: str) -> None:
        self._own_id, self._buyers_id = own_id, buyers_id
        self._answers = 0

    def answer(self, purchase: Purchase, code: str, words: Sequence[Word], now: datetime) -> Element:
        """Return an OrderResponse: `code` is X12 587."""
        lines = [
            _answered(line, said)
            for line in purchase.lines
            if (said := [word for word in words if word.line is line])
        ]
        return self._response(purchase.number, None, code, lines, now)

    def change_answer(self, number: str, purpose: str, code: str, sequence: str, now: datetime) -> Element:
        """Return an OrderResponse to an OrderChange, whose number is `sequence`, or to an OrderCancellation."""
        return self._response(number, f"{number}-X" if purpose == "01" else sequence, code, (), now)

    def _response(
        self, number: str, about: str | None, code: str, lines: Sequence[Element], now: datetime
    ) -> Element:
        self._answers += 1
        named = None if about is None else group("DocumentReference", text("ID", about))
        start = [*_start(f"R-{self._answers:05d}", now), text("OrderResponseCode", _RESPONSES[code])]
        reference = group("OrderReference", text("ID", number), named)
        return document("OrderResponse", [*start, reference, self._seller(), self._buyer(), *lines])

    def ship_notice(
        self, purchase: Purchase, notice: str, packages: Sequence[Package], carrier: str, now: datetime, *,
        in_levels: bool,
    ) -> Element:  # fmt: skip
        """Return a DespatchAdvice, with a handling unit for each parcel, or none."""
        units: list[Element] = []
        totals = dict.fromkeys((line.sku for line in purchase.lines), 0)
        for package in packages:
            for sku, count in package.lines.items():
                totals[sku] += count
            inside = [
                _despatched("HandlingUnitDespatchLine", purchase, sku, n) for sku, n in package.lines.items()
            ]
            if in_levels:
                name, trace = text("ID", package.sscc), text("TraceID", package.tracking_number)
                units.append(group("TransportHandlingUnit", name, trace, *inside))
        lines = [_despatched("DespatchLine", purchase, sku, n) for sku, n in totals.items() if n]
        tracking = None if in_levels else text("TrackingID", packages[0].tracking_number)
        left = group(
            "Despatch", text("ActualDespatchDate", _day(now)), text("ActualDespatchTime", _time(now))
        )
        delivery = group("Delivery", tracking, group("CarrierParty", _name(carrier)), left)
        parties = (
            group("DespatchSupplierParty", self._party(self._own_id)),
            group("DeliveryCustomerParty", group("Party", _name("The buyer of the goods"))),
            self._buyer(), self._seller(),
        )  # fmt: skip
        head = [*_start(notice, now), group("OrderReference", text("ID", purchase.number)), *parties]
        return document(
            "DespatchAdvice", [*head, group("Shipment", text("ID", notice), delivery, *units), *lines]
        )

    def invoice(
        self, purchase: Purchase, number: str, units: Mapping[str, int], prices: Mapping[str, Decimal],
        currency: str, now: datetime,
    ) -> Element:  # fmt: skip
        """Return an Invoice."""
        money = {"currencyID": currency}
        charged = [line for line in purchase.lines if units.get(line.sku)]
        lines: list[Element] = []
        for line in charged:
            count, price = units[line.sku], prices[line.sku]
            lines.append(
                group(
                    "InvoiceLine", text("ID", line.number), text("InvoicedQuantity", count, **_PIECES),
                    text("LineExtensionAmount", price * count, **money), _item(line),
                    group("Price", text("PriceAmount", price, **money)),
                )
            )  # fmt: skip
        total = sum((prices[line.sku] * units[line.sku] for line in charged), Decimal(0))
        head = [
            *_start(number, now), text("InvoiceTypeCode", "380"), text("DocumentCurrencyCode", currency),
            group("OrderReference", text("ID", purchase.number)),
            group("AccountingSupplierParty", self._party(self._own_id)),
            group("AccountingCustomerParty", self._party(self._buyers_id)),
        ]  # fmt: skip
        amounts = ("LineExtensionAmount", "TaxExclusiveAmount", "TaxInclusiveAmount", "PayableAmount")
        totals = group("LegalMonetaryTotal", *(text(name, total, **money) for name in amounts))
        return document("Invoice", [*head, totals, *lines])

    def stock_report(
        self, number: str, figures: Mapping[str, int], numbers: Mapping[str, str], now: datetime
    ) -> Element:
        """Return an InventoryReport."""
        lines = [
            group(
                "InventoryReportLine", text("ID", n), text("Quantity", units, **_PIECES),
                _item(Ordered(str(n), sku, numbers.get(sku, sku), units, None)),
            )
            for n, (sku, units) in enumerate(figures.items(), 1)
        ]  # fmt: skip
        period = group(
            "InventoryPeriod", text("StartDate", _day(now)), text("StartTime", _time(now)),
            text("EndDate", _day(now)), text("EndTime", _time(now)),
        )  # fmt: skip
        parties = (
            group("RetailerCustomerParty", self._party(self._buyers_id)),
            group("InventoryReportingParty", *self._party(self._own_id)),
        )
        return document("InventoryReport", [*_start(number, now), period, *parties, *lines])

    def return_answer(
        self, number: str, return_id: str, own: str, authorisation: str | None, reason: str, now: datetime
    ) -> Element:
        """Refuse: UBL has no document by which a buyer announces a return, and none that answers."""
        raise ValueError("UBL has no answer to the wish to send goods back")

    def _seller(self) -> Element:
        return group("SellerSupplierParty", self._party(self._own_id))

    def _buyer(self) -> Element:
        return group("BuyerCustomerParty", self._party(self._buyers_id))

    def _party(self, number: str) -> Element:
        return group("Party", group("PartyIdentification", text("ID", number, schemeID="ZZ")))


def _start(number: str, now: datetime) -> list[Element]:
    return [text("ID", number), text("IssueDate", _day(now)), text("IssueTime", _time(now))]


def _answered(line: Ordered, words: Sequence[Word]) -> Element:
    """Return what becomes of a line: all of it is said once, as UBL has it."""
    sent = sum(word.quantity for word in words if word.status in _SENT)
    later = sum(word.quantity for word in words if word.status == "IB")
    refused = sum(word.quantity for word in words if word.status == "IR")
    status = "5" if sent == line.quantity else "3" if sent or later else "7"
    when = next((word.leaves_on for word in words if word.leaves_on is not None), None)
    promised = None if when is None else group(
        "Delivery", group("PromisedDeliveryPeriod", text("EndDate", _day(when)))
    )  # fmt: skip
    item = group(
        "LineItem", text("ID", line.number), text("LineStatusCode", status),
        text("Quantity", sent if status != "7" else refused, **_PIECES),
        text("MaximumBackorderQuantity", later, **_PIECES) if later else None, promised, _item(line),
    )  # fmt: skip
    return group("OrderLine", item)


def _despatched(name: str, purchase: Purchase, sku: str, units: int) -> Element:
    line = purchase.line(sku)
    reference = group("OrderLineReference", text("LineID", line.number))
    return group(
        name, text("ID", line.number), text("DeliveredQuantity", units, **_PIECES), reference, _item(line)
    )


def _item(line: Ordered) -> Element:
    return group(
        "Item", text("Name", line.reference), group("BuyersItemIdentification", text("ID", line.sku)),
        group("SellersItemIdentification", text("ID", line.reference)),
    )  # fmt: skip


def _name(value: str) -> Element:
    return group("PartyName", text("Name", value))


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%SZ}"
