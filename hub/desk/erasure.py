"""Erasing the people of an order: their keys are destroyed, so that what these sealed is gone for good.

What stays: the order without its people, the keys by which a repetition is recognised, and the audit log's entry.
"""

from uuid import UUID

from canonical.statuses import ENDED
from core.store.messages import as_uuid
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.auditing import audit
from hub.desk.base import View, required
from hub.desk.context import DeskContext
from hub.desk.errors import RefusedError
from hub.desk.orders import load_order

_LOCK = "SELECT id FROM orders WHERE id = $1 {lock}"
_FAMILY = (
    "WITH RECURSIVE family(id, replay_of) AS ("
    "SELECT id, replay_of FROM messages WHERE order_id = $1 "
    "UNION SELECT m.id, m.replay_of FROM messages m JOIN family f ON m.id = f.replay_of OR m.replay_of = f.id"
    ") SELECT id FROM family"
)
"""The order's messages, and every copy and original of them: an unreadable original never came to know its order."""
_KEYS = (
    "DELETE FROM data_keys WHERE order_id = $1 "
    "OR id IN (SELECT key_id FROM messages WHERE id {any:2:uuid} AND key_id IS NOT NULL) RETURNING id"
)
_BODIES = "UPDATE messages SET body = NULL, headers = NULL, reason = NULL WHERE id {any:1:uuid}"
_FAILURES = (
    "UPDATE failures SET details = NULL, reason = 'erased with its order' "
    "WHERE order_id = $1 OR message_id {any:2:uuid}"
)
_EFFECTS = "UPDATE effects SET reason = NULL WHERE order_id = $1"
_PARTIES = "DELETE FROM parties WHERE order_id = $1 RETURNING order_id"
_INDEX = "DELETE FROM party_index WHERE order_id = $1"


class Erased(View):
    """What erasing an order destroyed."""

    order_id: UUID
    parties: bool
    """There was a party record."""
    messages: int
    keys: int


async def erase(
    ctx: DeskContext, principal: Principal, order_id: UUID, reason: str, *, force: bool = False
) -> Erased:
    """Erase an order's people, for good. An order under way needs them, and is refused unless forced."""
    principal.must(Permission.ERASE)
    why = required(reason, "reason")
    async with ctx.database.transaction() as session:
        await session.rows(_LOCK, order_id)
        _, order = await load_order(session, order_id)
        if order.status() not in ENDED and not force:
            raise RefusedError(
                f"order {order.channel_ref} is {order.status().value}, and can't be delivered without its people: "
                "cancel it first, or erase it by force"
            )
        erased, keys = await _destroy(session, order_id)
        detail = f"{why} ({erased.messages} messages, {erased.keys} keys)"
        await audit(session, ctx, principal, "order.erase", str(order_id), detail)
    for key_id in keys:
        ctx.ring.forget(key_id)
    return erased


async def _destroy(session: Session, order_id: UUID) -> tuple[Erased, list[UUID]]:
    family = [as_uuid(row["id"]) for row in await session.rows(_FAMILY, order_id)]
    keys = [as_uuid(row["id"]) for row in await session.rows(_KEYS, order_id, family)]
    parties = await session.rows(_PARTIES, order_id)
    await session.run(_INDEX, order_id)
    await session.run(_BODIES, family)
    await session.run(_FAILURES, order_id, family)
    await session.run(_EFFECTS, order_id)
    return Erased(order_id=order_id, parties=bool(parties), messages=len(family), keys=len(keys)), keys
