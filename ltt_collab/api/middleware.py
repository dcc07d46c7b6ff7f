"""What holds for every answer: its headers, who may ask, how much may be sent, and that no error escapes.

All of it is plain ASGI, so that streams pass through untouched. Outermost first: ``SecurityHeaders``, ``HeadAsGet``,
``Boundary``, ``BearerAuth``, ``BodyLimit``.
"""

from __future__ import annotations

import re
import time
import traceback
from functools import partial
from http import HTTPStatus

import anyio
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ltt_collab.access.gatekeeper import Gatekeeper
from ltt_collab.access.welcome import while_welcome
from ltt_collab.api.problems import plain_problem, problem_of, unexpected_problem
from ltt_collab.model.errors import LttError, NotAuthorizedError
from ltt_collab.model.identity import Role, Sight
from ltt_collab.telemetry.metrics import HTTP_REQUESTS, HTTP_SECONDS

log = structlog.get_logger(__name__)

BODY_LIMIT = 1024 * 1024
"""Bytes of a request's body: a suggestion takes a few KiB; nobody needs to make us hold more."""

COURSE_LIMIT = 48 * BODY_LIMIT
"""Bytes of a course that is published, its files in base64; only of who may publish one."""

SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}
"""For data. A page that needs another policy sets its own; it is kept."""

PUBLIC_PATHS = frozenset({"/api/v1/health", "/api/v1/ready", "/api/v1/openapi.json", "/metrics"})
"""What needs no token: nothing here tells of a learner."""


SIGHT = "ltt.sight"
"""Key in a request's scope: the ``model.identity.Sight`` of whoever asks."""


class SecurityHeaders:
    """Puts ``SECURITY_HEADERS`` on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class HeadAsGet:
    """Answers HEAD as GET without the body; a stream ends once its headers are out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        answered = anyio.Event()

        asked = False

        async def receive_until_answered() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                return await receive()
            await answered.wait()
            return {"type": "http.disconnect"}

        async def send_headers_only(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                answered.set()

        await self.app({**scope, "method": "GET"}, receive_until_answered, send_headers_only)


class Boundary:
    """The one place where an error that nobody foresaw ends; also counts and times requests."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        started = False

        async def send_and_count(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        try:
            await self.app(scope, receive, send_and_count)
        except Exception as error:
            # The message of an unknown error may hold a learner's text: kind and place at ERROR, the rest at DEBUG.
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{place.filename}:{place.lineno}"
            log.error("request failed", path=scope["path"], kind=type(error).__name__, where=where)  # noqa: TRY400
            log.debug("request failed", exc_info=error)
            if not started:
                await unexpected_problem()(scope, receive, send_and_count)

    @staticmethod
    def _count(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        HTTP_REQUESTS.labels(method=_method(scope), route=route, status=str(status)).inc()
        HTTP_SECONDS.labels(route=route).observe(seconds)


class BearerAuth:
    """Lets nobody in whom the gatekeeper does not know but to ``PUBLIC_PATHS``: what is new or unknown is closed.

    Whom somebody may see is left in the scope under ``SIGHT``, for the routes.
    """

    def __init__(self, app: ASGIApp, gatekeeper: Gatekeeper) -> None:
        self.app = app
        self._gatekeeper = gatekeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _path(scope) in PUBLIC_PATHS:
            await self.app(scope, receive, send)
            return
        scheme, _, given = Headers(scope=scope).get("authorization", "").partition(" ")
        try:
            sight = await self._gatekeeper.admit(given.strip()) if scheme.lower() == "bearer" else None
        except LttError as error:
            await problem_of(error)(scope, receive, send)
            return
        if sight is None:
            await problem_of(NotAuthorizedError(f"{_method(scope)} {scope['path']}"))(scope, receive, send)
            return
        scope[SIGHT] = sight
        # A stream ends with its token.
        heard = while_welcome(receive, sight, partial(self._gatekeeper.admit, given.strip()))
        await self.app(scope, heard, send)


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


class BodyLimit:
    """Refuses a body over ``BODY_LIMIT`` (a course: ``COURSE_LIMIT``) before it is held in memory."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced, limit = Headers(scope=scope).get("content-length", "0"), _limit_of(scope)
        if announced.isdigit() and int(announced) > limit:
            await plain_problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, *_too_large(limit))(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_large(limit)[1])
            return message

        await self.app(scope, receive_counted, send)


def _limit_of(scope: Scope) -> int:
    sight: Sight | None = scope.get(SIGHT)
    if scope["method"] != "PUT" or not _COURSE_PATH.fullmatch(_path(scope)) or sight is None:
        return BODY_LIMIT
    return COURSE_LIMIT if sight.principal.role in {Role.SERVICE, Role.INSTRUCTOR} else BODY_LIMIT


def _too_large(limit: int) -> tuple[str, str]:
    return "request_entity_too_large", f"the body is larger than {limit} bytes; send less"


_COURSE_PATH = re.compile(r"/api/v1/courses/[^/]+")

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


def _method(scope: Scope) -> str:
    # A client may send any word: as a label it would grow our metrics without bound.
    return scope["method"] if scope["method"] in _METHODS else "other"
