"""Coming in and going out: the login page, the way over a hub, the way out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from ltt_collab.model.errors import ForbiddenError
from ltt_collab.model.identity import Role
from ltt_collab.web.hub_login import CALLBACK, LOGIN_SECONDS, HubLogin
from ltt_collab.web.login import SESSION_SECONDS, CodeLogin, Session, cookie_name
from ltt_collab.web.rendering import page
from ltt_collab.web.stage import Stage, TheStage
from ltt_collab.web.texts import text

router = APIRouter(include_in_schema=False)

ASKED = "ltt.asked"
"""Key in a request's scope: the method as it was asked, where HEAD arrives as GET."""

LONGEST = 4_000

Word = Annotated[str, Query(max_length=LONGEST)]


@router.get("/login")
async def login_page(
    request: Request, stage: TheStage, code: Word = "", next: Word = "/", by: Word = "", at: Word = ""
) -> Response:
    """Redeem a printed link, go to the hub, or ask for a token. A HEAD, as link checkers send it, changes nothing.

    ``by=token`` asks for a token also where there is a hub; ``at=home``: the browser was sent to our own address.
    """
    asks = request.scope.get(ASKED) != "HEAD"
    if code and asks and isinstance(stage.login, CodeLogin):
        admitted = stage.login.redeem(code)
        if admitted is not None:
            return _admitted(request, stage, admitted, next)
        return page(request, "login.html", status=HTTPStatus.FORBIDDEN, problem="login.used", next=_ours(next))
    if isinstance(stage.login, HubLogin) and by != "token" and asks:
        ours = urlsplit(stage.login.places.ours)
        if request.url.netloc != ours.netloc and not at:
            # The hub sends people back to our public address: there the browser must have its cookie.
            return RedirectResponse(
                f"{stage.login.places.ours}login?at=home&next={quote(_ours(next))}", HTTPStatus.SEE_OTHER
            )
        return await _to_the_hub(request, stage, stage.login, _ours(next))
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
    return _admitted(request, stage, admitted, next)


@router.get(f"/{CALLBACK}")
async def back_from_the_hub(
    request: Request, stage: TheStage, code: Word = "", state: Word = "", error: Word = ""
) -> Response:
    """End a login that began in this browser, and go on to the page that was asked for."""
    login = stage.login
    if not isinstance(login, HubLogin) or request.scope.get(ASKED) == "HEAD":
        return page(request, "login.html", problem="", next="/")
    begun = login.where_to(state, request.cookies.get(_browser_cookie(request), ""))
    if begun is None:
        return _not_in(request, login, "login.stale")
    if error or not code:
        return _not_in(request, login, "login.refused")
    try:
        admitted = await login.finish(begun, code)
    except ForbiddenError as refusal:
        return _not_in(request, login, "login.stranger", str(refusal))
    if admitted is None:
        return _not_in(request, login, "login.stale")
    response = _admitted(request, stage, admitted, begun.where)
    response.delete_cookie(_browser_cookie(request), path=f"/{CALLBACK}")
    return response


@router.get("/logged-out")
async def logged_out(request: Request, stage: TheStage) -> Response:
    """Where a logout ends with a hub: the hub still knows the browser, and would let it in again at once."""
    if not isinstance(stage.login, HubLogin):
        return RedirectResponse("/login", HTTPStatus.SEE_OTHER)
    return page(request, "logged_out.html", heading=text("login.out"), detail="", hub=stage.login.places.log_out)


@router.post("/logout")
async def log_out(request: Request, stage: TheStage) -> Response:
    """End the session; htmx goes to the page that says so."""
    if isinstance(stage.login, CodeLogin):
        stage.login.end(request.cookies.get(cookie_name(request), ""))
    response = Response(status_code=HTTPStatus.NO_CONTENT, headers={"hx-redirect": "/logged-out"})
    response.delete_cookie(cookie_name(request))
    return response


async def _to_the_hub(request: Request, stage: Stage, login: HubLogin, where: str) -> Response:
    target, browser = await login.send_away(request.cookies.get(_browser_cookie(request), ""), where)
    response = RedirectResponse(target, HTTPStatus.SEE_OTHER)
    response.set_cookie(
        _browser_cookie(request),
        browser,
        max_age=int(LOGIN_SECONDS),
        path=f"/{CALLBACK}",
        httponly=True,
        samesite="lax",  # the hub's page leads back to ours
        secure=stage.is_secure(request),
    )
    return response


def _not_in(request: Request, login: HubLogin, why: str, detail: str = "") -> Response:
    """Who was not let in is told why, and how to come as somebody else."""
    return page(
        request,
        "logged_out.html",
        status=HTTPStatus.FORBIDDEN,
        heading=text("error.forbidden"),
        detail=f"{text(why)} {detail}".strip(),
        hub=login.places.log_out,
    )


def _admitted(request: Request, stage: Stage, admitted: tuple[str, Session], where: str) -> Response:
    response = RedirectResponse(_ours(where), HTTPStatus.SEE_OTHER)
    response.set_cookie(
        cookie_name(request),
        admitted[0],
        max_age=int(SESSION_SECONDS),
        httponly=True,
        samesite="lax",
        secure=stage.is_secure(request),
    )
    return response


def _browser_cookie(request: Request) -> str:
    return cookie_name(request).replace("session", "login", 1)


def _ours(where: str) -> str:
    """The path to go to, if it is one of ours: no open redirect."""
    plain = where.startswith("/") and not where.startswith("//") and "\\" not in where and where.isprintable()
    return where if plain else "/"
