"""What a warehouse says, as EDIFACT messages: DESADV, RECADV, INVRPT (UNTDID D.01B)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from connectors.warehouse_edi.simulator.x12_out import Marks, Shipped
from mappings.syntax.edi.ack.composing import Body, Plain
from mappings.syntax.edi.plain_edifact import counted, dated

_LACKING: Mapping[str, tuple[str, str]] = {
    "BP": ("BP", ""), "DS": ("OW", ""), "ID": ("IC", "insufficient address"), "CU": ("IC", ""),
}  # fmt: skip
"""EDIFACT 4221, and 4294 in words, for what X12 368 calls partial, out of stock, insufficient, cancelled."""
_STOPPED = ("CK", "")
"""The same, for what was cancelled by whoever ordered it."""


def shipping_advice(
    release_id: str, site: str, shipment: str, lines: Sequence[Shipped], at: datetime,
    *, status: str = "N", marks: Marks | None = None, scac: str = "",
) -> Body:  # fmt: skip
    """Return a DESADV: `status` is X12 473; without `scac` nothing has left."""
    segments: list[Plain] = [
        ("BGM", "351", shipment, "9"), dated("137", at), dated("11", at), ("RFF", ("AAJ", release_id)),
    ]  # fmt: skip
    if marks is not None and not marks.sscc:
        segments.append(("RFF", ("CN", marks.tracking_number)))
    segments.append(("NAD", "WH", site))
    if scac:
        segments.append(("TDT", "20", "", "30", "31", scac))
    segments.append(("CPS", "1"))
    if marks is not None:
        segments.append(("PAC", "1", "", "CT"))
    if marks is not None and marks.sscc:
        segments += [("PCI", "33E"), ("RFF", ("CN", marks.tracking_number)), ("GIN", "BJ", marks.sscc)]
    for n, line in enumerate(lines, 1):
        segments += _despatched(n, line, stopped=status == "F")
    return Body("DESADV", (*segments, *counted(segments)))


def _despatched(n: int, line: Shipped, *, stopped: bool) -> list[Plain]:
    quantities: tuple[Plain, ...] = (("QTY", ("12", str(line.shipped))), ("QTY", ("21", str(line.ordered))))
    said: list[Plain] = [("LIN", str(n), "", (line.sku, "IN")), *quantities]
    if line.ordered != line.shipped:
        code, words = _STOPPED if stopped else _LACKING[line.status]
        variance: Plain = ("QVR", (str(line.shipped - line.ordered), "21"), code)
        said.append((*variance, ("", "", "", words)) if words else variance)
    return said


def receipt(
    number: str,
    reference: str,
    site: str,
    lines: Mapping[str, int],
    at: datetime,
    *,
    damaged: Mapping[str, int],
) -> Body:
    """Return a RECADV of goods that came, or came back; of the units in `lines`, those in `damaged` can't be sold."""
    segments: list[Plain] = [
        ("BGM", "632", number, "9"), dated("137", at), dated("50", at), ("RFF", ("AAJ", reference)),
        ("NAD", "WH", site), ("CPS", "1"),
    ]  # fmt: skip
    for n, (sku, units) in enumerate(lines.items(), 1):
        broken = damaged.get(sku, 0)
        segments += [("LIN", str(n), "", (sku, "IN")), ("QTY", ("48", str(units)))]
        segments.append(("QTY", ("194", str(units - broken))))
        if broken:
            segments.append(("QVR", (str(-broken), "124"), "AF"))
    return Body("RECADV", (*segments, *counted(segments)))


def stock_report(number: str, figures: Mapping[str, int], now: datetime) -> Body:
    """Return an INVRPT of what lies there: EDIFACT has no code for what may be promised."""
    segments: list[Plain] = [("BGM", "35", number, "9"), dated("137", now), dated("366", now)]
    for n, (sku, units) in enumerate(figures.items(), 1):
        segments += [("LIN", str(n), "", (sku, "IN")), ("INV", "", "1"), ("QTY", ("145", str(units)))]
    return Body("INVRPT", tuple(segments))
