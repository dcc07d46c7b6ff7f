"""``ValidationStore`` in SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import WAITS, Journal, Writing, learner_and_time
from ltt_collab.adapters.store.database.pages import page
from ltt_collab.adapters.store.database.progress import grow
from ltt_collab.model.errors import StaleClaimError
from ltt_collab.model.ids import CourseId, SubmissionId, TaskId, Username, ValidationId
from ltt_collab.model.validations import ValidationMode, Verdict
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.ports.learning import Claim, Selected

_VERDICT = TypeAdapter(Verdict)


class SqlValidations:
    """``ValidationStore`` in SQL; the invariants are the port's."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_CREATE)

    async def create(self, record: ValidationRecord, *, key: str) -> ValidationRecord:
        """Keep it, or return the one that this learner made with ``key`` before."""
        row = _row_of(record, key)
        if record.verdict is None:
            async with self._database.writing(_CREATE.what) as connection:
                return _record_of(await _create(connection, row))
        first = await self._journal.write(_CREATE, row)
        return record if first is WAITS else _record_of(first)

    async def claim(
        self, worker: str, *, now: float, lease: float, validation: ValidationId | None = None
    ) -> Claim | None:
        """Take the oldest one that waits or whose claim ran out, or this one; None when there is none."""
        table = schema.validations
        free = (table.c.verdict.is_(None)) & (table.c.claimed_until <= now)
        if validation is not None:
            free &= table.c.id == validation
        oldest = select(table.c.id).where(free).order_by(table.c.at, table.c.id).limit(1)
        async with self._database.writing("claim a validation") as connection:
            if self._database.is_postgresql:
                # Two workers take two; the write lock of SQLite lets one at a time look.
                oldest = oldest.with_for_update(skip_locked=True)
            statement = (
                update(table)
                .where(table.c.id == oldest.scalar_subquery(), free)
                .values(fence=table.c.fence + 1, worker=worker, claimed_until=now + lease)
                .returning(table)
            )
            row = (await connection.execute(statement)).mappings().first()
        return None if row is None else _claim_of(row)

    async def renew(self, claim: Claim, until: float) -> Claim:
        """Hold a claim longer; a stale one raises."""
        await self._hold(claim, {"claimed_until": until})
        return replace(claim, until=until)

    async def finish(self, claim: Claim, verdict: Verdict, at: float) -> ValidationRecord:
        """Record the verdict and let progress grow; a stale claim raises."""
        await self._hold(claim, {"verdict": _dumped(verdict), "finished_at": at}, verdict)
        return replace(claim.record, verdict=verdict)

    async def get(self, validation: ValidationId) -> ValidationRecord | None:
        """One validation."""
        table = schema.validations
        async with self._database.reading("read a validation") as connection:
            row = (await connection.execute(select(table).where(table.c.id == validation))).mappings().first()
        return None if row is None else _record_of(row)

    async def select(
        self,
        selected: Selected,
        *,
        mode: ValidationMode | None = None,
        after: ValidationId | None = None,
        limit: int = 100,
    ) -> Sequence[ValidationRecord]:
        """A page, oldest first."""
        wanted = {**asdict(selected), "mode": None if mode is None else mode.value}
        query = page(schema.validations, wanted, after=after, limit=limit)
        async with self._database.reading("read validations") as connection:
            return [_record_of(row) for row in (await connection.execute(query)).mappings()]

    async def _hold(self, claim: Claim, values: dict[str, Any], verdict: Verdict | None = None) -> None:
        table, record = schema.validations, claim.record
        mine = (table.c.id == record.id) & (table.c.fence == claim.fence) & table.c.verdict.is_(None)
        async with self._database.writing("save a verdict" if verdict else "renew a claim") as connection:
            if (await connection.execute(update(table).where(mine).values(values))).rowcount != 1:
                raise StaleClaimError(record.id, claim.fence)
            if verdict is not None:
                await grow(connection, record.course, record.learner, verdict, values["finished_at"])


async def _create(connection: AsyncConnection, row: Any) -> RowMapping:
    """Insert; what stands there in the end: this, or the one before with its key or id."""
    table = schema.validations
    inserted = await connection.execute(insert(connection, table).values(row).on_conflict_do_nothing())
    if inserted.rowcount == 1 and row["verdict"] is not None:
        verdict = _VERDICT.validate_json(row["verdict"])
        await grow(connection, row["course"], row["learner"], verdict, row["finished_at"])
    same = ((table.c.learner == row["learner"]) & (table.c.key == row["key"])) | (table.c.id == row["id"])
    return (await connection.execute(select(table).where(same).order_by(table.c.at))).mappings().one()


_CREATE = Writing(name="validation", what="save a validation", apply=_create, whose=learner_and_time)


def _row_of(record: ValidationRecord, key: str) -> dict[str, Any]:
    return {
        "id": record.id,
        "course": record.course,
        "task": record.task,
        "learner": record.learner,
        "key": key,
        "mode": record.mode.value,
        "at": record.at,
        "submission": record.submission,
        "verdict": None if record.verdict is None else _dumped(record.verdict),
        "finished_at": None if record.verdict is None else record.at,
        "fence": 0,
        "worker": "",
        "claimed_until": 0.0,
    }


def _dumped(verdict: Verdict) -> str:
    return json.dumps(_VERDICT.dump_python(verdict, mode="json"), separators=(",", ":"))


def _record_of(row: RowMapping) -> ValidationRecord:
    return ValidationRecord(
        id=ValidationId(row["id"]),
        course=CourseId(row["course"]),
        task=TaskId(row["task"]),
        learner=Username(row["learner"]),
        mode=ValidationMode(row["mode"]),
        at=row["at"],
        verdict=None if row["verdict"] is None else _VERDICT.validate_json(row["verdict"]),
        submission=None if row["submission"] is None else SubmissionId(row["submission"]),
    )


def _claim_of(row: RowMapping) -> Claim:
    return Claim(record=_record_of(row), worker=row["worker"], fence=row["fence"], until=row["claimed_until"])
