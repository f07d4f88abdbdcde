"""Announcing goods to a node: the announcement and the effect that tells the node are one commit."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from canonical.commands import AnnounceInbound
from canonical.inbound import InboundInstruction, InboundStatus
from core.engine.statements import EFFECTS
from core.ids import uuid7
from core.store.messages import as_uuid
from core.store.sql import Session, bulk, bulk_insert

_KNOWN = "SELECT number, doc FROM inbound WHERE node = $1 AND number {any:2:text}"
_INBOUND = bulk(
    "INSERT INTO inbound (id, node, number, connector, status, expected_at, doc, announced_at, updated_at) "
    "SELECT id, node, number, connector, status, expected_at, doc, at, at FROM {rows} WHERE true "
    "ON CONFLICT (node, number) DO NOTHING RETURNING id",
    "id uuid, node text, number text, connector text, status text, expected_at timestamptz, doc text, at timestamptz",
)
_LINES = bulk_insert("inbound_lines", "inbound_id uuid, sku text, expected int, received int, damaged int")


async def known(session: Session, node: str, numbers: Iterable[str]) -> dict[str, InboundInstruction]:
    """Return what was announced to a node under some numbers."""
    rows = await session.rows(_KNOWN, node, sorted(numbers))
    return {row["number"]: InboundInstruction.model_validate_json(row["doc"]) for row in rows}


def is_same(one: InboundInstruction, other: InboundInstruction) -> bool:
    """Return whether two announcements say the same, whenever they were made, and whatever items were called then."""
    return _said(one) == _said(other)


def _said(one: InboundInstruction) -> tuple[object, ...]:
    units = {line.sku: line.quantity for line in one.lines}
    return (one.node, one.number, one.expected_at, one.ship_from, one.carrier, units)


async def announce(
    session: Session, connector: str, instructions: Sequence[InboundInstruction]
) -> frozenset[str]:
    """Keep new announcements, each with its effect; return their numbers. One whose number is taken is left as it is.

    The lines of one announcement name each SKU once.
    """
    ids = {uuid7(): instruction for instruction in sorted(instructions, key=lambda one: one.number)}
    now = session.now
    rows = [
        (
            inbound_id, one.node, one.number, connector, InboundStatus.ANNOUNCED.value, one.expected_at,
            one.model_dump_json(), now,
        )
        for inbound_id, one in ids.items()
    ]  # fmt: skip
    new = [as_uuid(row["id"]) for row in await session.write(_INBOUND, rows)]
    lines = [(i, line.sku, line.quantity, 0, 0) for i in new for line in ids[i].lines]
    await session.write(_LINES, lines)
    await session.write(EFFECTS, [_effect(session, connector, i, ids[i]) for i in new])
    return frozenset(ids[i].number for i in new)


def _effect(
    session: Session, connector: str, inbound_id: UUID, instruction: InboundInstruction
) -> tuple[object, ...]:
    key = f"announce:{instruction.node}:{instruction.number}"
    command = AnnounceInbound(order_id=inbound_id, connector=connector, key=key, instruction=instruction)
    return (
        uuid7(), key, connector, type(command).__name__, command.model_dump_json(), inbound_id, None, None,
        "pending", session.now, session.now,
    )  # fmt: skip
