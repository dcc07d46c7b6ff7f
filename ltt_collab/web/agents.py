"""Somebody is asked whether a program may work in their name."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from ltt_collab.access.grants import Grant, Wish
from ltt_collab.model.errors import ForbiddenError
from ltt_collab.model.identity import Role
from ltt_collab.web.policy import Visitor
from ltt_collab.web.rendering import page
from ltt_collab.web.stage import Asking, Stage, TheStage, TheVisitor
from ltt_collab.web.texts import text

router = APIRouter(prefix="/agents", include_in_schema=False)

Word = Annotated[str, Query(max_length=4_000)]


@router.get("/allow")
async def allow_page(request: Request, stage: TheStage, visitor: TheVisitor, wish: Word = "") -> Response:
    """Who asks, for what, and where the answer goes."""
    _, asked = _asked(stage, visitor, wish)
    teaches = visitor.sight.principal.role is Role.INSTRUCTOR
    return page(
        request,
        "allow.html",
        name=asked.name or text("allow.unnamed"),
        where=urlsplit(asked.redirect_uri).netloc,
        wish=wish,
        teaches=teaches,
        who=visitor.sight.principal.name,
    )


@router.post("/allow")
async def allow(
    stage: TheStage,
    visitor: TheVisitor,
    wish: Annotated[str, Form(max_length=4_000)],
    yes: Annotated[bool, Form()] = False,
    write: Annotated[bool, Form()] = False,
    execute: Annotated[bool, Form()] = False,
) -> Response:
    """Send the browser back to the program, with a code or with a no."""
    asking, asked = _asked(stage, visitor, wish)
    code = ""
    if yes:
        grant = Grant(wish=asked, hub_token=visitor.session.token, may_write=write, may_execute=execute)
        code = asking.grants.allow(grant)
    # Not a redirect: our pages' forms lead nowhere else, so the page's script goes there.
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-redirect": asking.answer(asked, code)})


def _asked(stage: Stage, visitor: Visitor, word: str) -> tuple[Asking, Wish]:
    """Whom this login may speak for, and what is asked.

    Raises:
        ForbiddenError: not by a login at the hub, or the program asked too long ago.
    """
    asking = stage.asking
    if asking is None or not visitor.session.by_hub:
        raise ForbiddenError("let a program work in your name", "log in through the hub")
    if visitor.sight.principal.role not in {Role.LEARNER, Role.INSTRUCTOR}:
        raise ForbiddenError("let a program work in your name", "issue a token instead: `ltt token`")
    asked = asking.grants.asked(word)
    if asked is None:
        raise ForbiddenError("answer this", "the program asked too long ago; let it ask again")
    return asking, asked
