"""A room brings its notebook to the release that is taught, when it may be written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pycrdt import Array, Map, Text

from ltt_collab.model.cells import CellType
from ltt_collab.model.courses import TASK_KEY, TaskRole
from ltt_collab.model.edits import RoomState, RoomStateChanged
from ltt_collab.model.ids import CellId, RoomId, Seq
from ltt_collab.model.presence import SERVER
from ltt_collab.model.tasks import DeliveredCell, ReleasedCell
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.renewing import OCCUPIED_AGAIN, SILENT_AGAIN, Renewing
from ltt_collab.peer.scene import Scene
from ltt_collab.ports.classroom import TaskAt
from tests.unit.documents.scenes import Scene as Notebook

OLD = ReleasedCell(id=CellId("t1"), type=CellType.MARKDOWN, role=TaskRole.TASK, source="Old.")
NEW = ReleasedCell(id=CellId("t1"), type=CellType.MARKDOWN, role=TaskRole.TASK, source="New.")


class Room:
    """A delivered notebook in a room whose acts and timers the test carries out."""

    def __init__(self) -> None:
        self.notebook = Notebook()
        self.taught: Sequence[ReleasedCell] = [OLD]
        self.silent: str | None = None
        self.opened: list[TaskAt] = []
        self.waiting: list[Any] = []
        self.wakes: list[tuple[float, Callable[[float], None]]] = []
        self.decided: list[str] = []
        replica = self.notebook.replica
        cells: Array[Any] = replica.cells
        delivered = {"course": "basics", "task": "mean", "cells": [DeliveredCell.of(OLD).as_metadata()]}
        with replica.writing():
            del cells[0:2]
            replica.meta["metadata"] = Map({TASK_KEY: delivered})
            mark = Map({TASK_KEY: {"course": "basics", "task": "mean", "role": "task"}})
            cells.append(Map({"id": "t1", "cell_type": "markdown", "source": Text("Old."), "metadata": mark}))
        at = TaskAt(course=delivered["course"], task=delivered["task"])  # type: ignore[arg-type]
        around = SimpleNamespace(
            checker=SimpleNamespace(tasks_in=lambda _notebook: [at]),
            releases=SimpleNamespace(released=lambda _at: self.taught, opened=self.opened.append),
            timers=SimpleNamespace(wake=lambda _key, when, wake: self.wakes.append((when, wake))),
            clock=self.notebook.clock,
        )
        page = SimpleNamespace(view=self.notebook.view, writer=self.notebook.writer, provider=object())
        scene = SimpleNamespace(
            page=page, around=around, stamp=SimpleNamespace(last_seq=Seq(0), room="r"), why_silent=lambda: self.silent,
            decide=lambda _about, decision, _because: self.decided.append(decision),
        )  # fmt: skip
        self.renewing = Renewing(cast("Scene", scene), cast("Acts", SimpleNamespace(add=self.waiting.append)))

    async def join(self) -> str:
        head: dict[str, Any] = {"room": RoomId("r"), "seq": Seq(1), "at": 0.0, "author": SERVER}
        self.renewing.handle(RoomStateChanged(**head, state=RoomState.LIVE, reason="up to date"))
        return await self.act()

    async def pass_time(self) -> float:
        [(when, wake)] = self.wakes
        self.wakes.clear()
        wake(when)
        await self.act()
        return when - self.notebook.clock.now()

    async def act(self) -> str:
        while self.waiting:
            await self.waiting.pop(0)()
        return self.notebook.view.cell_source(CellId("t1"))


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.proves("delivery:task-text-renewed")
async def test_joining_says_that_the_task_is_open_and_a_newer_release_is_written(room: Room) -> None:
    assert await room.join() == "Old."
    assert [at.task for at in room.opened] == ["mean"]
    assert room.decided == []
    room.taught = [NEW]
    room.renewing.look()
    assert await room.act() == "New."
    assert room.decided == ["brought the task's text up to date"]
    assert room.wakes == []


async def test_while_nothing_may_be_written_it_is_looked_at_again(room: Room) -> None:
    room.taught, room.silent = [NEW], "paused"
    assert await room.join() == "Old."
    assert await room.pass_time() == pytest.approx(SILENT_AGAIN)
    room.silent = None
    await room.pass_time()
    assert await room.act() == "New."


async def test_a_caret_in_the_instructions_is_waited_for(room: Room) -> None:
    room.taught = [NEW]
    room.notebook.presence.enter(CellId("t1"))
    assert await room.join() == "Old."
    assert await room.pass_time() == pytest.approx(OCCUPIED_AGAIN)
    room.notebook.presence.leave()
    await room.pass_time()
    assert await room.act() == "New."


async def test_a_task_that_is_not_taught_any_more_stays_as_it_is(room: Room) -> None:
    room.taught = []
    assert await room.join() == "Old."
    assert room.wakes == []
