"""Purchase orders to drop-ship suppliers, and what they answer, as UBL and cXML."""

from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from pydantic import BaseModel

from canonical.documents import StockDocument
from canonical.purchase_documents import (
    PurchaseAnswer,
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    SupplierInvoiceDocument,
)
from canonical.purchase_instructions import (
    PurchaseCancelInstruction,
    PurchaseChangeInstruction,
    PurchaseChangeLine,
    PurchaseInstruction,
    PurchaseInstructionLine,
)
from canonical.purchases import LineAnswer
from hub.mappings import Sources
from mappings.cxml.transforms import CXML_TRANSFORMS
from mappings.errors import MappingError
from mappings.syntax.business.checking import XmlReport, check_business_xml
from mappings.ubl.transforms import UBL_TRANSFORMS
from tests.contracts.building import NOON, somebody

ROOT = Path(__file__).parents[3] / "mappings"
SOURCES = Sources(
    tuple((f"mappings/{name}", ROOT / name) for name in ("ubl", "cxml")),
    {**UBL_TRANSFORMS, **CXML_TRANSFORMS},
)
MAPPINGS = SOURCES.registry().load(SOURCES.texts())
SUPPLIER = {"supplier": "acme", "zone": "Europe/Berlin"}
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
ORDER = PurchaseInstruction(
    purchase_id="PO-1", supplier="acme", channel="shop", channel_ref="W-1", shipping_method="standard",
    created_at=NOON, acknowledge_by=NOON, currency="EUR", total=Decimal("19.90"),
    ship_to=somebody(),
    lines=(
        PurchaseInstructionLine(
            number=1, sku="CUP", reference="A-77", title="A cup", quantity=2, unit_cost=Decimal("9.95")
        ),
    ),
)  # fmt: skip
CONTEXT = {
    "mode": "test", "buyer": "Our shop", "buyer_id": "123456789", "buyer_scheme": "DUNS", "seller_id": "987654321",
    "seller_scheme": "DUNS",
}  # fmt: skip
PARTIES = {
    "version": "2.1", "buyer": "Our shop", "buyer_id": "4000001000005", "buyer_scheme": "0088", "seller_id": "ACME",
    "seller_scheme": "",
}  # fmt: skip


CUP = ORDER.lines[0]
CHANGE = PurchaseChangeInstruction(
    purchase_id="PO-1", change_id="PO-1-c2", follows="PO-1-c1", supplier="acme", ordered_at=NOON, created_at=NOON,
    currency="EUR", lines=(PurchaseChangeLine(**CUP.model_dump(), wanted=1),), total=Decimal("29.85"),
    whole=(
        PurchaseChangeLine(**CUP.model_dump(), wanted=1),
        PurchaseChangeLine(**CUP.replace(number=2, sku="POT").model_dump(), wanted=2),
        PurchaseChangeLine(**CUP.replace(number=3, sku="PAN").model_dump(), wanted=0),
    ),
    ship_to=somebody(), reason="the buyer wants less",
)  # fmt: skip
CANCEL = PurchaseCancelInstruction(
    purchase_id="PO-1", follows="PO-1-c2", supplier="acme", ordered_at=NOON, created_at=NOON, currency="EUR",
    lines=(CUP,), total=Decimal("19.90"),
)  # fmt: skip


def ubl(kind: str, body: str) -> bytes:
    namespace = f"urn:oasis:names:specification:ubl:schema:xsd:{kind}-2"
    return f'<{kind} xmlns="{namespace}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">\n{body}\n</{kind}>'.encode()


def cxml(body: str) -> bytes:
    doctype = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">'
    start = '<cXML payloadID="9@acme.example" timestamp="2026-11-20T12:00:00Z"><Request>'
    return f"{doctype}\n{start}\n{body}\n</Request></cXML>".encode()


