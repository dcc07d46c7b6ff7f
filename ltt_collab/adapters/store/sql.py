"""The stores in SQL that SQLite and PostgreSQL both understand."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import Table, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.errors import InvalidEventError, StoreUnavailableError
from ltt_collab.model.ids import CellId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.suggestions import EndReason
from ltt_collab.model.wire import event_type, from_wire, to_wire
from ltt_collab.ports.store import SuggestionRecord


class Database:
    """One engine, its errors told as ours."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @asynccontextmanager
    async def reading(self, what: str) -> AsyncIterator[AsyncConnection]:
        """A connection for one read; ``what`` completes 'the store cannot …'.

        Raises:
            StoreUnavailableError
        """
        with translated(what):
            async with self._engine.connect() as connection:
                yield connection

    @asynccontextmanager
    async def writing(self, what: str) -> AsyncIterator[AsyncConnection]:
        """A connection for one write, committed at the end, undone by an error.

        Raises:
            StoreUnavailableError
        """
        with translated(what):
            async with self._engine.begin() as connection:
                yield connection

    def insert(self, table: Table) -> postgresql.Insert | sqlite.Insert:
        """An INSERT that can say what to do on a conflict."""
        return postgresql.insert(table) if self._engine.dialect.name == "postgresql" else sqlite.insert(table)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise every error of the database as ``StoreUnavailableError``; ``what`` completes 'the store cannot …'."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        # sqlite3's own errors come out bare when a connection cannot be set up; OSError: the disk or the network.
        raise StoreUnavailableError(what, _reason(error)) from error


def _reason(error: BaseException) -> str:
    """One line, without SQLAlchemy's statement and parameters: these hold what learners wrote."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(cause).partition("\n")[0] or type(cause).__name__


def sql_stores(database: Database) -> Stores:
    """Every store on one database."""
    return Stores(wishes=SqlWishes(database), suggestions=SqlSuggestions(database), events=SqlEvents(database))


class SqlWishes:
    """``WishStore`` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep_away(self, server: str, username: Username) -> None:
        """Remember that the tutor must leave this learner's notebooks on that server."""
        await self._add(schema.kept_away, "save a learner's wish", server, username)

    async def welcome_back(self, server: str, username: Username) -> None:
        """Forget it."""
        table = schema.kept_away
        async with self._database.writing("save a learner's wish") as connection:
            await connection.execute(delete(table).where(table.c.server == server, table.c.username == username))

    async def is_kept_away(self, server: str, username: Username) -> bool:
        """Whether the tutor must stay out."""
        table = schema.kept_away
        query = select(table.c.server).where(table.c.server == server, table.c.username == username)
        async with self._database.reading("read a learner's wish") as connection:
            return (await connection.execute(query)).first() is not None

    async def introduce(self, server: str, username: Username) -> bool:
        """Record that the learner was told who reads what; True the first time only."""
        return await self._add(schema.introduced, "save who was told", server, username)

    async def _add(self, table: Table, what: str, server: str, username: Username) -> bool:
        """Insert the pair in one statement, so that of two at once exactly one is told that it is new."""
        insert = self._database.insert(table).on_conflict_do_nothing()
        async with self._database.writing(what) as connection:
            result = await connection.execute(insert.values(server=server, username=username))
            return result.rowcount == 1


class SqlSuggestions:
    """``SuggestionStore`` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, record: SuggestionRecord) -> None:
        """Insert or replace by suggestion id."""
        row = _row_of(record)
        insert = self._database.insert(schema.suggestions).values(row)
        upsert = insert.on_conflict_do_update(index_elements=["suggestion"], set_=row)
        async with self._database.writing("save a suggestion") as connection:
            await connection.execute(upsert)

    async def of_room(self, room: RoomId) -> Sequence[SuggestionRecord]:
        """All that this room ever had, oldest first."""
        table = schema.suggestions
        query = select(table).where(table.c.room == room).order_by(table.c.at, table.c.suggestion)
        async with self._database.reading("read a room's suggestions") as connection:
            return [_record_of(row) for row in (await connection.execute(query)).mappings()]


class SqlEvents:
    """``EventStore`` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def append(self, events: Sequence[RoomEvent]) -> None:
        """Append in order, all or none; an event whose (room, seq) is there already is ignored."""
        if not events:
            return
        rows = [
            {
                "room": event.room,
                "seq": event.seq,
                "at": event.at,
                "type": event_type(event),
                "body": json.dumps(to_wire(event), separators=(",", ":")),
            }
            for event in events
        ]
        insert = self._database.insert(schema.events).on_conflict_do_nothing()
        async with self._database.writing("save events") as connection:
            await connection.execute(insert, rows)

    async def after(self, room: RoomId, seq: Seq, limit: int) -> Sequence[RoomEvent]:
        """Up to ``limit`` events with a greater seq, in order."""
        table = schema.events
        query = (
            select(table.c.seq, table.c.body)
            .where(table.c.room == room, table.c.seq > seq)
            .order_by(table.c.seq)
            .limit(limit)
        )
        async with self._database.reading("read events") as connection:
            rows = (await connection.execute(query)).all()
        return [_event_of(number, body) for number, body in rows]

    async def last_seq(self, room: RoomId) -> Seq:
        """The greatest seq stored, 0 for an unknown room."""
        query = select(func.max(schema.events.c.seq)).where(schema.events.c.room == room)
        async with self._database.reading("read events") as connection:
            return Seq((await connection.execute(query)).scalar() or 0)


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
    }


def _record_of(row: RowMapping | Mapping[str, Any]) -> SuggestionRecord:
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
    )


def _event_of(seq: int, body: str) -> RoomEvent:
    try:
        return from_wire(json.loads(body))
    except (InvalidEventError, ValueError) as error:
        # Leaving it out would be a gap that nobody sees.
        raise StoreUnavailableError(f"read event {seq}", f"it was written by another version ({error})") from error
