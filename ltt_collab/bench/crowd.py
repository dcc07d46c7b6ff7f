"""A class of made-up learners in rooms that live in memory, before the real pages."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import anyio
from anyio.streams.memory import MemoryObjectSendStream
from fastapi import FastAPI

from ltt_collab.access.desk import Desk
from ltt_collab.access.gatekeeper import Gatekeeper
from ltt_collab.access.school import School
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.api.server import serve
from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.model.courses import Course, Task, TaskKind, TaskMark, TaskRole
from ltt_collab.model.edits import RoomEvent, RoomState, SourceEdited, Splice
from ltt_collab.model.errors import UnknownRoomError
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import CellId, ClientId, CourseId, RoomId, Seq, ServerId, TaskId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.ports.directory import Decision, RoomInfo
from ltt_collab.reception import Entrance
from ltt_collab.web.live.feed import WallFeed
from ltt_collab.web.login import CodeLogin
from ltt_collab.web.pages import create_pages
from ltt_collab.web.stage import Stage

COURSE, TASK, WORK = CourseId("bench"), TaskId("task"), CellId("work")

WAITING = 10_000
"""Events that may wait for one listener; a benchmark that is so far behind has failed anyway."""


class Crowd:
    """Implements ``ports.directory.RoomDirectory`` with a room for each learner."""

    def __init__(self, learners: int) -> None:
        self.names = [Username(f"learner-{number:03}") for number in range(learners)]
        self._rooms = {RoomId(f"room-{name}"): name for name in self.names}
        self._seqs = dict.fromkeys(self._rooms, 0)
        self._listeners: set[MemoryObjectSendStream[RoomEvent]] = set()

    def type(self, name: Username) -> float:
        """That learner types one letter; when, as Unix time in seconds."""
        room, now = RoomId(f"room-{name}"), time.time()
        self._seqs[room] += 1
        event = SourceEdited(
            room=room,
            seq=Seq(self._seqs[room]),
            at=now,
            author=Author(kind=AuthorKind.LEARNER, username=name, client=ClientId(7)),
            cell_id=WORK,
            splices=(Splice(0, 0, "x"),),
        )
        for listener in self._listeners:
            listener.send_nowait(event)
        return now

    # ports.directory.RoomDirectory

    def rooms(self) -> Sequence[RoomInfo]:
        """All rooms."""
        return [self.find(room) for room in self._rooms]

    def find(self, room: str) -> RoomInfo:
        """That room."""
        learner = self._rooms.get(RoomId(room))
        if learner is None:
            raise UnknownRoomError(room)
        return RoomInfo(
            id=RoomId(room),
            server=ServerId("http://127.0.0.1/"),
            learner=learner,
            path=f"{learner}.ipynb",
            state=RoomState.LIVE,
            last_seq=Seq(self._seqs[RoomId(room)]),
        )

    async def snapshot(self, room: RoomId) -> Notebook:
        """A notebook of one cell."""
        mark = TaskMark(course=COURSE, task=TASK, role=TaskRole.WORK)
        cell = Cell(id=WORK, type=CellType.CODE, source="x" * self._seqs[room], task=mark)
        return Notebook(room=room, path=self.find(room).path, cells=(cell,), seq=Seq(self._seqs[room]))

    async def events(self, _room: RoomId | None, *, after: Seq | None = None) -> AsyncIterator[RoomEvent]:  # noqa: ARG002
        """What everybody types from now on."""
        send, receive = anyio.create_memory_object_stream[RoomEvent](WAITING)
        self._listeners.add(send)
        try:
            async with send, receive:
                async for event in receive:
                    yield event
        finally:
            self._listeners.discard(send)

    async def propose(self, _room: RoomId, _draft: Draft) -> Answer:
        """Nobody helps here."""
        raise NotImplementedError

    async def decline(self, _room: RoomId, _cause_key: str, _reply_to: str = "") -> None:
        """Nobody asks here."""

    def decisions(self, _room: RoomId) -> Sequence[Decision]:
        """None."""
        return ()


@asynccontextmanager
async def wall_of(crowd: Crowd) -> AsyncIterator[str]:
    """The real pages before that crowd; a link that lets an instructor in, once."""
    clock, stores, closing = SystemClock(), memory_stores(), anyio.Event()
    task = Task(id=TASK, title="Task", kind=TaskKind.PYTHON, checks=(), notebook="")
    courses = [Course(id=COURSE, title="Benchmark", version="1", tasks=(task,))]
    classroom = SimpleNamespace(courses=lambda: courses)
    records = {"progress": stores.progress, "enrolments": stores.enrolments, "events": stores.events}
    school = cast("School", SimpleNamespace(classroom=classroom, clock=clock, rooms=stores.rooms, **records))
    login = CodeLogin(Gatekeeper([], clock, stores.enrolments), clock)
    steering = SimpleNamespace(orders=list, for_learner=lambda *_: None)
    quiet: Any = SimpleNamespace(held=list)
    desk = Desk(steering=cast("Any", steering), approvals=quiet, whispering=quiet, clock=clock)
    feed = WallFeed(crowd, school, desk)
    stage = Stage(
        directory=crowd,
        school=school,
        desk=desk,
        login=login,
        feed=feed,
        wishes=stores.wishes,
        workspace=lambda _learner: None,
        tell=lambda _learner, _words: False,
        closing=closing,
    )
    api = FastAPI()
    api.state.door = SimpleNamespace(closing=closing)
    before = Entrance(api, create_pages(stage))
    async with serve(api, "127.0.0.1", 0, before=before) as served, anyio.create_task_group() as tasks:
        tasks.start_soon(feed.run, name="wall")
        code = login.issue(Principal(name=Username("bench"), role=Role.INSTRUCTOR))
        yield f"{served.url}login?code={code}&next=/wall"
        closing.set()
        tasks.cancel_scope.cancel()