ITEM = (
    "<cac:Item><cac:BuyersItemIdentification><cbc:ID>CUP</cbc:ID></cac:BuyersItemIdentification></cac:Item>"
)
HEAD = """<cbc:ID>X-1</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate>{more}
<cac:OrderReference><cbc:ID>PO-1</cbc:ID></cac:OrderReference>"""
ADVICE = ubl(
    "DespatchAdvice",
    HEAD.format(more="")
    + f"""
<cac:Shipment><cbc:ID>1</cbc:ID><cac:Delivery><cbc:TrackingID>T-1</cbc:TrackingID></cac:Delivery></cac:Shipment>
<cac:DespatchLine><cbc:ID>1</cbc:ID><cbc:DeliveredQuantity>2</cbc:DeliveredQuantity>{ITEM}</cac:DespatchLine>""",
)
INVOICE = ubl(
    "Invoice",
    HEAD.format(more="<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>")
    + f"""
<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:Amount>4.90</cbc:Amount></cac:AllowanceCharge>
<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount>1.00</cbc:Amount></cac:AllowanceCharge>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">4.52</cbc:TaxAmount></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">28.32</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity>2</cbc:InvoicedQuantity>{ITEM}
<cac:Price><cbc:PriceAmount currencyID="EUR">9.95</cbc:PriceAmount></cac:Price></cac:InvoiceLine>""",
)
CONFIRMED = cxml("""<ConfirmationRequest>
<ConfirmationHeader type="detail" noticeDate="2026-11-20T12:00:00Z" confirmID="C-1"/>
<OrderReference orderID="PO-1"><DocumentReference payloadID="PO-1@orderhub"/></OrderReference>
<ConfirmationItem lineNumber="1" quantity="2"><ConfirmationStatus type="backordered" quantity="2"
  deliveryDate="2026-12-01T00:00:00Z"><ItemIn quantity="2"><ItemID><SupplierPartID>A-77</SupplierPartID>
  <BuyerPartID>CUP</BuyerPartID></ItemID></ItemIn></ConfirmationStatus></ConfirmationItem></ConfirmationRequest>""")
NOTICE = cxml("""<ShipNoticeRequest><ShipNoticeHeader shipmentID="S-1" noticeDate="2026-11-20T12:00:00Z"/>
<ShipControl><CarrierIdentifier domain="SCAC">DHL</CarrierIdentifier>
<ShipmentIdentifier>T-1</ShipmentIdentifier></ShipControl>
<ShipNoticePortion><OrderReference orderID="PO-1"><DocumentReference payloadID="1"/></OrderReference>
<ShipNoticeItem quantity="2" lineNumber="1"><ItemID><SupplierPartID>CUP</SupplierPartID></ItemID></ShipNoticeItem>
</ShipNoticePortion></ShipNoticeRequest>""")


def response(code: str, lines: str = "") -> bytes:
    return ubl(
        "OrderResponse", HEAD.format(more=f"<cbc:OrderResponseCode>{code}</cbc:OrderResponseCode>") + lines
    )


def answered(status: str, quantity: str = "") -> str:
    said = f"<cbc:Quantity>{quantity}</cbc:Quantity>" if quantity else ""
    return f"""<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID>
<cbc:LineStatusCode>{status}</cbc:LineStatusCode>{said}{ITEM}</cac:LineItem></cac:OrderLine>"""


def read(mapping: str, raw: bytes) -> BaseModel:
    return MAPPINGS[mapping].read(raw, SUPPLIER)


def test_the_documents_have_no_warnings() -> None:
    assert MAPPINGS.warnings == ()


def test_a_purchase_order_is_a_ubl_order_with_all_that_it_must_have() -> None:
    raw = MAPPINGS["ubl/order"].write(ORDER, PARTIES)
    assert check_business_xml(raw) == XmlReport(("ubl Order",), ())
    root = etree.fromstring(raw)
    names = {"cac": CAC, "cbc": CBC}
    assert root.findtext(".//cac:BuyersItemIdentification/cbc:ID", namespaces=names) == "CUP"
    assert root.findtext(".//cac:SellersItemIdentification/cbc:ID", namespaces=names) == "A-77"
    assert root.findtext(".//cac:DeliveryLocation//cbc:StreetName", namespaces=names) == "1 Example Street"
    assert root.findtext(".//cbc:PayableAmount", namespaces=names) == "19.90"


