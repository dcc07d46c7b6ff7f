"""Our writer in a real room, with no service around it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer import Writer
from ltt_collab.lab.seat import Seat
from ltt_collab.model.errors import RoomError
from ltt_collab.model.ids import Username
from ltt_collab.model.presence import User
from ltt_collab.rooms.presence import PresenceEvent
from ltt_collab.rooms.provider import Provider
from tests.support.jupyter import Jupyter

TUTOR = User(username=Username("tutor"), display_name="Tutor", initials="T", color="var(--jp-collaborator-color5)")


class Silence:
    """Listens to a room and wants nothing of it."""

    def synced(self) -> None: ...

    def stale(self, reason: str) -> None: ...

    def closed(self, error: RoomError) -> None: ...

    def presence_changed(self, event: PresenceEvent) -> None: ...

    def server_said(self, message: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True)
class WriterPeer:
    """The parts of a joined room that a test of the writer asks."""

    replica: Replica
    view: NotebookView
    provider: Provider
    writer: Writer


@asynccontextmanager
async def joined_writer(jupyter: Jupyter, path: str) -> AsyncIterator[WriterPeer]:
    """Join a notebook's room with a writer; leaves it properly."""
    clock = SystemClock()
    seat = Seat(path, TUTOR, Silence(), clock=clock)
    async with JupyterServer.at(jupyter.url, jupyter.token) as server, seat.taken(server):
        presence = seat.provider.presence
        writer = Writer(seat.replica, seat.view, presence=presence, clock=clock, author=TUTOR.username)
        yield WriterPeer(seat.replica, seat.view, seat.provider, writer)
