"""Cells that agents write: inserted whole, with our caret in them, and theirs to change until somebody else does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import anyio

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.writer_cells import Strokes
from ltt_collab.documents.writer_notes import HASH_KEY
from ltt_collab.documents.writer_rescue import Rescue
from ltt_collab.model.cells import CellRole, CellType, Ownership
from ltt_collab.model.errors import CellOccupiedError, ConflictError, NotOursError, UnknownCellError
from ltt_collab.model.ids import CellId, SuggestionId, Username
from ltt_collab.model.text import source_hash
from ltt_collab.ports.presence import Presence

LOCKS = ("editable", "deletable")
"""Cell metadata of nbformat that is False where a cell must not be changed."""


class Edge(Enum):
    """The ends of a notebook, as places for a cell."""

    TOP = auto()
    BOTTOM = auto()


Place = CellId | Edge
"""Where a cell goes: directly below another one, or at an end of the notebook."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCell:
    """A cell to be written for ``author`` at that place; ``about``: the learner's cell that it is for, if any."""

    suggestion: SuggestionId
    author: Username
    type: CellType
    source: str
    place: Place = Edge.BOTTOM
    about: CellId | None = None

    def mark(self) -> dict[str, Any]:
        """The content of its ``metadata.ltt``."""
        ownership = Ownership(
            role=CellRole.PROPOSAL,
            suggestion=self.suggestion,
            about=self.about or CellId(""),
            rung=0,
            author=self.author,
            written=source_hash(self.source),
        )
        return ownership.as_metadata()


class AgentTurn:
    """What may be written for an agent while nobody else of ours writes. Nothing here awaits.

    So whatever is looked up within the turn, and not awaited after, is still so when it is written.
    """

    def __init__(self, view: NotebookView, strokes: Strokes, rescue: Rescue, presence: Presence) -> None:
        self._view, self._strokes, self._rescue, self._presence = view, strokes, rescue, presence

    def insert(self, cell: AgentCell) -> CellId:
        """Put the cell there in one stroke, our caret at its end.

        Raises:
            UnknownCellError: the cell that it goes below is gone.
        """
        inserted = self._strokes.insert_cell(self._index(cell.place), cell.type, cell.source, cell.mark())
        self._show_caret(inserted)
        return inserted

    def rewrite(self, cell: CellId, source: str, expected_hash: str, author: Username) -> str:
        """Change a cell of the author's own where it differs; its text before.

        Raises:
            UnknownCellError, ConflictError, NotOursError, CellOccupiedError
        """
        self.expect(cell, expected_hash)
        mark = self._expect_own(cell, author)
        before = self._view.cell_source(cell)
        self._strokes.rewrite(cell, source, {**mark, HASH_KEY: source_hash(source)})
        self._show_caret(cell)
        return before

    def rewrite_of_learner(self, cell: CellId, source: str, expected_hash: str) -> str:
        """Change a learner's cell where it differs, on the operator's word; its text before.

        Raises:
            UnknownCellError, ConflictError, CellOccupiedError
            NotOursError: it is locked, or a cell of ours.
        """
        self.expect(cell, expected_hash)
        if self._view.ownership(cell) is not None:
            raise NotOursError(cell)
        self._expect_unlocked(cell)
        self._expect_free(cell)
        before = self._view.cell_source(cell)
        self._strokes.rewrite_allowed(cell, source)
        self._show_caret(cell)
        return before

    def delete(self, cell: CellId, author: Username) -> None:
        """Delete a cell of the author's own.

        Raises:
            UnknownCellError, NotOursError, CellOccupiedError
        """
        self._expect_own(cell, author)
        self._rescue.watch(cell, self._view.cell_source(cell))
        self._strokes.remove(cell)

    def expect(self, cell: CellId, expected_hash: str) -> None:
        """Go on only while the cell's text is what was read.

        Raises:
            UnknownCellError, ConflictError
        """
        actual = self._view.cell_hash(cell)
        if actual != expected_hash:
            raise ConflictError(cell, expected_hash, actual)

    def _index(self, place: Place) -> int:
        match place:
            case Edge.TOP:
                return 0
            case Edge.BOTTOM:
                return self._view.count()
            case _:
                at = self._view.index_of(place)
                if at is None:
                    raise UnknownCellError(place)
                return at + 1

    def _expect_own(self, cell: CellId, author: Username) -> dict[str, Any]:
        """Its mark, if the author may change its text."""
        expect_written_by(self._view, cell, author)
        mark = dict(self._view.mark_of(cell))
        if mark.get(HASH_KEY) != self._view.cell_hash(cell):
            self._strokes.release(cell)
            raise NotOursError(cell)
        self._expect_unlocked(cell)
        self._expect_free(cell)
        return mark

    def _expect_unlocked(self, cell: CellId) -> None:
        """Also a cell that its author wrote stays as somebody has locked it."""
        metadata = self._view.map_of(cell).get("metadata") or {}
        if any(metadata.get(lock) is False for lock in LOCKS):
            raise NotOursError(cell)

    def _expect_free(self, cell: CellId) -> None:
        if any(human.selection is not None and human.selection.cell_id == cell for human in self._presence.humans()):
            raise CellOccupiedError(cell)

    def _show_caret(self, cell: CellId) -> None:
        end = len(self._view.cell_source(cell))
        self._presence.show_cursors([self._view.cursor(cell, end, end)])