def test_a_change_is_a_ubl_order_change_that_says_the_whole_again() -> None:
    raw = MAPPINGS["ubl/order-change"].write(CHANGE, PARTIES)
    assert check_business_xml(raw) == XmlReport(("ubl OrderChange",), ())
    root, names = etree.fromstring(raw), {"cac": CAC, "cbc": CBC}
    assert [root.findtext(f"cbc:{name}", namespaces=names) for name in ("ID", "SequenceNumberID", "Note")] == [
        "PO-1-c2", "2", "the buyer wants less",
    ]  # fmt: skip
    assert root.findtext("cac:OrderReference/cbc:ID", namespaces=names) == "PO-1"
    lines = root.findall("cac:OrderLine/cac:LineItem", names)
    assert [[line.findtext(f"cbc:{name}", namespaces=names) for name in ("LineStatusCode", "Quantity")]
            for line in lines] == [["3", "1"], ["4", "2"], ["2", "0"]]  # fmt: skip


def test_a_cancellation_is_a_ubl_order_cancellation() -> None:
    raw = MAPPINGS["ubl/order-cancellation"].write(CANCEL, PARTIES)
    assert check_business_xml(raw).documents == ("ubl OrderCancellation",)
    root, names = etree.fromstring(raw), {"cac": CAC, "cbc": CBC}
    said = [root.findtext(path, namespaces=names) for path in ("cbc:ID", "cac:OrderReference/cbc:ID")]
    assert said == ["PO-1-X", "PO-1"]
    assert root.findtext("cbc:CancellationNote", namespaces=names)


@pytest.mark.parametrize(
    ("number", "code", "answer", "change_id"),
    [
        ("PO-1-c2", "AP", PurchaseAnswer.CHANGE_AGREED, "PO-1-c2"),
        ("PO-1-c2", "RE", PurchaseAnswer.CHANGE_REFUSED, "PO-1-c2"),
        ("PO-1-X", "AP", PurchaseAnswer.CANCELLED, None),
        ("PO-1-X", "RE", PurchaseAnswer.CANCEL_REFUSED, None),
        ("CATALOGUE", "AP", PurchaseAnswer.ACCEPTED, None),
    ],
)
@pytest.mark.parametrize("newer", [False, True])
def test_a_ubl_response_answers_the_document_that_it_names(
    number: str, code: str, answer: PurchaseAnswer, change_id: str | None, *, newer: bool
) -> None:
    named = f"<cbc:ID>{number}</cbc:ID>"
    end = b"</cac:OrderReference>"
    old, new = f"<cac:DocumentReference>{named}</cac:DocumentReference>", "cac:OrderChangeDocumentReference"
    said = end + f"<{new}>{named}</{new}>".encode() if newer else old.encode() + end
    found = read("ubl/order-response", response(code).replace(end, said))
    assert isinstance(found, PurchaseAnswerDocument)
    assert (found.answer, found.change_id) == (answer, change_id)


def test_what_a_ubl_response_back_orders_is_said_beside_what_is_sent() -> None:
    later = '<cbc:MaximumBackorderQuantity unitCode="DZN">2</cbc:MaximumBackorderQuantity><cac:Delivery>'
    later += "<cac:PromisedDeliveryPeriod><cbc:EndDate>2026-12-01</cbc:EndDate></cac:PromisedDeliveryPeriod>"
    line = answered("3", "1").replace("<cac:Item>", f"{later}</cac:Delivery><cac:Item>")
    found = read("ubl/order-response", response("CA", line))
    assert isinstance(found, PurchaseAnswerDocument)
    assert [(one.answer, one.quantity) for one in found.lines] == [
        (LineAnswer.CHANGED, 1), (LineAnswer.BACK_ORDERED, 24),
    ]  # fmt: skip
    assert str(found.lines[1].expected_at) == "2026-11-30 23:00:00+00:00"


def test_times_without_an_offset_are_in_the_suppliers_zone() -> None:
    date = b"<cbc:IssueDate>2026-11-20</cbc:IssueDate>"
    times = [
        read("ubl/order-response", response("AP").replace(date, date + f"<cbc:IssueTime>{t}</cbc:IssueTime>".encode()))
        for t in ("09:00:00", "09:00:00Z", "09:00:00.5+02:00")
    ]  # fmt: skip
    assert [f"{one.occurred_at:%H:%M}" for one in times if isinstance(one, PurchaseAnswerDocument)] == [
        "08:00", "09:00", "07:00",
    ]  # fmt: skip


