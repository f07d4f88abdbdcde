"""The first schema, written out: it stays as it is, whatever the tables become. A test holds it to `tables`."""

import sqlalchemy as sa
from alembic import op

from core.store.tables import FLAG, INSTANT, UUID

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

PARTITIONED = ("inbox", "messages")
TABLES = (
    "inbox",
    "outbox",
    "waiting",
    "messages",
    "message_keys",
    "external_ids",
    "started",
    "business_keys",
    "orders",
    "journal",
    "data_keys",
    "parties",
    "party_index",
    "timers",
    "effects",
    "items",
    "channel_references",
    "nodes",
    "stock",
    "stock_ledger",
    "back_orders",
    "failures",
    "replays",
    "replay_items",
    "audit_log",
    "tokens",
    "leases",
    "cursors",
    "connector_states",
)


def upgrade() -> None:
    """Make every table; on PostgreSQL also the partitions that take what no other does."""
    _messages()
    _orders()
    _stock()
    _desk()
    _running()
    if op.get_bind().dialect.name == "postgresql":
        for name in PARTITIONED:
            op.execute(f"CREATE TABLE {name}_rest PARTITION OF {name} DEFAULT")


def downgrade() -> None:
    """Drop every table, and all that was in them."""
    for name in reversed(TABLES):
        op.drop_table(name)


