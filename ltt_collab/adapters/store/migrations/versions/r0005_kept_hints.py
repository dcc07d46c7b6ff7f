"""Hints that instructors keep for a task."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ltt_collab.adapters.store.texts import AnyText

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "kept_hints",
        sa.Column("course", AnyText(), nullable=False),
        sa.Column("task", AnyText(), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("body", AnyText(), nullable=False),
        sa.PrimaryKeyConstraint("course", "task", "rung", name="pk_kept_hints"),
    )
