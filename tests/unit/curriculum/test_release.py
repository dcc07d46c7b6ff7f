"""Learners get instructions, starter code and marks; never checks, answers or the reference."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from ltt_collab.curriculum.loader import load_course
from ltt_collab.curriculum.releases import marks, release, released_files, released_text
from ltt_collab.demo.places import COURSE
from ltt_collab.model.courses import Task, TaskMark, TaskRole
from ltt_collab.model.ids import CourseId, TaskId
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.solving import solved
from tests.support.courses import NOTEBOOK, course_in

IPYNB = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {"author": "me", "kernelspec": {"name": "other"}},
    "cells": [
        {"id": "t", "cell_type": "markdown", "metadata": {"mine": 1}, "source": "# Mean"},
        {
            "id": "secret",
            "cell_type": "code",
            "metadata": {"tags": ["author"]},
            "source": "the solution",
            "outputs": [],
        },
        {
            "id": "w",
            "cell_type": "code",
            "metadata": {"tags": ["work"], "nbgrader": {"solution": True}},
            "source": ["def mean(numbers):\n", "    ..."],
            "execution_count": 7,
            "outputs": [{"output_type": "stream", "name": "stdout", "text": "the answer"}],
        },
        {"id": "w", "cell_type": "code", "metadata": {}, "source": "", "outputs": [], "execution_count": None},
    ],
}

PERCENT = """\
# %% [markdown]
# # Mean
#
# Write it.

# %%
print("given")

# %% work id=here
def mean(numbers):
    ...
"""


def task_with(root: Path, name: str, text: str) -> Task:
    (root / "tasks" / "mean").mkdir(parents=True)
    (root / "tasks" / "mean" / name).write_text(text)
    return course_in(root, notebook=None).tasks[0]


def sources(notebook: str) -> list[tuple[str, str]]:
    return [(cell.type.value, cell.source) for cell in read_notebook(notebook, "n").cells]


@pytest.mark.proves("course:release-holds-no-answers")
def test_outputs_metadata_and_cells_of_the_author_are_not_released(tmp_path: Path) -> None:
    task = task_with(tmp_path, "notebook.ipynb", json.dumps(IPYNB))
    released = json.dumps(release(task))
    for secret in ("the answer", "the solution", "nbgrader", "mine", "other", "author"):
        assert secret not in released
    notebook = nbformat.reads(released, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells] == ["t", "w", "cell-3"]


@pytest.mark.proves("course:release-holds-no-answers")
@pytest.mark.parametrize("task", load_course(COURSE).tasks, ids=lambda task: task.id)
def test_no_check_reference_or_private_file_of_the_sample_course_is_released(task: Task) -> None:
    files = released_files(task)
    assert set(files) == {f"{task.id}.ipynb", *task.data}
    released = b"\n".join(files.values()).decode()
    assert '"ltt_task"' in released
    for check in task.checks:
        assert not check.failure_message or check.failure_message not in released
        assert not check.generate or check.generate not in released
    assert task.reference not in released
    assert not any(content in files.values() for content in task.private.values())


def test_the_percent_format_and_markdown_give_the_same_cells(tmp_path: Path) -> None:
    markdown = '# Mean\n\nWrite it.\n\n```python\nprint("given")\n```\n\n'
    markdown += "```python work id=here\ndef mean(numbers):\n    ...\n```\n"
    percent = task_with(tmp_path / "a", "notebook.py", PERCENT)
    other = task_with(tmp_path / "b", "notebook.md", markdown)
    assert percent.notebook == other.notebook
    work = [cell for cell in read_notebook(percent.notebook, "n").cells if cell.task and cell.task.role == "work"]
    assert [(cell.id, cell.source) for cell in work] == [("here", "def mean(numbers):\n    ...")]


def test_fences_of_other_languages_stay_text(tmp_path: Path) -> None:
    text = NOTEBOOK + "\n```text\nshown\n```\n\n~~~sql work\nSELECT 1\n~~~\n"
    read = course_in(tmp_path, notebook=text).tasks[0]
    *_, shown, query = sources(read.notebook)
    assert shown == ("markdown", "```text\nshown\n```")
    assert query == ("code", "%%sql\nSELECT 1")


def test_ids_are_the_same_when_the_text_around_them_changes(tmp_path: Path) -> None:
    before = course_in(tmp_path / "a").tasks[0]
    after = course_in(tmp_path / "b", notebook="# A new first line\n\n" + NOTEBOOK).tasks[0]
    ids = [[cell.id for cell in read_notebook(task.notebook, "n").cells] for task in (before, after)]
    assert ids[0] == ids[1] == ["mean-text-1", "mean-code-1", "mean-work"]


def test_the_instructions_are_the_markdown_alone(tmp_path: Path) -> None:
    assert released_text(course_in(tmp_path).tasks[0]) == "# The mean\n\nWrite a function `mean`."


MARK = TaskMark(course=CourseId("c"), task=TaskId("mean"), role=TaskRole.TASK)


@pytest.mark.proves("course:marks-survive")
@pytest.mark.parametrize(
    ("metadata", "mark"),
    [
        ({"ltt_task": {"course": "c", "task": "mean", "role": "task"}}, MARK),
        ({"ltt": {"task": {"course": "c", "task": "mean", "role": "task"}}}, MARK),
        ({"tags": ["x", "ltt-task:c/mean"]}, TaskMark(course=CourseId("c"), task=TaskId("mean"), role=TaskRole.WORK)),
        ({"tags": ["ltt-task:mean"]}, TaskMark(course=CourseId(""), task=TaskId("mean"), role=TaskRole.WORK)),
        ({"ltt_task": {"task": 3}, "tags": "ltt-task:mean"}, None),
        ({"ltt_task": {"task": "mean", "role": "boss"}}, None),
        ({"tags": [None, "ltt-task:"]}, None),
        ({}, None),
    ],
)
def test_a_mark_is_read_from_metadata_or_a_tag(metadata: dict[str, object], mark: TaskMark | None) -> None:
    assert marks(metadata) == mark
    if mark is not None:
        assert marks({"ltt_task": mark.as_metadata()}) == mark


def test_a_solution_of_several_parts_fills_the_work_cells_in_order(tmp_path: Path) -> None:
    notebook = "# T\n\n```python work\none\n```\n\n```python\nmid\n```\n\n```python work\ntwo\n```\n"
    task = course_in(tmp_path, notebook=notebook, reference="# %% a\nx = 1\n# %% b\ny = 2\n# %% c\nz = 3\n").tasks[0]
    assert [source for _, source in sources(solved(task))] == ["# T", "x = 1", "mid", "y = 2", "z = 3"]
    assert [source for _, source in sources(solved(task, "x = 9"))] == ["# T", "x = 9", "mid", ""]
