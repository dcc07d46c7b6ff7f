"""What belongs to the classroom, in memory: courses, enrolments, progress, submissions, validations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from ltt_collab.adapters.store.held import Held
from ltt_collab.adapters.store.progressing import attempt
from ltt_collab.model.courses import Course
from ltt_collab.model.errors import StaleClaimError
from ltt_collab.model.ids import CourseId, SubmissionId, TaskId, Username, ValidationId
from ltt_collab.model.validations import ValidationMode, Verdict
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.ports.learning import WHOLE_TASK, CheckProgress, Claim, Enrolment, Selected, SubmissionRecord

_ENROLMENT, _PROGRESS = TypeAdapter(Enrolment), TypeAdapter(CheckProgress)
_SUBMISSION, _VALIDATION = TypeAdapter(SubmissionRecord), TypeAdapter(ValidationRecord)


class MemoryCourses:
    """``CourseStore`` in memory."""

    def __init__(self) -> None:
        self._versions: dict[tuple[CourseId, str], Course] = {}
        self._latest: dict[CourseId, str] = {}
        self._published: dict[CourseId, float] = {}

    async def publish(self, course: Course, at: float) -> bool:
        """Keep this version and make it the latest; False when it was the latest already."""
        self._versions.setdefault((course.id, course.version), course)
        changed = self._latest.get(course.id) != course.version
        if changed:
            self._published[course.id] = at
        self._latest[course.id] = course.version
        return changed

    async def latest(self) -> Sequence[Course]:
        """The latest version of every course that is not withdrawn, by id."""
        return [self._versions[each] for each in sorted(self._latest.items())]

    async def version(self, course: CourseId, version: str) -> Course | None:
        """One published version, also of a withdrawn course; None when there is no such."""
        return self._versions.get((course, version))

    async def published_at(self, course: CourseId) -> float | None:
        """When the latest version became that; None for a course that is not published."""
        return self._published[course] if course in self._latest else None

    async def withdraw(self, course: CourseId) -> bool:
        """Publish it no more, until it is published again; progress stays. False when it was not published."""
        return self._latest.pop(course, None) is not None


class MemoryEnrolments:
    """``EnrolmentStore`` in memory."""

    def __init__(self) -> None:
        self._all: dict[tuple[CourseId, Username], Enrolment] = {}

    async def enrol(self, enrolment: Enrolment) -> bool:
        """Insert, or change the role (the first ``at`` stays); True when it is new."""
        key = (enrolment.course, enrolment.username)
        before = self._all.get(key)
        self._all[key] = enrolment if before is None else replace(before, role=enrolment.role)
        return before is None

    async def leave(self, course: CourseId, username: Username) -> bool:
        """End it; False when there was none."""
        return self._all.pop((course, username), None) is not None

    async def of_course(self, course: CourseId) -> Sequence[Enrolment]:
        """Everybody in a course, by name."""
        return [self._all[key] for key in sorted(self._all) if key[0] == course]

    async def of_person(self, username: Username) -> Sequence[Enrolment]:
        """Everything that somebody takes or teaches, by course."""
        return [self._all[key] for key in sorted(self._all) if key[1] == username]

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        mine = [each for each in self._all.values() if each.username == learner]
        return [("enrolments", _ENROLMENT.dump_python(each, mode="json")) for each in mine]

    def forget(self, learner: Username) -> None:
        """Drop it."""
        self._all = {key: each for key, each in self._all.items() if each.username != learner}

    def expire(self, before: float) -> Mapping[str, int]:
        """Enrolments do not age."""
        del before
        return {}


class MemoryProgress:
    """``ProgressStore`` in memory."""

    def __init__(self) -> None:
        self._all: dict[tuple[CourseId, Username, TaskId, str], CheckProgress] = {}

    async def start(self, course: CourseId, task: TaskId, learner: Username, at: float) -> None:
        """Note that the learner began the task; the first time counts."""
        key = (course, learner, task, WHOLE_TASK)
        begun = CheckProgress(
            course=course, task=task, learner=learner, check=WHOLE_TASK, attempts=0, first_at=at, last_at=at
        )
        before = self._all.get(key, begun)
        self._all[key] = replace(before, first_at=min(before.first_at, at))

    async def of_learner(self, course: CourseId, learner: Username) -> Sequence[CheckProgress]:
        """One learner in one course, by task and check."""
        return [self._all[key] for key in sorted(self._all) if key[:2] == (course, learner)]

    async def of_course(
        self, course: CourseId, *, task: TaskId | None = None, after: Username | None = None, learners: int = 100
    ) -> Sequence[CheckProgress]:
        """Up to ``learners`` learners, whose names come after ``after``, by learner, task and check."""
        keys = [key for key in sorted(self._all) if key[0] == course and task in {None, key[2]}]
        names = [name for name in dict.fromkeys(key[1] for key in keys) if after is None or name > after][:learners]
        return [self._all[key] for key in keys if key[1] in names]

    def grow(self, course: CourseId, learner: Username, verdict: Verdict, at: float) -> None:
        """Add one attempt to what is known."""
        for new in attempt(course, learner, verdict, at):
            key = (course, learner, new.task, new.check)
            old = self._all.get(key)
            self._all[key] = new if old is None else _added(old, new)

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        mine = [self._all[key] for key in sorted(self._all) if key[1] == learner]
        return [("learner_task_progress", _PROGRESS.dump_python(each, mode="json")) for each in mine]

    def forget(self, learner: Username) -> None:
        """Drop it."""
        self._all = {key: each for key, each in self._all.items() if each.learner != learner}

    def expire(self, before: float) -> Mapping[str, int]:
        """Progress does not age."""
        del before
        return {}


def _added(old: CheckProgress, new: CheckProgress) -> CheckProgress:
    passes = [at for at in (old.passed_at, new.passed_at) if at is not None]
    return replace(
        new if new.last_at >= old.last_at else old,
        attempts=old.attempts + new.attempts,
        first_at=min(old.first_at, new.first_at),
        best_score=max(old.best_score, new.best_score),
        passed_at=min(passes, default=None),
    )


class MemorySubmissions:
    """``SubmissionStore`` in memory."""

    def __init__(self) -> None:
        self._all: dict[SubmissionId, SubmissionRecord] = {}

    async def save(self, submission: SubmissionRecord) -> None:
        """Insert; one whose id is there already is ignored."""
        self._all.setdefault(submission.id, submission)

    async def get(self, submission: SubmissionId) -> SubmissionRecord | None:
        """One submission."""
        return self._all.get(submission)

    async def select(
        self, selected: Selected, *, after: SubmissionId | None = None, limit: int = 100
    ) -> Sequence[SubmissionRecord]:
        """A page, oldest first."""
        found = sorted(self._all.values(), key=lambda each: (each.at, each.id))
        if after is not None:
            last = self._all.get(after)
            found = [each for each in found if last is not None and (each.at, each.id) > (last.at, last.id)]
        return [each for each in found if _matches(each, selected)][:limit]

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        mine = [each for each in self._all.values() if each.learner == learner]
        return [("submissions", _SUBMISSION.dump_python(each, mode="json")) for each in mine]

    def forget(self, learner: Username) -> None:
        """Drop it."""
        self._all = {key: each for key, each in self._all.items() if each.learner != learner}

    def expire(self, before: float) -> Mapping[str, int]:
        """Drop what is older and over; how many of each kind."""
        old = [key for key, each in self._all.items() if each.at < before]
        for key in old:
            del self._all[key]
        return {"submissions": len(old)}


@dataclass(slots=True, kw_only=True)
class _Validation:
    record: ValidationRecord
    key: str
    fence: int = 0
    until: float = 0.0


class MemoryValidations:
    """``ValidationStore`` in memory; the invariants are the port's."""

    def __init__(self, progress: MemoryProgress) -> None:
        self._progress = progress
        self._all: dict[ValidationId, _Validation] = {}

    async def create(self, record: ValidationRecord, *, key: str) -> ValidationRecord:
        """Keep it, or return the one that this learner made with ``key`` before."""
        for each in self._all.values():
            if (each.record.learner, each.key) == (record.learner, key) or each.record.id == record.id:
                return each.record
        self._all[record.id] = _Validation(record=record, key=key)
        if record.verdict is not None:
            self._progress.grow(record.course, record.learner, record.verdict, record.at)
        return record

    async def claim(
        self, worker: str, *, now: float, lease: float, validation: ValidationId | None = None
    ) -> Claim | None:
        """Take the oldest one that waits or whose claim ran out, or this one; None when there is none."""
        free = [
            each
            for each in self._all.values()
            if each.record.verdict is None and each.until <= now and validation in {None, each.record.id}
        ]
        if not free:
            return None
        taken = min(free, key=lambda each: (each.record.at, each.record.id))
        taken.fence, taken.until = taken.fence + 1, now + lease
        return Claim(record=taken.record, worker=worker, fence=taken.fence, until=taken.until)

    async def renew(self, claim: Claim, until: float) -> Claim:
        """Hold a claim longer; a stale one raises."""
        self._held(claim).until = until
        return replace(claim, until=until)

    async def finish(self, claim: Claim, verdict: Verdict, at: float) -> ValidationRecord:
        """Record the verdict and let progress grow; a stale claim raises."""
        held = self._held(claim)
        held.record = replace(held.record, verdict=verdict)
        self._progress.grow(held.record.course, held.record.learner, verdict, at)
        return held.record

    async def get(self, validation: ValidationId) -> ValidationRecord | None:
        """One validation."""
        found = self._all.get(validation)
        return None if found is None else found.record

    async def select(
        self,
        selected: Selected,
        *,
        mode: ValidationMode | None = None,
        after: ValidationId | None = None,
        limit: int = 100,
    ) -> Sequence[ValidationRecord]:
        """A page, oldest first."""
        found = sorted((each.record for each in self._all.values()), key=lambda each: (each.at, each.id))
        if after is not None:
            last = await self.get(after)
            found = [each for each in found if last is not None and (each.at, each.id) > (last.at, last.id)]
        return [each for each in found if _matches(each, selected) and mode in {None, each.mode}][:limit]

    def _held(self, claim: Claim) -> _Validation:
        found = self._all.get(claim.record.id)
        if found is None or found.fence != claim.fence or found.record.verdict is not None:
            raise StaleClaimError(claim.record.id, claim.fence)
        return found

    def of(self, learner: Username) -> Held:
        """All that is this learner's."""
        mine = [each.record for each in self._all.values() if each.record.learner == learner]
        return [("validations", _VALIDATION.dump_python(each, mode="json")) for each in mine]

    def forget(self, learner: Username) -> None:
        """Drop it."""
        self._all = {key: each for key, each in self._all.items() if each.record.learner != learner}

    def expire(self, before: float) -> Mapping[str, int]:
        """Drop what is older and over; how many of each kind."""
        over = [key for key, each in self._all.items() if each.record.at < before and each.record.verdict is not None]
        for key in over:
            del self._all[key]
        return {"validations": len(over)}


def _matches(record: SubmissionRecord | ValidationRecord, selected: Selected) -> bool:
    wanted = (selected.course, selected.task, selected.learner)
    has = (record.course, record.task, record.learner)
    return all(value is None or value == given for value, given in zip(wanted, has, strict=True))
