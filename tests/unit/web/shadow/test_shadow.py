"""The shadow view: what is typed is shown, to those who may see it, and nothing goes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from httpx_sse import aconnect_sse

from ltt_collab.model.ids import CellId, ClientId, Username
from ltt_collab.model.presence import Participant, Selection, User
from ltt_collab.ports.directory import Decision
from tests.support.deadlines import eventually
from tests.support.directory import MemoryDirectory, MemoryRoom, code
from tests.support.pages import CSRF, Pages, learner, running_pages


@asynccontextmanager
async def frames(pages: Pages, room: MemoryRoom) -> AsyncIterator[AsyncIterator[tuple[str, dict[str, Any]]]]:
    async with (
        httpx.AsyncClient(base_url=pages.url, timeout=10) as http,
        aconnect_sse(http, "GET", f"/shadow/{room.id}/frames") as source,
    ):

        async def read() -> AsyncIterator[tuple[str, dict[str, Any]]]:
            async for event in source.aiter_sse():
                yield event.event, json.loads(event.data)

        yield read()


@pytest.mark.proves("shadow:live")
async def test_a_page_gets_the_whole_notebook_and_then_what_is_typed() -> None:
    directory = MemoryDirectory()
    room = directory.open("lesson.ipynb", code("a", "x = 1"), code("b", "print(x)"))
    async with running_pages(directory) as pages, frames(pages, room) as stream:
        kind, first = await anext(stream)
        assert (kind, len(first["cells"]), first["path"]) == ("fresh", 2, "lesson.ipynb")
        room.types("b", "  # done")
        kind, frame = await anext(stream)
        assert kind == "frame"
        assert [index for index, _ in frame["cells"]] == [1]
        assert "# done" in frame["cells"][0][1]["source"]


async def test_carets_and_decisions_come_without_an_event_of_their_own() -> None:
    directory = MemoryDirectory()
    room = directory.open("lesson.ipynb", code("a", "x = 1"))
    async with running_pages(directory) as pages, frames(pages, room) as stream:
        await anext(stream)
        at = Selection(cell_id=CellId("a"), anchor=0, head=3)
        us = User(username=Username("ltt-tutor"), display_name="Tutor")
        pages.watching.people = [Participant(client=ClientId(5), user=us, selection=at)]
        room.decisions.append(Decision(at=5.0, about=CellId("a"), decision="silent", because="typing goes on"))
        told: dict[str, Any] = {}
        while not {"people", "feed"} <= told.keys():
            told |= (await anext(stream))[1]
        assert told["people"] == [{"id": "0", "name": "Tutor", "hue": "ai", "cell": "a", "anchor": 0, "head": 3}]
        assert told["feed"][-1]["text"] == "typing goes on"


async def test_a_page_hears_that_the_notebook_was_closed() -> None:
    directory = MemoryDirectory()
    room = directory.open("lesson.ipynb", code("a", "x = 1"))
    async with running_pages(directory) as pages, frames(pages, room) as stream:
        await anext(stream)
        directory.leave(room)
        assert (await anext(stream))[0] == "end"


@pytest.mark.proves("shadow:own-only")
async def test_a_learner_sees_their_own_notebook_and_no_other() -> None:
    directory = MemoryDirectory()
    room = directory.open("lesson.ipynb", code("a", "x = 1"), learner="ada")
    paths = [f"/shadow/{room.id}", f"/shadow/{room.id}/picture?cell=a&index=0"]
    async with running_pages(directory) as pages, httpx.AsyncClient(base_url=pages.url) as http:
        pages.sight = learner("bob")
        assert [(await http.get(path)).status_code for path in [*paths, f"/shadow/{room.id}/frames"]] == [404] * 3
        pages.sight = learner("ada")
        mine = await http.get(paths[0])
        assert mine.status_code == 200
        assert '<h1 title="ada"><bdi>Ada' in mine.text
        async with frames(pages, room) as stream:
            await anext(stream)
            assert pages.watching.watchers == [], "a learner is told of instructors, not of themselves"
        headers = {"x-csrf-token": CSRF}
        said = await http.post(f"/shadow/{room.id}/whisper", data={"text": "hi"}, headers=headers)
        assert said.status_code == 403
        assert pages.whispering.said == []


@pytest.mark.proves("shadow:watching-is-seen")
async def test_a_learner_is_told_as_long_as_an_instructor_watches() -> None:
    directory = MemoryDirectory()
    room = directory.open("lesson.ipynb", code("a", "x = 1"))
    async with running_pages(directory) as pages:
        async with frames(pages, room) as stream:
            await anext(stream)
            assert pages.watching.watchers == ["grace"]

        async def over() -> bool:
            return pages.watching.watchers == []

        await eventually(over, within=5, what="the end of watching")


@pytest.mark.proves("shadow:read-only")
async def test_nothing_goes_from_the_page_to_the_room_but_a_whisper_of_an_instructor() -> None:
    directory = MemoryDirectory()
    room = directory.open("lesson.ipynb", code("a", "x = 1"))
    async with running_pages(directory) as pages, httpx.AsyncClient(base_url=pages.url) as http:
        for path in ("", "/frames", "/picture?cell=a&index=0"):
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                answer = await http.request(method, f"/shadow/{room.id}{path}", headers={"x-csrf-token": CSRF})
                assert answer.status_code == 405
        said = {"text": "Look at line 2", "cell": "a"}
        assert (await http.post(f"/shadow/{room.id}/whisper", data=said)).status_code == 403, "no CSRF token"
        answer = await http.post(f"/shadow/{room.id}/whisper", data=said, headers={"x-csrf-token": CSRF})
        assert answer.json()["said"] is True
        assert pages.whispering.said == [(room.id, "a", "Look at line 2", "grace")]
        assert directory.drafts == []
