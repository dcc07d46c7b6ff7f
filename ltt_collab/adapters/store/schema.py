"""The tables, in types that SQLite and PostgreSQL share; migrations start from ``metadata``."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text

metadata = MetaData(
    naming_convention={  # names of our own, so that a migration can refer to them on every database
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

kept_away = Table(
    "kept_away",
    metadata,
    Column("server", String, primary_key=True),
    Column("username", String, primary_key=True),
)
"""Learners whose notebooks the tutor must leave."""

introduced = Table(
    "introduced",
    metadata,
    Column("server", String, primary_key=True),
    Column("username", String, primary_key=True),
)
"""Learners who were told who reads what."""

suggestions = Table(
    "suggestions",
    metadata,
    Column("suggestion", String, primary_key=True),
    Column("room", String, nullable=False),
    Column("about", String, nullable=False),
    Column("cause_key", String, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("ended", String),
    Column("learner", String, nullable=False),
    Column("note_cell", String),
)
"""One row a suggestion; ``at`` is Unix time in seconds, ``ended`` NULL while it lives."""

Index(None, suggestions.c.room, suggestions.c.at)

events = Table(
    "events",
    metadata,
    Column("room", String, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("type", String, nullable=False),
    # ASCII JSON as text: a JSON column of PostgreSQL refuses U+0000, and learners do print it.
    Column("body", Text, nullable=False),
)
"""One row an event, ``body`` in the wire format of ``model.wire``."""
