"""Ada, a learner who is not there: she types, runs and reads in a real room as a browser does."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from pycrdt import Array, Map, Text

from ltt_collab.adapters.clock import SystemClock
from ltt_collab.demo.kernel import OUTPUTS, Kernel
from ltt_collab.lab.seat import Seat
from ltt_collab.model.cells import Cell, CellRole
from ltt_collab.model.errors import RoomError
from ltt_collab.model.ids import CellId, Seq, Username
from ltt_collab.model.presence import Activity, Participant, Selection, User
from ltt_collab.model.text import utf8_offset
from ltt_collab.ports.presence import CursorState
from ltt_collab.ports.rooms import RoomServer
from ltt_collab.rooms.local_state import document_state
from ltt_collab.rooms.presence import ParticipantMoved, PresenceEvent, RoomPresence

ADA = User(username=Username("ada"), display_name="Ada", initials="A", color="var(--jp-collaborator-color2)")

KEY = 0.035
"""Seconds between two keys: a quick typist, so that the story stays short."""


class Learner:
    """Her side of one notebook.

    She changes the document as JupyterLab's page does, in a replica of her own.
    """

    def __init__(self, seat: Seat, eyes: _Eyes) -> None:
        self._replica, self._view, self._provider, self._eyes = seat.replica, seat.view, seat.provider, eyes

    def others(self) -> Sequence[Participant]:
        """Whom she sees, with their carets."""
        return self._provider.presence.humans()

    def mark_of(self, username: Username, cell: CellId) -> Selection | None:
        """The last selection in a cell that she saw somebody make, even if it is gone by now."""
        return self._eyes.seen.get((username, cell))

    def source(self, cell: CellId) -> str:
        """A cell's text as she sees it."""
        return self._view.cell_source(cell)

    def cells(self) -> Sequence[Cell]:
        """All cells as she sees them."""
        return self._view.snapshot(Seq(0)).cells

    def notes(self, role: CellRole) -> Sequence[Cell]:
        """The tutor's cells of that kind."""
        return [cell for cell in self.cells() if cell.ownership is not None and cell.ownership.role is role]

    def add_cell(self) -> CellId:
        """Put an empty code cell at the end and her caret in it."""
        cell_id = CellId(secrets.token_hex(8))
        cell: Map[Any] = Map(
            {
                "id": cell_id,
                "cell_type": "code",
                "source": Text(""),
                "metadata": Map({}),
                "outputs": Array([]),
                "execution_count": None,
                "execution_state": "idle",
            }
        )
        with self._replica.writing():
            self._replica.cells.append(cell)
        self._show_caret(cell_id, 0)
        return cell_id

    async def type(self, cell: CellId, position: int, text: str) -> None:
        """Type at a code point offset, key by key, her caret behind each letter."""
        for offset, letter in enumerate(text, start=position):
            source = self._view.text_of(cell)
            with self._replica.writing():
                source.insert(utf8_offset(str(source), offset), letter)
            self._show_caret(cell, offset + 1)
            await anyio.sleep(KEY)

    async def erase(self, cell: CellId, start: int, end: int) -> None:
        """Take letters away, from the last to the first."""
        for offset in range(end - 1, start - 1, -1):
            source = self._view.text_of(cell)
            text = str(source)
            with self._replica.writing():
                del source[utf8_offset(text, offset) : utf8_offset(text, offset + 1)]
            self._show_caret(cell, offset)
            await anyio.sleep(KEY)

    async def run(self, cell: CellId, kernel: Kernel) -> Cell:
        """Run a cell and put what the kernel says into it, as JupyterLab's page does; the cell after it."""
        shared = self._view.map_of(cell)
        with self._replica.writing():
            shared["execution_count"] = None
            shared["execution_state"] = "running"
            shared["outputs"].clear()
        count: float | None = None
        async for message in kernel.run(self.source(cell)):
            content = message["content"]
            if message["msg_type"] in OUTPUTS:
                self._append(cell, message["msg_type"], content)
            count = content.get("execution_count", count)
        with self._replica.writing():
            shared = self._view.map_of(cell)
            shared["execution_count"] = None if count is None else float(count)
            shared["execution_state"] = "idle"
        return self._view.cell(cell)

    def _append(self, cell: CellId, kind: str, content: Mapping[str, Any]) -> None:
        output = {"output_type": kind, **{key: value for key, value in content.items() if key != "transient"}}
        if kind == "stream":
            output["text"] = Text(content["text"])
        outputs = self._view.map_of(cell)["outputs"]
        with self._replica.writing():
            outputs.append(Map(output))

    def _show_caret(self, cell: CellId, position: int) -> None:
        self._provider.presence.show_cursors([self._view.cursor(cell, position, position)])


@asynccontextmanager
async def joined_learner(server: RoomServer, path: str) -> AsyncIterator[Learner]:
    """Ada, with the notebook open; she closes it at the end.

    Raises:
        RoomError: the room cannot be joined.
    """
    eyes = _Eyes()
    seat = Seat(path, ADA, eyes, clock=SystemClock(), describe=_state)
    eyes.presence = seat.provider.presence
    async with seat.taken(server):
        yield Learner(seat, eyes)


def _state(user: User, activity: Activity, cursors: Sequence[CursorState]) -> Mapping[str, Any]:
    """A browser's state: it wants the document saved."""
    return {**document_state(user, activity, cursors), "autosave": True}


class _Eyes:
    """Sees every selection, however short: the tutor's rests a moment on the line before it writes."""

    def __init__(self) -> None:
        self.presence: RoomPresence | None = None
        self.seen: dict[tuple[Username, CellId], Selection] = {}

    def presence_changed(self, event: PresenceEvent) -> None:
        """Remember where somebody's selection is."""
        if isinstance(event, ParticipantMoved) and self.presence is not None:
            mark = self.presence.selection(event.client)
            if mark is not None and mark.anchor != mark.head:
                self.seen[event.user.username, mark.cell_id] = mark

    def synced(self) -> None: ...

    def stale(self, reason: str) -> None: ...

    def closed(self, error: RoomError) -> None: ...

    def server_said(self, message: Mapping[str, Any]) -> None: ...
