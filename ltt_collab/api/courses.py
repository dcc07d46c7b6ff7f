"""Courses: what there is to learn, starting a task, having it checked, how far everybody is."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from ltt_collab.access.school import School
from ltt_collab.api.door import PREFIX, TheDoor, problems
from ltt_collab.api.people_schemas import EnrolBody, EnrolmentBody
from ltt_collab.api.school import Limit, TheSchool, expect_course, expect_teacher, learner_meant
from ltt_collab.api.school_schemas import (
    CourseBody,
    ProgressBody,
    StartBody,
    StartedBody,
    SubmissionRequestBody,
    TaskDetailBody,
    TaskHintsBody,
    ValidationBody,
    ValidationRequestBody,
)
from ltt_collab.classroom.hints import hints_report
from ltt_collab.curriculum.releases import released_text
from ltt_collab.model.errors import ForbiddenError
from ltt_collab.model.identity import Role
from ltt_collab.model.ids import CourseId, TaskId, Username
from ltt_collab.model.validations import ValidationMode
from ltt_collab.ports.learning import CheckProgress, Enrolment

router = APIRouter(prefix=f"{PREFIX}/courses", tags=["courses"])

_MISSING = problems(HTTPStatus.NOT_FOUND)
_WORK = problems(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
_TEACH = problems(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)

Id = Annotated[str, Path(min_length=1, max_length=200)]

CSV_COLUMNS = ("learner", "task", "check", "attempts", "passed", "best_score", "max_score", "first_at", "passed_at")


@router.get("", summary="List the courses")
async def list_courses(door: TheDoor, school: TheSchool) -> list[CourseBody]:
    """By id; an instructor sees their own."""
    mine = door.sight.principal.may_see_course
    return [CourseBody.of(course) for course in school.classroom.courses() if mine(course.id)]


@router.get("/{course_id}", summary="Read a course", responses=_MISSING)
async def read_course(door: TheDoor, school: TheSchool, course_id: Id) -> CourseBody:
    """With its tasks in order."""
    course = expect_course(door, school, course_id)
    return CourseBody.of(next(each for each in school.classroom.courses() if each.id == course))


@router.get("/{course_id}/tasks/{task_id}", summary="Read a task", responses=_MISSING)
async def read_task(door: TheDoor, school: TheSchool, course_id: Id, task_id: Id) -> TaskDetailBody:
    """As learners may know it: no answers, no hidden checks."""
    task = school.classroom.task(expect_course(door, school, course_id), TaskId(task_id))
    return TaskDetailBody.of(course_id, task, released_text(task))


@router.post(
    "/{course_id}/tasks/{task_id}/start",
    summary="Start a task",
    responses=_WORK | problems(HTTPStatus.BAD_GATEWAY),
)
async def start_task(
    door: TheDoor, school: TheSchool, course_id: Id, task_id: Id, start: Annotated[StartBody, Body()]
) -> StartedBody:
    """Put the task's notebook and data on the learner's server; what exists there stays as it is."""
    learner, course = learner_meant(door, start.learner), expect_course(door, school, course_id)
    _expect_writer(door)
    return StartedBody(path=await school.classroom.start_task(course, TaskId(task_id), learner))


@router.post("/{course_id}/tasks/{task_id}/validations", summary="Have a task checked", responses=_WORK)
async def validate(
    door: TheDoor, school: TheSchool, course_id: Id, task_id: Id, asked: Annotated[ValidationRequestBody, Body()]
) -> ValidationBody:
    """`live` is answered with the verdict, in the learner's kernel; `clean` waits: poll the validation by its id."""
    return await _validate(door, school, course_id, task_id, asked)


@router.post(
    "/{course_id}/tasks/{task_id}/submissions",
    summary="Hand in a task",
    status_code=HTTPStatus.ACCEPTED,
    responses=_WORK,
)
async def submit(
    door: TheDoor, school: TheSchool, course_id: Id, task_id: Id, handed: Annotated[SubmissionRequestBody, Body()]
) -> ValidationBody:
    """Keep what stands in the learner's open notebook and have it checked from the top; poll the validation."""
    asked = ValidationRequestBody(
        mode=ValidationMode.CLEAN, learner=handed.learner, idempotency_key=handed.idempotency_key
    )
    return await _validate(door, school, course_id, task_id, asked)


@router.get("/{course_id}/progress", summary="How far everybody is", responses=_TEACH)
async def read_progress(
    door: TheDoor,
    school: TheSchool,
    course_id: Id,
    task: Annotated[str | None, Query(description="Only of this task.")] = None,
    after: Annotated[str | None, Query(description="Go on after this learner.")] = None,
    limit: Limit = 100,
) -> list[ProgressBody]:
    """Learner × task × check, `limit` learners at a time; a learner gets their own."""
    return [ProgressBody.of(each) for each in await _progress(door, school, course_id, task, after, limit)]


