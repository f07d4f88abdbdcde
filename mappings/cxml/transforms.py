"""What the cXML mapping documents of drop-ship suppliers need beyond the closed set of transforms. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from mappings.data import Data
from mappings.syntax.xml_places import Element

_CONTAINER = "Packaging/ShippingContainerSerialCode"
_TRACKING = "Packaging/PackageID/PackageTrackingID"
_PIECES: Mapping[str, int] = {"": 1, "C62": 1, "EA": 1, "H87": 1, "NAR": 1, "NMB": 1, "PCE": 1, "DZN": 12}
"""UN/ECE Recommendation 20, those of which it is known how many pieces they are."""


def cxml_packages(portion: Element) -> list[Data]:
    """Return the parcels of a ShipNoticePortion: by container where every item names its own, else one of all."""
    notice: Element | None = portion.getparent()
    portions: Sequence[Element] = [] if notice is None else notice.findall("ShipNoticePortion")
    if sum(_order(one) == _order(portion) for one in portions) > 1:
        raise ValueError("two portions are of one order: agree on one portion for each order")
    items: list[Element] = portion.findall("ShipNoticeItem")
    by_container = bool(items) and all(len(item.findall(_CONTAINER)) == 1 for item in items)
    header = None if notice is None else notice.find("ShipNoticeHeader")
    named = "" if header is None else str(header.get("shipmentID", ""))
    parcels: dict[str, list[Element]] = {}
    for item in items:
        parcels.setdefault(_said(item, _CONTAINER) if by_container else named, []).append(item)
    return [_package(name, inside, notice) for name, inside in parcels.items()]


def _package(name: str, items: Sequence[Element], notice: Element | None) -> Data:
    units: Counter[str] = Counter()
    for item in items:
        units[_said(item, "ItemID/BuyerPartID") or _said(item, "ItemID/SupplierPartID")] += _units(item)
    tracking = next((text for item in items if (text := _said(item, _TRACKING))), "")
    shipment = "" if notice is None else _said(notice, "ShipControl/ShipmentIdentifier")
    return {
        "package_id": name,
        "carrier": (None if notice is None else _said(notice, "ShipControl/CarrierIdentifier")) or None,
        "tracking_number": tracking or shipment or None,
        "lines": [{"sku": sku, "quantity": count} for sku, count in units.items() if count],
    }


def _units(item: Element) -> int:
    unit, said = _said(item, "UnitOfMeasure"), str(item.get("quantity", ""))
    if unit not in _PIECES:
        raise ValueError(f"the unit {unit!r} is not known here: {', '.join(filter(None, _PIECES))} are")
    try:
        count = Decimal(said) * _PIECES[unit]
        whole = int(count)
    except (InvalidOperation, ValueError, OverflowError):
        raise ValueError(f"the quantity {said!r} is no number") from None
    if count != whole:
        raise ValueError(f"the quantity {said!r} is not whole")
    return whole


def _order(portion: Element) -> str:
    reference = portion.find("OrderReference")
    reference = portion.find("OrderIDInfo") if reference is None else reference
    if reference is None:
        return ""
    document: Element | None = reference.find("DocumentReference")
    return str(reference.get("orderID") or ("" if document is None else document.get("payloadID", "")))


def _said(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


CXML_TRANSFORMS: Mapping[str, Callable[..., Data]] = {"cxml_packages": cxml_packages}
