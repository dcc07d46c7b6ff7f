"""Whether the service lives, works, and how much it does; no token needed, nothing about a learner."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus

import anyio.to_thread
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from ltt_collab import __version__
from ltt_collab.api.door import PREFIX, TheWholeDoor, problems
from ltt_collab.api.problems import plain_problem
from ltt_collab.api.schemas import HealthBody, ReadyBody, StoreBody
from ltt_collab.model.edits import RoomState
from ltt_collab.telemetry.metrics import ROOMS, STORE_WAITING, exposition

router = APIRouter(prefix=PREFIX, tags=["health"])
metrics_router = APIRouter(tags=["health"])


@router.get("/health", summary="Is the process alive?")
async def health() -> HealthBody:
    """Always 200 while the process can answer at all."""
    return HealthBody(status="ok", version=__version__)


@router.get(
    "/ready",
    summary="Does it watch the learner's server?",
    response_model=ReadyBody,
    responses=problems(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def ready(door: TheWholeDoor) -> Response | ReadyBody:
    """503 until it does, and again while it cannot."""
    state = door.readiness()
    if state.ready:
        store = StoreBody(available=state.store.available, waiting=state.store.waiting, reason=state.store.reason)
        return ReadyBody(ready=True, reason=state.reason, store=store)
    return plain_problem(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", state.reason or "not watching a server yet")


@metrics_router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
async def metrics(door: TheWholeDoor) -> Response:
    """Prometheus' text format."""
    rooms = Counter(info.state for info in door.directory.rooms())
    for state in RoomState:
        ROOMS.labels(state=state.value).set(rooms[state])
    STORE_WAITING.set(door.readiness().store.waiting)
    text = await anyio.to_thread.run_sync(exposition)  # it reads files of /proc
    return Response(text, media_type=CONTENT_TYPE_LATEST)
