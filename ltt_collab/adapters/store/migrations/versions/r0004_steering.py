"""Standing orders about the AI."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ltt_collab.adapters.store.texts import AnyText

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "steers",
        sa.Column("extent", AnyText(), nullable=False),
        sa.Column("body", AnyText(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("extent", name="pk_steers"),
    )
