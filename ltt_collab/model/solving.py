"""Puts a solution into a task's notebook where the learner's work goes: what judge and lint run as the reference."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ltt_collab.model.courses import TASK_KEY, Compared, Task, TaskKind, TaskMark, TaskRole
from ltt_collab.model.ids import CourseId
from ltt_collab.model.reading import read_text

PART: Final = re.compile(r"^# %%.*\n?", re.MULTILINE)
"""The line before each part of a solution that fills several work cells; one part a cell, in order."""

DEFAULT_QUERY = "query"
"""The variable that holds the learner's query where no check names another."""


def solved(task: Task, solution: str | None = None) -> str:
    """The released notebook with the reference (or another solution) in its work cells, as nbformat 4 JSON text.

    The first work cell gets the first part, and so on; a work cell without a part becomes empty, parts without a cell
    follow at the end in cells of their own. A query goes below the cell's ``%%sql`` line, or into the variable that
    the checks name; a shell script below ``%%bash``.
    """
    notebook: dict[str, Any] = json.loads(task.notebook)
    cells: list[dict[str, Any]] = notebook["cells"]
    work = [cell for cell in cells if is_work(cell)]
    parts = parts_of(task.reference if solution is None else solution)
    for number, cell in enumerate(work):
        part = parts[number] if number < len(parts) else ""
        cell["source"] = _as_cell(task, part, read_text(cell.get("source"))) if part else ""
    for number, part in enumerate(parts[len(work) :], start=len(work)):
        cells.append(_work_cell(task, f"{task.id}-solution-{number}", _as_cell(task, part, "")))
    return json.dumps(notebook, ensure_ascii=False)


def parts_of(solution: str) -> list[str]:
    """The parts of a solution, without the lines between them; a solution that begins with a line has none before."""
    first, *others = (part.strip("\n") for part in PART.split(solution))
    return [first, *others] if first.strip() or not others else others


def is_work(cell: Mapping[str, Any]) -> bool:
    """Whether a cell, as nbformat gives it, is a code cell in which the learner works."""
    metadata = cell.get("metadata")
    mark = TaskMark.from_metadata(metadata) if isinstance(metadata, Mapping) else None
    return cell.get("cell_type") == "code" and mark is not None and mark.role is TaskRole.WORK


def query_name(task: Task) -> str:
    """The variable that holds the learner's query."""
    named = (check.subject for check in task.checks if check.compared is Compared.SQL)
    return next((name for name in named if name.isidentifier()), DEFAULT_QUERY)


def _as_cell(task: Task, part: str, starter: str) -> str:
    if task.kind is TaskKind.TERMINAL:
        return f"%%bash\n{part}"
    if task.kind is TaskKind.SQL:
        magic, _, _ = starter.lstrip().partition("\n")
        return f"{magic}\n{part}" if magic.startswith("%%sql") else f'{query_name(task)} = """\n{part}\n"""'
    return part


def _work_cell(task: Task, cell_id: str, source: str) -> dict[str, Any]:
    mark = TaskMark(course=CourseId(""), task=task.id, role=TaskRole.WORK)
    return {
        "id": cell_id[:64],
        "cell_type": "code",
        "metadata": {TASK_KEY: mark.as_metadata()},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }
