"""Orders in and out of the store: loaded and locked once a batch, dumped once a batch."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from canonical.events import SCHEMA
from canonical.lines import Line
from canonical.order import Order
from canonical.upcast import upcast_order
from core.engine.memory import OrderMemory, Written
from core.store.messages import as_uuid, maybe_uuid
from core.store.sql import SchemaTooNewError, Session, bulk, bulk_insert

_LOCK = bulk(
    "SELECT orders.id, orders.version, orders.schema, orders.quarantined_by, "
    "CASE WHEN orders.version = r.version THEN NULL ELSE orders.doc END AS doc, "
    "CASE WHEN orders.version = r.version THEN 1 ELSE 0 END AS remembered "
    "FROM {rows} JOIN orders ON orders.id = r.id ORDER BY orders.id {lock_orders}",
    "id uuid, version int",
)
_LOAD = bulk(
    "SELECT orders.id, orders.schema, "
    "CASE WHEN orders.version = r.version THEN NULL ELSE orders.doc END AS doc, "
    "CASE WHEN orders.version = r.version THEN 1 ELSE 0 END AS remembered "
    "FROM {rows} JOIN orders ON orders.id = r.id",
    "id uuid, version int",
)
_STUBS = bulk_insert(
    "orders", "id uuid, channel text, channel_ref text",
    tail="ON CONFLICT (channel, channel_ref) DO NOTHING",
)  # fmt: skip
_BY_REFERENCE = bulk(
    "SELECT o.id, o.channel, o.channel_ref FROM {rows} JOIN orders o "
    "ON o.channel = r.channel AND o.channel_ref = r.channel_ref",
    "channel text, channel_ref text",
)
_UPDATE = bulk(
    "UPDATE orders SET version = r.version, schema = r.schema, type = r.type, status = r.status, "
    "payment_status = r.payment_status, fulfilment_status = r.fulfilment_status, held = r.held, "
    "placed_at = r.placed_at, updated_at = r.updated_at, quarantined_by = r.quarantined_by, doc = r.doc, "
    "due_at = r.due_at "
    "FROM {rows} WHERE orders.id = r.id",
    "id uuid, version int, schema int, type text, status text, payment_status text, fulfilment_status text, "
    "held bool, placed_at timestamptz, updated_at timestamptz, quarantined_by uuid, doc text, due_at timestamptz",
)
_QUARANTINE = bulk(
    "UPDATE orders SET quarantined_by = r.quarantined_by FROM {rows} WHERE orders.id = r.id",
    "id uuid, quarantined_by uuid",
)

_LINES = TypeAdapter(tuple[Line, ...])
_ALL_BUT_LINES = {"lines"}


@dataclass(slots=True)
class Snapshot:
    """An order as the batch found it. `order` is None for one that is being placed."""

    order_id: UUID
    order: Order | None
    quarantined_by: UUID | None


async def stub(session: Session, references: Iterable[tuple[str, str, UUID]]) -> dict[tuple[str, str], UUID]:
    """Make sure that a row exists for each (channel, reference, id proposed), and return each one's true id.

    An order that doesn't exist can't be locked; the stub can. Sorted, so that two workers never deadlock.
    """
    wanted = sorted({(channel, ref): new_id for channel, ref, new_id in references}.items())
    await session.write(_STUBS, [(new_id, channel, ref) for (channel, ref), new_id in wanted])
    rows = await session.write(_BY_REFERENCE, [reference for reference, _ in wanted])
    return {(row["channel"], row["channel_ref"]): row["id"] for row in rows}


async def lock(session: Session, order_ids: Iterable[UUID], memory: OrderMemory) -> dict[UUID, Snapshot]:
    """Lock and load orders, sorted by id. One whose remembered version is the locked row's is not read again."""
    known = {order_id: memory.get(order_id) for order_id in sorted(set(order_ids))}
    found: dict[UUID, Snapshot] = {}
    for row in await session.write(_LOCK, _versions(known)):
        order_id = as_uuid(row["id"])
        order = known[order_id] if row["remembered"] else read(row["doc"], row["schema"])
        found[order_id] = Snapshot(order_id, order, maybe_uuid(row["quarantined_by"]))
    return found


async def load(session: Session, order_ids: Iterable[UUID], memory: OrderMemory) -> dict[UUID, Order | None]:
    """Load orders as the transaction sees them, without locks; None for a stub. What is remembered is as in `lock`."""
    known = {order_id: memory.get(order_id) for order_id in sorted(set(order_ids))}
    return {
        (order_id := as_uuid(row["id"])): (
            known[order_id] if row["remembered"] else read(row["doc"], row["schema"])
        )
        for row in await session.write(_LOAD, _versions(known))
    }


def _versions(known: Mapping[UUID, Order | None]) -> list[tuple[UUID, int]]:
    return [(order_id, order.version if order else -1) for order_id, order in known.items()]


def read(doc: str | None, schema: int) -> Order | None:
    """Read an order as it is stored; raise `SchemaTooNewError` when a newer version wrote it."""
    if doc is None:
        return None
    if schema > SCHEMA:
        message = f"an order has schema {schema}, this worker knows {SCHEMA}: start the newer version"
        raise SchemaTooNewError(message)
    return Order.model_validate_json(doc if schema == SCHEMA else upcast_order(doc, schema))


async def write(
    session: Session, orders: Sequence[tuple[Order, UUID | None]], memory: OrderMemory
) -> list[Written]:
    """Write changed orders, each with the failure that quarantines it."""
    rows: list[tuple[Any, ...]] = []
    written: list[Written] = []
    for order, quarantined_by in sorted(orders, key=lambda pair: pair[0].id):
        lines = memory.lines_of(order) or _LINES.dump_json(order.lines).decode()
        doc = f'{order.model_dump_json(exclude=_ALL_BUT_LINES)[:-1]},"lines":{lines}}}'
        written.append(Written(order, lines, len(doc) + len(lines)))
        rows.append(
            (
                order.id, order.version, SCHEMA, order.type.value, order.status().value,
                order.payment_status().value, order.fulfilment_status().value, bool(order.holds),
                order.placed_at, session.now, quarantined_by, doc, order.next_deadline(),
            ),
        )  # fmt: skip
    await session.write(_UPDATE, rows)
    return written


async def quarantine(session: Session, changes: Sequence[tuple[UUID, UUID | None]]) -> None:
    """Set or lift the quarantine of orders that did not change otherwise."""
    await session.write(_QUARANTINE, sorted(changes, key=lambda change: change[0]))
