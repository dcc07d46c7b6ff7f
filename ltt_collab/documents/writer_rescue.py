"""Letters that a learner typed into a cell while our deletion of it was still on its way.

A CRDT keeps no text that was typed into a cell which somebody else deletes at the same time: the cell's text is gone,
and so are the letters. We delete only notes of ours with no caret in them, but a caret and a keystroke may both be in
flight. So a copy of the document as it was before the deletion goes on receiving what others send, for as long as a
keystroke can be under way; if the note's text changes there, the letters are put back where they can be seen.
"""

from __future__ import annotations

from typing import Any

from pycrdt import Array, Doc

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import EMPTY_STATE, REMOTE, Replica, is_panic
from ltt_collab.documents.writer_cells import Strokes
from ltt_collab.model.ids import CellId
from ltt_collab.ports.clock import Clock

FLIGHT = 5.0
"""Seconds during which a keystroke made before our deletion was seen may still arrive: a bad mobile line's worst."""


class Rescue:
    """Watches for late letters.

    Invariants:
        1. Every letter of others that reaches a cell which we deleted stands in the notebook in the end.
        2. A document is copied only for a deletion, and kept for ``FLIGHT`` seconds of traffic at most, and never by
           a replica that sleeps.
    """

    def __init__(self, replica: Replica, view: NotebookView, strokes: Strokes, clock: Clock) -> None:
        self._replica = replica
        self._view = view
        self._strokes = strokes
        self._clock = clock

    def watch(self, cell: CellId, written: str) -> None:
        """Remember the document as it is: our cell of that text is deleted right after this."""
        index = self._view.index_of(cell)
        if index is None:
            return
        copy = _Copy(self._replica.diff(EMPTY_STATE), cell, index)
        until = self._clock.monotonic() + FLIGHT
        home = cell

        def received(update: bytes) -> None:
            nonlocal written, home
            arrived = copy.take(update) if self._clock.monotonic() <= until else None
            if arrived is None:
                self._replica.remove_witness(received)
            elif arrived != written:
                start, letters = _inserted(written, arrived)
                written = arrived
                home = self._put_back(home, start, letters, index) if letters else home

        self._replica.add_witness(received)

    def _put_back(self, home: CellId, start: int, letters: str, index: int) -> CellId:
        """Show the late letters: in the note that took the deleted one's place, or in a cell of their own."""
        if not self._view.holds(home):
            return self._strokes.insert_plain(index, letters)
        self._strokes.put_back(home, min(start, len(self._view.cell_source(home))), letters)
        return home


class _Copy:
    """The document as it was before our deletion, with what others send since, but never without the cell.

    Invariants:
        1. An update that takes the cell away (somebody passes our deletion on) is left out: letters of a third person
           may still come.
        2. No shared type is kept from one update to the next: pycrdt reads freed memory, and the process dies, when
           the type was deleted meanwhile.
    """

    def __init__(self, state: bytes, cell: CellId, index: int) -> None:
        self._updates = [state]
        self._cell = cell
        self._index = index
        self._doc = self._rebuilt()

    def take(self, update: bytes) -> str | None:
        """Apply an update; the cell's text then, or None if this copy is of no use any more."""
        try:
            with self._doc.transaction(origin=REMOTE):
                self._doc.apply_update(update)
            text = self._text()
        except (ValueError, RuntimeError):
            return None
        except BaseException as error:
            if is_panic(error):
                return None
            raise
        if text is None:
            self._doc = self._rebuilt()
            return self._text()
        self._updates.append(update)
        return text

    def _rebuilt(self) -> Doc[Any]:
        doc: Doc[Any] = Doc()
        for update in self._updates:
            doc.apply_update(update)
        return doc

    def _text(self) -> str | None:
        cells = self._doc.get("cells", type=Array)
        nearest = sorted(range(len(cells)), key=lambda index: abs(index - self._index))
        for index in nearest:
            if cells[index].get("id") == self._cell:
                self._index = index
                return str(cells[index]["source"])
        return None


def _inserted(before: str, after: str) -> tuple[int, str]:
    """Where the two texts begin to differ, and what the second holds there that the first does not."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    tail = 0
    while tail < min(len(before), len(after)) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return start, after[start : len(after) - tail]
