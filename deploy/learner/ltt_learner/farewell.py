"""Ends a server's rooms so that nothing is lost and the process can exit.

Without it the server stops answering but does not exit: an open room's socket keeps its task alive, and that task keeps
a worker thread that Python waits for. Nor is a document saved whose last edit is younger than the save delay.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterable
from logging import Logger
from typing import Any

import anyio
from anyio import move_on_after
from jupyter_server.utils import ensure_async
from jupyter_server_ydoc.rooms import DocumentRoom  # type: ignore[import-untyped]
from tornado.web import HTTPError

from ltt_learner.database import Database
from ltt_learner.sockets import PromptSockets
from ltt_learner.store import LearnerYStore

SAVING = 3.0
"""Seconds for saving all documents: a 3 MB notebook takes well below one; a spawner kills after five to ten."""

CLOSING = 0.5
"""Seconds that browsers get to answer the close frame: loopback and a campus network need a tenth of it."""

LOOK = 0.02
"""Seconds between two looks at rooms that are closing."""

GOING_AWAY = 1001
"""RFC 6455: an endpoint is going away. Browsers and peers reconnect after it."""


class Farewell:
    """Runs before ``jupyter_server_ydoc`` stops: save, say goodbye, let go.

    Invariants:
        1. A document whose content differs from its file is saved; an unchanged file is not touched.
        2. Every step is bounded; a step that fails is logged and the next one is taken.
    """

    def __init__(self, extension: Any, sockets: PromptSockets, log: Logger) -> None:
        self._ydoc = extension
        self._sockets = sockets
        self._in_order: set[str] = set()
        self.log = log

    def install(self, *, say_goodbye: bool) -> None:
        """Put ourselves before the extension's own stop; only on this instance."""
        stop = self._ydoc.stop_extension

        async def stop_extension() -> None:
            LearnerYStore.server_stops = True
            await (self.run(stop) if say_goodbye else stop())

        self._ydoc.stop_extension = stop_extension

    async def run(self, stop: Callable[[], Awaitable[None]]) -> None:
        """Say goodbye to all rooms, then let the extension stop."""
        rooms = list(self._ydoc.ywebsocket_server.rooms.values())
        documents = [room for room in rooms if isinstance(room, DocumentRoom)]
        await self._each("save", documents, self._save, SAVING)
        await self._each("settle", documents, self._settle, SAVING)
        await self._close(rooms)
        await stop()
        await release_databases()

    async def _each(
        self, what: str, rooms: Iterable[DocumentRoom], act: Callable[[DocumentRoom], Awaitable[None]], limit: float
    ) -> None:
        with move_on_after(limit) as scope:
            async with anyio.create_task_group() as together:
                for room in rooms:
                    together.start_soon(self._guarded, what, room, act, name=f"{what} {room.room_id}")
        if scope.cancelled_caught:
            self.log.error("Not every room did %s within %s s", what, limit)

    async def _guarded(self, what: str, room: DocumentRoom, act: Callable[[DocumentRoom], Awaitable[None]]) -> None:
        try:
            await act(room)
        # The boundary of the stop (Invariant 2): upstream's own errors, whatever they are, must not keep the others'
        # documents from being saved.
        except Exception:
            self.log.exception("Room %s could not %s", room.room_id, what)

    async def _save(self, room: DocumentRoom) -> None:
        if not await differs_from_file(room):
            self._in_order.add(room.room_id)
            return
        saving = None
        while saving is None:
            # None while a load or a save holds the room's lock.
            saving = room._save_to_disc()  # what the room's own "save" message calls
            if saving is None:
                await anyio.sleep(LOOK)
        await asyncio.shield(saving)
        # A save that failed says so in the room's log only.
        if not await differs_from_file(room):
            self._in_order.add(room.room_id)
            self.log.info("Saved room %s before stopping", room.room_id)

    async def _settle(self, room: DocumentRoom) -> None:
        if isinstance(room.ystore, LearnerYStore):
            await room.ystore.settle(saved=room.room_id in self._in_order)

    async def _close(self, rooms: Iterable[Any]) -> None:
        """Send every client a close frame, wait a moment, and end what is left."""
        clients = [client for room in rooms for client in list(room.clients)]
        for client in clients:
            client.close(GOING_AWAY, "The server is stopping.")
        with move_on_after(CLOSING):
            while any(room.clients for room in rooms):  # noqa: ASYNC110 - the rooms have no event for it
                await anyio.sleep(LOOK)
        self._sockets.close_all()
        # The tasks of the connections end in the next turns of the loop, and with them the threads they hold.
        await anyio.sleep(LOOK)


def heed_interrupt(server: Any) -> None:
    """Let SIGINT stop a server without a terminal as SIGTERM does.

    JupyterHub's local spawner interrupts servers, and nobody handles it there: the server left its event loop at once,
    with documents unsaved and rooms open, and its process stood until it was killed.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, server._signal_stop)  # as JupyterHub itself does where there is a terminal


async def release_databases() -> None:
    """Close every history file: SQLite then leaves one whole file, and the next server finds it free."""
    loop = asyncio.get_running_loop()
    for database in Database.all_open():
        await loop.run_in_executor(database.thread, database.close)


async def differs_from_file(room: DocumentRoom) -> bool:
    """Whether a room holds something that its file does not.

    Read through the contents manager: the room's own loader would take a foreign change of the file for seen.
    """
    loader = room._file  # upstream names no public way to a room's file
    contents = loader._contents_manager
    try:
        model = await ensure_async(
            contents.get(loader.path, format=room.file_format, type=room.file_type, content=True)
        )
    except HTTPError:
        # Deleted or unreadable: the save itself says what is wrong.
        return True
    content = model["content"]
    if room.file_type == "file" and isinstance(content, str):
        content = content.replace("\r\n", "\n")
    return bool(await room._document.aget() != content)
