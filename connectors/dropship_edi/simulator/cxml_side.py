"""One side of an exchange of cXML documents, in memory: header, credentials, payloadIDs (cXML 1.2 User's Guide)."""

import hmac
from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from connectors.dropship_edi.simulator.xml_side import XmlArrived, XmlRefused, XmlTaken, parsed
from mappings.syntax.xml_places import Element

_DOCTYPE = '<!DOCTYPE cXML SYSTEM "http://xml.cxml.org/schemas/cXML/1.2.050/cXML.dtd">'
DOMAIN = "NetworkID"


def element(tag: str, *children: "Element | str | None", **attributes: str) -> Element:
    """Return an element of cXML; a text is its content."""
    made = etree.Element(tag, attributes)
    for child in children:
        if isinstance(child, str):
            made.text = child
        elif child is not None:
            made.append(child)
    return made


class CxmlSide:
    """One side of an exchange with one other. Fills `core.premises.trader.Side`."""

    def __init__(self, own_id: str, buyers_id: str, own_secret: str, buyers_secret: str) -> None:
        self._own_id, self._buyers_id = own_id, buyers_id
        self._own_secret, self._buyers_secret = own_secret, buyers_secret
        self._came: dict[str, bytes] = {}
        self._sent = 0

    def send(self, bodies: Sequence[Element], now: datetime) -> bytes:
        """Return a document under the next payloadID."""
        (body,) = bodies
        self._sent += 1
        sender = element(
            "Sender", _credential(self._own_id, self._own_secret), element("UserAgent", "A supplier's own")
        )
        header = element(
            "Header",
            element("From", _credential(self._own_id)),
            element("To", _credential(self._buyers_id)),
            sender,
        )
        stamp = now.isoformat(timespec="seconds")
        payload = f"{now:%Y%m%d%H%M%S}.{self._sent}@{self._own_id.lower()}.example"
        request = element("Request", body, deploymentMode="production")
        root = element("cXML", header, request, payloadID=payload, timestamp=stamp)
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True, doctype=_DOCTYPE)

    def receive(self, raw: bytes, now: datetime) -> XmlArrived:
        """Take a document: it is new, or was there before, or is refused. It never raises."""
        arrived = XmlArrived()
        try:
            root = parsed(raw)
            payload, kind = _opened(root)
        except ValueError as error:
            arrived.problems.append(str(error))
            return arrived
        if not self.knows(root):
            arrived.problems.append(f"{payload} shows no credential of our buyer, or is not for us")
            return arrived
        before = self._came.setdefault(payload, raw)
        if before is raw:
            arrived.sets.append(XmlTaken(kind, payload, root))
        elif before == raw:
            arrived.repeated.append(payload)
        else:
            arrived.refused.append(XmlRefused(kind, payload, ("it came before, and said something else",)))
        return arrived

    def knows(self, root: Element) -> bool:
        """Say whether a document is from our buyer, with its SharedSecret, and for us."""
        secret = root.findtext("Header/Sender/Credential/SharedSecret") or ""
        shown = hmac.compare_digest(secret.encode(), self._buyers_secret.encode())
        sender = _named(root, "From") == _named(root, "Sender") == (DOMAIN, self._buyers_id)
        return shown and sender and _named(root, "To") == (DOMAIN, self._own_id)


def _opened(root: Element) -> tuple[str, str]:
    """Return a document's payloadID, and what is requested; raise ValueError where one is missing."""
    request, payload = root.find("Request"), root.get("payloadID")
    if root.tag != "cXML" or request is None or not len(request) or not payload:
        raise ValueError("it is no cXML document with a payloadID and a Request")
    return payload, str(request[0].tag)


def _named(root: Element, role: str) -> tuple[str, str]:
    credential = root.find(f"Header/{role}/Credential")
    if credential is None:
        return "", ""
    return credential.get("domain") or "", (credential.findtext("Identity") or "").strip()


def _credential(number: str, secret: str | None = None) -> Element:
    shown = None if secret is None else element("SharedSecret", secret)
    return element("Credential", element("Identity", number), shown, domain=DOMAIN)
