"""What is remembered for clients between their calls: what a session has seen, and answers by idempotency key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from ltt_collab.mcp_bridge.answers import Reply
from ltt_collab.model.cells import Notebook
from ltt_collab.model.ids import CellId, RoomId, Username

ANSWERS_OF_ONE = 1_000
"""Answers remembered for each agent; its oldest is forgotten first."""

TEXT_OF_ONE, TEXT_OF_ALL = 4_000_000, 64_000_000
"""Characters of the answers remembered for one agent, and for all; the agent that wrote longest ago is forgotten first.

A cell that was inserted with a key is found again by the cell itself, whatever is forgotten here.
"""


@dataclass(slots=True)
class _Seen:
    """A room as a session last read it: the cell at each index, and each cell's hash."""

    at: dict[int, CellId] = field(default_factory=dict)
    hashes: dict[CellId, str] = field(default_factory=dict)


@dataclass(slots=True)
class SessionState:
    """What one MCP session remembers; never shared between sessions.

    ``names``: the compat sets' notebooks by the name that the client gave them; ``current``: the one that it uses.
    """

    names: dict[str, str] = field(default_factory=dict)
    current: str = ""
    _rooms: dict[RoomId, _Seen] = field(default_factory=dict)

    def remember(self, notebook: Notebook, indexes: range | None = None) -> None:
        """The client was shown these cells (None: all of them)."""
        if indexes is None:
            self._rooms[notebook.room] = _Seen()  # whatever is no more there is forgotten
        for index in indexes if indexes is not None else range(len(notebook.cells)):
            if index < len(notebook.cells):
                self.remember_cell(notebook.room, index, notebook.cells[index].id, notebook.cells[index].hash)

    def follow(self, notebook: Notebook) -> None:
        """Cells moved by what the client did itself; those that it has not read since they changed stay unread."""
        known = self._rooms.get(notebook.room, _Seen()).hashes
        moved = self._rooms[notebook.room] = _Seen()
        for index, cell in enumerate(notebook.cells):
            if cell.id in known:
                moved.at[index], moved.hashes[cell.id] = cell.id, known[cell.id]

    def remember_cell(self, room: RoomId, index: int, cell: CellId, hash: str) -> None:
        """The client knows the cell as it is now, and where."""
        seen = self._rooms.setdefault(room, _Seen())
        seen.at[index], seen.hashes[cell] = cell, hash

    def hash_of(self, room: RoomId, cell: CellId) -> str | None:
        """The hash of a cell when this client last saw it."""
        seen = self._rooms.get(room)
        return None if seen is None else seen.hashes.get(cell)

    def read_at(self, room: RoomId, index: int) -> tuple[CellId, str] | None:
        """The cell that this client last saw at an index, and the hash that it knows of it."""
        seen = self._rooms.get(room)
        cell = None if seen is None else seen.at.get(index)
        return None if seen is None or cell is None else (cell, seen.hashes[cell])


@dataclass(slots=True)
class _Kept:
    """The answers of one agent, the oldest first; ``size``: their characters."""

    replies: OrderedDict[str, Reply] = field(default_factory=OrderedDict)
    size: int = 0

    def add(self, key: str, reply: Reply) -> None:
        self.replies[key] = reply
        self.size += _size(reply)
        while len(self.replies) > ANSWERS_OF_ONE or (self.size > TEXT_OF_ONE and len(self.replies) > 1):
            _, forgotten = self.replies.popitem(last=False)
            self.size -= _size(forgotten)


class Answers:
    """Answers by idempotency key, which holds for one caller, tool and notebook.

    Invariants:
        1. A key is worked on once: who comes with it meanwhile waits for the same answer.
        2. A call that failed before anything was done is not remembered: trying again is the remedy. One that failed
           after that is: nothing is done twice.
        3. No agent's answers push out another's while all of them have room.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[Username, _Kept] = OrderedDict()
        self._size = 0
        self._at_work: dict[tuple[Username, str], anyio.Event] = {}

    async def once(self, who: Username, key: str, work: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to that key; without a key just the work."""
        if not key:
            return await work()
        at = (who, key)
        while at in self._at_work:
            await self._at_work[at].wait()
        known = self._known.get(who)
        if known is not None and key in known.replies:
            return known.replies[key]
        done = self._at_work[at] = anyio.Event()
        try:
            reply = await work()
        finally:
            del self._at_work[at]
            done.set()
        if not reply.is_error or reply.settled:  # invariant 2
            self._keep(who, key, reply)
        return reply

    def _keep(self, who: Username, key: str, reply: Reply) -> None:
        kept = self._known.pop(who, None) or _Kept()
        self._size -= kept.size
        kept.add(key, reply)
        self._known[who] = kept
        self._size += kept.size
        while self._size > TEXT_OF_ALL and len(self._known) > 1:
            _, forgotten = self._known.popitem(last=False)
            self._size -= forgotten.size


def _size(reply: Reply) -> int:
    """Characters; an answer's data says much the same as its texts once more."""
    return 2 * sum(map(len, reply.texts)) + sum(len(image.data) for image in reply.images)
