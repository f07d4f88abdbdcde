"""Goods that are announced to nodes: what is expected, and what has come."""

import sqlalchemy as sa
from alembic import op

from core.store.tables import INSTANT, UUID

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "inbound",
        sa.Column("id", UUID, nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expected_at", INSTANT, nullable=True),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.Column("announced_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_inbound"),
        sa.UniqueConstraint("node", "number", name="uq_inbound_node_number"),
    )
    op.create_index("ix_inbound_status_id", "inbound", ["status", "id"])
    op.create_table(
        "inbound_lines",
        sa.Column("inbound_id", UUID, nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("damaged", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("inbound_id", "sku", name="pk_inbound_lines"),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"]),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inbound_receipts",
        sa.Column("inbound_id", UUID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("message_id", UUID, nullable=True),
        sa.Column("happened_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("inbound_id", "number", name="pk_inbound_receipts"),
        sa.ForeignKeyConstraint(["inbound_id"], ["inbound.id"]),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Forget all of it; what was received stays in the stock."""
    for name in ("inbound_receipts", "inbound_lines", "inbound"):
        op.drop_table(name)
