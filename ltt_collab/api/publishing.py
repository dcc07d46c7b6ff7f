"""Publishing a course to the running service."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Body, Path
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from ltt_collab.api.door import PREFIX, TheDoor, problems
from ltt_collab.api.school import TheSchool
from ltt_collab.curriculum.folder import FILES_LIMIT
from ltt_collab.curriculum.loader import COURSE_FILE, load_sent_course
from ltt_collab.model.errors import CourseError, ForbiddenError
from ltt_collab.model.ids import CourseId
from ltt_collab.ports.privacy import AuditEntry

router = APIRouter(prefix=f"{PREFIX}/courses", tags=["courses"])


class CourseFilesBody(BaseModel):
    """A course as its author has it, secrets included."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: dict[str, Base64Bytes] = Field(
        description="Every file of the course's folder, in base64, by its path in it (`course.yaml`, …).",
        max_length=FILES_LIMIT,
    )


class PublishedBody(BaseModel):
    """What is taught from now on; `changed`: whether that was another version before."""

    id: str
    version: str
    tasks: int
    changed: bool


@router.put(
    "/{course_id}",
    summary="Publish a course",
    responses=problems(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
)
async def publish_course(
    door: TheDoor,
    school: TheSchool,
    course_id: Annotated[str, Path(min_length=1, max_length=200)],
    sent: Annotated[CourseFilesBody, Body()],
) -> PublishedBody:
    """Teach this version at once, and after every restart. Notebooks that learners have already get its instructions.

    For the operator, and for instructors of this course. A course with an error is refused, and changes nothing.
    """
    who = door.sight.principal
    if not who.may_teach(CourseId(course_id)) or not who.may_write:
        raise ForbiddenError(f"publish course {course_id!r}", "you do not teach it")
    course = await anyio.to_thread.run_sync(load_sent_course, sent.files)
    if course.id != course_id:
        raise CourseError(COURSE_FILE, 0, f"its id is {course.id!r}, but it was sent as {course_id!r}")
    changed = await school.publishing.publish(course)
    if changed:
        entry = AuditEntry(
            id=secrets.token_hex(8),
            at=school.clock.now(),
            actor=who.name,
            action="course.published",
            subject=course.id,
            detail=f"version {course.version[:16]}, {len(course.tasks)} tasks",
        )
        await school.audit.append(entry)
    return PublishedBody(id=course.id, version=course.version, tasks=len(course.tasks), changed=changed)
