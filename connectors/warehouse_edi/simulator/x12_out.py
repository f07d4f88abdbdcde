"""What a warehouse says, as X12 sets: 945, 944, 846, 947 (X12 004010 and 005010)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mappings.syntax.edi.ack.composing import Body, Plain


@dataclass(frozen=True, slots=True)
class Shipped:
    """A line of a 945: `status` is X12 368."""

    sku: str
    status: str
    ordered: int
    shipped: int


@dataclass(frozen=True, slots=True)
class Marks:
    """What stands on a parcel."""

    sscc: str
    """Empty where parcels have no names of their own."""
    tracking_number: str


def shipping_advice(
    release_id: str, site: str, shipment: str, lines: Sequence[Shipped], at: datetime,
    *, status: str = "N", marks: Marks | None = None, scac: str = "",
) -> Body:  # fmt: skip
    """Return a 945: `status` is X12 473; without `scac` nothing has left."""
    segments: list[Plain] = [("W06", status, release_id, _day(at), shipment), ("N1", "WH", "", "92", site)]
    if marks is not None and not marks.sscc:
        segments.append(("N9", "2I", marks.tracking_number))
    segments.append(("G62", "11", _day(at), "W", f"{at:%H%M}"))
    if scac:
        segments.append(("W27", "U", scac))
    segments.append(("LX", "1"))
    if marks is not None and marks.sscc:
        segments += [("MAN", "GM", marks.sscc), ("MAN", "CP", marks.tracking_number)]
    for line in lines:
        lacking = line.ordered - line.shipped
        segments.append(
            ("W12", line.status, str(line.ordered), str(line.shipped), str(lacking), "EA", "", "SK", line.sku)
        )
    return Body("945", (*segments, ("W03", str(sum(line.shipped for line in lines)))))


def receipt(
    number: str, reference: str, site: str, lines: Mapping[str, int], at: datetime,
    *, damaged: Mapping[str, int], version: str,
) -> Body:  # fmt: skip
    """Return a 944 of goods that came, or came back; from 005010 on its lines stand within an LX.

    `reference` is the depositor's number; of the units in `lines`, those in `damaged` can't be sold.
    """
    segments: list[Plain] = [
        ("W17", "N", _day(at), number, reference),
        ("N1", "WH", "", "92", site),
        ("G62", "35", _day(at), "W", f"{at:%H%M%S}"),
    ]
    if version >= "005010":
        segments.append(("LX", "1"))
    for sku, units in lines.items():
        segments.append(("W07", str(units), "EA", "", "SK", sku))
        if damaged.get(sku):
            segments.append(("W13", str(damaged[sku]), "EA", "01"))
    return Body("944", (*segments, ("W14", str(sum(lines.values())))))


def stock_report(number: str, figures: Mapping[str, int], basis: str, now: datetime) -> Body:
    """Return an 846 of what lies there, or of what may be promised."""
    qualifier = "17" if basis == "ON_HAND" else "33"
    lines: list[Plain] = []
    for sku, units in figures.items():
        lines += [("LIN", "", "SK", sku), ("QTY", qualifier, str(units), "EA")]
    return Body(
        "846", (("BIA", "00", "DD", number, _day(now), f"{now:%H%M%S}"), *lines, ("CTT", str(len(figures))))
    )


def adjustment(number: str, site: str, sku: str, units: int, reason: str, at: datetime) -> Body:
    """Return a 947 of units that came or went; `reason` is X12 181."""
    return Body(
        "947",
        (
            ("W15", _day(at), number),
            ("N1", "WH", "", "92", site),
            ("G62", "07", _day(at), "W", f"{at:%H%M%S}"),
            ("W19", reason, str(units), "EA", "", "SK", sku),
        ),
    )


def _day(moment: datetime) -> str:
    return f"{moment:%Y%m%d}"
