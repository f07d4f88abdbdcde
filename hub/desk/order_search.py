"""Finding orders by whatever somebody has in hand: an id, a reference, a tracking number, a person."""

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

from canonical.base import Instant
from canonical.documents import KeyKind
from core.store.messages import as_uuid
from core.store.sql import Session
from hub.desk.access import Permission, Principal
from hub.desk.base import View, Where
from hub.desk.context import DeskContext

MOST_FOUND = 2000
_KINDS = [kind.value for kind in KeyKind]
_BY_KEY = (
    "SELECT order_id FROM business_keys WHERE kind {any:1:text} AND value {any:2:text} "
    "UNION SELECT m.order_id FROM message_keys k JOIN messages m ON m.id = k.message_id "
    "WHERE k.kind {any:1:text} AND k.value {any:2:text} AND m.order_id IS NOT NULL "
    "UNION SELECT order_id FROM effects WHERE key {any:2:text}"
)
_BY_REFERENCE = "SELECT id FROM orders WHERE channel {any:1:text} AND channel_ref = $2"
_CHANNELS = "SELECT DISTINCT channel FROM orders"
_BY_PERSON = "SELECT order_id FROM party_index WHERE kind = $1 AND digest = $2 LIMIT 2000"


class OrderFilter(View):
    """What orders to list; what is None does not count. `person` finds by e-mail, phone or postcode."""

    status: str | None = None
    payment: str | None = None
    fulfilment: str | None = None
    held: bool | None = None
    quarantined: bool | None = None
    channel: str | None = None
    since: Instant | None = None
    """Placed at or after."""
    due: bool = False
    """With a deadline of their channel, or of a supplier, that is still to be met; the most urgent first."""
    text: str | None = None
    """The order's id, the channel's reference, a release, a tracking number, a payment's reference, an effect's key."""
    email: str | None = None
    phone: str | None = None
    postcode: str | None = None

    def person(self) -> tuple[tuple[str, str], ...]:
        """Return the kinds and values by which a person is looked for."""
        wanted = (("email", self.email), ("phone", self.phone), ("postcode", self.postcode))
        return tuple((kind, value) for kind, value in wanted if value and value.strip())


ALL_ORDERS = OrderFilter()


async def where(session: Session, ctx: DeskContext, principal: Principal, wanted: OrderFilter) -> Where:
    """Return the conditions of a filter. Looking for a person takes the right to."""
    conditions = Where()
    conditions.plain("status IS NOT NULL")
    conditions.equal(
        status=wanted.status, payment_status=wanted.payment, fulfilment_status=wanted.fulfilment,
        held=wanted.held, channel=wanted.channel,
    )  # fmt: skip
    if wanted.quarantined is not None:
        conditions.plain(f"quarantined_by IS {'NOT ' if wanted.quarantined else ''}NULL")
    if wanted.due:
        conditions.plain("due_at IS NOT NULL")
    if wanted.since is not None:
        conditions.add("placed_at >= ?", wanted.since)
    if wanted.text is not None and wanted.text.strip():
        conditions.add("id {any:?:uuid}", await _by_text(session, ctx, wanted.text.strip()))
    for kind, value in wanted.person():
        principal.must(Permission.FIND_PEOPLE)
        digest = ctx.ring.master.blind(kind, value)
        conditions.add("id {any:?:uuid}", _ids(await session.rows(_BY_PERSON, kind, digest), "order_id"))
    return conditions


async def _by_text(session: Session, ctx: DeskContext, text: str) -> list[UUID]:
    if "\x00" in text:
        return []
    channels = sorted(row["channel"] for row in await session.rows(_CHANNELS))
    found = set(_ids(await session.rows(_BY_REFERENCE, channels, text), "id"))
    with suppress(ValueError):
        found.add(UUID(text))
    names = sorted({*channels, *ctx.connectors})
    values = [text, *(f"{name}:{text}" for name in names)]
    found.update(_ids(await session.rows(_BY_KEY, _KINDS, values), "order_id"))
    return sorted(found)[-MOST_FOUND:]


def _ids(rows: Iterable[object], column: str) -> list[UUID]:
    return [as_uuid(row[column]) for row in rows]  # type: ignore[index] # rows are read by name
