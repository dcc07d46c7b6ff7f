"""What holds for every answer of the pages: what they may load, who gets in, and that acts come from our own pages.

Plain ASGI, so that streams pass through. Outermost first: ``PagePolicy``, ``Doorkeeper``.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ltt_collab.access.welcome import while_welcome
from ltt_collab.model.errors import ForbiddenError, LttError
from ltt_collab.model.identity import Sight
from ltt_collab.web.login import Login, Session
from ltt_collab.web.texts import text

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of a page that sets no other: own scripts and styles from files only, no frames either way."""

OPEN_PATHS = ("/login", "/logged-out", "/oauth_callback", "/static/")
"""What needs no login: nothing here tells of anybody."""

CSRF_HEADER = "x-csrf-token"

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

VISITOR = "ltt.visitor"
"""Key in a request's scope: the ``Visitor`` who asks."""


Refuse = Callable[[Request, LttError], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who looks at a page. ``csrf``: what every act must carry in the header ``X-CSRF-Token``."""

    sight: Sight
    csrf: str
    session: Session


class PagePolicy:
    """Puts the pages' content security policy on every answer that has none of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", POLICY)
                headers.setdefault("cache-control", "no-store")
                headers.setdefault("x-content-type-options", "nosniff")
                headers.setdefault("referrer-policy", "same-origin")
            await send(message)

        await self.app(scope, receive, send_with_policy)


class Doorkeeper:
    """Lets in who is logged in, and acts only through a page of ours.

    Invariants:
        1. Without a session nothing but ``OPEN_PATHS`` answers: a route cannot forget to ask.
        2. A request that may change something carries its session's CSRF token, whatever route it is for.
        3. A stream ends when its visitor has logged out, is no longer known, or may see others than at its beginning.
    """

    def __init__(self, app: ASGIApp, login: Login, refuse: Refuse | None = None) -> None:
        """``refuse``: the page for somebody who cannot be let in now, or may do nothing here."""
        self.app, self._login, self._refuse = app, login, refuse or _refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(OPEN_PATHS):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            session = await self._login.session_of(request)
            sight = None if session is None else await self._login.sight_of(session)
        except LttError as error:
            await self._refuse(request, error)(scope, receive, send)
            return
        if session is None or sight is None:
            await _turned_away(request)(scope, receive, send)
            return
        given = Headers(scope=scope).get(CSRF_HEADER, "")
        if request.method not in SAFE_METHODS and not hmac.compare_digest(given.encode(), session.csrf.encode()):
            await PlainTextResponse(text("error.csrf"), HTTPStatus.FORBIDDEN)(scope, receive, send)
            return
        scope[VISITOR] = Visitor(sight=sight, csrf=session.csrf, session=session)
        heard = while_welcome(receive, sight, partial(self._sight, request))  # invariant 3
        await self.app(scope, heard, send)

    async def _sight(self, request: Request) -> Sight | None:
        session = await self._login.session_of(request)
        return None if session is None else await self._login.sight_of(session)


def _refused(_request: Request, error: LttError) -> Response:
    forbidden = isinstance(error, ForbiddenError)
    return PlainTextResponse(str(error), HTTPStatus.FORBIDDEN if forbidden else HTTPStatus.SERVICE_UNAVAILABLE)


def _turned_away(request: Request) -> Response:
    """A page goes to the login and comes back; a part of a page makes the whole page go there."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = f"/login?next={quote(asked)}"
    if "hx-request" in request.headers:
        return PlainTextResponse(text("error.login"), HTTPStatus.UNAUTHORIZED, {"hx-redirect": "/login"})
    if request.method in SAFE_METHODS and "text/event-stream" not in request.headers.get("accept", ""):
        return RedirectResponse(where, HTTPStatus.SEE_OTHER)
    return PlainTextResponse(text("error.login"), HTTPStatus.UNAUTHORIZED)
