"""What channels are told of stock: which SKUs have changed, and what each channel was told last."""

import sqlalchemy as sa
from alembic import op

from core.store.tables import INSTANT, UUID

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables, and let a SKU find the channels' references to it."""
    op.create_index("ix_channel_references_sku", "channel_references", ["sku"])
    op.create_table(
        "stock_changes",
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sku", name="pk_stock_changes"),
    )
    op.create_table(
        "stock_offers",
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("owner", UUID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("connector", "reference", name="pk_stock_offers"),
    )
    op.create_index("ix_stock_offers_sku", "stock_offers", ["sku"])
    due = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_stock_offers_due",
        "stock_offers",
        ["connector", "due_at"],
        postgresql_where=due,
        sqlite_where=due,
    )


def downgrade() -> None:
    """Forget what channels were told."""
    op.drop_table("stock_offers")
    op.drop_table("stock_changes")
    op.drop_index("ix_channel_references_sku", "channel_references")
