"""The scheduler's jobs on the store. Each is one transaction, safe to repeat; it returns what is to be published."""

from datetime import datetime, timedelta
from typing import Any

from canonical.events import EVENT_BY_NAME
from core.bus.port import Item, read_item
from core.engine.changes import UNPUBLISHED_GRACE_S, Changes, Posting
from core.engine.reading import Blame
from core.engine.work import HUB_QUEUE, Happening, data_of
from core.ids import floor_id, named_id
from core.scheduler.retention import Retention, forget
from core.security.keys import KeyRing
from core.store import partitions
from core.store.messages import as_uuid
from core.store.sql import Database, as_instant

BATCH = 500
_SWEEP = (
    "UPDATE outbox SET due_at = $2 WHERE (item_id, attempt) IN (SELECT item_id, attempt FROM outbox "
    "WHERE due_at <= $1 ORDER BY due_at, seq LIMIT $3 {skip}) RETURNING queue, item, seq"
)
_TIMERS = (
    "DELETE FROM timers WHERE (order_id, name) IN (SELECT order_id, name FROM timers WHERE due_at <= $1 "
    "ORDER BY due_at LIMIT $2 {skip}) RETURNING order_id, name, due_at, type, body"
)
_CALLED = (
    "DELETE FROM waiting WHERE (item_id, attempt) IN (SELECT w.item_id, w.attempt FROM waiting w "
    "WHERE w.kind <> 'quarantine' AND EXISTS (SELECT 1 FROM business_keys k "
    "WHERE k.kind = w.kind AND k.value = w.value) LIMIT $1 {skip}) RETURNING item_id, queue, item, since"
)
_FREED = (
    "DELETE FROM waiting WHERE (item_id, attempt) IN (SELECT w.item_id, w.attempt FROM waiting w "
    "WHERE w.kind = 'quarantine' AND EXISTS (SELECT 1 FROM orders o "
    "WHERE CAST(o.id AS TEXT) = w.value AND o.quarantined_by IS NULL) ORDER BY w.since, w.item_id LIMIT $1 {skip}) "
    "RETURNING item_id, queue, item, since"
)
_OVERDUE = (
    "DELETE FROM waiting WHERE (item_id, attempt) IN (SELECT w.item_id, w.attempt FROM waiting w "
    "WHERE w.deadline <= $1 LIMIT $2 {skip}) RETURNING queue, item, kind, value, since"
)
_OLD_INBOX = "DELETE FROM inbox WHERE item_id < $1"
_OLD_STARTED = "DELETE FROM started WHERE recorded_at < $1"
INBOX_DAYS = 7
"""Longer than any automatic retry."""


async def sweep(database: Database, *, horizon_s: float = 0.0) -> list[Posting]:
    """Claim outbox rows that are due: commit first, publish then; never a row lock during I/O."""
    async with database.transaction() as session:
        until = session.now + timedelta(seconds=horizon_s)
        again = session.now + timedelta(seconds=UNPUBLISHED_GRACE_S)
        rows = await session.rows(_SWEEP, until, again, BATCH)
    return [Posting(row["queue"], read_item(row["item"])) for row in sorted(rows, key=lambda row: row["seq"])]


async def fire_timers(database: Database, ring: KeyRing) -> list[Posting]:
    """Turn timers that are due into messages to their orders. A message's id derives from timer and due time."""
    async with database.transaction() as session:
        rows = await session.rows(_TIMERS, session.now, BATCH)
        postings = [_fired(row, session.now) for row in rows]
        await Changes(session.now, postings=postings).write(session, ring, ())
    return postings


def _fired(row: Any, now: datetime) -> Posting:
    order_id, name, event_type = as_uuid(row["order_id"]), row["name"], row["type"]
    due_at = as_instant(row["due_at"])
    event = EVENT_BY_NAME[event_type].model_validate_json(row["body"])
    item_id = named_id(f"timer:{order_id}:{name}:{due_at.isoformat()}", due_at)
    item = Item(
        id=item_id,
        type=event_type,
        subject=str(order_id),
        attempt=1,
        time=now,
        correlation_id=item_id,
        causation_id=None,
        data=data_of(Happening(order_id, (event,))),
    )
    return Posting(HUB_QUEUE, item)


async def release_waiting(database: Database, ring: KeyRing) -> list[Posting]:
    """Let go on what missed its key's appearance by a moment; give up on what waited too long."""
    async with database.transaction() as session:
        rows = [*await session.rows(_CALLED, BATCH), *await session.rows(_FREED, BATCH)]
        rows.sort(key=lambda row: (as_instant(row["since"]), as_uuid(row["item_id"])))
        postings = [Posting(row["queue"], read_item(row["item"])) for row in rows]
        changes = Changes(session.now, postings=postings)
        for row in await session.rows(_OVERDUE, session.now, BATCH):
            _overdue(changes, row["queue"], read_item(row["item"]), row["kind"], row["value"])
        await changes.write(session, ring, ())
    return postings


def _overdue(changes: Changes, queue: str, item: Item, kind: str, value: str) -> None:
    reason = f"no order of {kind} {value} has come: find out whether it was lost, then replay this"
    blame = Blame("locate", "UnknownOrderError", reason)
    changes.failed_item(named_id(f"overdue:{item.id}", item.time), queue, item, blame)


async def clean_up(database: Database, retention: Retention) -> None:
    """Forget what is older than it must be kept, and make room for what comes."""
    await partitions.make(database)
    async with database.reading() as session:
        now = session.now
    horizon = now - timedelta(days=INBOX_DAYS)
    await partitions.drop_inbox_before(database, horizon)
    async with database.transaction() as session:
        await session.run(_OLD_INBOX, floor_id(horizon))
        await session.run(_OLD_STARTED, horizon)
    await forget(database, retention, now)