def _messages() -> None:
    """What comes and goes."""
    op.create_table(
        "inbox",
        sa.Column("consumer", sa.Text(), nullable=False),
        sa.Column("item_id", UUID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "item_id", "attempt", name="pk_inbox"),
        postgresql_partition_by="RANGE (item_id)",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("item_id", UUID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", "attempt", name="pk_outbox"),
    )
    op.create_index("ix_outbox_due_at", "outbox", ["due_at"])
    op.create_table(
        "waiting",
        sa.Column("item_id", UUID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("deadline", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("item_id", "attempt", name="pk_waiting"),
    )
    op.create_index("ix_waiting_deadline", "waiting", ["deadline"])
    op.create_index("ix_waiting_kind_value", "waiting", ["kind", "value"])
    op.create_table(
        "messages",
        sa.Column("id", UUID, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("order_id", UUID, nullable=True),
        sa.Column("correlation_id", UUID, nullable=True),
        sa.Column("causation_id", UUID, nullable=True),
        sa.Column("replay_of", UUID, nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", UUID, nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_messages_causation_id", "messages", ["causation_id"])
    op.create_index("ix_messages_connector_status", "messages", ["connector", "status"])
    op.create_index(
        "ix_messages_copies",
        "messages",
        ["replay_of"],
        postgresql_where=sa.text("replay_of IS NOT NULL"),
        sqlite_where=sa.text("replay_of IS NOT NULL"),
    )
    op.create_index("ix_messages_order_id", "messages", ["order_id"])
    op.create_table(
        "message_keys",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("message_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", "message_id", name="pk_message_keys"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "external_ids",
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("message_id", UUID, nullable=False),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("connector", "external_id", name="pk_external_ids"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "started",
        sa.Column("item_id", UUID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("item_id", "attempt", name="pk_started"),
    )


def _orders() -> None:
    """Orders, and what belongs to them."""
    op.create_table(
        "business_keys",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("order_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("kind", "value", name="pk_business_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_business_keys_order_id", "business_keys", ["order_id"])
    op.create_table(
        "orders",
        sa.Column("id", UUID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("channel_ref", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("schema", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("payment_status", sa.Text(), nullable=True),
        sa.Column("fulfilment_status", sa.Text(), nullable=True),
        sa.Column("held", FLAG, nullable=True),
        sa.Column("placed_at", INSTANT, nullable=True),
        sa.Column("updated_at", INSTANT, nullable=True),
        sa.Column("quarantined_by", UUID, nullable=True),
        sa.Column("doc", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("channel", "channel_ref", name="uq_orders_channel_channel_ref"),
    )
    op.create_index(
        "ix_orders_held", "orders", ["id"], postgresql_where=sa.text("held"), sqlite_where=sa.text("held")
    )
    op.create_index(
        "ix_orders_quarantined",
        "orders",
        ["quarantined_by"],
        postgresql_where=sa.text("quarantined_by IS NOT NULL"),
        sqlite_where=sa.text("quarantined_by IS NOT NULL"),
    )
    op.create_index("ix_orders_status_updated_at", "orders", ["status", "updated_at"])
    op.create_table(
        "journal",
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("schema", sa.Integer(), nullable=False),
        sa.Column("message_id", UUID, nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "seq", name="pk_journal"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "data_keys",
        sa.Column("id", UUID, nullable=False),
        sa.Column("order_id", UUID, nullable=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_keys"),
    )
    op.create_index("ix_data_keys_order_id", "data_keys", ["order_id"])
    op.create_table(
        "parties",
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("key_id", UUID, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("order_id", name="pk_parties"),
    )
    op.create_table(
        "party_index",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("order_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("kind", "digest", "order_id", name="pk_party_index"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_party_index_order_id", "party_index", ["order_id"])
    op.create_table(
        "timers",
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "name", name="pk_timers"),
    )
    op.create_index("ix_timers_due_at", "timers", ["due_at"])
    op.create_table(
        "effects",
        sa.Column("id", UUID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("command", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("message_id", UUID, nullable=True),
        sa.Column("correlation_id", UUID, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("looks", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("first_sent_at", INSTANT, nullable=True),
        sa.Column("request_id", UUID, nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_effects"),
        sa.UniqueConstraint("key", name="uq_effects_key"),
    )
    op.create_index(
        "ix_effects_open",
        "effects",
        ["connector", "due_at"],
        postgresql_where=sa.text("state IN ('pending', 'sending', 'unknown')"),
        sqlite_where=sa.text("state IN ('pending', 'sending', 'unknown')"),
    )
    op.create_index("ix_effects_order_id", "effects", ["order_id"])
    op.create_index(
        "ix_effects_parked",
        "effects",
        ["connector"],
        postgresql_where=sa.text("state = 'parked'"),
        sqlite_where=sa.text("state = 'parked'"),
    )


def _stock() -> None:
    """Master data and stock."""
    op.create_table(
        "items",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("sku", name="pk_items"),
    )
    op.create_table(
        "channel_references",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "reference", name="pk_channel_references"),
    )
    op.create_table(
        "nodes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nodes"),
    )
    op.create_table(
        "stock",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("allocated", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("safety", sa.Integer(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("sku", "node", name="pk_stock"),
    )
    op.create_table(
        "stock_ledger",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("order_id", UUID, nullable=True),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", "kind", "sku", "node", name="pk_stock_ledger"),
    )
    op.create_index("ix_stock_ledger_order_id", "stock_ledger", ["order_id"])
    op.create_index("ix_stock_ledger_sku_node_happened_at", "stock_ledger", ["sku", "node", "happened_at"])
    op.create_table(
        "back_orders",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("order_id", UUID, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("sku", "order_id", name="pk_back_orders"),
    )


def _desk() -> None:
    """What people work with."""
    op.create_table(
        "failures",
        sa.Column("id", UUID, nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=True),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=True),
        sa.Column("message_id", UUID, nullable=True),
        sa.Column("effect_id", UUID, nullable=True),
        sa.Column("order_id", UUID, nullable=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=True),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.Column("replayed_as", UUID, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_failures"),
    )
    op.create_index("ix_failures_message_id", "failures", ["message_id"])
    op.create_index("ix_failures_order_id", "failures", ["order_id"])
    op.create_index("ix_failures_status_signature", "failures", ["status", "signature"])
    op.create_table(
        "replays",
        sa.Column("id", UUID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_replays"),
    )
    op.create_index("ix_replays_state", "replays", ["state"])
    op.create_table(
        "replay_items",
        sa.Column("replay_id", UUID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("failure_id", UUID, nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("item_id", UUID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("replay_id", "seq", name="pk_replay_items"),
        sa.ForeignKeyConstraint(["replay_id"], ["replays.id"]),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", UUID, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_log"),
    )
    op.create_index("ix_audit_log_recorded_at", "audit_log", ["recorded_at"])
    op.create_index("ix_audit_log_target", "audit_log", ["target"])
    op.create_table(
        "tokens",
        sa.Column("id", UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )


def _running() -> None:
    """What workers keep for each other."""
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "cursors",
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("connector", "name", name="pk_cursors"),
    )
    op.create_table(
        "connector_states",
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("paused", FLAG, nullable=False),
        sa.Column("until", INSTANT, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("connector", name="pk_connector_states"),
    )
