"""Hints that instructors keep for a task, beside the author's own; course files stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.ids import CourseId, TaskId, Username


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHint:
    """The hint of one rung of a task's ladder, from 1; it stands in the place of the author's own of that rung."""

    course: CourseId
    task: TaskId
    rung: int
    text: str
    by: Username
    at: float


class HintStore(Protocol):
    """Kept hints, one a rung; every method raises ``StoreUnavailableError`` when the database cannot answer."""

    async def save(self, hint: KeptHint) -> None:
        """Insert, in place of the one of the same rung."""
        ...

    async def remove(self, course: CourseId, task: TaskId, rung: int) -> bool:
        """Forget it; False when there is none."""
        ...

    async def all(self) -> Sequence[KeptHint]:
        """All of them, by course, task and rung."""
        ...


class HintKeeping(Protocol):
    """What doors ask about kept hints; every change is in the audit."""

    async def keep(self, hint: KeptHint) -> None:
        """The tutor's ladder of that task has it from now on.

        Raises:
            StoreUnavailableError
        """
        ...

    async def forget(self, course: CourseId, task: TaskId, rung: int, *, by: Username) -> bool:
        """The author's own hint of that rung holds again; False when none was kept.

        Raises:
            StoreUnavailableError
        """
        ...

    def of_course(self, course: CourseId) -> Sequence[KeptHint]:
        """Those of a course, by task and rung."""
        ...

    def as_yaml(self, course: CourseId) -> str:
        """They as the ``hints.yaml`` of each task: its whole ladder, for its author to take over."""
        ...


class NoKeptHints:
    """A ``HintKeeping`` that keeps nothing."""

    async def keep(self, hint: KeptHint) -> None:
        """There is nowhere to keep it."""
        raise NotImplementedError

    async def forget(self, _course: CourseId, _task: TaskId, _rung: int, *, by: Username) -> bool:  # noqa: ARG002
        """None was kept."""
        return False

    def of_course(self, _course: CourseId) -> Sequence[KeptHint]:
        """None."""
        return ()

    def as_yaml(self, _course: CourseId) -> str:
        """Nothing."""
        return ""