UNIT = """<cac:TransportHandlingUnit><cbc:ID>{0}</cbc:ID><cbc:TraceID>T-{0}</cbc:TraceID><cac:HandlingUnitDespatchLine>
<cbc:ID>1</cbc:ID><cbc:DeliveredQuantity>{1}</cbc:DeliveredQuantity>{2}</cac:HandlingUnitDespatchLine>
</cac:TransportHandlingUnit>"""


@pytest.mark.parametrize(
    ("units", "packages"),
    [
        ((("A", 1), ("B", 1)), [("A", "T-A", 1), ("B", "T-B", 1)]),
        ((("A", 1), ("B", 2)), [("X-1", "T-1", 2)]),
        ((("A", 1),), [("A", "T-1", 2)]),
    ],
)
def test_handling_units_are_parcels_if_they_hold_all_that_left(
    units: tuple[tuple[str, int], ...], packages: list[tuple[str, str, int]]
) -> None:
    said = "".join(UNIT.format(name, count, ITEM) for name, count in units)
    found = read(
        "ubl/despatch-advice", ADVICE.replace(b"</cac:Shipment>", said.encode() + b"</cac:Shipment>")
    )
    assert isinstance(found, ShipNoticeDocument)
    told = [(one.package_id, one.tracking_number, one.lines[0].quantity) for one in found.packages]
    assert told == packages


COUNTED = """<cac:InventoryReportLine><cbc:ID>1</cbc:ID><cbc:Quantity unitCode="{}">{}</cbc:Quantity>{}
</cac:InventoryReportLine>"""
STOCK = ubl(
    "InventoryReport",
    "<cbc:ID>I-1</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate><cbc:IssueTime>12:00:00Z</cbc:IssueTime>"
    + COUNTED.format("C62", 7, ITEM)
    + COUNTED.format("DZN", 1, ITEM),
)


def test_a_ubl_inventory_report_adds_up_what_lies_at_several_places() -> None:
    found = read("ubl/inventory-report", STOCK)
    assert isinstance(found, StockDocument)
    assert [(line.sku, line.quantity) for line in found.lines] == [("CUP", 19)]
    assert (found.node, found.as_of) == ("acme", NOON)


@pytest.mark.parametrize(
    ("mapping", "raw", "change", "said"),
    [
        ("ubl/inventory-report", STOCK, (b"DZN", b"CS"), "no such code"),
        ("ubl/invoice", INVOICE, (b">EUR<", b">EURO<"), "currency"),
        ("ubl/invoice", INVOICE, (b">2<", b">2.5<"), "quantity"),
        ("ubl/order-response", response("CA", answered("9", "1")), (b"", b""), "no such code"),
        ("ubl/despatch-advice", ADVICE, (b"2026-11-20", b"20.11.2026"), "occurred_at"),
    ],
)  # fmt: skip
def test_what_can_not_be_understood_is_refused(
    mapping: str, raw: bytes, change: tuple[bytes, bytes], said: str
) -> None:
    with pytest.raises(MappingError, match=said):
        read(mapping, raw.replace(*change))


def test_a_purchase_order_is_a_cxml_request_with_all_that_it_must_have() -> None:
    raw = MAPPINGS["cxml/order-request"].write(ORDER, CONTEXT)
    assert check_business_xml(raw) == XmlReport(("cxml OrderRequest",), ())
    assert b"<!DOCTYPE cXML SYSTEM" in raw
    root = etree.fromstring(raw)
    assert root.findtext(".//ItemOut/ItemID/SupplierPartID") == "A-77"
    assert raw.count(b"<SharedSecret/>") == 1  # what belongs there is put in when it is sent
    assert [one.get("deploymentMode") for one in root.iter("Request")] == ["test"]
    assert root.findtext(".//ShipTo//Street") == "1 Example Street"


def test_without_costs_there_is_no_cxml_order() -> None:
    with pytest.raises(MappingError, match="Total"):
        MAPPINGS["cxml/order-request"].write(ORDER.replace(total=None), CONTEXT)


