"""What the warehouse writes, as `partner.xsd` and the stock report's description say."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - it has no other name

NAMESPACE = "urn:warehouse-exchange:1"
SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).parent / "partner.xsd")))


@dataclass(frozen=True, slots=True)
class Answer:
    """The warehouse's word on a release, or on the wish to stop it: ACC, REJ, CAN, NCN; ERR on a document."""

    release_id: str
    at: datetime
    outcome: str
    code: str | None = None
    reason: str = ""
    skus: tuple[str, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    """The units that are refused, where others of the release are sent."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A parcel that left."""

    release_id: str
    shipment_id: str
    at: datetime
    carrier: str
    tracking_number: str
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Goods that came back: condition A, B or D."""

    return_id: str
    release_id: str
    site: str
    at: datetime
    condition: str
    lines: Mapping[str, int]


Paper = Answer | Dispatch | Receipt

KINDS: Mapping[type[Paper], str] = {Answer: "answer", Dispatch: "dispatch", Receipt: "return"}
_ROOTS: Mapping[type[Paper], str] = {
    Answer: "Answers",
    Dispatch: "DispatchAdvice",
    Receipt: "ReturnReceipts",
}


def write(papers: Sequence[Paper]) -> bytes:
    """Return one document of papers that are all of one kind."""
    root = etree.Element(f"{{{NAMESPACE}}}{_ROOTS[type(papers[0])]}", nsmap={None: NAMESPACE}, version="1")
    for paper in papers:
        match paper:
            case Answer():
                _answer(root, paper)
            case Dispatch():
                _dispatch(root, paper)
            case Receipt():
                _receipt(root, paper)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def stock_report(site: str, basis: str, as_of: datetime, figures: Mapping[str, int]) -> bytes:
    """Return a stock report: semicolons; H;site;basis;time, D;sku;quantity for each SKU, T;number of D records."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["H", site, basis, _time(as_of)])
    for sku, quantity in sorted(figures.items()):
        writer.writerow(["D", sku, quantity])
    writer.writerow(["T", len(figures)])
    return out.getvalue().encode()


def _answer(root: Element, paper: Answer) -> None:
    element = _add(root, "Answer")
    _add(element, "ReleaseId", paper.release_id)
    _add(element, "At", _time(paper.at))
    _add(element, "Outcome", paper.outcome)
    if paper.code is not None:
        _add(element, "Reason", paper.reason[:254] or paper.code).set("code", paper.code)
    for sku in paper.skus:
        _add(element, "ShortSku", sku)
    if paper.lines:
        _lines(element, paper.lines)


def _dispatch(root: Element, paper: Dispatch) -> None:
    element = _add(root, "Dispatch")
    _add(element, "ReleaseId", paper.release_id)
    _add(element, "ShipmentId", paper.shipment_id)
    _add(element, "DispatchedAt", _time(paper.at))
    _add(element, "Carrier", paper.carrier)
    _add(element, "TrackingNumber", paper.tracking_number)
    _lines(element, paper.lines)


def _receipt(root: Element, paper: Receipt) -> None:
    element = _add(root, "Receipt")
    _add(element, "ReturnId", paper.return_id)
    _add(element, "ReleaseId", paper.release_id)
    _add(element, "Site", paper.site)
    _add(element, "ReceivedAt", _time(paper.at))
    _add(element, "Condition", paper.condition)
    _lines(element, paper.lines)


def _lines(parent: Element, lines: Mapping[str, int]) -> None:
    holder = _add(parent, "Lines")
    for sku, quantity in lines.items():
        line = _add(holder, "Line")
        _add(line, "Sku", sku)
        _add(line, "Quantity", str(quantity))


def _add(parent: Element, name: str, text: str | None = None) -> Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = text
    return element


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
