"""Rooms know which task a cell belongs to."""

from __future__ import annotations

from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import TaskMark, TaskRole
from ltt_collab.model.ids import CourseId, RoomId, TaskId
from ltt_collab.model.reading import read_cell
from ltt_collab.model.wire import notebook_from_wire, to_wire

MARK = TaskMark(course=CourseId("basics"), task=TaskId("mean"), role=TaskRole.WORK)


def cell(**metadata: object) -> dict[str, object]:
    return {"id": "a", "cell_type": "code", "source": "x", "metadata": metadata}


def test_a_cell_says_its_task_and_is_nobodys_but_the_learners() -> None:
    for metadata in ({"ltt_task": MARK.as_metadata()}, {"ltt": {"task": MARK.as_metadata()}}):
        read = read_cell(cell(**metadata))
        assert read.task == MARK
        assert read.ownership is None


def test_a_cell_without_a_mark_belongs_to_no_task() -> None:
    assert read_cell(cell()).task is None
    assert read_cell(cell(ltt_task="mean", tags=[3])).task is None


def test_the_task_travels_with_the_notebook() -> None:
    notebook = Notebook(room=RoomId("r"), path="a.ipynb", cells=(read_cell(cell(ltt_task=MARK.as_metadata())),))
    assert notebook_from_wire(to_wire(notebook)) == notebook
