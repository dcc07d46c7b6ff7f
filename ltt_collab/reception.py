"""Puts the pages beside the API: what they reach, who gets which link, which request is for whom."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote, urlsplit, urlunsplit

import anyio
import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ltt_collab.access.desk import Desk
from ltt_collab.access.gatekeeper import Gatekeeper
from ltt_collab.access.grants import Grants, Sealed
from ltt_collab.access.school import School
from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.jupyter.framing import frame_policy
from ltt_collab.api.middleware import BodyLimit, Boundary, HeadAsGet, SecurityHeaders
from ltt_collab.api.server import Served
from ltt_collab.mcp_bridge.authorization import Challenged, HubProvider, answer, authorization_app
from ltt_collab.model.chat import ChatMessage
from ltt_collab.model.identity import Principal, Role
from ltt_collab.model.ids import RoomId, Username
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.talking import ChatTalks
from ltt_collab.peer.watching import Watching
from ltt_collab.ports.hub import HubLogins
from ltt_collab.ports.store import WishStore
from ltt_collab.settings import Settings
from ltt_collab.web.entry import ASKED
from ltt_collab.web.hub_login import HubLogin, HubPlaces
from ltt_collab.web.live.feed import WallFeed
from ltt_collab.web.login import CodeLogin
from ltt_collab.web.pages import create_pages
from ltt_collab.web.stage import Asking, Recollection, Stage, Workspace

log = structlog.get_logger(__name__)

MACHINES = ("/api/", "/mcp", "/metrics", "/.well-known/")
"""Beginnings of paths that are the API's, or nobody's; everything else is a page."""

LOOKED_BACK = 20
"""Recorded rooms, the latest first, in which a learner is looked for."""

OAUTH = ("/.well-known/", "/authorize", "/register", "/token")
"""Beginnings of paths by which programs have themselves let in; only with a hub."""

LOCAL = {"127.0.0.1": "localhost", "[::1]": "localhost"}
"""A name for an instructor's own machine that is not the one under which its JupyterLab is reached: a browser sends a
host's cookies to all its ports, and JupyterLab runs what learners wrote."""


