"""What a buyer's UBL documents mean to a supplier: Order, OrderChange, OrderCancellation (UBL 2.1)."""

from decimal import Decimal

from connectors.dropship_edi.simulator.books import Cancellation, Change, Ordered, Purchase
from connectors.dropship_edi.simulator.ubl_words import NAMES, must_say, said
from connectors.dropship_edi.simulator.xml_side import XmlTaken
from mappings.syntax.xml_places import Element

_ADDRESS = "cac:Delivery/cac:DeliveryLocation/cac:Address"
_GONE = "2"
"""UN/CEFACT 1229: the line is taken out."""


def understood(taken: XmlTaken) -> Purchase | Change | Cancellation:
    """Return what a document asks for; raise ValueError for what a supplier could not act on."""
    match taken.kind:
        case "Order":
            return _purchase(taken.root)
        case "OrderChange":
            return _change(taken.root)
        case "OrderCancellation":
            return Cancellation(must_say(taken.root, "cac:OrderReference/cbc:ID"))
        case _:
            raise ValueError(f"a supplier takes no {taken.kind}")


def _purchase(root: Element) -> Purchase:
    for wanted in ("cbc:StreetName", "cbc:CityName", "cac:Country/cbc:IdentificationCode"):
        must_say(root, f"{_ADDRESS}/{wanted}")
    must_say(root, "cac:Delivery/cac:DeliveryParty/cac:PartyName/cbc:Name")
    lines = tuple(_ordered(line) for line in _lines(root))
    return Purchase(must_say(root, "cbc:ID"), said(root, "cbc:CustomerReference"), lines)


def _lines(root: Element) -> list[Element]:
    found: list[Element] = root.findall("cac:OrderLine/cac:LineItem", NAMES)
    if not found:
        raise ValueError("an order without an OrderLine orders nothing")
    return found


def _ordered(line: Element) -> Ordered:
    sku = must_say(line, "cac:Item/cac:BuyersItemIdentification/cbc:ID")
    reference = said(line, "cac:Item/cac:SellersItemIdentification/cbc:ID") or sku
    cost = said(line, "cac:Price/cbc:PriceAmount")
    return Ordered(must_say(line, "cbc:ID"), sku, reference, _units(line), Decimal(cost) if cost else None)


def _units(line: Element) -> int:
    quantity = line.find("cbc:Quantity", NAMES)
    if quantity is None or quantity.get("unitCode") not in {"C62", "EA", "H87"}:
        raise ValueError("cbc:Quantity is not in pieces (C62, EA, H87), which are what is sold here")
    return int(quantity.text or "")


def _change(root: Element) -> Change:
    number = must_say(root, "cac:OrderReference/cbc:ID")
    left: dict[str, int] = {}
    for line in _lines(root):
        sku, units = must_say(line, "cac:Item/cac:BuyersItemIdentification/cbc:ID"), _units(line)
        if (said(line, "cbc:LineStatusCode") == _GONE) != (units == 0):
            raise ValueError(f"the line of {sku} is left with {units}, and its LineStatusCode says otherwise")
        left[sku] = units
    return Change(number, must_say(root, "cbc:ID"), left)
