"""Turns the preview of an offered cell into the cell, once its learner says so."""

from __future__ import annotations

import anyio

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.writer_cells import Strokes
from ltt_collab.documents.writer_typing import Typist
from ltt_collab.model.cells import CellType
from ltt_collab.model.errors import CellOccupiedError, UnknownSuggestionError
from ltt_collab.model.ids import CellId, SuggestionId


class OfferedCells:
    """A part of the one writer.

    Invariants:
        1. A cell is put in only where its preview stands, and the preview goes in the same step.
        2. What is put in carries no mark of ours: it is the learner's own, and we never change it.
    """

    def __init__(self, view: NotebookView, strokes: Strokes, typist: Typist, lock: anyio.Lock) -> None:
        self._view, self._strokes, self._typist, self._lock = view, strokes, typist, lock

    async def accept(self, suggestion: SuggestionId, source: str) -> CellId:
        """Put a code cell where the preview of that offer stands; its id.

        Raises:
            UnknownSuggestionError: its preview is gone.
            CellOccupiedError: a human's caret is in the preview.
        """
        async with self._lock:
            preview = self._find(suggestion)
            at = self._view.index_of(preview)
            cell = self._strokes.insert_plain(0 if at is None else at, source, CellType.CODE)
            self._strokes.remove(preview)
            return cell

    async def dismiss(self, suggestion: SuggestionId) -> None:
        """Take the preview away.

        Raises:
            UnknownSuggestionError, CellOccupiedError
        """
        async with self._lock:
            self._strokes.remove(self._find(suggestion))

    def _find(self, suggestion: SuggestionId) -> CellId:
        for cell in self._view.cell_ids():
            mark = self._view.ownership(cell) if cell else None
            if mark is not None and mark.suggestion == suggestion:
                if self._typist.is_occupied(cell):
                    raise CellOccupiedError(cell)
                return cell
        raise UnknownSuggestionError(suggestion)
