"""``RoomStore`` in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import Journal, Writing
from ltt_collab.model.ids import RoomId, Seq, ServerId, Username
from ltt_collab.ports.store import SESSION_GAP, RoomRecord, SessionRecord


class SqlRooms:
    """``RoomStore`` in SQL."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        journal.knows(_SAVE)

    async def save(self, room: RoomId, server: ServerId, path: str) -> None:
        """Remember where a room is or, said again, where it is now."""
        await self._journal.write(_SAVE, [room, server, path])

    async def find(self, room: str) -> RoomRecord | None:
        """The room of that id, else the latest of that path, else None."""
        table = schema.rooms
        found = await self._read([table.c.room == room], 1) or await self._read([table.c.path == room], 1)
        return next(iter(found), None)

    async def recorded(
        self, *, learner: Username | None = None, since: float = 0.0, limit: int = 100
    ) -> Sequence[RoomRecord]:
        """Rooms with events not older than ``since``, the latest first; with ``learner`` only theirs."""
        table, theirs = schema.rooms, schema.room_learners
        where = [table.c.last_at >= since, table.c.last_at > 0]
        if learner is not None:
            where.append(table.c.room.in_(select(theirs.c.room).where(theirs.c.username == learner)))
        return await self._read(where, limit)

    async def sessions(self, room: RoomId) -> Sequence[SessionRecord]:
        """The sessions of a room, oldest first; ``SESSION_GAP`` parts them."""
        table = schema.events
        pause = table.c.at - func.lag(table.c.at).over(order_by=table.c.seq)
        each = select(table.c.seq, table.c.at, pause.label("pause")).where(table.c.room == room).subquery()
        first = select(each.c.seq, each.c.at).where((each.c.pause > SESSION_GAP) | each.c.pause.is_(None))
        async with self._database.reading("read a room's sessions") as connection:
            firsts = (await connection.execute(first.order_by(each.c.seq))).all()
            last = select(table.c.seq, table.c.at).where(table.c.room == room).order_by(table.c.seq.desc())
            ends = []
            for start, _ in firsts[1:]:
                ends.append((await connection.execute(last.where(table.c.seq < start).limit(1))).one())
            ends.extend((await connection.execute(last.limit(1))).all() if firsts else [])
        return [
            SessionRecord(room=room, first_seq=Seq(begin[0]), last_seq=Seq(end[0]), first_at=begin[1], last_at=end[1])
            for begin, end in zip(firsts, ends, strict=True)
        ]

    async def _read(self, where: Sequence[ColumnElement[bool]], limit: int) -> Sequence[RoomRecord]:
        table, events, theirs = schema.rooms, schema.events, schema.room_learners
        query = select(table).where(*where).order_by(table.c.last_at.desc(), table.c.room).limit(limit)
        async with self._database.reading("read the recorded rooms") as connection:
            rooms = (await connection.execute(query)).mappings().all()
            names = [row["room"] for row in rooms]
            totals = select(events.c.room, func.min(events.c.at), func.max(events.c.at), func.count())
            counted = await connection.execute(totals.where(events.c.room.in_(names)).group_by(events.c.room))
            spans = {room: (first, last, number) for room, first, last, number in counted.all()}
            people = select(theirs.c.room, theirs.c.username).where(theirs.c.room.in_(names))
            who = (await connection.execute(people.order_by(theirs.c.first_at, theirs.c.username))).all()
        learners: dict[str, list[Username]] = {}
        for room, username in who:
            learners.setdefault(room, []).append(Username(username))
        return [_record_of(row, spans.get(row["room"], (0.0, 0.0, 0)), learners.get(row["room"], ())) for row in rooms]


def _record_of(row: Any, span: tuple[float, float, int], learners: Sequence[Username]) -> RoomRecord:
    return RoomRecord(
        room=RoomId(row["room"]),
        server=ServerId(row["server"]),
        path=row["path"],
        first_at=span[0],
        last_at=span[1],
        events=span[2],
        learners=tuple(learners),
    )


async def _save(connection: AsyncConnection, place: Any) -> None:
    room, server, path = place
    statement = insert(connection, schema.rooms).values(room=room, server=server, path=path, last_at=0.0)
    here = {"server": server, "path": path}
    await connection.execute(statement.on_conflict_do_update(index_elements=["room"], set_=here))


_SAVE = Writing(name="room", what="save where a room is", apply=_save)
