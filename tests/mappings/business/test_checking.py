"""Files of UBL, cXML and GS1 XML: which documents they hold, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mappings.errors import Severity
from mappings.syntax.business.checking import XmlReport, check_business_xml, looks_like_xml
from mappings.syntax.edi.model import Level
from mappings.syntax.xml_schemas import XmlSchemas

ORDER = b"""<?xml version="1.0" encoding="UTF-8"?>
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
    xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
    xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
  <cbc:ID>PO-1</cbc:ID>
  <cbc:IssueDate>2026-11-20</cbc:IssueDate>
  <cac:BuyerCustomerParty><cac:Party/></cac:BuyerCustomerParty>
  <cac:SellerSupplierParty><cac:Party/></cac:SellerSupplierParty>
  <cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID><cac:Item><cbc:Name>Cup</cbc:Name></cac:Item></cac:LineItem></cac:OrderLine>
</Order>
"""
BUYER = b"<cac:BuyerCustomerParty><cac:Party/></cac:BuyerCustomerParty>"
CXML = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">
<cXML payloadID="1@hub.example" timestamp="2026-11-20T12:00:00Z">
  <Header>
    <From><Credential domain="DUNS"><Identity>1</Identity></Credential></From>
    <To><Credential domain="DUNS"><Identity>2</Identity></Credential></To>
    <Sender><Credential domain="DUNS"><Identity>1</Identity></Credential><UserAgent>hub</UserAgent></Sender>
  </Header>
  <Request><ShipNoticeRequest>
    <ShipNoticeHeader shipmentID="S-1" noticeDate="2026-11-20T12:00:00Z"/>
    <ShipNoticePortion><OrderReference orderID="PO-1"><DocumentReference payloadID="0"/></OrderReference>
      <ShipNoticeItem quantity="2" lineNumber="1"/></ShipNoticePortion>
  </ShipNoticeRequest></Request>
</cXML>
"""
NOTIFICATION = b"""<warehousingOutboundNotification>
    <creationDateTime>2026-11-20T12:00:00Z</creationDateTime><documentStatusCode>ORIGINAL</documentStatusCode>
    <warehousingOutboundNotificationIdentification><entityIdentification>N-1</entityIdentification>
    </warehousingOutboundNotificationIdentification></warehousingOutboundNotification>"""
GS1 = b"""<n:warehousingOutboundNotificationMessage xmlns:n="urn:gs1:ecom:warehousing_outbound_notification:xsd:3"
    xmlns:sh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">
  <sh:StandardBusinessDocumentHeader><sh:HeaderVersion>1.0</sh:HeaderVersion>
    <sh:Sender><sh:Identifier Authority="GS1">1</sh:Identifier></sh:Sender>
    <sh:Receiver><sh:Identifier Authority="GS1">2</sh:Identifier></sh:Receiver>
    <sh:DocumentIdentification><sh:Standard>GS1</sh:Standard><sh:InstanceIdentifier>1</sh:InstanceIdentifier>
    </sh:DocumentIdentification>
    <sh:Manifest><sh:NumberOfItems>1</sh:NumberOfItems><sh:ManifestItem/></sh:Manifest>
  </sh:StandardBusinessDocumentHeader>%s%s
</n:warehousingOutboundNotificationMessage>
""" % (NOTIFICATION, NOTIFICATION.replace(b"N-1", b"N-2"))


def errors(report: XmlReport) -> list[tuple[str, str | None, int | None, int | None]]:
    return [
        (fault.code, fault.loop, fault.position.line, fault.position.column)
        for fault in report.faults
        if fault.severity is Severity.ERROR
    ]


def codes(raw: bytes) -> list[str]:
    return [fault.code for fault in check_business_xml(raw).faults]


@pytest.mark.parametrize(
    ("raw", "documents"),
    [
        (ORDER, ("ubl Order",)),
        (CXML, ("cxml ShipNoticeRequest",)),
        (GS1, ("gs1 warehousingOutboundNotification",) * 2),
    ],
)
def test_a_right_file_has_no_faults_and_says_what_it_holds(raw: bytes, documents: tuple[str, ...]) -> None:
    report = check_business_xml(raw)
    assert (report.documents, report.faults, report.valid) == (documents, (), True)


def test_what_is_missing_is_an_error_where_it_should_stand() -> None:
    report = check_business_xml(ORDER.replace(b"<cbc:ID>1</cbc:ID>", b"").replace(BUYER, b""))
    assert errors(report) == [
        ("ubl-missing", "/Order/cac:BuyerCustomerParty", 2, 1),
        ("ubl-missing", "/Order/cac:OrderLine/cac:LineItem/cbc:ID", 9, 18),
    ]
    assert not report.valid
    (first, second) = report.faults
    assert (first.level, first.tag, second.tag) == (Level.SET, "cac:BuyerCustomerParty", "cbc:ID")
    assert second.position.offset == ORDER.index(b"<cac:LineItem>") - len(BUYER)


