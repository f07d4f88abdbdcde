"""Every table of the hub, once for both databases. Alembic's migrations are held to this by a test.

Orders, journal and commands are TEXT (JSON that pydantic wrote); what is searched has its own column. `messages` and
`inbox` are partitioned by time on PostgreSQL, by the range of their time-ordered ids (RFC 9562 UUID version 7).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.types import TypeEngine, UserDefinedType

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)


class _Declared(UserDefinedType[Any]):
    """A type whose name SQLite only remembers: the connection's converters read it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: Any) -> str:
        return self.name


def _on_sqlite(general: TypeEngine[Any], name: str) -> TypeEngine[Any]:
    return general.with_variant(_Declared(name), "sqlite")


UUID = _on_sqlite(Uuid(), "HUB_UUID")
INSTANT = _on_sqlite(DateTime(timezone=True), "HUB_INSTANT")
FLAG = _on_sqlite(Boolean(), "HUB_BOOL")

inbox = Table(
    "inbox",
    metadata,
    Column("consumer", Text, nullable=False),
    Column("item_id", UUID, nullable=False),
    Column("attempt", Integer, nullable=False),
    PrimaryKeyConstraint("consumer", "item_id", "attempt"),
    postgresql_partition_by="RANGE (item_id)",
    sqlite_with_rowid=False,
)

