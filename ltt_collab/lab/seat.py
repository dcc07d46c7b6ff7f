"""Somebody's seat in a notebook's room, taken by our own provider and with nothing else of the service around it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.model.ids import RoomId
from ltt_collab.model.presence import User
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.rooms import RoomServer
from ltt_collab.rooms.heartbeat import Heartbeat
from ltt_collab.rooms.listener import RoomListener
from ltt_collab.rooms.local_state import document_state
from ltt_collab.rooms.options import ProviderOptions
from ltt_collab.rooms.presence import Describe
from ltt_collab.rooms.provider import Provider


class Seat:
    """A document, our view of it, and the provider that keeps it the same as everybody else's."""

    def __init__(
        self, path: str, user: User, listener: RoomListener, *, clock: Clock, describe: Describe = document_state
    ) -> None:
        """Nobody is told anything yet."""
        self._path, self._clock = path, clock
        self.replica = Replica(on_local_update=lambda update: self.provider.send_update(update))  # noqa: PLW0108 - made below
        self.view = NotebookView(self.replica, RoomId(path))
        options = ProviderOptions(resolve=self.view.selection_at, describe=describe)
        self.provider = Provider(self.replica, user, listener=listener, clock=clock, options=options)

    @asynccontextmanager
    async def taken(self, server: RoomServer) -> AsyncIterator[None]:
        """Be in the room, with the notebook loaded; leaves it properly.

        Raises:
            RoomError: the room cannot be joined.
        """
        heartbeat, provider = Heartbeat(self._clock), self.provider
        session = await server.open_session(self._path, format="json", type="notebook")
        provider.attach(await server.dial(str(session.address), session.session_id, provider))
        heartbeat.add(provider)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(heartbeat.run, name="heartbeat of a seat")
            try:
                await provider.wait_settled()  # the heartbeat ends a room that does not sync
                if provider.ending is not None:
                    raise provider.ending
                yield
            finally:
                await provider.leave()
                tasks.cancel_scope.cancel()
