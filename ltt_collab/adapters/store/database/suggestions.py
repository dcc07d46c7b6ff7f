"""``SuggestionStore`` and ``FeedbackStore`` in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import Journal, Writing, learner_and_time
from ltt_collab.model.ids import CellId, RoomId, SuggestionId, Username
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.ports.learning import Feedback, FeedbackCount
from ltt_collab.ports.store import SuggestionRecord


class SqlSuggestions:
    """``SuggestionStore`` in SQL."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_SAVE, _END)

    async def save(self, record: SuggestionRecord) -> None:
        """Insert or replace by suggestion id."""
        await self._journal.write(_SAVE, _row_of(record))

    async def end(self, suggestion: SuggestionId, reason: EndReason, at: float) -> None:
        """Record why and when it ended; an unknown one is none of our business."""
        await self._journal.write(_END, [suggestion, reason.value, at])

    async def of_room(self, room: RoomId) -> Sequence[SuggestionRecord]:
        """All that this room ever had, oldest first."""
        table = schema.suggestions
        return await self._read(select(table).where(table.c.room == room), "read a room's suggestions")

    async def of_learner(self, learner: Username) -> Sequence[SuggestionRecord]:
        """All that were for this learner, oldest first."""
        table = schema.suggestions
        return await self._read(select(table).where(table.c.learner == learner), "read a learner's suggestions")

    async def about(
        self, cells: Collection[CellId], *, after: Username | None = None, learners: int = 100
    ) -> Sequence[SuggestionRecord]:
        """All about these cells of the next learners with a name, by learner and time."""
        table = schema.suggestions
        where = table.c.about.in_(cells), table.c.learner > (after or "")
        names = select(table.c.learner).where(*where).distinct().order_by(table.c.learner).limit(learners)
        query = select(table).where(*where, table.c.learner.in_(names)).order_by(table.c.learner)
        return await self._read(query, "read the suggestions about cells")

    async def _read(self, query: Select[Any], what: str) -> Sequence[SuggestionRecord]:
        table = schema.suggestions
        async with self._database.reading(what) as connection:
            rows = await connection.execute(query.order_by(table.c.at, table.c.suggestion))
            return [_record_of(row) for row in rows.mappings()]


class SqlFeedback:
    """``FeedbackStore`` in SQL."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_ANSWER)

    async def save(self, feedback: Feedback) -> None:
        """Insert or replace by suggestion and learner."""
        row = {
            "suggestion": feedback.suggestion,
            "learner": feedback.learner,
            "helpful": feedback.helpful,
            "at": feedback.at,
            "comment": feedback.comment,
        }
        await self._journal.write(_ANSWER, row)

    async def of_suggestion(self, suggestion: SuggestionId) -> Sequence[Feedback]:
        """Every answer about one suggestion, oldest first."""
        table = schema.feedback
        query = select(table).where(table.c.suggestion == suggestion).order_by(table.c.at, table.c.learner)
        async with self._database.reading("read what learners thought of the help") as connection:
            return [
                Feedback(
                    suggestion=SuggestionId(row["suggestion"]),
                    learner=Username(row["learner"]),
                    helpful=row["helpful"],
                    at=row["at"],
                    comment=row["comment"],
                )
                for row in (await connection.execute(query)).mappings()
            ]

    async def count(self, *, since: float, until: float) -> FeedbackCount:
        """The answers with ``since <= at < until``."""
        table = schema.feedback
        query = (
            select(table.c.helpful, func.count())
            .where(table.c.at >= since, table.c.at < until)
            .group_by(table.c.helpful)
        )
        async with self._database.reading("count what learners thought of the help") as connection:
            counts = {bool(helpful): number for helpful, number in (await connection.execute(query)).all()}
        return FeedbackCount(helpful=counts.get(True, 0), unhelpful=counts.get(False, 0))


async def _save(connection: AsyncConnection, row: Any) -> None:
    statement = insert(connection, schema.suggestions).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["suggestion"], set_=row))


async def _end(connection: AsyncConnection, ended: Any) -> None:
    suggestion, reason, at = ended
    table = schema.suggestions
    await connection.execute(update(table).where(table.c.suggestion == suggestion).values(ended=reason, ended_at=at))


async def _answer(connection: AsyncConnection, row: Any) -> None:
    statement = insert(connection, schema.feedback).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["suggestion", "learner"], set_=row))


_SAVE = Writing(name="suggestion", what="save a suggestion", apply=_save, whose=learner_and_time)
_END = Writing(name="suggestion_end", what="save the end of a suggestion", apply=_end)
_ANSWER = Writing(
    name="feedback",
    what="save what a learner thought of the help",
    apply=_answer,
    whose=learner_and_time,
)


def _row_of(record: SuggestionRecord) -> dict[str, Any]:
    return {
        "suggestion": record.suggestion,
        "room": record.room,
        "about": record.about,
        "cause_key": record.cause_key,
        "rung": record.rung,
        "at": record.at,
        "ended": None if record.ended is None else record.ended.value,
        "learner": record.learner,
        "note_cell": record.note_cell,
        "placement": record.placement.value,
        "text": record.text,
        "ended_at": record.ended_at,
    }


def _record_of(row: RowMapping) -> SuggestionRecord:
    return SuggestionRecord(
        suggestion=SuggestionId(row["suggestion"]),
        room=RoomId(row["room"]),
        about=CellId(row["about"]),
        cause_key=row["cause_key"],
        rung=row["rung"],
        at=row["at"],
        ended=None if row["ended"] is None else EndReason(row["ended"]),
        learner=row["learner"],
        note_cell=None if row["note_cell"] is None else CellId(row["note_cell"]),
        placement=Placement(row["placement"]),
        text=row["text"],
        ended_at=row["ended_at"],
    )
