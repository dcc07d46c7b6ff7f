"""The outside judge: runs the learner's work, asks for plain values, compares them here, and always gives a verdict."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import anyio

from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Task
from ltt_collab.model.errors import (
    JudgingError,
    KernelBusyError,
    KernelDiedError,
    KernelError,
    KernelTimeoutError,
    SandboxUnavailableError,
)
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.kernels import Kernel, Sandbox
from ltt_collab.validation.assessment import assess
from ltt_collab.validation.examination import Examination
from ltt_collab.validation.expectations import install
from ltt_collab.validation.interrogation import ask_at_once, ask_each
from ltt_collab.validation.running import run_as_shown, run_cells
from ltt_collab.validation.sources import code_cells
from ltt_collab.validation.stock import Expectations
from ltt_collab.validation.verdict import verdict

LONGEST: Final = 50.0
"""Seconds that any validation takes at most, whatever its task allows."""

MARGIN: Final = 10.0
"""Seconds beside the task's own limit: kernels' starts, and the reference."""

NOT_RUN: Final = "Not checked: the notebook did not run to its end."


class Judge:
    """Checks tasks; ``sandbox`` runs references always, and learners' work where no kernel is given.

    Invariants:
        1. There is a verdict, whatever the learner's code does, in LONGEST seconds.
        2. No expected value enters a kernel in which a learner's code runs.
        3. A fixed hidden check is asked in our sandbox only.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._expectations = Expectations(sandbox)

    def prepare(self, task: Task) -> None:
        """Somebody has opened this task: have its first fresh inputs drawn ahead, too."""
        self._expectations.prepare(task)

    async def draw_ahead(self) -> None:
        """Keep fresh inputs ready for tasks that are being checked, until cancelled; else some checks wait for them."""
        await self._expectations.draw_ahead()

    async def check_clean(
        self,
        task: Task,
        notebook: Notebook,
        *,
        kernel: Kernel | None = None,
        terminals: str = "",
        files: Mapping[str, bytes] | None = None,
    ) -> Verdict:
        """Run the whole notebook from the top in a fresh kernel and check the task; never raises for a fault.

        ``kernel``: a fresh one elsewhere, as on the learner's server; fixed hidden checks are skipped there (3).
        ``terminals``: what the task's terminals show. ``files``: the learner's own, for a kernel of the sandbox.
        """
        examination = Examination(
            task=task,
            mode=ValidationMode.CLEAN,
            trusted=kernel is None,
            cells=code_cells(notebook, task),
            terminals=terminals,
        )

        async def examine() -> None:
            if kernel is not None:
                await self._examine(examination, kernel)
                return
            given = dict(files or {}) | dict(task.data)
            async with self._sandbox.kernel(given, memory_mib=task.memory_limit) as fresh:
                await self._examine(examination, fresh)

        return await _judged(examination, examine)

    async def check_live(self, task: Task, kernel: Kernel, notebook: Notebook, *, terminals: str = "") -> Verdict:
        """Check visible and freshly generated checks in the learner's own kernel, if it is idle; changes nothing there.

        Never raises for a fault; ``Outcome.BUSY`` while the learner's code runs.
        """
        cells = code_cells(notebook, task)
        examination = Examination(
            task=task,
            mode=ValidationMode.LIVE,
            trusted=False,
            cells=cells,
            terminals=terminals,
            run=run_as_shown(cells),
        )

        async def examine() -> None:
            examination.leave_out_hidden()
            examination.key = await self._expectations.take(task)
            await ask_at_once(examination, kernel)
            await assess(examination, self._sandbox)

        return await _judged(examination, examine)

    async def _examine(self, examination: Examination, kernel: Kernel) -> None:
        task, cells = examination.task, examination.cells
        examination.leave_out_hidden()
        examination.key = await self._expectations.take(task)
        name = f"ltt_{secrets.token_hex(8)}"
        await install(kernel, sql=any("%sql" in cell.source for cell in cells), name=name)
        examination.run = await run_cells(kernel, cells, seconds=task.time_limit)
        if examination.run.stop is not None:
            examination.not_run = NOT_RUN
            return
        await ask_each(examination, kernel, name)
        await assess(examination, self._sandbox)


async def _judged(examination: Examination, examine: Callable[[], Awaitable[None]]) -> Verdict:
    """The verdict on what ``examine`` finds, whatever becomes of it (invariant 1)."""
    began = anyio.current_time()
    longest = min(examination.task.time_limit + MARGIN, LONGEST)
    try:
        with anyio.fail_after(longest):
            await examine()
    except TimeoutError:
        examination.end(Outcome.TIMEOUT, f"The checks took longer than {longest:g} s together and were ended")
    except KernelBusyError:
        examination.end(Outcome.BUSY, "Your code is still running; the task is checked when it has finished")
    except SandboxUnavailableError as error:
        examination.end(Outcome.NO_KERNEL, f"Nothing could be checked: {error}")
    except KernelDiedError as error:
        outcome = Outcome.MEMORY if error.memory else Outcome.KERNEL_DIED
        examination.end(outcome, "Python itself ended (the kernel died): all variables are gone; run it from the top")
    except KernelTimeoutError as error:
        examination.end(Outcome.TIMEOUT, f"A check took longer than {error.seconds:g} s and was ended")
    except KernelError as error:
        examination.end(Outcome.NO_KERNEL, f"Python could not be reached: {error}")
    except JudgingError as error:
        examination.end(Outcome.ERROR, str(error))
    return verdict(examination, duration_ms=(anyio.current_time() - began) * 1000)
