"""The bodies of the routes about courses and validations."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ltt_collab.api.school import Key
from ltt_collab.classroom.hints import TaskHints
from ltt_collab.model.courses import Course, Task, TaskKind
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.ports.learning import CheckProgress, SubmissionRecord


class Body(BaseModel):
    """What every body holds to: a field that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskLineBody(Body):
    """A task in a list."""

    id: str
    title: str
    kind: TaskKind
    points: float

    @classmethod
    def of(cls, task: Task) -> TaskLineBody:
        """What of a task is told in a list."""
        return cls(id=task.id, title=task.title, kind=task.kind, points=task.points)


class CourseBody(Body):
    """A course with its tasks in order."""

    id: str
    title: str
    description: str
    version: str
    tasks: list[TaskLineBody]

    @classmethod
    def of(cls, course: Course) -> CourseBody:
        """What of a course is told."""
        return cls(
            id=course.id,
            title=course.title,
            description=course.description,
            version=course.version,
            tasks=[TaskLineBody.of(task) for task in course.tasks],
        )


class VisibleCheckBody(Body):
    """A check that learners may know of."""

    name: str
    points: float


class TaskDetailBody(Body):
    """A task as learners may know it: no answers, no hidden checks."""

    id: str
    course: str
    title: str
    kind: TaskKind
    points: float
    time_limit: float = Field(description="Seconds.")
    text: str = Field(description="The instructions, as Markdown.")
    checks: list[VisibleCheckBody]
    hidden_checks: int

    @classmethod
    def of(cls, course: str, task: Task, text: str) -> TaskDetailBody:
        """What of a task is told."""
        visible = [check for check in task.checks if not check.hidden]
        return cls(
            id=task.id,
            course=course,
            title=task.title,
            kind=task.kind,
            points=task.points,
            time_limit=task.time_limit,
            text=text,
            checks=[VisibleCheckBody(name=check.name, points=check.points) for check in visible],
            hidden_checks=len(task.checks) - len(visible),
        )


class StartBody(Body):
    """Who starts a task."""

    learner: Key | None = Field(None, description="A learner may leave it out.")


class StartedBody(Body):
    """Where the task's notebook is on the learner's server."""

    path: str


class CheckBody(Body):
    """One check's result; a hidden one tells neither input nor expected value."""

    name: str
    passed: bool
    hidden: bool
    points: float
    max_points: float
    message: str
    expected: str | None
    got: str | None
    skipped: bool
    asked: str | None = Field(None, description="The expression that gave `got`.")


class VerdictBody(Body):
    """What the judge found."""

    outcome: Outcome
    passed: bool
    score: float
    max_score: float
    first_cause: str | None = Field(description="What to mend first; none when all passed.")
    checks: list[CheckBody]
    duration_ms: float

    @classmethod
    def of(cls, verdict: Verdict) -> VerdictBody:
        """The verdict as it is told."""
        return cls.model_validate(verdict, from_attributes=True)


class ValidationRequestBody(Body):
    """A wish to have a task checked."""

    mode: ValidationMode = ValidationMode.LIVE
    learner: Key | None = Field(None, description="A learner may leave it out.")
    idempotency_key: Key = Field(description="A retry with the same key is the same validation.")


class SubmissionRequestBody(Body):
    """A learner's wish to hand in what stands in the notebook now."""

    learner: Key | None = Field(None, description="A learner may leave it out.")
    idempotency_key: Key = Field(description="A retry with the same key is the same submission.")


class ValidationBody(Body):
    """One validation; `verdict` is none while it waits or runs."""

    id: str
    course: str
    task: str
    learner: str
    mode: ValidationMode
    at: float = Field(description="Unix time in seconds.")
    state: Literal["waiting", "done"]
    verdict: VerdictBody | None

    @classmethod
    def of(cls, record: ValidationRecord) -> ValidationBody:
        """The validation as it is told."""
        return cls(
            id=record.id,
            course=record.course,
            task=record.task,
            learner=record.learner,
            mode=record.mode,
            at=record.at,
            state="waiting" if record.verdict is None else "done",
            verdict=None if record.verdict is None else VerdictBody.of(record.verdict),
        )


class SubmissionLineBody(Body):
    """A submission in a list; its validation has the same id with `v-`."""

    id: str
    course: str
    task: str
    learner: str
    at: float

    @classmethod
    def of(cls, record: SubmissionRecord) -> SubmissionLineBody:
        """The submission without its notebook."""
        return cls(id=record.id, course=record.course, task=record.task, learner=record.learner, at=record.at)


class SubmissionBody(SubmissionLineBody):
    """A submission; `notebook` is what was handed in, nbformat 4 as JSON text."""

    notebook: str


class ProgressBody(Body):
    """How far a learner is with a check, or with the whole task (`check` is empty)."""

    course: str
    task: str
    learner: str
    check: str
    attempts: int
    first_at: float
    last_at: float
    last_passed: bool
    last_outcome: Outcome | None
    last_score: float
    best_score: float
    max_score: float
    passed_at: float | None

    @classmethod
    def of(cls, progress: CheckProgress) -> ProgressBody:
        """The progress as it is told."""
        return cls.model_validate(progress, from_attributes=True)


class RungBody(Body):
    """What became of the hints of one rung; the rest was deleted, became void, or nothing has come of it yet."""

    rung: int
    shown: int
    sufficed: int = Field(description="The learner succeeded without the next rung.")
    climbed: int = Field(description="They got the next rung.")
    seconds: float | None = Field(description="The median from the hint to the success.")


class TaskHintsBody(Body):
    """What became of the hints about one task; who later passed alone had no hint about that task."""

    task: str
    title: str
    learners: int = Field(description="Who got a hint.")
    rungs: list[RungBody]
    tried_later: int = Field(description="Of them, who went on to a later task of the same kind.")
    passed_later: int
    passed_later_alone: int

    @classmethod
    def of(cls, hints: TaskHints) -> TaskHintsBody:
        """The report of a task as it is told."""
        return cls.model_validate(hints, from_attributes=True)
