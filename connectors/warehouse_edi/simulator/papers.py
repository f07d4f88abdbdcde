"""What a warehouse can say, whatever the standard. Codes are X12's, as callers know them: 368, 473 and 181."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from connectors.warehouse_edi.simulator import edifact_in, edifact_out, x12_in, x12_out
from connectors.warehouse_edi.simulator.options import Options
from connectors.warehouse_edi.simulator.x12_in import Announced, Stop
from connectors.warehouse_edi.simulator.x12_out import Shipped
from core.premises.orders import Order
from mappings.syntax.edi.ack.composing import Body
from mappings.syntax.edi.counterpart_shapes import Taken


class Papers(Protocol):
    """Writes one set or message for each thing to be said."""

    def shipping_advice(
        self, release_id: str, shipment: str, lines: Sequence[Shipped], at: datetime, **more: Any
    ) -> Body:
        """Return what left, or lacks."""
        ...

    def receipt(
        self, number: str, reference: str, lines: Mapping[str, int], at: datetime, damaged: Mapping[str, int]
    ) -> Body:
        """Return a receipt of goods."""
        ...

    def stock_report(self, number: str, figures: Mapping[str, int], basis: str, now: datetime) -> Body:
        """Return a stock report."""
        ...

    def adjustment(self, number: str, sku: str, units: int, reason: str, at: datetime) -> Body:
        """Return an adjustment; raise ValueError where the standard has no word for it."""
        ...


class X12Papers:
    """Writes sets of one version."""

    def __init__(self, site: str, version: str) -> None:
        self._site, self._version = site, version

    def shipping_advice(
        self, release_id: str, shipment: str, lines: Sequence[Shipped], at: datetime, **more: Any
    ) -> Body:
        """Return a 945."""
        return x12_out.shipping_advice(release_id, self._site, shipment, lines, at, **more)

    def receipt(
        self, number: str, reference: str, lines: Mapping[str, int], at: datetime, damaged: Mapping[str, int]
    ) -> Body:
        """Return a 944."""
        return x12_out.receipt(
            number, reference, self._site, lines, at, damaged=damaged, version=self._version
        )

    def stock_report(self, number: str, figures: Mapping[str, int], basis: str, now: datetime) -> Body:
        """Return an 846."""
        return x12_out.stock_report(number, figures, basis, now)

    def adjustment(self, number: str, sku: str, units: int, reason: str, at: datetime) -> Body:
        """Return a 947."""
        return x12_out.adjustment(number, self._site, sku, units, reason, at)


class EdifactPapers:
    """Writes messages of D.01B."""

    def __init__(self, site: str) -> None:
        self._site = site

    def shipping_advice(
        self, release_id: str, shipment: str, lines: Sequence[Shipped], at: datetime, **more: Any
    ) -> Body:
        """Return a DESADV."""
        return edifact_out.shipping_advice(release_id, self._site, shipment, lines, at, **more)

    def receipt(
        self, number: str, reference: str, lines: Mapping[str, int], at: datetime, damaged: Mapping[str, int]
    ) -> Body:
        """Return a RECADV."""
        return edifact_out.receipt(number, reference, self._site, lines, at, damaged=damaged)

    def stock_report(self, number: str, figures: Mapping[str, int], basis: str, now: datetime) -> Body:
        """Return an INVRPT of what lies there."""
        if basis != "ON_HAND":
            raise ValueError(f"basis {basis}: EDIFACT has no code for it, only for what lies there (ON_HAND)")
        return edifact_out.stock_report(number, figures, now)

    def adjustment(self, number: str, sku: str, units: int, reason: str, at: datetime) -> Body:
        """Raise ValueError."""
        raise ValueError(f"{number}, {reason}: this warehouse tells adjustments in X12 only")


def papers_of(options: Options, site: str) -> tuple[Callable[[Taken], Order | Stop | Announced], Papers]:
    """Return how what comes is understood, and how things are said, in what the warehouse speaks."""
    if options.standard == "edifact":
        return edifact_in.understood, EdifactPapers(site)
    return x12_in.understood, X12Papers(site, options.version)
