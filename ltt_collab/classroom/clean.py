"""Checks what was handed in from the top: in a fresh kernel on its learner's server, or in a sandbox of ours."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import anyio
import structlog

from ltt_collab.classroom.verdicts import unjudged
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Compared, Task
from ltt_collab.model.errors import DeliveryError, KernelError, TerminalError
from ltt_collab.model.ids import RoomId, ServerId
from ltt_collab.model.nbformat import read_notebook
from ltt_collab.model.validations import CleanPlace, Outcome, ValidationMode, Verdict
from ltt_collab.ports.files import LearnerFiles
from ltt_collab.ports.kernels import Kernel, KernelServer
from ltt_collab.ports.learning import SubmissionRecord
from ltt_collab.ports.terminals import Terminals

log = structlog.get_logger(__name__)

PATIENCE: Final = 10.0
"""Seconds for a server to be found: a service that has just started is about to find it."""

LOOK_EVERY: Final = 0.25

KERNEL: Final = "python3"
"""The kernel of a notebook that is not open."""

NOT_REACHED: Final = "this task is checked with the files on your server, which cannot be reached; hand in again later"

TERMINALS_READ: Final = 3
"""The latest ones of a learner's: who has more open works in one of these."""


class FreshJudge(Protocol):
    """Runs a notebook from the top and checks its task; every fault is a verdict."""

    async def check_clean(
        self,
        task: Task,
        notebook: Notebook,
        *,
        kernel: Kernel | None = None,
        terminals: str = "",
        files: Mapping[str, bytes] | None = None,
    ) -> Verdict:
        """In that kernel, where fixed hidden checks are skipped; None: in the sandbox, with these files."""
        ...


class LearnerServers(Protocol):
    """How learners' servers are reached; None where one is not connected."""

    def kernels(self, server: ServerId) -> KernelServer | None:
        """A server's kernels."""
        ...

    def terminals(self, server: ServerId) -> Terminals | None:
        """A server's terminals."""
        ...

    def files(self, server: ServerId) -> LearnerFiles | None:
        """A server's files."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where a notebook lies."""

    server: ServerId
    path: str

    @property
    def folder(self) -> str:
        """Its folder, '' for the server's root."""
        return self.path.rpartition("/")[0]


class CleanChecks:
    """Chooses where each notebook is checked.

    Invariants:
        1. A task with fixed hidden checks is checked in our sandbox, with the learner's files, so that none of its
           checks is skipped; so is every task by the setting.
        2. A kernel that was started on a learner's server is ended before the verdict is given.
        3. A check of a file is never failed because we could not reach the file.
    """

    def __init__(
        self,
        judge: FreshJudge,
        servers: LearnerServers,
        home_of: Callable[[RoomId], Awaitable[Home | None]],
        *,
        place: CleanPlace = CleanPlace.LEARNER,
    ) -> None:
        """``home_of``: where a room's notebook is, or was when it was last open."""
        self._judge, self._servers, self._home_of, self._place = judge, servers, home_of, place

    async def check_clean(self, task: Task, handed: SubmissionRecord) -> Verdict:
        """The verdict on what was handed in.

        Raises:
            InvalidNotebookError
        """
        began = time.monotonic()
        notebook = read_notebook(handed.notebook, f"{task.id}.ipynb")
        home = None if handed.room is None else await self._home_of(handed.room)
        kernels = None if home is None else await self._kernels(home.server)
        try:
            if home is None or kernels is None:
                raise DeliveryError("the files of this task", "the server cannot be reached")
            shown = await read_terminals(self._servers.terminals(home.server)) if task.reads_terminal else ""
            if self._place is CleanPlace.LEARNER and not _needs_sandbox(task):  # invariant 1
                verdict = await self._on_server(task, notebook, kernels, home, shown)
                if verdict is not None:
                    return verdict
            files = await self._files(home)
        except DeliveryError as error:
            log.warning("a submission's server or files not reached", submission=handed.id, reason=str(error))
            if _needs_files(task):  # invariant 3
                return unjudged(task, ValidationMode.CLEAN, Outcome.NO_KERNEL, NOT_REACHED, began)
            files, shown = {}, ""
        return await self._judge.check_clean(task, notebook, terminals=shown, files=files)

    async def _on_server(
        self, task: Task, notebook: Notebook, kernels: KernelServer, home: Home, shown: str
    ) -> Verdict | None:
        """The verdict from a fresh kernel beside the notebook; None when none can be had there."""
        try:
            running = await kernels.kernel_of(home.path)
            name = running.name if running is not None and running.name else KERNEL
            async with kernels.start(name, folder=home.folder) as kernel:  # invariant 2
                return await self._judge.check_clean(task, notebook, kernel=kernel, terminals=shown)
        except KernelError as error:
            log.warning("no kernel for a submission on its server", server=home.server, reason=str(error))
            return None

    async def _kernels(self, server: ServerId) -> KernelServer | None:
        """The server's kernels, waited for."""
        with anyio.move_on_after(PATIENCE):
            while True:
                found = self._servers.kernels(server)
                if found is not None:
                    return found
                await anyio.sleep(LOOK_EVERY)
        return None

    async def _files(self, home: Home) -> Mapping[str, bytes]:
        files = self._servers.files(home.server)
        return {} if files is None else await files.below(home.folder)


def _needs_sandbox(task: Task) -> bool:
    return any(check.hidden and not check.generate for check in task.checks)


def _needs_files(task: Task) -> bool:
    return any(check.compared is Compared.FILE for check in task.checks)


async def read_terminals(terminals: Terminals | None) -> str:
    """What the latest terminals show, oldest first; one that cannot be read shows nothing."""
    try:
        names = [] if terminals is None else await terminals.names()
        texts = [] if terminals is None else [await terminals.read(name) for name in names[-TERMINALS_READ:]]
    except TerminalError as error:
        log.info("terminal not read for a check", reason=type(error).__name__)
        return ""
    return "\n".join(texts)
