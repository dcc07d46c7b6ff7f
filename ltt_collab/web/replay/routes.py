"""The replay: what was recorded of a room, also after everybody has left it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import RoomId, Seq
from ltt_collab.ports.store import RoomRecord, SessionRecord
from ltt_collab.web.render import text as texts
from ltt_collab.web.render.cells import Setting
from ltt_collab.web.render.feed import MOMENTS
from ltt_collab.web.render.frames import frame
from ltt_collab.web.render.scene import Scene
from ltt_collab.web.render.source import read_lexer
from ltt_collab.web.rendering import page
from ltt_collab.web.replay.recording import Recording
from ltt_collab.web.replay.shelf import Shelf
from ltt_collab.web.stage import Stage, TheStage, TheVisitor
from ltt_collab.web.texts import text

router = APIRouter(prefix="/replay", include_in_schema=False)

FIRST_SEQ = Query(alias="session", ge=0)


@router.get("/{room}")
async def replay_page(
    request: Request,
    room: str,
    stage: TheStage,
    visitor: TheVisitor,
    first_seq: Annotated[int | None, Query(alias="session", ge=0)] = None,
) -> Response:
    """The page; without a session the latest one. What is on it comes by ``timeline`` and ``frame``."""
    record = await _recorded(stage, visitor.sight, room)
    sessions = await stage.school.rooms.sessions(record.room)
    chosen = _chosen(sessions, first_seq)
    learner = record.learners[0] if record.learners else None
    return page(
        request,
        "replay/page.html",
        room=record.room,
        who=stage.name_of(learner),
        learner=learner or "",
        path=texts.plain(record.path, 300),
        sessions=list(reversed(sessions)),
        chosen=chosen,
        is_open=any(info.id == record.room for info in stage.directory.rooms()),
    )


@router.get("/{room}/timeline")
async def replay_timeline(
    request: Request,
    room: str,
    stage: TheStage,
    visitor: TheVisitor,
    first_seq: Annotated[int, FIRST_SEQ],
) -> Response:
    """A session's length, everything that its feed says, and the moments to jump to; JSON."""
    record = await _recorded(stage, visitor.sight, room)
    session = _chosen(await stage.school.rooms.sessions(record.room), first_seq)
    recording = await _shelf(request).take(stage.school.events, stage.school.rooms, session)
    entries = [entry.as_wire() for entry in recording.entries]
    first, last = (recording.times[0], recording.times[-1]) if recording.times else (session.first_at, session.last_at)
    return _json(
        {
            "start": first,
            "end": last,
            "events": len(recording.events),
            "missing": recording.missing,
            "entries": entries,
            "moments": [entry for entry in entries if entry["kind"] in MOMENTS],
        }
    )


@router.get("/{room}/frame")
async def replay_frame(  # noqa: PLR0913, PLR0917 - what of which session, from where to where
    request: Request,
    room: str,
    stage: TheStage,
    visitor: TheVisitor,
    first_seq: Annotated[int, FIRST_SEQ],
    at: Annotated[float, Query(allow_inf_nan=False)],
    since: Annotated[int, Query(ge=-1)] = -1,
) -> Response:
    """How the notebook was at that Unix time, as a change from after ``since`` events (-1: from nothing)."""
    record = await _recorded(stage, visitor.sight, room)
    recording = _shelf(request).kept(record.room, Seq(first_seq))
    if recording is None:
        session = _chosen(await stage.school.rooms.sessions(record.room), first_seq)
        recording = await _shelf(request).take(stage.school.events, stage.school.rooms, session)
    return _json(await _frame(recording, recording.count_at(at), since))


async def _frame(recording: Recording, count: int, since: int) -> dict[str, Any]:
    if count == since:
        return {"count": count, "frame": {}}
    before = Scene.empty(recording.room) if since < 0 else recording.scene(since)
    after = recording.scene(count)
    await read_lexer(after.notebook.language)
    setting = Setting(room=recording.room, language=after.notebook.language)
    return {"count": count, "frame": frame(before, after, setting)}


def _json(content: dict[str, Any]) -> Response:
    """JSON in ASCII: what a notebook holds may be no valid Unicode."""
    return Response(json.dumps(content, separators=(",", ":")), media_type="application/json")


async def _recorded(stage: Stage, sight: Sight, room: str) -> RoomRecord:
    """The record of that room, if it is there and whoever asks may see it; which of the two it lacks is not said."""
    record = await stage.school.rooms.find(RoomId(room))
    if record is None or record.room != room or not record.events:
        raise HTTPException(HTTPStatus.NOT_FOUND, text("replay.none"))
    if not sight.sees(record.learners[0] if record.learners else None):
        raise HTTPException(HTTPStatus.NOT_FOUND, text("replay.none"))
    return record


def _chosen(sessions: Sequence[SessionRecord], first_seq: int | None) -> SessionRecord:
    found = [each for each in sessions if first_seq is None or each.first_seq == first_seq]
    if not found:
        raise HTTPException(HTTPStatus.NOT_FOUND, text("replay.none"))
    return found[-1]


def _shelf(request: Request) -> Shelf:
    """Of this app."""
    state = request.app.state
    if not hasattr(state, "replay_shelf"):
        state.replay_shelf = Shelf()
    shelf: Shelf = state.replay_shelf
    return shelf
