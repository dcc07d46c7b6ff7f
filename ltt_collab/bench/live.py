"""``ltt bench live``: what a check in the learner's own kernel costs, beside a fresh kernel.

A learner has solved a task of the demo's course in a kernel of a real Jupyter server. The task is checked live again
and again, each time with freshly drawn inputs, as a run of the learner's would have it; and the kernel is asked for
five facts at once, as the tutor would. The baseline runs the same notebook from the top in a fresh kernel of that
server and asks it the same: what a check costs that does not use the running one.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio

from ltt_collab.adapters.jupyter.address import JupyterAddress
from ltt_collab.adapters.jupyter.kernels import JupyterKernels
from ltt_collab.adapters.jupyter.rest import RestClient
from ltt_collab.adapters.sandbox.pool import running_sandbox
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.lab_server import running_lab
from ltt_collab.bench.measures import Machine, Spread, ratio
from ltt_collab.classroom.live import KernelLiveJudge
from ltt_collab.curriculum.loader import load_course
from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.model.courses import Task, TaskMark, TaskRole
from ltt_collab.model.ids import CellId, CourseId, RoomId, ServerId, TaskId
from ltt_collab.ports.kernels import Kernel, Limits
from ltt_collab.validation.judge import Judge

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

TASK = TaskId("strings")
SERVER = ServerId("the bench")
PATH = "strings.ipynb"
FACTS = {"a": "1 + 1", "b": "sorted(globals())[:3]", "c": "len(In)", "d": "type(In)", "e": "'x' in globals()"}
WARM_UP = 5
"""Checks before it counts: the first ones connect, and have the reference's answers worked out."""

EVERY = 0.05
"""Seconds from one check to the next: twenty a second, as of a class of some hundreds that run cells all the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """``n``: checks in the running kernel; ``fresh``: fresh kernels for the baseline."""

    n: int = 100
    fresh: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveReport:
    """Milliseconds. ``live_check_ms``: kernel found, asked, answers compared. ``facts_ms``: five expressions at once.

    ``baseline_fresh_kernel_ms``: a fresh kernel runs the cells and is asked. ``ratio``: baseline by ours, at p50.
    """

    machine: Machine
    task: str
    checks: int
    live_check_ms: Spread
    facts_ms: Spread
    baseline_fresh_kernel_ms: Spread
    ratio: float


async def bench_live(options: LiveOptions) -> LiveReport:
    """Run the benchmark; some 10 s.

    Raises:
        BenchmarkError
    """
    machine = Machine.now()
    task = _demo_task()
    notebook = _solved(task)
    async with running_lab() as lab, running_sandbox() as sandbox:
        address = JupyterAddress.parse(lab.url, lab.token)
        rest = RestClient(address, None)
        async with JupyterKernels(address, rest) as kernels:
            learner = await _notebook_kernel(kernels, rest)
            for cell in notebook.cells:
                await _run(learner, cell.source)
            outside = Judge(sandbox)
            judge = KernelLiveJudge(outside, lambda _server: kernels)

            async def check() -> None:
                verdict = await judge.check_live(SERVER, notebook, task)
                if not verdict.passed:
                    raise BenchmarkError(f"the reference did not pass its own task: {verdict.first_cause}")

            async def ask() -> None:
                info = await kernels.kernel_of(PATH)
                assert info is not None, "the learner's kernel runs for as long as this does"
                await (await kernels.connect(info.id)).evaluate(FACTS, seconds=5)

            async def anew() -> None:
                async with kernels.start("python3") as kernel:
                    for cell in notebook.cells:
                        await _run(kernel, cell.source)
                    await kernel.evaluate(FACTS, seconds=5)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(outside.draw_ahead, name="fresh inputs")
                outside.prepare(task)  # as for every notebook that is opened
                checked = await _timed(check, WARM_UP + options.n, every=EVERY)
                tasks.cancel_scope.cancel()
            asked = await _timed(ask, WARM_UP + options.n)
            fresh = await _timed(anew, options.fresh)
        await rest.aclose()
    ours, baseline = Spread.of(checked[WARM_UP:]), Spread.of(fresh)
    return LiveReport(
        machine=machine,
        task=task.id,
        checks=sum(not check.hidden for check in task.checks),
        live_check_ms=ours,
        facts_ms=Spread.of(asked[WARM_UP:]),
        baseline_fresh_kernel_ms=baseline,
        ratio=ratio(baseline.p50, ours.p50),
    )


async def _notebook_kernel(kernels: JupyterKernels, rest: RestClient) -> Kernel:
    """The kernel of the learner's notebook; it ends with its server."""
    body = {"path": PATH, "name": PATH, "type": "notebook", "kernel": {"name": "python3"}}
    await rest.demand("POST", "api/sessions", body=body)
    info = await kernels.kernel_of(PATH)
    if info is None:
        raise BenchmarkError("the server started no kernel for the notebook")
    return await kernels.connect(info.id)


async def _timed(act: Callable[[], Awaitable[None]], times: int, *, every: float = 0.0) -> list[float]:
    """Milliseconds of each time; begun ``every`` so many seconds at the soonest."""
    took: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        await act()
        took.append((time.perf_counter() - began) * 1000)
        await anyio.sleep(max(0.0, began + every - time.perf_counter()))
    return took


async def _run(kernel: Kernel, source: str) -> None:
    running = kernel.execute(source, limits=Limits(seconds=10))
    async with aclosing(cast("AsyncGenerator[object, None]", running)) as outputs:
        async for _ in outputs:
            pass


def _demo_task() -> Task:
    with resources.as_file(resources.files("ltt_collab.demo")) as folder:
        task = load_course(Path(folder) / "course").task(TASK)
    if task is None:
        raise BenchmarkError(f"the demo's course has no task {TASK!r}")
    return task


def _solved(task: Task) -> Notebook:
    mark = TaskMark(course=CourseId("bench"), task=task.id, role=TaskRole.WORK)
    work = Cell(id=CellId("work"), type=CellType.CODE, source=task.reference, execution_count=1, task=mark)
    return Notebook(room=RoomId("bench"), path=PATH, cells=(work,))
