"""Elements of UBL 2.1, as a supplier writes and reads them: http://docs.oasis-open.org/ubl/os-UBL-2.1/UBL-2.1.html."""

from collections.abc import Iterable

from lxml import etree

from mappings.syntax.xml_places import Element

CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_DOCUMENT = "urn:oasis:names:specification:ubl:schema:xsd:{}-2"
NAMES = {"cac": CAC, "cbc": CBC}


def document(kind: str, children: Iterable[Element]) -> Element:
    """Return a document's root."""
    namespace = _DOCUMENT.format(kind)
    prefixes: dict[str | None, str] = {None: namespace, "cac": CAC, "cbc": CBC}
    root = etree.Element(f"{{{namespace}}}{kind}", nsmap=prefixes)
    root.append(text("UBLVersionID", "2.1"))
    root.extend(children)
    return root


def kind_of(root: Element) -> str:
    """Return the type of a document; raise ValueError for what is none of UBL."""
    name = etree.QName(root)
    if name.namespace != _DOCUMENT.format(name.localname):
        raise ValueError(f"<{name.localname}> is no document of UBL")
    return name.localname


def group(name: str, *children: Element | None) -> Element:
    """Return an aggregate."""
    made = etree.Element(f"{{{CAC}}}{name}")
    made.extend([child for child in children if child is not None])
    return made


def text(name: str, value: object, **attributes: str) -> Element:
    """Return a basic component."""
    made = etree.Element(f"{{{CBC}}}{name}", attributes)
    made.text = str(value)
    return made


def said(element: Element, path: str) -> str:
    """Return what stands at a path; empty where nothing does."""
    return (element.findtext(path, namespaces=NAMES) or "").strip()


def must_say(element: Element, path: str) -> str:
    """Return what stands at a path; raise ValueError where nothing does."""
    found = said(element, path)
    if not found:
        raise ValueError(f"{path} is missing")
    return found
