"""Wishes, suggestions and events, as version 0.1 made them without revisions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ltt_collab.adapters.store.texts import AnyText

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what is not there: a database of version 0.1 has all of it, one whose making was cut off a part."""
    there = set(sa.inspect(op.get_bind()).get_table_names())
    for name in ("kept_away", "introduced"):
        if name not in there:
            op.create_table(
                name,
                sa.Column("server", AnyText(), nullable=False),
                sa.Column("username", AnyText(), nullable=False),
                sa.PrimaryKeyConstraint("server", "username", name=f"pk_{name}"),
            )
    if "suggestions" not in there:
        op.create_table(
            "suggestions",
            sa.Column("suggestion", AnyText(), nullable=False),
            sa.Column("room", AnyText(), nullable=False),
            sa.Column("about", AnyText(), nullable=False),
            sa.Column("cause_key", AnyText(), nullable=False),
            sa.Column("rung", sa.Integer(), nullable=False),
            sa.Column("at", sa.Double(), nullable=False),
            sa.Column("ended", AnyText(), nullable=True),
            sa.Column("learner", AnyText(), nullable=False),
            sa.Column("note_cell", AnyText(), nullable=True),
            sa.PrimaryKeyConstraint("suggestion", name="pk_suggestions"),
        )
    op.create_index("ix_suggestions_room_at", "suggestions", ["room", "at"], if_not_exists=True)
    if "events" not in there:
        op.create_table(
            "events",
            sa.Column("room", AnyText(), nullable=False),
            sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
            sa.Column("at", sa.Double(), nullable=False),
            sa.Column("type", AnyText(), nullable=False),
            sa.Column("body", AnyText(), nullable=False),
            sa.PrimaryKeyConstraint("room", "seq", name="pk_events"),
        )
