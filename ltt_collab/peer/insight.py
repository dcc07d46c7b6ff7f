"""Looks deeper into a room than its document: the learner's kernel, a scratch kernel, the task, a terminal."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import anyio
import structlog

from ltt_collab.model.cells import CellType, Notebook
from ltt_collab.model.courses import MEMORY_MIB
from ltt_collab.model.errors import (
    KernelError,
    KernelTimeoutError,
    SandboxUnavailableError,
    TerminalError,
    UnknownCellError,
)
from ltt_collab.model.ids import CellId, RoomId, ServerId, Username
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.peer.read_only import LONGEST_ANSWER, as_read_only
from ltt_collab.peer.trials import run_trial
from ltt_collab.ports.classroom import Checker, TaskAt
from ltt_collab.ports.directory import RoomDirectory, RoomInfo
from ltt_collab.ports.insight import FRIENDLY_CAUSE, MOST_EXPRESSIONS, TrialGround
from ltt_collab.ports.kernels import Evaluated, Kernel, KernelServer, Sandbox
from ltt_collab.ports.terminals import Terminals

log = structlog.get_logger(__name__)

FACTS_SECONDS = 1.0
"""For all expressions of one question: a learner who runs the next cell waits for it."""

EXPLAINED_SECONDS = 3.0
"""For friendly-traceback: the first time it is imported, in half a second on an idle machine."""

ANSWER_SECONDS = 4.0
"""For a kernel to be found, reached and asked; a server that takes longer has better things to do."""

LONGEST_TRIAL = 25.0
"""For a trial with its checks; who asks over HTTP waits for 30 s."""

PYTHON = "python"

_HAS_RUN = "ltt: has run"
_COUNT = "__import__('IPython').get_ipython().execution_count > 1"
"""Whether somebody ran anything in this very process: our own questions are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where insight comes from; what is None is not there, and the answers say so.

    ``kernels`` and ``terminals``: of a server, None where we have no access.
    """

    directory: RoomDirectory
    kernels: Callable[[ServerId], KernelServer | None]
    terminals: Callable[[ServerId], Terminals | None] = lambda _server: None
    checker: Checker | None = None
    sandbox: Sandbox | None = None
    ground: TrialGround | None = None


class Insight:
    """Implements ``ports.insight.RoomInsight``.

    Invariants:
        1. Nothing reaches a learner's kernel that is not known to read only, nor before a run of the learner's.
        2. A kernel that is busy, gone or of another language is no error of the asker's: there are no facts then.
        3. A terminal is read only where the task says that it is.
        4. Each look is logged, without the learner's text.
    """

    def __init__(self, sources: Sources) -> None:
        self._from = sources

    async def facts(self, room: RoomId, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        """Evaluate read-only expressions silently in the learner's kernel; {} when it may not.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        info, notebook = await self._look_at(room, cell)
        if notebook.language != PYTHON or not _was_run(notebook):  # invariants 1, 2
            return {}
        facts, asked = _sorted_out(expressions)
        if asked:
            told = None
            try:
                with anyio.move_on_after(ANSWER_SECONDS):
                    told = await self._ask(info, asked)
            except KernelTimeoutError as error:
                told = dict.fromkeys(asked, Fact(error=str(error)))
            except KernelError as error:
                log.info("no facts", room=room, cell_id=cell, reason=type(error).__name__)
                return {}
            if told is None:
                return {}
            facts |= told
        log.info("facts told", room=room, cell_id=cell, asked=len(asked))  # invariant 4
        return {name: facts[name] for name in expressions if name in facts}

    async def try_code(self, room: RoomId, cell: CellId, replacement: str) -> Trial:
        """Run the notebook up to that cell, with the cell's source replaced, in a scratch kernel of ours.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        _info, notebook = await self._look_at(room, cell)
        sandbox, ground = self._from.sandbox, self._from.ground
        if sandbox is None:
            return Trial(output="", error="this service has no scratch kernels; nothing was tried")
        if notebook.language != PYTHON:
            return Trial(output="", error=f"a {notebook.language} notebook cannot be tried, only a Python one")
        at = self._task_at(notebook, cell)
        files: Mapping[str, bytes] = {}
        memory = MEMORY_MIB
        if at is not None and ground is not None:
            files, memory = ground.files(at), ground.memory_mib(at)
        trial = Trial(output="", error=f"it took longer than {LONGEST_TRIAL:g} s and was stopped")
        try:
            with anyio.move_on_after(LONGEST_TRIAL):
                async with sandbox.kernel(files, memory_mib=memory) as kernel:
                    trial = await self._try(kernel, _with_source(notebook, cell, replacement), cell, at)
        except (KernelError, SandboxUnavailableError) as error:
            trial = Trial(output="", error=str(error))
        log.info("code tried", room=room, cell_id=cell)  # invariant 4
        return trial

    async def _try(self, kernel: Kernel, tried: Notebook, cell: CellId, at: TaskAt | None) -> Trial:
        went = await run_trial(kernel, tried, cell)
        if at is None or self._from.ground is None or not went.ended:
            return went.trial
        verdict = await self._from.ground.visible_checks(at, kernel, tried)
        return replace(went.trial, passed=verdict.passed)

    async def task(self, room: RoomId, cell: CellId) -> TaskBrief | None:
        """The task that the cell belongs to; None when it is no task's.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        info, notebook = await self._look_at(room, cell)
        at = self._task_at(notebook, cell)
        if at is None or self._from.checker is None:
            return None
        return self._from.checker.brief(at, info.learner or Username(""))

    async def read_terminal(self, room: RoomId, cell: CellId) -> str:
        """The learner's latest terminal, where the task says that it is read; '' otherwise.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        brief = await self.task(room, cell)
        terminals = self._from.terminals(self._from.directory.find(room).server)
        if brief is None or not brief.reads_terminal or terminals is None:  # invariant 3
            return ""
        try:
            names = await terminals.names()
            text = await terminals.read(names[-1]) if names else ""
        except TerminalError as error:
            log.info("terminal not read", room=room, reason=type(error).__name__)
            return ""
        log.info("terminal read", room=room, cell_id=cell)
        return text

    async def _ask(self, info: RoomInfo, asked: Mapping[str, str]) -> dict[str, Fact] | None:
        """What the notebook's kernel says; None when it has none, or nobody ran anything in it."""
        kernels = self._from.kernels(info.server)
        found = None if kernels is None else await kernels.kernel_of(info.path)
        if kernels is None or found is None:
            return None
        kernel = await kernels.connect(found.id)
        seconds = EXPLAINED_SECONDS if as_read_only(FRIENDLY_CAUSE) in asked.values() else FACTS_SECONDS
        told = await kernel.evaluate({_HAS_RUN: _COUNT, **asked}, seconds=seconds)
        ran = told.get(_HAS_RUN)
        if ran is None or ran.text != "True":
            return None
        return {name: _fact(told[name]) for name in asked if name in told}

    async def _look_at(self, room: RoomId, cell: CellId) -> tuple[RoomInfo, Notebook]:
        info = self._from.directory.find(room)
        notebook = await self._from.directory.snapshot(info.id)
        if notebook.cell(cell) is None:
            raise UnknownCellError(cell)
        return info, notebook

    def _task_at(self, notebook: Notebook, cell: CellId) -> TaskAt | None:
        return None if self._from.checker is None else self._from.checker.task_of(notebook, cell)


