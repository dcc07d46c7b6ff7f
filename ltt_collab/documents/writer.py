"""The one writer: points at a line, types notes, takes them away, and never touches what a learner wrote."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import anyio

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer_agents import AgentCells
from ltt_collab.documents.writer_cells import Strokes
from ltt_collab.documents.writer_notes import (
    HASH_KEY,
    PARAGRAPH,
    WRITING_KEY,
    Note,
    Removal,
    common_lines,
    span_of_line,
)
from ltt_collab.documents.writer_offers import OfferedCells
from ltt_collab.documents.writer_rescue import Rescue
from ltt_collab.documents.writer_tasks import TaskCells
from ltt_collab.documents.writer_typing import AdoptedError, GrowingNote, Typist
from ltt_collab.model.cells import Ownership
from ltt_collab.model.errors import CellOccupiedError, ConflictError, NotOursError
from ltt_collab.model.ids import CellId, SuggestionId, Username
from ltt_collab.model.presence import Activity
from ltt_collab.model.text import source_hash
from ltt_collab.ports.clock import Clock
from ltt_collab.ports.presence import Presence


class Writer:
    """Writes into one notebook, one stroke at a time, visibly.

    Invariants:
        1. One writer at a time: every verb that can await holds the lock.
        2. Only cells with our mark change, and only while nobody else changed them: the cell's text is compared with
           what we wrote right before each stroke, with no await in between.
        3. Nothing is written into, and nothing deleted around, a human's caret.
        4. A note is whole, or withdrawn, or theirs: cancelled or failed typing leaves no half note of ours.
        5. No index is kept across an await.
    """

    def __init__(
        self, replica: Replica, view: NotebookView, *, presence: Presence, clock: Clock, author: Username
    ) -> None:
        self._view = view
        self._presence = presence
        self._author = author
        self._strokes = Strokes(replica, view)
        self._rescue = Rescue(replica, view, self._strokes, clock)
        self._typist = Typist(view, self._strokes, presence, clock)
        self._lock = anyio.Lock()
        self._pointed: tuple[CellId, int, str] | None = None
        self.agents = AgentCells(view, self._strokes, self._rescue, presence=presence, lock=self._lock)
        self.offers = OfferedCells(view, self._strokes, self._typist, self._lock)
        self.tasks = TaskCells(replica, view, self._strokes, self._rescue, presence=presence, lock=self._lock)

    async def point(self, cell_id: CellId, line: int, expected_hash: str) -> None:
        """Select a line (1-based) of the learner's cell in our colour, from its first letter to its end.

        Changes no letter. A line past the end means the last one. Stands until ``rest``; while a note is typed the
        caret is there, and it comes back with the last letter, unless the cell or the note is not what it was.

        Raises:
            UnknownCellError, ConflictError
        """
        async with self._lock:
            self._expect(cell_id, expected_hash)
            self._pointed = cell_id, line, expected_hash
            self._show_pointed()

    async def rest(self) -> None:
        """Take our caret and selection away."""
        async with self._lock:
            self._pointed = None
            self._show_pointed()
            self._presence.show_activity(Activity.IDLE)

    async def write_note(self, note: Note) -> CellId:
        """Type a note live below the learner's cell, then show it rendered; the id of its cell.

        A human may take the note over while it grows (edits it, or keeps the caret in it): then it stands as it is,
        without our mark. A suggestion that has its note already gets no second one.

        Raises:
            UnknownCellError: there is no such cell; nothing was written.
            ConflictError: the cell is not what was expected, or it was deleted or moved meanwhile; nothing of ours
                is left.
            NotOursError: the cell is a note of ours itself, no learner's cell.
        """
        async with self._lock:
            self._expect(note.about, note.expected_hash)
            if self._view.ownership(note.about) is not None:
                raise NotOursError(note.about)
            standing = self.find_note(note.suggestion)
            if standing is not None:
                return standing
            mark = note.mark(self._author)
            cell = self._strokes.insert_note(note.about, "", {**mark, WRITING_KEY: note.text})
            growing = self._typist.begin(cell, note.about, "")
            with self._at_work() as pointed:
                try:
                    await self._typist.type(growing, note.text)
                except AdoptedError:
                    self._let_go(cell)
                except BaseException:
                    # Cancellation too: what follows awaits nothing, so it is done before the task ends.
                    self._withdraw(growing)
                    raise
                else:
                    self._render(cell, note.text, mark)
                    self._pointed = pointed
            return cell

    async def extend_note(self, cell: CellId, text: str, rung: int) -> None:
        """Type a further rung below the text of our note, then show it rendered.

        Raises:
            UnknownCellError: the note, or the cell that it is about, is gone; nothing was written.
            NotOursError: it is no note of ours, or somebody edited it (then it is theirs from now on).
            CellOccupiedError: a human's caret is in it; nothing was written.
            ConflictError: the learner's cell was deleted or moved meanwhile; the note stands as before.
        """
        async with self._lock:
            ownership = self._expect_own_text(cell)
            before = self._view.cell_source(cell)
            await self._retype(cell, replace(ownership, rung=rung, writing=""), before, before + PARAGRAPH + text)

    async def rewrite_note(self, cell: CellId, text: str) -> None:
        """Type our note anew from the first line that differs, then show it rendered; the same text changes nothing.

        Raises:
            UnknownCellError, NotOursError, CellOccupiedError, ConflictError: as ``extend_note``.
        """
        async with self._lock:
            ownership = self._expect_own_text(cell)
            before = self._view.cell_source(cell)
            if before != text:
                await self._retype(cell, replace(ownership, writing=""), common_lines(before, text), text)

    async def _retype(self, cell: CellId, ownership: Ownership, kept: str, whole: str) -> None:
        """Show ``kept`` in source view, type the rest of ``whole`` and show that rendered."""
        before, old_mark = self._view.cell_source(cell), dict(self._view.mark_of(cell))
        mark = {**ownership.as_metadata(), HASH_KEY: source_hash(whole)}
        self._view.text_of(ownership.about)
        # A rendered Markdown cell shows neither letters nor a caret as they come: back to source view first.
        self._rescue.watch(cell, before)
        self._strokes.replace_cell(cell, "", {**old_mark, WRITING_KEY: whole})
        self._strokes.append(cell, kept)
        growing = self._typist.begin(cell, ownership.about, kept)
        with self._at_work() as pointed:
            try:
                await self._typist.type(growing, whole[len(kept) :])
            except AdoptedError:
                self._let_go(cell)
            except BaseException:
                self._restore(growing, before, old_mark)
                raise
            else:
                self._render(cell, whole, mark)
                self._pointed = pointed

    async def remove_note(self, cell: CellId, suggestion: SuggestionId) -> Removal:
        """Delete exactly our note of that suggestion; one that somebody edited is released instead.

        Raises:
            NotOursError: the cell is not the note of that suggestion.
            CellOccupiedError: a human's caret is in it; try again when it has left.
        """
        async with self._lock:
            if not self._view.holds(cell):
                return Removal.GONE
            ownership = self._view.ownership(cell)
            if ownership is None or ownership.suggestion != suggestion:
                raise NotOursError(cell)
            if not self._is_own_text(cell):
                self._strokes.release(cell)
                return Removal.RELEASED
            if self._typist.is_occupied(cell):
                raise CellOccupiedError(cell)
            self._rescue.watch(cell, self._view.cell_source(cell))
            self._strokes.remove(cell)
            return Removal.REMOVED

    async def release_note(self, cell: CellId) -> None:
        """Take our mark off a note: it is the learner's from now on. Does nothing to a cell without it.

        Raises:
            UnknownCellError
        """
        async with self._lock:
            if self._view.ownership(cell) is not None:
                self._strokes.release(cell)

    def find_note(self, suggestion: SuggestionId) -> CellId | None:
        """The cell that carries the note of a suggestion."""
        for cell_id in self._view.cell_ids():
            ownership = self._view.ownership(cell_id) if cell_id else None
            if ownership is not None and ownership.suggestion == suggestion:
                return cell_id
        return None

    def _render(self, cell: CellId, text: str, mark: Mapping[str, Any]) -> None:
        """Show the finished note rendered, unless somebody has just put the caret into it."""
        if not self._typist.is_occupied(cell):
            self._rescue.watch(cell, text)
            self._strokes.replace_cell(cell, text, mark)

    def _withdraw(self, growing: GrowingNote) -> None:
        """Take a half-written note away; one that a human touched stays, theirs."""
        if self._may_replace(growing):
            self._rescue.watch(growing.cell, growing.written)
            self._strokes.remove(growing.cell)

    def _restore(self, growing: GrowingNote, before: str, mark: Mapping[str, Any]) -> None:
        """Put our note back to what it was before a rung was added; one that a human touched stays, theirs."""
        if self._may_replace(growing):
            self._rescue.watch(growing.cell, growing.written)
            self._strokes.replace_cell(growing.cell, before, mark)

    def _may_replace(self, growing: GrowingNote) -> bool:
        if self._view.holds(growing.cell) and self._typist.is_untouched(growing):
            return True
        self._let_go(growing.cell)
        return False

    def _let_go(self, cell: CellId) -> None:
        if self._view.holds(cell) and self._view.ownership(cell) is not None:
            self._strokes.release(cell)

    def _expect(self, cell_id: CellId, expected_hash: str) -> None:
        actual = self._view.cell_hash(cell_id)
        if actual != expected_hash:
            raise ConflictError(cell_id, expected_hash, actual)

    def _expect_own_text(self, cell: CellId) -> Ownership:
        ownership = self._view.ownership(cell)
        if ownership is None:
            raise NotOursError(cell)
        if not self._is_own_text(cell):
            self._strokes.release(cell)
            raise NotOursError(cell)
        if self._typist.is_occupied(cell):
            raise CellOccupiedError(cell)
        return ownership

    def _is_own_text(self, cell: CellId) -> bool:
        ownership = self._view.ownership(cell)
        is_whole = self._view.mark_of(cell).get(HASH_KEY) == self._view.cell_hash(cell)
        # A half note stands where a connection or a process of ours ended in its midst.
        return is_whole or (ownership is not None and ownership.is_unfinished(self._view.cell_source(cell)))

    @contextmanager
    def _at_work(self) -> Generator[tuple[CellId, int, str] | None]:
        """Show that we type, and what we pointed at until then; clear caret and flag when done, however it ends."""
        pointed, self._pointed = self._pointed, None
        self._presence.show_activity(Activity.TYPING)
        try:
            yield pointed
        finally:
            self._show_pointed()
            self._presence.show_activity(Activity.IDLE)

    def _show_pointed(self) -> None:
        cursors = []
        if self._pointed is not None:
            cell, line, expected_hash = self._pointed
            if self._view.holds(cell) and self._view.cell_hash(cell) == expected_hash:
                cursors = [self._view.cursor(cell, *span_of_line(self._view.cell_source(cell), line))]
        self._presence.show_cursors(cursors)
