"""Cells that agents write: inserted whole, with our caret in them, and theirs to change until somebody else does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCell:
    """A cell to be written for ``author``: at ``index``, '' in ``about`` for no cell in particular."""

    suggestion: SuggestionId
    author: Username
    type: CellType
    source: str
    index: int
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
        self._view, self._strokes, self._rescue = view, strokes, rescue
        self._presence, self._lock = presence, lock

    async def insert(self, cell: AgentCell, *, expected_hash: str | None = None) -> CellId:
        """Put the cell there in one stroke, our caret at its end; ``expected_hash``: of the cell that it is about.

        Raises:
            UnknownCellError, ConflictError: the cell that it is about is gone or not what was expected.
        """
        async with self._lock:
            if cell.about is not None and expected_hash is not None:
                self._expect(cell.about, expected_hash)
            inserted = self._strokes.insert_cell(cell.index, cell.type, cell.source, cell.mark())
            self._show_caret(inserted)
            return inserted

    async def rewrite(self, cell: CellId, source: str, expected_hash: str, author: Username) -> str:
        """Change a cell of the author's own where it differs; its text before.

        Raises:
            UnknownCellError, ConflictError, NotOursError, CellOccupiedError
        """
        async with self._lock:
            self._expect(cell, expected_hash)
            mark = self._expect_own(cell, author)
            before = self._view.cell_source(cell)
            self._strokes.rewrite(cell, source, {**mark, HASH_KEY: source_hash(source)})
            self._show_caret(cell)
            return before

    async def rewrite_of_learner(self, cell: CellId, source: str, expected_hash: str) -> str:
        """Change a learner's cell where it differs, on the operator's word; its text before.

        Raises:
            UnknownCellError, ConflictError, CellOccupiedError
            NotOursError: it is locked, or a cell of ours.
        """
        async with self._lock:
            self._expect(cell, expected_hash)
            if self._view.ownership(cell) is not None:
                raise NotOursError(cell)
            self._expect_unlocked(cell)
            self._expect_free(cell)
            before = self._view.cell_source(cell)
            self._strokes.rewrite_allowed(cell, source)
            self._show_caret(cell)
            return before

    async def delete(self, cell: CellId, author: Username) -> None:
        """Delete a cell of the author's own.

        Raises:
            UnknownCellError, NotOursError, CellOccupiedError
        """
        async with self._lock:
            self._expect_own(cell, author)
            self._rescue.watch(cell, self._view.cell_source(cell))
            self._strokes.remove(cell)

    async def begin_run(self, cell: CellId, author: Username) -> None:
        """Show that the cell runs: no outputs, no number.

        Raises:
            UnknownCellError, NotOursError
        """
        async with self._lock:
            self._expect_run(cell, author)
            self._strokes.begin_run(cell)

    async def show_outputs(self, cell: CellId, author: Username, outputs: Sequence[Mapping[str, Any]]) -> None:
        """Add nbformat outputs; a stream goes on in the output before it if that is of the same name.

        Raises:
            UnknownCellError, NotOursError
        """
        async with self._lock:
            self._expect_run(cell, author)
            self._strokes.append_outputs(cell, outputs)

    async def end_run(self, cell: CellId, author: Username, count: int | None) -> None:
        """Show that the run is over; does nothing to a cell that is gone or somebody else's by now."""
        async with self._lock:
            try:
                self._expect_run(cell, author)
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

    def _expect(self, cell: CellId, expected_hash: str) -> None:
        actual = self._view.cell_hash(cell)
        if actual != expected_hash:
            raise ConflictError(cell, expected_hash, actual)

    def _expect_own(self, cell: CellId, author: Username) -> dict[str, Any]:
        """Its mark, if the author may change its text (invariants 2, 3)."""
        self._expect_run(cell, author)
        mark = dict(self._view.mark_of(cell))
        if mark.get(HASH_KEY) != self._view.cell_hash(cell):
            self._strokes.release(cell)
            raise NotOursError(cell)
        self._expect_unlocked(cell)
        self._expect_free(cell)
        return mark

    def _expect_run(self, cell: CellId, author: Username) -> None:
        self._view.text_of(cell)
        ownership = self._view.ownership(cell)
        if ownership is None or ownership.role is not CellRole.PROPOSAL or ownership.author != author:
            raise NotOursError(cell)

    def _expect_unlocked(self, cell: CellId) -> None:
        """Invariant 3: also a cell that its author wrote stays as somebody has locked it."""
        metadata = self._view.map_of(cell).get("metadata") or {}
        if any(metadata.get(lock) is False for lock in LOCKS):
            raise NotOursError(cell)

    def _expect_free(self, cell: CellId) -> None:
        if any(human.selection is not None and human.selection.cell_id == cell for human in self._presence.humans()):
            raise CellOccupiedError(cell)

    def _show_caret(self, cell: CellId) -> None:
        end = len(self._view.cell_source(cell))
        self._presence.show_cursors([self._view.cursor(cell, end, end)])
