"""``CourseStore`` and ``EnrolmentStore`` in SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import ConfigDict, TypeAdapter
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import WAITS, Journal, Writing
from ltt_collab.model.courses import Course, Task
from ltt_collab.model.ids import CourseId, Username
from ltt_collab.ports.learning import CourseRole, Enrolment

# In a tuple: a dataclass of the standard library takes its configuration from what holds it.
_BYTES = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")
_COURSE, _TASK = TypeAdapter(tuple[Course], config=_BYTES), TypeAdapter(tuple[Task], config=_BYTES)


class SqlCourses:
    """``CourseStore`` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def publish(self, course: Course, at: float) -> bool:
        """Keep this version and make it the latest; False when it was the latest already."""
        table = schema.courses
        this = (table.c.course == course.id) & (table.c.version == course.version)
        row = {
            "course": course.id,
            "version": course.version,
            "title": course.title,
            "published_at": at,
            "latest": False,
            "body": _dumped(_COURSE, replace(course, tasks=())),
        }
        async with self._database.writing("publish a course") as connection:
            statement = insert(connection, table).values(row).on_conflict_do_nothing()
            if (await connection.execute(statement)).rowcount == 1 and course.tasks:
                await connection.execute(insert(connection, schema.tasks), _task_rows(course))
            renewed = await connection.execute(
                update(table).where(this, table.c.latest.is_(False)).values(latest=True, published_at=at)
            )
            if renewed.rowcount == 0:
                return False
            await connection.execute(update(table).where(table.c.course == course.id, ~this).values(latest=False))
        return True

    async def latest(self) -> Sequence[Course]:
        """The latest version of every course that is not withdrawn, by id."""
        return await self._read(schema.courses.c.latest.is_(True))

    async def version(self, course: CourseId, version: str) -> Course | None:
        """One published version, also of a withdrawn course; None when there is no such."""
        table = schema.courses
        return next(iter(await self._read((table.c.course == course) & (table.c.version == version))), None)

    async def published_at(self, course: CourseId) -> float | None:
        """When the latest version became that; None for a course that is not published."""
        table = schema.courses
        query = select(table.c.published_at).where(table.c.course == course, table.c.latest.is_(True))
        async with self._database.reading("read courses") as connection:
            found: float | None = (await connection.execute(query)).scalar_one_or_none()
        return found

    async def withdraw(self, course: CourseId) -> bool:
        """Publish it no more, until it is published again; progress stays. False when it was not published."""
        table = schema.courses
        statement = update(table).where(table.c.course == course, table.c.latest.is_(True)).values(latest=False)
        async with self._database.writing("withdraw a course") as connection:
            return (await connection.execute(statement)).rowcount > 0

    async def _read(self, which: ColumnElement[bool]) -> Sequence[Course]:
        table, tasks = schema.courses, schema.tasks
        of_them = (tasks.c.course == table.c.course) & (tasks.c.version == table.c.version)
        async with self._database.reading("read courses") as connection:
            query = select(table.c.course, table.c.version, table.c.body).where(which).order_by(table.c.course)
            bodies = (await connection.execute(query)).all()
            query = select(tasks.c.course, tasks.c.version, tasks.c.body).join(table, of_them).where(which)
            rows = (await connection.execute(query.order_by(tasks.c.position))).all()
        return [
            replace(
                _COURSE.validate_json(body)[0],
                tasks=tuple(_TASK.validate_json(each)[0] for of, at, each in rows if (of, at) == (course, version)),
            )
            for course, version, body in bodies
        ]


class SqlEnrolments:
    """``EnrolmentStore`` in SQL."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_ENROL)

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Insert, or change the role (the first ``at`` stays); True when it is new, or waits."""
        row = {
            "course": enrolment.course,
            "username": enrolment.username,
            "role": enrolment.role.value,
            "at": enrolment.at,
        }
        new = await self._journal.write(_ENROL, row)
        return new is WAITS or bool(new)

    async def leave(self, course: CourseId, username: Username) -> bool:
        """End it; False when there was none."""
        table = schema.enrolments
        statement = delete(table).where(table.c.course == course, table.c.username == username)
        async with self._database.writing("end an enrolment") as connection:
            return (await connection.execute(statement)).rowcount == 1

    async def of_course(self, course: CourseId) -> Sequence[Enrolment]:
        """Everybody in a course, by name."""
        return await self._read(schema.enrolments.c.course == course)

    async def of_person(self, username: Username) -> Sequence[Enrolment]:
        """Everything that somebody takes or teaches, by course."""
        return await self._read(schema.enrolments.c.username == username)

    async def _read(self, which: ColumnElement[bool]) -> Sequence[Enrolment]:
        async with self._database.reading("read enrolments") as connection:
            rows = (await connection.execute(select(schema.enrolments).where(which))).mappings().all()
        # Here, not in SQL: the databases' collations differ.
        return sorted(
            (
                Enrolment(
                    course=CourseId(row["course"]),
                    username=Username(row["username"]),
                    role=CourseRole(row["role"]),
                    at=row["at"],
                )
                for row in rows
            ),
            key=lambda each: (each.course, each.username),
        )


async def _enrol(connection: AsyncConnection, row: Any) -> bool:
    table = schema.enrolments
    if (await connection.execute(insert(connection, table).values(row).on_conflict_do_nothing())).rowcount == 1:
        return True
    this = (table.c.course == row["course"]) & (table.c.username == row["username"])
    await connection.execute(update(table).where(this).values(role=row["role"]))
    return False


_ENROL = Writing(
    name="enrolment", what="save an enrolment", apply=_enrol, whose=lambda row: (row["username"], row["at"])
)


def _task_rows(course: Course) -> list[dict[str, Any]]:
    return [
        {
            "course": course.id,
            "version": course.version,
            "task": task.id,
            "position": position,
            "title": task.title,
            "body": _dumped(_TASK, task),
        }
        for position, task in enumerate(course.tasks)
    ]


def _dumped(adapter: TypeAdapter[Any], value: Course | Task) -> str:
    return json.dumps(adapter.dump_python((value,), mode="json"), separators=(",", ":"))
