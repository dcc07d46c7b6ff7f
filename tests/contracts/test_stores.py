"""What every store keeps, whatever is behind it."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.sqlite import open_sqlite
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.model.edits import OutputsCleared, RoomEvent, SourceEdited, Splice
from ltt_collab.model.errors import InvalidSettingError, StoreUnavailableError
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import CellId, CourseId, RoomId, Seq, ServerId, SuggestionId, TaskId, Username
from ltt_collab.model.presence import SERVER, Author, AuthorKind
from ltt_collab.model.suggestions import EndReason, Placement
from ltt_collab.ports.hints import KeptHint
from ltt_collab.ports.identity import TokenRecord
from ltt_collab.ports.steering import Extent, Steer
from ltt_collab.ports.store import SESSION_GAP, RoomRecord, SessionRecord, SuggestionRecord

ADA, BOB = Username("ada"), Username("bob")
HERE, THERE = "http://here/", "http://there/"
ROOM, OTHER = RoomId("r1"), RoomId("r2")


def in_sqlite(directory: Path) -> AbstractAsyncContextManager[Stores]:
    return open_sqlite(sqlite_url(directory))


def sqlite_url(directory: Path) -> str:
    return f"sqlite+aiosqlite:///{file_in(directory)}"


def file_in(directory: Path) -> Path:
    return directory / "new" / "state" / "ltt.db"


def author_of(username: Username) -> Author:
    return Author(kind=AuthorKind.LEARNER, username=username)


def edit(seq: int, text: str = "x", room: RoomId = ROOM) -> RoomEvent:
    return SourceEdited(
        room=room, seq=Seq(seq), at=1.5 * seq, author=author_of(ADA), cell_id=CellId("a"), splices=(Splice(0, 0, text),)
    )


def record(name: str, *, at: float = 1.0, room: RoomId = ROOM, ended: EndReason | None = None) -> SuggestionRecord:
    return SuggestionRecord(
        suggestion=SuggestionId(name), room=room, about=CellId("a"), cause_key="ada/a/NameError/0", rung=1, at=at,
        ended=ended, learner="ada", note_cell=CellId("n"),
    )  # fmt: skip


async def test_a_learner_who_sent_us_away_stays_so_on_that_server_only(stores: Stores) -> None:
    await stores.wishes.keep_away(HERE, ADA)
    await stores.wishes.keep_away(HERE, ADA)
    assert await stores.wishes.is_kept_away(HERE, ADA)
    assert not await stores.wishes.is_kept_away(THERE, ADA)
    assert not await stores.wishes.is_kept_away(HERE, BOB)


async def test_a_learner_who_calls_us_back_is_welcome_again(stores: Stores) -> None:
    await stores.wishes.welcome_back(HERE, ADA)
    await stores.wishes.keep_away(HERE, ADA)
    await stores.wishes.welcome_back(HERE, ADA)
    assert not await stores.wishes.is_kept_away(HERE, ADA)


@pytest.mark.proves("store:mute")
async def test_a_muted_learner_stays_so_until_they_want_help_again(stores: Stores) -> None:
    await stores.wishes.mute(HERE, ADA, muted=True)
    await stores.wishes.mute(HERE, ADA, muted=True)
    assert await stores.wishes.is_muted(HERE, ADA)
    assert not await stores.wishes.is_muted(THERE, ADA)
    assert not await stores.wishes.is_kept_away(HERE, ADA)
    await stores.wishes.mute(HERE, ADA, muted=False)
    assert not await stores.wishes.is_muted(HERE, ADA)


@pytest.mark.proves("access:issued-tokens")
async def test_issued_tokens_are_found_by_digest_and_revoked_once(stores: Stores) -> None:
    courses = frozenset({CourseId("é"), CourseId("b")})
    prof = Principal(name=ADA, role=Role.INSTRUCTOR, courses=courses, may_execute=False)
    issued = TokenRecord(id="k-1", digest="aa", principal=prof, at=5.0, expires=9.5, note="for Ada")
    await stores.tokens.save(issued)
    await stores.tokens.save(TokenRecord(id="k-2", digest="bb", principal=prof, at=4.0))
    assert await stores.tokens.find("aa") == issued
    assert await stores.tokens.find("cc") is None
    assert [each.id for each in await stores.tokens.select()] == ["k-2", "k-1"]
    assert [await stores.tokens.revoke("k-1", 7.0), await stores.tokens.revoke("k-1", 8.0)] == [True, False]
    assert not await stores.tokens.revoke("k-9", 7.0)
    found = await stores.tokens.find("aa")
    assert found is not None
    assert found.revoked == 7.0


@pytest.mark.proves("steering:survives")
async def test_an_order_takes_the_place_of_the_one_about_the_same_and_is_lifted_once(stores: Stores) -> None:
    everybody, ada = Extent(), Extent(learner=ADA, course=CourseId("é"))
    await stores.steers.save(Steer(extent=everybody, paused=True, by=BOB, at=2.0))
    await stores.steers.save(Steer(extent=ada, approval=True, by=BOB, at=1.0, reason="new"))
    await stores.steers.save(Steer(extent=everybody, approval=True, by=ADA, at=3.0))
    found = await stores.steers.all()
    assert [(steer.extent, steer.paused, steer.by) for steer in found] == [(ada, False, BOB), (everybody, False, ADA)]
    assert [await stores.steers.remove(ada), await stores.steers.remove(ada)] == [True, False]


@pytest.mark.proves("tutor:kept-hints")
async def test_a_kept_hint_takes_the_place_of_its_rung_s_and_is_forgotten_once(stores: Stores) -> None:
    course, task = CourseId("é"), TaskId("mean")
    first = KeptHint(course=course, task=task, rung=2, text="a", by=BOB, at=1.0)
    other = KeptHint(course=course, task=task, rung=1, text="c", by=BOB, at=2.0)
    for hint in (first, replace(first, text="b", by=ADA), other):
        await stores.hints.save(hint)
    assert [(hint.rung, hint.text, hint.by) for hint in await stores.hints.all()] == [(1, "c", BOB), (2, "b", ADA)]
    forgotten = [await stores.hints.remove(course, task, 2) for _ in range(2)]
    assert forgotten == [True, False]


async def test_a_learner_is_told_once_who_reads_what(stores: Stores) -> None:
    assert await stores.wishes.introduce(HERE, ADA)
    assert not await stores.wishes.introduce(HERE, ADA)
    assert await stores.wishes.introduce(THERE, ADA)


async def test_of_two_introductions_at_once_one_is_the_first(stores: Stores) -> None:
    first: list[bool] = []

    async def introduce() -> None:
        first.append(await stores.wishes.introduce(HERE, ADA))

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(introduce)
    assert sorted(first) == [False] * 7 + [True]


async def test_suggestions_come_back_oldest_first_and_by_room(stores: Stores) -> None:
    late, early, same, elsewhere = (
        record("s1", at=9.0),
        record("s3", at=2.0),
        record("s2", at=2.0),
        record("s4", room=OTHER),
    )
    for one in (late, early, same, elsewhere):
        await stores.suggestions.save(one)
    assert list(await stores.suggestions.of_room(ROOM)) == [same, early, late]
    assert list(await stores.suggestions.of_room(RoomId("nowhere"))) == []


async def test_the_end_of_a_suggestion_is_remembered_with_its_time(stores: Stores) -> None:
    await stores.suggestions.save(record("s1"))
    await stores.suggestions.end(SuggestionId("s1"), EndReason.ACTED_ON, 7.5)
    await stores.suggestions.end(SuggestionId("unknown"), EndReason.STALE, 8.0)
    ended = replace(record("s1"), ended=EndReason.ACTED_ON, ended_at=7.5)
    assert list(await stores.suggestions.of_room(ROOM)) == [ended]


async def test_the_suggestions_for_a_learner_come_from_every_room(stores: Stores) -> None:
    mine = [record("s1"), record("s2", room=OTHER)]
    for one in (*mine, replace(record("s3"), learner="bob")):
        await stores.suggestions.save(one)
    assert list(await stores.suggestions.of_learner(ADA)) == mine


async def test_the_suggestions_about_cells_come_by_learner_a_page_at_a_time(stores: Stores) -> None:
    ours = [record("s2", at=1.0), record("s1", at=2.0, room=OTHER)]
    bobs = replace(record("s3"), learner="bob")
    elsewhere, nobodys = replace(record("s4"), about=CellId("other")), replace(record("s5"), learner="")
    for one in (bobs, *ours, elsewhere, nobodys):
        await stores.suggestions.save(one)
    cells = {record("s1").about}
    assert list(await stores.suggestions.about(cells)) == [*ours, bobs]
    assert list(await stores.suggestions.about(cells, learners=1)) == ours
    assert list(await stores.suggestions.about(cells, after=ADA, learners=1)) == [bobs]
    assert list(await stores.suggestions.about({CellId("unknown")})) == []


async def test_a_suggestion_keeps_its_words_whatever_they_are(stores: Stores) -> None:
    odd = replace(record("s1"), text="a\x00b\ud800 \\u0041 \\ é😀", placement=Placement.CHAT, learner="a\x00da")
    await stores.suggestions.save(odd)
    assert list(await stores.suggestions.of_room(ROOM)) == [odd]
    assert list(await stores.suggestions.of_learner(Username("a\x00da"))) == [odd]


async def test_a_suggestion_saved_again_is_replaced(stores: Stores) -> None:
    await stores.suggestions.save(record("s1"))
    ended = replace(record("s1", ended=EndReason.ADOPTED), note_cell=None, rung=3)
    await stores.suggestions.save(ended)
    assert list(await stores.suggestions.of_room(ROOM)) == [ended]


async def test_events_come_back_as_they_were_in_order_from_a_point(stores: Stores) -> None:
    log = [edit(seq, text) for seq, text in enumerate(["a", "é😀", "\x00\u2028", "日本"], start=5_000_000_000)]
    await stores.events.append(log)
    assert list(await stores.events.after(ROOM, Seq(0), 10)) == log
    assert list(await stores.events.after(ROOM, log[1].seq, 1)) == [log[2]]
    assert list(await stores.events.after(ROOM, log[-1].seq, 10)) == []
    assert await stores.events.last_seq(ROOM) == log[-1].seq


async def test_an_event_that_is_there_already_is_kept_as_it_was(stores: Stores) -> None:
    await stores.events.append([edit(1, "first")])
    await stores.events.append([edit(1, "second"), edit(2)])
    assert list(await stores.events.after(ROOM, Seq(0), 10)) == [edit(1, "first"), edit(2)]


async def test_rooms_do_not_see_each_others_events(stores: Stores) -> None:
    await stores.events.append([])
    await stores.events.append([edit(1), edit(1, room=OTHER)])
    assert list(await stores.events.after(OTHER, Seq(0), 10)) == [edit(1, room=OTHER)]
    assert await stores.events.last_seq(RoomId("nowhere")) == 0


async def test_events_of_a_stretch_of_time_come_page_by_page(stores: Stores) -> None:
    log = [edit(seq) for seq in range(1, 7)]  # at 1.5, 3.0, … 9.0
    await stores.events.append(log)
    assert list(await stores.events.between(ROOM, 3.0, 9.0, after=Seq(0), limit=10)) == log[1:5]
    assert list(await stores.events.between(ROOM, 3.0, 9.0, after=Seq(2), limit=2)) == log[2:4]
    assert list(await stores.events.between(OTHER, 0.0, 99.0, after=Seq(0), limit=10)) == []


async def test_events_that_are_too_old_or_too_many_are_dropped(stores: Stores) -> None:
    await stores.events.append([*(edit(seq) for seq in range(1, 7)), edit(1, room=OTHER), edit(9, room=OTHER)])
    assert await stores.events.prune(before=3.0) == 2
    assert await stores.events.prune(before=0.0, keep=3) == 2
    assert list(await stores.events.after(ROOM, Seq(0), 10)) == [edit(4), edit(5), edit(6)]
    assert list(await stores.events.after(OTHER, Seq(0), 10)) == [edit(9, room=OTHER)]


async def test_recorded_rooms_come_latest_first_with_what_is_known_of_them(stores: Stores) -> None:
    await stores.rooms.save(ROOM, ServerId(HERE), "a.ipynb")
    await stores.rooms.save(RoomId("empty"), ServerId(HERE), "empty.ipynb")
    await stores.events.append([edit(1), edit(2), replace(edit(4), author=SERVER)])
    await stores.events.append([replace(edit(3, room=OTHER), author=author_of(BOB)), edit(6, room=OTHER)])
    await stores.rooms.save(ROOM, ServerId(HERE), "moved.ipynb")
    mine = RoomRecord(
        room=ROOM, server=ServerId(HERE), path="moved.ipynb", first_at=1.5, last_at=6.0, events=3, learners=(ADA,)
    )
    both = RoomRecord(
        room=OTHER, server=ServerId(""), path="", first_at=4.5, last_at=9.0, events=2, learners=(BOB, ADA)
    )
    assert list(await stores.rooms.recorded()) == [both, mine]
    assert list(await stores.rooms.recorded(learner=BOB)) == [both]
    assert list(await stores.rooms.recorded(since=6.5)) == [both]
    assert list(await stores.rooms.recorded(limit=1)) == [both]
    assert await stores.rooms.find("moved.ipynb") == mine
    assert await stores.rooms.find(OTHER) == both
    assert await stores.rooms.find("nowhere") is None


async def test_a_long_pause_begins_another_session(stores: Stores) -> None:
    times = {1: 10.0, 2: 20.0, 3: 20.0 + SESSION_GAP, 4: 5_000.0, 5: 5_001.0}
    await stores.events.append([replace(edit(seq), at=at) for seq, at in times.items()])
    first = SessionRecord(room=ROOM, first_seq=Seq(1), last_seq=Seq(3), first_at=10.0, last_at=20.0 + SESSION_GAP)
    second = SessionRecord(room=ROOM, first_seq=Seq(4), last_seq=Seq(5), first_at=5_000.0, last_at=5_001.0)
    assert list(await stores.rooms.sessions(ROOM)) == [first, second]
    assert list(await stores.rooms.sessions(OTHER)) == []


async def test_the_memory_log_forgets_the_oldest_events_first() -> None:
    events = memory_stores(events_kept=2).events
    await events.append([edit(1), edit(2), edit(3)])
    assert list(await events.after(ROOM, Seq(0), 10)) == [edit(2), edit(3)]


@pytest.mark.proves("store:survives-restart")
async def test_what_was_saved_is_there_after_a_restart(tmp_path: Path) -> None:
    async with in_sqlite(tmp_path) as stores:
        await stores.wishes.keep_away(HERE, ADA)
        await stores.suggestions.save(record("s1"))
        await stores.events.append([edit(1)])
    async with in_sqlite(tmp_path) as stores:
        assert await stores.wishes.is_kept_away(HERE, ADA)
        assert list(await stores.suggestions.of_room(ROOM)) == [record("s1")]
        assert list(await stores.events.after(ROOM, Seq(0), 10)) == [edit(1)]


async def test_the_directory_of_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    async with in_sqlite(tmp_path):
        assert stat.S_IMODE(file_in(tmp_path).parent.stat().st_mode) == 0o700


async def test_a_file_of_sqlite_is_read_while_it_is_written(tmp_path: Path) -> None:
    async with in_sqlite(tmp_path) as stores:
        with closing(sqlite3.connect(file_in(tmp_path), isolation_level=None)) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            other.execute("BEGIN IMMEDIATE")
            assert not await stores.wishes.is_kept_away(HERE, ADA)


@pytest.mark.proves("store:unavailable-is-said")
async def test_what_must_be_answered_at_once_is_said_to_be_unavailable_while_the_file_is_locked(tmp_path: Path) -> None:
    async with open_sqlite(sqlite_url(tmp_path), busy_timeout=0.05) as stores:
        with closing(sqlite3.connect(file_in(tmp_path), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match="cannot save who was told: database is locked"):
                await stores.wishes.introduce(HERE, ADA)
            other.execute("COMMIT")
        assert await stores.wishes.introduce(HERE, ADA)


async def test_a_file_that_is_no_database_is_said_so_and_left_as_it_is(tmp_path: Path) -> None:
    content = b"this is no database, but it is long enough to be looked at" * 20
    file_in(tmp_path).parent.mkdir(parents=True)
    file_in(tmp_path).write_bytes(content)
    with pytest.raises(StoreUnavailableError, match="file is not a database"):
        async with in_sqlite(tmp_path):
            pytest.fail("it opened")
    assert file_in(tmp_path).read_bytes() == content


async def test_a_directory_that_cannot_be_made_is_said_to_be_unavailable(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("in the way")
    with pytest.raises(StoreUnavailableError, match="cannot open"):
        async with in_sqlite(tmp_path):
            pytest.fail("it opened")


async def test_an_event_of_a_newer_version_is_said_and_not_left_out(tmp_path: Path) -> None:
    async with in_sqlite(tmp_path) as stores:
        await stores.events.append([edit(1)])
        with closing(sqlite3.connect(file_in(tmp_path))) as file, file:
            file.execute("INSERT INTO events VALUES ('r1', 2, 0.0, 'x', '{\"type\": \"x\"}')")
        with pytest.raises(StoreUnavailableError, match="cannot read event 2"):
            await stores.events.after(ROOM, Seq(0), 10)


async def test_a_url_of_another_kind_is_wrong_use() -> None:
    with pytest.raises(InvalidSettingError, match="LTT_DATABASE_URL"):
        async with open_sqlite("ltt.db"):
            pytest.fail("it opened")


async def test_stores_without_a_file_live_as_long_as_they_are_open() -> None:
    async with open_sqlite("sqlite+aiosqlite://") as stores:
        await stores.events.append([OutputsCleared(room=ROOM, seq=Seq(1), at=0.0, author=SERVER, cell_id=CellId("a"))])
        assert await stores.events.last_seq(ROOM) == 1
