"""A database that is locked, full or away: nothing is lost, and it is said."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from ltt_collab.adapters.store.postgres import open_postgres
from ltt_collab.adapters.store.sqlite import open_sqlite
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.edits import RoomEvent, SourceEdited, Splice
from ltt_collab.model.errors import InvalidSettingError, StoreUnavailableError
from ltt_collab.model.ids import CellId, CourseId, RoomId, Seq, SubmissionId, SuggestionId, TaskId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.suggestions import EndReason
from ltt_collab.ports.learning import Selected, SubmissionRecord
from ltt_collab.ports.store import SuggestionRecord
from tests.support.deadlines import eventually
from tests.support.postgres import Postgres

ROOM, ADA, HERE = RoomId("r1"), Username("ada"), "http://here/"


def edit(seq: int, text: str = "x") -> RoomEvent:
    author = Author(kind=AuthorKind.LEARNER, username=ADA)
    return SourceEdited(
        room=ROOM, seq=Seq(seq), at=float(seq), author=author, cell_id=CellId("a"), splices=(Splice(0, 0, text),)
    )


def hint(ended: EndReason | None = None, ended_at: float | None = None) -> SuggestionRecord:
    return SuggestionRecord(
        suggestion=SuggestionId("s1"), room=ROOM, about=CellId("a"), cause_key="k", rung=1, at=1.0, learner="ada",
        ended=ended, ended_at=ended_at,
    )  # fmt: skip


def handed_in(name: str, at: float = 1.0) -> SubmissionRecord:
    return SubmissionRecord(
        id=SubmissionId(name), course=CourseId("py"), task=TaskId("mean"), learner=ADA, at=at, notebook="{}"
    )


async def work(stores: Stores) -> None:
    """What a service writes in a minute."""
    await stores.events.append([edit(1), edit(2)])
    await stores.suggestions.save(hint())
    await stores.suggestions.end(SuggestionId("s1"), EndReason.ACTED_ON, 2.0)
    await stores.submissions.save(handed_in("s1"))
    await stores.wishes.keep_away(HERE, ADA)


async def assert_all_there(stores: Stores) -> None:
    assert list(await stores.events.after(ROOM, Seq(0), 10)) == [edit(1), edit(2)]
    assert list(await stores.suggestions.of_room(ROOM)) == [hint(EndReason.ACTED_ON, 2.0)]
    assert list(await stores.submissions.select(Selected())) == [handed_in("s1")]
    assert await stores.wishes.is_kept_away(HERE, ADA)


def sqlite_in(directory: Path, **options: object) -> AbstractAsyncContextManager[Stores]:
    url = f"sqlite+aiosqlite:///{directory / 'ltt.db'}"
    return open_sqlite(url, busy_timeout=0.05, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def kept_up(stores: Stores) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stores.upkeep.run)
        yield
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def locked(directory: Path) -> AsyncIterator[sqlite3.Connection]:
    with closing(sqlite3.connect(directory / "ltt.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def is_whole(stores: Stores) -> Callable[[], bool]:
    return lambda: stores.upkeep.state().available


@pytest.mark.proves("store:nothing-lost")
async def test_what_is_written_while_the_file_is_locked_is_there_when_the_lock_is_gone(tmp_path: Path) -> None:
    async with sqlite_in(tmp_path) as stores, kept_up(stores):
        async with locked(tmp_path) as other:
            await work(stores)
            state = stores.upkeep.state()
            assert (state.available, state.waiting, state.reason) == (False, 5, "database is locked")
            other.execute("COMMIT")
        await eventually(is_whole(stores), what="what waited is written")
        await assert_all_there(stores)
        assert stores.upkeep.state().waiting == 0


@pytest.mark.proves("store:nothing-lost")
async def test_what_does_not_fit_into_a_full_file_waits_for_room_and_repeats_no_learner_text(tmp_path: Path) -> None:
    async with sqlite_in(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "ltt.db")) as file:
        pages = file.execute("PRAGMA page_count").fetchone()[0]
    long = edit(3, "secret" * 100_000)
    async with sqlite_in(tmp_path, max_pages=pages) as stores:
        await work(stores)
        await stores.events.append([long])
        state = stores.upkeep.state()
        assert not state.available
        assert "full" in state.reason
        assert "secret" not in state.reason
    async with sqlite_in(tmp_path) as stores:
        assert stores.upkeep.state().available
        assert list(await stores.events.after(ROOM, Seq(2), 10)) == [long]


@pytest.mark.proves("store:nothing-lost")
async def test_a_stopped_postgresql_is_waited_for_and_told_everything_when_it_is_back(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = await to_thread.run_sync(postgres.new_url)
    async with open_postgres(url, outbox=tmp_path / "outbox") as stores, kept_up(stores):
        await stores.wishes.introduce(HERE, ADA)
        await to_thread.run_sync(postgres.stop)
        try:
            await work(stores)
            assert stores.upkeep.state().waiting == 5
            with pytest.raises(StoreUnavailableError, match="cannot read events"):
                await stores.events.last_seq(ROOM)
        finally:
            await to_thread.run_sync(postgres.start)
        await eventually(is_whole(stores), what="what waited is written")
        await assert_all_there(stores)
        assert not await stores.wishes.introduce(HERE, ADA)


KILLED = """
import asyncio, os, sqlite3, sys
from pathlib import Path
from tests.integration.test_store_faults import sqlite_in, work

