"""``WishStore`` in SQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ltt_collab.adapters.store import schema
from ltt_collab.adapters.store.database.connection import Database, insert
from ltt_collab.adapters.store.database.journal import WAITS, Journal, Writing
from ltt_collab.model.ids import Username

_Wish = tuple[str, Username]


class SqlWishes:
    """``WishStore`` in SQL. A wish that waits in the outbox is heeded by this process as if it were written."""

    def __init__(self, database: Database, journal: Journal) -> None:
        self._database, self._journal = database, journal
        self._waiting: dict[tuple[str, str, Username], bool] = {}
        journal.knows(_KEEP_AWAY, _WELCOME, _MUTE, _UNMUTE)

    async def keep_away(self, server: str, username: Username) -> None:
        """Remember that the tutor must leave this learner's notebooks on that server."""
        await self._write(_KEEP_AWAY, schema.kept_away, (server, username), stands=True)

    async def welcome_back(self, server: str, username: Username) -> None:
        """Forget it."""
        await self._write(_WELCOME, schema.kept_away, (server, username), stands=False)

    async def is_kept_away(self, server: str, username: Username) -> bool:
        """Whether the tutor must stay out."""
        return await self._stands(schema.kept_away, (server, username))

    async def mute(self, server: str, username: Username, *, muted: bool) -> None:
        """Remember that this learner wants no unasked help, or wants it again."""
        await self._write(_MUTE if muted else _UNMUTE, schema.muted, (server, username), stands=muted)

    async def is_muted(self, server: str, username: Username) -> bool:
        """Whether this learner wants no unasked help."""
        return await self._stands(schema.muted, (server, username))

    async def introduce(self, server: str, username: Username) -> bool:
        """Record that the learner was told who reads what; True the first time only."""
        async with self._database.writing("save who was told") as connection:
            return await _add(connection, schema.introduced, [server, username])

    async def _stands(self, table: Table, wish: _Wish) -> bool:
        if not self._journal.state().waiting:
            self._waiting.clear()
        waiting = self._waiting.get((table.name, *wish))
        if waiting is not None:
            return waiting
        query = select(table.c.server).where(table.c.server == wish[0], table.c.username == wish[1])
        async with self._database.reading("read a learner's wish") as connection:
            return (await connection.execute(query)).first() is not None

    async def _write(self, kind: Writing, table: Table, wish: _Wish, *, stands: bool) -> None:
        if await self._journal.write(kind, list(wish)) is WAITS:
            self._waiting[table.name, *wish] = stands


async def _add(connection: AsyncConnection, table: Table, wish: list[str]) -> bool:
    """Insert the pair in one statement, so that of two at once exactly one is told that it is new."""
    statement = insert(connection, table).on_conflict_do_nothing()
    result = await connection.execute(statement.values(server=wish[0], username=wish[1]))
    return result.rowcount == 1


async def _remove(connection: AsyncConnection, table: Table, wish: list[str]) -> None:
    await connection.execute(delete(table).where(table.c.server == wish[0], table.c.username == wish[1]))


async def _keep_away(connection: AsyncConnection, wish: Any) -> None:
    await _add(connection, schema.kept_away, wish)


async def _welcome(connection: AsyncConnection, wish: Any) -> None:
    await _remove(connection, schema.kept_away, wish)


async def _mute(connection: AsyncConnection, wish: Any) -> None:
    await _add(connection, schema.muted, wish)


async def _unmute(connection: AsyncConnection, wish: Any) -> None:
    await _remove(connection, schema.muted, wish)


_KEEP_AWAY = Writing(name="keep_away", what="save a learner's wish", apply=_keep_away)
_WELCOME = Writing(name="welcome_back", what="save a learner's wish", apply=_welcome)
_MUTE = Writing(name="mute", what="save a learner's wish", apply=_mute)
_UNMUTE = Writing(name="unmute", what="save a learner's wish", apply=_unmute)
