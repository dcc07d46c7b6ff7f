"""Open rooms: which there are, what is in them, what happens in them, what is proposed."""

from __future__ import annotations

import dataclasses
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Query
from starlette.responses import Response

from ltt_collab.api.door import PREFIX, Responses, TheDoor, problems
from ltt_collab.api.problems import ProblemResponse, WireResponse
from ltt_collab.api.schemas import (
    DecisionBody,
    DeclinedBody,
    HeldBody,
    NotebookBody,
    RoomBody,
    ShownBody,
    SuggestionBody,
)
from ltt_collab.api.streams import EventStream
from ltt_collab.model.errors import UnknownRoomError
from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.model.problems import CODE_KEY, DETAIL_KEY
from ltt_collab.model.suggestions import Answer, Rejected, RejectionReason
from ltt_collab.model.wire import TYPE_KEY, to_wire
from ltt_collab.ports.directory import RoomDirectory, RoomInfo

router = APIRouter(prefix=PREFIX, tags=["rooms"])

ANSWER_KEY = "answer"

_STREAM: Responses = {
    200: {
        "description": (
            "Server-Sent Events: first `open`, then one message an event (`event`: its type, `data`: its JSON), a"
            " comment after 15 s of silence. `end`: the room was left for good. `error`: a problem document, as when"
            " the reader was too slow; nothing is lost silently. A stream that just breaks off may be resumed."
        ),
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.get("/rooms", summary="List the open rooms")
async def list_rooms(
    door: TheDoor, path: Annotated[str | None, Query(description="Only rooms of this path.")] = None
) -> list[RoomBody]:
    """Ordered by server and path. A path may be open on several servers."""
    infos = door.directory.rooms()
    return [RoomBody(**dataclasses.asdict(info)) for info in infos if path is None or info.path == path]


@router.get(
    "/rooms/{room_id}",
    summary="Read a notebook as it is now",
    response_model=NotebookBody,
    responses=problems(HTTPStatus.NOT_FOUND),
)
async def read_room(door: TheDoor, room_id: str) -> Response:
    """Events after its `seq` continue from it."""
    info = _known(door.directory, room_id)
    return WireResponse(to_wire(await door.directory.snapshot(info.id)))


@router.get(
    "/rooms/{room_id}/events",
    summary="Follow a room",
    response_class=Response,
    responses={**_STREAM, **problems(HTTPStatus.NOT_FOUND, HTTPStatus.GONE)},
)
async def follow_room(
    door: TheDoor,
    room_id: str,
    after: Annotated[int | None, Query(ge=0, description="Begin after this event; without it, with the next.")] = None,
    last_event_id: Annotated[
        int | None, Header(ge=0, description="The last event received; wins over `after`, as a browser resends it.")
    ] = None,
) -> Response:
    """Every event after that one, in order. Each message's `id` is its number."""
    info = _known(door.directory, room_id)
    asked = last_event_id if last_event_id is not None else after
    # "From now on" is given its number here, so that a stream that breaks before its first event can be resumed.
    start = info.last_seq if asked is None else Seq(asked)
    return EventStream(
        door.directory.events(info.id, after=start),
        opening={"room": info.id, "after": start},
        closing=door.closing,
        replays=start != info.last_seq,
        heartbeat=door.heartbeat,
    )


@router.get("/events", summary="Follow all rooms", response_class=Response, responses=_STREAM)
async def follow_all(door: TheDoor) -> Response:
    """What happens from now on in every room, rooms that open later included.

    Messages have no `id`, since each room counts for itself: to resume, list the rooms and follow each one that has
    gone on (`last_seq`) up to there.
    """
    return EventStream(
        door.directory.events(None), opening={}, closing=door.closing, replays=False, heartbeat=door.heartbeat
    )


@router.post(
    "/rooms/{room_id}/suggestions",
    summary="Propose a suggestion",
    response_model=ShownBody | HeldBody,
    responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def propose(door: TheDoor, room_id: str, suggestion: Annotated[SuggestionBody, Body()]) -> Response:
    """Put a suggestion before the gate; answered when it is shown, held or rejected.

    A rejection is no success: 409 when the cell is not what you decided on (the answer holds its `current_source`:
    decide again), 422 for every other `reason` (sending the same again will not help). Both have `answer: rejected`.
    """
    info = _known(door.directory, room_id)
    return _answered(await door.directory.propose(info.id, suggestion.as_draft()))


@router.post(
    "/rooms/{room_id}/declined",
    summary="Say that nothing will be proposed about a request for help",
    responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
)
async def decline(door: TheDoor, room_id: str, declined: Annotated[DeclinedBody, Body()]) -> DeclinedBody:
    """Others of the room are then not held up by it. Does nothing about a request that is not waited for."""
    info = _known(door.directory, room_id)
    await door.directory.decline(info.id, declined.cause_key, declined.reply_to)
    return declined


@router.get(
    "/rooms/{room_id}/decisions",
    summary="Read why help was or was not given",
    responses=problems(HTTPStatus.NOT_FOUND),
)
async def list_decisions(door: TheDoor, room_id: str) -> list[DecisionBody]:
    """The latest decisions, oldest first."""
    info = _known(door.directory, room_id)
    return [DecisionBody(**dataclasses.asdict(decision)) for decision in door.directory.decisions(info.id)]


def _known(directory: RoomDirectory, room_id: str) -> RoomInfo:
    """The room of that id; a path is no id here, it is asked for by ``?path=``."""
    info = directory.find(room_id)
    if info.id != RoomId(room_id):
        raise UnknownRoomError(room_id)
    return info


def _answered(answer: Answer) -> Response:
    wire: dict[str, Any] = to_wire(answer)
    wire = {ANSWER_KEY: wire.pop(TYPE_KEY), **wire}
    if not isinstance(answer, Rejected):
        return WireResponse(wire)
    conflict = answer.reason is RejectionReason.CONFLICT
    status = HTTPStatus.CONFLICT if conflict else HTTPStatus.UNPROCESSABLE_ENTITY
    return ProblemResponse(status, {CODE_KEY: "suggestion_rejected", DETAIL_KEY: answer.detail, **wire})
