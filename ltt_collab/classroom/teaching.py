"""The classroom of one service: what rooms and doors ask of it."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from ltt_collab.classroom.catalogue import Catalogue
from ltt_collab.classroom.delivery import deliver
from ltt_collab.model.cells import Notebook
from ltt_collab.model.courses import Course, Task
from ltt_collab.model.errors import NotWorkingOnItError, StoreUnavailableError, UnknownValidationError
from ltt_collab.model.ids import CourseId, RoomId, ServerId, SubmissionId, TaskId, Username, ValidationId
from ltt_collab.model.nbformat import write_notebook
from ltt_collab.model.tasks import TaskBrief
from ltt_collab.model.validations import NOT_JUDGED, ValidationMode, Verdict
from ltt_collab.ports.classroom import TaskAt, ValidationRecord
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.directory import RoomDirectory, RoomInfo
from ltt_collab.ports.files import LearnerFiles
from ltt_collab.ports.learning import ProgressStore, SubmissionRecord, SubmissionStore, ValidationStore

log = structlog.get_logger(__name__)

VERDICTS_KEPT = 5_000
"""Latest verdicts remembered, one a learner and task; a forgotten one is made anew by the next check."""

KEY_BYTES = 8
"""Random bytes in the key of a live check that nobody may repeat."""


class LiveJudge(Protocol):
    """Checks a task in the kernel of an open notebook."""

    async def check_live(self, server: ServerId, notebook: Notebook, task: Task) -> Verdict:
        """The verdict; a fault of the learner's, or of the kernel, is one too."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Where the classroom keeps what happened."""

    validations: ValidationStore
    progress: ProgressStore
    submissions: SubmissionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """What the classroom works with.

    ``files``: of a server, None where it cannot be reached. ``server_of``: where a learner's server is, None for one
    who has none. ``submitted`` is called when a clean validation waits. ``ladder``: a task's hints, with those
    that instructors keep; () where nobody keeps any. ``visited``: the rooms that somebody is in now,
    be they the first there or not.
    """

    directory: RoomDirectory
    judge: LiveJudge
    records: Records
    files: Callable[[ServerId], LearnerFiles | None]
    server_of: Callable[[Username], ServerId | None]
    clock: Clock
    submitted: Callable[[], None] = lambda: None
    ladder: Callable[[TaskAt], tuple[str, ...]] = lambda _at: ()
    visited: Callable[[Username], Collection[RoomId]] = lambda _learner: ()


