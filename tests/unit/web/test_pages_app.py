"""The pages' app without rooms of its own: who gets in, what every answer carries, 300 learners on the wall."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import anyio
import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from ltt_collab.access.desk import Desk
from ltt_collab.access.gatekeeper import Gatekeeper, ServiceToken
from ltt_collab.access.school import School
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.api.middleware import HeadAsGet, SecurityHeaders
from ltt_collab.api.server import serve
from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.courses import Course, Task, TaskKind, TaskMark, TaskRole
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import CellId, CourseId, SuggestionId, TaskId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.suggestions import Draft, Placement
from ltt_collab.ports.hints import NoKeptHints
from ltt_collab.ports.offering import NoOffers
from ltt_collab.ports.steering import HeldDraft
from ltt_collab.reception import Entrance
from ltt_collab.web.live.feed import WallFeed
from ltt_collab.web.login import CodeLogin
from ltt_collab.web.pages import create_pages
from ltt_collab.web.stage import Stage
from ltt_collab.web.wall.views import card_id
from tests.support.deadlines import eventually
from tests.support.directory import MemoryDirectory

EMPTY = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
TASK = Task(id=TaskId("mean"), title="Mean", kind=TaskKind.PYTHON, checks=(), notebook=EMPTY, points=3)
COURSE = Course(id=CourseId("basics"), title="Basics", tasks=(TASK,))
MARK = TaskMark(course=COURSE.id, task=TASK.id, role=TaskRole.WORK)


async def nothing(*_args: Any, **_kwargs: Any) -> tuple[()]:
    """A store that holds nothing."""
    return ()


def small_school(courses: Sequence[Course]) -> School:
    """These courses and empty records, as far as the pages ask."""
    store = SimpleNamespace(of_course=nothing, of_learner=nothing, about=nothing, is_muted=nothing)
    classroom = SimpleNamespace(courses=lambda: list(courses))
    stores = dict.fromkeys(("enrolments", "progress", "wishes", "suggestions", "validations"), store)
    return cast("School", SimpleNamespace(classroom=classroom, clock=SystemClock(), **stores))


@pytest.fixture
def directory() -> MemoryDirectory:
    return MemoryDirectory(bound=10_000)


class Pages:
    """The running pages; ``code`` lets somebody in."""

    def __init__(self, url: str, login: CodeLogin, held: list[HeldDraft]) -> None:
        self.url, self.login, self.held = url, login, held

    async def client(self, role: Role) -> httpx.AsyncClient:
        """A browser of somebody who came by a link."""
        http = httpx.AsyncClient(base_url=self.url, timeout=10)
        code = self.login.issue(Principal(name=Username("ines"), role=role))
        answer = await http.get("/login", params={"code": code, "next": "/"})
        assert answer.status_code == httpx.codes.SEE_OTHER
        return http


@asynccontextmanager
async def running_pages(directory: MemoryDirectory, courses: Sequence[Course] = (COURSE,)) -> AsyncIterator[Pages]:
    school, clock, closing = small_school(courses), SystemClock(), anyio.Event()
    held: list[HeldDraft] = []
    steering = SimpleNamespace(orders=lambda: [], for_learner=lambda *_: None)
    approvals = SimpleNamespace(held=lambda: held)
    parts = {"whispering": None, "clock": clock, "offering": NoOffers(), "hints": NoKeptHints()}
    desk = cast("Desk", SimpleNamespace(steering=steering, approvals=approvals, **parts))
    login = CodeLogin(Gatekeeper([ServiceToken(SecretStr("secret"))], clock), clock)
    feed = WallFeed(directory, school, desk)
    stage = Stage(
        directory=directory,
        school=school,
        desk=desk,
        login=login,
        feed=feed,
        wishes=cast("Any", school).wishes,
        workspace=lambda _learner: None,
        tell=lambda _learner, _words: False,
        closing=closing,
    )
    api = FastAPI()
    api.state.door = SimpleNamespace(closing=closing)
    before = Entrance(api, SecurityHeaders(HeadAsGet(create_pages(stage))))
    async with serve(api, "127.0.0.1", 0, before=before) as served, anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run)
        yield Pages(served.url, login, held)
        tasks.cancel_scope.cancel()


@pytest.mark.proves("pages:csp-everywhere", "pages:one-time-links")
async def test_every_answer_has_a_strict_policy_and_a_head_leaves_a_link_unused(directory: MemoryDirectory) -> None:
    async with running_pages(directory) as pages, httpx.AsyncClient(base_url=pages.url) as http:
        code = pages.login.issue(Principal(name=Username("ines"), role=Role.INSTRUCTOR))
        seen = [await http.head("/login", params={"code": code})]
        seen += [await http.get(path) for path in ("/wall", "/login", "/no/such/page", "/static/css/base.css")]
        seen.append(await http.post("/wall/whisper"))
        seen.append(await http.get("/login", params={"code": code, "next": "/wall"}))
        assert seen[-1].headers["location"] == "/wall", "the HEAD had left the code unused"
        cookie = seen[-1].headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        seen += [await http.get(path) for path in ("/wall", "/plots", "/learn", "/no/such/page")]
        seen.append(await http.get("/login", params={"code": code}))
        assert [answer.status_code for answer in seen] == [200, 303, 200, 303, 200, 401, 303, 200, 200, 403, 404, 403]
        for answer in seen:
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "<script>" not in answer.text


@pytest.mark.proves("pages:acts-from-own-pages")
async def test_an_act_without_the_sessions_own_token_is_refused(directory: MemoryDirectory) -> None:
    async with running_pages(directory) as pages:
        http = await pages.client(Role.INSTRUCTOR)
        refused = await http.post("/wall/order", data={"what": "pause"})
        assert refused.status_code == httpx.codes.FORBIDDEN
        learner = await pages.client(Role.LEARNER)
        assert (await learner.get("/wall")).status_code == httpx.codes.FORBIDDEN
        assert (await learner.get("/learn")).status_code == httpx.codes.OK
        await http.aclose()
        await learner.aclose()


@pytest.mark.proves("wall:three-hundred")
async def test_three_hundred_learners_who_type_are_followed_card_by_card(directory: MemoryDirectory) -> None:
    work = Cell(id=CellId("work"), type=CellType.CODE, source="", task=MARK)
    names = [f"learner{number:03}" for number in range(300)]
    rooms = {name: directory.open(f"{name}.ipynb", work, learner=name) for name in names}
    waits: list[float] = []
    async with running_pages(directory) as pages:
        http = await pages.client(Role.INSTRUCTOR)

        async def all_there() -> bool:
            return (await http.get("/wall")).text.count('class="card ') == len(names)

        await eventually(all_there, what="a card for everybody")
        since = (await http.get("/wall")).text.partition("since=")[2].partition("&")[0]
        async with http.stream("GET", f"/wall/stream?since={since}") as stream:
            lines = stream.aiter_lines()
            for turn in range(20):
                for name in names[turn::10]:
                    author = Author(kind=AuthorKind.LEARNER, username=Username(name))
                    rooms[name].types("work", "x", author)
                wanted, began = card_id(Username(names[turn])), time.perf_counter()
                with anyio.fail_after(10):
                    async for line in lines:
                        if line.startswith("data: ") and wanted in line:
                            break
                waits.append(time.perf_counter() - began)
        await http.aclose()
    waits.sort()
    assert waits[len(waits) // 2] < 0.3, waits


async def test_a_hint_that_waits_is_shown_to_the_instructor_with_its_text_escaped(directory: MemoryDirectory) -> None:
    room = directory.open("ada.ipynb", Cell(id=CellId("work"), type=CellType.CODE, source="", task=MARK))
    async with running_pages(directory) as pages:
        http = await pages.client(Role.INSTRUCTOR)
        draft = Draft(
            cell_id=CellId("work"),
            expected_hash="",
            placement=Placement.NOTE,
            text="Look at <script>x</script>",
            idempotency_key="k",
        )
        pages.held.append(
            HeldDraft(suggestion=SuggestionId("h-1"), room=room.id, learner=Username("ada"), draft=draft, at=1.0)
        )
        said = (await http.get("/wall")).text
        assert "/wall/held/h-1/approve" in said
        assert "&lt;script&gt;" in said
        assert "For ada, level 1" in said
        await http.aclose()


async def test_every_page_is_there_without_a_course_too(directory: MemoryDirectory) -> None:
    async with running_pages(directory, courses=()) as pages:
        for role, paths in ((Role.INSTRUCTOR, ("/wall", "/plots")), (Role.LEARNER, ("/learn",))):
            http = await pages.client(role)
            assert [(await http.get(path)).status_code for path in paths] == [httpx.codes.OK] * len(paths)
            await http.aclose()
