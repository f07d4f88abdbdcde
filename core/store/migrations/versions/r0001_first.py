"""The first schema.

As long as no version has been released, this migration is the metadata itself; the first release freezes it.
"""

from alembic import op

from core.store.tables import PARTITIONED, metadata

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table; on PostgreSQL also the partition that takes what no other does."""
    connection = op.get_bind()
    metadata.create_all(connection)
    if connection.dialect.name == "postgresql":
        for table in PARTITIONED:
            op.execute(f"CREATE TABLE {table.name}_rest PARTITION OF {table.name} DEFAULT")


def downgrade() -> None:
    """Drop every table, and all that was in them."""
    metadata.drop_all(op.get_bind())
