"""``ltt bench validate``: how long a check takes, and who is fooled, beside nbgrader's validator and otter-grader.

Ours: clean checks in the warm sandbox, and live ones in a kernel that stands. Theirs: ``nbgrader validate`` and
``otter check`` on the same work with the same checks as test cells, each as the command that its users run (start
included), in a virtual environment of their own that is made on demand; without one, the figures are ours alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio

from ltt_collab.adapters.sandbox.pool import SandboxOptions, SubprocessSandbox, running_sandbox
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.measures import Machine, Spread, ratio
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Check, Compared, Expected, Task, TaskKind
from ltt_collab.model.ids import TaskId
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.ports.kernels import Limits
from ltt_collab.validation.judge import Judge

GRADERS: Final = ("nbgrader==0.9.6", "otter-grader==7.0.0")
INSTALL_SECONDS, COMMAND_SECONDS = 600.0, 90.0
WARM_UP: Final = 3
TESTS: Final = ("mean([1, 2, 6]) == 3", "mean([40, 44]) == 42")

RIGHT: Final = "def mean(xs):\n    return sum(xs) / len(xs)\n"
WRONG: Final = "def mean(xs):\n    return 3\n"
TAMPERED: Final[Mapping[str, str]] = {
    "equals everything": "class Any:\n    def __eq__(self, other): return True\ndef mean(xs): return Any()\n",
    "drops assert": WRONG + "get_ipython().input_transformers_cleanup.append(\n"
    "    lambda lines: [line.replace('assert', 'bool or') for line in lines])\n",
    "hard-codes what it saw": "def mean(xs): return {(1, 2, 6): 3, (40, 44): 42}.get(tuple(xs), 0)\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateOptions:
    """``n``: how many checks of each of ours; ``runs``: how many of each of theirs."""

    n: int = 30
    runs: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidateReport:
    """Milliseconds from asking to the verdict. Ratios: theirs by ours, at p50. ``fooled``: tampered works accepted.

    ``nbgrader_ms`` and ``otter_ms`` have ``n`` 0 where they could not be had; ``baseline`` says why.
    """

    machine: Machine
    clean_ms: Spread
    live_ms: Spread
    nbgrader_ms: Spread
    otter_ms: Spread
    ratio_nbgrader: float
    ratio_otter: float
    fooled: dict[str, int]
    tampered: int
    baseline: str


async def bench_validate(options: ValidateOptions) -> ValidateReport:
    """Run the benchmark; the first time, the other graders are installed, which takes minutes.

    Raises:
        BenchmarkError
    """
    machine = Machine.now()
    fooled: dict[str, int] = {}
    async with running_sandbox(SandboxOptions(warm=2)) as sandbox:
        judge = Judge(sandbox)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(judge.draw_ahead, name="fresh inputs")  # as in a service
            judge.prepare(TASK)
            clean = await _clean(sandbox, judge, options.n)
            live = await _live(sandbox, judge, options.n)
            fooled["ltt"] = 0
            for work in TAMPERED.values():
                fooled["ltt"] += (await judge.check_clean(TASK, _notebook(work))).passed
            tasks.cancel_scope.cancel()
    theirs: dict[str, list[float]] = {"nbgrader": [], "otter": []}
    said = await _prepare()
    if not said:
        for name, times in theirs.items():
            for _ in range(options.runs):
                taken, passed = await _other(name, RIGHT)
                if not passed:
                    raise BenchmarkError(f"{name} does not accept the right work: it would be measured wrongly")
                times.append(taken)
            fooled[name] = sum([(await _other(name, work))[1] for work in TAMPERED.values()])
    spreads = {name: Spread.of(times) for name, times in theirs.items()}
    return ValidateReport(
        machine=machine,
        clean_ms=clean,
        live_ms=live,
        nbgrader_ms=spreads["nbgrader"],
        otter_ms=spreads["otter"],
        ratio_nbgrader=ratio(spreads["nbgrader"].p50, clean.p50),
        ratio_otter=ratio(spreads["otter"].p50, clean.p50),
        fooled=fooled,
        tampered=len(TAMPERED),
        baseline=said or " ".join(GRADERS),
    )


async def _clean(sandbox: SubprocessSandbox, judge: Judge, count: int) -> Spread:
    times = []
    for number in range(count + WARM_UP):
        await sandbox.warm_up()  # a service has pauses between submissions; the cost of a burst is the next kernel's
        began = time.perf_counter()
        verdict = await judge.check_clean(TASK, _notebook(RIGHT))
        if not verdict.passed:
            raise BenchmarkError(f"the right work did not pass: {verdict.first_cause}")
        if number >= WARM_UP:
            times.append((time.perf_counter() - began) * 1000)
    return Spread.of(times)


async def _live(sandbox: SubprocessSandbox, judge: Judge, count: int) -> Spread:
    times = []
    async with sandbox.kernel({}, memory_mib=512) as kernel:
        async for _ in kernel.execute(RIGHT, limits=Limits(seconds=20)):
            pass
        for number in range(count + WARM_UP):
            began = time.perf_counter()
            verdict = await judge.check_live(TASK, kernel, _notebook(RIGHT))
            if not verdict.passed:
                raise BenchmarkError(f"the right work did not pass live: {verdict.first_cause}")
            if number >= WARM_UP:
                times.append((time.perf_counter() - began) * 1000)
    return Spread.of(times)


async def _prepare() -> str:
    """Have the other graders installed; '' when they are, else why not."""
    if (_environment() / "ready").exists():
        return ""
    commands = (
        [sys.executable, "-m", "venv", str(_environment())],
        [str(_environment() / "bin" / "pip"), "install", "--quiet", *GRADERS, "ipykernel"],
    )
    sys.stderr.write(f"installing {' and '.join(GRADERS)} into {_environment()}, once\n")
    for command in commands:
        try:
            with anyio.fail_after(INSTALL_SECONDS):
                done = await anyio.run_process(command, check=False, stderr=subprocess.PIPE)
        except (OSError, TimeoutError) as error:
            return f"the other graders could not be installed: {error}"
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            return f"the other graders could not be installed: {said[-1] if said else command[0]}"
    (_environment() / "ready").touch()
    return ""


def _environment() -> Path:
    return Path.home() / ".cache" / "ltt-collab" / "graders"


async def _other(name: str, work: str) -> tuple[float, bool]:
    """Milliseconds that another grader's command took, and whether it accepted the work."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "work.ipynb").write_text(json.dumps(_cells(work, with_tests=name == "nbgrader")))
        (folder / "tests").mkdir()
        (folder / "tests" / "q1.py").write_text(_otter_test())
        program = str(_environment() / "bin" / name)
        command = [program, "validate", "work.ipynb"] if name == "nbgrader" else [program, "check", "work.ipynb"]
        began = time.perf_counter()
        try:
            with anyio.fail_after(COMMAND_SECONDS):
                done = await anyio.run_process(command, cwd=made, check=False, stderr=subprocess.STDOUT)
        except TimeoutError:
            return COMMAND_SECONDS * 1000, False
        taken = (time.perf_counter() - began) * 1000
        said = done.stdout.decode(errors="replace")
    return taken, bool(re.search(r"Success!|All tests passed", said))


