"""Which order a part is about. New orders get a stub that can be locked; what is too early waits under its key."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from canonical.documents import BusinessKey, KeyKind, NodeBound, OrderBound, OrderDocument
from core.engine import snapshots
from core.engine.reading import Blame, Part
from core.errors import Problem
from core.ids import uuid7
from core.store.messages import as_uuid
from core.store.sql import Session, bulk

_KEYS = bulk(
    "SELECT k.kind, k.value, k.order_id FROM {rows} JOIN business_keys k ON k.kind = r.kind AND k.value = r.value",
    "kind text, value text",
)
_REFERENCES = bulk(
    "SELECT r.channel, r.reference, COALESCE(c.sku, i.sku) AS sku FROM {rows} "
    "LEFT JOIN channel_references c ON c.channel = r.channel AND c.reference = r.reference "
    "LEFT JOIN items i ON i.sku = r.reference",
    "channel text, reference text",
)

References = dict[tuple[str, str], str]
"""Our SKU by (channel, the channel's reference)."""


async def locate(session: Session, parts: Sequence[Part]) -> References:
    """Set `order_id` on every part whose order is known; new orders get theirs here."""
    for part in parts:
        if part.happening is not None:
            part.order_id = part.happening.order_id
    await _existing(session, [p for p in parts if isinstance(p.document, OrderBound) and p.outcome is None])
    return await _new(session, [p for p in parts if isinstance(p.document, OrderDocument)])


async def _existing(session: Session, parts: Sequence[Part]) -> None:
    wanted: dict[tuple[str, str], list[Part]] = {}
    for part in parts:
        if not isinstance(part.document, OrderBound):
            continue
        key = part.document.key()
        part.keys.append(key)
        if key.kind is KeyKind.ORDER_ID:
            part.order_id = UUID(key.value)
        else:
            wanted.setdefault((key.kind.value, key.value), []).append(part)
    for row in await session.write(_KEYS, sorted(wanted)):
        for part in wanted[row["kind"], row["value"]]:
            part.order_id = as_uuid(row["order_id"])


async def _new(session: Session, parts: Sequence[Part]) -> References:
    known = await resolve(
        session,
        {(d.channel, line.reference) for d in _documents(parts) for line in d.lines},
    )
    accepted: list[tuple[Part, OrderDocument]] = []
    for part in parts:
        document = part.document
        if not isinstance(document, OrderDocument):
            continue
        part.keys.append(document.key())
        unknown = [
            Problem("is not in the master data: import the item, or the channel's reference for it",
                    field=f"lines[{i}].reference", value=line.reference)
            for i, line in enumerate(document.lines)
            if (document.channel, line.reference) not in known
        ]  # fmt: skip
        if unknown:
            reason = "; ".join(str(problem) for problem in unknown)
            part.blame = Blame("master data", "UnknownSkuError", reason, tuple(unknown))
        else:
            accepted.append((part, document))
    ids = await snapshots.stub(session, [(d.channel, d.channel_ref, uuid7()) for _, d in accepted])
    for part, document in accepted:
        part.order_id = ids[document.channel, document.channel_ref]
    return known


def _documents(parts: Iterable[Part]) -> list[OrderDocument]:
    return [part.document for part in parts if isinstance(part.document, OrderDocument)]


async def resolve(session: Session, references: Iterable[tuple[str, str]]) -> References:
    """Return our SKU for each (channel, reference) that is known, by the channel's table or as a SKU itself."""
    rows = await session.write(_REFERENCES, sorted(references))
    return {(row["channel"], row["reference"]): row["sku"] for row in rows if row["sku"] is not None}


def waits_for(part: Part) -> BusinessKey | None:
    """Return the key under which a part waits: it is about an order that is not known yet."""
    waits = part.order_id is None and isinstance(part.document, OrderBound)
    return part.keys[0] if waits and part.keys else None


def feeds(parts: Iterable[Part]) -> list[Part]:
    """Return the parts that are about a node's goods, not about an order."""
    return [part for part in parts if isinstance(part.document, NodeBound) and part.outcome is None]
