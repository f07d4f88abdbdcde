"""What is over goes when its time is over: bodies, journals, and what partners were asked. Some in each transaction.

The keys that keep anything from happening twice stay as long as their order does: business keys, the facts that the
order remembers, and each effect's row with its key, state and reference.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from canonical.statuses import ENDED
from core.engine.history import SNAPSHOT
from core.ids import floor_id
from core.store.messages import as_uuid
from core.store.sql import Database

BATCH = 500
ORDERS = 100
"""Journals forgotten in one transaction: each has some tens of rows."""
FORGOTTEN = "{}"
"""What is left of the command of an effect whose time is over."""
_FIRST = UUID(int=0)
_STATUSES = ", ".join(f"'{status.value}'" for status in sorted(ENDED))
_BODIES = (
    "SELECT key_id FROM messages m WHERE id < $1 AND body IS NOT NULL AND key_id IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM failures f WHERE f.message_id = m.id AND f.status IN ('open', 'replaying')) "
    "AND NOT EXISTS (SELECT 1 FROM effects e WHERE e.order_id = m.order_id AND e.request_id = m.id "
    "AND e.state IN ('pending', 'sending', 'unknown', 'parked')) "
    "AND NOT EXISTS (SELECT 1 FROM interchanges i WHERE i.message_id = m.id AND i.ended_at IS NULL) LIMIT $2"
)
_FORGET_BODIES = "UPDATE messages SET body = NULL WHERE key_id {any:1:uuid}"
_FORGET_KEYS = "DELETE FROM data_keys WHERE id {any:1:uuid}"
_OVER = f"o.status IN ({_STATUSES}) AND o.updated_at < $2 AND o.quarantined_by IS NULL"
_JOURNALS = (
    f"SELECT o.id FROM orders o WHERE o.id > $1 AND {_OVER} "  # noqa: S608 - statuses are ours
    "AND EXISTS (SELECT 1 FROM journal j WHERE j.order_id = o.id AND j.seq < o.version) "
    "AND NOT EXISTS (SELECT 1 FROM effects e WHERE e.order_id = o.id "
    "AND e.state IN ('pending', 'sending', 'unknown', 'parked')) ORDER BY o.id LIMIT $3 {skip}"
)
_SNAPSHOTS = (
    f"UPDATE journal SET type = '{SNAPSHOT}', schema = o.schema, body = o.doc, message_id = NULL FROM orders o "  # noqa: S608 - a name of ours
    "WHERE o.id = journal.order_id AND journal.seq = o.version AND o.id {any:1:uuid}"
)
_FORGET_JOURNALS = (
    "DELETE FROM journal WHERE order_id {any:1:uuid} "
    "AND seq < (SELECT o.version FROM orders o WHERE o.id = journal.order_id)"
)
_FORGET_COMMANDS = (
    f"UPDATE effects SET body = '{FORGOTTEN}' WHERE id IN (SELECT e.id FROM effects e WHERE e.id > $1 "  # noqa: S608 - ours
    f"AND e.state IN ('confirmed', 'rejected') AND e.finished_at < $2 AND e.body <> '{FORGOTTEN}' "
    f"AND EXISTS (SELECT 1 FROM orders o WHERE o.id = e.order_id AND {_OVER}) "
    "ORDER BY e.id LIMIT $3 {skip}) RETURNING id"
)
_LEDGER = (
    "SELECT i.id FROM interchanges i WHERE i.id > $1 AND i.id < $2 AND i.ended_at IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM expected_sets x WHERE x.interchange_id = i.id) "
    "AND NOT EXISTS (SELECT 1 FROM effects e WHERE e.key = i.effect_key "
    "AND e.state IN ('pending', 'sending', 'unknown', 'parked')) "
    "AND NOT EXISTS (SELECT 1 FROM failures f WHERE f.message_id = i.message_id AND f.status IN ('open', 'replaying')) "
    "ORDER BY i.id LIMIT $3 {skip}"
)
"""Interchanges that are over: nothing of them is awaited, ours or the partner's, and nobody looks into them."""
_FORGET_SETS = "DELETE FROM exchanged_sets WHERE interchange_id {any:1:uuid}"
_FORGET_INTERCHANGES = "DELETE FROM interchanges WHERE id {any:1:uuid}"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long is kept what is over, in days. None: for good."""

    bodies_days: int | None = None
    """Raw bodies of messages, counted from when they came."""
    journal_days: int | None = None
    """The single events of orders that have ended, counted from when they last changed."""
    effects_days: int | None = None
    """What partners were asked for orders that have ended, counted from when it was settled."""
    exchange_days: int | None = None
    """Interchanges in the ledger, with their sets, counted from when they came or left."""
    duplicates_days: int = 0
    """The longest window in which a partner's control number counts as a duplicate: the ledger is kept for as long."""


async def forget(database: Database, retention: Retention, now: datetime) -> None:
    """Let go of everything that is over its retention at `now`. May be repeated, and broken off anywhere."""
    if retention.bodies_days is not None:
        await _forget_bodies(database, now - timedelta(days=retention.bodies_days))
    if retention.journal_days is not None:
        await _forget_journals(database, now - timedelta(days=retention.journal_days))
    if retention.effects_days is not None:
        await _forget_commands(database, now - timedelta(days=retention.effects_days))
    if retention.exchange_days is not None:
        kept_days = max(retention.exchange_days, retention.duplicates_days)
        await _forget_interchanges(database, now - timedelta(days=kept_days))


async def _forget_bodies(database: Database, horizon: datetime) -> None:
    """Destroy raw bodies with their keys; not those that something still needs."""
    while True:
        async with database.transaction() as session:
            keys = [row["key_id"] for row in await session.rows(_BODIES, floor_id(horizon), BATCH)]
            if keys:
                await session.run(_FORGET_BODIES, keys)
                await session.run(_FORGET_KEYS, keys)
        if len(keys) < BATCH:
            return


async def _forget_journals(database: Database, horizon: datetime) -> None:
    """Put a snapshot in the place of each journal whose order ended before the horizon, under the order's lock.

    An order that somebody else has locked just now is left for the next time.
    """
    after = _FIRST
    while True:
        async with database.transaction() as session:
            orders = [row["id"] for row in await session.rows(_JOURNALS, after, horizon, ORDERS)]
            if orders:
                await session.run(_SNAPSHOTS, orders)
                await session.run(_FORGET_JOURNALS, orders)
        if len(orders) < ORDERS:
            return
        after = as_uuid(orders[-1])


async def _forget_commands(database: Database, horizon: datetime) -> None:
    """Empty the commands of settled effects. Their rows stay, so that nothing is asked of a partner again."""
    after = _FIRST
    while True:
        async with database.transaction() as session:
            rows = await session.rows(_FORGET_COMMANDS, after, horizon, BATCH)
        if len(rows) < BATCH:
            return
        after = max(as_uuid(row["id"]) for row in rows)


async def _forget_interchanges(database: Database, horizon: datetime) -> None:
    """Take interchanges out of the ledger. Control numbers go on from where they are: they are kept apart."""
    after = _FIRST
    while True:
        async with database.transaction() as session:
            ids = [row["id"] for row in await session.rows(_LEDGER, after, floor_id(horizon), BATCH)]
            if ids:
                await session.run(_FORGET_SETS, ids)
                await session.run(_FORGET_INTERCHANGES, ids)
        if len(ids) < BATCH:
            return
        after = as_uuid(ids[-1])
