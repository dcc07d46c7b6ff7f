"""What an agent may do in a room beyond suggesting: cells of its own, proposals, runs. Every act is in the audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.cells import CellType
from ltt_collab.model.ids import CellId, RoomId, Username
from ltt_collab.model.suggestions import Answer, Draft
from ltt_collab.ports.kernels import KernelInfo, KernelOutput, Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCell:
    """A cell that an agent wishes to have: ``after`` None puts it at ``index``, and ``index`` None at the end.

    ``about``: the learner's cell that it is for, if any; with ``expected_hash`` that cell must still be so.
    ``key``: a retry with the same key finds the cell that is there already; '' for none.
    """

    source: str
    type: CellType = CellType.CODE
    after: CellId | None = None
    index: int | None = None
    about: CellId | None = None
    expected_hash: str | None = None
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A cell after a write: its index (0-based over all cells) and fingerprint. ``fresh``: this very call wrote it."""

    cell_id: CellId
    index: int
    hash: str
    fresh: bool = True


class RoomEditing(Protocol):
    """The rooms as agents write in them; ``by`` is the agent, who may change what it wrote itself.

    Every method may raise ``UnknownRoomError`` and ``RoomReadOnlyError`` (not joined, sent away, or nobody is there).
    """

    async def insert(self, room: RoomId, new: NewCell, *, by: Username) -> Written:
        """Put a cell of the agent's into the notebook.

        Raises:
            UnknownCellError, ConflictError, LeakError
        """
        ...

    async def rewrite(self, room: RoomId, cell: CellId, source: str, expected_hash: str, *, by: Username) -> Written:
        """Give a cell of the agent's own another source; a learner's only where the operator allows it.

        Raises:
            UnknownCellError, ConflictError, NotOursError, CellOccupiedError, LeakError
        """
        ...

    async def delete(self, room: RoomId, cell: CellId, *, by: Username) -> None:
        """Delete a cell of the agent's own that nobody else changed.

        Raises:
            UnknownCellError, NotOursError, CellOccupiedError
        """
        ...

    async def propose(self, room: RoomId, draft: Draft) -> Answer:
        """Put a draft of the agent's before the gate and, if it passes, show it.

        Raises:
            UnknownCellError
        """
        ...

    async def undo(self, room: RoomId, *, by: Username, most: int | None = None) -> Sequence[CellId]:
        """Take back the agent's latest writes (None: all of them); the cells that changed, latest first.

        What somebody else changed since stays as it is.
        """
        ...

    async def point(self, room: RoomId, cell: CellId, line: int, expected_hash: str, *, by: Username) -> None:
        """Select a line (1-based) of a cell in our colour; no letter changes.

        Raises:
            UnknownCellError, ConflictError
        """
        ...


class RoomRunning(Protocol):
    """The kernels of the rooms as agents use them; ``by`` is the agent."""

    def execute(
        self, room: RoomId, code: str, *, limits: Limits, cell: CellId | None = None, by: Username
    ) -> AsyncIterator[KernelOutput]:
        """Run code in the notebook's kernel after what runs there already; ``Begun``, its outputs, ``Finished``.

        ``cell``: a cell of the agent's own, which shows the run as if the learner had run it.

        Raises:
            UnknownRoomError, RoomReadOnlyError, UnknownCellError, NotOursError
            KernelError: no kernel, busy for all of the time, timed out (interrupted by us), died, unreachable.
            LeakError: after all of it; what the cell would show gives a solution away, and was withheld from it.
        """
        ...

    def execute_aside(self, room: RoomId, code: str, *, limits: Limits, by: Username) -> AsyncIterator[KernelOutput]:
        """Run code in a fresh kernel of our sandbox, which ends with the run; an agent has few of them at once.

        Raises:
            UnknownRoomError, SandboxUnavailableError
            KernelError: also busy, when no turn came within the time.
        """
        ...

    async def kernel(self, room: RoomId) -> KernelInfo | None:
        """The notebook's kernel; None when it has none.

        Raises:
            UnknownRoomError, KernelUnreachableError
        """
        ...

    async def interrupt(self, room: RoomId, *, by: Username) -> None:
        """Stop what runs there.

        Raises:
            UnknownRoomError, RoomReadOnlyError, KernelError
        """
        ...

    async def restart(self, room: RoomId, *, by: Username) -> None:
        """Restart the kernel: its variables are gone.

        Raises:
            UnknownRoomError, RoomReadOnlyError, KernelError
        """
        ...
