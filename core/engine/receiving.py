"""What a node received of goods that were announced to it: the announcement is closed by it, in part or whole."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from canonical.documents import InboundReceiptDocument
from canonical.inbound import InboundStatus
from canonical.stock import StockMoveKind, StockView
from core.engine.adjusting import Change, Counted, count, named, passed_over
from core.engine.node_ledger import NodeLedger
from core.engine.reading import Blame, Part
from core.engine.work import Ending, Outcome
from core.store.messages import as_uuid
from core.store.sql import Session, bulk

_LOCK = "SELECT id FROM inbound WHERE number {any:1:text} ORDER BY number, node {lock}"
_ANNOUNCED = "SELECT id FROM inbound WHERE node = $1 AND number = $2"
_RECEIPT = (
    "INSERT INTO inbound_receipts (inbound_id, number, message_id, happened_at, recorded_at) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING number"
)
_CAME = bulk(
    "INSERT INTO inbound_lines (inbound_id, sku, expected, received, damaged) "
    "SELECT inbound_id, sku, 0, received, damaged FROM {rows} WHERE true ON CONFLICT (inbound_id, sku) DO UPDATE SET "
    "received = inbound_lines.received + excluded.received, damaged = inbound_lines.damaged + excluded.damaged",
    "inbound_id uuid, sku text, received int, damaged int",
)
_LINES = "SELECT sku, expected, received, damaged FROM inbound_lines WHERE inbound_id = $1 ORDER BY sku"
_STANDS = "UPDATE inbound SET status = $2, updated_at = $3 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class _Came:
    """The units of a receipt, by SKU."""

    sound: Counter[str]
    """Has every SKU."""
    damaged: Counter[str]


async def lock(session: Session, parts: Iterable[Part]) -> None:
    """Lock every announcement that the receipts name, sorted, at once: behind the stock, before all else."""
    documents = (part.document for part in parts)
    numbers = sorted({one.inbound for one in documents if isinstance(one, InboundReceiptDocument)})
    if numbers:
        await session.rows(_LOCK, numbers)


async def apply(
    part: Part, document: InboundReceiptDocument, view: StockView, ledger: NodeLedger, known: Collection[str]
) -> Counted:
    """Enter a receipt with its announcement, and add what is sound to the stock as any change of it."""
    session, node = ledger.session, document.node
    found = await session.rows(_ANNOUNCED, node, document.inbound)
    if not found:
        part.blame = Blame("locate", "UnknownInboundError", _unknown(document))
        return Counted()
    inbound_id, name = as_uuid(found[0]["id"]), f"receipt {document.number} of {document.inbound} at {node}"
    new = await session.rows(
        _RECEIPT, inbound_id, document.number, part.work.message_id, document.happened_at, session.now
    )
    if not new:
        part.outcome = Outcome(Ending.DUPLICATE, f"{name} was told before")
        return Counted()
    came = _came(document)
    told = await _entered(session, inbound_id, came)
    key = f"receipt:{node}:{document.inbound}:{document.number}"
    change = Change(key, node, document.happened_at, came.sound, StockMoveKind.RECEIVE)
    counted = await count(change, view, ledger, known)
    said = [*told, *counted.said(node), *passed_over(document.skus() - set(known))]
    part.outcome = Outcome(Ending.DONE, f"{name}: {'; '.join(said)}" if said else None)
    return counted


def _unknown(document: InboundReceiptDocument) -> str:
    return (
        f"nothing was announced to {document.node} as {document.inbound}, of which receipt {document.number} says what "
        "came: announce it (`orderhub inbound announce`) and replay this, or ask the node which number it means"
    )


def _came(document: InboundReceiptDocument) -> _Came:
    came = _Came(Counter(), Counter())
    for line in document.lines:
        came.sound[line.sku] += line.quantity - line.damaged
        if line.damaged:
            came.damaged[line.sku] += line.damaged
    return came


async def _entered(session: Session, inbound_id: UUID, came: _Came) -> list[str]:
    """Add what came to the announcement's lines, say how it stands now, and return what people should know of it."""
    await session.write(
        _CAME, [(inbound_id, sku, units, came.damaged[sku]) for sku, units in sorted(came.sound.items())]
    )
    lines = await session.rows(_LINES, inbound_id)
    missing = [row for row in lines if row["received"] + row["damaged"] < row["expected"]]
    status = InboundStatus.PARTLY_RECEIVED if missing else InboundStatus.RECEIVED
    await session.run(_STANDS, inbound_id, status.value, session.now)
    told: list[str] = []
    if came.damaged:
        damaged = named(f"{units} {sku}" for sku, units in came.damaged.items())
        told.append(f"damaged, and not counted: {damaged}")
    more = [
        f"{over} {row['sku']}"
        for row in lines
        if row["sku"] in came.sound and (over := row["received"] + row["damaged"] - row["expected"]) > 0
    ]
    if more:
        told.append(f"more than was announced: {named(more)}")
    return told