def _was_run(notebook: Notebook) -> bool:
    return any(cell.execution_count is not None for cell in notebook.cells if cell.type is CellType.CODE)


def _sorted_out(expressions: Mapping[str, str]) -> tuple[dict[str, Fact], dict[str, str]]:
    """What is refused, and what is asked, each by its name."""
    refused: dict[str, Fact] = {}
    asked: dict[str, str] = {}
    for name, expression in expressions.items():
        try:
            if len(asked) >= MOST_EXPRESSIONS:
                raise ValueError(f"more than {MOST_EXPRESSIONS} expressions are not asked at once")
            asked[name] = as_read_only(expression)
        except ValueError as error:
            refused[name] = Fact(error=f"not asked: {error}")
    return refused, asked


def _fact(told: Evaluated) -> Fact:
    if told.raised:
        said = f"{told.error_name}: {told.error_value}" if told.error_value else told.error_name
        return Fact(error=said[:LONGEST_ANSWER])
    try:
        text = ast.literal_eval(told.text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        text = None
    if not isinstance(text, str):
        return Fact(error="the kernel's answer cannot be read")
    return Fact(text=text if len(text) <= LONGEST_ANSWER else text[: LONGEST_ANSWER - 1] + "…")


def _with_source(notebook: Notebook, cell: CellId, source: str) -> Notebook:
    cells = tuple(replace(each, source=source) if each.id == cell else each for each in notebook.cells)
    return replace(notebook, cells=cells)
