"""The shadow view. From here nothing reaches the room but what an instructor says by the desk."""

from __future__ import annotations

from contextlib import nullcontext
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from ltt_collab.model.identity import Role
from ltt_collab.model.ids import CellId
from ltt_collab.model.pictures import picture_of
from ltt_collab.model.suggestions import Rejected
from ltt_collab.web.policy import Visitor
from ltt_collab.web.render import text as texts
from ltt_collab.web.rendering import page
from ltt_collab.web.shadow.live import Shadow, ShadowStream, Sources
from ltt_collab.web.stage import TheInstructor, TheRooms, TheStage, TheVisitor
from ltt_collab.web.texts import text

router = APIRouter(prefix="/shadow", include_in_schema=False)

PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""For a picture's own address: also an SVG that is opened by itself runs nothing and loads nothing."""

LONGEST = 2_000
"""Characters of what an instructor says; the desk has the same limit."""


@router.get("/{room}")
async def shadow_page(request: Request, room: str, stage: TheStage, rooms: TheRooms, visitor: TheVisitor) -> Response:
    """The page; what is on it comes by the stream."""
    info = rooms.find(room)
    return page(
        request,
        "shadow/page.html",
        room=info.id,
        who=stage.name_of(info.learner),
        learner=info.learner or "",
        path=texts.plain(info.path, 300),
        teaches=_teaches(visitor),
        told=stage.watching.is_visible,
    )


@router.get("/{room}/frames")
async def shadow_frames(room: str, stage: TheStage, rooms: TheRooms, visitor: TheVisitor) -> Response:
    """The room, frame by frame."""
    info = rooms.find(room)
    sources = Sources(directory=rooms, watching=stage.watching, events=stage.school.events)
    name = visitor.sight.principal.name
    watch = stage.watching.watch(info.id, by=name) if _teaches(visitor) else nullcontext()
    return ShadowStream(Shadow(sources, info.id), watch=watch, closing=stage.closing)


@router.get("/{room}/picture")
async def shadow_picture(
    room: str,
    stage: TheStage,
    rooms: TheRooms,
    cell: Annotated[str, Query()],
    index: Annotated[int, Query(ge=0, le=10_000)],
) -> Response:
    """One picture of an output."""
    info = rooms.find(room)
    picture = picture_of(stage.watching.output(info.id, CellId(cell), index))
    if picture is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no picture that can be shown")
    headers = {"content-security-policy": PICTURE_POLICY, "cross-origin-resource-policy": "same-origin"}
    return Response(picture.content, media_type=picture.media_type, headers=headers)


@router.post("/{room}/whisper")
async def whisper(
    room: str,
    stage: TheStage,
    rooms: TheRooms,
    visitor: TheInstructor,
    said: Annotated[str, Form(alias="text", min_length=1, max_length=LONGEST)],
    cell: Annotated[str, Form()] = "",
) -> Response:
    """Say something to the learner, below a cell or where they are."""
    info = rooms.find(room)
    answer = await stage.desk.whispering.whisper(
        info.id, CellId(cell) if cell else None, said, by=visitor.sight.principal.name
    )
    if isinstance(answer, Rejected):
        return JSONResponse({"said": False, "text": text("shadow.not_said", why=answer.detail)}, HTTPStatus.CONFLICT)
    return JSONResponse({"said": True, "text": text("shadow.said")})


def _teaches(visitor: Visitor) -> bool:
    return visitor.sight.principal.role in {Role.INSTRUCTOR, Role.SERVICE}
