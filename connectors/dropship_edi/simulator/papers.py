"""What a supplier can say, whatever the standard. Codes are X12's, as callers know them: 587, 668 and 353."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from connectors.dropship_edi.simulator import edifact_in, ubl_in, x12_in, x12_out
from connectors.dropship_edi.simulator.books import Purchase
from connectors.dropship_edi.simulator.cxml_in import Orders
from connectors.dropship_edi.simulator.cxml_out import CxmlPapers
from connectors.dropship_edi.simulator.cxml_side import CxmlSide
from connectors.dropship_edi.simulator.edifact_out import EdifactPapers
from connectors.dropship_edi.simulator.options import Options
from connectors.dropship_edi.simulator.ubl_out import UblPapers
from connectors.dropship_edi.simulator.x12_in import Wish
from connectors.dropship_edi.simulator.x12_out import Package, Word
from connectors.dropship_edi.simulator.xml_side import UblSide
from core.premises.trader import Side
from mappings.syntax.edi.counterpart import Counterpart
from mappings.syntax.edi.grammar import GrammarFolders, GrammarLibrary


class Papers(Protocol):
    """Writes one set, message or document for each thing to be said."""

    def answer(self, purchase: Purchase, code: str, words: Sequence[Word], now: datetime) -> Any:
        """Return an answer to an order."""
        ...

    def change_answer(self, number: str, purpose: str, code: str, sequence: str, now: datetime) -> Any:
        """Return an answer to a change (04) or a cancellation (01)."""
        ...

    def ship_notice(
        self, purchase: Purchase, notice: str, packages: Sequence[Package], carrier: str, now: datetime, *,
        in_levels: bool,
    ) -> Any:  # fmt: skip
        """Return a ship notice."""
        ...

    def invoice(
        self, purchase: Purchase, number: str, units: Mapping[str, int], prices: Mapping[str, Decimal],
        currency: str, now: datetime,
    ) -> Any:  # fmt: skip
        """Return an invoice."""
        ...

    def stock_report(
        self, number: str, figures: Mapping[str, int], numbers: Mapping[str, str], now: datetime
    ) -> Any:
        """Return a stock report."""
        ...

    def return_answer(
        self, number: str, return_id: str, own: str, authorisation: str | None, reason: str, now: datetime
    ) -> Any:
        """Return an answer to the wish to send goods back."""
        ...


def papers_of(options: Options) -> tuple[Callable[[Any], Wish], Papers]:
    """Return how what comes is understood, and how things are said, in what the supplier speaks."""
    match options.standard:
        case "cxml":
            orders = Orders()
            return orders.understood, CxmlPapers(orders, options.currency)
        case "ubl":
            return ubl_in.understood, UblPapers(options.own_id, options.buyers_id)
        case "edifact":
            return edifact_in.understood, EdifactPapers(options.version)
        case _:
            return x12_in.understood, x12_out


def side_of(options: Options) -> Side:
    """Return the supplier's side of the exchange."""
    if options.standard == "ubl":
        return UblSide(options.own_id, options.buyers_id)
    if options.standard == "cxml":
        return CxmlSide(options.own_id, options.buyers_id, options.own_secret, options.buyers_secret)
    return Counterpart(options.terms(), GrammarLibrary(GrammarFolders()))