class Entrance:
    """Sends requests of programs to the API and those of people to the pages."""

    def __init__(self, api: ASGIApp, pages: ASGIApp, oauth: ASGIApp | None = None) -> None:
        """``oauth``: for programs that are not let in yet."""
        self._api, self._pages, self._oauth = api, pages, oauth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._oauth is not None and scope["path"].startswith(OAUTH):
            await self._oauth(scope, receive, send)
        elif scope["type"] == "http" and not scope["path"].startswith(MACHINES):
            await self._pages({**scope, ASKED: scope["method"]}, receive, send)
        else:
            await self._api(scope, receive, send)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What the pages stand before; ``logins``: of people at a hub, None where there is none.

    ``sealed``: what programs that people let in are given; None: no program asks.
    ``owner``: asks a single server whose it is.
    """

    registry: Registry
    gatekeeper: Gatekeeper
    school: School
    desk: Desk
    wishes: WishStore
    logins: HubLogins | None = None
    sealed: Sealed | None = None
    owner: Callable[[], Awaitable[Username]] | None = None


class Reception:
    """The pages of one service."""

    def __init__(self, behind: Behind, settings: Settings) -> None:
        self._settings = settings
        self._registry, self._sealed = behind.registry, behind.sealed
        self.login = _login(behind, settings)
        self.feed = WallFeed(behind.registry, behind.school, behind.desk)
        self._stage = partial(
            Stage,
            directory=behind.registry,
            school=behind.school,
            desk=behind.desk,
            login=self.login,
            feed=self.feed,
            wishes=behind.wishes,
            workspace=self._workspace,
            tell=self._tell,
            watching=Watching(behind.registry.peer, visibly=settings.show_watching),
            talking=ChatTalks(behind.registry, behind.school.audit, SystemClock()),
            one_learner=not settings.hub_api_url,
            public_url=_public_url(settings),
            recollection=Recollection(partial(_last_learner, behind)),
        )

    def before(self, api: FastAPI, closing: anyio.Event) -> ASGIApp:
        """The pages, with ``api`` behind them."""
        asking, oauth = self._asking()
        pages = create_pages(self._stage(closing=closing, asking=asking))
        machines = api if oauth is None else Challenged(api, _public_url(self._settings))
        return Entrance(
            machines,
            SecurityHeaders(HeadAsGet(Boundary(BodyLimit(pages)))),
            None if oauth is None else SecurityHeaders(HeadAsGet(Boundary(BodyLimit(oauth)))),
        )

    def _asking(self) -> tuple[Asking | None, ASGIApp | None]:
        """How people let programs in, and what programs ask first; nothing without a hub."""
        if self._sealed is None:
            return None, None
        clock, ours = SystemClock(), _public_url(self._settings)
        grants = Grants(self._sealed, clock)
        oauth = authorization_app(HubProvider(grants, clock, f"{ours}agents/allow"), ours)
        if oauth is None:
            log.warning("programs cannot log in at /mcp by OAuth", reason="LTT_PUBLIC_URL must begin with https://")
            return None, None
        return Asking(grants=grants, answer=answer), oauth

    def instructor_link(self, url: str) -> str:
        """A link that lets an instructor of every course in, once."""
        parts = urlsplit(url)
        host = LOCAL.get(parts.netloc.rpartition(":")[0], "")
        if host:
            url = urlunsplit(parts._replace(netloc=f"{host}:{parts.port}"))
        return self._link(url, Principal(name=Username("instructor"), role=Role.INSTRUCTOR), "/wall")

    def learner_link(self, url: str) -> str:
        """A link that lets in whoever learns on the one server, once."""
        return self._link(url, Principal(name=Username(""), role=Role.LEARNER), "/learn")

    def _link(self, url: str, principal: Principal, where: str) -> str:
        return f"{url}login?code={self.login.issue(principal)}&next={quote(where)}"

    def _workspace(self, learner: Username) -> Workspace | None:
        settings = self._settings
        if settings.hub_api_url:
            path = f"user/{quote(learner)}/"
            framing = partial(frame_policy, settings.hub_proxy_url + path)
            return Workspace(url=_hub_url(settings) + path, token="", framing=framing) if learner else None
        url = f"{settings.jupyter_url.rstrip('/')}/"
        return Workspace(url=url, token=settings.jupyter_token.get_secret_value(), framing=partial(frame_policy, url))

    def _tell(self, learner: Username, words: str) -> bool:
        rooms = self._registry.visited_by(learner) if learner else ()
        for peer in rooms:
            message = ChatMessage(id=f"page-{secrets.token_hex(8)}", sender=learner, text=words, at=time.time())
            peer.hear(RoomId(""), message)
        return bool(rooms)


async def _last_learner(behind: Behind) -> Username:
    """Who learns on the one server: as it says itself, else whoever was last in a notebook of it."""
    named = await behind.owner() if behind.owner is not None else Username("")
    if named:
        return named
    rooms = await behind.school.rooms.recorded(limit=LOOKED_BACK)
    return next((room.learners[-1] for room in rooms if room.learners), Username(""))


def _login(behind: Behind, settings: Settings) -> CodeLogin:
    if behind.logins is None:
        return CodeLogin(behind.gatekeeper, SystemClock())
    places = HubPlaces(hub=_hub_url(settings), ours=_public_url(settings))
    return HubLogin(behind.gatekeeper, SystemClock(), behind.logins, places)


def _hub_url(settings: Settings) -> str:
    return settings.hub_public_url or settings.hub_proxy_url


def _public_url(settings: Settings) -> str:
    """Where browsers reach us; '' on a single server, where requests say it."""
    if settings.public_url or not settings.hub_api_url:
        return settings.public_url
    return Served(host=settings.host, port=settings.port).url
