"""Who sends what to whom about which purchase order: what stands at the top of a plain XML document."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from core.errors import DocumentError, Problem
from mappings.errors import MappingError
from mappings.syntax.business.kinds import PREFIXES, documents_in
from mappings.syntax.xml import XmlOptions, XmlSyntax
from mappings.syntax.xml_places import Element

_SYNTAX = XmlSyntax(XmlOptions(allow_doctype=True))
Ids = tuple[tuple[str, str], ...]
"""Scheme and id of a party, as often as the document says one."""


@dataclass(frozen=True, slots=True)
class XmlHeading:
    """What is known of a document before a mapping reads it."""

    kind: str
    """`OrderResponse`, `ConfirmationRequest`."""
    identity: str
    """The document's own id, by which it is known again."""
    sender: Ids
    receiver: Ids
    references: tuple[str, ...]
    """The numbers of the purchase orders that it is about."""
    mode: str = ""
    """cXML's deploymentMode."""


def root_of(raw: bytes) -> Element:
    """Return a document's root; raise `DocumentError` for what is no XML, or isn't safe to read."""
    try:
        root: Element = _SYNTAX.read(raw).root
    except MappingError as error:
        raise DocumentError(tuple(_problems(error))) from error
    return root


def _problems(error: MappingError) -> Sequence[Problem]:
    return [
        Problem(
            one.reason,
            line=one.position.line if one.position else None,
            column=one.position.column if one.position else None,
        )
        for one in error.problems
    ]


_UBL_PARTIES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "OrderResponse": (("cac:SellerSupplierParty/cac:Party",), ("cac:BuyerCustomerParty/cac:Party",)),
    "DespatchAdvice": (
        ("cac:SellerSupplierParty/cac:Party", "cac:DespatchSupplierParty/cac:Party"),
        ("cac:BuyerCustomerParty/cac:Party",),
    ),
    "Invoice": (
        ("cac:SellerSupplierParty/cac:Party", "cac:AccountingSupplierParty/cac:Party"),
        ("cac:BuyerCustomerParty/cac:Party", "cac:AccountingCustomerParty/cac:Party"),
    ),
    "InventoryReport": (
        ("cac:SellerSupplierParty/cac:Party", "cac:InventoryReportingParty"),
        ("cac:RetailerCustomerParty/cac:Party",),
    ),
}
"""Who sends and who receives, by type. Whom goods are delivered to is the buyer of the shop, and no party to this."""


def ubl_heading(root: Element) -> XmlHeading:
    """Return what a UBL document says at its top; raise `DocumentError` for another document, or one without an id."""
    found = documents_in(root)
    if not found or found[0].kind.family != "ubl":
        raise DocumentError((Problem(f"<{etree.QName(root).localname}> is no document of UBL 2"),))
    kind = found[0].kind.type
    number, issued = _said(root, "cbc:ID"), _said(root, "cbc:IssueDate")
    if not number:
        reason = f"this {kind} has no cbc:ID: nobody could tell whether it came before"
        raise DocumentError((Problem(reason, field="cbc:ID"),))
    senders, receivers = _UBL_PARTIES.get(kind, ((), ()))
    return XmlHeading(
        kind, " ".join(part for part in (kind, number, issued) if part), _ubl_ids(root, senders),
        _ubl_ids(root, receivers), _texts(root, ".//cac:OrderReference/cbc:ID"),
    )  # fmt: skip


def _ubl_ids(root: Element, parties: Sequence[str]) -> Ids:
    places = ("cac:PartyIdentification/cbc:ID", "cbc:EndpointID")
    elements: list[Element] = [
        one
        for party in parties
        for place in places
        for one in root.findall(f"{party}/{place}", dict(PREFIXES))
    ]
    named = ((str(one.get("schemeID", "")), (one.text or "").strip()) for one in elements)
    return tuple(dict.fromkeys(one for one in named if one[1]))


def _said(root: Element, path: str) -> str:
    return (root.findtext(path, default="", namespaces=dict(PREFIXES)) or "").strip()


def _texts(root: Element, path: str) -> tuple[str, ...]:
    found: list[Element] = root.findall(path, dict(PREFIXES))
    return tuple(dict.fromkeys(text for one in found if (text := (one.text or "").strip())))


_OURS = re.compile(r"([A-Z0-9]+-[0-9]+)(?:-c[0-9]+|-X)?@orderhub")
"""The payloadID of an OrderRequest of ours, and the order's number in it."""


def cxml_heading(root: Element) -> XmlHeading:
    """Return what a cXML request says at its top; raise `DocumentError` for another document, or one without an id."""
    found, request = documents_in(root), root.find("Request")
    if root.tag != "cXML" or request is None or not found:
        raise DocumentError((Problem(f"<{etree.QName(root).localname}> is no cXML document with a Request"),))
    number = (root.get("payloadID") or "").strip()
    if not number:
        reason = "this cXML document has no payloadID: nobody could tell whether it came before"
        raise DocumentError((Problem(reason, field="@payloadID"),))
    references = (_order_number(one) for tag in ("OrderReference", "OrderIDInfo") for one in root.iter(tag))
    return XmlHeading(
        found[0].kind.type, number, _credentials(root, "From"), _credentials(root, "To"),
        tuple(dict.fromkeys(one for one in references if one)), request.get("deploymentMode") or "production",
    )  # fmt: skip


def _order_number(reference: Element) -> str:
    """Return orderID, which cXML leaves to the sender; else what stands in the payloadID of our OrderRequest."""
    document = reference.find("DocumentReference")
    named = _OURS.fullmatch("" if document is None else document.get("payloadID") or "")
    return (reference.get("orderID") or "").strip() or (named[1] if named else "")


def _credentials(root: Element, role: str) -> Ids:
    elements: list[Element] = root.findall(f"Header/{role}/Credential")
    named = ((one.get("domain") or "", (one.findtext("Identity") or "").strip()) for one in elements)
    return tuple(dict.fromkeys(one for one in named if one[1]))
