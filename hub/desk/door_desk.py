"""What a connector's doors may ask of the hub, for the one connector that they belong to."""

from collections.abc import Mapping
from uuid import UUID

from canonical.order import Order
from core.engine import snapshots
from core.ports import RawDocument, Receipt
from hub.desk import stock
from hub.desk.context import DeskContext

_ORDER = "SELECT schema, doc FROM orders WHERE channel = $1 AND channel_ref = $2"
_MESSAGE = (
    "SELECT m.status, m.reason FROM messages m WHERE m.id = $1 AND m.connector = $2 AND m.direction = 'in'"
)


class ConnectorDesk:
    """Fills `core.ports.Desk`. A door sees its own connector's orders and messages, and nobody else's."""

    def __init__(self, ctx: DeskContext, connector: str) -> None:
        self._ctx, self._connector = ctx, connector

    async def receive(self, raw: RawDocument) -> Receipt:
        return await self._ctx.engine.receive(self._connector, raw)

    async def find_order(self, channel_ref: str) -> Order | None:
        async with self._ctx.database.reading() as session:
            rows = await session.rows(_ORDER, self._connector, channel_ref)
        return snapshots.read(rows[0]["doc"], rows[0]["schema"]) if rows else None

    async def message_status(self, message_id: UUID) -> tuple[str, str | None] | None:
        async with self._ctx.database.reading() as session:
            rows = await session.rows(_MESSAGE, message_id, self._connector)
        if not rows:
            return None
        failed = rows[0]["status"] == "failed"
        return rows[0]["status"], (rows[0]["reason"] or "it failed") if failed else None

    async def available(self, references: tuple[str, ...]) -> Mapping[str, int | None]:
        found = await stock.available(self._ctx, self._connector, references)
        return {answer.reference: answer.available for answer in found}
