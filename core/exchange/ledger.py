"""The ledger's statements: interchanges, their sets, and what is owed."""

from core.store.sql import bulk, bulk_insert

INTERCHANGES = bulk_insert(
    "interchanges",
    "id uuid, direction text, connector text, pair text, control text, digest text, message_id uuid, "
    "effect_key text, answers uuid, status text, reason text, recorded_at timestamptz, due_at timestamptz, "
    "ended_at timestamptz",
)
SETS = bulk_insert(
    "exchanged_sets",
    "interchange_id uuid, seq int, connector text, kind text, group_control text, control text, reference text, "
    "message_id uuid, status text",
)
EFFECTS = bulk_insert(
    "effects",
    "id uuid, key text, connector text, command text, body text, order_id uuid, message_id uuid, "
    "correlation_id uuid, state text, due_at timestamptz, request_id uuid, recorded_at timestamptz",
)
"""Effects that are born with their request: its bytes are stored already."""
BEFORE = bulk(
    "SELECT i.pair, i.control, i.digest, i.message_id, i.recorded_at FROM {rows} "
    "JOIN interchanges i ON i.pair = r.pair AND i.control = r.control WHERE i.direction = 'in' "
    "AND i.status <> 'rejected' ORDER BY i.recorded_at",
    "pair text, control text",
)
"""Of a number that was rejected nothing was processed: the partner may use it again."""
BY_NUMBER = bulk(
    "SELECT i.id, i.pair, i.control, i.connector, i.message_id, i.raised_at FROM {rows} "
    "JOIN interchanges i ON i.pair = r.pair AND i.control = r.control WHERE i.direction = 'out' "
    "ORDER BY i.recorded_at",
    "pair text, control text",
)
BY_GROUP = bulk(
    "SELECT DISTINCT i.id, i.pair, i.control, s.group_control, i.connector, i.message_id, i.raised_at, i.recorded_at "
    "FROM {rows} JOIN exchanged_sets s ON s.group_control = r.control "
    "JOIN interchanges i ON i.id = s.interchange_id AND i.pair = r.pair WHERE i.direction = 'out' "
    "ORDER BY i.recorded_at",
    "pair text, control text",
)
BY_DOCUMENT = bulk(
    "SELECT i.id, i.pair, s.reference, s.kind, s.control AS set_control, i.control, i.connector, i.message_id, "
    "i.raised_at FROM {rows} JOIN exchanged_sets s ON s.reference = r.control "
    "JOIN interchanges i ON i.id = s.interchange_id AND i.pair = r.pair WHERE i.direction = 'out' "
    "ORDER BY i.recorded_at, s.seq",
    "pair text, control text",
)
SET_STATUS = bulk(
    "UPDATE exchanged_sets SET status = r.status FROM {rows} WHERE exchanged_sets.interchange_id = r.id "
    "AND (r.grp IS NULL OR exchanged_sets.group_control = r.grp) "
    "AND (r.control IS NULL OR exchanged_sets.control = r.control)",
    "id uuid, grp text, control text, status text",
)
ANSWERED = bulk(
    "UPDATE interchanges SET status = r.status, reason = r.reason, ended_at = r.ended_at, due_at = NULL FROM {rows} "
    "WHERE interchanges.id = r.id",
    "id uuid, status text, reason text, ended_at timestamptz",
)
STANDINGS = bulk(
    "SELECT DISTINCT s.interchange_id, s.status FROM {rows} JOIN exchanged_sets s ON s.interchange_id = r.id",
    "id uuid",
)
WISHES = bulk_insert(
    "expected_sets",
    "connector text, kind text, reference text, after text, interchange_id uuid, since timestamptz, "
    "due_at timestamptz",
    tail="ON CONFLICT DO NOTHING",
)
CAME = bulk(
    "DELETE FROM expected_sets WHERE (connector, kind, reference) IN "
    "(SELECT connector, kind, reference FROM {rows}) RETURNING connector, kind, reference, since, raised_at",
    "connector text, kind text, reference text",
)
HAVE = bulk(
    "SELECT DISTINCT s.connector, s.kind, s.reference FROM {rows} JOIN exchanged_sets s "
    "ON s.connector = r.connector AND s.kind = r.kind AND s.reference = r.reference "
    "JOIN interchanges i ON i.id = s.interchange_id AND i.direction = 'in' WHERE s.status <> 'rejected'",
    "connector text, kind text, reference text",
)
