"""What a supplier says, as X12 sets: 855, 865, 856, 810, 846, 180 (X12 004010 and 005010)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.dropship_edi.simulator.books import Ordered, Purchase
from mappings.syntax.edi.ack.composing import Body, Plain


@dataclass(frozen=True, slots=True)
class Word:
    """What is said of units of a line: `status` is X12 668."""

    line: Ordered
    status: str
    quantity: int
    leaves_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class Package:
    """A parcel."""

    sscc: str
    tracking_number: str
    lines: Mapping[str, int]


def answer(purchase: Purchase, code: str, words: Sequence[Word], now: datetime) -> Body:
    """Return an 855: `code` is X12 587."""
    lines = [
        segment
        for line in purchase.lines
        if (said := [word for word in words if word.line is line])
        for segment in (_priced("PO1", line, line.quantity, line.cost), *map(_ack, said))
    ]
    start = ("BAK", "00", code, purchase.number, _day(now))
    return Body("855", (start, *lines, *_totals(lines)))


def change_answer(number: str, purpose: str, code: str, sequence: str, now: datetime) -> Body:
    """Return an 865 without lines: `purpose` is X12 353, `sequence` the buyer's number of a change."""
    return Body("865", (("BCA", purpose, code, number, "", sequence, _day(now)),))


def ship_notice(
    purchase: Purchase,
    notice: str,
    packages: Sequence[Package],
    carrier: str,
    now: datetime,
    *,
    in_levels: bool,
) -> Body:
    """Return an 856: shipment, order, parcels and items, or without the parcels."""
    levels = _Levels()
    segments: list[Plain] = [
        ("BSN", "00", notice, _day(now), f"{now:%H%M}", "0001" if in_levels else "0004"),
        levels.next("S", None), ("TD1", "CTN", str(len(packages))), ("TD5", "", "2", carrier),
    ]  # fmt: skip
    if not in_levels:
        segments.append(("REF", "2I", packages[0].tracking_number))
    segments += [("DTM", "011", _day(now), f"{now:%H%M}"), levels.next("O", "1"), ("PRF", purchase.number)]
    for package in packages:
        above = "2"
        if in_levels:
            segments += [
                level := levels.next("P", above),
                ("MAN", "GM", package.sscc),
                ("MAN", "CP", package.tracking_number),
            ]
            above = str(level[1])
        for sku, units in package.lines.items():
            line = purchase.line(sku)
            item = ("LIN", line.number, "VN", line.reference, "SK", line.sku)
            segments += [levels.next("I", above), item, ("SN1", line.number, str(units), "EA")]
    return Body("856", (*segments, ("CTT", str(levels.count))))


def invoice(
    purchase: Purchase, number: str, units: Mapping[str, int], prices: Mapping[str, Decimal], currency: str,
    now: datetime,
) -> Body:  # fmt: skip
    """Return an 810."""
    lines = [
        _priced("IT1", line, units[line.sku], prices[line.sku])
        for line in purchase.lines
        if units.get(line.sku)
    ]
    total = sum((prices[sku] * count for sku, count in units.items()), Decimal(0))
    cents = str((total * 100).to_integral_value())
    start = ("BIG", _day(now), number, "", purchase.number, "", "", "DR")
    return Body("810", (start, ("CUR", "SE", currency), *lines, ("TDS", cents), *_totals(lines)))


def stock_report(number: str, figures: Mapping[str, int], numbers: Mapping[str, str], now: datetime) -> Body:
    """Return an 846 of what may be promised."""
    lines: list[Plain] = []
    for sku, units in figures.items():
        lines += [("LIN", "", "VN", numbers.get(sku, sku), "SK", sku), ("QTY", "33", str(units), "EA")]
    return Body(
        "846", (("BIA", "00", "DD", number, _day(now), f"{now:%H%M}"), *lines, ("CTT", str(len(figures))))
    )


def return_answer(
    number: str, return_id: str, own: str, authorisation: str | None, reason: str, now: datetime
) -> Body:
    """Return a 180 that answers one: under which number goods are taken back, or why they are not."""
    start = ("BGN", "11", own, _day(now), f"{now:%H%M}", "", return_id)
    if authorisation is not None:
        return Body("180", (start, ("PRF", number), ("N9", "RZ", authorisation)))
    return Body("180", (start, ("RDR", "", "", "", reason), ("PRF", number)))


class _Levels:
    """Numbers the levels of a ship notice."""

    def __init__(self) -> None:
        self.count = 0

    def next(self, code: str, above: str | None) -> Plain:
        self.count += 1
        return ("HL", str(self.count), above or "", code)


def _priced(tag: str, line: Ordered, units: int, price: Decimal | None) -> Plain:
    cost = ("", "") if price is None else (str(price), "PE")
    return (tag, line.number, str(units), "EA", *cost, "VN", line.reference, "SK", line.sku)


def _ack(word: Word) -> Plain:
    when = () if word.leaves_on is None else ("068", _day(word.leaves_on))
    return ("ACK", word.status, str(word.quantity), "EA", *when)


def _totals(lines: Sequence[Plain]) -> tuple[Plain, ...]:
    count = sum(line[0] in {"PO1", "IT1"} for line in lines)
    return (("CTT", str(count)),) if count else ()


def _day(moment: datetime) -> str:
    return f"{moment:%Y%m%d}"
