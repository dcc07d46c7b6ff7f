"""The demo's course: ten tasks, some with a mistake about which the tutor can say something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from agent.rules.finder import find
from ltt_collab.curriculum.loader import load_course
from ltt_collab.demo.places import COURSE, laid_out
from ltt_collab.model.cells import CellType, OutputType
from ltt_collab.model.errors import InvalidSettingError
from ltt_collab.model.nbformat import read_notebook
from tests.support.one_kernel import OneKernel, running_kernel

TASKS = {str(task.id): task for task in load_course(COURSE).tasks}

ERRING = ("welcome", "lists", "dictionaries", "functions")
"""The notebooks that begin with a mistake on purpose."""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneKernel]:
    with running_kernel(tmp_path_factory.mktemp("kernel")) as running:
        yield running


def test_every_notebook_is_one_that_jupyter_finds_valid_and_nobody_has_run() -> None:
    assert len(TASKS) >= 9
    for task in TASKS.values():
        notebook = nbformat.reads(task.notebook, as_version=4)  # type: ignore[no-untyped-call]
        nbformat.validate(notebook)
        assert not any(cell.get("outputs") for cell in notebook.cells), task.id


@pytest.mark.proves("demo:course-errs-helpfully")
@pytest.mark.parametrize("name", ERRING)
def test_each_mistake_on_purpose_is_one_cell_that_raises_and_the_tutor_knows_the_cause(
    name: str, kernel: OneKernel
) -> None:
    read = read_notebook(TASKS[name].notebook, name)
    notebook = kernel.run_notebook([cell.source for cell in read.cells if cell.type is CellType.CODE])
    raised = [
        index
        for index, cell in enumerate(notebook.cells)
        if any(output.type is OutputType.ERROR for output in cell.outputs)
    ]
    assert len(raised) == 1
    assert [finding.cell_index for finding in find(notebook)] == raised


def test_a_temporary_course_goes_with_all_that_came_of_it() -> None:
    with laid_out(None) as places:
        laid = {path.relative_to(places.root).as_posix() for path in places.root.rglob("*") if path.is_file()}
        data = {"first-steps/tables/visits.csv", "first-steps/library/library.sql"}
        assert laid == {*places.notebooks, *data}
        assert places.notebooks == [f"first-steps/{task}/{task}.ipynb" for task in TASKS]
        (places.root / "mine.ipynb").write_text("{}")
        assert places.root.is_relative_to(places.state)
    assert not places.state.exists()


def test_a_root_that_is_a_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(InvalidSettingError, match=r"--root=.*file.* cannot be used"), laid_out(file):
        pytest.fail("laid out on a file")
    assert file.read_text() == "mine"
