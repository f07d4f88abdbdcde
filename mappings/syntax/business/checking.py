"""What is wrong with a file of XML business documents, in the shape of EDI's faults."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from mappings.data import Data
from mappings.errors import ErrorCode, MappingError, Position, Problem, Severity
from mappings.syntax.business.kinds import PREFIXES, Found, documents_in
from mappings.syntax.edi.model import Fault, Level
from mappings.syntax.xml import XmlOptions, XmlSyntax
from mappings.syntax.xml_places import Element, XmlPlace, XmlWire
from mappings.syntax.xml_schemas import XmlSchema

_OPTIONS = XmlOptions(allow_doctype=True)
MOST_BYTES = _OPTIONS.max_bytes
"""A larger file is refused."""
_SYNTAX = XmlSyntax(_OPTIONS)
_ENVELOPE = (
    "sh:HeaderVersion", "sh:Sender", "sh:Receiver", "sh:DocumentIdentification/sh:Standard",
    "sh:DocumentIdentification/sh:InstanceIdentifier",
)  # fmt: skip
"""UN/CEFACT Standard Business Document Header 1.3, table 1."""
_CXML_ENVELOPE = ("@payloadID", "@timestamp")
_CREDENTIALS = ("From/Credential/Identity", "To/Credential/Identity", "Sender/Credential/Identity")


@dataclass(frozen=True, slots=True)
class XmlReport:
    """What an XML file holds, and all that is wrong with it."""

    documents: tuple[str, ...]
    """The types of its documents, as `ubl Order`; none where its root is not known."""
    faults: tuple[Fault, ...]

    @property
    def valid(self) -> bool:
        """Say whether nothing but warnings was found."""
        return not any(fault.severity is Severity.ERROR for fault in self.faults)


def looks_like_xml(raw: bytes) -> bool:
    """Say whether a file's first character is XML's, in any of the encodings that it may be in."""
    start = raw[:200].replace(b"\0", b"").removeprefix(b"\xef\xbb\xbf").lstrip(b"\xff\xfe \t\r\n")
    return start.startswith(b"<")


def check_business_xml(raw: bytes, schema: XmlSchema | None = None) -> XmlReport:
    """Return what is in `raw` and what is wrong with it; nothing is raised, and nothing fetched.

    A DOCTYPE that only names a DTD is passed over where it belongs, in cXML. Without `schema` only what nothing can be
    done without is asked for.
    """
    try:
        wire = _SYNTAX.read(raw)
    except MappingError as error:
        return XmlReport((), (_unreadable(error.problem, raw),))
    root: Element = wire.root
    found = documents_in(root)
    faults = [*_doctype(root, wire), *_envelope(root, wire), *_kinds(found, root, wire)]
    for document in found:
        for at, paths in document.kind.needs.items():
            for element in document.element.xpath(at, namespaces=dict(PREFIXES)):
                faults += _missing(element, paths, wire, document.kind.family)
    if schema is not None:
        faults += [
            _fault("xml-schema", one.reason, Level.ELEMENT, one.source, one.position)
            for one in schema.problems(wire)
        ]
    kinds = tuple(f"{document.kind.family} {document.kind.type}" for document in found)
    return XmlReport(kinds, tuple(_with_offset(fault, raw) for fault in faults))


def _kinds(found: list[Found], root: Element, wire: XmlWire) -> Iterator[Fault]:
    if not found:
        name = etree.QName(root)
        where = f" of {name.namespace}" if name.namespace else " without a namespace"
        reason = f"<{name.localname}>{where} is no document of UBL, cXML or GS1 XML that is known here"
        yield _at("xml-unknown", f"{reason}: only its form was checked", root, wire, Severity.WARNING)
    for document in found:
        if not document.kind.needs:
            kind = document.kind
            reason = f"there are no rules for {kind.family} {kind.type} here: only its form was checked"
            yield _at("xml-no-rules", reason, document.element, wire, Severity.WARNING)


def _doctype(root: Element, wire: XmlWire) -> Iterator[Fault]:
    if root.getroottree().docinfo.doctype and root.tag != "cXML":
        reason = (
            "the document has a DOCTYPE, which only cXML has: a mapping reads it with `allow_doctype: true`"
        )
        yield _at("xml-doctype", reason, root, wire, Severity.WARNING)


def _envelope(root: Element, wire: XmlWire) -> Iterator[Fault]:
    """Yield what is wrong around the documents: cXML's own element and header, and GS1's header."""
    if root.tag == "cXML":
        yield from _missing(root, _CXML_ENVELOPE, wire, "cxml")
        if root.find("Request") is not None or root.find("Message") is not None:
            header = root.find("Header")
            yield from _missing(root, ("Header",), wire, "cxml")
            yield from () if header is None else _missing(header, _CREDENTIALS, wire, "cxml")
    header = root.find("sh:StandardBusinessDocumentHeader", dict(PREFIXES))
    if header is None:
        if any(found.kind.family == "gs1" for found in documents_in(root)):
            yield from _missing(root, ("sh:StandardBusinessDocumentHeader",), wire, "gs1")
        return
    yield from _missing(header, _ENVELOPE, wire, "gs1")
    yield from _manifest(header, wire)


def _manifest(header: Element, wire: XmlWire) -> Iterator[Fault]:
    """Yield it where the header counts other items than it lists."""
    stated = header.findtext("sh:Manifest/sh:NumberOfItems", namespaces=dict(PREFIXES))
    listed = len(header.findall("sh:Manifest/sh:ManifestItem", dict(PREFIXES)))
    if stated is not None and stated.strip() != str(listed):
        element = header.find("sh:Manifest/sh:NumberOfItems", dict(PREFIXES))
        reason = (
            f"the header states {stated.strip()[:20] or 'nothing'} items in its manifest, and lists {listed}"
        )
        yield _at("gs1-count", reason, header if element is None else element, wire)


def _missing(element: Element, paths: tuple[str, ...], wire: XmlWire, family: str) -> Iterator[Fault]:
    """Yield what an element must have: what isn't there is an error; what is there, and empty, a warning."""
    for path in paths:
        found: Data = element.xpath(path, namespaces=dict(PREFIXES))
        if any(_has_content(one) for one in found):
            continue
        place = XmlPlace(element, path)
        what, severity = ("empty", Severity.WARNING) if found else ("missing", Severity.ERROR)
        yield _fault(
            f"{family}-{what}",
            f"{path} is {what}",
            Level.SET,
            wire.name(place),
            wire.position(place),
            severity,
        )


