"""When each order's channel wants the next step done, so that what is due next is found first."""

import sqlalchemy as sa
from alembic import op

from core.store.tables import INSTANT

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the column; orders without a deadline are not in its index."""
    op.add_column("orders", sa.Column("due_at", INSTANT, nullable=True))
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_orders_due", "orders", ["due_at", "id"], postgresql_where=due, sqlite_where=due)


def downgrade() -> None:
    """Forget it; the orders themselves know."""
    op.drop_index("ix_orders_due", "orders")
    op.drop_column("orders", "due_at")
