"""One side of an exchange of plain XML documents, in memory: what it takes for new, and what it doesn't take.

It knows nothing of the hub's ledger and profiles. Nothing is acknowledged: a document is answered by another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from connectors.dropship_edi.simulator.ubl_words import kind_of, said
from mappings.syntax.xml_places import Element

_SENDER = "cac:BuyerCustomerParty/cac:Party/cac:PartyIdentification/cbc:ID"
_RECEIVER = "cac:SellerSupplierParty/cac:Party/cac:PartyIdentification/cbc:ID"


@dataclass(frozen=True, slots=True)
class XmlTaken:
    """One document that is taken."""

    kind: str
    control: str
    root: Element


@dataclass(frozen=True, slots=True)
class XmlRefused:
    """One document that isn't."""

    kind: str
    control: str
    reasons: tuple[str, ...]


@dataclass(slots=True)
class XmlArrived:
    """What one file brought. Fills `core.premises.trader.Arrival`."""

    sets: list[XmlTaken] = field(default_factory=list[XmlTaken])
    refused: list[XmlRefused] = field(default_factory=list[XmlRefused])
    problems: list[str] = field(default_factory=list[str])
    repeated: list[str] = field(default_factory=list[str])
    reply: bytes = b""


class UblSide:
    """One side of an exchange with one other in UBL. Fills `core.premises.trader.Side`."""

    def __init__(self, own_id: str, buyers_id: str) -> None:
        self._own_id, self._buyers_id = own_id, buyers_id
        self._came: dict[tuple[str, str], bytes] = {}

    def send(self, bodies: Sequence[Element], now: datetime) -> bytes:
        """Return a document as it is: UBL has nothing around it."""
        (root,) = bodies
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)

    def receive(self, raw: bytes, now: datetime) -> XmlArrived:
        """Take a file: it is new, or was there before, or is refused. It never raises."""
        arrived = XmlArrived()
        try:
            root = parsed(raw)
            kind, number = kind_of(root), said(root, "cbc:ID")
        except ValueError as error:
            arrived.problems.append(str(error))
            return arrived
        if said(root, _SENDER) != self._buyers_id or said(root, _RECEIVER) != self._own_id:
            arrived.problems.append(f"{kind} {number} is not from our buyer to us")
            return arrived
        before = self._came.setdefault((kind, number), raw)
        if before is raw:
            arrived.sets.append(XmlTaken(kind, number, root))
        elif before == raw:
            arrived.repeated.append(number)
        else:
            arrived.refused.append(XmlRefused(kind, number, ("it came before, and said something else",)))
        return arrived


def parsed(raw: bytes) -> Element:
    """Return a document's root; raise ValueError for what is none. No DTD is read, and nothing fetched."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(raw, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"it is no XML: {error}") from None
