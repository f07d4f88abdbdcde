"""Control numbers by pairs of partners, the ledger of interchanges and their sets, and what is expected by when."""

import sqlalchemy as sa
from alembic import op

from core.store.tables import INSTANT, UUID

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "control_numbers",
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("pair", "level", name="pk_control_numbers"),
        sqlite_with_rowid=False,
    )
    _interchanges()
    _sets()


def _interchanges() -> None:
    op.create_table(
        "interchanges",
        sa.Column("id", UUID, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("pair", sa.Text(), nullable=False),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("message_id", UUID, nullable=False),
        sa.Column("effect_key", sa.Text(), nullable=True),
        sa.Column("answers", UUID, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=True),
        sa.Column("raised_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_interchanges"),
    )
    op.create_index("ix_interchanges_pair_control", "interchanges", ["pair", "control"])
    op.create_index("ix_interchanges_message_id", "interchanges", ["message_id"])
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_interchanges_due", "interchanges", ["due_at"], postgresql_where=due, sqlite_where=due)


def _sets() -> None:
    op.create_table(
        "exchanged_sets",
        sa.Column("interchange_id", UUID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("group_control", sa.Text(), nullable=False),
        sa.Column("control", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("message_id", UUID, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("interchange_id", "seq", name="pk_exchanged_sets"),
        sa.ForeignKeyConstraint(["interchange_id"], ["interchanges.id"]),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_exchanged_sets_group_control", "exchanged_sets", ["group_control"])
    op.create_index(
        "ix_exchanged_sets_connector_kind_reference", "exchanged_sets", ["connector", "kind", "reference"]
    )
    op.create_table(
        "expected_sets",
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("interchange_id", UUID, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("raised_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("connector", "kind", "reference", name="pk_expected_sets"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_expected_sets_due_at", "expected_sets", ["due_at"])


def downgrade() -> None:
    """Forget all of it."""
    for name in ("expected_sets", "exchanged_sets", "interchanges", "control_numbers"):
        op.drop_table(name)
