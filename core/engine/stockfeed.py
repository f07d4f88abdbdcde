"""What a node says of its goods, put into its figures: reports of what it has, and what has changed since."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from canonical.documents import (
    InboundReceiptDocument,
    NodeBound,
    StockAdjustmentDocument,
    StockDocument,
)
from canonical.stock import StockBasis, StockMoveKind, StockView
from core.engine import adjusting, receiving
from core.engine.node_ledger import Entry, NodeLedger
from core.engine.reading import Part
from core.engine.work import Ending, Outcome
from core.store.sql import Session

_ITEMS = "SELECT sku FROM items WHERE sku {any:1:text}"
_SIGN = {StockMoveKind.DISPATCH.value: -1, StockMoveKind.RECEIVE.value: 1, StockMoveKind.ADJUST.value: 1}


def skus_of(parts: Iterable[Part]) -> set[str]:
    """Return every SKU that the documents about nodes' goods name."""
    documents = (part.document for part in parts)
    return {sku for document in documents if isinstance(document, NodeBound) for sku in document.skus()}


async def apply(
    session: Session, part: Part, view: StockView, pending: Sequence[tuple[Any, ...]]
) -> tuple[list[Entry], list[str]]:
    """Put what a part says into the locked `view`; return ledger entries, and the SKUs of which there is more now.

    `pending` are the entries that this batch will write: what they say counts as if it were stored.
    """
    document = part.document
    if not isinstance(document, NodeBound):
        return [], []
    skus = sorted(document.skus())
    known = {row["sku"] for row in await session.rows(_ITEMS, skus)}
    ledger = NodeLedger(session, document.node, skus, pending)
    match document:
        case StockDocument():
            return await _reported(part, document, view, ledger, known)
        case StockAdjustmentDocument():
            counted = await adjusting.apply(part, document, view, ledger, known)
            return counted.entries, counted.risen
        case InboundReceiptDocument():
            counted = await receiving.apply(part, document, view, ledger, known)
            return counted.entries, counted.risen
        case _:
            return [], []


async def _reported(
    part: Part, report: StockDocument, view: StockView, ledger: NodeLedger, known: set[str]
) -> tuple[list[Entry], list[str]]:
    """Replace what is older than the report, and nothing newer."""
    moved = await _moved(report, ledger)
    entries: list[Entry] = []
    risen: list[str] = []
    late = 0
    for line in report.lines:
        if line.sku not in known:
            continue
        level = view.level(line.sku, report.node)
        if level.as_of is not None and report.as_of <= level.as_of:
            late += 1
            continue
        on_hand = line.quantity + moved.get(line.sku, 0)
        change = on_hand - level.on_hand
        view.put(level.replace(on_hand=on_hand, as_of=report.as_of))
        if change:
            key = f"feed:{part.work.message_id or part.work.item.id}:{part.index or 0}"
            entries.append(
                (key, StockMoveKind.ADJUST.value, line.sku, report.node, change, None, report.as_of)
            )
        if change > 0:
            risen.append(line.sku)
    part.outcome = _outcome(report, known, late)
    return entries, risen


def _outcome(report: StockDocument, known: set[str], late: int) -> Outcome:
    if late == len(report.lines) and late:
        return Outcome(
            Ending.STALE, f"a newer stock report of {report.node} was here before this of {report.as_of}"
        )
    unknown = adjusting.passed_over(report.skus() - known)
    return Outcome(Ending.DONE, unknown[0] if unknown else None)


async def _moved(report: StockDocument, ledger: NodeLedger) -> Mapping[str, int]:
    """Return what to add to each reported figure to get what is on hand now.

    A figure of what is available leaves out what the node had taken on to send by then, so that is added. What the hub
    has allocated and the node has not accepted yet is in the figure already.
    """
    moved: dict[str, int] = {}
    for (sku, kind), quantity in (await ledger.since(report.as_of)).items():
        moved[sku] = moved.get(sku, 0) + _SIGN.get(kind, 0) * quantity
    if report.basis is StockBasis.AVAILABLE:
        for sku, quantity in (await ledger.taken_on(report.as_of)).items():
            moved[sku] = moved.get(sku, 0) + quantity
    return moved
