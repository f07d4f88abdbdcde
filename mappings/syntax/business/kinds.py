"""The documents of UBL, cXML and GS1 XML that are known by their root, and what every one of them must have.

These are no schemas: they name what nothing can be done without, in the standards' own words for it. A schema, where
there is one, says the rest.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lxml import etree

from mappings.syntax.xml_places import Element

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
        "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
        "sh": "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader",
    }
)
"""The prefixes of the paths below."""

Needs = Mapping[str, tuple[str, ...]]
"""What must be there (paths), under each element at a path; `.` is the document itself."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of document."""

    family: str
    """`ubl`, `cxml` or `gs1`."""
    type: str
    """`Order`, `OrderRequest`, `warehousingOutboundInstruction`."""
    needs: Needs = field(default_factory=dict[str, tuple[str, ...]])
    """Empty: the family is known, and nothing more of this type."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document in a file: GS1 files may hold several under one header."""

    kind: Kind
    element: Element


_ITEM_LINE = ("cbc:ID", "cac:Item")
_UBL: Mapping[str, Needs] = {
    "Order": {
        ".": ("cbc:ID", "cbc:IssueDate", "cac:BuyerCustomerParty", "cac:SellerSupplierParty", "cac:OrderLine"),
        "cac:OrderLine/cac:LineItem": _ITEM_LINE,
    },
    "OrderResponse": {
        ".": ("cbc:ID", "cbc:IssueDate", "cac:OrderReference/cbc:ID", "cac:SellerSupplierParty",
              "cac:BuyerCustomerParty"),
        "cac:OrderLine/cac:LineItem": _ITEM_LINE,
    },
    "OrderChange": {
        ".": ("cbc:ID", "cbc:IssueDate", "cac:OrderReference/cbc:ID", "cac:BuyerCustomerParty",
              "cac:SellerSupplierParty", "cac:OrderLine"),
        "cac:OrderLine/cac:LineItem": _ITEM_LINE,
    },
    "DespatchAdvice": {
        ".": ("cbc:ID", "cbc:IssueDate", "cac:DespatchSupplierParty", "cac:DeliveryCustomerParty", "cac:DespatchLine"),
        "cac:DespatchLine": _ITEM_LINE,
    },
    "ReceiptAdvice": {
        ".": ("cbc:ID", "cbc:IssueDate", "cac:DeliveryCustomerParty", "cac:DespatchSupplierParty", "cac:ReceiptLine"),
        "cac:ReceiptLine": ("cbc:ID",),
    },
    "Invoice": {
        ".": ("cbc:ID", "cbc:IssueDate", "cac:AccountingSupplierParty", "cac:AccountingCustomerParty",
              "cac:LegalMonetaryTotal/cbc:PayableAmount", "cac:InvoiceLine"),
        "cac:InvoiceLine": ("cbc:ID", "cbc:LineExtensionAmount", "cac:Item"),
    },
    "InventoryReport": {
        ".": ("cbc:ID", "cbc:IssueDate", "cac:InventoryReportLine"),
        "cac:InventoryReportLine": ("cbc:ID", "cbc:Quantity", "cac:Item"),
    },
}  # fmt: skip
"""UBL 2.1, clause 2.2 and the schemas' cardinalities: http://docs.oasis-open.org/ubl/os-UBL-2.1/UBL-2.1.html."""

_CXML: Mapping[str, Needs] = {
    "OrderRequest": {
        ".": ("OrderRequestHeader/@orderID", "OrderRequestHeader/@orderDate", "OrderRequestHeader/Total/Money"),
        "ItemOut": ("@quantity", "ItemID/SupplierPartID"),
    },
    "ConfirmationRequest": {
        ".": ("ConfirmationHeader/@type", "ConfirmationHeader/@noticeDate",
              "OrderReference[DocumentReference or OrderIDInfo or @orderID]"),
        "ConfirmationItem": ("@lineNumber", "@quantity", "ConfirmationStatus/@type"),
    },
    "ShipNoticeRequest": {
        ".": ("ShipNoticeHeader/@shipmentID", "ShipNoticeHeader/@noticeDate", "ShipNoticePortion"),
        "ShipNoticePortion": ("OrderReference",),
        "ShipNoticePortion/ShipNoticeItem": ("@lineNumber", "@quantity"),
    },
    "InvoiceDetailRequest": {
        ".": ("InvoiceDetailRequestHeader/@invoiceID", "InvoiceDetailRequestHeader/@invoiceDate",
              "InvoiceDetailSummary/NetAmount/Money"),
    },
    "Response": {".": ("Status/@code",)},
}  # fmt: skip
"""cXML 1.2, User's Guide, and what its DTD requires: http://cxml.org."""

_INSTRUCTION = ("creationDateTime", "documentStatusCode")
_GS1: Mapping[str, Needs] = {
    "warehousingOutboundInstruction": {
        ".": (*_INSTRUCTION, "warehousingOutboundInstructionIdentification/entityIdentification"),
    },
    "warehousingOutboundNotification": {
        ".": (*_INSTRUCTION, "warehousingOutboundNotificationIdentification/entityIdentification"),
    },
    "warehousingInboundInstruction": {
        ".": (*_INSTRUCTION, "warehousingInboundInstructionIdentification/entityIdentification"),
    },
    "warehousingInboundNotification": {
        ".": (*_INSTRUCTION, "warehousingInboundNotificationIdentification/entityIdentification"),
    },
    "order": {".": (*_INSTRUCTION, "orderIdentification/entityIdentification", "orderLineItem")},
}
"""GS1 XML 3, the messages' guidelines: https://www.gs1.org/standards/gs1-xml."""

_UBL_ROOT = re.compile(r"urn:oasis:names:(?:specification|tc):ubl:(?:schema:xsd:)?([A-Za-z]+)(?:-2|:1:0)?")
_GS1_ROOT = re.compile(r"urn:gs1:ecom:[a-z_]+:xsd:[0-9]+")
_SBDH = f"{{{PREFIXES['sh']}}}StandardBusinessDocument"
_EXCHANGES = frozenset({"Request", "Message", "Response"})


def documents_in(root: Element) -> list[Found]:
    """Return the documents of a file of a family that is known; none where its root says nothing of that."""
    name = etree.QName(root)
    if root.tag == "cXML":
        return [_cxml(exchange) for exchange in root if exchange.tag in _EXCHANGES]
    if root.tag == _SBDH or (
        _GS1_ROOT.fullmatch(name.namespace or "") and name.localname.endswith("Message")
    ):
        return [_payload(child) for child in root if etree.QName(child).namespace != PREFIXES["sh"]]
    if _UBL_ROOT.fullmatch(name.namespace or ""):
        return [Found(Kind("ubl", name.localname, _UBL.get(name.localname, {})), root)]
    return []


def _cxml(exchange: Element) -> Found:
    """Return what a Request, Message or Response is about; an empty one is about itself."""
    if exchange.tag == "Response":
        return Found(Kind("cxml", "Response", _CXML["Response"]), exchange)
    inner = next((child for child in exchange if child.tag != "Status"), exchange)
    kind = str(inner.tag)
    return Found(Kind("cxml", kind, _CXML.get(kind, {})), inner)


def _payload(child: Element) -> Found:
    name = etree.QName(child).localname
    inner = documents_in(child)
    return inner[0] if inner else Found(Kind("gs1", name, _GS1.get(name, {})), child)
