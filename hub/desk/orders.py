"""Orders as they are: list and show."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from canonical.order import Order
from canonical.upcast import upcast_event
from core.effects.claims import open_parties
from core.engine import snapshots
from core.engine.history import SNAPSHOT
from core.store.messages import as_uuid
from core.store.sql import Row, Session
from hub.desk import order_search
from hub.desk.access import Permission, Principal
from hub.desk.base import Page, cursor_id, from_row, page, page_size
from hub.desk.context import DeskContext
from hub.desk.errors import InvalidError, NotFoundError
from hub.desk.failure_views import shown_reason
from hub.desk.masking import MASK, parties_view
from hub.desk.order_search import ALL_ORDERS, OrderFilter
from hub.desk.order_views import (
    JournalEntry,
    OrderDetail,
    OrderEffect,
    OrderFailure,
    OrderMessage,
    OrderSummary,
    OrderTimer,
    WaitingItem,
)

_COLUMNS = (
    "id, schema, status, payment_status, fulfilment_status, held, quarantined_by, updated_at, due_at, doc"
)
_ONE = f"SELECT {_COLUMNS} FROM orders WHERE id = $1"  # noqa: S608 - columns are ours
_MESSAGES = (
    "SELECT id, direction, connector, kind, status, recorded_at FROM messages WHERE order_id = $1 ORDER BY id"
)
_EFFECTS = (
    "SELECT id, key, connector, command, state, attempt, due_at, recorded_at, finished_at, reference, reason "
    "FROM effects WHERE order_id = $1 ORDER BY id"
)
_FAILURES = (
    "SELECT id, status, stage, error, connector, reason, details, claimed_by, recorded_at FROM failures "
    "WHERE order_id = $1 OR message_id IN (SELECT id FROM messages WHERE order_id = $1) ORDER BY id"
)
_TIMERS = "SELECT name, type, due_at FROM timers WHERE order_id = $1 ORDER BY due_at"
_JOURNAL = (
    "SELECT seq, type, schema, recorded_at, message_id, body FROM journal WHERE order_id = $1 ORDER BY seq"
)
_WAITING = (
    "SELECT item_id, queue, item, since FROM waiting WHERE kind = 'quarantine' AND value = $1 "
    "ORDER BY since, item_id"
)


async def list_orders(
    ctx: DeskContext,
    principal: Principal,
    wanted: OrderFilter = ALL_ORDERS,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[OrderSummary]:
    """Return a page of orders, the newest first; those that are `due`, by their deadlines."""
    principal.must(Permission.READ)
    if wanted.due:
        return await _list_due(ctx, principal, wanted, limit=limit, cursor=cursor)
    size, after = page_size(limit), cursor_id(cursor)
    async with ctx.database.reading() as session:
        conditions = await order_search.where(session, ctx, principal, wanted)
        if after is not None:
            conditions.add("id < ?", after)
        sql = f"SELECT {_COLUMNS} FROM orders{conditions.text()} ORDER BY id DESC LIMIT {size + 1}"  # noqa: S608 - values are parameters
        rows = await session.rows(sql, *conditions.values)
    return page([summary(row) for row in rows], size)


async def _list_due(
    ctx: DeskContext, principal: Principal, wanted: OrderFilter, *, limit: int, cursor: str | None
) -> Page[OrderSummary]:
    """Return a page of orders with a deadline, the most urgent first; a cursor is the last one's, and its id."""
    size, after = page_size(limit), _cursor_due(cursor)
    async with ctx.database.reading() as session:
        conditions = await order_search.where(session, ctx, principal, wanted)
        if after is not None:
            conditions.add("due_at >= ?", after[0])
            conditions.add(f"NOT (due_at = ${len(conditions.values)} AND id <= ?)", after[1])
        sql = f"SELECT {_COLUMNS} FROM orders{conditions.text()} ORDER BY due_at, id LIMIT {size + 1}"  # noqa: S608 - values are parameters
        rows = await session.rows(sql, *conditions.values)
    found = page([summary(row) for row in rows], size)
    if found.next is None or found.items[-1].due_at is None:
        return found
    return found.model_copy(update={"next": f"{found.items[-1].due_at.isoformat()}_{found.next}"})


