"""The judge that a lint uses: the learners' own, in a sandbox on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ltt_collab.adapters.sandbox.pool import SandboxOptions, running_sandbox
from ltt_collab.coursework.trial import AT_ONCE, TaskJudge
from ltt_collab.curriculum.releases import notebook_name
from ltt_collab.model.courses import Task
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.validations import Verdict
from ltt_collab.validation.judge import Judge

PRELOADED: Final = ("numpy", "pandas", "matplotlib.pyplot")
"""What takes a second to import, and is imported again and again by a course's notebooks."""


class SandboxedJudge:
    """Judges notebooks given as nbformat 4 JSON text, as ``ltt validate`` does."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge

    async def check_clean(self, task: Task, notebook: str) -> Verdict:
        """The verdict; every fault has one."""
        return await self._judge.check_clean(task, read_notebook(notebook, notebook_name(task)))


@asynccontextmanager
async def sandboxed_judge() -> AsyncIterator[TaskJudge]:
    """A judge for the length of the block.

    Raises:
        SandboxUnavailableError
    """
    async with running_sandbox(SandboxOptions(warm=AT_ONCE, preload=PRELOADED)) as sandbox:
        yield SandboxedJudge(Judge(sandbox))