@router.get(
    "/{course_id}/progress.csv",
    summary="How far everybody is, as a table",
    response_class=Response,
    responses={200: {"description": "A table.", "content": {"text/csv": {"schema": {"type": "string"}}}}, **_TEACH},
)
async def export_progress(door: TheDoor, school: TheSchool, course_id: Id) -> Response:
    """Every learner, task and check of a course, for a spreadsheet."""
    expect_teacher(door, school, course_id)
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(CSV_COLUMNS)
    after: str | None = None
    while page := await _progress(door, school, course_id, None, after, 500):
        for each in page:
            writer.writerow([_cell(value) for value in _row(each)])
        after = page[-1].learner
    name = 'attachment; filename="progress.csv"'
    return Response(table.getvalue(), media_type="text/csv; charset=utf-8", headers={"content-disposition": name})


@router.get("/{course_id}/hints", summary="What became of the hints", responses=_TEACH)
async def read_hints(door: TheDoor, school: TheSchool, course_id: Id) -> list[TaskHintsBody]:
    """Task by task, in the course's order: whether a hint sufficed, how soon, and what came of it later."""
    known = expect_teacher(door, school, course_id)
    course = next(each for each in school.classroom.courses() if each.id == known)
    told = await hints_report(course, school.suggestions, school.validations, school.progress)
    return [TaskHintsBody.of(each) for each in told]


@router.get("/{course_id}/enrolments", summary="Who is in a course", responses=_TEACH)
async def list_enrolments(door: TheDoor, school: TheSchool, course_id: Id) -> list[EnrolmentBody]:
    """By name."""
    enrolled = await school.enrolments.of_course(expect_teacher(door, school, course_id))
    return [EnrolmentBody(username=each.username, role=each.role, at=each.at) for each in enrolled]


@router.put("/{course_id}/enrolments/{username:path}", summary="Enrol somebody", responses=_TEACH)
async def enrol(
    door: TheDoor, school: TheSchool, course_id: Id, username: Id, enrolment: Annotated[EnrolBody, Body()]
) -> EnrolmentBody:
    """Or change what they are in the course. Takes effect for open sessions within seconds."""
    course = expect_teacher(door, school, course_id)
    now = school.clock.now()
    await school.enrolments.enrol(Enrolment(course=course, username=Username(username), role=enrolment.role, at=now))
    school.gatekeeper.forget()
    return EnrolmentBody(username=username, role=enrolment.role, at=now)


@router.delete("/{course_id}/enrolments/{username:path}", summary="End an enrolment", responses=_TEACH)
async def end_enrolment(door: TheDoor, school: TheSchool, course_id: Id, username: Id) -> EnrolBody | None:
    """Progress stays. Does nothing for somebody who is not enrolled."""
    await school.enrolments.leave(expect_teacher(door, school, course_id), Username(username))
    school.gatekeeper.forget()
    return None


async def _validate(
    door: TheDoor, school: School, course_id: str, task_id: str, asked: ValidationRequestBody
) -> ValidationBody:
    learner, course = learner_meant(door, asked.learner), expect_course(door, school, course_id)
    if not door.sight.principal.may_execute:
        raise ForbiddenError("have a task checked", "the token does not allow to run code")
    record = await school.classroom.validate(course, TaskId(task_id), learner, asked.mode, key=asked.idempotency_key)
    return ValidationBody.of(record)


async def _progress(
    door: TheDoor, school: School, course_id: str, task: str | None, after: str | None, limit: int
) -> Sequence[CheckProgress]:
    course = expect_course(door, school, course_id)
    only = None if task is None else TaskId(task)
    if door.sight.principal.role is Role.LEARNER:
        own = await school.progress.of_learner(course, door.sight.principal.name)
        return [each for each in own if only is None or each.task == only]
    expect_teacher(door, school, course_id)
    return await school.progress.of_course(
        CourseId(course), task=only, after=None if after is None else Username(after), learners=limit
    )


def _expect_writer(door: TheDoor) -> None:
    if not door.sight.principal.may_write:
        raise ForbiddenError("start a task", "the token is for reading only")


def _row(each: CheckProgress) -> tuple[object, ...]:
    return (
        each.learner,
        each.task,
        each.check,
        each.attempts,
        each.passed_at is not None,
        each.best_score,
        each.max_score,
        each.first_at,
        "" if each.passed_at is None else each.passed_at,
    )


def _cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
