"""A recorded session gives back every moment of itself."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import httpx
import pytest

from ltt_collab.adapters.store.choosing import open_stores
from ltt_collab.edits.replayer import apply_all
from ltt_collab.model.cells import Notebook
from ltt_collab.model.edits import RoomEvent
from ltt_collab.model.ids import RoomId, ServerId
from ltt_collab.ports.store import SESSION_GAP
from ltt_collab.web.replay.recording import record_of
from tests.support.directory import MemoryDirectory
from tests.support.pages import Pages, learner, running_pages
from tests.support.sessions import MadeSession

ROOM = RoomId("room-1")


async def recorded(pages: Pages, events: list[RoomEvent], path: str = "lesson.ipynb") -> None:
    await pages.stores.rooms.save(ROOM, ServerId("s"), path)
    await pages.stores.events.append(events)


@pytest.mark.proves("replay:any-moment")
async def test_every_moment_is_what_the_events_until_then_give() -> None:
    events = list(MadeSession(ROOM, hours=0.3, cells=9).events())
    async with running_pages(MemoryDirectory()) as pages:
        await recorded(pages, events)
        session = (await pages.stores.rooms.sessions(ROOM))[0]
        record = await record_of(pages.stores.events, pages.stores.rooms, session)
        for count in (0, 1, 199, 200, 201, len(events) // 2, len(events)):
            whole = apply_all(Notebook(room=ROOM, path="lesson.ipynb", cells=()), events[:count])
            assert record.scene(count).notebook.cells == whole.cells
        assert record.missing == 0
        assert record.count_at(events[-1].at) == len(events)
        assert record.count_at(events[0].at - 1) == 0


async def test_a_second_session_begins_with_what_the_first_left() -> None:
    events = list(MadeSession(ROOM, hours=0.05, cells=3).events())
    later = MadeSession(ROOM, hours=0.05, cells=3, first_seq=events[-1].seq + 1)
    later._at = events[-1].at + SESSION_GAP + 60
    more = list(later._types(events[0].cells[0], later._at + 20))  # type: ignore[union-attr]
    async with running_pages(MemoryDirectory()) as pages:
        await recorded(pages, events + more)
        first, second = await pages.stores.rooms.sessions(ROOM)
        one = await record_of(pages.stores.events, pages.stores.rooms, first)
        two = await record_of(pages.stores.events, pages.stores.rooms, second)
        assert two.scene(0).notebook.cells == one.scene(len(events)).notebook.cells
        assert len(two.events) == len(more)


async def test_a_hole_in_the_record_is_counted_and_breaks_nothing() -> None:
    events = list(MadeSession(ROOM, hours=0.05, cells=3).events())
    kept = [event for event in events if not events[10].seq <= event.seq < events[20].seq]
    async with running_pages(MemoryDirectory()) as pages:
        await recorded(pages, kept)
        session = (await pages.stores.rooms.sessions(ROOM))[0]
        record = await record_of(pages.stores.events, pages.stores.rooms, session)
        assert record.missing == 10
        assert record.scene(len(kept)).notebook.cells


@pytest.mark.proves("replay:opens-fast")
async def test_a_session_of_two_hours_opens_within_two_seconds(tmp_path: Path) -> None:
    events = list(MadeSession(ROOM).events())
    assert len(events) > 10_000
    async with (
        open_stores(f"sqlite+aiosqlite:///{tmp_path / 'ltt.db'}", str(tmp_path / "outbox")) as stores,
        running_pages(MemoryDirectory(), stores=stores) as pages,
        httpx.AsyncClient(base_url=pages.url, timeout=20) as http,
    ):
        for start in range(0, len(events), 500):
            await recorded(pages, events[start : start + 500])
        session = (await pages.stores.rooms.sessions(ROOM))[0].first_seq
        began = process_time()
        assert (await http.get(f"/replay/{ROOM}")).status_code == 200
        timeline = (await http.get(f"/replay/{ROOM}/timeline", params={"session": session})).json()
        shown = await http.get(f"/replay/{ROOM}/frame", params={"session": session, "at": timeline["end"]})
        assert process_time() - began < 2.0, "seconds of processor time: other tests may run beside this one"
        assert shown.json()["count"] == len(events)
        assert {moment["kind"] for moment in timeline["moments"]} == {"error", "hint", "asked", "passed", "failed"}


@pytest.mark.proves("replay:own-only")
async def test_a_record_is_there_for_those_only_who_may_see_its_learner() -> None:
    events = list(MadeSession(ROOM, hours=0.02, cells=1).events())
    async with running_pages(MemoryDirectory()) as pages, httpx.AsyncClient(base_url=pages.url) as http:
        await recorded(pages, events)
        paths = [f"/replay/{ROOM}", f"/replay/{ROOM}/timeline?session=1000000"]
        paths.append(f"/replay/{ROOM}/frame?session=1000000&at=0")
        for sight, status in ((pages.sight, 200), (learner("ada"), 200), (learner("bob"), 404)):
            pages.sight = sight
            assert [(await http.get(path)).status_code for path in paths] == [status] * 3
        pages.sight = None
        strangers = [await http.get(path) for path in paths]  # sent to log in, and told nothing
        assert [answer.status_code for answer in strangers] == [303] * 3
        assert not any(ROOM in answer.text for answer in strangers)
        pages.sight = learner("ada")
        assert (await http.get("/replay/nothing")).status_code == 404
        assert (await http.get(f"/replay/{ROOM}?session=5")).status_code == 404
        assert (await http.get(f"/replay/{ROOM}/frame?session=1000000&at=nan")).status_code == 422
