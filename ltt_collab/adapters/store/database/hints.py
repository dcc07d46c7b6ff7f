"""``HintStore`` in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy import and_, delete, select

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.model.ids import CourseId, TaskId
from ltt_collab.ports.hints import KeptHint

_HINT = TypeAdapter(KeptHint)


class SqlHints:
    """``HintStore`` in SQL. Nothing waits in the outbox: whoever keeps a hint is told when that failed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, hint: KeptHint) -> None:
        """Insert, in place of the one of the same rung."""
        keys = ["course", "task", "rung"]
        values = {"course": hint.course, "task": hint.task, "rung": hint.rung, "body": _HINT.dump_json(hint).decode()}
        async with self._database.writing("keep a hint") as connection:
            statement = insert(connection, schema.kept_hints).values(values)
            await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

    async def remove(self, course: CourseId, task: TaskId, rung: int) -> bool:
        """Forget it; False when there is none."""
        of = schema.kept_hints.c
        statement = delete(schema.kept_hints).where(and_(of.course == course, of.task == task, of.rung == rung))
        async with self._database.writing("forget a hint") as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def all(self) -> Sequence[KeptHint]:
        """All of them, by course, task and rung."""
        of = schema.kept_hints.c
        query = select(of.body).order_by(of.course, of.task, of.rung)
        async with self._database.reading("look up kept hints") as connection:
            return [_HINT.validate_json(body) for body in (await connection.execute(query)).scalars()]
