"""The shadow and replay pages on a socket of their own, before rooms that a test holds in its hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import anyio
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from ltt_collab.adapters.store.memory import memory_stores
from ltt_collab.adapters.store.stores import Stores
from ltt_collab.api.server import serve
from ltt_collab.model.errors import ForbiddenError, LttError
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import CellId, RoomId, SuggestionId, Username
from ltt_collab.model.presence import Participant
from ltt_collab.model.suggestions import Answer, Shown
from ltt_collab.web.login import Session
from ltt_collab.web.policy import Doorkeeper, PagePolicy
from ltt_collab.web.rendering import HERE, preload
from ltt_collab.web.replay.routes import router as replay_router
from ltt_collab.web.shadow.routes import router as shadow_router
from tests.support.directory import MemoryDirectory

CSRF = "csrf-of-the-tests"

preload()  # here, where it holds up no event loop

TEACHER = Sight(principal=Principal(name=Username("grace"), role=Role.INSTRUCTOR))
"""Teaches every course."""


def learner(name: str) -> Sight:
    """Somebody who sees what is their own."""
    return Sight(principal=Principal(name=Username(name), role=Role.LEARNER))


@dataclass
class MemoryWatching:
    """A ``RoomWatching`` that shows what a test put in, and counts who watches."""

    people: list[Participant] = field(default_factory=list)
    bundles: dict[tuple[str, int], Mapping[str, Any]] = field(default_factory=dict)
    watchers: list[Username] = field(default_factory=list)
    is_visible: bool = True

    def present(self, _room: RoomId) -> Sequence[Participant]:
        return tuple(self.people)

    def output(self, _room: RoomId, cell: CellId, index: int) -> Mapping[str, Any]:
        return self.bundles.get((cell, index), {})

    @contextmanager
    def watch(self, _room: RoomId, *, by: Username) -> Generator[None]:
        self.watchers.append(by)
        try:
            yield
        finally:
            self.watchers.remove(by)


@dataclass
class MemoryWhispering:
    """Keeps what was said."""

    said: list[tuple[RoomId, CellId | None, str, Username]] = field(default_factory=list)

    async def whisper(self, room: RoomId, cell: CellId | None, text: str, *, by: Username) -> Answer:
        self.said.append((room, cell, text, by))
        return Shown(suggestion=SuggestionId("s"))


@dataclass
class Pages:
    """Pages that answer at ``url``; whoever asks is ``sight``."""

    directory: MemoryDirectory
    url: str = ""
    sight: Sight | None = TEACHER
    stores: Stores = field(default_factory=memory_stores)
    watching: MemoryWatching = field(default_factory=MemoryWatching)
    whispering: MemoryWhispering = field(default_factory=MemoryWhispering)

    # Login

    async def session_of(self, _request: Request) -> Session | None:
        if self.sight is None:
            return None
        return Session(principal=self.sight.principal, csrf=CSRF, expires=1e12)

    async def sight_of(self, _session: Session) -> Sight | None:
        return self.sight

    def redirect(self, _request: Request) -> str | None:
        return None


async def _refused(_request: Request, error: Exception) -> Response:
    status = HTTPStatus.FORBIDDEN if isinstance(error, ForbiddenError) else HTTPStatus.NOT_FOUND
    return PlainTextResponse(str(error), status)


@asynccontextmanager
async def running_pages(directory: MemoryDirectory, *, stores: Stores | None = None) -> AsyncIterator[Pages]:
    """Serve the pages behind the real policy and doorkeeper; use it inside a test, not a fixture."""
    pages = Pages(directory, stores=stores or memory_stores())
    app = FastAPI(openapi_url=None, middleware=[Middleware(PagePolicy), Middleware(Doorkeeper, login=pages)])
    closing = anyio.Event()
    app.state.door = SimpleNamespace(closing=closing)
    app.state.stage = SimpleNamespace(
        directory=directory,
        school=SimpleNamespace(events=pages.stores.events, rooms=pages.stores.rooms),
        desk=SimpleNamespace(whispering=pages.whispering),
        watching=pages.watching,
        name_of=lambda who: (who or "somebody").title(),
        closing=closing,
    )
    app.add_exception_handler(LttError, _refused)
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    app.include_router(shadow_router)
    app.include_router(replay_router)
    async with serve(app, "127.0.0.1", 0) as served:
        pages.url = served.url.rstrip("/")
        yield pages
