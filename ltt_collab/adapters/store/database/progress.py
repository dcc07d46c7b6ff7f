"""``ProgressStore`` in SQL, and the one statement by which progress grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import Journal, Writing
from ltt_collab.adapters.store.progressing import attempt
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.model.validations import Outcome, Verdict
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress

if TYPE_CHECKING:
    from ltt_collab.adapters.store.database.connection import Insert

_KEY = ["course", "learner", "task", "check"]


class SqlProgress:
    """``ProgressStore`` in SQL."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_START)

    async def start(self, course: CourseId, task: TaskId, learner: Username, at: float) -> None:
        """Note that the learner began the task; the first time counts."""
        begun = CheckProgress(
            course=course, task=task, learner=learner, check=WHOLE_TASK, attempts=0, first_at=at, last_at=at
        )
        await self._journal.write(_START, asdict(begun))

    async def of_learner(self, course: CourseId, learner: Username) -> Sequence[CheckProgress]:
        """One learner in one course, by task and check."""
        table = schema.progress
        return await self._read(select(table).where(table.c.course == course, table.c.learner == learner))

    async def of_course(
        self, course: CourseId, *, task: TaskId | None = None, after: Username | None = None, learners: int = 100
    ) -> Sequence[CheckProgress]:
        """Up to ``learners`` learners, whose names come after ``after``, by learner, task and check."""
        table = schema.progress
        where = [table.c.course == course]
        if task is not None:
            where.append(table.c.task == task)
        if after is not None:
            where.append(table.c.learner > after)
        names = select(table.c.learner).where(*where).distinct().order_by(table.c.learner).limit(learners)
        return await self._read(select(table).where(*where, table.c.learner.in_(names)))

    async def _read(self, query: Select[Any]) -> Sequence[CheckProgress]:
        table = schema.progress
        async with self._database.reading("read progress") as connection:
            rows = await connection.execute(query.order_by(table.c.learner, table.c.task, table.c.check))
            return [_progress_of(row) for row in rows.mappings()]


async def grow(connection: AsyncConnection, course: CourseId, learner: Username, verdict: Verdict, at: float) -> None:
    """Add one attempt to what is known; call it once a validation, in the transaction that records its verdict."""
    rows = [_row_of(each) for each in attempt(course, learner, verdict, at)]
    if rows:
        # In the order of checks everywhere: two verdicts at once must not wait for each other in a circle.
        await connection.execute(_growing(insert(connection, schema.progress)), rows)


def _growing(statement: Insert) -> Insert:
    old, new = schema.progress.c, statement.excluded
    newer = new.last_at >= old.last_at
    last = {name: case((newer, new[name]), else_=old[name]) for name in _LAST}
    return statement.on_conflict_do_update(
        index_elements=_KEY,
        set_={
            **last,
            "attempts": old.attempts + new.attempts,
            "first_at": case((new.first_at < old.first_at, new.first_at), else_=old.first_at),
            "best_score": case((new.best_score > old.best_score, new.best_score), else_=old.best_score),
            "passed_at": case(
                (old.passed_at.is_(None), new.passed_at),
                (new.passed_at < old.passed_at, new.passed_at),
                else_=old.passed_at,
            ),
        },
    )


_LAST = ("last_at", "last_passed", "last_outcome", "last_score", "max_score")


async def _start(connection: AsyncConnection, row: Any) -> None:
    statement = insert(connection, schema.progress).values(row)
    first = func.min if connection.dialect.name == "sqlite" else func.least
    earlier = {"first_at": first(schema.progress.c.first_at, statement.excluded.first_at)}
    await connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=earlier))


_START = Writing(
    name="start", what="save that a task was started", apply=_start, whose=lambda row: (row["learner"], row["first_at"])
)


def _row_of(progress: CheckProgress) -> dict[str, Any]:
    outcome = progress.last_outcome
    return {**asdict(progress), "last_outcome": None if outcome is None else outcome.value}


def _progress_of(row: RowMapping) -> CheckProgress:
    outcome = row["last_outcome"]
    return CheckProgress(**{**row, "last_outcome": None if outcome is None else Outcome(outcome)})