def _otter_test() -> str:
    cases = [{"code": f">>> {test}\nTrue", "hidden": False, "locked": False} for test in TESTS]
    suite = {"cases": cases, "scored": True, "setup": "", "teardown": "", "type": "doctest"}
    return f"OK_FORMAT = True\ntest = {{'name': 'q1', 'points': 1, 'suites': [{suite!r}]}}\n"


def _cells(work: str, *, with_tests: bool) -> dict[str, Any]:
    cells = [_cell("work", work, {})]
    for number, test in enumerate(TESTS if with_tests else ()):
        mark = {"grade": True, "grade_id": f"t{number}", "locked": True, "points": 1, "schema_version": 3,
                "solution": False, "task": False}  # fmt: skip
        cells.append(_cell(f"t{number}", f"assert {test}", {"nbgrader": mark}))
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": cells}


def _cell(name: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "cell_type": "code", "source": source, "metadata": metadata, "outputs": [],
            "execution_count": None}  # fmt: skip


def _notebook(work: str) -> Notebook:
    return read_notebook(json.dumps(_cells(work, with_tests=False)), "work.ipynb")


TASK: Final = Task(
    id=TaskId("mean"),
    title="The mean",
    kind=TaskKind.PYTHON,
    notebook=json.dumps(_cells("", with_tests=False)),
    reference=RIGHT,
    generator=(
        "def lists(random):\n"
        "    for _ in range(8):\n"
        "        yield f'mean({[random.randrange(100) for _ in range(5)]})'\n"
    ),
    checks=(
        Check(name="three", compared=Compared.EXPRESSION, subject=TESTS[0], expect="True", points=1),
        Check(name="fixed", compared=Compared.EXPRESSION, subject=TESTS[1], expect="True", hidden=True, points=1),
        Check(name="fresh", compared=Compared.EXPRESSION, generate="generate.py::lists", expected=Expected.REFERENCE,
              hidden=True, points=2),
    ),
)  # fmt: skip
