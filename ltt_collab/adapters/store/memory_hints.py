"""Kept hints, in memory."""

from __future__ import annotations

from collections.abc import Sequence

from ltt_collab.model.ids import CourseId, TaskId
from ltt_collab.ports.hints import KeptHint


class MemoryHints:
    """``HintStore`` in memory."""

    def __init__(self) -> None:
        self._hints: dict[tuple[CourseId, TaskId, int], KeptHint] = {}

    async def save(self, hint: KeptHint) -> None:
        """Insert, in place of the one of the same rung."""
        self._hints[hint.course, hint.task, hint.rung] = hint

    async def remove(self, course: CourseId, task: TaskId, rung: int) -> bool:
        """Forget it; False when there is none."""
        return self._hints.pop((course, task, rung), None) is not None

    async def all(self) -> Sequence[KeptHint]:
        """All of them, by course, task and rung."""
        return [self._hints[key] for key in sorted(self._hints)]
