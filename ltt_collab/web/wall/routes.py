"""The wall's page, its stream of changes, and one learner's panel."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from ltt_collab.model.courses import Course
from ltt_collab.model.errors import UnknownCourseError
from ltt_collab.model.identity import Sight
from ltt_collab.ports.classroom import TaskAt
from ltt_collab.ports.steering import Extent
from ltt_collab.web.live.cards import Need, TaskState
from ltt_collab.web.live.feed import Batch
from ltt_collab.web.rendering import page, part
from ltt_collab.web.stage import Stage, TheInstructor, TheRooms, TheStage
from ltt_collab.web.streams import EventStream, frame
from ltt_collab.web.wall import acts, hints
from ltt_collab.web.wall.views import WallViews, card_id

router = APIRouter(prefix="/wall", include_in_schema=False)
router.include_router(acts.router)
router.include_router(hints.router)

SUMMARY_SECONDS = 0.25
"""Between two summaries of the class at least: they cost as much as all cards."""

DECISIONS = 12
"""Of the tutor's latest decisions that the panel shows."""

Key = Annotated[str, Query(max_length=200)]


@router.get("")
async def wall_page(request: Request, stage: TheStage, visitor: TheInstructor, course: Key = "") -> Response:
    """The class as it is; the stream goes on from there."""
    sight = visitor.sight
    courses = [each for each in stage.school.classroom.courses() if sight.principal.may_teach(each.id)]
    chosen = chosen_course(courses, course)
    views = _views(request, stage, chosen)
    version = stage.feed.version
    cards = views.cards(sight)
    everybody = Extent(course=None if chosen is None else chosen.id)
    return page(
        request,
        "wall/wall.html",
        courses=courses,
        course=chosen,
        cards=[views.card_html(card.learner) for card in cards],
        totals=views.totals_html(cards),
        clusters=views.clusters_html(cards),
        queue=views.queue_html(sight),
        order=views.order_about(everybody),
        since=f"{_epoch(request)}-{version}",
        needs=list(Need),
        kept=hints.kept_html(stage, None if chosen is None else chosen.id),
    )


@router.get("/stream")
async def wall_stream(
    request: Request, stage: TheStage, visitor: TheInstructor, course: Key = "", since: Key = ""
) -> Response:
    """What changes, from the moment that the page shows; a page of an older service gets everything anew."""
    courses = [each for each in stage.school.classroom.courses() if visitor.sight.principal.may_teach(each.id)]
    views = _views(request, stage, chosen_course(courses, course))
    epoch, _, version = since.partition("-")
    after = int(version) if epoch == _epoch(request) and version.isdigit() else 0
    return EventStream(_frames(stage, views, visitor.sight, after), stage.closing)


@router.get("/learners/{learner:path}")
async def learner_panel(
    request: Request,
    stage: TheStage,
    visitor: TheInstructor,
    rooms: TheRooms,
    learner: Annotated[str, Path(max_length=200)],
) -> Response:
    """One learner: what they do, why the AI did what it did, and what the instructor may do."""
    who = acts.expect_seen(visitor, learner)
    card = stage.feed.card(who)
    views = _views(request, stage, None)
    decisions = rooms.decisions(card.room) if card.room is not None else ()
    return HTMLResponse(
        part(
            "wall/panel.html",
            card=card,
            id=card_id(who),
            title=views.title(card.task),
            dots=views.dots(card),
            checks=views.checks(card),
            standing=views.standing(card),
            own=views.order_about(Extent(learner=who)),
            of_task=None if card.task is None else views.order_about(_of_task(card.task)),
            decisions=list(decisions)[-DECISIONS:][::-1],
            states=TaskState,
            has_shadow=any(getattr(route, "path", "").startswith("/shadow") for route in request.app.routes),
        )
    )


def _of_task(at: TaskAt) -> Extent:
    return Extent(course=at.course, task=at.task)


async def _frames(stage: Stage, views: WallViews, sight: Sight, after: int) -> AsyncIterator[bytes]:
    said: dict[str, str] = {}
    summed_up, due = 0.0, False
    while True:
        batch: Batch | None = None
        with anyio.move_on_after(SUMMARY_SECONDS if due else None):
            batch = await stage.feed.next(after)
        if batch is not None:
            after = batch.version
            seen = [who for who in batch.changed if sight.sees(who)]
            due = due or bool(seen)
            if seen:
                yield frame("cards", "\n".join(views.card_html(who) for who in seen))
            typed = [card_id(who) for who in batch.typed if sight.sees(who)]
            if typed:
                yield frame("pulse", " ".join(typed))
        if due and time.monotonic() - summed_up >= SUMMARY_SECONDS:
            summed_up, due = time.monotonic(), False
            for name, html in _summaries(views, sight).items():
                if said.get(name) != html:
                    said[name] = html
                    yield frame(name, html)


def _summaries(views: WallViews, sight: Sight) -> dict[str, str]:
    cards = views.cards(sight)
    return {
        "totals": views.totals_html(cards),
        "clusters": views.clusters_html(cards),
        "queue": views.queue_html(sight),
    }


def chosen_course(courses: list[Course], wanted: str) -> Course | None:
    """The course of that id, or the first.

    Raises:
        UnknownCourseError
    """
    if not wanted:
        return courses[0] if courses else None
    found = next((each for each in courses if each.id == wanted), None)
    if found is None:
        raise UnknownCourseError(wanted)
    return found


def _views(request: Request, stage: Stage, course: Course | None) -> WallViews:
    """The course's views, which all its watchers share."""
    state = request.app.state
    if not hasattr(state, "wall_views"):
        state.wall_views = {}
    if course is None:
        course = next(iter(stage.school.classroom.courses()), None)
    key = "" if course is None else f"{course.id} {course.version}"
    views: WallViews = state.wall_views.setdefault(key, WallViews(stage, course))
    return views


def _epoch(request: Request) -> str:
    """Names this life of the service: versions count from its start."""
    return f"{id(request.app):x}"
