"""The tables, in types that SQLite and PostgreSQL share.

What stands here is what the newest revision in ``migrations`` makes: a test compares them. Times are Unix times in
seconds. JSON is kept as ASCII text: a JSON column of PostgreSQL refuses U+0000, and learners do print it.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, MetaData, Table, UniqueConstraint

from ltt_collab.adapters.store.texts import AnyText

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
    Column("server", AnyText, primary_key=True),
    Column("username", AnyText, primary_key=True),
)
"""Learners whose notebooks the tutor must leave."""

introduced = Table(
    "introduced",
    metadata,
    Column("server", AnyText, primary_key=True),
    Column("username", AnyText, primary_key=True),
)
"""Learners who were told who reads what."""

suggestions = Table(
    "suggestions",
    metadata,
    Column("suggestion", AnyText, primary_key=True),
    Column("room", AnyText, nullable=False),
    Column("about", AnyText, nullable=False),
    Column("cause_key", AnyText, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("ended", AnyText),
    Column("learner", AnyText, nullable=False, index=True),
    Column("note_cell", AnyText),
    Column("placement", AnyText, nullable=False, server_default="note"),
    Column("text", AnyText, nullable=False, server_default=""),
    Column("ended_at", Double),
)
"""One row a suggestion; ``ended`` NULL while it lives."""

Index(None, suggestions.c.room, suggestions.c.at)

events = Table(
    "events",
    metadata,
    Column("room", AnyText, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False, index=True),
    Column("type", AnyText, nullable=False),
    Column("body", AnyText, nullable=False),
)
"""One row an event, ``body`` in the wire format of ``model.wire``."""

Index(None, events.c.room, events.c.at)

rooms = Table(
    "rooms",
    metadata,
    Column("room", AnyText, primary_key=True),
    Column("server", AnyText, nullable=False),
    Column("path", AnyText, nullable=False, index=True),
    Column("last_at", Double, nullable=False, index=True),
)
"""One row a recorded room; ``last_at``: its latest event, 0 before any."""

room_learners = Table(
    "room_learners",
    metadata,
    Column("room", AnyText, primary_key=True),
    Column("username", AnyText, primary_key=True, index=True),
    Column("first_at", Double, nullable=False),
)
"""Whose events a room holds."""

erased_rooms = Table(
    "erased_rooms",
    metadata,
    Column("room", AnyText, primary_key=True),
    Column("at", Double, nullable=False),
)
"""Rooms whose events up to ``at`` were deleted for good: what still waited in an outbox then must not come back."""

courses = Table(
    "courses",
    metadata,
    Column("course", AnyText, primary_key=True),
    Column("version", AnyText, primary_key=True),
    Column("title", AnyText, nullable=False),
    Column("published_at", Double, nullable=False),
    Column("latest", Boolean, nullable=False),
    Column("body", AnyText, nullable=False),
)
"""One row a published version, its tasks apart; secrets included."""

tasks = Table(
    "tasks",
    metadata,
    Column("course", AnyText, primary_key=True),
    Column("version", AnyText, primary_key=True),
    Column("task", AnyText, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("title", AnyText, nullable=False),
    Column("body", AnyText, nullable=False),
)
"""One row a task of a published version."""

enrolments = Table(
    "enrolments",
    metadata,
    Column("course", AnyText, primary_key=True),
    Column("username", AnyText, primary_key=True, index=True),
    Column("role", AnyText, nullable=False),
    Column("at", Double, nullable=False),
)
"""Who takes or teaches a course."""

progress = Table(
    "learner_task_progress",
    metadata,
    Column("course", AnyText, primary_key=True),
    Column("learner", AnyText, primary_key=True, index=True),
    Column("task", AnyText, primary_key=True),
    Column("check", AnyText, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("last_passed", Boolean, nullable=False),
    Column("last_outcome", AnyText),
    Column("last_score", Double, nullable=False),
    Column("best_score", Double, nullable=False),
    Column("max_score", Double, nullable=False),
    Column("passed_at", Double),
)
"""One row a learner, task and check; ``check`` '' is the task as a whole."""

submissions = Table(
    "submissions",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("course", AnyText, nullable=False),
    Column("task", AnyText, nullable=False),
    Column("learner", AnyText, nullable=False, index=True),
    Column("at", Double, nullable=False, index=True),
    Column("notebook", AnyText, nullable=False),
    Column("room", AnyText),
)
"""What learners handed in."""

Index(None, submissions.c.course, submissions.c.at)

validations = Table(
    "validations",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("course", AnyText, nullable=False),
    Column("task", AnyText, nullable=False),
    Column("learner", AnyText, nullable=False),
    Column("key", AnyText, nullable=False),
    Column("mode", AnyText, nullable=False),
    Column("at", Double, nullable=False, index=True),
    Column("submission", AnyText),
    Column("verdict", AnyText),
    Column("finished_at", Double),
    Column("fence", Integer, nullable=False),
    Column("worker", AnyText, nullable=False),
    Column("claimed_until", Double, nullable=False),
    UniqueConstraint("learner", "key"),
)
"""``verdict`` NULL while it waits or runs; ``fence`` counts the claims on it."""

Index(None, validations.c.course, validations.c.at)
# What a worker looks for, however many are finished.
Index(
    "ix_validations_waiting",
    validations.c.at,
    sqlite_where=validations.c.verdict.is_(None),
    postgresql_where=validations.c.verdict.is_(None),
)

feedback = Table(
    "feedback",
    metadata,
    Column("suggestion", AnyText, primary_key=True),
    Column("learner", AnyText, primary_key=True, index=True),
    Column("helpful", Boolean, nullable=False),
    Column("at", Double, nullable=False, index=True),
    Column("comment", AnyText, nullable=False),
)
"""Whether a suggestion helped, as its learner said."""

audit = Table(
    "audit",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("at", Double, nullable=False, index=True),
    Column("actor", AnyText, nullable=False, index=True),
    Column("action", AnyText, nullable=False),
    Column("subject", AnyText, nullable=False, index=True),
    Column("detail", AnyText, nullable=False),
)
"""Who did what to whom; rows are only added."""

tokens = Table(
    "tokens",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("digest", AnyText, nullable=False, unique=True),
    Column("principal", AnyText, nullable=False),
    Column("at", Double, nullable=False, index=True),
    Column("expires", Double),
    Column("revoked", Double),
    Column("note", AnyText, nullable=False),
)
"""Issued tokens: ``digest`` is the token's SHA-256 in hex, ``principal`` whom it is for, as JSON."""

muted = Table(
    "muted",
    metadata,
    Column("server", AnyText, primary_key=True),
    Column("username", AnyText, primary_key=True),
)
"""Learners who want no unasked help."""

steers = Table(
    "steers",
    metadata,
    Column("extent", AnyText, primary_key=True),
    Column("body", AnyText, nullable=False),
    Column("at", Double, nullable=False),
)
"""Standing orders about the AI; ``extent`` is whom it is about, as JSON."""

kept_hints = Table(
    "kept_hints",
    metadata,
    Column("course", AnyText, primary_key=True),
    Column("task", AnyText, primary_key=True),
    Column("rung", Integer, primary_key=True, autoincrement=False),
    Column("body", AnyText, nullable=False),
)
"""Hints that instructors keep for a task, one a rung; ``body`` is the whole of it, as JSON."""
