"""A task's status cell stands below the task's last place to work, whichever cell was run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pycrdt import Array, Map, Text

from ltt_collab.model.cells import CellRole
from ltt_collab.model.courses import TASK_KEY
from ltt_collab.model.ids import CellId, CourseId, Seq, TaskId
from ltt_collab.model.validations import CheckResult, Outcome, ValidationMode, Verdict
from ltt_collab.peer.acts import Acts
from ltt_collab.peer.scene import Scene
from ltt_collab.peer.status import StatusCells
from ltt_collab.ports.classroom import TaskAt
from tests.unit.documents.scenes import Scene as Notebook

AT = TaskAt(course=CourseId("basics"), task=TaskId("mean"))


def verdict(*, passed: bool) -> Verdict:
    check = CheckResult(name="three", passed=passed, hidden=False, points=1.0 * passed, max_points=1.0, message="no")
    return Verdict(
        task=AT.task, mode=ValidationMode.LIVE, outcome=Outcome.PASSED if passed else Outcome.FAILED, passed=passed,
        score=1.0 * passed, max_score=1.0, first_cause=None, checks=(check,), duration_ms=1.0,
    )  # fmt: skip


class Room:
    """A notebook with a task of two places to work and a text behind them; acts are carried out by the test."""

    def __init__(self) -> None:
        self.notebook = Notebook()
        self.waiting: list[Any] = []
        self.wakes: list[Any] = []
        learner = self.notebook.learner
        cells: Array[Any] = learner.replica.cells
        with learner.replica.writing():
            del cells[0:2]
        for name, role in (("t1", "task"), ("w1", "work"), ("own", ""), ("w2", "work"), ("t2", "task")):
            self.add(name, role)
        page = SimpleNamespace(view=self.notebook.view, writer=self.notebook.writer)
        around = SimpleNamespace(
            checker=SimpleNamespace(title=lambda _at: "The mean"),
            timers=SimpleNamespace(wake=lambda _key, _when, wake: self.wakes.append(wake)),
            clock=self.notebook.clock,
        )
        stamp = SimpleNamespace(last_seq=Seq(0), room="r")
        scene = SimpleNamespace(page=page, around=around, stamp=stamp, why_silent=lambda: None)
        self.status = StatusCells(cast("Scene", scene), cast("Acts", SimpleNamespace(add=self.waiting.append)))

    def add(self, name: str, role: str, index: int = 99) -> None:
        learner = self.notebook.learner.replica
        marked = {TASK_KEY: {"course": "basics", "task": "mean", "role": role}} if role else {}
        values = {"id": name, "cell_type": "code", "source": Text(name), "metadata": Map(marked), "outputs": Array()}
        with learner.writing():
            learner.cells.insert(min(index, len(learner.cells)), Map(values))
        self.notebook.deliver()

    async def show(self, ran: str, *, passed: bool = False, asked: bool = False) -> list[str]:
        """Show a verdict after a run of that cell; the cells then, the status as ``?``."""
        self.status.show(AT, verdict(passed=passed), ran=CellId(ran), asked=asked)
        while self.waiting:
            await self.waiting.pop(0)()
            self.notebook.deliver()
        return self.cells()

    def cells(self) -> list[str]:
        view = self.notebook.view
        marks = {cell: view.ownership(cell) for cell in view.cell_ids()}
        assert all(mark is None or mark.role is CellRole.STATUS for mark in marks.values())
        return ["?" if mark is not None else str(cell) for cell, mark in marks.items()]

    @property
    def text(self) -> str:
        view = self.notebook.view
        [status] = [cell for cell in view.cell_ids() if view.ownership(cell) is not None]
        return view.cell_source(status)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.proves("status:below-the-last-work-cell")
@pytest.mark.parametrize("ran", ["t1", "w1", "own", "w2", "t2"])
async def test_it_stands_below_the_last_place_to_work_whichever_cell_ran_first(room: Room, ran: str) -> None:
    assert await room.show(ran) == ["t1", "w1", "own", "w2", "?", "t2"]
    assert await room.show("w1", passed=True) == ["t1", "w1", "own", "w2", "?", "t2"]
    assert "Well done" in room.text


@pytest.mark.proves("status:below-the-last-work-cell")
async def test_it_moves_only_when_it_has_come_to_stand_above_a_place_to_work(room: Room) -> None:
    await room.show("w1")
    room.add("more", "", index=4)
    assert await room.show("more", passed=True) == ["t1", "w1", "own", "w2", "more", "?", "t2"]
    room.add("w3", "work")
    assert await room.show("w1") == ["t1", "w1", "own", "w2", "more", "t2", "w3", "?"]


async def test_it_is_shown_anew_when_the_cell_that_it_stood_below_is_gone(room: Room) -> None:
    await room.show("w1")
    room.notebook.learner.delete_cell(CellId("w2"))
    room.notebook.deliver()
    assert await room.show("w1", passed=True) == ["t1", "w1", "?", "own", "t2"]


async def test_a_task_without_a_place_to_work_has_it_below_its_last_cell(room: Room) -> None:
    for cell in ("w1", "w2"):
        room.notebook.learner.delete_cell(CellId(cell))
    room.notebook.deliver()
    assert await room.show("t1") == ["t1", "own", "t2", "?"]


async def test_one_that_the_learner_edited_is_theirs_and_no_second_one_comes(room: Room) -> None:
    await room.show("w1")
    [status] = [cell for cell in room.notebook.view.cell_ids() if room.notebook.view.ownership(cell) is not None]
    room.notebook.learner.type(status, 0, "Mine. ")
    room.add("w3", "work")
    room.notebook.deliver()
    for _ in range(2):
        assert "?" not in await room.show("w1", passed=True)
    assert room.notebook.view.cell_source(status).startswith("Mine. ")
