"""Checks tasks in kernels that run: the learner's own, or a scratch kernel of a trial."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.classroom.clean import read_terminals
from ltt_collab.classroom.verdicts import unjudged
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import MEMORY_MIB, Task
from ltt_collab.model.errors import KernelBusyError, KernelDiedError, KernelError, KernelTimeoutError
from ltt_collab.model.ids import ServerId
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.kernels import Kernel, KernelServer
from ltt_collab.ports.terminals import Terminals

log = structlog.get_logger(__name__)

RUN_IT = "run the notebook's cells first"


class NotebookJudge(Protocol):
    """Checks a task in a kernel that has run the notebook."""

    async def check_live(self, task: Task, kernel: Kernel, notebook: Notebook, *, terminals: str = "") -> Verdict:
        """The verdict, by visible and freshly drawn checks; nothing in the kernel changes.

        ``terminals``: what the learner's terminals show, for a task that reads them.
        """
        ...


class KernelLiveJudge:
    """Finds the kernel of an open notebook and has the judge ask it.

    Implements ``classroom.teaching.LiveJudge``: whatever goes wrong with a kernel is a verdict in plain words.
    """

    def __init__(
        self,
        judge: NotebookJudge,
        kernels: Callable[[ServerId], KernelServer | None],
        terminals: Callable[[ServerId], Terminals | None] = lambda _server: None,
    ) -> None:
        """``kernels`` and ``terminals``: of a server, None where we have no access."""
        self._judge, self._kernels, self._terminals = judge, kernels, terminals

    async def check_live(self, server: ServerId, notebook: Notebook, task: Task) -> Verdict:
        """The verdict; a fault of the learner's, or of the kernel, is one too."""
        began = time.monotonic()
        try:
            kernel = await self._kernel_of(server, notebook)
            if kernel is None:
                return _without(task, Outcome.NO_KERNEL, f"this notebook has no running kernel; {RUN_IT}", began)
            shown = await read_terminals(self._terminals(server)) if task.reads_terminal else ""
            return await self._judge.check_live(task, kernel, notebook, terminals=shown)
        except KernelBusyError:
            return _without(task, Outcome.BUSY, "your code is running; it is checked when it has finished", began)
        except KernelTimeoutError as error:
            return _without(task, Outcome.TIMEOUT, str(error), began)
        except KernelDiedError:
            cause = "the kernel has restarted, so all variables are gone; run the cells again from the top"
            return _without(task, Outcome.KERNEL_DIED, cause, began)
        except KernelError as error:
            log.warning("kernel not reached for a check", server=server, reason=str(error))
            return _without(task, Outcome.NO_KERNEL, "the kernel cannot be reached just now; try again", began)

    async def _kernel_of(self, server: ServerId, notebook: Notebook) -> Kernel | None:
        kernels = self._kernels(server)
        found = None if kernels is None else await kernels.kernel_of(notebook.path)
        return None if kernels is None or found is None else await kernels.connect(found.id)


class TaskGround:
    """Lends the tasks of a catalogue to trials; implements ``ports.insight.TrialGround``."""

    def __init__(self, catalogue: Catalogue, judge: NotebookJudge) -> None:
        self._catalogue, self._judge = catalogue, judge

    def files(self, at: TaskAt) -> Mapping[str, bytes]:
        """The task's data, by relative path."""
        task = self._catalogue.find(at)
        return {} if task is None else task.data

    def memory_mib(self, at: TaskAt) -> int:
        """The task's memory limit."""
        task = self._catalogue.find(at)
        return MEMORY_MIB if task is None else task.memory_limit

    async def visible_checks(self, at: TaskAt, kernel: Kernel, notebook: Notebook) -> Verdict:
        """The verdict on what ran in that kernel.

        Raises:
            UnknownCourseError, UnknownTaskError, KernelError
        """
        return await self._judge.check_live(self._catalogue.task(at.course, at.task), kernel, notebook)


def _without(task: Task, outcome: Outcome, cause: str, began: float) -> Verdict:
    return unjudged(task, ValidationMode.LIVE, outcome, cause, began)
