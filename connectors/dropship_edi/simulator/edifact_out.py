"""What a supplier says, as EDIFACT messages: ORDRSP, DESADV, INVOIC, INVRPT, RETINS (UNTDID D.96A and D.01B)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from connectors.dropship_edi.simulator.books import Ordered, Purchase
from connectors.dropship_edi.simulator.x12_out import Package, Word
from mappings.syntax.edi.ack.composing import Body, Plain
from mappings.syntax.edi.plain_edifact import counted, dated

_FUNCTIONS = {"AT": "29", "RJ": "27", "AC": "4"}
"""EDIFACT 1225 for what X12 587 calls accepted, rejected, by line."""
_ACTIONS = {"IA": ("5", "113"), "IQ": ("3", "113"), "IB": ("24", "83"), "IR": ("7", "21")}
"""EDIFACT 1229 and 6063 for what X12 668 calls accepted, changed, back-ordered, rejected."""


class EdifactPapers:
    """Writes a supplier's messages in one release. Codes are handed in as X12 has them, and written as EDIFACT has."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._answers = 0

    def answer(self, purchase: Purchase, code: str, words: Sequence[Word], now: datetime) -> Body:
        """Return an ORDRSP: `code` is X12 587. A line of which several things are said comes as often."""
        lines: list[Plain] = []
        for n, word in enumerate(words, 1):
            action, quantity = _ACTIONS[word.status]
            lines += [*_item(n, word.line, action), ("QTY", (quantity, str(word.quantity)))]
            if word.leaves_on is not None:
                lines.append(("DTM", ("79", _day(word.leaves_on), "102")))
            if word.line.cost is not None:
                lines.append(("PRI", ("AAA", str(word.line.cost))))
        return self._response(purchase.number, code, (), lines, now)

    def change_answer(self, number: str, purpose: str, code: str, sequence: str, now: datetime) -> Body:
        """Return an ORDRSP to an ORDCHG: `purpose` is X12 353, `sequence` the ORDCHG's number."""
        asked = f"{number}-X" if purpose == "01" else sequence
        return self._response(number, code, (("RFF", ("PP", asked)),), (), now)

    def _response(
        self, number: str, code: str, about: Sequence[Plain], lines: Sequence[Plain], now: datetime
    ) -> Body:
        self._answers += 1
        start = ("BGM", "231", f"R-{self._answers:05d}", _FUNCTIONS[code])
        head = (start, dated("137", now), ("RFF", ("ON", number)), *about)
        return Body("ORDRSP", (*head, *lines, ("UNS", "S"), *counted(lines)))

    def ship_notice(
        self, purchase: Purchase, notice: str, packages: Sequence[Package], carrier: str, now: datetime, *,
        in_levels: bool,
    ) -> Body:  # fmt: skip
        """Return a DESADV: a level for the shipment, and one for each parcel, or all of it in one."""
        segments: list[Plain] = [
            ("BGM", "351", notice, "9"), dated("137", now), dated("11", now), ("RFF", ("ON", purchase.number)),
        ]  # fmt: skip
        if not in_levels:
            segments.append(("RFF", ("CN", packages[0].tracking_number)))
        segments += [
            ("TDT", "20", "", "30", "31", carrier),
            ("CPS", "1"),
            ("PAC", str(len(packages)), "", "CT"),
        ]
        n = 0
        for level, package in enumerate(packages, 2):
            if in_levels:
                segments += [("CPS", str(level), "1"), ("PAC", "1", "", "CT"), ("PCI", "33E")]
                segments += [("RFF", ("CN", package.tracking_number)), ("GIN", "BJ", package.sscc)]
            for sku, units in package.lines.items():
                n += 1
                segments += [*_item(n, purchase.line(sku)), ("QTY", ("12", str(units)))]
        return Body("DESADV", (*segments, ("CNT", ("2", str(n)))))

    def invoice(
        self, purchase: Purchase, number: str, units: Mapping[str, int], prices: Mapping[str, Decimal],
        currency: str, now: datetime,
    ) -> Body:  # fmt: skip
        """Return an INVOIC."""
        lines: list[Plain] = []
        charged = [line for line in purchase.lines if units.get(line.sku)]
        for n, line in enumerate(charged, 1):
            count, price = units[line.sku], prices[line.sku]
            lines += [
                *_item(n, line), ("QTY", ("47", str(count))), ("MOA", ("203", str(price * count))),
                ("PRI", ("AAA", str(price))),
            ]  # fmt: skip
        total = str(sum((prices[line.sku] * units[line.sku] for line in charged), Decimal(0)))
        head = (
            ("BGM", "380", number, "9"), dated("137", now), ("RFF", ("ON", purchase.number)),
            ("CUX", ("2", currency, "4")),
        )  # fmt: skip
        totals = (("MOA", ("79", total)), ("MOA", ("77", total)))
        return Body("INVOIC", (*head, *lines, ("UNS", "S"), *counted(lines), *totals))

    def stock_report(
        self, number: str, figures: Mapping[str, int], numbers: Mapping[str, str], now: datetime
    ) -> Body:
        """Return an INVRPT of what lies there. In D.01B INV opens what is said of a quantity."""
        before: tuple[Plain, ...] = (("INV", "", "1"),) if self._version == "D01B" else ()
        lines: list[Plain] = []
        for n, (sku, units) in enumerate(figures.items(), 1):
            item = Ordered(str(n), sku, numbers.get(sku, sku), units, None)
            lines += [*_item(n, item), *before, ("QTY", ("145", str(units)))]
        return Body("INVRPT", (("BGM", "35", number, "9"), dated("137", now), dated("366", now), *lines))

    def return_answer(
        self, number: str, return_id: str, own: str, authorisation: str | None, reason: str, now: datetime
    ) -> Body:
        """Return a RETINS: under which number goods are taken back, or why they are not."""
        refusal: tuple[Plain, ...] = () if authorisation is not None else (("FTX", "NAI", "", "", reason),)
        start = ("BGM", ("71E", "", "9"), authorisation or own, "9")
        about = (("RFF", ("ARN", return_id)), ("RFF", ("ON", number)))
        return Body("RETINS", (start, dated("137", now), *refusal, *about))


def _item(n: int, line: Ordered, action: str = "") -> tuple[Plain, ...]:
    return (("LIN", str(n), action, (line.reference, "SA")), ("PIA", "1", (line.sku, "IN")))


def _day(moment: datetime) -> str:
    return f"{moment:%Y%m%d}"
