"""What every route of one app shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Annotated, Any

import anyio
from fastapi import Depends, Request

from ltt_collab.access.scoped import ScopedDirectory, ScopedInsight
from ltt_collab.api.middleware import SIGHT
from ltt_collab.api.streams import HEARTBEAT_SECONDS
from ltt_collab.model.errors import ForbiddenError
from ltt_collab.model.identity import Principal, Role, Sight
from ltt_collab.model.ids import Username
from ltt_collab.ports.directory import RoomDirectory
from ltt_collab.ports.insight import NoInsight, RoomInsight
from ltt_collab.ports.store import StoreState

PREFIX = "/api/v1"


NOBODY = Sight(
    principal=Principal(name=Username(""), role=Role.LEARNER, may_write=False, may_execute=False),
)
"""On paths that need no token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the service watches its Jupyter server; ``reason`` says why not. ``store``: how the database does."""

    ready: bool
    reason: str = ""
    store: StoreState = StoreState(available=True, waiting=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The open rooms, and how this door serves them.

    ``welcome`` forgets that a learner sent the tutor away. ``announce`` looks at once at a server of somebody's.
    ``closing`` is set when the server stops. ``sight``: whom whoever asks may see; ``directory`` and ``insight``
    show them no more.
    """

    directory: RoomDirectory
    readiness: Callable[[], Readiness]
    welcome: Callable[[Username], Awaitable[None]]
    heartbeat: float = HEARTBEAT_SECONDS
    insight: RoomInsight = field(default_factory=NoInsight)
    closing: anyio.Event = field(default_factory=anyio.Event)
    sight: Sight = NOBODY
    announce: Callable[[Username, str], None] = lambda _owner, _name: None


def _whole_door(request: Request) -> Door:
    """The door as it is, for what needs no token: counts and states, nothing of any one room."""
    door: Door = request.app.state.door
    return door


def _door(request: Request) -> Door:
    """The door as whoever asks may use it: every route gets this one, so that none can forget whose rooms are whose."""
    door = _whole_door(request)
    sight: Sight = request.scope.get(SIGHT, NOBODY)
    if sight.principal.is_service:
        return replace(door, sight=sight)
    directory = ScopedDirectory(door.directory, sight)
    return replace(door, sight=sight, directory=directory, insight=ScopedInsight(door.insight, directory, sight))


def expect_operator(door: Door, what: str) -> None:
    """Let only the operator do this.

    Raises:
        ForbiddenError
    """
    if not door.sight.principal.is_service:
        raise ForbiddenError(what, "that is the operator's")


TheDoor = Annotated[Door, Depends(_door)]
TheWholeDoor = Annotated[Door, Depends(_whole_door)]

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: HTTPStatus) -> Responses:
    """The refusals of a route, for OpenAPI; ``api.openapi`` gives them their schema."""
    return {int(status): {"description": status.phrase} for status in statuses}
