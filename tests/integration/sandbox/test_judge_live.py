"""Live checks: in the learner's own kernel, formative; here a sandbox kernel plays the learner's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from anyio.from_thread import BlockingPortal

from ltt_collab.adapters.sandbox.pool import SubprocessSandbox
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Task
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.validations import Outcome, Verdict
from ltt_collab.ports.kernels import Kernel, Limits, Printed
from ltt_collab.validation.judge import Judge
from tests.support.submissions import GOOD, MEAN, QUICK, WRONG, notebook_json, submitted


async def _run(kernel: Kernel, code: str) -> None:
    async for _ in kernel.execute(code, limits=Limits(seconds=20)):
        pass


class _Learner:
    """A learner's kernel with some cells run in it, and what is checked there."""

    def __init__(self, judge: Judge, sandbox: SubprocessSandbox) -> None:
        self._judge, self._sandbox = judge, sandbox

    async def checked(self, *run: str, shown: Notebook | None = None, task: Task = MEAN) -> Verdict:
        async with self._sandbox.kernel({}, memory_mib=256) as kernel:
            for code in run:
                await _run(kernel, code)
            return await self._judge.check_live(task, kernel, shown or submitted(*run))

    async def traces(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        asked = {
            "names": "sorted(globals())",
            "modules": "len(__import__('sys').modules)",
            "count": "get_ipython().execution_count",
            "last": "repr(get_ipython().user_ns.get('_'))",
            "streams": "(id(__import__('sys').stdout), id(__import__('sys').stderr))",
        }
        async with self._sandbox.kernel({}, memory_mib=256) as kernel:
            await _run(kernel, GOOD + "import _json, linecache, io\n7")
            before = await kernel.evaluate(asked, seconds=20)
            await self._judge.check_live(MEAN, kernel, submitted(GOOD))
            after = await kernel.evaluate(asked, seconds=20)
        return {key: told.text for key, told in before.items()}, {key: told.text for key, told in after.items()}

    async def while_busy(self) -> tuple[Verdict, list[str]]:
        async with self._sandbox.kernel({}, memory_mib=256) as kernel:
            running = kernel.execute("print(1)\nimport time; time.sleep(0.3)\nprint(2)", limits=Limits(seconds=20))
            first = await anext(running)
            verdict = await self._judge.check_live(MEAN, kernel, submitted(GOOD))
            rest = [output async for output in running]
        return verdict, [output.text.strip() for output in (first, *rest) if isinstance(output, Printed)]

    async def after_death(self) -> Verdict:
        async with self._sandbox.kernel({}, memory_mib=256) as kernel:
            await _run(kernel, "def mean(xs):\n    import os; os._exit(1)")
            return await self._judge.check_live(MEAN, kernel, submitted(WRONG))


@pytest.fixture
def learner(judge: Judge, sandbox: SubprocessSandbox) -> _Learner:
    return _Learner(judge, sandbox)


def test_visible_and_fresh_checks_run_and_fixed_hidden_ones_wait(learner: _Learner, portal: BlockingPortal) -> None:
    verdict = portal.call(learner.checked, GOOD)

    assert [(check.name, check.passed, check.skipped) for check in verdict.checks] == [
        ("three", True, False), ("half", True, False), ("fixed", False, True), ("fresh", True, False),
    ]  # fmt: skip
    assert (verdict.passed, verdict.outcome) == (True, Outcome.PASSED)


def test_a_wrong_value_is_explained_live(learner: _Learner, portal: BlockingPortal) -> None:
    verdict = portal.call(learner.checked, WRONG)

    assert verdict.outcome is Outcome.FAILED
    assert "left side: 3" in (verdict.first_cause or "")


@pytest.mark.proves("judge:live-leaves-no-trace")
def test_a_live_check_leaves_no_trace(learner: _Learner, portal: BlockingPortal) -> None:
    before, after = portal.call(learner.traces)

    assert after == before


@pytest.mark.proves("judge:live-only-when-idle")
def test_a_busy_kernel_is_left_alone_and_said_so(learner: _Learner, portal: BlockingPortal) -> None:
    verdict, printed = portal.call(learner.while_busy)

    assert (verdict.outcome, verdict.passed) == (Outcome.BUSY, False)
    assert "still running" in (verdict.first_cause or "")
    assert printed == ["1", "2"]


def test_a_kernel_that_dies_is_said_with_what_is_lost(learner: _Learner, portal: BlockingPortal) -> None:
    verdict = portal.call(learner.after_death)

    assert verdict.outcome is Outcome.KERNEL_DIED
    assert "variables are gone" in (verdict.first_cause or "")


def test_a_cell_that_was_not_run_is_the_first_cause(learner: _Learner, portal: BlockingPortal) -> None:
    verdict = portal.call(lambda: learner.checked("x = 1", shown=submitted("x = 1", GOOD)))

    assert verdict.first_cause == "'mean' is made in cell 2, which has not been run yet. Run it first."


def test_an_error_that_the_notebook_shows_is_the_first_cause(learner: _Learner, portal: BlockingPortal) -> None:
    shown = json.loads(notebook_json("def mean(xs)\n    return 3"))
    error = {"output_type": "error", "ename": "SyntaxError", "evalue": "expected ':' (1234.py, line 1)",
             "traceback": ["  Cell In[1], line 1", "SyntaxError: expected ':'"]}  # fmt: skip
    shown["cells"][0] |= {"execution_count": 1, "outputs": [error]}

    verdict = portal.call(lambda: learner.checked("x = 1", shown=read_notebook(json.dumps(shown), "n.ipynb")))

    assert verdict.outcome is Outcome.ERROR
    assert "SyntaxError in cell 1, line 1" in (verdict.first_cause or "")


def test_an_endless_loop_in_a_live_check_is_found_and_ended(learner: _Learner, portal: BlockingPortal) -> None:
    one = replace(QUICK, checks=QUICK.checks[:1])

    verdict = portal.call(lambda: learner.checked("def mean(xs):\n    while True: pass", task=one))

    assert verdict.outcome is Outcome.TIMEOUT
    assert "mean([1, 2, 6])" in (verdict.first_cause or "")
