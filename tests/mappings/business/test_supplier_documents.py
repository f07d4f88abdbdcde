"""Purchase orders to drop-ship suppliers, and what they answer, as UBL and cXML."""

from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from pydantic import BaseModel

from canonical.purchase_documents import (
    PurchaseAnswer,
    PurchaseAnswerDocument,
    ShipNoticeDocument,
    SupplierInvoiceDocument,
)
from canonical.purchase_instructions import PurchaseInstruction, PurchaseInstructionLine
from canonical.purchases import LineAnswer
from hub.mappings import Sources
from mappings.errors import MappingError
from mappings.syntax.business.checking import XmlReport, check_business_xml
from tests.contracts.building import NOON, somebody

ROOT = Path(__file__).parents[3] / "mappings"
SOURCES = Sources(tuple((f"mappings/{name}", ROOT / name) for name in ("ubl", "cxml")))
MAPPINGS = SOURCES.registry().load(SOURCES.texts())
SUPPLIER = {"supplier": "acme"}
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
CONTEXT = {"buyer": "Our shop", "seller": "Acme", "buyer_domain": "DUNS", "seller_domain": "DUNS"}


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
    raw = MAPPINGS["ubl/order"].write(ORDER, CONTEXT)
    assert check_business_xml(raw) == XmlReport(("ubl Order",), ())
    root = etree.fromstring(raw)
    names = {"cac": CAC, "cbc": CBC}
    assert root.findtext(".//cac:BuyersItemIdentification/cbc:ID", namespaces=names) == "CUP"
    assert root.findtext(".//cac:SellersItemIdentification/cbc:ID", namespaces=names) == "A-77"
    assert root.findtext(".//cac:DeliveryLocation//cbc:StreetName", namespaces=names) == "1 Example Street"
    assert root.findtext(".//cbc:PayableAmount", namespaces=names) == "19.90"


def test_a_purchase_order_is_a_cxml_request_with_all_that_it_must_have() -> None:
    raw = MAPPINGS["cxml/order-request"].write(ORDER, {**CONTEXT, "shared_secret": "s3cret"})
    assert check_business_xml(raw) == XmlReport(("cxml OrderRequest",), ())
    assert b"<!DOCTYPE cXML SYSTEM" in raw
    root = etree.fromstring(raw)
    assert root.findtext(".//ItemOut/ItemID/SupplierPartID") == "A-77"
    assert root.findtext(".//SharedSecret") == "s3cret"
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
