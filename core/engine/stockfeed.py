"""A node's report of what it has: it replaces what is older than it, and nothing newer."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from canonical.documents import StockDocument
from canonical.events import StockArrived
from canonical.stock import StockBasis, StockMoveKind, StockView
from core.engine import backorders
from core.engine.reading import Part
from core.engine.work import Ending, Outcome
from core.store.sql import Session

_ITEMS = "SELECT sku FROM items WHERE sku {any:1:text}"
_SINCE = (
    "SELECT sku, kind, SUM(quantity) AS quantity FROM stock_ledger "
    "WHERE node = $1 AND sku {any:2:text} AND happened_at > $3 GROUP BY sku, kind"
)
_TAKEN_ON = (
    "SELECT sku, SUM(quantity) AS quantity FROM stock_ledger "
    "WHERE node = $1 AND sku {any:2:text} AND happened_at <= $3 AND kind = 'accept' GROUP BY sku"
)

LedgerRow = tuple[str, str, str, str, int, UUID | None, object]
"""key, kind, sku, node, quantity, order, happened_at"""


def skus_of(parts: Iterable[Part]) -> set[str]:
    """Return every SKU that the reports name."""
    documents = (part.document for part in parts)
    return {line.sku for d in documents if isinstance(d, StockDocument) for line in d.lines}


async def apply(
    session: Session,
    part: Part,
    view: StockView,
    begun: Iterable[backorders.Waiting] = (),
    over: Collection[backorders.Waiting] = (),
) -> tuple[list[LedgerRow], list[StockArrived]]:
    """Put a report's figures into the locked `view`; return ledger rows, and the news for orders that wait.

    `begun` and `over` are as in `backorders.news`.
    """
    report = part.document
    if not isinstance(report, StockDocument):
        return [], []
    skus = sorted({line.sku for line in report.lines})
    known = {row["sku"] for row in await session.rows(_ITEMS, skus)}
    moved = await _moved(session, report, skus)
    ledger: list[LedgerRow] = []
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
            ledger.append(
                (key, StockMoveKind.ADJUST.value, line.sku, report.node, change, None, report.as_of)
            )
        if change > 0:
            risen.append(line.sku)
    part.outcome = _outcome(report, known, late)
    return ledger, await backorders.news(session, risen, view, begun, over)


def _outcome(report: StockDocument, known: set[str], late: int) -> Outcome:
    unknown = sorted({line.sku for line in report.lines} - known)
    if late == len(report.lines) and late:
        return Outcome(
            Ending.STALE, f"a newer stock report of {report.node} was here before this of {report.as_of}"
        )
    if unknown:
        named = ", ".join(unknown[:10]) + (" and more" if len(unknown) > 10 else "")  # noqa: PLR2004
        return Outcome(
            Ending.DONE, f"{len(unknown)} SKUs are not in the master data and were passed over: {named}"
        )
    return Outcome(Ending.DONE)


async def _moved(session: Session, report: StockDocument, skus: Sequence[str]) -> Mapping[str, int]:
    """Return what to add to each reported figure to get what is on hand now.

    A figure of what is available leaves out what the node had taken on to send by then, so that is added. What the hub
    has allocated and the node has not accepted yet is in the figure already.
    """
    moved: dict[str, int] = {}
    for row in await session.rows(_SINCE, report.node, skus, report.as_of):
        moved[row["sku"]] = moved.get(row["sku"], 0) + _SIGN.get(row["kind"], 0) * int(row["quantity"])
    if report.basis is StockBasis.AVAILABLE:
        for row in await session.rows(_TAKEN_ON, report.node, skus, report.as_of):
            moved[row["sku"]] = moved.get(row["sku"], 0) + int(row["quantity"])
    return moved


_SIGN = {StockMoveKind.DISPATCH.value: -1, StockMoveKind.RECEIVE.value: 1, StockMoveKind.ADJUST.value: 1}
