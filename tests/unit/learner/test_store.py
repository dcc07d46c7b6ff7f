"""The history of a document, as its room and the next one see it."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from ltt_learner import database as database_module
from ltt_learner import store as store_module
from ltt_learner.database import Database
from ltt_learner.history import merge_whole
from ltt_learner.store import LearnerYStore
from pycrdt import Doc, Map, Text
from pycrdt.store import YDocNotFound
from traitlets.config import Config

from tests.support.deadlines import eventually


class Room:
    """What `jupyter_server_ydoc` does with a store, in its order: own operation, then the store, then its ears."""

    def __init__(self, store: LearnerYStore, tasks: anyio.abc.TaskGroup) -> None:
        self.store = store
        self.doc: Doc[Any] = Doc()
        self.state = self.doc.get("state", type=Map)
        self.text = self.doc.get("text", type=Text)
        self._tasks = tasks

    async def load(self, file: str) -> bool:
        """Whether the history was used; else the file's text is."""
        self.state["path"] = "a.ipynb"
        try:
            await self.store.apply_updates(self.doc)
            found = True
        except YDocNotFound:
            source: Doc[Any] = Doc(client_id=0)
            source.get("text", type=Text).insert(0, file)
            self.doc.apply_update(source.get_update())
            await self.store.encode_state_as_update(self.doc)
            found = False
        self._ears = self.doc.observe(lambda event: self._tasks.start_soon(self.store.write, event.update))
        return found

    def type(self, text: str) -> None:
        """Append, letter by letter."""
        for letter in text:
            self.text.insert(len(self.text), letter)

    async def stored(self) -> None:
        """Return once every write that was begun is done."""
        await anyio.wait_all_tasks_blocked()
        await eventually(lambda: not (self.store._flushing.locked() or self.store._pending))

    def close(self) -> None:
        """Stop listening."""
        self.doc.unobserve(self._ears)


@asynccontextmanager
async def room(where: Path, file: str = "", **options: int) -> AsyncIterator[Room]:
    """A room over the database ``where``; at the end it is evicted as the real one is, by cancellation."""
    config = Config({"LearnerYStore": {"db_path": str(where), **options}})
    store = LearnerYStore(path=".notebook:1.y", config=config)
    async with anyio.create_task_group() as tasks:
        await tasks.start(store.start)
        opened = Room(store, tasks)
        await opened.load(file)
        yield opened
        opened.close()
        tasks.cancel_scope.cancel()