def _has_content(found: Data) -> bool:
    if isinstance(found, str):
        return bool(found.strip())
    return bool(len(found) or found.attrib or (found.text or "").strip())


def _at(
    code: str, reason: str, element: Element, wire: XmlWire, severity: Severity = Severity.ERROR
) -> Fault:
    place = XmlPlace(element)
    return _fault(code, reason, Level.SET, wire.name(place), wire.position(place), severity)


def _fault(
    code: str, reason: str, level: Level, path: str | None, position: Position | None,
    severity: Severity = Severity.ERROR,
) -> Fault:  # fmt: skip
    tag = (path or "").rsplit("/", 1)[-1] or None
    return Fault(code, reason, level, position or Position(offset=0), tag=tag, loop=path, severity=severity)


def _unreadable(problem: Problem, raw: bytes) -> Fault:
    code = "xml-limit" if problem.code is ErrorCode.LIMIT else "xml-syntax"
    fault = Fault(code, problem.reason, Level.FILE, problem.position or Position(offset=0))
    return fault if fault.position.offset is not None else _with_offset(fault, raw)


def _with_offset(fault: Fault, raw: bytes) -> Fault:
    """Add the byte at which the line starts, as good as it is known: exact where a line end is one byte."""
    line = fault.position.line or 1
    at = 0
    for _ in range(line - 1):
        at = raw.find(b"\n", at) + 1
    return replace(fault, position=replace(fault.position, offset=at + (fault.position.column or 1) - 1))
