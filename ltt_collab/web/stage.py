"""What every page's routes share: the rooms, the school, the desk, and who looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlsplit

import anyio
from fastapi import Depends, Request

from ltt_collab.access.desk import Desk
from ltt_collab.access.grants import Grants, Wish
from ltt_collab.access.school import School
from ltt_collab.access.scoped import ScopedDirectory
from ltt_collab.model.errors import ForbiddenError
from ltt_collab.model.identity import Role
from ltt_collab.model.ids import Username
from ltt_collab.ports.directory import RoomDirectory
from ltt_collab.ports.store import WishStore
from ltt_collab.ports.talking import NoTalking, Talking
from ltt_collab.ports.watching import NoWatching, RoomWatching
from ltt_collab.web.live.feed import WallFeed
from ltt_collab.web.login import Login
from ltt_collab.web.policy import VISITOR, Visitor
from ltt_collab.web.render.text import name
from ltt_collab.web.texts import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A learner's Jupyter server as their browser reaches it.

    ``url``: with a trailing slash. ``token``: lent to those whom the operator let in by a link; '' for nobody.
    ``framing`` asks for the server's content security policy, which says who may frame it.
    """

    url: str
    token: str
    framing: Callable[[], Awaitable[str]]


class Recollection:
    """Who learns on a single server, before a room shows it: as long as nobody is known, ``look`` is asked again."""

    def __init__(self, look: Callable[[], Awaitable[Username]]) -> None:
        self._look = look
        self.learner = Username("")

    async def refresh(self) -> None:
        """Look, if nobody is known yet.

        Raises:
            StoreUnavailableError
        """
        if not self.learner:
            self.learner = await self._look()


async def _nobody() -> Username:
    return Username("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How programs ask people for leave; ``answer``: where the browser takes a code, or '' for a no."""

    grants: Grants
    answer: Callable[[Wish, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the pages work with. ``workspace``: of a learner, None for one without a server.

    ``one_learner``: on a single server a learner's login carries no name; it is theirs whom the rooms show.
    ``closing`` is set when the service stops: streams end then. ``tell`` says something to the tutor in a
    learner's name and place; False when they are in no notebook. ``watching``: what a shadow view shows beyond events.
    ``talking``: the chats of learners.
    """

    directory: RoomDirectory
    school: School
    desk: Desk
    login: Login
    feed: WallFeed
    wishes: WishStore
    workspace: Callable[[Username], Workspace | None]
    tell: Callable[[Username, str], bool]
    watching: RoomWatching = field(default_factory=NoWatching)
    talking: Talking = field(default_factory=NoTalking)
    one_learner: bool = True
    public_url: str = ""
    asking: Asking | None = None
    recollection: Recollection = field(default_factory=lambda: Recollection(_nobody))
    closing: anyio.Event = field(default_factory=anyio.Event)

    def name_of(self, learner: Username | None) -> str:
        """What a page calls somebody: a user name may be a number that says nothing."""
        return name(self.feed.wall.name_of(learner)) if learner else text("shadow.unknown")

    def origin(self, request: Request) -> str:
        """Scheme and host of our pages as the browser sees them; a proxy before us may have had TLS."""
        parts = urlsplit(self.public_url or str(request.base_url))
        return f"{parts.scheme}://{parts.netloc}"

    def is_secure(self, request: Request) -> bool:
        """Whether browsers reach us over TLS only."""
        return self.origin(request).startswith("https:")


def _stage(request: Request) -> Stage:
    stage: Stage = request.app.state.stage
    return stage


def _visitor(request: Request) -> Visitor:
    visitor: Visitor = request.scope[VISITOR]
    return visitor


def _instructor(request: Request) -> Visitor:
    visitor = _visitor(request)
    if visitor.sight.principal.role not in {Role.INSTRUCTOR, Role.SERVICE}:
        raise ForbiddenError("see this page", "it is for instructors")
    return visitor


def _learner(request: Request) -> Visitor:
    visitor = _visitor(request)
    if visitor.sight.principal.role is not Role.LEARNER:
        raise ForbiddenError("see this page", "it is for learners")
    return visitor


def _rooms(request: Request) -> RoomDirectory:
    return ScopedDirectory(_stage(request).directory, _visitor(request).sight)


TheStage = Annotated[Stage, Depends(_stage)]

TheVisitor = Annotated[Visitor, Depends(_visitor)]

TheInstructor = Annotated[Visitor, Depends(_instructor)]
"""Whoever asks, if they teach; everybody else is refused."""

TheLearner = Annotated[Visitor, Depends(_learner)]
"""Whoever asks, if they learn; everybody else is refused."""

TheRooms = Annotated[RoomDirectory, Depends(_rooms)]
"""The open rooms that whoever asks may see."""
