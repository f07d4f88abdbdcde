"""Documents that were exchanged are found by their number: an APERAK names no more of ours."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_exchanged_sets_reference", "exchanged_sets", ["reference"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_exchanged_sets_reference", "exchanged_sets")
