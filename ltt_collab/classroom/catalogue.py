"""The published courses, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ltt_collab.curriculum.releases import released_cells, released_text
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Course, Task
from ltt_collab.model.errors import UnknownCourseError, UnknownTaskError
from ltt_collab.model.ids import CourseId, TaskId
from ltt_collab.model.tasks import ReleasedCell
from ltt_collab.ports.classroom import TaskAt


class Catalogue:
    """The latest version of each course.

    Invariants:
        1. A cell belongs to one task at most: its own mark's, else that of the nearest marked cell above it.
    """

    def __init__(self, courses: Iterable[Course] = ()) -> None:
        self._courses: dict[CourseId, Course] = {}
        self._texts: dict[TaskAt, str] = {}
        self._released: dict[TaskAt, Sequence[ReleasedCell]] = {}
        for course in courses:
            self.publish(course)

    def publish(self, course: Course) -> None:
        """Teach this version from now on."""
        self._courses[course.id] = course
        self._texts.clear()
        self._released.clear()

    def withdraw(self, course: CourseId) -> None:
        """Teach it no more."""
        self._courses.pop(course, None)
        self._texts.clear()
        self._released.clear()

    def courses(self) -> Sequence[Course]:
        """The courses, by id."""
        return [self._courses[course] for course in sorted(self._courses)]

    def course(self, course: CourseId) -> Course:
        """One course.

        Raises:
            UnknownCourseError
        """
        found = self._courses.get(course)
        if found is None:
            raise UnknownCourseError(course)
        return found

    def task(self, course: CourseId, task: TaskId) -> Task:
        """One task.

        Raises:
            UnknownCourseError, UnknownTaskError
        """
        found = self.course(course).task(task)
        if found is None:
            raise UnknownTaskError(course, task)
        return found

    def find(self, at: TaskAt) -> Task | None:
        """The task that stands there, if it is taught."""
        course = self._courses.get(at.course)
        return None if course is None else course.task(at.task)

    def text(self, at: TaskAt) -> str:
        """The task's instructions as released; '' for one that is not taught."""
        if at not in self._texts:
            task = self.find(at)
            self._texts[at] = "" if task is None else released_text(task)
        return self._texts[at]

    def released(self, at: TaskAt) -> Sequence[ReleasedCell]:
        """The cells that learners get of a task, in order; none for one that is not taught."""
        if at not in self._released:
            task = self.find(at)
            self._released[at] = () if task is None else released_cells(task)
        return self._released[at]

    def task_of(self, notebook: Notebook, cell: str) -> TaskAt | None:
        """The taught task that a cell belongs to (invariant 1)."""
        found: TaskAt | None = None
        for each in notebook.cells:
            if each.task is not None:
                found = self._at(each.task.course, each.task.task) or found
            if each.id == cell:
                return found
        return None

    def tasks_in(self, notebook: Notebook) -> Sequence[TaskAt]:
        """Every taught task that a notebook holds, in the order of its cells."""
        found = [self._at(cell.task.course, cell.task.task) for cell in notebook.cells if cell.task is not None]
        return list(dict.fromkeys(at for at in found if at is not None))

    def _at(self, course: CourseId, task: TaskId) -> TaskAt | None:
        if course:
            at = TaskAt(course=course, task=task)
            return at if self.find(at) is not None else None
        # A tag may name the task alone: the one course that has it is meant.
        having = [known.id for known in self._courses.values() if known.task(task) is not None]
        return TaskAt(course=having[0], task=task) if len(having) == 1 else None
