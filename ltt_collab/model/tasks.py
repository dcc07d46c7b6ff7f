"""What leaves the service of a task: what is released of it, what a tutor may know; nothing of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ltt_collab.model.cells import CellType
from ltt_collab.model.courses import TaskRole
from ltt_collab.model.ids import CellId, CourseId, TaskId
from ltt_collab.model.text import source_hash
from ltt_collab.model.validations import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskBrief:
    """A task as the tutor sees it: ``text`` as released, the author's hints, the last verdict on visible checks."""

    course: CourseId
    id: TaskId
    title: str
    text: str
    hints: tuple[str, ...] = ()
    reads_terminal: bool = False
    last_verdict: Verdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedCell:
    """One cell of a task's notebook as learners get it."""

    id: CellId
    type: CellType
    role: TaskRole
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveredCell:
    """What a notebook remembers of a cell that was released to it: ``hash`` of its source then, '' for a work cell.

    ``id``: of the cell in that notebook, which a newer release may know under another.
    """

    id: CellId
    type: CellType
    role: TaskRole
    hash: str = ""

    @classmethod
    def of(cls, cell: ReleasedCell, id: CellId | None = None) -> Self:
        """The cell as it is released, under its own id or another."""
        known = source_hash(cell.source) if cell.role is TaskRole.TASK else ""
        return cls(id=cell.id if id is None else id, type=cell.type, role=cell.role, hash=known)

    @classmethod
    def from_metadata(cls, entry: object) -> Self | None:
        """Read one entry of ``metadata.ltt_task.cells``; None when it cannot be read."""
        if not isinstance(entry, Mapping):
            return None
        try:
            return cls(
                id=CellId(str(entry["id"])),
                type=CellType(entry["type"]),
                role=TaskRole(entry["role"]),
                hash=str(entry.get("hash", "")),
            )
        except (KeyError, ValueError, TypeError):
            return None

    def as_metadata(self) -> dict[str, Any]:
        """The entry as it is written into the notebook."""
        entry = {"id": self.id, "type": self.type.value, "role": self.role.value}
        return entry | ({"hash": self.hash} if self.hash else {})

    @property
    def content(self) -> tuple[TaskRole, CellType, str]:
        """What it is, whatever its id."""
        return self.role, self.type, self.hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a read-only expression gave in a kernel: its ``text``, or the ``error`` that it raised."""

    text: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What happened when code was tried in a scratch kernel, away from the learner.

    ``passed``: whether the task's visible checks pass then; None without a task. ``error``: how it failed, '' if not.
    """

    output: str
    error: str
    passed: bool | None = None
