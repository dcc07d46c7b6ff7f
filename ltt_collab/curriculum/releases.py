"""What of a task goes to learners, and nothing else: instructions, starter code, data files, marks of the task."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ltt_collab.model.courses import TASK_KEY, Task, TaskMark, TaskRole
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.tasks import DeliveredCell, ReleasedCell


def release(task: Task) -> dict[str, Any]:
    """The released notebook: never checks, answers or the reference; new on every call.

    It remembers which cells it was released with, so that a newer release can tell them from the learner's own.
    """
    notebook: dict[str, Any] = json.loads(task.notebook)
    mark = notebook.setdefault("metadata", {}).setdefault(TASK_KEY, {})
    mark["cells"] = [DeliveredCell.of(cell).as_metadata() for cell in released_cells(task)]
    return notebook


def released_cells(task: Task) -> Sequence[ReleasedCell]:
    """The cells of the released notebook, in order."""
    return [
        ReleasedCell(
            id=cell.id,
            type=cell.type,
            role=TaskRole.TASK if cell.task is None else cell.task.role,
            source=cell.source,
        )
        for cell in read_notebook(task.notebook, notebook_name(task)).cells
    ]


def released_files(task: Task) -> Mapping[str, bytes]:
    """Every file that a learner gets, by the path in the learner's folder: ``<task>.ipynb`` and the task's data."""
    text = json.dumps(release(task), ensure_ascii=False, indent=1) + "\n"
    return {notebook_name(task): text.encode(), **task.data}


def notebook_name(task: Task) -> str:
    """The file name of a task's notebook in the learner's folder."""
    return f"{task.id}.ipynb"


def released_text(task: Task) -> str:
    """All instructions of a task, as Markdown: what a tutor may read of it."""
    cells = read_notebook(task.notebook, notebook_name(task)).cells
    return "\n\n".join(cell.source for cell in cells if cell.type == "markdown")


def marks(metadata: Mapping[str, Any]) -> TaskMark | None:
    """Which task a cell's metadata say it belongs to; tags count (``ltt-task:mean``)."""
    return TaskMark.from_metadata(metadata)
