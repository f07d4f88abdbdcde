"""What a supplier can say, whatever the standard. Codes are X12's, as callers know them: 587, 668 and 353."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from connectors.dropship_edi.simulator import edifact_in, x12_in, x12_out
from connectors.dropship_edi.simulator.books import Purchase
from connectors.dropship_edi.simulator.edifact_out import EdifactPapers
from connectors.dropship_edi.simulator.x12_in import Wish
from connectors.dropship_edi.simulator.x12_out import Package, Word
from mappings.syntax.edi.ack.composing import Body
from mappings.syntax.edi.counterpart_shapes import Taken


class Papers(Protocol):
    """Writes one set or message for each thing to be said."""

    def answer(self, purchase: Purchase, code: str, words: Sequence[Word], now: datetime) -> Body:
        """Return an answer to an order."""
        ...

    def change_answer(self, number: str, purpose: str, code: str, sequence: str, now: datetime) -> Body:
        """Return an answer to a change (04) or a cancellation (01)."""
        ...

    def ship_notice(
        self, purchase: Purchase, notice: str, packages: Sequence[Package], carrier: str, now: datetime, *,
        in_levels: bool,
    ) -> Body:  # fmt: skip
        """Return a ship notice."""
        ...

    def invoice(
        self, purchase: Purchase, number: str, units: Mapping[str, int], prices: Mapping[str, Decimal],
        currency: str, now: datetime,
    ) -> Body:  # fmt: skip
        """Return an invoice."""
        ...

    def stock_report(
        self, number: str, figures: Mapping[str, int], numbers: Mapping[str, str], now: datetime
    ) -> Body:
        """Return a stock report."""
        ...

    def return_answer(
        self, number: str, return_id: str, own: str, authorisation: str | None, reason: str, now: datetime
    ) -> Body:
        """Return an answer to the wish to send goods back."""
        ...


def papers_of(version: str) -> tuple[Callable[[Taken], Wish], Papers]:
    """Return how what comes is understood, and how things are said, in a version of X12 or EDIFACT."""
    if version.startswith("D"):
        return edifact_in.understood, EdifactPapers(version)
    return x12_in.understood, x12_out
