"""The learner's page, its stream, and what a learner does from it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ltt_collab.model.courses import Course
from ltt_collab.model.errors import LttError, UnknownCourseError, UnknownValidationError
from ltt_collab.model.ids import CourseId, SuggestionId, TaskId, Username, ValidationId
from ltt_collab.model.validations import ValidationMode
from ltt_collab.ports.classroom import ValidationRecord
from ltt_collab.web.answers import happened, said
from ltt_collab.web.learn import chat
from ltt_collab.web.learn.desk import NOBODY, drawer_of, learner_of, server_of
from ltt_collab.web.learn.framing import allows_framing
from ltt_collab.web.policy import POLICY, Visitor
from ltt_collab.web.rendering import page, part
from ltt_collab.web.stage import Stage, TheLearner, TheStage, Workspace
from ltt_collab.web.streams import EventStream, frame
from ltt_collab.web.texts import text

router = APIRouter(prefix="/learn", include_in_schema=False)
router.include_router(chat.router)

Id = Annotated[str, Path(max_length=200)]
Key = Annotated[str, Query(max_length=200)]


@router.get("")
async def learn_page(request: Request, stage: TheStage, visitor: TheLearner, course: Key = "") -> Response:
    """The drawer, and JupyterLab beside it where its server allows that."""
    courses = stage.school.classroom.courses()
    chosen = _chosen(stage, course)
    await stage.recollection.refresh()
    learner = learner_of(stage, visitor)
    workspace = stage.workspace(learner)
    problem, policy = await _framing(stage.origin(request), workspace)
    response = page(
        request,
        "learn/learn.html",
        courses=courses,
        course=chosen,
        drawer=await _drawer_html(stage, chosen, learner),
        workspace=workspace,
        problem=problem,
        policy=policy,
        origin=stage.origin(request),
        muted=await _is_muted(stage, learner),
        chat=chat.panel(stage, learner),
    )
    if workspace is not None:
        response.headers["content-security-policy"] = f"{POLICY}; frame-src 'self' {_origin(workspace.url)}"
    return response


@router.get("/stream")
async def learn_stream(stage: TheStage, visitor: TheLearner, course: Key = "") -> Response:
    """The drawer anew whenever something about the learner changed."""
    return EventStream(_frames(stage, visitor, _chosen(stage, course)), stage.closing)


@router.get("/lab")
async def lab(stage: TheStage, visitor: TheLearner, path: Annotated[str, Query(max_length=2_000)] = "") -> Response:
    """JupyterLab at a notebook, for the frame. The server's own login goes along to whom the operator let in."""
    workspace = stage.workspace(learner_of(stage, visitor))
    if workspace is None:
        return HTMLResponse(text("learn.no_server"), HTTPStatus.NOT_FOUND)
    lent = f"?token={quote(workspace.token)}" if workspace.token and visitor.session.owner else ""
    return RedirectResponse(f"{workspace.url}doc/tree/{quote(path)}{lent}", HTTPStatus.SEE_OTHER)


@router.post("/tasks/{course}/{task}/start")
async def start(stage: TheStage, visitor: TheLearner, course: Id, task: Id) -> Response:
    """Deliver the notebook, if it is not there, and open it."""
    learner = learner_of(stage, visitor)
    path = await stage.school.classroom.start_task(CourseId(course), TaskId(task), learner)
    return happened("opened", path=path)


@router.post("/tasks/{course}/{task}/check")
async def check(stage: TheStage, visitor: TheLearner, course: Id, task: Id) -> Response:
    """Check live, in the learner's kernel."""
    return await _validate(stage, visitor, (CourseId(course), TaskId(task)), ValidationMode.LIVE)


@router.post("/tasks/{course}/{task}/submit")
async def submit(stage: TheStage, visitor: TheLearner, course: Id, task: Id) -> Response:
    """Hand in what stands in the notebook; the verdict comes by ``/validations``."""
    return await _validate(stage, visitor, (CourseId(course), TaskId(task)), ValidationMode.CLEAN)


