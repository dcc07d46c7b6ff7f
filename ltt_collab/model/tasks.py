"""What a tutor may know of the task that a learner is at: nothing of the reference or of hidden checks."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.model.ids import CourseId, TaskId
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
