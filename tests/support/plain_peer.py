"""A learner's peer made of nothing but pycrdt: it says what the room holds, independently of our own provider."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import httpx
import picows
from jupyter_ydoc import YNotebook
from pycrdt import (
    Decoder,
    Doc,
    YMessageType,
    YSyncMessageType,
    create_sync_message,
    create_update_message,
    handle_sync_message,
)

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter

NOTEBOOK = ("json", "notebook")
"""Format and type of a document."""


class PlainPeer(picows.WSListener):
    """One notebook room's Doc, and how its socket ended."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc()
        self.notebook = YNotebook(self.doc)
        self.synced = False
        self.close_code: int | None = None
        self.ended = False
        self.others = 0
        """Signs of life of other participants."""
        self.answers_close = True
        self._transport: picows.WSTransport | None = None
        self._watch = self.doc.observe(lambda event: self._send(create_update_message(event.update)))

    async def enter(
        self, server: httpx.AsyncClient, headers: Mapping[str, str], path: str, kind: tuple[str, str] = NOTEBOOK
    ) -> str:
        """Ask for the session of a document of that format and type, dial, and sync; the id of its room.

        Again with the same document, as an open page does, after the server was away.
        """
        body = {"format": kind[0], "type": kind[1]}
        session = (await server.put(f"api/collaboration/session/{quote(path)}", json=body)).json()
        room = f"{kind[0]}:{kind[1]}:{session['fileId']}"
        self.synced = self.ended = False
        await picows.ws_connect(
            lambda: self,
            f"{server.base_url}api/collaboration/room/{room}?sessionId={session['sessionId']}".replace("http", "ws", 1),
            extra_headers=headers,
            max_redirects=0,
        )
        await eventually(lambda: self.synced, what=f"the first sync of {path}")
        return room

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """Ask for what the room has."""
        self._transport = transport
        self._send(create_sync_message(self.doc))

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """Take part in the sync protocol; presence is only counted."""
        if frame.msg_type == picows.WSMsgType.CLOSE:
            self.close_code = cast("int", frame.get_close_code())
            if self.answers_close:
                transport.send_close(picows.WSCloseCode.OK)
                transport.disconnect()
            return
        message = frame.get_payload_as_bytes()
        if message and message[0] == YMessageType.AWARENESS:
            self.others += 1
        if not message or message[0] != YMessageType.SYNC:
            return
        reply = handle_sync_message(message[1:], self.doc)
        if reply is not None:
            self._send(reply)
        if message[1] == YSyncMessageType.SYNC_STEP2:
            self.synced = True

    def on_ws_disconnected(self, transport: picows.WSTransport) -> None:
        """Send nothing more."""
        self.ended = True
        self._transport = None

    def sources(self) -> list[str]:
        """The sources of all cells."""
        return [str(cell["source"]) for cell in self.notebook.ycells]

    def is_told_of_saving(self, file: Path) -> bool:
        """Whether the room says that it saved the file as it is now; it says so some time after the file is written."""
        return bool(self.notebook.hash == sha256(file.read_bytes()).hexdigest())

    def holes(self) -> list[int]:
        """Clients whose first operation is missing, as a holed room shows them."""
        state = Decoder(self.doc.get_state())
        pairs = [(state.read_var_uint(), state.read_var_uint()) for _ in range(state.read_var_uint())]
        return [client for client, clock in pairs if clock == 0]

    def append(self, index: int, text: str) -> None:
        """Type at the end of a cell."""
        source = self.notebook.ycells[index]["source"]
        source.insert(len(source), text)

    def tell(self, update: bytes) -> None:
        """Send the room an update of another Doc, as a tab that rejoins does."""
        self._send(create_update_message(update))

    def _send(self, message: bytes) -> None:
        if self._transport is not None:
            self._transport.send(picows.WSMsgType.BINARY, message)

    def leave(self) -> None:
        """Go, as a closed tab does."""
        self.doc.unobserve(self._watch)
        if self._transport is not None:
            self._transport.send_close(picows.WSCloseCode.OK)
            self._transport.disconnect()


@asynccontextmanager
async def plain_peer(jupyter: Jupyter, path: str) -> AsyncIterator[PlainPeer]:
    """Join a notebook's room; synced when it is handed out."""
    peer = PlainPeer()
    await peer.enter(jupyter.http, {"Authorization": f"token {jupyter.token}"}, path)
    try:
        yield peer
    finally:
        peer.leave()
