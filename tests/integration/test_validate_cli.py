"""``ltt validate`` as an author, a grader or a script calls it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.support.deadlines import eventually
from tests.support.submissions import GOOD, MEAN, notebook_json

ANSWER = {"task", "outcome", "passed", "score", "max_score", "first_cause", "checks", "duration_ms"}
OF_A_CHECK = {"name", "passed", "hidden", "points", "message", "expected", "got"}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of one task as files."""
    root = tmp_path_factory.mktemp("course")
    task = root / "tasks" / "mean"
    task.mkdir(parents=True)
    (root / "course.yaml").write_text("id: basics\ntitle: Basics\ntasks: [mean]\n")
    (task / "task.yaml").write_text(
        "title: The mean\nkind: python\ntime_limit: 3\nchecks:\n"
        "  - {name: three, expression: 'mean([1, 2, 6])', expect: 3, points: 1}\n"
        "  - {name: fresh, generate: 'generate.py::lists', hidden: true, points: 2}\n"
    )
    released = json.loads(MEAN.notebook)
    released["cells"].insert(0, {"id": "text", "cell_type": "markdown", "source": "Write `mean`.", "metadata": {}})
    (task / "notebook.ipynb").write_text(json.dumps(released))
    (task / "reference.py").write_text(MEAN.reference)
    (task / "generate.py").write_text(MEAN.generator)
    return root


def _command(notebook: Path, course: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "ltt_collab", "validate", str(notebook), "--course", str(course), *more]


def _validated(notebook: Path, course: Path, task: str = "mean") -> tuple[int, dict[str, Any], str]:
    command = _command(notebook, course, "--task", task, "--json")
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer.keys() == ANSWER
    assert [check.keys() for check in answer["checks"] if check.keys() != OF_A_CHECK] == []
    return done.returncode, answer, done.stderr


def _written(folder: Path, *cells: str) -> Path:
    path = folder / "work.ipynb"
    path.write_text(notebook_json(*cells))
    return path


@pytest.mark.proves("cli:validate")
def test_correct_work_passes_with_exit_code_0(course: Path, tmp_path: Path) -> None:
    code, answer, _ = _validated(_written(tmp_path, GOOD), course)

    assert (code, answer["outcome"], answer["passed"], answer["first_cause"]) == (0, "passed", True, None)
    assert (answer["score"], answer["max_score"]) == (3, 3)


@pytest.mark.proves("cli:validate")
def test_wrong_work_fails_with_exit_code_1_and_a_first_cause(course: Path, tmp_path: Path) -> None:
    code, answer, _ = _validated(_written(tmp_path, "def mean(xs):\n    return 0"), course)

    assert (code, answer["outcome"], answer["passed"], answer["score"]) == (1, "failed", False, 0)
    assert "expected 3, got 0" in answer["first_cause"]
    assert [(check["expected"], check["got"]) for check in answer["checks"]] == [("3", "0"), (None, None)]


@pytest.mark.proves("cli:validate")
def test_a_loop_that_ignores_interrupts_ends_in_time(course: Path, tmp_path: Path) -> None:
    loop = "while True:\n    try:\n        while True: pass\n    except BaseException: pass"

    code, answer, _ = _validated(_written(tmp_path, loop), course)

    assert (code, answer["outcome"], answer["passed"]) == (1, "timeout", False)


@pytest.mark.parametrize("content", [b"", b"{", b'{"nbformat": 3}', b"\xff\xfe", b"[]"])
def test_a_file_that_is_no_notebook_is_an_error_in_json(course: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "work.ipynb"
    path.write_bytes(content)

    code, answer, said = _validated(path, course)

    assert (code, answer["outcome"], answer["passed"], answer["checks"]) == (2, "error", False, [])
    assert "work.ipynb" in answer["first_cause"]
    assert "work.ipynb" in said


def test_an_unknown_task_and_a_missing_course_are_wrong_use(course: Path, tmp_path: Path) -> None:
    notebook = _written(tmp_path, GOOD)

    code, answer, _ = _validated(notebook, course, task="median")
    assert (code, answer["outcome"], "median" in answer["first_cause"]) == (2, "error", True)

    code, answer, _ = _validated(notebook, tmp_path / "nowhere")
    assert (code, answer["outcome"], "nowhere" in answer["first_cause"]) == (2, "error", True)


@pytest.mark.proves("cli:validate")
def test_ctrl_c_leaves_nothing_behind(course: Path, tmp_path: Path) -> None:
    marks = tmp_path / "tmp"
    marks.mkdir(mode=0o755)
    notebook = _written(tmp_path, "print('started')\nwhile True: pass")
    # The time limit of the others here could end it first.
    patient = tmp_path / "course"
    shutil.copytree(course, patient)
    described = patient / "tasks" / "mean" / "task.yaml"
    described.write_text(described.read_text().replace("time_limit: 3", "time_limit: 45"))
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(marks)}
    command = _command(notebook, patient, "--task", "mean", "--json")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        _wait_for(lambda: bool(list(marks.glob("ltt-*/*/run/k-1"))))
        process.send_signal(signal.SIGINT)
        out, said = process.communicate(timeout=20)

    assert (process.returncode, out) == (130, b""), said.decode()
    _wait_for(lambda: not list(marks.glob("ltt-*")))


def _wait_for(look: Callable[[], bool]) -> None:
    anyio.run(lambda: eventually(look, within=30))
