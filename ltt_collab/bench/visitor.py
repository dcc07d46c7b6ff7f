"""A simulated learner: what an open notebook in a browser is to the server, made of nothing but pycrdt.

It shares no code with our provider, so that what it sees is what others see of us.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from pycrdt import (
    Array,
    Awareness,
    Doc,
    Map,
    Text,
    TransactionEvent,
    YMessageType,
    YSyncMessageType,
    create_awareness_message,
    create_sync_message,
    create_update_message,
    handle_sync_message,
)

from ltt_collab.adapters.jupyter.server import JupyterServer
from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.lab_server import LabServer
from ltt_collab.ports.rooms import Channel, ChannelClosed

PATIENCE = 20.0
"""Seconds that anything awaited here may take; what takes longer is broken, not slow."""


class Visitor:
    """One client of one notebook's room. ``received``: messages that came, awareness included."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc()
        self.received = 0
        self.loaded_at = 0.0
        self._loaded = anyio.Event()
        self._stirred = anyio.Event()
        self._channel: Channel | None = None
        self._awareness = Awareness(self.doc)
        self._subscription = self.doc.observe(self._share)

    @property
    def cells(self) -> Array[Any]:
        """The notebook's cells."""
        root: Array[Any] = self.doc.get("cells", type=Array)
        return root

    async def enter(self, server: JupyterServer, path: str) -> None:
        """Open a notebook as a browser does; returns once it is loaded (``loaded_at``, Unix time).

        Raises:
            BenchmarkError: it was not in time.
        """
        session = await server.open_session(path, format="json", type="notebook")
        self._channel = await server.dial(str(session.address), session.session_id, self)
        self._channel.send(create_sync_message(self.doc))
        self.show_up()
        with anyio.move_on_after(PATIENCE):
            await self._loaded.wait()
        if not self.loaded_at:
            raise BenchmarkError(f"the room of {path} did not load within {PATIENCE:.0f} s")

    def show_up(self) -> None:
        """Say who is here, as pages do every 15 seconds."""
        user = {"username": "learner", "name": "Learner", "display_name": "Learner", "initials": "L", "color": "#060"}
        self._awareness.set_local_state({"user": user})
        update = self._awareness.encode_awareness_update([self.doc.client_id])
        self._send(create_awareness_message(update))

    def leave(self) -> None:
        """Close the tab."""
        self.doc.unobserve(self._subscription)
        if self._channel is not None:
            self._channel.close()

    def insert_note(self, index: int, text: str) -> None:
        """Insert a whole Markdown cell at once, as a bot without a cursor does."""
        fields = {"id": f"all-at-once-{index}", "cell_type": "markdown", "source": Text(text), "metadata": Map({})}
        self.cells.insert(index, Map(fields))

    def source(self, index: int) -> str:
        """The text of a cell."""
        return str(self.cells[index]["source"])

    async def until(self, look: Callable[[], bool], what: str) -> float:
        """When ``look()`` became true (Unix time in seconds): it is asked at each message.

        Raises:
            BenchmarkError: it did not in time.
        """
        with anyio.move_on_after(PATIENCE):
            while not look():
                self._stirred = anyio.Event()
                await self._stirred.wait()
            return time.time()
        raise BenchmarkError(f"not within {PATIENCE:.0f} s: {what}")

    # What the channel says.

    def frame_received(self, frame: bytes) -> None:
        """Take part in the sync protocol."""
        self.received += 1
        if frame[0] == YMessageType.SYNC:
            reply = handle_sync_message(frame[1:], self.doc)
            if reply is not None:
                self._send(reply)
            if frame[1] == YSyncMessageType.SYNC_STEP2 and not self.loaded_at:
                self.loaded_at = time.time()
                self._loaded.set()
            self._stirred.set()

    def channel_closed(self, _closed: ChannelClosed) -> None:
        """Send nothing more."""
        self._channel = None

    def _share(self, event: TransactionEvent) -> None:
        self._send(create_update_message(event.update))

    def _send(self, message: bytes) -> None:
        if self._channel is not None:
            self._channel.send(message)


@asynccontextmanager
async def visiting(lab: LabServer, path: str) -> AsyncIterator[Visitor]:
    """A visitor in a notebook's room."""
    visitor = Visitor()
    async with JupyterServer.at(lab.url, lab.token) as server:
        try:
            await visitor.enter(server, path)
            yield visitor
        finally:
            visitor.leave()
