"""A live check always has a verdict in plain words, whatever becomes of the kernel."""

from __future__ import annotations

import dataclasses
from typing import cast

import pytest

from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.classroom.live import KernelLiveJudge, TaskGround
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import MEMORY_MIB, Check, Compared, Course, Task, TaskKind
from ltt_collab.model.errors import (
    KernelBusyError,
    KernelDiedError,
    KernelError,
    KernelTimeoutError,
    KernelUnreachableError,
    TerminalError,
)
from ltt_collab.model.ids import CourseId, KernelId, RoomId, ServerId, TaskId
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.kernels import Kernel, KernelInfo, KernelServer, KernelState
from ltt_collab.ports.terminals import Terminals

SERVER = ServerId("http://s/")
NOTEBOOK = Notebook(room=RoomId("r"), path="a.ipynb", cells=())
TASK = Task(
    id=TaskId("t"),
    title="T",
    kind=TaskKind.PYTHON,
    checks=(Check(name="c", compared=Compared.EXPRESSION, subject="1"),),
    notebook="",
    points=2.0,
    data={"a.csv": b"x"},
    memory_limit=99,
)
AT = TaskAt(course=CourseId("c"), task=TASK.id)
PASSED = Verdict(
    task=TASK.id,
    mode=ValidationMode.LIVE,
    outcome=Outcome.PASSED,
    passed=True,
    score=2.0,
    max_score=2.0,
    first_cause=None,
    checks=(),
    duration_ms=1.0,
)


class FakeKernels:
    """The kernel of one notebook, or none."""

    def __init__(self, path: str = "a.ipynb", error: KernelError | None = None) -> None:
        self._path, self._error = path, error

    async def kernel_of(self, path: str) -> KernelInfo | None:
        if self._error is not None:
            raise self._error
        found = KernelInfo(id=KernelId("k"), name="python3", state=KernelState.IDLE, path=path)
        return found if path == self._path else None

    async def connect(self, kernel: KernelId) -> Kernel:
        assert kernel == "k"
        return cast("Kernel", self)


class FakeJudge:
    """Passes everything, or raises."""

    def __init__(self, error: KernelError | None = None) -> None:
        self._error = error
        self.shown: list[str] = []

    async def check_live(self, task: Task, kernel: Kernel, notebook: Notebook, *, terminals: str = "") -> Verdict:
        self.shown.append(terminals)
        if self._error is not None:
            raise self._error
        return PASSED


async def verdict(judge: FakeJudge, kernels: FakeKernels | None) -> Verdict:
    found = cast("KernelServer | None", kernels)
    return await KernelLiveJudge(judge, lambda _server: found).check_live(SERVER, NOTEBOOK, TASK)


async def test_the_judge_is_asked_about_the_notebooks_own_kernel() -> None:
    assert await verdict(FakeJudge(), FakeKernels()) == PASSED


@pytest.mark.parametrize("kernels", [FakeKernels("b.ipynb"), None], ids=["another notebook's", "no access"])
async def test_without_a_kernel_the_learner_is_told_to_run_the_cells(kernels: FakeKernels | None) -> None:
    told = await verdict(FakeJudge(), kernels)
    assert (told.outcome, told.passed, told.max_score) == (Outcome.NO_KERNEL, False, 2.0)
    assert "run the notebook's cells" in (told.first_cause or "")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (KernelBusyError("k"), Outcome.BUSY),
        (KernelDiedError("k"), Outcome.KERNEL_DIED),
        (KernelTimeoutError("check 'c'", 5.0), Outcome.TIMEOUT),
        (KernelUnreachableError("k", "gone"), Outcome.NO_KERNEL),
    ],
)
async def test_every_fault_of_a_kernel_is_a_verdict(error: KernelError, outcome: Outcome) -> None:
    for judge, kernels in ((FakeJudge(error), FakeKernels()), (FakeJudge(), FakeKernels(error=error))):
        told = await verdict(judge, kernels)
        assert (told.outcome, told.passed, told.mode) == (outcome, False, ValidationMode.LIVE)
        assert told.first_cause


class FakeTerminals:
    """Four terminals."""

    def __init__(self, error: TerminalError | None = None) -> None:
        self._error = error

    async def names(self) -> list[str]:
        return ["1", "2", "3", "4"]

    async def read(self, name: str) -> str:
        if self._error is not None:
            raise self._error
        return f"$ {name}"


@pytest.mark.parametrize(
    ("terminals", "reads", "shown"),
    [
        (FakeTerminals(), True, "$ 2\n$ 3\n$ 4"),
        (FakeTerminals(), False, ""),
        (FakeTerminals(TerminalError("1", "gone")), True, ""),
        (None, True, ""),
    ],
)
async def test_terminals_are_shown_to_the_judge_only_where_the_task_says_so(
    terminals: FakeTerminals | None, reads: bool, shown: str
) -> None:
    judge, kernels = FakeJudge(), cast("KernelServer", FakeKernels())
    found = cast("Terminals | None", terminals)
    live = KernelLiveJudge(judge, lambda _server: kernels, lambda _server: found)
    assert await live.check_live(SERVER, NOTEBOOK, dataclasses.replace(TASK, reads_terminal=reads)) == PASSED
    assert judge.shown == [shown]


async def test_a_trial_borrows_the_tasks_data_and_limits() -> None:
    ground = TaskGround(Catalogue([Course(id=CourseId("c"), title="C", tasks=(TASK,))]), FakeJudge())
    gone = TaskAt(course=CourseId("c"), task=TaskId("gone"))
    assert (ground.files(AT), ground.memory_mib(AT)) == ({"a.csv": b"x"}, 99)
    assert (ground.files(gone), ground.memory_mib(gone)) == ({}, MEMORY_MIB)
    assert await ground.visible_checks(AT, cast("Kernel", None), NOTEBOOK) == PASSED