async def main():
    directory = Path(sys.argv[1])
    async with sqlite_in(directory) as stores:
        other = sqlite3.connect(directory / "ltt.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        await work(stores)
        os._exit(9)

asyncio.run(main())
"""


@pytest.mark.proves("store:nothing-lost")
async def test_what_waited_when_the_service_was_killed_is_written_in_its_next_life(tmp_path: Path) -> None:
    killed = await anyio.run_process([sys.executable, "-c", KILLED, str(tmp_path)], check=False, stderr=None)
    assert killed.returncode == 9
    assert (tmp_path / "ltt.db.outbox").stat().st_size > 0
    async with sqlite_in(tmp_path) as stores:
        await assert_all_there(stores)
    assert not (tmp_path / "ltt.db.outbox").exists()


async def test_a_wish_that_waits_is_heeded_at_once(tmp_path: Path) -> None:
    async with sqlite_in(tmp_path) as stores, locked(tmp_path):
        await stores.wishes.keep_away(HERE, ADA)
        assert await stores.wishes.is_kept_away(HERE, ADA)
        await stores.wishes.welcome_back(HERE, ADA)
        assert not await stores.wishes.is_kept_away(HERE, ADA)


@pytest.mark.proves("privacy:really-gone")
async def test_what_waited_of_a_learner_whose_data_were_deleted_does_not_come_back(tmp_path: Path) -> None:
    async with sqlite_in(tmp_path) as writing, sqlite_in(tmp_path) as deleting:
        await writing.events.append([edit(1)])
        async with locked(tmp_path) as other:
            await work(writing)
            other.execute("COMMIT")
        await deleting.personal.delete(ADA, actor="eve", at=5.0)
        async with locked(tmp_path) as other:  # the same learner goes on working
            await writing.submissions.save(handed_in("s2", at=6.0))
            await writing.events.append([edit(7)])
            other.execute("COMMIT")
        async with kept_up(writing):
            await eventually(is_whole(writing), what="what waited is written")
        assert list(await writing.events.after(ROOM, Seq(0), 10)) == [edit(7)]
        assert list(await writing.suggestions.of_room(ROOM)) == []
        assert list(await writing.submissions.select(Selected())) == [handed_in("s2", at=6.0)]


@pytest.mark.proves("store:no-secret-in-errors")
async def test_a_password_in_a_database_url_is_never_repeated(tmp_path: Path) -> None:
    for url in (
        "postgresql+asyncpg://ada:hunter2@127.0.0.1:9/x",
        f"postgresql+asyncpg://ada:hunter2@/x?host={tmp_path}",
    ):
        with pytest.raises(StoreUnavailableError, match="cannot open") as unreachable:
            async with open_postgres(url):
                pytest.fail("it opened")
        assert "hunter2" not in str(unreachable.value)
    with pytest.raises(InvalidSettingError, match="LTT_DATABASE_URL") as wrong:
        async with open_postgres("postgresql+psycopg://ada:hunter2@localhost/x"):
            pytest.fail("it opened")
    assert "hunter2" not in str(wrong.value)


@pytest.mark.proves("store:migrates-once")
def test_two_services_that_start_at_once_make_the_tables_once(tmp_path: Path, postgres: Postgres) -> None:
    program = """
import asyncio, sys
from ltt_collab.adapters.store.choosing import open_stores
async def main():
    async with open_stores(sys.argv[1], sys.argv[2]) as stores:
        assert await stores.rooms.recorded() == []
asyncio.run(main())
"""
    for url in (f"sqlite+aiosqlite:///{tmp_path / 'new' / 'ltt.db'}", postgres.new_url()):
        services = [
            subprocess.Popen([sys.executable, "-c", program, url, str(tmp_path / "outbox")], stderr=subprocess.PIPE)
            for _ in range(3)
        ]
        said = [service.communicate(timeout=60)[1].decode() for service in services]
        assert [service.returncode for service in services] == [0, 0, 0], said
