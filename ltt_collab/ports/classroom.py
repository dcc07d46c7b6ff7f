"""Courses, tasks, validation and progress, as rooms and doors reach them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Course, Task
from ltt_collab.model.ids import CourseId, RoomId, ServerId, SubmissionId, TaskId, Username, ValidationId
from ltt_collab.model.tasks import ReleasedCell, TaskBrief
from ltt_collab.model.validations import ValidationMode, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAt:
    """A task as it stands in a notebook: ``task`` of ``course``."""

    course: CourseId
    task: TaskId


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationRecord:
    """One validation as it is remembered; ``verdict`` None while it waits or runs. ``at``: Unix time in seconds.

    ``submission``: what it judges, None for a check without one.
    """

    id: ValidationId
    course: CourseId
    task: TaskId
    learner: Username
    mode: ValidationMode
    at: float
    verdict: Verdict | None = None
    submission: SubmissionId | None = None


class Checker(Protocol):
    """What a room asks of the classroom."""

    def task_of(self, notebook: Notebook, cell: str) -> TaskAt | None:
        """The task that a cell belongs to: by its own mark, else by the notebook's; None when it is no task's."""
        ...

    def tasks_in(self, notebook: Notebook) -> Sequence[TaskAt]:
        """Every taught task that a notebook holds, in the order of its cells."""
        ...

    def title(self, at: TaskAt) -> str:
        """The task's title, its id when it has none."""
        ...

    def brief(self, at: TaskAt, learner: Username) -> TaskBrief | None:
        """The task as the tutor may see it; None when there is no such task."""
        ...

    def reference(self, at: TaskAt) -> str:
        """The author's solution, for the gate's leak check only; '' without one."""
        ...

    async def check_live(
        self, server: ServerId, room: RoomId, notebook: Notebook, at: TaskAt, learner: Username
    ) -> Verdict:
        """Check a task in the learner's kernel and remember the verdict; never raises for a fault of the learner's."""
        ...


class RoomChecks(Protocol):
    """The checks of tasks as agents ask for them; ``by`` is the agent. Every check is in the audit."""

    async def check(self, room: RoomId, at: TaskAt, *, key: str, by: Username) -> ValidationRecord:
        """Check a task in that room, live, for its learner; ``key`` holds for this agent and room, '' for none.

        Raises:
            UnknownRoomError, RoomReadOnlyError, UnknownCourseError, UnknownTaskError, NotWorkingOnItError
        """
        ...


class Releases(Protocol):
    """What is taught now, as far as learners get it."""

    def released(self, at: TaskAt) -> Sequence[ReleasedCell]:
        """The cells of a task's notebook, in order; none for a task that is not taught."""
        ...

    def opened(self, at: TaskAt) -> None:
        """Somebody has a notebook of that task open: soon it is checked."""
        ...


class CoursePublishing(Protocol):
    """Changes what is taught."""

    async def publish(self, course: Course) -> bool:
        """Teach this version from now on, after a restart too; False when it was taught already.

        Raises:
            StoreUnavailableError
        """
        ...


class Classroom(Protocol):
    """What the doors (API, pages, MCP) ask of the classroom."""

    def courses(self) -> Sequence[Course]:
        """The published courses."""
        ...

    def task(self, course: CourseId, task: TaskId) -> Task:
        """One task.

        Raises:
            UnknownCourseError, UnknownTaskError
        """
        ...

    async def start_task(self, course: CourseId, task: TaskId, learner: Username) -> str:
        """Deliver the task's notebook as a new file (an existing one stays as it is); its path.

        Raises:
            UnknownCourseError, UnknownTaskError, DeliveryError
        """
        ...

    async def validate(
        self,
        course: CourseId,
        task: TaskId,
        learner: Username,
        mode: ValidationMode,
        *,
        key: str,
        room: RoomId | None = None,
    ) -> ValidationRecord:
        """Check a learner's open notebook; ``key`` makes a retry of what was judged the same validation.

        ``room``: that notebook, in its own kernel; None for the learner's own before one that they only visit.

        Raises:
            UnknownCourseError, UnknownTaskError, UnknownRoomError
            NotWorkingOnItError: no open notebook of theirs holds the task, or the given one does not.
        """
        ...

    async def validation(self, validation: ValidationId) -> ValidationRecord:
        """One validation.

        Raises:
            UnknownValidationError
        """
        ...
