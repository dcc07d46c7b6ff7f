"""Typing into a note of ours while people look on, and stopping the moment one of them joins in."""

from __future__ import annotations

from dataclasses import dataclass

from ltt_collab.documents.anchors import ItemId, type_id
from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.rhythm import FRAME, frames_of
from ltt_collab.documents.writer_cells import Strokes
from ltt_collab.model.errors import ConflictError, UnknownCellError
from ltt_collab.model.ids import CellId
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.presence import Presence

LINGER = 0.12
"""Seconds the caret stays at the end of a finished note before the note is shown rendered."""

PATIENCE = 3.0
"""Seconds to wait for a human's caret to leave a note that is being typed; then the note is theirs."""


class AdoptedError(Exception):
    """A human edited or deleted the note, or would not leave it: typing stops where it is. Never leaves the writer."""


@dataclass(slots=True)
class GrowingNote:
    """A note in the making: ``written`` is what its cell must hold as long as only we wrote in it.

    ``about_type`` is the shared text of the learner's cell: a cell that was moved has another one.
    """

    cell: CellId
    about: CellId
    about_type: ItemId
    about_hash: str
    written: str


class Typist:
    """Types frame by frame, and looks before each one."""

    def __init__(self, view: NotebookView, strokes: Strokes, presence: Presence, clock: Clock) -> None:
        self._view = view
        self._strokes = strokes
        self._presence = presence
        self._clock = clock

    def begin(self, cell: CellId, about: CellId, written: str) -> GrowingNote:
        """Remember how things stand before the first frame.

        Raises:
            UnknownCellError: there is no cell ``about``.
        """
        text = self._view.text_of(about)
        about_hash = self._view.cell_hash(about)
        return GrowingNote(cell, about, type_id(text), about_hash, written)

    async def type(self, growing: GrowingNote, text: str) -> None:
        """Write ``text`` at the end, the caret with it; a late loop catches up instead of making people wait.

        Raises:
            AdoptedError: a human took the note over.
            ConflictError: the learner's cell was deleted or moved.
        """
        due = self._clock.monotonic()
        self._look(growing)
        self._show_caret(growing)
        for frame in frames_of(text):
            due += await self._until_free(growing)
            self._look(growing)
            self._strokes.append(growing.cell, frame)
            growing.written += frame
            self._show_caret(growing)
            due += FRAME
            await self._clock.sleep(max(0.0, due - self._clock.monotonic()))
        await self._clock.sleep(LINGER)
        self._look(growing)

    def is_untouched(self, growing: GrowingNote) -> bool:
        """Whether only we wrote in the note, and no human's caret is in it."""
        return self._view.cell_source(growing.cell) == growing.written and not self.is_occupied(growing.cell)

    def is_occupied(self, cell: CellId) -> bool:
        """Whether any human's caret is in that cell."""
        return any(human.selection is not None and human.selection.cell_id == cell for human in self._presence.humans())

    async def _until_free(self, growing: GrowingNote) -> float:
        """Wait while a human's caret is in the note; the seconds that took."""
        began = self._clock.monotonic()
        while self.is_occupied(growing.cell):
            if self._clock.monotonic() - began >= PATIENCE:
                raise AdoptedError
            await self._clock.sleep(FRAME)
        return self._clock.monotonic() - began

    def _look(self, growing: GrowingNote) -> None:
        """See whether the note may grow: nobody touched it, and the learner's cell stands where it stood."""
        try:
            touched = self._view.cell_source(growing.cell) != growing.written
        except UnknownCellError:
            raise AdoptedError from None
        if touched:
            raise AdoptedError
        try:
            moved = type_id(self._view.text_of(growing.about)) != growing.about_type
        except UnknownCellError:
            raise ConflictError(growing.about, growing.about_hash, None) from None
        if moved:
            raise ConflictError(growing.about, growing.about_hash, self._view.cell_hash(growing.about))

    def _show_caret(self, growing: GrowingNote) -> None:
        end = len(growing.written)
        self._presence.show_cursors([self._view.cursor(growing.cell, end, end)])
