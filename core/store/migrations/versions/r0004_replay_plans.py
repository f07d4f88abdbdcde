"""Replays become plans: what is in them, who agreed, and in which order their parts go."""

import sqlalchemy as sa
from alembic import op

from core.store.tables import FLAG, INSTANT, UUID

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_PLAN = ("verb", "ordering", "manifest", "needs_approval", "approved_by", "approved_at", "run_by", "wait_s")
_ITEM = ("what", "message_id", "effect_id", "order_id", "lane", "origin", "blocks", "sent_at", "sent_with")


def upgrade() -> None:
    """Add the columns; a replayed thing need not be a failure any more."""
    for column in (
        sa.Column("verb", sa.Text(), nullable=False, server_default=sa.text("'failed'")),
        sa.Column("ordering", sa.Text(), nullable=False, server_default=sa.text("'age'")),
        sa.Column("manifest", sa.Text(), nullable=True),
        sa.Column("needs_approval", FLAG, nullable=False, server_default=sa.text("false")),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.Column("run_by", sa.Text(), nullable=True),
        sa.Column("wait_s", sa.Integer(), nullable=True),
    ):
        op.add_column("replays", column)
    _failure_may_be_missing(nullable=True)
    for column in (
        sa.Column("what", sa.Text(), nullable=False, server_default=sa.text("'failure'")),
        sa.Column("message_id", UUID, nullable=True),
        sa.Column("effect_id", UUID, nullable=True),
        sa.Column("order_id", UUID, nullable=True),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("origin", UUID, nullable=True),
        sa.Column("blocks", FLAG, nullable=False, server_default=sa.text("false")),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("sent_with", sa.Text(), nullable=True),
    ):
        op.add_column("replay_items", column)
    op.create_index("ix_replay_items_replay_id_lane", "replay_items", ["replay_id", "lane"])


def downgrade() -> None:
    """Take the columns away, and with them what is about no failure."""
    op.drop_index("ix_replay_items_replay_id_lane", "replay_items")
    op.execute("DELETE FROM replay_items WHERE failure_id IS NULL")
    for name in reversed(_ITEM):
        op.drop_column("replay_items", name)
    _failure_may_be_missing(nullable=False)
    for name in reversed(_PLAN):
        op.drop_column("replays", name)


def _failure_may_be_missing(*, nullable: bool) -> None:
    """Change the one column. SQLite copies the table, whose form is given here: it can't read our types back."""
    before = sa.Table(
        "replay_items",
        sa.MetaData(),
        sa.Column("replay_id", UUID, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("failure_id", UUID, nullable=not nullable),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("item_id", UUID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("replay_id", "seq", name="pk_replay_items"),
        sa.ForeignKeyConstraint(["replay_id"], ["replays.id"]),
    )
    with op.batch_alter_table("replay_items", copy_from=before) as batch:
        batch.alter_column("failure_id", existing_type=UUID, nullable=nullable)
