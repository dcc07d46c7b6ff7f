"""Courses, progress, submissions, validations, recorded rooms, audit, feedback; a suggestion's text and end."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from ltt_collab.adapters.store.texts import AnyText

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of the classroom, and tell whose the events are that are there already."""
    _course_tables()
    _progress_table()
    _work_tables()
    _room_tables()
    _account_tables()
    _older_tables()
    _list_rooms()


def _list_rooms() -> None:
    connection = op.get_bind()
    connection.execute(sa.text("INSERT INTO rooms SELECT room, '', '', max(at) FROM events GROUP BY room"))
    learners = sa.table(
        "room_learners",
        sa.column("room", AnyText()),
        sa.column("username", AnyText()),
        sa.column("first_at", sa.Double()),
    )
    first: dict[tuple[str, str], float] = {}
    for room, at, body in connection.execute(sa.text("SELECT room, at, body FROM events ORDER BY room, seq")):
        author = json.loads(body).get("author") or {}
        if author.get("kind") == "learner" and author.get("username") is not None:
            first.setdefault((room, author["username"]), at)
    rows = [{"room": room, "username": username, "first_at": at} for (room, username), at in first.items()]
    if rows:
        connection.execute(sa.insert(learners), rows)


def _course_tables() -> None:
    op.create_table(
        "courses",
        sa.Column("course", AnyText(), nullable=False),
        sa.Column("version", AnyText(), nullable=False),
        sa.Column("title", AnyText(), nullable=False),
        sa.Column("published_at", sa.Double(), nullable=False),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("body", AnyText(), nullable=False),
        sa.PrimaryKeyConstraint("course", "version", name="pk_courses"),
    )
    op.create_table(
        "tasks",
        sa.Column("course", AnyText(), nullable=False),
        sa.Column("version", AnyText(), nullable=False),
        sa.Column("task", AnyText(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", AnyText(), nullable=False),
        sa.Column("body", AnyText(), nullable=False),
        sa.PrimaryKeyConstraint("course", "version", "task", name="pk_tasks"),
    )
    op.create_table(
        "enrolments",
        sa.Column("course", AnyText(), nullable=False),
        sa.Column("username", AnyText(), nullable=False),
        sa.Column("role", AnyText(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("course", "username", name="pk_enrolments"),
    )
    op.create_index("ix_enrolments_username", "enrolments", ["username"])


def _work_tables() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", AnyText(), nullable=False),
        sa.Column("course", AnyText(), nullable=False),
        sa.Column("task", AnyText(), nullable=False),
        sa.Column("learner", AnyText(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("notebook", AnyText(), nullable=False),
        sa.Column("room", AnyText(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_submissions"),
    )
    op.create_index("ix_submissions_at", "submissions", ["at"])
    op.create_index("ix_submissions_course_at", "submissions", ["course", "at"])
    op.create_index("ix_submissions_learner", "submissions", ["learner"])
    op.create_table(
        "validations",
        sa.Column("id", AnyText(), nullable=False),
        sa.Column("course", AnyText(), nullable=False),
        sa.Column("task", AnyText(), nullable=False),
        sa.Column("learner", AnyText(), nullable=False),
        sa.Column("key", AnyText(), nullable=False),
        sa.Column("mode", AnyText(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("submission", AnyText(), nullable=True),
        sa.Column("verdict", AnyText(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("worker", AnyText(), nullable=False),
        sa.Column("claimed_until", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_validations"),
        sa.UniqueConstraint("learner", "key", name="uq_validations_learner_key"),
    )
    op.create_index("ix_validations_at", "validations", ["at"])
    op.create_index("ix_validations_course_at", "validations", ["course", "at"])
    op.create_index(
        "ix_validations_waiting",
        "validations",
        ["at"],
        sqlite_where=sa.text("verdict IS NULL"),
        postgresql_where=sa.text("verdict IS NULL"),
    )


def _room_tables() -> None:
    op.create_table(
        "rooms",
        sa.Column("room", AnyText(), nullable=False),
        sa.Column("server", AnyText(), nullable=False),
        sa.Column("path", AnyText(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("room", name="pk_rooms"),
    )
    op.create_index("ix_rooms_last_at", "rooms", ["last_at"])
    op.create_index("ix_rooms_path", "rooms", ["path"])
    op.create_table(
        "room_learners",
        sa.Column("room", AnyText(), nullable=False),
        sa.Column("username", AnyText(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("room", "username", name="pk_room_learners"),
    )
    op.create_index("ix_room_learners_username", "room_learners", ["username"])
    op.create_table(
        "erased_rooms",
        sa.Column("room", AnyText(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("room", name="pk_erased_rooms"),
    )


def _account_tables() -> None:
    op.create_table(
        "feedback",
        sa.Column("suggestion", AnyText(), nullable=False),
        sa.Column("learner", AnyText(), nullable=False),
        sa.Column("helpful", sa.Boolean(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("comment", AnyText(), nullable=False),
        sa.PrimaryKeyConstraint("suggestion", "learner", name="pk_feedback"),
    )
    op.create_index("ix_feedback_at", "feedback", ["at"])
    op.create_index("ix_feedback_learner", "feedback", ["learner"])
    op.create_table(
        "audit",
        sa.Column("id", AnyText(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("actor", AnyText(), nullable=False),
        sa.Column("action", AnyText(), nullable=False),
        sa.Column("subject", AnyText(), nullable=False),
        sa.Column("detail", AnyText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_actor", "audit", ["actor"])
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject", "audit", ["subject"])


def _older_tables() -> None:
    op.create_index("ix_events_at", "events", ["at"])
    op.create_index("ix_events_room_at", "events", ["room", "at"])
    op.add_column("suggestions", sa.Column("placement", AnyText(), server_default="note", nullable=False))
    op.add_column("suggestions", sa.Column("text", AnyText(), server_default="", nullable=False))
    op.add_column("suggestions", sa.Column("ended_at", sa.Double(), nullable=True))
    op.create_index("ix_suggestions_learner", "suggestions", ["learner"])


def _progress_table() -> None:
    op.create_table(
        "learner_task_progress",
        sa.Column("course", AnyText(), nullable=False),
        sa.Column("learner", AnyText(), nullable=False),
        sa.Column("task", AnyText(), nullable=False),
        sa.Column("check", AnyText(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("last_passed", sa.Boolean(), nullable=False),
        sa.Column("last_outcome", AnyText(), nullable=True),
        sa.Column("last_score", sa.Double(), nullable=False),
        sa.Column("best_score", sa.Double(), nullable=False),
        sa.Column("max_score", sa.Double(), nullable=False),
        sa.Column("passed_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("course", "learner", "task", "check", name="pk_learner_task_progress"),
    )
    op.create_index("ix_learner_task_progress_learner", "learner_task_progress", ["learner"])
