"""Puts the hints that instructors keep into the ladders of their tasks."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import structlog
import yaml

from ltt_collab.model.errors import StoreUnavailableError
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.hints import HintStore, KeptHint
from ltt_collab.ports.privacy import AuditEntry, AuditStore

log = structlog.get_logger(__name__)

AuthorsHints = Callable[[TaskAt], tuple[str, ...]]


class KeptHints:
    """Implements ``ports.hints.HintKeeping``.

    Invariants:
        1. A course's own files and its published form never change.
        2. What is kept holds in this process at once, and after a restart.
    """

    def __init__(self, store: HintStore, audit: AuditStore, clock: Clock, authors: AuthorsHints) -> None:
        """``authors``: the ladder of a task as its author wrote it."""
        self._store, self._audit, self._clock, self._authors = store, audit, clock, authors
        self._kept: dict[TaskAt, dict[int, KeptHint]] = {}

    async def recall(self) -> None:
        """Look up what was kept.

        Raises:
            StoreUnavailableError
        """
        self._kept = {}
        for hint in await self._store.all():
            self._kept.setdefault(_at(hint), {})[hint.rung] = hint

    def ladder(self, at: TaskAt) -> tuple[str, ...]:
        """The task's hints, weakest first; a kept one beyond the author's last follows right on it."""
        hints = list(self._authors(at))
        for rung, kept in sorted(self._kept.get(at, {}).items()):
            hints[rung - 1 : rung] = [kept.text]
        return tuple(hints)

    # ports.hints.HintKeeping

    async def keep(self, hint: KeptHint) -> None:
        """The ladder of that task has it from now on.

        Raises:
            StoreUnavailableError
        """
        await self._store.save(hint)
        self._kept.setdefault(_at(hint), {})[hint.rung] = hint  # invariant 2
        await self._note("hint.kept", hint.course, hint.task, by=hint.by, detail=f"level {hint.rung}")

    async def forget(self, course: CourseId, task: TaskId, rung: int, *, by: Username) -> bool:
        """The author's own hint of that rung holds again.

        Raises:
            StoreUnavailableError
        """
        was = await self._store.remove(course, task, rung)
        self._kept.get(TaskAt(course=course, task=task), {}).pop(rung, None)
        if was:
            await self._note("hint.forgotten", course, task, by=by, detail=f"level {rung}")
        return was

    def of_course(self, course: CourseId) -> Sequence[KeptHint]:
        """Those of a course, by task and rung."""
        found = [hint for at, hints in self._kept.items() if at.course == course for hint in hints.values()]
        return sorted(found, key=lambda hint: (hint.task, hint.rung))

    def as_yaml(self, course: CourseId) -> str:
        """They as the ``hints.yaml`` of each task: its whole ladder, for its author to take over."""
        tasks = sorted(at.task for at, hints in self._kept.items() if at.course == course and hints)
        pieces = []
        for task in tasks:
            ladder = list(self.ladder(TaskAt(course=course, task=task)))
            said = yaml.safe_dump({"hints": ladder}, allow_unicode=True, sort_keys=False, width=100)
            pieces.append(f"# hints.yaml of the task {task}\n{said}")
        return "---\n".join(pieces)

    async def _note(self, action: str, course: CourseId, task: TaskId, *, by: Username, detail: str) -> None:
        entry = AuditEntry(
            id=f"a-{secrets.token_hex(8)}",
            at=self._clock.now(),
            actor=by,
            action=action,
            subject=f"{course}/{task}",
            detail=detail,
        )
        try:
            await self._audit.append(entry)
        except StoreUnavailableError as error:
            log.error("act not audited", action=action, reason=str(error))  # noqa: TRY400 - its message says all


def _at(hint: KeptHint) -> TaskAt:
    return TaskAt(course=hint.course, task=hint.task)
