"""Letters that a learner typed into a cell while our deletion of it was still on its way.

A CRDT keeps no text that was typed into a cell which somebody else deletes at the same time: the cell's text is gone,
and so are the letters. We delete only notes of ours with no caret in them, but a caret and a keystroke may both be in
flight. So a copy of the document as it was before the deletion goes on receiving what others send, for as long as a
keystroke can be under way; if the note's text changes there, the letters are put back where they can be seen.
"""

from __future__ import annotations

from typing import Any

from pycrdt import Array, Doc, Text

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
        doc: Doc[Any] = Doc()
        doc.apply_update(self._replica.diff(EMPTY_STATE))
        text: Text = doc.get("cells", type=Array)[index]["source"]
        until = self._clock.monotonic() + FLIGHT
        home: CellId | None = None

        def received(update: bytes) -> None:
            nonlocal written, home
            if self._clock.monotonic() > until or not _takes(doc, update):
                self._replica.remove_witness(received)
                return
            arrived = str(text)
            if arrived != written:
                start, letters = _inserted(written, arrived)
                written = arrived
                home = self._put_back(home or cell, start, letters, index) if letters else home

        self._replica.add_witness(received)

    def _put_back(self, home: CellId, start: int, letters: str, index: int) -> CellId:
        """Show the late letters: in the note that took the deleted one's place, or in a cell of their own."""
        if not self._view.holds(home):
            return self._strokes.insert_plain(index, letters)
        self._strokes.put_back(home, min(start, len(self._view.cell_source(home))), letters)
        return home


def _takes(doc: Doc[Any], update: bytes) -> bool:
    """Apply an update to a copy of ours; False if the copy cannot take it and is of no use any more."""
    try:
        with doc.transaction(origin=REMOTE):
            doc.apply_update(update)
    except (ValueError, RuntimeError):
        return False
    except BaseException as error:
        if is_panic(error):
            return False
        raise
    return True


def _inserted(before: str, after: str) -> tuple[int, str]:
    """Where the two texts begin to differ, and what the second holds there that the first does not."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    tail = 0
    while tail < min(len(before), len(after)) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return start, after[start : len(after) - tail]
