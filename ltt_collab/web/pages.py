"""Puts the pages together into one app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from ltt_collab.model.errors import (
    ForbiddenError,
    HubError,
    LttError,
    StoreUnavailableError,
    UnknownCellError,
    UnknownCourseError,
    UnknownRoomError,
    UnknownSuggestionError,
    UnknownTaskError,
    UnknownValidationError,
)
from ltt_collab.model.identity import Role
from ltt_collab.web import agents, entry
from ltt_collab.web.hub_login import HubLogin
from ltt_collab.web.learn import routes as learn_routes
from ltt_collab.web.policy import SAFE_METHODS, Doorkeeper, PagePolicy
from ltt_collab.web.rendering import HERE, page, preload
from ltt_collab.web.stage import Stage, TheVisitor
from ltt_collab.web.texts import text
from ltt_collab.web.wall import routes as wall_routes

FOREVER = "public, max-age=31536000, immutable"
"""For files whose address names their version."""

preload()  # with this module: compiling reads files, which would hold up the rooms later

OTHER_ROUTERS = ("ltt_collab.web.shadow.routes", "ltt_collab.web.replay.routes", "ltt_collab.web.plots.routes")
"""Pages that stand on this base; each has a ``router``."""


class _Static(StaticFiles):
    """Our own files; browsers keep them as long as their address stands."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, to be kept."""
        response = await super().get_response(path, scope)
        if response.status_code == HTTPStatus.OK and (scope["query_string"] or path.startswith("vendor/")):
            response.headers["cache-control"] = FOREVER
        return response


def create_pages(stage: Stage) -> FastAPI:
    """Every page for people, to be mounted at ``/`` beside the API; it expects HEAD to arrive as GET."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[Middleware(PagePolicy), Middleware(Doorkeeper, login=stage.login, refuse=partial(_refused, stage))],
    )
    app.state.stage = stage
    app.add_exception_handler(LttError, _said(_of_ours))
    app.add_exception_handler(HTTPException, _said(_of_http))
    app.mount("/static", _Static(directory=HERE / "static"), name="static")
    app.include_router(entry.router)
    app.include_router(agents.router)
    app.include_router(wall_routes.router)
    app.include_router(learn_routes.router)
    for name in OTHER_ROUTERS:
        if find_spec(name.rpartition(".")[0]) is not None and find_spec(name) is not None:
            app.include_router(import_module(name).router)
    app.add_api_route("/", _index, methods=["GET"], include_in_schema=False)
    return app


async def _index(visitor: TheVisitor) -> Response:
    """Everybody's own first page."""
    learns = visitor.sight.principal.role is Role.LEARNER
    return RedirectResponse("/learn" if learns else "/wall", HTTPStatus.SEE_OTHER)


def _refused(stage: Stage, request: Request, error: LttError) -> Response:
    """For somebody whom the doorkeeper does not let in: with a hub, with a way to come as somebody else."""
    status, heading, detail = _of_ours(error)
    if status is HTTPStatus.FORBIDDEN and isinstance(stage.login, HubLogin) and request.method in SAFE_METHODS:
        hub = stage.login.places.log_out
        said = f"{text('login.stranger')} {detail}"
        return page(request, "logged_out.html", status=status, heading=heading, detail=said, hub=hub)
    return PlainTextResponse(detail, status)


Handler = Callable[[Request, Any], Awaitable[Response]]


def _said(explain: Callable[[Any], tuple[HTTPStatus, str, str]]) -> Handler:
    async def handle(request: Request, error: Any) -> Response:
        status, heading, detail = explain(error)
        if "hx-request" in request.headers or request.method not in {"GET", "HEAD"}:
            return PlainTextResponse(detail, status)  # page.js says it
        return page(request, "error.html", status=status, heading=heading, detail=detail)

    return handle


def _of_ours(error: LttError) -> tuple[HTTPStatus, str, str]:
    match error:
        case ForbiddenError():
            return HTTPStatus.FORBIDDEN, text("error.forbidden"), str(error)
        case (
            UnknownCellError()
            | UnknownCourseError()
            | UnknownRoomError()
            | UnknownSuggestionError()
            | UnknownTaskError()
            | UnknownValidationError()
        ):
            return HTTPStatus.NOT_FOUND, text("error.not_found"), str(error)
        case StoreUnavailableError() | HubError():
            return HTTPStatus.SERVICE_UNAVAILABLE, text("error.title"), str(error)
        case _:
            return HTTPStatus.CONFLICT, text("error.title"), str(error)


def _of_http(error: HTTPException) -> tuple[HTTPStatus, str, str]:
    status = HTTPStatus(error.status_code)
    known = status is HTTPStatus.NOT_FOUND
    return status, text("error.not_found") if known else text("error.title"), str(error.detail)
