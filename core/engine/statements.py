"""The statements by which a batch writes what it gathered, in the order in which `Changes.write` runs them."""

from core.store.sql import bulk, bulk_insert

JOURNAL = bulk_insert(
    "journal",
    "order_id uuid, seq int, type text, schema int, message_id uuid, recorded_at timestamptz, body text",
)
EFFECTS = bulk_insert(
    "effects",
    "id uuid, key text, connector text, command text, body text, order_id uuid, message_id uuid, "
    "correlation_id uuid, state text, due_at timestamptz, recorded_at timestamptz",
    tail="ON CONFLICT (key) DO NOTHING",
)
TIMERS = bulk(
    "INSERT INTO timers (order_id, name, due_at, type, body) SELECT order_id, name, due_at, type, body "
    "FROM {rows} WHERE true ON CONFLICT (order_id, name) DO UPDATE SET due_at = excluded.due_at, "
    "type = excluded.type, body = excluded.body",
    "order_id uuid, name text, due_at timestamptz, type text, body text",
)
FORGET = bulk(
    "DELETE FROM timers WHERE (order_id, name) IN (SELECT order_id, name FROM {rows})",
    "order_id uuid, name text",
)
LEDGER = bulk_insert(
    "stock_ledger",
    "key text, kind text, sku text, node text, quantity int, order_id uuid, happened_at timestamptz, "
    "recorded_at timestamptz",
)
KEYS = bulk_insert("business_keys", "kind text, value text, order_id uuid", tail="ON CONFLICT DO NOTHING")
OUTBOX = bulk_insert(
    "outbox",
    "item_id uuid, attempt int, queue text, item text, due_at timestamptz, seq bigint",
    tail="ON CONFLICT DO NOTHING",
)
UNBOX = bulk(
    "DELETE FROM outbox WHERE (item_id, attempt) IN (SELECT item_id, attempt FROM {rows})",
    "item_id uuid, attempt int",
)
WAITING = bulk_insert(
    "waiting",
    "item_id uuid, attempt int, queue text, item text, kind text, value text, since timestamptz, "
    "deadline timestamptz",
    tail="ON CONFLICT DO NOTHING",
)
CALLED = bulk(
    "DELETE FROM waiting WHERE (kind, value) IN (SELECT kind, value FROM {rows}) "
    "RETURNING item_id, attempt, queue, item, since",
    "kind text, value text",
)
FAILURES = bulk(
    "INSERT INTO failures (id, signature, status, stage, error, reason, details, connector, mapping, message_id, "
    "effect_id, order_id, queue, item, recorded_at) SELECT id, signature, status, stage, error, reason, details, "
    "connector, mapping, message_id, effect_id, order_id, queue, item, recorded_at FROM {rows} WHERE true "
    "ON CONFLICT (id) DO UPDATE SET status = 'open', signature = excluded.signature, stage = excluded.stage, "
    "error = excluded.error, reason = excluded.reason, details = excluded.details, mapping = excluded.mapping, "
    "item = excluded.item, closed_at = NULL, closed_by = NULL, closed_reason = NULL",
    "id uuid, signature text, status text, stage text, error text, reason text, details text, connector text, "
    "mapping text, message_id uuid, effect_id uuid, order_id uuid, queue text, item text, recorded_at timestamptz",
)
RESOLVED = bulk(
    "UPDATE failures SET status = 'resolved', closed_at = r.closed_at FROM {rows} "
    "WHERE failures.id = r.id AND failures.status <> 'discarded'",
    "id uuid, closed_at timestamptz",
)
SETTLE = bulk(
    "UPDATE effects SET state = r.state, reference = r.reference, reason = r.reason, finished_at = r.finished_at, "
    "lease_until = NULL, lease_owner = NULL FROM {rows} "
    "WHERE effects.id = r.id AND "
    "((r.state = 'confirmed' AND effects.state IN ('sending', 'unknown', 'pending', 'parked')) "
    "OR (effects.state = 'sending' AND effects.lease_owner = r.owner))",
    "id uuid, owner text, state text, reference text, reason text, finished_at timestamptz",
)
"""A confirmation counts whoever brings it and however late; a refusal only while its lease lasts."""
SETTLED = bulk(
    "UPDATE failures SET status = 'resolved', closed_at = r.closed_at, closed_by = r.closed_by, "
    "closed_reason = r.closed_reason FROM {rows} "
    "WHERE failures.effect_id = r.id AND failures.stage = 'send' AND failures.status IN ('open', 'replaying')",
    "id uuid, closed_at timestamptz, closed_by text, closed_reason text",
)
PARTIES = bulk_insert(
    "parties",
    "order_id uuid, key_id uuid, body bytea, recorded_at timestamptz",
    tail="ON CONFLICT (order_id) DO UPDATE SET key_id = excluded.key_id, body = excluded.body",
)
PARTY_INDEX = bulk_insert(
    "party_index", "kind text, digest text, order_id uuid", tail="ON CONFLICT DO NOTHING"
)
BACK_ORDERED = bulk_insert(
    "back_orders",
    "sku text, order_id uuid, since timestamptz",
    tail="ON CONFLICT DO NOTHING",
)
NOT_BACK_ORDERED = bulk(
    "DELETE FROM back_orders WHERE (sku, order_id) IN (SELECT sku, order_id FROM {rows})",
    "sku text, order_id uuid",
)
AUDIT = bulk_insert(
    "audit_log",
    "id uuid, recorded_at timestamptz, actor text, role text, action text, target text, detail text",
)
