"""Steering the AI: pause it, have its hints approved, speak for oneself; and the operator's stop."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from ltt_collab.access.desk import Desk
from ltt_collab.api.door import PREFIX, Door, TheDoor, problems
from ltt_collab.api.school import Key
from ltt_collab.model.errors import ForbiddenError, UnknownSuggestionError
from ltt_collab.model.identity import Role
from ltt_collab.model.ids import CellId, CourseId, RoomId, SuggestionId, TaskId, Username
from ltt_collab.model.suggestions import Answer, Held, Rejected, Shown
from ltt_collab.ports.steering import Extent, Steer

router = APIRouter(prefix=PREFIX, tags=["steering"])

_ORDER = problems(HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY)
_ONE = problems(HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)

ALERT_LABEL = "ltt_action"
"""The label of an alert that is to stop the AI: ``ltt_action="stop"``, with ``course`` to stop one course only."""

Id = Annotated[str, Path(min_length=1, max_length=200)]


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_desk)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExtentBody(_Body):
    """Whom an order is about: every given one; none given: everybody."""

    learner: Key | None = None
    course: Key | None = None
    task: Key | None = None

    def as_extent(self) -> Extent:
        """The extent as the service knows it."""
        return Extent(
            learner=None if self.learner is None else Username(self.learner),
            course=None if self.course is None else CourseId(self.course),
            task=None if self.task is None else TaskId(self.task),
        )


class OrderBody(ExtentBody):
    """A standing order: `pause` ends all writing of the AI, `approve` makes its hints wait for a person."""

    order: Literal["pause", "approve"]
    reason: str = Field("", max_length=500)


class StandingBody(OrderBody):
    """An order that stands."""

    by: str
    at: float


class LiftedBody(_Body):
    """Whether there was an order to lift."""

    lifted: bool


class HeldBody(_Body):
    """A hint that waits for a person."""

    suggestion: str
    room: str
    learner: str | None
    cell_id: str
    text: str
    rung: int
    at: float


class ApprovalBody(_Body):
    """A yes; with another text if one is given."""

    text: str | None = Field(None, min_length=1, max_length=20_000)


class RejectionBody(_Body):
    """A no."""

    reason: str = Field("", max_length=500)


class DecidedBody(_Body):
    """What became of it."""

    answer: Literal["shown", "held", "rejected"]
    detail: str = ""


class WhisperBody(_Body):
    """What you say to a learner, under your name."""

    text: str = Field(min_length=1, max_length=2_000)
    cell_id: Key | None = Field(None, description="Below which cell; none: where the learner is.")


class BroadcastBody(ExtentBody):
    """What you say to everybody whom it is about and who is there."""

    text: str = Field(min_length=1, max_length=2_000)


class ReachedBody(_Body):
    """How many rooms got it."""

    rooms: int


class AlertBody(BaseModel):
    """One alert, of which the labels and the status count."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str] = Field(default_factory=dict)


class AlertsBody(BaseModel):
    """What Prometheus' Alertmanager sends to a webhook (version 4)."""

    alerts: list[AlertBody] = Field(max_length=1_000)


@router.get("/steering/orders", summary="List the standing orders", responses=_ORDER)
async def list_orders(door: TheDoor, desk: TheDesk) -> list[StandingBody]:
    """Oldest first; an instructor sees those of their own courses and those about everybody."""
    _expect_instructor(door, "see the orders")
    return [_standing(steer) for steer in desk.steering.orders() if _may_order(door, steer.extent, seeing=True)]


@router.post("/steering/orders", summary="Pause the AI, or have its hints approved", responses=_ORDER)
async def give_order(door: TheDoor, desk: TheDesk, order: Annotated[OrderBody, Body()]) -> StandingBody:
    """Holds within 5 s in every room it is about, and after restarts, until it is lifted."""
    extent = order.as_extent()
    _expect_extent(door, extent)
    steer = Steer(
        extent=extent,
        paused=order.order == "pause",
        approval=order.order == "approve",
        by=door.sight.principal.name,
        at=desk.clock.now(),
        reason=order.reason,
    )
    await desk.steering.order(steer)
    return _standing(steer)


@router.post("/steering/orders/lift", summary="Lift an order", responses=_ORDER)
async def lift_order(door: TheDoor, desk: TheDesk, extent: Annotated[ExtentBody, Body()]) -> LiftedBody:
    """The one about exactly these."""
    _expect_extent(door, extent.as_extent())
    return LiftedBody(lifted=await desk.steering.lift(extent.as_extent(), by=door.sight.principal.name))


@router.get("/steering/held", summary="List the hints that wait for a person", responses=_ORDER)
async def list_held(door: TheDoor, desk: TheDesk) -> list[HeldBody]:
    """Oldest first, of the learners that you may see. A hint whose cell changes meanwhile is gone."""
    _expect_instructor(door, "approve hints")
    return [
        HeldBody(
            suggestion=held.suggestion,
            room=held.room,
            learner=held.learner,
            cell_id=held.draft.cell_id,
            text=held.draft.text,
            rung=held.draft.rung,
            at=held.at,
        )
        for held in desk.approvals.held()
        if door.sight.sees(held.learner)
    ]