@pytest.mark.parametrize(
    ("code", "answer"), [("AP", PurchaseAnswer.ACCEPTED), ("RE", PurchaseAnswer.REJECTED)]
)
def test_a_ubl_response_answers_the_whole(code: str, answer: PurchaseAnswer) -> None:
    found = read("ubl/order-response", response(code, answered("5", "2")))
    assert isinstance(found, PurchaseAnswerDocument)
    assert (found.supplier, found.purchase_id, found.answer, found.lines) == ("acme", "PO-1", answer, ())


@pytest.mark.parametrize(
    ("status", "answer"),
    [("5", LineAnswer.ACCEPTED), ("3", LineAnswer.CHANGED), ("7", LineAnswer.REJECTED)],
)
def test_a_ubl_response_answers_line_by_line(status: str, answer: LineAnswer) -> None:
    found = read("ubl/order-response", response("CA", answered(status, "1")))
    assert isinstance(found, PurchaseAnswerDocument)
    assert [(line.sku, line.answer, line.quantity) for line in found.lines] == [("CUP", answer, 1)]


def test_a_response_that_answers_nothing_is_refused_with_its_place() -> None:
    with pytest.raises(MappingError, match=r"cbc:OrderResponseCode \(line 2, column \d+\).*no such code"):
        read("ubl/order-response", response("AB"))


def test_a_ubl_despatch_advice_is_a_ship_notice() -> None:
    found = read("ubl/despatch-advice", ADVICE)
    assert isinstance(found, ShipNoticeDocument)
    (package,) = found.packages
    assert (found.purchase_id, package.package_id, package.tracking_number) == ("PO-1", "X-1", "T-1")
    assert [(line.sku, line.quantity) for line in package.lines] == [("CUP", 2)]


def test_a_ubl_invoice_adds_up_its_charges() -> None:
    found = read("ubl/invoice", INVOICE)
    assert isinstance(found, SupplierInvoiceDocument)
    sums = (found.freight, found.allowances, found.tax, found.total)
    assert sums == (Decimal("4.90"), Decimal("1.00"), Decimal("4.52"), Decimal("28.32"))
    assert [(line.sku, line.quantity, line.unit_price) for line in found.lines] == [
        ("CUP", 2, Decimal("9.95"))
    ]


def test_a_price_of_several_units_is_refused() -> None:
    dozen = INVOICE.replace(b"</cac:Price>", b"<cbc:BaseQuantity>12</cbc:BaseQuantity></cac:Price>")
    with pytest.raises(MappingError, match="unit_price"):
        read("ubl/invoice", dozen)


def test_a_cxml_confirmation_answers_line_by_line() -> None:
    found = read("cxml/confirmation-request", CONFIRMED)
    assert isinstance(found, PurchaseAnswerDocument)
    (line,) = found.lines
    assert (found.reference, line.sku, line.answer, line.quantity) == (
        "C-1",
        "CUP",
        LineAnswer.BACK_ORDERED,
        2,
    )
    whole = read("cxml/confirmation-request", CONFIRMED.replace(b'type="detail"', b'type="accept"'))
    assert isinstance(whole, PurchaseAnswerDocument)
    assert (whole.answer, whole.lines) == (PurchaseAnswer.ACCEPTED, ())


def test_a_cxml_ship_notice_is_one() -> None:
    found = read("cxml/ship-notice-request", NOTICE)
    assert isinstance(found, ShipNoticeDocument)
    (package,) = found.packages
    assert (found.notice_id, found.purchase_id, package.carrier, package.tracking_number) == (
        "S-1",
        "PO-1",
        "DHL",
        "T-1",
    )


