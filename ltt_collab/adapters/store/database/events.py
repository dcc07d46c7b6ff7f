"""``EventStore`` in SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import Journal, Writing
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import InvalidEventError, StoreUnavailableError
from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.wire import event_type, from_wire, to_wire


class SqlEvents:
    """``EventStore`` in SQL."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_APPEND)

    async def append(self, events: Sequence[RoomEvent]) -> None:
        """Append in order, all or none; an event whose (room, seq) is there already is ignored."""
        if events:
            rows = [_row_of(event) for event in events]
            await self._journal.write(_APPEND, {"rows": rows, "learners": _learners_of(events)})

    async def after(self, room: RoomId, seq: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with a greater seq, in order."""
        table = schema.events
        return await self._read([table.c.room == room, table.c.seq > seq], limit)

    async def last_seq(self, room: RoomId) -> Seq:
        """The greatest seq stored, 0 for an unknown room."""
        query = select(func.max(schema.events.c.seq)).where(schema.events.c.room == room)
        async with self._database.reading("read events") as connection:
            return Seq((await connection.execute(query)).scalar() or 0)

    async def between(self, room: RoomId, since: float, until: float, *, after: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with ``since <= at < until`` and a greater seq than ``after``, in order of seq."""
        table = schema.events
        where = [table.c.room == room, table.c.seq > after, table.c.at >= since, table.c.at < until]
        return await self._read(where, limit)

    async def prune(self, *, before: float, keep: int | None = None) -> int:
        """Drop events older than ``before`` and, with ``keep``, the oldest ones over that many a room; how many."""
        table = schema.events
        async with self._database.writing("drop old events") as connection:
            gone = (await connection.execute(delete(table).where(table.c.at < before))).rowcount
            if keep is not None:
                crowded = select(table.c.room).group_by(table.c.room).having(func.count() > keep)
                for room in (await connection.execute(crowded)).scalars().all():
                    numbers = select(table.c.seq).where(table.c.room == room).order_by(table.c.seq.desc())
                    newest = numbers.offset(keep).limit(1).scalar_subquery()
                    over = delete(table).where(table.c.room == room, table.c.seq <= newest)
                    gone += (await connection.execute(over)).rowcount
        return gone

    async def _read(self, where: Sequence[ColumnElement[bool]], limit: int) -> Sequence[RoomEvent]:
        table = schema.events
        query = select(table.c.seq, table.c.body).where(*where).order_by(table.c.seq).limit(limit)
        async with self._database.reading("read events") as connection:
            rows = (await connection.execute(query)).all()
        return [_event_of(number, body) for number, body in rows]


def _learners_of(events: Sequence[RoomEvent]) -> list[dict[str, Any]]:
    """Whose events these are, each learner and room once, with the time of the first."""
    first: dict[tuple[str, str], float] = {}
    for event in events:
        if event.author.kind is AuthorKind.LEARNER and event.author.username is not None:
            first.setdefault((event.room, event.author.username), event.at)
    # In one order everywhere: two services that write at once must not wait for each other in a circle.
    return [{"room": room, "username": name, "first_at": at} for (room, name), at in sorted(first.items())]


async def _append(connection: AsyncConnection, batch: Any) -> None:
    rows, learners = batch["rows"], batch["learners"]
    if not rows:
        return
    await connection.execute(insert(connection, schema.events).on_conflict_do_nothing(), rows)
    if learners:
        await connection.execute(insert(connection, schema.room_learners).on_conflict_do_nothing(), learners)
    latest: dict[str, float] = {}
    for row in rows:
        latest[row["room"]] = max(row["at"], latest.get(row["room"], 0.0))
    table = schema.rooms
    for room, at in sorted(latest.items()):
        statement = insert(connection, table).values(room=room, server="", path="", last_at=at)
        # Only forwards: late writes from an outbox are older than what is there.
        later = statement.excluded.last_at > table.c.last_at
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["room"], set_={"last_at": statement.excluded.last_at}, where=later
            )
        )


async def _append_late(connection: AsyncConnection, batch: Any) -> None:
    """Append but for what was deleted for good since."""
    table = schema.erased_rooms
    names = {row["room"] for row in batch["rows"]}
    query = select(table.c.room, table.c.at).where(table.c.room.in_(names))
    erased: dict[str, float] = {row.room: row.at for row in (await connection.execute(query)).all()}

    def stays(row: dict[str, Any], at: str) -> bool:
        return bool(row[at] > erased.get(row["room"], float("-inf")))

    rows = [row for row in batch["rows"] if stays(row, "at")]
    learners = [row for row in batch["learners"] if stays(row, "first_at")]
    await _append(connection, {"rows": rows, "learners": learners})


_APPEND = Writing(name="events", what="save events", apply=_append, replay=_append_late)


def _row_of(event: RoomEvent) -> dict[str, Any]:
    return {
        "room": event.room,
        "seq": event.seq,
        "at": event.at,
        "type": event_type(event),
        "body": json.dumps(to_wire(event), separators=(",", ":")),
    }


def _event_of(seq: int, body: str) -> RoomEvent:
    try:
        return from_wire(json.loads(body))
    except (InvalidEventError, ValueError) as error:
        # Leaving it out would be a gap that nobody sees.
        raise StoreUnavailableError(f"read event {seq}", f"it was written by another version ({error})") from error
