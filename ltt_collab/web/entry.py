"""Coming in and going out: the login page, its links and its form."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from ltt_collab.model.identity import Role
from ltt_collab.web.login import SESSION_SECONDS, CodeLogin, Session, cookie_name
from ltt_collab.web.rendering import page
from ltt_collab.web.stage import Stage, TheStage

router = APIRouter(include_in_schema=False)

ASKED = "ltt.asked"
"""Key in a request's scope: the method as it was asked, where HEAD arrives as GET."""

LONGEST = 2_000


@router.get("/login")
async def login_page(
    request: Request,
    stage: TheStage,
    code: Annotated[str, Query(max_length=LONGEST)] = "",
    next: Annotated[str, Query(max_length=LONGEST)] = "/",
) -> Response:
    """Redeem a printed link, or ask for a token. A HEAD, as link checkers send it, leaves a code unused."""
    elsewhere = stage.login.redirect(request)
    if elsewhere is not None:
        return RedirectResponse(elsewhere, HTTPStatus.SEE_OTHER)
    if code and request.scope.get(ASKED) != "HEAD" and isinstance(stage.login, CodeLogin):
        admitted = stage.login.redeem(code)
        if admitted is not None:
            return _admitted(request, admitted, next)
        return page(request, "login.html", status=HTTPStatus.FORBIDDEN, problem="login.used", next=_ours(next))
    return page(request, "login.html", problem="", next=_ours(next))


@router.post("/login")
async def log_in(
    request: Request,
    stage: TheStage,
    token: Annotated[str, Form(max_length=LONGEST)],
    next: Annotated[str, Form(max_length=LONGEST)] = "/",
) -> Response:
    """By a token of the API. Only our own form is listened to: nobody is logged in as somebody else unawares."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return page(request, "login.html", status=HTTPStatus.FORBIDDEN, problem="error.csrf", next="/")
    admitted = await stage.login.admit(token.strip()) if isinstance(stage.login, CodeLogin) else None
    if admitted is None:
        return page(request, "login.html", status=HTTPStatus.FORBIDDEN, problem="login.unknown", next=_ours(next))
    if admitted[1].principal.role is Role.AGENT:
        return page(request, "login.html", status=HTTPStatus.FORBIDDEN, problem="login.nobody", next="/")
    return _admitted(request, admitted, next)


@router.post("/logout")
async def log_out(request: Request, stage: TheStage) -> Response:
    """End the session; htmx goes to the login page."""
    _end(request, stage)
    response = Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-redirect": "/login"})
    response.delete_cookie(cookie_name(request))
    return response


def _end(request: Request, stage: Stage) -> None:
    if isinstance(stage.login, CodeLogin):
        stage.login.end(request.cookies.get(cookie_name(request), ""))


def _admitted(request: Request, admitted: tuple[str, Session], where: str) -> Response:
    response = RedirectResponse(_ours(where), HTTPStatus.SEE_OTHER)
    response.set_cookie(
        cookie_name(request),
        admitted[0],
        max_age=int(SESSION_SECONDS),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return response


def _ours(where: str) -> str:
    """The path to go to, if it is one of ours: no open redirect."""
    plain = where.startswith("/") and not where.startswith("//") and "\\" not in where and where.isprintable()
    return where if plain else "/"
