"""``PersonalData`` in SQL: the one place that knows in which columns a learner's name stands."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.audit import note
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.texts import AnyText
from ltt_collab.model.ids import Username
from ltt_collab.ports.privacy import DATA_DELETED, DATA_EXPIRED, DATA_EXPORTED, AuditEntry

CHUNK = 1_000
"""Rows read at once in an export: some hundred KB."""

_JSON = frozenset({"body", "verdict", "notebook", "principal"})
"""Columns that hold JSON as text; an export nests them."""

_UNTOLD = frozenset({"digest"})
"""Columns that an export leaves out: they tell nothing about a learner, and might open a door."""


class SqlPersonalData:
    """``PersonalData`` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def export(self, learner: Username, *, actor: str, at: float) -> AsyncIterator[tuple[str, Mapping[str, Any]]]:
        """Every record, as (kind, JSON-ready record) pairs, kind after kind."""
        async with self._database.writing("note an export") as connection:
            await note(connection, _entry(at, actor, DATA_EXPORTED, learner, ""))
        for table, theirs in [*_under(learner), (schema.audit, schema.audit.c.subject == learner)]:
            last: list[Any] | None = None
            while True:
                rows = await self._chunk(table, theirs, last)
                for row in rows:
                    yield table.name, {name: _nested(name, value) for name, value in row.items() if name not in _UNTOLD}
                if len(rows) < CHUNK:
                    break
                last = [rows[-1][column.name] for column in table.primary_key]

    async def delete(self, learner: Username, *, actor: str, at: float) -> Mapping[str, int]:
        """Remove all of it for good; how many records of each kind."""
        counts: dict[str, int] = {}
        async with self._database.writing("delete a learner's data") as connection:
            await self._erase_rooms(connection, learner, at)
            for table, theirs in _under(learner):
                gone = (await connection.execute(delete(table).where(theirs))).rowcount
                if gone:
                    counts[table.name] = gone
            await note(connection, _entry(at, actor, DATA_DELETED, learner, _told(counts)))
        await self._scrub()
        return counts

    async def expire(self, *, before: float, at: float) -> Mapping[str, int]:
        """Remove what is older than ``before``."""
        counts: dict[str, int] = {}
        async with self._database.writing("delete what is too old") as connection:
            for table, old in _older(before):
                gone = (await connection.execute(delete(table).where(old))).rowcount
                if gone:
                    counts[table.name] = gone
            if counts:
                await note(connection, _entry(at, "service", DATA_EXPIRED, "everybody", _told(counts)))
        return counts

    async def _chunk(
        self, table: Table, theirs: ColumnElement[bool], last: list[Any] | None
    ) -> list[Mapping[str, Any]]:
        key = list(table.primary_key)
        query = select(table).where(theirs).order_by(*key).limit(CHUNK)
        if last is not None:
            query = query.where(_behind(key, last))
        async with self._database.reading("export a learner's data") as connection:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

    @staticmethod
    async def _erase_rooms(connection: AsyncConnection, learner: Username, at: float) -> None:
        """Note which rooms are deleted: what waits in some service's outbox must not bring them back."""
        table, theirs = schema.erased_rooms, schema.room_learners
        rooms = await connection.execute(select(theirs.c.room).where(theirs.c.username == learner))
        rows = [{"room": room, "at": at} for room in sorted(rooms.scalars())]
        if rows:
            statement = insert(connection, table)
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["room"], set_={"at": statement.excluded.at}), rows
            )

    async def _scrub(self) -> None:
        """Let no deleted page stay readable in SQLite's write-ahead log (the file itself: ``secure_delete``)."""
        if not self._database.is_postgresql:
            async with self._database.reading("clear the write-ahead log") as connection:
                await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _under(learner: Username) -> list[tuple[Table, ColumnElement[bool]]]:
    """Every table with the rows that are this learner's; those that others look rooms up in come last."""
    theirs = schema.room_learners
    rooms = select(theirs.c.room).where(theirs.c.username == learner).scalar_subquery()
    by_name = [
        (schema.kept_away, schema.kept_away.c.username),
        (schema.introduced, schema.introduced.c.username),
        (schema.muted, schema.muted.c.username),
        (schema.enrolments, schema.enrolments.c.username),
        (schema.progress, schema.progress.c.learner),
        (schema.submissions, schema.submissions.c.learner),
        (schema.validations, schema.validations.c.learner),
        (schema.suggestions, schema.suggestions.c.learner),
        (schema.feedback, schema.feedback.c.learner),
    ]
    return [
        *((table, column == learner) for table, column in by_name),
        (schema.tokens, _is_for(learner)),
        (schema.events, schema.events.c.room.in_(rooms)),
        (schema.rooms, schema.rooms.c.room.in_(rooms)),
        (theirs, theirs.c.room.in_(rooms)),
    ]


def _is_for(learner: Username) -> ColumnElement[bool]:
    """Tokens of this learner, or of an agent of theirs alone."""
    principal = schema.tokens.c.principal
    name = json.dumps(learner, ensure_ascii=False)

    def has(part: str) -> ColumnElement[bool]:
        # Unlike LIKE this minds upper and lower case on every database.
        return func.replace(principal, literal(part, AnyText), "") != principal

    return has(f'"name":{name},') | has(f'"learner":{name},')


def _older(before: float) -> list[tuple[Table, ColumnElement[bool]]]:
    suggestions, validations, rooms = schema.suggestions, schema.validations, schema.rooms
    theirs = schema.room_learners
    kept = select(schema.events.c.room).where(schema.events.c.room == theirs.c.room).exists()
    return [
        (schema.events, schema.events.c.at < before),
        (suggestions, (suggestions.c.at < before) & suggestions.c.ended.is_not(None)),
        (schema.submissions, schema.submissions.c.at < before),
        (validations, (validations.c.at < before) & validations.c.verdict.is_not(None)),
        (schema.feedback, schema.feedback.c.at < before),
        (rooms, (rooms.c.last_at < before) & (rooms.c.last_at > 0)),
        (theirs, (theirs.c.first_at < before) & ~kept),
        (schema.erased_rooms, schema.erased_rooms.c.at < before),
    ]


def _behind(key: list[Any], last: list[Any]) -> ColumnElement[bool]:
    """Rows after ``last`` in the order of the primary key, spelt out: a row value would lose the columns' types."""
    return or_(
        *(
            and_(*(column == value for column, value in zip(key[:i], last[:i], strict=True)), key[i] > last[i])
            for i in range(len(key))
        )
    )


def _nested(name: str, value: Any) -> Any:
    if name not in _JSON or value is None:
        return value
    try:
        return json.loads(value)
    except ValueError:  # a notebook that was handed in as something else is theirs as well
        return value


def _entry(at: float, actor: str, action: str, subject: str, detail: str) -> dict[str, Any]:
    identity = f"a-{secrets.token_hex(8)}"
    return asdict(AuditEntry(id=identity, at=at, actor=actor, action=action, subject=subject, detail=detail))


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "nothing was kept"