@pytest.mark.parametrize("name", [name for name in MAPPINGS if MAPPINGS[name].reads])
def test_another_document_and_an_entity_are_refused(name: str) -> None:
    with pytest.raises(MappingError, match="another kind of document"):
        read(name, b"<Orders/>")
    with pytest.raises(MappingError, match="DOCTYPE"):
        read(name, b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>')


def test_a_change_is_a_cxml_update_that_says_the_whole_again() -> None:
    raw = MAPPINGS["cxml/order-update"].write(CHANGE, CONTEXT)
    assert check_business_xml(raw) == XmlReport(("cxml OrderRequest",), ())
    root = etree.fromstring(raw)
    assert root.get("payloadID") == "PO-1-c2@orderhub"
    assert [(one.get("type"), one.get("orderID")) for one in root.iter("OrderRequestHeader")] == [
        ("update", "PO-1")
    ]
    assert [one.get("payloadID") for one in root.iter("DocumentReference")] == ["PO-1-c1@orderhub"]
    assert [(one.get("lineNumber"), one.get("quantity")) for one in root.iter("ItemOut")] == [
        ("1", "1"),
        ("2", "2"),
    ]
    assert root.findtext(".//Comments") == "the buyer wants less"


def test_a_cxml_update_needs_the_people_that_it_sends_to() -> None:
    with pytest.raises(MappingError, match="ShipTo"):
        MAPPINGS["cxml/order-update"].write(CHANGE.replace(ship_to=None), CONTEXT)


def test_a_cancellation_is_a_cxml_deletion() -> None:
    raw = MAPPINGS["cxml/order-deletion"].write(CANCEL, CONTEXT)
    assert check_business_xml(raw) == XmlReport(("cxml OrderRequest",), ())
    root = etree.fromstring(raw)
    assert root.get("payloadID") == "PO-1-X@orderhub"
    assert [one.get("payloadID") for one in root.iter("DocumentReference")] == ["PO-1-c2@orderhub"]
    assert root.find(".//ShipTo") is None


@pytest.mark.parametrize(
    ("payload", "kind", "answer", "change_id"),
    [
        ("PO-1-c2@orderhub", "accept", PurchaseAnswer.CHANGE_AGREED, "PO-1-c2"),
        ("PO-1-c2@orderhub", "reject", PurchaseAnswer.CHANGE_REFUSED, "PO-1-c2"),
        ("PO-1-X@orderhub", "accept", PurchaseAnswer.CANCELLED, None),
        ("PO-1-X@orderhub", "reject", PurchaseAnswer.CANCEL_REFUSED, None),
        ("7-c1@elsewhere", "reject", PurchaseAnswer.REJECTED, None),
    ],
)
def test_a_cxml_confirmation_answers_the_request_that_it_names(
    payload: str, kind: str, answer: PurchaseAnswer, change_id: str | None
) -> None:
    raw = CONFIRMED.replace(b"PO-1@orderhub", payload.encode()).replace(
        b'type="detail"', f'type="{kind}"'.encode()
    )
    found = read("cxml/confirmation-request", raw)
    assert isinstance(found, PurchaseAnswerDocument)
    assert (found.answer, found.change_id) == (answer, change_id)


def test_an_order_without_its_number_is_known_by_our_payload_id() -> None:
    found = read("cxml/confirmation-request", CONFIRMED.replace(b' orderID="PO-1"', b""))
    assert isinstance(found, PurchaseAnswerDocument)
    assert found.purchase_id == "PO-1"


SHIPPED = (
    '<ShipNoticeItem quantity="{}" lineNumber="1"><ItemID><SupplierPartID>A-77</SupplierPartID>'
    "<BuyerPartID>CUP</BuyerPartID></ItemID>{}</ShipNoticeItem>"
)
PACKED = (
    "<Packaging><ShippingContainerSerialCode>{0}</ShippingContainerSerialCode><PackageID>"
    "<PackageTrackingID>T-{0}</PackageTrackingID></PackageID></Packaging>"
)


@pytest.mark.parametrize(
    ("containers", "packages"),
    [
        (("A", "B", "A"), [("A", "T-A", 4), ("B", "T-B", 2)]),
        (("A", None, "A"), [("S-1", "T-A", 6)]),
        ((None,), [("S-1", "T-1", 2)]),
    ],
)
def test_containers_are_parcels_where_each_item_names_its_own(
    containers: tuple[str | None, ...], packages: list[tuple[str, str, int]]
) -> None:
    items = "".join(SHIPPED.format(2, PACKED.format(one) if one else "") for one in containers)
    start, end = NOTICE.index(b"<ShipNoticeItem"), NOTICE.index(b"</ShipNoticePortion>")
    found = read("cxml/ship-notice-request", NOTICE[:start] + items.encode() + NOTICE[end:])
    assert isinstance(found, ShipNoticeDocument)
    assert [
        (one.package_id, one.tracking_number, one.lines[0].quantity) for one in found.packages
    ] == packages


CHARGED = cxml("""<InvoiceDetailRequest>
<InvoiceDetailRequestHeader invoiceID="I-1" purpose="standard" operation="new" invoiceDate="2026-11-20T12:00:00Z"/>
<InvoiceDetailOrder><InvoiceDetailOrderInfo><OrderReference orderID="PO-1"><DocumentReference payloadID="1"/>
</OrderReference></InvoiceDetailOrderInfo><InvoiceDetailItem invoiceLineNumber="1" quantity="2">
<UnitOfMeasure>EA</UnitOfMeasure><UnitPrice><Money currency="EUR">9.95</Money></UnitPrice>
<InvoiceDetailItemReference lineNumber="1"><ItemID><SupplierPartID>A-77</SupplierPartID><BuyerPartID>CUP</BuyerPartID>
</ItemID></InvoiceDetailItemReference></InvoiceDetailItem></InvoiceDetailOrder>
<InvoiceDetailSummary><SubtotalAmount><Money currency="EUR">19.90</Money></SubtotalAmount>
<Tax><Money currency="EUR">4.52</Money></Tax>
<SpecialHandlingAmount><Money currency="EUR">1.00</Money></SpecialHandlingAmount>
<ShippingAmount><Money currency="EUR">3.90</Money></ShippingAmount>
<InvoiceDetailDiscount><Money currency="EUR">1.00</Money></InvoiceDetailDiscount>
<NetAmount><Money currency="EUR">28.32</Money></NetAmount></InvoiceDetailSummary></InvoiceDetailRequest>""")


def test_a_cxml_invoice_adds_up_its_charges() -> None:
    found = read("cxml/invoice-detail-request", CHARGED)
    assert isinstance(found, SupplierInvoiceDocument)
    sums = (found.freight, found.allowances, found.tax, found.total)
    assert sums == (Decimal("4.90"), Decimal("1.00"), Decimal("4.52"), Decimal("28.32"))
    assert [(line.sku, line.quantity, line.unit_price) for line in found.lines] == [
        ("CUP", 2, Decimal("9.95"))
    ]


DOZEN = b'</UnitPrice><PriceBasisQuantity quantity="12"/>'
CASES = b"</ItemID><UnitOfMeasure>CS</UnitOfMeasure>"
TWICE = NOTICE[NOTICE.index(b"<ShipNoticePortion>") : NOTICE.index(b"</Request>")]


@pytest.mark.parametrize(
    ("mapping", "raw", "change", "said"),
    [
        ("invoice-detail-request", CHARGED, (b"</UnitPrice>", DOZEN), "unit_price"),
        ("invoice-detail-request", CHARGED, (b"EUR", b"EURO"), "currency"),
        ("invoice-detail-request", CHARGED, (b">EA<", b">CS<"), "no such code"),
        ("invoice-detail-request", CHARGED, (b"InvoiceDetailItem ", b"InvoiceDetailOther "), "line"),
        ("confirmation-request", CONFIRMED, (b'type="backordered"', b'type="unknown"'), "no such code"),
        ("ship-notice-request", NOTICE, (b'quantity="2"', b'quantity="2.5"'), "not whole"),
        ("ship-notice-request", NOTICE, (b'quantity="2"', b'quantity="two"'), "no number"),
        ("ship-notice-request", NOTICE, (b"</ItemID>", CASES), "'CS' is not known"),
        ("ship-notice-request", NOTICE, (b"</ShipNoticeRequest>", TWICE), "two portions are of one order"),
    ],
)  # fmt: skip
def test_what_can_not_be_understood_of_cxml_is_refused(
    mapping: str, raw: bytes, change: tuple[bytes, bytes], said: str
) -> None:
    with pytest.raises(MappingError, match=said):
        read(f"cxml/{mapping}", raw.replace(*change))


@pytest.mark.parametrize("change", [(b'"standard"', b'"creditMemo"'), (b'"new"', b'"delete"')])
def test_a_cxml_credit_is_no_invoice(change: tuple[bytes, bytes]) -> None:
    with pytest.raises(MappingError, match="no such code"):
        read("cxml/invoice-detail-request", CHARGED.replace(*change))
