"""What an instructor does from the wall. The desk keeps the audit; nothing else here reaches a room."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path
from starlette.responses import Response

from ltt_collab.model.errors import ForbiddenError, UnknownSuggestionError
from ltt_collab.model.ids import CourseId, SuggestionId, TaskId, Username
from ltt_collab.model.suggestions import Answer, Held, Rejected, Shown
from ltt_collab.ports.steering import Extent, HeldDraft, Steer
from ltt_collab.web.answers import said
from ltt_collab.web.policy import Visitor
from ltt_collab.web.stage import Stage, TheInstructor, TheStage
from ltt_collab.web.texts import text
from ltt_collab.web.wall import hints

router = APIRouter(include_in_schema=False)

LONGEST = 4_000
"""Characters of what an instructor may send; the desk's own limit, with its reason, is shorter."""

Name = Annotated[str, Form(max_length=200)]
Words = Annotated[str, Form(max_length=LONGEST)]
Id = Annotated[str, Path(max_length=200)]


@router.post("/whisper")
async def whisper(
    stage: TheStage,
    visitor: TheInstructor,
    learner: Name,
    words: Words,
    where: Annotated[Literal["notebook", "chat"], Form()] = "notebook",
) -> Response:
    """In the instructor's name: a note in their notebook where the learner is, or a message in their chat."""
    who = expect_seen(visitor, learner)
    if where == "chat":
        heard = bool(words.strip()) and await stage.talking.interject(
            who, words.replace("\r\n", "\n").strip(), by=visitor.sight.principal.name
        )
        return said(text("panel.said" if heard else "panel.no_chat", learner=learner), "good" if heard else "bad")
    room = stage.feed.card(who).room
    if room is None:
        return said(text("panel.not_here", learner=learner), "bad")
    answer = await stage.desk.whispering.whisper(room, None, words, by=visitor.sight.principal.name)
    return _answered(answer, "panel.said")


@router.post("/broadcast")
async def broadcast(
    stage: TheStage,
    visitor: TheInstructor,
    words: Words,
    kind: Annotated[Literal["message", "cell"], Form()] = "message",
    course: Name = "",
    task: Name = "",
) -> Response:
    """The same to everybody present whom it is about: a message, or a cell that each of them may take or leave."""
    extent = _expect_extent(visitor, learner="", course=course, task=task)
    by = visitor.sight.principal.name
    if kind == "cell":
        reached = await stage.desk.offering.offer(extent, words.replace("\r\n", "\n").strip("\n"), by=by)
        stage.feed.stir(stage.feed.wall.learners())
        return said(text("panel.offered", n=reached), "good" if reached else "bad")
    reached = await stage.desk.whispering.broadcast(extent, words, by=by)
    return said(text("panel.reached", n=reached), "good" if reached else "bad")


@router.post("/order")
async def order(
    stage: TheStage,
    visitor: TheInstructor,
    what: Annotated[Literal["pause", "resume", "approve", "release"], Form()],
    learner: Name = "",
    course: Name = "",
    task: Name = "",
) -> Response:
    """Pause the AI, have its hints approved, or take that back, for exactly these."""
    extent = _expect_extent(visitor, learner=learner, course=course, task=task)
    by = visitor.sight.principal.name
    was = next((steer for steer in stage.desk.steering.orders() if steer.extent == extent), None)
    paused = {"pause": True, "resume": False}.get(what, was is not None and was.paused)
    approval = {"approve": True, "release": False}.get(what, was is not None and was.approval)
    if paused or approval:
        now = stage.desk.clock.now()
        await stage.desk.steering.order(Steer(extent=extent, paused=paused, approval=approval, by=by, at=now))
    else:
        await stage.desk.steering.lift(extent, by=by)
    stage.feed.stir(stage.feed.wall.learners())
    words = {"pause": "panel.paused", "approve": "panel.approval"}.get(what, "panel.resumed")
    return said(text(words, who=learner or task or course or text("wall.for_class")), "good")


@router.post("/held/{suggestion}/approve")
async def approve(
    stage: TheStage,
    visitor: TheInstructor,
    suggestion: Id,
    words: Words = "",
    keep: Annotated[Literal["", "keep"], Form()] = "",
) -> Response:
    """Show a hint that waits: as it is, or with the instructor's words, which the gate judges like any others.

    ``keep``: let the tutor give it to everybody at that task from now on, once the gate has let it pass.
    """
    held = _expect_held(stage, visitor, suggestion)
    edited = words.replace("\r\n", "\n").strip()
    other = edited if edited and edited != held.draft.text.strip() else None
    by = visitor.sight.principal.name
    answer = await stage.desk.approvals.approve(held.suggestion, by=by, text=other)
    _stir(stage, held)
    if keep and isinstance(answer, Shown):
        return said(await hints.keep(stage, visitor, held, edited or held.draft.text), "good")
    return _answered(answer, "panel.approved")


@router.post("/held/{suggestion}/reject")
async def reject(stage: TheStage, visitor: TheInstructor, suggestion: Id) -> Response:
    """Show it never."""
    held = _expect_held(stage, visitor, suggestion)
    await stage.desk.approvals.reject(held.suggestion, by=visitor.sight.principal.name)
    _stir(stage, held)
    return said(text("panel.rejected"), "good")


def expect_seen(visitor: Visitor, learner: str) -> Username:
    """That learner, if whoever asks may see them.

    Raises:
        ForbiddenError
    """
    if not visitor.sight.sees(Username(learner)):
        raise ForbiddenError(f"see {learner!r}", "you do not teach them")
    return Username(learner)


def _expect_extent(visitor: Visitor, *, learner: str, course: str, task: str) -> Extent:
    extent = Extent(
        learner=Username(learner) if learner else None,
        course=CourseId(course) if course else None,
        task=TaskId(task) if task else None,
    )
    who = visitor.sight.principal
    if extent.learner is not None:
        expect_seen(visitor, learner)
    elif extent.course is not None and not who.may_teach(extent.course):
        raise ForbiddenError(f"act in course {course!r}", "you do not teach it")
    elif extent.course is None and not who.is_service and who.courses is not None:
        raise ForbiddenError("act for everybody", "name one of your courses, or a learner of one")
    return extent


def _expect_held(stage: Stage, visitor: Visitor, suggestion: str) -> HeldDraft:
    for held in stage.desk.approvals.held():
        if held.suggestion == suggestion and visitor.sight.sees(held.learner):
            return held
    raise UnknownSuggestionError(SuggestionId(suggestion))


def _stir(stage: Stage, held: HeldDraft) -> None:
    if held.learner is not None:
        stage.feed.stir([held.learner])


def _answered(answer: Answer, shown: str) -> Response:
    match answer:
        case Shown():
            return said(text(shown), "good")
        case Held(reason=reason):
            return said(text("panel.held", why=reason), "")
        case Rejected(detail=detail):
            return said(text("panel.not_said", why=detail), "bad")
