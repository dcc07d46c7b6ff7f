"""What may be learned about a room beyond its document: live facts, trials, the task, a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ltt_collab.model.cells import Notebook
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.tasks import Fact, TaskBrief, Trial
from ltt_collab.model.validations import Verdict
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.kernels import Kernel

FRIENDLY_CAUSE = "friendly_traceback.cause()"
"""Asked for as an expression: the learner's last error as ``Name: value``, a blank line, and its cause in the words of
friendly-traceback. An error where the learner's environment does not have that package."""

MOST_EXPRESSIONS = 16
"""Expressions of one question; the rest is answered with an error."""

LONGEST_EXPRESSION = 500
"""Characters of one expression."""


class RoomInsight(Protocol):
    """Every room, as a tutor may look deeper into it; ``ports.tutor.TutorContext`` says what each answer means."""

    async def facts(self, room: RoomId, cell: CellId, expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        """Evaluate read-only expressions silently in the learner's kernel; {} when it may not.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def try_code(self, room: RoomId, cell: CellId, replacement: str) -> Trial:
        """Run the notebook up to that cell, with the cell's source replaced, in a scratch kernel of ours.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def task(self, room: RoomId, cell: CellId) -> TaskBrief | None:
        """The task that the cell belongs to; None when it is no task's.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...

    async def read_terminal(self, room: RoomId, cell: CellId) -> str:
        """The learner's terminal, where the task says that it is read; '' otherwise.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        ...


class TrialGround(Protocol):
    """What the classroom lends to a trial in a scratch kernel."""

    def files(self, at: TaskAt) -> Mapping[str, bytes]:
        """The task's data, by relative path; {} when there is no such task."""
        ...

    def memory_mib(self, at: TaskAt) -> int:
        """The task's memory limit, the default one when there is no such task."""
        ...

    async def visible_checks(self, at: TaskAt, kernel: Kernel, notebook: Notebook) -> Verdict:
        """The verdict on what ran in that kernel, by visible checks alone.

        Raises:
            UnknownTaskError, KernelError
        """
        ...


class NoInsight:
    """Knows nothing: for a service without kernels and courses."""

    async def facts(self, _room: RoomId, _cell: CellId, _expressions: Mapping[str, str]) -> Mapping[str, Fact]:
        """None."""
        return {}

    async def try_code(self, _room: RoomId, _cell: CellId, _replacement: str) -> Trial:
        """It cannot be tried here."""
        return Trial(output="", error="this service has no scratch kernels")

    async def task(self, _room: RoomId, _cell: CellId) -> TaskBrief | None:
        """None."""
        return None

    async def read_terminal(self, _room: RoomId, _cell: CellId) -> str:
        """Nothing."""
        return ""