def test_what_is_there_and_empty_is_a_warning() -> None:
    report = check_business_xml(ORDER.replace(b"<cbc:ID>PO-1<", b"<cbc:ID> <"))
    assert report.valid
    assert [(fault.code, fault.loop) for fault in report.faults] == [("ubl-empty", "/Order/cbc:ID")]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        (b' timestamp="2026-11-20T12:00:00Z"', b"", "/cXML/@timestamp"),
        (b"<To>", b"<To><x/></To><To>", None),
        (b"<Identity>2</Identity>", b"", "/cXML/Header/To/Credential/Identity"),
        (b' shipmentID="S-1"', b"", "/cXML/Request/ShipNoticeRequest/ShipNoticeHeader/@shipmentID"),
        (b' quantity="2"', b"", "/cXML/Request/ShipNoticeRequest/ShipNoticePortion/ShipNoticeItem/@quantity"),
    ],
)
def test_cxml_has_an_envelope_with_credentials(old: bytes, new: bytes, path: str | None) -> None:
    found = errors(check_business_xml(CXML.replace(old, new, 1)))
    assert [loop for _, loop, _, _ in found] == ([] if path is None else [path])


def test_an_answer_of_cxml_needs_its_code_and_no_header() -> None:
    answer = b"""<cXML payloadID="1" timestamp="2026-11-20T12:00:00Z">
    <Response><Status code="200" text="OK"/></Response></cXML>"""
    assert check_business_xml(answer) == XmlReport(("cxml Response",), ())
    assert (
        errors(check_business_xml(answer.replace(b' code="200"', b"")))[0][1] == "/cXML/Response/Status/@code"
    )


def test_a_gs1_header_must_be_there_and_count_what_it_lists() -> None:
    miscounted = errors(check_business_xml(GS1.replace(b"Items>1<", b"Items>2<")))
    assert [code for code, *_ in miscounted] == ["gs1-count"]
    start, end = GS1.index(b"<sh:Standard"), GS1.index(b"</sh:StandardBusinessDocumentHeader>") + 36
    headless = errors(check_business_xml(GS1[:start] + GS1[end:]))
    assert headless[0][:2] == (
        "gs1-missing", "/n:warehousingOutboundNotificationMessage/sh:StandardBusinessDocumentHeader",
    )  # fmt: skip


def test_each_document_under_one_header_is_checked_by_itself() -> None:
    broken = GS1.replace(b"<entityIdentification>N-2</entityIdentification>", b"")
    ((code, path, _, _),) = errors(check_business_xml(broken))
    assert code == "gs1-missing"
    assert "/warehousingOutboundNotification[2]/" in (path or "")


def test_a_standard_business_document_may_carry_documents_of_other_families() -> None:
    start, end = GS1.index(b"<sh:StandardBusinessDocumentHeader>"), GS1.index(b"<warehousing")
    wrapped = (
        b'<sh:StandardBusinessDocument xmlns:sh="http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader">'
        + GS1[start:end] + ORDER.partition(b"\n")[2] + b"</sh:StandardBusinessDocument>"
    )  # fmt: skip
    assert check_business_xml(wrapped) == XmlReport(("ubl Order",), ())


def test_what_is_not_known_is_a_warning() -> None:
    assert codes(b"<Order/>") == ["xml-unknown"]
    assert check_business_xml(b"<Order/>").valid
    waybill = b'<Waybill xmlns="urn:oasis:names:specification:ubl:schema:xsd:Waybill-2"/>'
    assert codes(waybill) == ["xml-no-rules"]
    assert codes(b'<!DOCTYPE a SYSTEM "a.dtd"><a/>') == ["xml-doctype", "xml-unknown"]


@pytest.mark.parametrize(
    ("raw", "code", "line", "column", "offset"),
    [
        (b"<a>\n <b></a>", "xml-syntax", 2, 9, 12),
        (b"", "xml-syntax", 1, 1, 0),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "xml-syntax", 1, 1, 0),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<a>&x;</a>', "xml-syntax", 1, 1, 0),
        (b"<a>" * 100 + b"</a>" * 100, "xml-limit", 1, None, 0),
        (b"<a>\n\xff</a>", "xml-syntax", 2, 1, 4),
    ],
)
def test_what_can_not_be_read_safely_is_one_fault_of_the_file(
    raw: bytes, code: str, line: int, column: int | None, offset: int
) -> None:
    (fault,) = check_business_xml(raw).faults
    assert (fault.code, fault.level) == (code, Level.FILE)
    assert (fault.position.line, fault.position.column, fault.position.offset) == (line, column, offset)


def test_a_schema_says_the_rest() -> None:
    xsd = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
    <xs:element name="Order" type="xs:date"/></xs:schema>"""
    schema = XmlSchemas({"order.xsd": xsd}.get).schema("order.xsd")
    report = check_business_xml(b"\n<Order>soon</Order>", schema)
    assert errors(report) == [("xml-schema", "/Order", 2, 1)]


@pytest.mark.parametrize(
    ("raw", "is_xml"),
    [
        (b"  \n<a/>", True), (b"\xef\xbb\xbf<a/>", True), ("<a/>".encode("utf-16"), True), (b"ISA*00*", False),
        (b"UNA:+.? '", False), (b"", False), (b'{"a": 1}', False),
    ],
)  # fmt: skip
def test_xml_is_known_by_its_first_character(raw: bytes, is_xml: bool) -> None:
    assert looks_like_xml(raw) is is_xml


@given(
    st.binary(max_size=200)
    | st.sampled_from([ORDER, CXML, GS1]).flatmap(lambda raw: st.integers(0, len(raw)).map(lambda n: raw[:n]))
)
def test_any_bytes_get_a_report(raw: bytes) -> None:
    report = check_business_xml(raw)
    assert report.valid or all(fault.position.offset is not None for fault in report.faults)
