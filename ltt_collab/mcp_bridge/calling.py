"""One caller of tools: who it is, what it sees, and what it may do there."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import anyio

from ltt_collab.access.scoped import ScopedDirectory, ScopedInsight
from ltt_collab.access.scoped_editing import ScopedChecks, ScopedEditing, ScopedForks, ScopedRunning
from ltt_collab.mcp_bridge.answers import Image, OutputBudget, Reply
from ltt_collab.mcp_bridge.arguments import Arguments, BadArgumentError, text_argument, whole_argument
from ltt_collab.mcp_bridge.remembering import SessionState
from ltt_collab.mcp_bridge.telling import picture_kind
from ltt_collab.model.cells import Cell, Notebook
from ltt_collab.model.errors import ForbiddenError, UnknownCellError, UnknownRoomError
from ltt_collab.model.identity import Sight
from ltt_collab.model.ids import CellId, RoomId, Username
from ltt_collab.model.pictures import RASTER, picture_of
from ltt_collab.ports.classroom import RoomChecks
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.directory import RoomDirectory, RoomInfo
from ltt_collab.ports.editing import RoomEditing, RoomRunning, Written
from ltt_collab.ports.histories import RoomForks
from ltt_collab.ports.insight import RoomInsight
from ltt_collab.ports.presence import Presence

Progress = Callable[[float, str], Awaitable[None]]


async def unheard(_count: float, _message: str) -> None:
    """The progress of a call whose client did not ask for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What stands behind the bridge; ``checks`` None: there are no courses, ``forks``: no versions and forks.

    ``presence``: ours in a room, for who else is there; None where it cannot be told. ``output``: the MIME bundle of
    one output of a cell, {} when there is none. ``beside``: what has to run as long as the bridge does.
    """

    directory: RoomDirectory
    insight: RoomInsight
    editing: RoomEditing
    running: RoomRunning
    clock: Clock
    forks: RoomForks | None = None
    checks: RoomChecks | None = None
    presence: Callable[[RoomId], Presence | None] = lambda _room: None
    output: Callable[[RoomId, CellId, int], Mapping[str, Any]] = lambda _room, _cell, _index: {}
    beside: Callable[[], Coroutine[Any, Any, None]] = anyio.sleep_forever
    budget: OutputBudget = field(default_factory=OutputBudget)


@dataclass(frozen=True, slots=True)
class Found:
    """A cell and where it is."""

    room: RoomInfo
    notebook: Notebook
    cell: Cell
    index: int


class Caller:
    """An agent at the door, with nothing but what it may see behind it."""

    def __init__(self, behind: Behind, sight: Sight, state: SessionState, progress: Progress) -> None:
        self.sight, self.state, self.progress = sight, state, progress
        self.clock, self.budget = behind.clock, behind.budget
        self.directory = ScopedDirectory(behind.directory, sight)
        self.insight = ScopedInsight(behind.insight, self.directory, sight)
        self.editing = ScopedEditing(behind.editing, self.directory, sight)
        self.running = ScopedRunning(behind.running, self.directory, sight)
        self.checks = None if behind.checks is None else ScopedChecks(behind.checks, self.directory, sight)
        self.forks = None if behind.forks is None else ScopedForks(behind.forks, self.directory, sight)
        self._presence, self._output = behind.presence, behind.output

    @property
    def name(self) -> Username:
        """Who it is."""
        return self.sight.principal.name

    def expect_executor(self, what: str) -> None:
        """Let only those do this who may run code.

        Raises:
            ForbiddenError
        """
        if not self.sight.principal.may_execute:
            raise ForbiddenError(what, "the token does not allow to run code")

    def image(self, room: RoomId, cell: CellId, index: int) -> Image | None:
        """The picture of one output; None when it has none, or one over the budget.

        Raises:
            UnknownRoomError
        """
        picture = picture_of(self._output(self.directory.find(room).id, cell, index), RASTER)
        if picture is None or len(picture.content) > self.budget.image_bytes:
            return None
        return Image(base64.b64encode(picture.content).decode(), picture.media_type)

    def images(self, found: Found) -> tuple[Image, ...]:
        """The pictures of a cell's outputs, as many as the budget has."""
        pictures = (
            self.image(found.room.id, found.cell.id, at)
            for at, output in enumerate(found.cell.outputs)
            if picture_kind(output) is not None
        )
        return tuple(islice((each for each in pictures if each is not None), self.budget.images))

    def presence(self, room: RoomId) -> Presence | None:
        """Who is in a room."""
        return self._presence(self.directory.find(room).id)

    def room(self, path: str | None, learner: str | None) -> RoomInfo:
        """The one room that is meant: by path or id, by learner, or the only one.

        Raises:
            UnknownRoomError, BadArgumentError
        """
        rooms = [info for info in self.directory.rooms() if learner is None or info.learner == learner]
        if path is not None:
            rooms = [info for info in rooms if info.id == path] or [info for info in rooms if info.path == path]
            if not rooms:
                raise UnknownRoomError(path)
        elif not rooms:
            raise UnknownRoomError(learner or "")
        if len(rooms) == 1:
            return rooms[0]
        choices = ", ".join(sorted({f"{info.path} ({info.learner or 'nobody seen yet'})" for info in rooms})[:20])
        raise BadArgumentError("notebook_path", path or "", f"several notebooks are open, name one: {choices}")

    async def notebook(self, path: str | None, learner: str | None) -> tuple[RoomInfo, Notebook]:
        """A room and its notebook now.

        Raises:
            UnknownRoomError, BadArgumentError
        """
        info = self.room(path, learner)
        return info, await self.directory.snapshot(info.id)

    def cell(self, info: RoomInfo, notebook: Notebook, cell_id: str | None, index: int | None) -> Found:
        """A cell of it, by id or else by index.

        Raises:
            UnknownCellError, BadArgumentError
        """
        if cell_id is not None:
            found = next((at for at, cell in enumerate(notebook.cells) if cell.id == cell_id), None)
            if found is None:
                raise UnknownCellError(cell_id)
            return Found(info, notebook, notebook.cells[found], found)
        if index is None:
            raise BadArgumentError("cell_id", "", "name a cell; list_cells tells their ids")
        if not 0 <= index < len(notebook.cells):
            raise BadArgumentError("cell_index", index, f"the notebook has {len(notebook.cells)} cells, from 0")
        return Found(info, notebook, notebook.cells[index], index)

    async def wrote(self, room: RoomId, *written: Written) -> Notebook:
        """Remember for the session what it wrote, and where its cells are now; the notebook after it."""
        for each in written:
            self.state.remember_cell(room, each.index, each.cell_id, each.hash)
        notebook = await self.directory.snapshot(room)
        self.state.follow(notebook)
        return notebook

    def precondition(self, found: Found, expected: str | None) -> str:
        """The hash that a write rests on: the given one, else what this client last read.

        Raises:
            BadArgumentError: it never read the cell.
        """
        known = expected if expected is not None else self.state.hash_of(found.room.id, found.cell.id)
        if known is None:
            raise BadArgumentError("expected_hash", "", "read the cell first, and give the hash that you get")
        return known


def named_room(caller: Caller, arguments: Arguments) -> RoomInfo:
    """The room that a call names.

    Raises:
        UnknownRoomError, BadArgumentError
    """
    return caller.room(text_argument(arguments, "notebook_path"), text_argument(arguments, "learner"))


async def open_notebook(caller: Caller, arguments: Arguments) -> tuple[RoomInfo, Notebook]:
    """The notebook that a call names.

    Raises:
        UnknownRoomError, BadArgumentError
    """
    info = named_room(caller, arguments)
    return info, await caller.directory.snapshot(info.id)


async def found_cell(caller: Caller, arguments: Arguments) -> Found:
    """The cell that a call names.

    Raises:
        UnknownRoomError, UnknownCellError, BadArgumentError
    """
    info, notebook = await open_notebook(caller, arguments)
    return caller.cell(info, notebook, text_argument(arguments, "cell_id"), whole_argument(arguments, "cell_index"))


Handler = Callable[[Caller, Arguments], Awaitable[Reply]]
"""A tool."""