@router.post("/steering/held/{suggestion_id}/approve", summary="Show a held hint", responses=_ONE)
async def approve(
    door: TheDoor, desk: TheDesk, suggestion_id: Id, approval: Annotated[ApprovalBody, Body()]
) -> DecidedBody:
    """As it is, or with another text, which is held against the solution like any other."""
    held = _expect_held(door, desk, suggestion_id)
    return _decided(await desk.approvals.approve(held, by=door.sight.principal.name, text=approval.text))


@router.post("/steering/held/{suggestion_id}/reject", summary="Show a held hint never", responses=_ONE)
async def reject(
    door: TheDoor, desk: TheDesk, suggestion_id: Id, rejection: Annotated[RejectionBody, Body()]
) -> DecidedBody:
    """The AI is not told why."""
    held = _expect_held(door, desk, suggestion_id)
    await desk.approvals.reject(held, by=door.sight.principal.name, reason=rejection.reason)
    return DecidedBody(answer="rejected", detail=rejection.reason)


@router.post("/rooms/{room_id}/whispers", summary="Say something to a learner", responses=_ONE)
async def whisper(door: TheDoor, desk: TheDesk, room_id: Id, said: Annotated[WhisperBody, Body()]) -> DecidedBody:
    """A note in their notebook that begins with your name; it stays until they delete it."""
    room = door.directory.find(room_id)
    _expect_instructor(door, "write to a learner")
    cell = None if said.cell_id is None else CellId(said.cell_id)
    return _decided(await desk.whispering.whisper(RoomId(room.id), cell, said.text, by=door.sight.principal.name))


@router.post("/broadcasts", summary="Say something to many", responses=_ORDER)
async def broadcast(door: TheDoor, desk: TheDesk, said: Annotated[BroadcastBody, Body()]) -> ReachedBody:
    """In every open notebook that it is about."""
    _expect_extent(door, said.as_extent())
    rooms = await desk.whispering.broadcast(said.as_extent(), said.text, by=door.sight.principal.name)
    return ReachedBody(rooms=rooms)


@router.post("/hooks/alerts", summary="Let an alert stop the AI", responses=_ORDER)
async def take_alerts(door: TheDoor, desk: TheDesk, alerts: Annotated[AlertsBody, Body()]) -> LiftedBody:
    """Alertmanager's webhook: a firing alert labelled `ltt_action="stop"` pauses the AI, a resolved one lifts that.

    The label `course` makes it about that course only. Other alerts do nothing.
    """
    if not door.sight.principal.is_service:
        raise ForbiddenError("stop the AI everywhere", "that is the operator's")
    lifted = False
    for alert in alerts.alerts:
        if alert.labels.get(ALERT_LABEL) != "stop":
            continue
        course = alert.labels.get("course")
        extent = Extent(course=None if not course else CourseId(course))
        by = Username(f"alert {alert.labels.get('alertname', '')}".strip())
        if alert.status == "firing":
            await desk.steering.order(Steer(extent=extent, paused=True, by=by, at=desk.clock.now()))
        else:
            lifted = await desk.steering.lift(extent, by=by) or lifted
    return LiftedBody(lifted=lifted)


def _expect_instructor(door: Door, what: str) -> None:
    who = door.sight.principal
    if not who.is_service and who.role is not Role.INSTRUCTOR:
        raise ForbiddenError(what, "you are no instructor")


def _expect_extent(door: Door, extent: Extent) -> None:
    _expect_instructor(door, "steer the AI")
    if not _may_order(door, extent, seeing=False):
        raise ForbiddenError("steer the AI for these", "name one of your courses, or a learner of one")


def _may_order(door: Door, extent: Extent, *, seeing: bool) -> bool:
    who = door.sight.principal
    if who.is_service or who.courses is None:
        return True
    if extent.course is not None:
        return who.may_teach(extent.course)
    return door.sight.sees(extent.learner) if extent.learner is not None else seeing


def _expect_held(door: Door, desk: Desk, suggestion: str) -> SuggestionId:
    _expect_instructor(door, "approve hints")
    for held in desk.approvals.held():
        if held.suggestion == suggestion and door.sight.sees(held.learner):
            return held.suggestion
    raise UnknownSuggestionError(suggestion)


def _standing(steer: Steer) -> StandingBody:
    extent = steer.extent
    return StandingBody(
        learner=extent.learner,
        course=extent.course,
        task=extent.task,
        order="pause" if steer.paused else "approve",
        reason=steer.reason,
        by=steer.by,
        at=steer.at,
    )


def _decided(answer: Answer) -> DecidedBody:
    match answer:
        case Shown():
            return DecidedBody(answer="shown")
        case Held(reason=reason):
            return DecidedBody(answer="held", detail=reason)
        case Rejected(detail=detail):
            return DecidedBody(answer="rejected", detail=detail)