@router.get("/validations/{validation}")
async def validation(stage: TheStage, visitor: TheLearner, validation: Id) -> Response:
    """How far a check is."""
    record = await stage.school.classroom.validation(ValidationId(validation))
    if record.learner != learner_of(stage, visitor):
        raise UnknownValidationError(validation)
    return await _verdict(stage, record)


@router.post("/offers/{suggestion}/{choice}")
async def choose(
    stage: TheStage, visitor: TheLearner, suggestion: Id, choice: Annotated[str, Path(pattern="^(accept|dismiss)$")]
) -> Response:
    """Take a cell that an instructor offers, or leave it."""
    learner = learner_of(stage, visitor)
    decide = stage.desk.offering.accept if choice == "accept" else stage.desk.offering.dismiss
    await decide(SuggestionId(suggestion), by=learner)
    stage.feed.stir([learner])
    return said(text(f"learn.offer_{choice}ed"), "good")


@router.post("/mute")
async def mute(stage: TheStage, visitor: TheLearner, what: Annotated[str, Form(pattern="^(mute|unmute)$")]) -> Response:
    """Have help only when asked, or again without."""
    heard = stage.tell(learner_of(stage, visitor), f"@tutor {what}")
    return said(text(f"learn.{what}d" if heard else "learn.not_asked"), "good" if heard else "bad")


async def _validate(stage: Stage, visitor: Visitor, at: tuple[CourseId, TaskId], mode: ValidationMode) -> Response:
    try:
        record = await stage.school.classroom.validate(
            *at, learner_of(stage, visitor), mode, key=f"page-{secrets.token_hex(8)}"
        )
    except LttError as error:
        return HTMLResponse(part("learn/verdict.html", record=None, verdict=None, problem=str(error)))
    return await _verdict(stage, record)


async def _verdict(stage: Stage, record: ValidationRecord) -> Response:
    if record.verdict is not None:
        await stage.feed.refresh(record.course, record.learner)
    return HTMLResponse(part("learn/verdict.html", record=record, verdict=record.verdict, problem=""))


async def _frames(stage: Stage, visitor: Visitor, course: Course | None) -> AsyncIterator[bytes]:
    after, shown = 0, ""
    while True:
        batch = await stage.feed.next(after)
        after = batch.version
        learner = learner_of(stage, visitor)
        if shown and learner not in batch.changed:
            continue
        html = await _drawer_html(stage, course, learner)
        if html != shown:
            shown = html
            yield frame("drawer", html)


async def _drawer_html(stage: Stage, course: Course | None, learner: Username) -> str:
    drawer = None if course is None else await drawer_of(stage, course, learner)
    at = stage.feed.card(learner).task if learner else None
    steer = stage.desk.steering.for_learner(
        learner or None, None if at is None else at.course, None if at is None else at.task
    )
    paused = steer is not None and steer.paused
    offers = await stage.desk.offering.of_learner(learner) if learner else ()
    return part("learn/drawer.html", drawer=drawer, here=None if at is None else at.task, paused=paused, offers=offers)


async def _is_muted(stage: Stage, learner: Username) -> bool:
    server = server_of(stage, learner) if learner != NOBODY else None
    return server is not None and await stage.wishes.is_muted(server, learner)


async def _framing(ours: str, workspace: Workspace | None) -> tuple[str, str]:
    """Why JupyterLab cannot be shown here, '' if it can; and the policy that says so."""
    if workspace is None:
        return text("learn.no_server"), ""
    try:
        policy = await workspace.framing()
    except LttError as error:
        return text("learn.frame_unreachable", why=str(error)), ""
    if allows_framing(policy, ours, _origin(workspace.url)):
        return "", policy
    return text("learn.frame_denied", policy=policy), policy


def _chosen(stage: Stage, wanted: str) -> Course | None:
    courses = stage.school.classroom.courses()
    if not wanted:
        return next(iter(courses), None)
    found = next((each for each in courses if each.id == wanted), None)
    if found is None:
        raise UnknownCourseError(wanted)
    return found


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