@contextmanager
def rows_of(where: Path) -> Iterator[list[bytes]]:
    """The rows as another program reads them, with our hold on the file released."""
    Database.at(where).thread.submit(Database.at(where).close).result()
    connection = sqlite3.connect(where)
    yield [row[0] for row in connection.execute("SELECT yupdate FROM yupdates ORDER BY rowid")]
    connection.close()


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Path]:
    """A database's path; its thread ends with the test."""
    path = tmp_path / "history.db"
    yield path
    database = Database.at(path)
    database.thread.submit(database.close).result()
    database.thread.shutdown()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failed writes are tried again at once, and locks are not waited for."""
    monkeypatch.setattr(store_module, "RETRY", 0.0)
    monkeypatch.setattr(database_module, "BUSY", 0.01)


@pytest.mark.proves("learner:snapshot-first")
async def test_the_first_write_after_a_room_starts_is_a_full_snapshot(where: Path) -> None:
    for cycle in range(6):
        async with room(where, "hello") as opened:
            opened.type(str(cycle))
            await opened.stored()
        with rows_of(where) as rows:
            assert len(rows) == 1
            merge_whole(rows)

    async with room(where) as opened:
        assert str(opened.text) == "hello012345"


@pytest.mark.proves("learner:snapshot-first")
async def test_rows_behind_the_snapshot_have_no_gap_while_the_room_lives(where: Path) -> None:
    async with room(where, "hello") as opened:
        opened.type(" world")
        await opened.stored()
        stored = [update async for update, _, _ in opened.store.read()]
        doc: Doc[Any] = Doc()
        doc.apply_update(merge_whole(stored))
        assert str(doc.get("text", type=Text)) == "hello world"
        assert opened.store.database.tally.appended > 0


@pytest.mark.proves("learner:snapshot-first")
async def test_updates_that_the_end_of_the_room_cut_off_are_in_the_last_snapshot(where: Path) -> None:
    async with room(where) as opened:
        opened.type("written while the room is already ending")
    async with room(where) as again:
        assert str(again.text) == "written while the room is already ending"


@pytest.mark.proves("learner:history-bounded")
async def test_rows_and_bytes_stay_bounded_over_many_letters(where: Path) -> None:
    async with room(where, squash_after_updates=100, squash_after_bytes=20_000) as opened:
        most = 0
        for _ in range(20):
            for _ in range(100):
                opened.type("x")
                await anyio.lowlevel.checkpoint()
            await opened.stored()
            rows = [update async for update, _, _ in opened.store.read()]
            most = max(most, len(rows))
        assert most <= 100
        assert sum(map(len, rows)) <= 20_000 + 2 * len(opened.doc.get_update())
    with rows_of(where) as left:
        assert len(left) == 1
    assert where.stat().st_size < 200_000


@pytest.mark.proves("learner:hole-healed")
async def test_a_history_with_a_hole_is_dropped_and_the_file_is_used(
    where: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with room(where, "from disk") as opened:
        poison: Doc[Any] = Doc(client_id=99)
        state = poison.get("state", type=Map)
        state["never stored"] = 1
        watch = poison.observe(lambda event: opened.store._pending.append(event.update))
        state["stored"] = 2
        poison.unobserve(watch)
        store_only = opened.store._pending[:]
        opened.store._pending.clear()
        await opened.store._run(opened.store.database.append, opened.store.path, store_only, b"", 0)
        # Settled by nobody: the process was killed here.
        opened.store._superseded = True

    async with room(where, "from disk") as again:
        assert str(again.text) == "from disk"
        assert again.store.database.tally.healed == 1
        assert "hole" in caplog.text
        again.type("!")
    with rows_of(where) as rows:
        merge_whole(rows)


@pytest.mark.proves("learner:database-broken")
@pytest.mark.parametrize("damage", [b"this is not a database, and long enough to be taken for one" * 40, b"\0" * 9000])
async def test_a_broken_database_is_kept_aside_and_the_file_is_used(where: Path, damage: bytes) -> None:
    where.write_bytes(damage)
    async with room(where, "from disk") as opened:
        opened.type("!")
        await opened.stored()
        assert str(opened.text) == "from disk!"
    async with room(where, "from disk!") as again:
        assert str(again.text) == "from disk!"
    kept = where.with_name("history.db.broken")
    assert kept.read_bytes() == damage if kept.exists() else damage.startswith(b"\0")


@pytest.mark.proves("learner:database-broken")
async def test_a_database_that_breaks_under_an_open_room_costs_no_letter(where: Path) -> None:
    async with room(where, "one") as opened:
        opened.type(" two")
        await opened.stored()
        opened.store.database.thread.submit(opened.store.database.close).result()
        where.write_bytes(b"scribbled over by somebody, in a length that a header needs" * 40)
        opened.type(" three")
        await opened.stored()
        assert opened.store.database.tally.moved_aside == 1
    async with room(where) as again:
        assert str(again.text) == "one two three"


@pytest.mark.proves("learner:database-locked")
@pytest.mark.usefixtures("impatient")
async def test_a_locked_database_never_stops_the_room_and_is_caught_up_later(where: Path) -> None:
    async with room(where, "one") as opened:
        await opened.store._run(opened.store.database.close)
        other = sqlite3.connect(where)
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        opened.type(" two")
        await opened.stored()
        assert str(opened.text) == "one two"
        assert opened.store.database.tally.failed_writes > 0
        other.close()

        opened.type(" three")
        await opened.stored()
    async with room(where) as again:
        assert str(again.text) == "one two three"


@pytest.mark.proves("learner:database-locked")
@pytest.mark.usefixtures("impatient")
async def test_a_room_opened_over_a_locked_database_starts_from_the_file(where: Path) -> None:
    other = sqlite3.connect(where)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("CREATE TABLE held (x)")
    other.execute("BEGIN EXCLUSIVE")
    async with room(where, "from disk") as opened:
        assert str(opened.text) == "from disk"
        opened.type("!")
    other.close()


@pytest.mark.proves("learner:snapshot-first")
async def test_a_room_opened_while_the_last_one_ends_takes_over_all_of_it(where: Path) -> None:
    async with room(where) as first:
        first.type("typed in the first room")
        async with room(where) as second:
            assert str(second.text) == "typed in the first room"
            second.type(", then in the second")
            await second.stored()
    async with room(where) as third:
        assert str(third.text) == "typed in the first room, then in the second"


@pytest.mark.proves("learner:history-bounded")
async def test_a_document_that_was_only_looked_at_is_not_written_again(where: Path) -> None:
    async with room(where, "hello"):
        pass
    before = Database.at(where).tally.snapshots
    async with room(where) as opened:
        assert str(opened.text) == "hello"
    assert Database.at(where).tally.snapshots == before


@pytest.mark.proves("learner:history-bounded")
async def test_documents_untouched_for_long_are_forgotten(where: Path) -> None:
    async with room(where, "old"):
        pass
    with rows_of(where):
        connection = sqlite3.connect(where)
        with connection:
            connection.execute("UPDATE yupdates SET timestamp = timestamp - 31 * 86400")
        connection.close()
    async with room(where, "from disk") as opened:
        assert str(opened.text) == "from disk"


@pytest.mark.proves("learner:places-private")
async def test_the_database_is_readable_by_its_owner_only(where: Path) -> None:
    before = os.umask(0)
    try:
        async with room(where, "hello"):
            for file in where.parent.glob("history.db*"):
                assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    finally:
        os.umask(before)


async def test_a_store_made_without_configuration_uses_the_extension_s_database(
    where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LearnerYStore, "default_db_path", str(where))
    assert LearnerYStore(path="x").database.path == where
    chosen = Config({"SQLiteYStore": {"db_path": str(where.with_name("chosen.db"))}})
    assert LearnerYStore(path="x", config=chosen).database.path == where.with_name("chosen.db")


@pytest.mark.proves("learner:killed-server-recovered")
async def test_only_documents_that_nobody_settled_are_looked_at_after_a_crash(
    where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(where, "evicted: saved, or left unsaved by its learner"):
        pass
    assert Database.at(where).thread.submit(Database.at(where).unsettled).result() == {}

    monkeypatch.setattr(LearnerYStore, "server_stops", True)
    async with room(where) as opened:
        opened.type(" cut off by a stopping server")
    assert list(Database.at(where).thread.submit(Database.at(where).unsettled).result()) == [".notebook:1.y"]
