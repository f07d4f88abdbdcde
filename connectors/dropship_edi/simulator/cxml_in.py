"""What a buyer's cXML documents mean to a supplier: OrderRequest, new, as an update, as a deletion (cXML 1.2)."""

from decimal import Decimal

from connectors.dropship_edi.simulator.books import Cancellation, Change, Ordered, Purchase
from connectors.dropship_edi.simulator.xml_side import XmlTaken
from mappings.syntax.xml_places import Element

_PIECES = frozenset({"EA", "C62", "H87"})
_ADDRESS = "ShipTo/Address"


class Orders:
    """Understands OrderRequests; knows which came, because an update or deletion names the one that it follows."""

    def __init__(self) -> None:
        self._payloads: dict[str, Purchase] = {}
        self._asked: dict[tuple[str, str], str] = {}

    def payload(self, number: str, kind: str) -> str:
        """Return the payloadID of an order's last OrderRequest of a type; empty where none came."""
        return self._asked.get((number, kind), "")

    def understood(self, taken: XmlTaken) -> Purchase | Change | Cancellation:
        """Return what a document asks for; raise ValueError for what a supplier could not act on."""
        if taken.kind != "OrderRequest":
            raise ValueError(f"a supplier takes no {taken.kind}")
        header = taken.root.find("Request/OrderRequest/OrderRequestHeader")
        if header is None or header.find("Total/Money") is None or header.find("BillTo/Address/Name") is None:
            raise ValueError("OrderRequestHeader, its Total or its BillTo is missing")
        number, items = header.get("orderID") or "", taken.root.findall("Request/OrderRequest/ItemOut")
        if not number or not items:
            raise ValueError("an order needs its orderID, and an ItemOut")
        lines = tuple(_ordered(item) for item in items)
        kind = header.get("type", "new")
        self._asked[number, kind] = taken.control
        match kind:
            case "new":
                _must_have_address(header)
                purchase = Purchase(number, header.get("requisitionID") or "", lines)
                self._payloads[taken.control] = purchase
                return purchase
            case "update":
                before = self._followed(header)
                _must_have_address(header)
                now = {line.sku: line.quantity for line in lines}
                self._payloads[taken.control] = before
                return Change(number, taken.control, {one.sku: now.get(one.sku, 0) for one in before.lines})
            case _:
                self._followed(header)
                return Cancellation(number)

    def _followed(self, header: Element) -> Purchase:
        document = header.find("DocumentReference")
        named = "" if document is None else document.get("payloadID") or ""
        if named not in self._payloads:
            raise ValueError(f"DocumentReference names {named!r}, which is no OrderRequest that came")
        return self._payloads[named]


def _must_have_address(header: Element) -> None:
    wanted = ("Name", "PostalAddress/Street", "PostalAddress/City", "PostalAddress/Country")
    missing = [path for path in wanted if not (header.findtext(f"{_ADDRESS}/{path}") or "").strip()]
    if missing:
        raise ValueError(f"{_ADDRESS}/{missing[0]} is missing: nobody to send to")


def _ordered(item: Element) -> Ordered:
    reference = (item.findtext("ItemID/SupplierPartID") or "").strip()
    cost, unit = item.findtext("ItemDetail/UnitPrice/Money"), item.findtext("ItemDetail/UnitOfMeasure")
    if not reference or not cost or unit not in _PIECES or item.find("ItemDetail/Classification") is None:
        raise ValueError(
            "an ItemOut has SupplierPartID, UnitPrice, pieces as UnitOfMeasure, and Classification"
        )
    sku = (item.findtext("ItemID/BuyerPartID") or "").strip() or reference
    return Ordered(
        item.get("lineNumber") or "", sku, reference, int(item.get("quantity") or ""), Decimal(cost)
    )
