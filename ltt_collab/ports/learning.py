"""Courses, who takes them, how far they are: what survives a restart of the classroom.

What *kept* means, and the errors, are said in ``ports.store``. Times are Unix times in seconds. Lists are ordered by
``(at, id)``; a page goes on after the last id of the page before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ltt_collab.model.courses import Course
from ltt_collab.model.ids import CourseId, RoomId, SubmissionId, SuggestionId, TaskId, Username, ValidationId
from ltt_collab.model.validations import Outcome, ValidationMode, Verdict
from ltt_collab.ports.classroom import ValidationRecord

WHOLE_TASK = ""
"""The name under which ``CheckProgress`` tells about the task as a whole; no check has an empty name."""


class CourseStore(Protocol):
    """Published versions of courses, with their secrets; a version never changes."""

    async def publish(self, course: Course, at: float) -> bool:
        """Keep this version and make it the latest; False when it was the latest already."""
        ...

    async def latest(self) -> Sequence[Course]:
        """The latest version of every course that is not withdrawn, by id."""
        ...

    async def version(self, course: CourseId, version: str) -> Course | None:
        """One published version, also of a withdrawn course; None when there is no such."""
        ...

    async def published_at(self, course: CourseId) -> float | None:
        """When the latest version became that; None for a course that is not published."""
        ...

    async def withdraw(self, course: CourseId) -> bool:
        """Publish it no more, until it is published again; progress stays. False when it was not published."""
        ...


class CourseRole(StrEnum):
    """What somebody is in a course."""

    LEARNER = "learner"
    INSTRUCTOR = "instructor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Somebody takes or teaches a course, since ``at``."""

    course: CourseId
    username: Username
    role: CourseRole
    at: float


class EnrolmentStore(Protocol):
    """Who takes and who teaches which course; one role a person and course."""

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Insert, or change the role (the first ``at`` stays); True when it is new; kept, and True if it waits."""
        ...

    async def leave(self, course: CourseId, username: Username) -> bool:
        """End it; False when there was none."""
        ...

    async def of_course(self, course: CourseId) -> Sequence[Enrolment]:
        """Everybody in a course, by name."""
        ...

    async def of_person(self, username: Username) -> Sequence[Enrolment]:
        """Everything that somebody takes or teaches, by course."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckProgress:
    """How far a learner is with one check of a task, or (``check`` is ``WHOLE_TASK``) with the task.

    ``attempts``: validations that judged it; busy or missing kernels and skipped checks do not count. ``first_at``:
    when the task was started or first judged. ``last_outcome``: None before the first attempt. ``passed_at``: when it
    first passed, None if it never did; ``last_passed``: whether it passed the last time.
    """

    course: CourseId
    task: TaskId
    learner: Username
    check: str
    attempts: int
    first_at: float
    last_at: float
    last_passed: bool = False
    last_outcome: Outcome | None = None
    last_score: float = 0.0
    best_score: float = 0.0
    max_score: float = 0.0
    passed_at: float | None = None


class ProgressStore(Protocol):
    """Learner × task × check. It grows by ``ValidationStore.create`` and ``finish``, in the same transaction."""

    async def start(self, course: CourseId, task: TaskId, learner: Username, at: float) -> None:
        """Note that the learner began the task; the first time counts; kept."""
        ...

    async def of_learner(self, course: CourseId, learner: Username) -> Sequence[CheckProgress]:
        """One learner in one course, by task and check."""
        ...

    async def of_course(
        self, course: CourseId, *, task: TaskId | None = None, after: Username | None = None, learners: int = 100
    ) -> Sequence[CheckProgress]:
        """Up to ``learners`` learners, whose names come after ``after``, by learner, task and check."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRecord:
    """A learner's act of handing in. ``notebook``: as it was, nbformat 4 as JSON text; ``room``: None if unknown."""

    id: SubmissionId
    course: CourseId
    task: TaskId
    learner: Username
    at: float
    notebook: str
    room: RoomId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Which records: those that match every given one of ``course``, ``task`` and ``learner``."""

    course: CourseId | None = None
    task: TaskId | None = None
    learner: Username | None = None


class SubmissionStore(Protocol):
    """What learners handed in."""

    async def save(self, submission: SubmissionRecord) -> None:
        """Insert; one whose id is there already is ignored; kept."""
        ...

    async def get(self, submission: SubmissionId) -> SubmissionRecord | None:
        """One submission."""
        ...

    async def select(
        self, selected: Selected, *, after: SubmissionId | None = None, limit: int = 100
    ) -> Sequence[SubmissionRecord]:
        """A page, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One worker's right to carry out one validation until ``until``; a later claim has a greater ``fence``."""

    record: ValidationRecord
    worker: str
    fence: int
    until: float


class ValidationStore(Protocol):
    """Validations, from request to verdict.

    Invariants:
        1. One validation a learner and key: a retry gets the first one back.
        2. A verdict counts once, for progress too, and never changes.
        3. Of two workers with a claim on the same one, only the later can finish it.
    """

    async def create(self, record: ValidationRecord, *, key: str) -> ValidationRecord:
        """Keep it, or return the one that this learner made with ``key`` before.

        With a verdict it is finished at once and progress grows; that way it is *kept* too (``record`` is returned).
        """
        ...

    async def claim(
        self, worker: str, *, now: float, lease: float, validation: ValidationId | None = None
    ) -> Claim | None:
        """Take the oldest one that waits or whose claim ran out, or this ``validation``; None when there is none.

        The claim holds for ``lease`` seconds.
        """
        ...

    async def renew(self, claim: Claim, until: float) -> Claim:
        """Hold a claim longer.

        Raises:
            StaleClaimError: another has claimed it since, or it is finished.
        """
        ...

    async def finish(self, claim: Claim, verdict: Verdict, at: float) -> ValidationRecord:
        """Record the verdict and let progress grow.

        Raises:
            StaleClaimError: another has claimed it since, or it is finished.
        """
        ...

    async def get(self, validation: ValidationId) -> ValidationRecord | None:
        """One validation."""
        ...

    async def select(
        self,
        selected: Selected,
        *,
        mode: ValidationMode | None = None,
        after: ValidationId | None = None,
        limit: int = 100,
    ) -> Sequence[ValidationRecord]:
        """A page, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A learner's answer to "did this help?" about one suggestion."""

    suggestion: SuggestionId
    learner: Username
    helpful: bool
    at: float
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackCount:
    """How many answered how."""

    helpful: int
    unhelpful: int


class FeedbackStore(Protocol):
    """What learners thought of the help."""

    async def save(self, feedback: Feedback) -> None:
        """Insert or replace by suggestion and learner; kept."""
        ...

    async def of_suggestion(self, suggestion: SuggestionId) -> Sequence[Feedback]:
        """Every answer about one suggestion, oldest first."""
        ...

    async def count(self, *, since: float, until: float) -> FeedbackCount:
        """The answers with ``since <= at < until``."""
        ...
