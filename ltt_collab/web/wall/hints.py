"""Hints that instructors keep for a task: from the queue into the tutor's ladder, and out as YAML."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from ltt_collab.model.errors import ForbiddenError
from ltt_collab.model.ids import CourseId, TaskId
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.hints import KeptHint
from ltt_collab.ports.steering import HeldDraft
from ltt_collab.web.answers import said
from ltt_collab.web.policy import Visitor
from ltt_collab.web.rendering import part
from ltt_collab.web.stage import Stage, TheInstructor, TheStage
from ltt_collab.web.texts import text

router = APIRouter(prefix="/hints", include_in_schema=False)

Key = Annotated[str, Query(max_length=200)]


@router.get("")
async def kept(stage: TheStage, visitor: TheInstructor, course: Key) -> Response:
    """Those of a course, with a button each to forget it."""
    return HTMLResponse(kept_html(stage, _expect_taught(visitor, course)))


@router.get("/export")
async def export(stage: TheStage, visitor: TheInstructor, course: Key) -> Response:
    """Each task's ladder as its ``hints.yaml``, for the author to take over."""
    said_so = stage.desk.hints.as_yaml(_expect_taught(visitor, course))
    headers = {"content-disposition": 'attachment; filename="hints.yaml"'}
    return PlainTextResponse(said_so, media_type="application/yaml", headers=headers)


@router.post("/{course}/{task}/{rung}/forget")
async def forget(
    stage: TheStage,
    visitor: TheInstructor,
    course: str,
    task: str,
    rung: Annotated[int, Path(ge=1, le=20)],
    again: Annotated[str, Form()] = "",  # noqa: ARG001 - an empty form is a form
) -> Response:
    """The author's own hint holds again."""
    at = _expect_taught(visitor, course)
    await stage.desk.hints.forget(at, TaskId(task), rung, by=visitor.sight.principal.name)
    return said(text("kept.forgotten"), "good")


def kept_html(stage: Stage, course: CourseId | None) -> str:
    """The list."""
    hints = () if course is None else stage.desk.hints.of_course(course)
    return part("wall/kept.html", hints=hints, course=course)


def task_of(stage: Stage, held: HeldDraft) -> TaskAt | None:
    """The task that a waiting hint is about, as far as its notebook tells."""
    sheet = stage.feed.wall.sheet(held.room)
    return None if sheet is None else sheet.task_of(held.draft.cell_id, stage.feed.resolve)


async def keep(stage: Stage, visitor: Visitor, held: HeldDraft, words: str) -> str:
    """Put it into the ladder of its task; what to tell the instructor.

    Raises:
        StoreUnavailableError
    """
    at = task_of(stage, held)
    if at is None:
        return text("kept.no_task")
    await stage.desk.hints.keep(
        KeptHint(
            course=at.course,
            task=at.task,
            rung=held.draft.rung,
            text=words,
            by=visitor.sight.principal.name,
            at=stage.desk.clock.now(),
        )
    )
    return text("kept.kept", task=at.task, level=held.draft.rung)


def _expect_taught(visitor: Visitor, course: str) -> CourseId:
    at = CourseId(course)
    if not visitor.sight.principal.may_teach(at):
        raise ForbiddenError(f"see the hints of {course!r}", "you do not teach it")
    return at
