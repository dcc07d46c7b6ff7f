"""Issued tokens, and learners who want no unasked help."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ltt_collab.adapters.store.texts import AnyText

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "tokens",
        sa.Column("id", AnyText(), nullable=False),
        sa.Column("digest", AnyText(), nullable=False),
        sa.Column("principal", AnyText(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("expires", sa.Double()),
        sa.Column("revoked", sa.Double()),
        sa.Column("note", AnyText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
        sa.UniqueConstraint("digest", name="uq_tokens_digest"),
    )
    op.create_index("ix_tokens_at", "tokens", ["at"])
    op.create_table(
        "muted",
        sa.Column("server", AnyText(), nullable=False),
        sa.Column("username", AnyText(), nullable=False),
        sa.PrimaryKeyConstraint("server", "username", name="pk_muted"),
    )
