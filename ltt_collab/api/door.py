"""What every route of one app shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any

import anyio
from fastapi import Depends, Request

from ltt_collab.model.ids import Username
from ltt_collab.ports.directory import RoomDirectory
from ltt_collab.ports.store import StoreState
from ltt_collab.ports.insight import NoInsight, RoomInsight

PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Whether the service watches its Jupyter server; ``reason`` says why not. ``store``: how the database does."""

    ready: bool
    reason: str = ""
    store: StoreState = StoreState(available=True, waiting=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """The open rooms, and how this door serves them.

    ``welcome`` forgets that a learner sent the tutor away. ``closing`` is set when the server stops.
    """

    directory: RoomDirectory
    readiness: Callable[[], Readiness]
    welcome: Callable[[Username], Awaitable[None]]
    heartbeat: float
    insight: RoomInsight = field(default_factory=NoInsight)
    closing: anyio.Event = field(default_factory=anyio.Event)


def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


TheDoor = Annotated[Door, Depends(_door)]

Responses = dict[int | str, dict[str, Any]]


def problems(*statuses: HTTPStatus) -> Responses:
    """The refusals of a route, for OpenAPI; ``api.openapi`` gives them their schema."""
    return {int(status): {"description": status.phrase} for status in statuses}
