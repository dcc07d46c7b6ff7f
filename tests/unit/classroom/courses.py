"""A small course and notebooks of it."""

from __future__ import annotations

import json

from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.model.courses import Check, Compared, Course, Task, TaskKind, TaskMark, TaskRole
from ltt_collab.model.ids import CellId, CourseId, RoomId, TaskId

BASICS = CourseId("basics")
MEAN, WORDS = TaskId("mean"), TaskId("words")
REFERENCE = "def mean(xs):\n    return sum(xs) / len(xs)\n"


def task(name: TaskId, **more: object) -> Task:
    notebook = {
        "cells": [
            {"cell_type": "markdown", "id": f"{name}-text", "metadata": {}, "source": f"# {name}\nWrite `{name}`."},
            {"cell_type": "code", "id": f"{name}-work", "metadata": {}, "source": "", "outputs": []},
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    checks = (Check(name="two", compared=Compared.EXPRESSION, subject="mean([1, 3])", expect="2"),)
    values = {"title": f"The {name}", "kind": TaskKind.PYTHON, "checks": checks, "reference": REFERENCE} | more
    return Task(id=name, notebook=json.dumps(notebook), **values)  # type: ignore[arg-type]


def course(*tasks: Task, id: CourseId = BASICS) -> Course:
    return Course(id=id, title="Basics", tasks=tasks or (task(MEAN, data={"a.csv": b"1,2"}), task(WORDS)), version="1")


def cell(name: str, *, of: TaskId | None = None, course: str = BASICS, source: str = "x = 1") -> Cell:
    mark = None if of is None else TaskMark(course=CourseId(course), task=of, role=TaskRole.WORK)
    return Cell(id=CellId(name), type=CellType.CODE, source=source, task=mark)


def notebook(*cells: Cell) -> Notebook:
    return Notebook(room=RoomId("r1"), path="basics/mean/mean.ipynb", cells=cells)
