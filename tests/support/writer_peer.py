"""Our writer in a real room, with no service around it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio

from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer import Writer
from ltt_collab.model.errors import RoomError
from ltt_collab.model.ids import RoomId, Username
from ltt_collab.model.presence import User
from ltt_collab.rooms.presence import PresenceEvent
from ltt_collab.rooms.provider import Provider, ProviderOptions
from tests.support.jupyter import Jupyter

TUTOR = User(username=Username("tutor"), display_name="Tutor", initials="T", color="var(--jp-collaborator-color5)")


class WallClock:
    """Real time."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


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
    replica = Replica(on_local_update=lambda update: provider.send_update(update))  # noqa: PLW0108 - made below
    view = NotebookView(replica, RoomId("room"))
    clock = WallClock()
    options = ProviderOptions(resolve=view.selection_at)
    provider = Provider(replica, TUTOR, listener=Silence(), clock=clock, options=options)
    async with JupyterServer.at(jupyter.url, jupyter.token) as server:
        session = await server.open_session(path, format="json", type="notebook")
        provider.attach(await server.dial(str(session.address), session.session_id, provider))
        with anyio.fail_after(10):
            await provider.wait_settled()
        writer = Writer(replica, view, presence=provider.presence, clock=clock, author=TUTOR.username)
        try:
            yield WriterPeer(replica, view, provider, writer)
        finally:
            await provider.leave()
