"""One learner's tasks and progress, as the drawer shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ltt_collab.model.courses import Course, Task
from ltt_collab.model.errors import UnknownRoomError
from ltt_collab.model.ids import CellId, RoomId, ServerId, Username
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.directory import RoomInfo
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress
from ltt_collab.web.live.cards import TaskState
from ltt_collab.web.policy import Visitor
from ltt_collab.web.stage import Stage

NOBODY = Username("")
"""A login of a single server before its rooms have shown whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """One check; a hidden one tells no more than how it went."""

    name: str
    hidden: bool
    state: TaskState


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """One task; ``path`` and ``cell``: where it is open now, '' where it is not."""

    task: Task
    state: TaskState
    earned: float
    checks: Sequence[CheckLine]
    path: str = ""
    cell: CellId = CellId("")
    is_next: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawer:
    """A course for one learner."""

    course: Course
    lines: Sequence[TaskLine]
    learner: Username

    @property
    def passed(self) -> int:
        """How many tasks are passed."""
        return sum(line.state is TaskState.PASSED for line in self.lines)


def learner_of(stage: Stage, visitor: Visitor) -> Username:
    """Who learns here: by name; on a single server whoever was active last, in an earlier life of ours if need be."""
    named = visitor.sight.principal.name
    if named or not stage.one_learner:
        return named
    rooms = [info for info in stage.directory.rooms() if info.learner is not None]
    latest = max(rooms, key=lambda info: info.last_seq, default=None)
    return latest.learner if latest is not None and latest.learner is not None else stage.recollection.learner


async def drawer_of(stage: Stage, course: Course, learner: Username) -> Drawer:
    """The course's tasks with how far the learner is.

    Raises:
        StoreUnavailableError
    """
    rows = await stage.school.progress.of_learner(course.id, learner) if learner else ()
    known = {(row.task, row.check): row for row in rows}
    opened = _opened(stage, learner)
    lines: list[TaskLine] = []
    for task in course.tasks:
        whole = known.get((task.id, WHOLE_TASK))
        checks = [
            CheckLine(name=check.name, hidden=check.hidden, state=_state(known.get((task.id, check.name))))
            for check in task.checks
        ]
        path, cell = opened.get(TaskAt(course=course.id, task=task.id), ("", CellId("")))
        state = _state(whole)
        following = state is not TaskState.PASSED and not any(line.is_next for line in lines)
        earned = 0.0 if whole is None else whole.best_score
        lines.append(
            TaskLine(task=task, state=state, earned=earned, checks=checks, path=path, cell=cell, is_next=following)
        )
    return Drawer(course=course, lines=lines, learner=learner)


def server_of(stage: Stage, learner: Username) -> ServerId | None:
    """Where the learner's rooms are."""
    return next((info.server for info in stage.directory.rooms() if info.learner == learner), None)


def _opened(stage: Stage, learner: Username) -> dict[TaskAt, tuple[str, CellId]]:
    """Where each task is open now."""
    wall, found = stage.feed.wall, {}
    for room in wall.rooms_of(learner) if learner else ():
        sheet, info = wall.sheet(room), _info(stage, room)
        if sheet is None or info is None:
            continue
        for at in sheet.tasks(stage.feed.resolve):
            found[at] = (info.path, sheet.cell_for(at, stage.feed.resolve) or CellId(""))
    return found


def _info(stage: Stage, room: RoomId) -> RoomInfo | None:
    try:
        return stage.directory.find(room)
    except UnknownRoomError:
        return None


def _state(row: CheckProgress | None) -> TaskState:
    if row is None:
        return TaskState.NONE
    if row.last_passed:
        return TaskState.PASSED
    return TaskState.FAILING if row.attempts else TaskState.BEGUN
