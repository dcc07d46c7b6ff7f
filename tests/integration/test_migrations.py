"""A database of any earlier version becomes one of this version, with all that is in it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, String, inspect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ltt_collab.adapters.store.migrations.revisions import revisions
from ltt_collab.adapters.store.migrations.upgrade import NEWEST, upgrade
from ltt_collab.adapters.store.schema import metadata
from ltt_collab.adapters.store.sqlite import open_sqlite
from ltt_collab.adapters.store.texts import AnyText
from ltt_collab.model.ids import CellId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.suggestions import EndReason
from ltt_collab.ports.store import SuggestionRecord

BEFORE_REVISIONS = """
CREATE TABLE kept_away (
    server VARCHAR NOT NULL, username VARCHAR NOT NULL, CONSTRAINT pk_kept_away PRIMARY KEY (server, username)
);
CREATE TABLE introduced (
    server VARCHAR NOT NULL, username VARCHAR NOT NULL, CONSTRAINT pk_introduced PRIMARY KEY (server, username)
);
CREATE TABLE suggestions (
    suggestion VARCHAR NOT NULL, room VARCHAR NOT NULL, about VARCHAR NOT NULL, cause_key VARCHAR NOT NULL,
    rung INTEGER NOT NULL, at DOUBLE NOT NULL, ended VARCHAR, learner VARCHAR NOT NULL, note_cell VARCHAR,
    CONSTRAINT pk_suggestions PRIMARY KEY (suggestion)
);
CREATE INDEX ix_suggestions_room_at ON suggestions (room, at);
CREATE TABLE events (
    room VARCHAR NOT NULL, seq BIGINT NOT NULL, at DOUBLE NOT NULL, type VARCHAR NOT NULL, body TEXT NOT NULL,
    CONSTRAINT pk_events PRIMARY KEY (room, seq)
);
INSERT INTO kept_away VALUES ('http://here/', 'ada');
INSERT INTO suggestions VALUES ('s1', 'r1', 'a', 'k', 2, 1.5, 'adopted', 'é\\x', 'n');
INSERT INTO events VALUES ('r1', 7, 2.5, 'outputs_cleared',
    '{"type":"outputs_cleared","room":"r1","seq":7,"at":2.5,"author":{"kind":"learner","username":"ada","client":1},'
    || '"cell_id":"a","execution_count":null}');
"""
"""What version 0.1 made with ``metadata.create_all``, as its SQLite file says, and a row of each kind."""

Engine = Callable[[], AsyncEngine]


@pytest.fixture(params=["sqlite", "postgres"])
def new_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return lambda: create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}")
    url = request.getfixturevalue("postgres").new_url()
    return lambda: create_async_engine(url)


@asynccontextmanager
async def used(new_engine: Engine) -> AsyncIterator[AsyncEngine]:
    engine = new_engine()
    try:
        yield engine
    finally:
        await engine.dispose()


def both_are_text(*types: Any) -> bool | None:
    """TEXT and VARCHAR are one type to both databases: no difference; None leaves every other pair to Alembic."""
    return False if isinstance(types[3], String) and isinstance(types[4], AnyText) else None


async def difference(engine: AsyncEngine) -> list[Any]:
    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": both_are_text})
        assert context.get_current_revision() == NEWEST
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        return await connection.run_sync(compare)


@pytest.mark.proves("store:migrates-without-loss")
async def test_an_empty_database_gets_the_tables_that_the_code_expects(new_engine: Engine) -> None:
    async with used(new_engine) as engine:
        await upgrade(engine)
        assert await difference(engine) == []
        await upgrade(engine)
        assert await difference(engine) == []


def test_the_newest_revision_is_the_one_that_the_code_expects() -> None:
    assert revisions().get_current_head() == NEWEST


async def made(engine: AsyncEngine) -> Any:
    """Everything that the database itself says of its tables."""

    def look(connection: Connection) -> Any:
        found = inspect(connection)
        indexes = [
            (
                key,
                index["name"],
                index["column_names"],
                index["unique"],
                str(index["dialect_options"].get("sqlite_where")),
            )
            for key, of_table in found.get_multi_indexes().items()
            for index in of_table
        ]
        return repr(found.get_multi_columns()), repr(found.get_multi_pk_constraint()), sorted(indexes)

    async with engine.connect() as connection:
        return await connection.run_sync(look)


async def test_the_tables_of_an_empty_database_are_those_that_the_revisions_make(tmp_path: Path) -> None:
    at_once, by_steps = (create_async_engine(f"sqlite+aiosqlite:///{tmp_path / name}") for name in ("a.db", "b.db"))
    async with used(lambda: at_once), used(lambda: by_steps):
        await upgrade(at_once)
        await upgrade(by_steps, "0001")
        await upgrade(by_steps)
        assert await made(at_once) == await made(by_steps)


async def test_every_revision_leads_on_to_the_next(new_engine: Engine) -> None:
    async with used(new_engine) as engine:
        await upgrade(engine, "0001")
        await upgrade(engine)
        assert await difference(engine) == []


@pytest.mark.proves("store:migrates-without-loss")
async def test_a_database_of_the_time_before_revisions_is_taken_with_all_that_is_in_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ltt.db")) as file, file:
        file.executescript(BEFORE_REVISIONS)
    async with open_sqlite(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}") as stores:
        assert await stores.wishes.is_kept_away("http://here/", Username("ada"))
        assert list(await stores.suggestions.of_room(RoomId("r1"))) == [
            SuggestionRecord(
                suggestion=SuggestionId("s1"), room=RoomId("r1"), about=CellId("a"), cause_key="k", rung=2, at=1.5,
                ended=EndReason.ADOPTED, learner="é\\x", note_cell=CellId("n"),
            )
        ]  # fmt: skip
        assert [event.seq for event in await stores.events.after(RoomId("r1"), Seq(0), 10)] == [7]
        (room,) = await stores.rooms.recorded(learner=Username("ada"))
        assert (room.room, room.last_at, room.events) == ("r1", 2.5, 1)
    async with used(lambda: create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}")) as engine:
        assert await difference(engine) == []


async def test_a_making_that_was_cut_off_is_completed(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ltt.db")) as file, file:
        file.execute("CREATE TABLE kept_away (server VARCHAR NOT NULL, username VARCHAR NOT NULL, "
                     "CONSTRAINT pk_kept_away PRIMARY KEY (server, username))")  # fmt: skip
    async with used(lambda: create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}")) as engine:
        await upgrade(engine)
        assert await difference(engine) == []


async def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ltt.db")) as file, file:
        file.executescript(BEFORE_REVISIONS)
        file.execute("CREATE TABLE audit (in_the_way INTEGER)")
    async with used(lambda: create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}")) as engine:
        with pytest.raises(Exception, match="already exists"):
            await upgrade(engine)
    with closing(sqlite3.connect(tmp_path / "ltt.db")) as file:
        tables = {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"kept_away", "introduced", "suggestions", "events", "audit"}