messages = Table(
    "messages",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("order_id", UUID),
    Column("correlation_id", UUID),
    Column("causation_id", UUID),
    Column("replay_of", UUID),
    Column("external_id", Text),
    Column("media_type", Text, nullable=False),
    Column("headers", Text),
    Column("body", LargeBinary),
    Column("key_id", UUID),
    Column("size", Integer, nullable=False),
    Column("mapping", Text),
    Column("reason", Text),
    Column("recorded_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    Index(None, "order_id"),
    Index(None, "causation_id"),
    Index(None, "connector", "status"),
    Index(
        "ix_messages_copies",
        "replay_of",
        postgresql_where=text("replay_of IS NOT NULL"),
        sqlite_where=text("replay_of IS NOT NULL"),
    ),
    postgresql_partition_by="RANGE (id)",
)

message_keys = Table(
    "message_keys",
    metadata,
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("message_id", UUID, nullable=False),
    PrimaryKeyConstraint("kind", "value", "message_id"),
    sqlite_with_rowid=False,
)

external_ids = Table(
    "external_ids",
    metadata,
    Column("connector", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("message_id", UUID, nullable=False),
    Column("body_hash", Text, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("connector", "external_id"),
    sqlite_with_rowid=False,
)

business_keys = Table(
    "business_keys",
    metadata,
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("order_id", UUID, nullable=False),
    PrimaryKeyConstraint("kind", "value"),
    Index(None, "order_id"),
    sqlite_with_rowid=False,
)

orders = Table(
    "orders",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("channel_ref", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("0")),
    Column("schema", Integer, nullable=False, server_default=text("0")),
    Column("type", Text),
    Column("status", Text),
    Column("payment_status", Text),
    Column("fulfilment_status", Text),
    Column("held", FLAG),
    Column("placed_at", INSTANT),
    Column("updated_at", INSTANT),
    Column("quarantined_by", UUID),
    Column("doc", Text),
    Column("due_at", INSTANT),
    UniqueConstraint("channel", "channel_ref"),
    Index(
        "ix_orders_due",
        "due_at",
        "id",
        postgresql_where=text("due_at IS NOT NULL"),
        sqlite_where=text("due_at IS NOT NULL"),
    ),
    Index(None, "status", "id"),
    Index("ix_orders_held", "id", postgresql_where=text("held"), sqlite_where=text("held")),
    Index(
        "ix_orders_quarantined",
        "quarantined_by",
        postgresql_where=text("quarantined_by IS NOT NULL"),
        sqlite_where=text("quarantined_by IS NOT NULL"),
    ),
)

journal = Table(
    "journal",
    metadata,
    Column("order_id", UUID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("message_id", UUID),
    Column("recorded_at", INSTANT, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("order_id", "seq"),
    ForeignKeyConstraint(["order_id"], ["orders.id"]),
    sqlite_with_rowid=False,
)

data_keys = Table(
    "data_keys",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("order_id", UUID),
    Column("wrapped", LargeBinary, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    Index(None, "order_id"),
)

parties = Table(
    "parties",
    metadata,
    Column("order_id", UUID, primary_key=True),
    Column("key_id", UUID, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
)

party_index = Table(
    "party_index",
    metadata,
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("order_id", UUID, nullable=False),
    PrimaryKeyConstraint("kind", "digest", "order_id"),
    Index(None, "order_id"),
    sqlite_with_rowid=False,
)

items = Table(
    "items",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("doc", Text, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
)

channel_references = Table(
    "channel_references",
    metadata,
    Column("channel", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("sku", Text, nullable=False),
    PrimaryKeyConstraint("channel", "reference"),
    Index(None, "sku"),
)

nodes = Table(
    "nodes",
    metadata,
    Column("id", Text, primary_key=True),
    Column("doc", Text, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
)

stock = Table(
    "stock",
    metadata,
    Column("sku", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("on_hand", Integer, nullable=False),
    Column("allocated", Integer, nullable=False),
    Column("reserved", Integer, nullable=False),
    Column("safety", Integer, nullable=False),
    Column("as_of", INSTANT),
    PrimaryKeyConstraint("sku", "node"),
)

stock_ledger = Table(
    "stock_ledger",
    metadata,
    Column("key", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("order_id", UUID),
    Column("happened_at", INSTANT, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("key", "kind", "sku", "node"),
    Index(None, "sku", "node", "happened_at"),
    Index(None, "order_id"),
)

stock_changes = Table(
    "stock_changes",
    metadata,
    Column("sku", Text, primary_key=True),
    Column("marks", BigInteger, nullable=False),
)

stock_offers = Table(
    "stock_offers",
    metadata,
    Column("connector", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("sku", Text, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("told", Integer),
    Column("attempts", Integer, nullable=False),
    Column("due_at", INSTANT),
    Column("owner", UUID),
    Column("reason", Text),
    Column("updated_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("connector", "reference"),
    Index(None, "sku"),
    Index(
        "ix_stock_offers_due",
        "connector",
        "due_at",
        postgresql_where=text("due_at IS NOT NULL"),
        sqlite_where=text("due_at IS NOT NULL"),
    ),
)

back_orders = Table(
    "back_orders",
    metadata,
    Column("sku", Text, nullable=False),
    Column("order_id", UUID, nullable=False),
    Column("since", INSTANT, nullable=False),
    PrimaryKeyConstraint("sku", "order_id"),
)

effects = Table(
    "effects",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("connector", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("order_id", UUID, nullable=False),
    Column("message_id", UUID),
    Column("correlation_id", UUID),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("looks", Integer, nullable=False, server_default=text("0")),
    Column("due_at", INSTANT, nullable=False),
    Column("lease_until", INSTANT),
    Column("lease_owner", Text),
    Column("first_sent_at", INSTANT),
    Column("request_id", UUID),
    Column("reference", Text),
    Column("reason", Text),
    Column("recorded_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    Index(None, "order_id"),
    Index(
        "ix_effects_open",
        "connector",
        "due_at",
        postgresql_where=text("state IN ('pending', 'sending', 'unknown')"),
        sqlite_where=text("state IN ('pending', 'sending', 'unknown')"),
    ),
    Index(
        "ix_effects_parked",
        "connector",
        postgresql_where=text("state = 'parked'"),
        sqlite_where=text("state = 'parked'"),
    ),
)

inbound = Table(
    "inbound",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("node", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("expected_at", INSTANT),
    Column("doc", Text, nullable=False),
    Column("announced_at", INSTANT, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    UniqueConstraint("node", "number"),
    Index(None, "status", "id"),
)

inbound_lines = Table(
    "inbound_lines",
    metadata,
    Column("inbound_id", UUID, nullable=False),
    Column("sku", Text, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("damaged", Integer, nullable=False),
    PrimaryKeyConstraint("inbound_id", "sku"),
    ForeignKeyConstraint(["inbound_id"], ["inbound.id"]),
    sqlite_with_rowid=False,
)

inbound_receipts = Table(
    "inbound_receipts",
    metadata,
    Column("inbound_id", UUID, nullable=False),
    Column("number", Text, nullable=False),
    Column("message_id", UUID),
    Column("happened_at", INSTANT, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("inbound_id", "number"),
    ForeignKeyConstraint(["inbound_id"], ["inbound.id"]),
    sqlite_with_rowid=False,
)

timers = Table(
    "timers",
    metadata,
    Column("order_id", UUID, nullable=False),
    Column("name", Text, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("order_id", "name"),
    Index(None, "due_at"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("item_id", UUID, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("seq", BigInteger, nullable=False),
    PrimaryKeyConstraint("item_id", "attempt"),
    Index(None, "due_at"),
)

waiting = Table(
    "waiting",
    metadata,
    Column("item_id", UUID, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("deadline", INSTANT),
    PrimaryKeyConstraint("item_id", "attempt"),
    Index(None, "kind", "value"),
    Index(None, "deadline"),
)

failures = Table(
    "failures",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("signature", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", Text),
    Column("connector", Text, nullable=False),
    Column("mapping", Text),
    Column("message_id", UUID),
    Column("effect_id", UUID),
    Column("order_id", UUID),
    Column("queue", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("claimed_by", Text),
    Column("claimed_at", INSTANT),
    Column("replayed_as", UUID),
    Column("closed_by", Text),
    Column("closed_reason", Text),
    Column("recorded_at", INSTANT, nullable=False),
    Column("closed_at", INSTANT),
    Index(None, "status", "signature"),
    Index(None, "order_id"),
    Index(None, "message_id"),
)

replays = Table(
    "replays",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("state", Text, nullable=False),
    Column("mode", Text),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("selection", Text, nullable=False),
    Column("reason", Text),
    Column("recorded_at", INSTANT, nullable=False),
    Column("started_at", INSTANT),
    Column("finished_at", INSTANT),
    Column("verb", Text, nullable=False, server_default=text("'failed'")),
    Column("ordering", Text, nullable=False, server_default=text("'age'")),
    Column("manifest", Text),
    Column("needs_approval", FLAG, nullable=False, server_default=text("false")),
    Column("approved_by", Text),
    Column("approved_at", INSTANT),
    Column("run_by", Text),
    Column("wait_s", Integer),
    Index(None, "state"),
)

replay_items = Table(
    "replay_items",
    metadata,
    Column("replay_id", UUID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("failure_id", UUID),
    Column("signature", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("item_id", UUID),
    Column("reason", Text),
    Column("what", Text, nullable=False, server_default=text("'failure'")),
    Column("message_id", UUID),
    Column("effect_id", UUID),
    Column("order_id", UUID),
    Column("lane", Text),
    Column("origin", UUID),
    Column("blocks", FLAG, nullable=False, server_default=text("false")),
    Column("sent_at", INSTANT),
    Column("sent_with", Text),
    PrimaryKeyConstraint("replay_id", "seq"),
    Index(None, "replay_id", "lane"),
    ForeignKeyConstraint(["replay_id"], ["replays.id"]),
)

started = Table(
    "started",
    metadata,
    Column("item_id", UUID, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("times", Integer, nullable=False),
    Column("recorded_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("item_id", "attempt"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("until", INSTANT, nullable=False),
)

cursors = Table(
    "cursors",
    metadata,
    Column("connector", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("updated_at", INSTANT, nullable=False),
    PrimaryKeyConstraint("connector", "name"),
)

connector_states = Table(
    "connector_states",
    metadata,
    Column("connector", Text, primary_key=True),
    Column("paused", FLAG, nullable=False),
    Column("until", INSTANT),
    Column("reason", Text),
    Column("actor", Text),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("updated_at", INSTANT, nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("recorded_at", INSTANT, nullable=False),
    Column("expires_at", INSTANT),
    Column("revoked_at", INSTANT),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("recorded_at", INSTANT, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text),
    Index(None, "recorded_at"),
    Index(None, "target"),
)

control_numbers = Table(
    "control_numbers",
    metadata,
    Column("pair", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("pair", "level"),
    sqlite_with_rowid=False,
)

interchanges = Table(
    "interchanges",
    metadata,
    Column("id", UUID, primary_key=True),
    Column("direction", Text, nullable=False),
    Column("connector", Text, nullable=False),
    Column("pair", Text, nullable=False),
    Column("control", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("message_id", UUID, nullable=False),
    Column("effect_key", Text),
    Column("answers", UUID),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    Column("recorded_at", INSTANT, nullable=False),
    Column("due_at", INSTANT),
    Column("raised_at", INSTANT),
    Column("ended_at", INSTANT),
    Index(None, "pair", "control"),
    Index(None, "message_id"),
    Index(
        "ix_interchanges_due",
        "due_at",
        postgresql_where=text("due_at IS NOT NULL"),
        sqlite_where=text("due_at IS NOT NULL"),
    ),
)

exchanged_sets = Table(
    "exchanged_sets",
    metadata,
    Column("interchange_id", UUID, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("connector", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("group_control", Text, nullable=False),
    Column("control", Text, nullable=False),
    Column("reference", Text),
    Column("message_id", UUID),
    Column("status", Text, nullable=False),
    PrimaryKeyConstraint("interchange_id", "seq"),
    Index(None, "group_control"),
    Index(None, "connector", "kind", "reference"),
    Index(None, "reference"),
    ForeignKeyConstraint(["interchange_id"], ["interchanges.id"]),
    sqlite_with_rowid=False,
)

expected_sets = Table(
    "expected_sets",
    metadata,
    Column("connector", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("interchange_id", UUID, nullable=False),
    Column("since", INSTANT, nullable=False),
    Column("due_at", INSTANT, nullable=False),
    Column("raised_at", INSTANT),
    PrimaryKeyConstraint("connector", "kind", "reference"),
    Index(None, "due_at"),
    sqlite_with_rowid=False,
)

PARTITIONED = (inbox, messages)
"""Tables whose old partitions are dropped whole, on PostgreSQL."""
