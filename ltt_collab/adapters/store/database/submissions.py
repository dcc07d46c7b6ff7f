"""``SubmissionStore`` in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import Journal, Writing, learner_and_time
from ltt_collab.adapters.store.database.pages import page
from ltt_collab.model.ids import SubmissionId
from ltt_collab.ports.learning import Selected, SubmissionRecord


class SqlSubmissions:
    """``SubmissionStore`` in SQL."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_SAVE)

    async def save(self, submission: SubmissionRecord) -> None:
        """Insert; one whose id is there already is ignored."""
        await self._journal.write(_SAVE, asdict(submission))

    async def get(self, submission: SubmissionId) -> SubmissionRecord | None:
        """One submission."""
        table = schema.submissions
        async with self._database.reading("read a submission") as connection:
            row = (await connection.execute(select(table).where(table.c.id == submission))).mappings().first()
        return None if row is None else _record_of(row)

    async def select(
        self, selected: Selected, *, after: SubmissionId | None = None, limit: int = 100
    ) -> Sequence[SubmissionRecord]:
        """A page, oldest first."""
        query = page(schema.submissions, asdict(selected), after=after, limit=limit)
        async with self._database.reading("read submissions") as connection:
            return [_record_of(row) for row in (await connection.execute(query)).mappings()]


def _record_of(row: RowMapping) -> SubmissionRecord:
    return SubmissionRecord(**row)


async def _save(connection: AsyncConnection, row: Any) -> None:
    await connection.execute(insert(connection, schema.submissions).values(row).on_conflict_do_nothing())


_SAVE = Writing(name="submission", what="save a submission", apply=_save, whose=learner_and_time)