class AgentCells:
    """The part of the one writer that writes for agents.

    Invariants:
        1. It holds the writer's lock: one writer at a time, whoever it writes for.
        2. Only cells that carry the agent's name change, and only while their text is what we wrote.
        3. Nothing changes around a human's caret; a locked cell never changes.
    """

    def __init__(
        self, view: NotebookView, strokes: Strokes, rescue: Rescue, *, presence: Presence, lock: anyio.Lock
    ) -> None:
        self._view, self._strokes, self._lock = view, strokes, lock
        self._turn = AgentTurn(view, strokes, rescue, presence)

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[AgentTurn]:
        """Write once nobody else of ours does; await nothing between what you look up in it and what you write."""
        async with self._lock:
            yield self._turn

    async def begin_run(self, cell: CellId, author: Username) -> None:
        """Show that the cell runs: no outputs, no number.

        Raises:
            UnknownCellError, NotOursError
        """
        async with self._lock:
            expect_written_by(self._view, cell, author)
            self._strokes.begin_run(cell)

    async def show_outputs(self, cell: CellId, author: Username, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Add nbformat outputs; a stream goes on in the output before it if that is of the same name.

        Raises:
            UnknownCellError, NotOursError
        """
        async with self._lock:
            expect_written_by(self._view, cell, author)
            self._strokes.append_outputs(cell, outputs)

    async def end_run(self, cell: CellId, author: Username, count: int | None) -> None:
        """Show that the run is over; does nothing to a cell that is gone or somebody else's by now."""
        async with self._lock:
            try:
                expect_written_by(self._view, cell, author)
            except (UnknownCellError, NotOursError):
                return
            self._strokes.end_run(cell, count)

    def find(self, suggestion: SuggestionId) -> CellId | None:
        """The cell that was written under that name."""
        for cell_id in self._view.cell_ids():
            ownership = self._view.ownership(cell_id) if cell_id else None
            if ownership is not None and ownership.suggestion == suggestion:
                return cell_id
        return None

    def place_of(self, index: int | None) -> Place:
        """The place that is at an index now (None: at the end), for later: by the cell above it."""
        if index is None or index >= self._view.count():
            return Edge.BOTTOM
        return next((cell for cell in reversed(self._view.cell_ids()[:index]) if cell), Edge.TOP)


def expect_written_by(view: NotebookView, cell: CellId, author: Username) -> None:
    """Go on only with a cell that carries the author's name.

    Raises:
        UnknownCellError, NotOursError
    """
    view.text_of(cell)
    ownership = view.ownership(cell)
    if ownership is None or ownership.role is not CellRole.PROPOSAL or ownership.author != author:
        raise NotOursError(cell)
