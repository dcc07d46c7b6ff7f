"""What was handed in is checked in a fresh kernel on the learner's own server, or in our sandbox."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ltt_collab.classroom import clean
from ltt_collab.classroom.clean import CleanChecks, Home
from ltt_collab.model.courses import Task
from ltt_collab.model.ids import CourseId, RoomId, SubmissionId, TaskId, Username
from ltt_collab.model.solving import solved
from ltt_collab.model.validations import CleanPlace, Outcome, Verdict
from ltt_collab.ports.learning import SubmissionRecord
from tests.integration.classroom.conftest import SERVER, Ground
from tests.support.jupyter import code_cell, notebook_json

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="package")]

LEAVES_A_TRACE = "open('ran-here.txt', 'w').close()"
TRACE = "ran-here.txt"

_numbers = count(1)


class Desk:
    """A folder of a learner's with a task in it."""

    def __init__(self, ground: Ground, task: Task, place: CleanPlace = CleanPlace.LEARNER) -> None:
        self.folder = f"work-{next(_numbers)}"
        self._task = task
        (ground.jupyter.root / self.folder).mkdir()
        for name, content in task.data.items():
            (ground.jupyter.root / self.folder / name).write_bytes(content)
        self.root = ground.jupyter.root / self.folder
        self._checks = CleanChecks(ground.judge, ground, self._home, place=place)

    async def _home(self, _room: RoomId) -> Home:
        return Home(server=SERVER, path=f"{self.folder}/{self._task.id}.ipynb")

    async def hand_in(self, notebook: str) -> Verdict:
        """The verdict on it."""
        submission = SubmissionRecord(
            id=SubmissionId("v-1"), course=CourseId("first-steps"), task=self._task.id, learner=Username("ada"), at=0.0,
            notebook=notebook, room=RoomId("r"),
        )  # fmt: skip
        return await self._checks.check_clean(self._task, submission)


def task_of(ground: Ground, name: str) -> Task:
    task = ground.course.task(TaskId(name))
    assert task is not None
    return task


def open_only(task: Task) -> Task:
    """The task without its fixed hidden checks."""
    return replace(task, checks=tuple(check for check in task.checks if not check.hidden or check.generate))


def with_cell(notebook: str, source: str) -> str:
    whole: dict[str, Any] = json.loads(notebook)
    whole["cells"].append(code_cell(source, "extra"))
    return json.dumps(whole)


@pytest.mark.proves("clean:on-the-learners-server", "clean:no-orphan")
async def test_it_runs_beside_the_notebook_on_the_learners_server_and_its_kernel_is_gone_afterwards(
    ground: Ground,
) -> None:
    before = await ground.count_kernels()
    desk = Desk(ground, open_only(task_of(ground, "strings")))
    verdict = await desk.hand_in(with_cell(solved(task_of(ground, "strings")), LEAVES_A_TRACE))

    assert (verdict.outcome, verdict.score) == (Outcome.PASSED, 4.0), verdict.first_cause
    assert (desk.root / TRACE).exists()
    assert await ground.count_kernels() == before


@pytest.mark.proves("clean:fixed-hidden-in-our-sandbox")
@pytest.mark.parametrize("place", [CleanPlace.LEARNER, CleanPlace.SANDBOX])
async def test_a_task_with_fixed_hidden_checks_runs_in_our_sandbox_and_none_is_skipped(
    ground: Ground, place: CleanPlace
) -> None:
    desk = Desk(ground, task_of(ground, "strings"), place)
    verdict = await desk.hand_in(with_cell(solved(task_of(ground, "strings")), LEAVES_A_TRACE))

    assert (verdict.passed, verdict.score, verdict.max_score) == (True, 5.0, 5.0), verdict.first_cause
    assert not any(check.skipped for check in verdict.checks)
    assert not (desk.root / TRACE).exists()


@pytest.mark.proves("clean:always-in-our-sandbox-if-set")
async def test_by_the_setting_every_task_runs_in_our_sandbox(ground: Ground) -> None:
    desk = Desk(ground, open_only(task_of(ground, "strings")), CleanPlace.SANDBOX)
    verdict = await desk.hand_in(with_cell(solved(task_of(ground, "strings")), LEAVES_A_TRACE))

    assert verdict.passed, verdict.first_cause
    assert not (desk.root / TRACE).exists()


FAULTS = {
    Outcome.TIMEOUT: ("while True: pass", "Cell 1"),
    Outcome.KERNEL_DIED: ("import os; os._exit(1)", "Cell 1"),
    Outcome.ERROR: ("def initials(name)\n    return name", "SyntaxError"),
}


@pytest.mark.proves("clean:no-orphan")
@pytest.mark.parametrize("outcome", FAULTS)
async def test_no_kernel_stays_on_the_learners_server_whatever_the_code_does(ground: Ground, outcome: Outcome) -> None:
    before = await ground.count_kernels()
    source, cause = FAULTS[outcome]
    desk = Desk(ground, replace(open_only(task_of(ground, "strings")), time_limit=2.0))
    verdict = await desk.hand_in(notebook_json([code_cell(source, "strings-work-1")]))

    assert verdict.outcome is outcome
    assert cause in (verdict.first_cause or "")
    assert await ground.count_kernels() == before


@pytest.mark.parametrize("magic", [True, False])
async def test_a_query_is_checked_on_the_learners_server_as_a_cell_of_sql_and_by_sqlite3(
    ground: Ground, magic: bool, tmp_path: Path
) -> None:
    task = open_only(task_of(ground, "library"))
    if magic:
        released = json.loads(task.notebook)
        released["cells"] = [released["cells"][-1] | {"source": "%%sql sqlite:///library.db\nSELECT title FROM books"}]
        with closing(sqlite3.connect(tmp_path / "library.db")) as made:
            made.executescript(task.data["library.sql"].decode())
        task = replace(task, data={"library.db": (tmp_path / "library.db").read_bytes()}, database="library.db")
        checks = tuple(replace(check, subject="") for check in task.checks)
        task = replace(task, notebook=json.dumps(released), checks=checks)
    verdict = await Desk(ground, task).hand_in(solved(task))

    assert verdict.passed, verdict.first_cause
    assert len(verdict.checks) == 3


@pytest.mark.proves("clean:files-of-the-learner")
async def test_the_files_of_a_terminal_task_are_read_on_the_learners_server(ground: Ground) -> None:
    desk = Desk(ground, task_of(ground, "packing"))
    empty = await desk.hand_in(task_of(ground, "packing").notebook)
    (desk.root / "trip").mkdir()
    for name in ("packing.txt", "copy.txt"):
        (desk.root / "trip" / name).write_text("tent\nlamp\nsoap\n")
    (desk.root / "trip" / "count.txt").write_text("3 packing.txt\n")
    full = await desk.hand_in(task_of(ground, "packing").notebook)

    assert "trip/packing.txt" in (empty.first_cause or "")
    assert (full.passed, full.score) == (True, full.max_score), full.first_cause


@pytest.mark.proves("clean:files-of-the-learner")
async def test_a_server_that_cannot_be_reached_fails_nobodys_files(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clean, "PATIENCE", 0.1)
    ground.away = True
    files = await Desk(ground, task_of(ground, "packing")).hand_in(task_of(ground, "packing").notebook)
    code = await Desk(ground, task_of(ground, "strings")).hand_in(solved(task_of(ground, "strings")))

    assert files.outcome is Outcome.NO_KERNEL
    assert "cannot be reached" in (files.first_cause or "")
    assert code.passed, "nothing of the learner's server is needed for it"