class Teaching:
    """Implements ``ports.classroom.Checker`` and ``ports.classroom.Classroom``.

    Invariants:
        1. The reference and hidden checks leave it only towards the gate and the judge.
        2. A verdict that says nothing about the learner's work is not kept.
        3. A key is spent by a verdict that judged something: until then each call with it checks anew.
        4. A learner is judged by a notebook that is theirs, or that they are in; by their own first.
    """

    def __init__(self, catalogue: Catalogue, premises: Premises) -> None:
        self._catalogue, self._with = catalogue, premises
        self._latest: OrderedDict[tuple[Username, TaskAt], Verdict] = OrderedDict()

    # ports.classroom.Checker

    def task_of(self, notebook: Notebook, cell: str) -> TaskAt | None:
        """The task that a cell belongs to: by its own mark, else that of the nearest marked cell above it."""
        return self._catalogue.task_of(notebook, cell)

    def tasks_in(self, notebook: Notebook) -> Sequence[TaskAt]:
        """Every taught task that a notebook holds, in the order of its cells."""
        return self._catalogue.tasks_in(notebook)

    def title(self, at: TaskAt) -> str:
        """The task's title, its id when it has none."""
        task = self._catalogue.find(at)
        return task.title if task is not None and task.title else at.task

    def brief(self, at: TaskAt, learner: Username) -> TaskBrief | None:
        """The task as the tutor may see it; None when there is no such task."""
        task = self._catalogue.find(at)
        if task is None:
            return None
        latest = self._latest.get((learner, at))
        return TaskBrief(
            course=at.course,
            id=at.task,
            title=self.title(at),
            text=self._catalogue.text(at),
            hints=self._with.ladder(at) or task.hints,
            reads_terminal=task.reads_terminal,
            last_verdict=None if latest is None else _visible(latest),  # invariant 1
        )

    def reference(self, at: TaskAt) -> str:
        """The author's solution, for the gate's leak check only; '' without one."""
        task = self._catalogue.find(at)
        return "" if task is None else task.reference

    async def check_live(
        self, server: ServerId, room: RoomId, notebook: Notebook, at: TaskAt, learner: Username
    ) -> Verdict:
        """Check a task in the learner's kernel and remember the verdict."""
        return (await self._check(server, notebook, at, learner, key=f"{room}-{secrets.token_hex(KEY_BYTES)}"))[0]

    # ports.classroom.Classroom

    def courses(self) -> Sequence[Course]:
        """The published courses."""
        return self._catalogue.courses()

    def task(self, course: CourseId, task: TaskId) -> Task:
        """One task.

        Raises:
            UnknownCourseError, UnknownTaskError
        """
        return self._catalogue.task(course, task)

    async def start_task(self, course: CourseId, task: TaskId, learner: Username) -> str:
        """Deliver the task's notebook as a new file (an existing one stays as it is); its path.

        Raises:
            UnknownCourseError, UnknownTaskError, DeliveryError, NotWorkingOnItError
        """
        known = self._catalogue.task(course, task)
        server = self._with.server_of(learner)
        files = None if server is None else self._with.files(server)
        if files is None:
            raise NotWorkingOnItError(learner, task)
        path = await deliver(self._catalogue.course(course), known, files)
        await self._with.records.progress.start(course, task, learner, self._with.clock.now())
        return path

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
        """Check a learner's open notebook: live at once, clean when the examiner gets to it.

        Raises:
            UnknownCourseError, UnknownTaskError, UnknownRoomError, NotWorkingOnItError, StoreUnavailableError
        """
        self._catalogue.task(course, task)
        at = TaskAt(course=course, task=task)
        info, notebook = await self._open_notebook(learner, at, room)
        if mode is ValidationMode.LIVE:
            return (await self._check(info.server, notebook, at, learner, key=key))[1]
        record = self._record(at, learner, mode, key)
        submission = SubmissionRecord(
            id=SubmissionId(record.id),
            course=course,
            task=task,
            learner=learner,
            at=record.at,
            notebook=write_notebook(notebook),
            room=info.id,
        )
        await self._with.records.submissions.save(submission)  # first: who claims the validation needs it
        kept = await self._with.records.validations.create(record, key=key)
        self._with.submitted()
        return kept

    async def validation(self, validation: ValidationId) -> ValidationRecord:
        """One validation.

        Raises:
            UnknownValidationError, StoreUnavailableError
        """
        found = await self._with.records.validations.get(validation)
        if found is None:
            raise UnknownValidationError(validation)
        return found

    # Within.

    async def _check(
        self, server: ServerId, notebook: Notebook, at: TaskAt, learner: Username, *, key: str
    ) -> tuple[Verdict, ValidationRecord]:
        task = self._catalogue.task(at.course, at.task)
        verdict = await self._with.judge.check_live(server, notebook, task)
        if not verdict.is_judged:
            key = f"{key}-{secrets.token_hex(KEY_BYTES)}"  # invariant 3
        record = replace(self._record(at, learner, ValidationMode.LIVE, key), verdict=verdict)
        if verdict.outcome in NOT_JUDGED:  # invariant 2
            return verdict, record
        self._latest[learner, at] = verdict
        self._latest.move_to_end((learner, at))
        while len(self._latest) > VERDICTS_KEPT:
            self._latest.popitem(last=False)
        try:
            record = await self._with.records.validations.create(record, key=key)
        except StoreUnavailableError as error:
            log.warning("validation not remembered", task=at.task, reason=str(error))
        return verdict, record

    def _record(self, at: TaskAt, learner: Username, mode: ValidationMode, key: str) -> ValidationRecord:
        # Named by its key: a retry makes neither a second validation nor a second submission.
        named = hashlib.blake2b("\n".join((learner, key)).encode(), digest_size=12).hexdigest()
        return ValidationRecord(
            id=ValidationId(f"v-{named}"),
            course=at.course,
            task=at.task,
            learner=learner,
            mode=mode,
            at=self._with.clock.now(),
        )

    async def _open_notebook(self, learner: Username, at: TaskAt, room: RoomId | None) -> tuple[RoomInfo, Notebook]:
        directory, visited = self._with.directory, self._with.visited(learner)
        own = self._with.server_of(learner)

        def rank(info: RoomInfo) -> tuple[bool, ...]:
            return info.server != own, info.learner != learner, info.id not in visited

        rooms = sorted(directory.rooms(), key=rank) if room is None else [directory.find(room)]
        for info in rooms:
            if info.learner == learner or info.id in visited:  # invariant 4
                notebook = await directory.snapshot(info.id)
                if at in self._catalogue.tasks_in(notebook):
                    return info, notebook
        raise NotWorkingOnItError(learner, at.task, "" if room is None else rooms[0].path)


def _visible(verdict: Verdict) -> Verdict:
    return replace(verdict, checks=tuple(check for check in verdict.checks if not check.hidden))