def _cursor_due(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    at, _, order_id = cursor.partition("_")
    try:
        due_at = datetime.fromisoformat(at)
    except ValueError:
        due_at = None
    known = cursor_id(order_id)
    if due_at is None or due_at.tzinfo is None or known is None:
        raise InvalidError("the cursor is not one that a page of due orders gave out as `next`")
    return due_at, known


async def show_order(ctx: DeskContext, principal: Principal, order_id: UUID) -> OrderDetail:
    """Return an order with all that belongs to it; its people masked for those who may not see them."""
    principal.must(Permission.READ)
    masked = not principal.may(Permission.SEE_PEOPLE)
    async with ctx.database.reading() as session:
        row, order = await load_order(session, order_id)
        people = await open_parties(session, ctx.ring, [order_id])
        key = str(order_id)
        return OrderDetail(
            **dict(summary(row)),
            order=order,
            parties=parties_view(people[order_id], masked=masked) if order_id in people else None,
            erased=order_id not in people,
            messages=tuple([from_row(OrderMessage, r) for r in await session.rows(_MESSAGES, order_id)]),
            effects=tuple([_effect(r, masked=masked) for r in await session.rows(_EFFECTS, order_id)]),
            failures=tuple([_failure(r, masked=masked) for r in await session.rows(_FAILURES, order_id)]),
            timers=tuple([from_row(OrderTimer, r) for r in await session.rows(_TIMERS, order_id)]),
            waiting=tuple([_waiting(r) for r in await session.rows(_WAITING, key)]),
            journal=tuple([_entry(r) for r in await session.rows(_JOURNAL, order_id)]),
        )


async def load_order(session: Session, order_id: UUID) -> tuple[Row, Order]:
    """Return an order's row and value; raises `NotFoundError`."""
    rows = await session.rows(_ONE, order_id)
    order = snapshots.read(rows[0]["doc"], rows[0]["schema"]) if rows else None
    if order is None:
        raise NotFoundError(f"there is no order {order_id}")
    return rows[0], order


def summary(row: Any) -> OrderSummary:
    """Return an order's line of a list."""
    order = snapshots.read(row["doc"], row["schema"])
    if order is None:
        raise NotFoundError(f"order {row['id']} is being placed")
    return OrderSummary(
        id=order.id,
        version=order.version,
        channel=order.channel,
        channel_ref=order.channel_ref,
        type=order.type.value,
        status=row["status"],
        payment_status=row["payment_status"],
        fulfilment_status=row["fulfilment_status"],
        held=bool(row["held"]),
        holds=tuple(hold.type.value for hold in order.holds),
        quarantined_by=row["quarantined_by"],
        total=str(order.total),
        units=order.ordered(),
        placed_at=order.placed_at,
        updated_at=row["updated_at"],
        due_at=row["due_at"],
    )


def _effect(row: Any, *, masked: bool) -> OrderEffect:
    return from_row(OrderEffect, row, reason=MASK if masked and row["reason"] else row["reason"])


def _failure(row: Any, *, masked: bool) -> OrderFailure:
    return from_row(OrderFailure, row, reason=shown_reason(row, masked=masked))


def _waiting(row: Any) -> WaitingItem:
    item = orjson.loads(row["item"])
    return WaitingItem(
        item_id=as_uuid(row["item_id"]),
        queue=row["queue"],
        type=str(item.get("type", "")),
        since=row["since"],
    )


def _entry(row: Any) -> JournalEntry:
    if row["type"] == SNAPSHOT:
        body = {"stands_for": f"events 1 to {row['seq']}, which are over their retention"}
    else:
        body = orjson.loads(upcast_event(row["type"], row["body"], row["schema"]))
    return JournalEntry(
        seq=row["seq"],
        type=row["type"],
        recorded_at=row["recorded_at"],
        message_id=row["message_id"],
        body=body,
    )
