"""Letters that a learner typed into a cell while our deletion of it was still on its way.

A CRDT keeps no text that was typed into a cell which somebody else deletes at the same time: the cell's text is gone,
and so are the letters. We delete only cells of ours with no caret in them, but a caret and a keystroke may both be in
flight. So a copy of the document in which the cell still stands goes on receiving what is written, for as long as a
keystroke can be under way; if the cell's text changes there, the letters are put back where they can be seen. Cells
that are deleted within a few seconds of each other share one copy: an agent may take back a thousand at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import ReferenceType, ref

from pycrdt import Array, Doc, Map, Text

from ltt_collab.documents.anchors import ItemId, type_id
from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import EMPTY_STATE, REMOTE, Replica, is_panic
from ltt_collab.documents.writer_cells import Strokes
from ltt_collab.model.ids import CellId
from ltt_collab.ports.clock import Clock

FLIGHT = 5.0
"""Seconds during which a keystroke made before our deletion was seen may still arrive: a bad mobile line's worst.

For as long a copy is shared by further deletions, so that at most three are kept of a document, however many cells of
it are deleted.
"""

NO_STRUCTS = 0
"""First byte of an update that only deletes: it holds the letters of no client."""


@dataclass(slots=True)
class _Deleted:
    """A cell that we deleted: its text until then, when it is forgotten, and ``home``, where late letters belong."""

    written: str
    until: float
    home: CellId


@dataclass(frozen=True, slots=True)
class _Late:
    """Letters that came too late for their cell: where in its text, and the cells above it, nearest first."""

    cell: _Deleted
    start: int
    letters: str
    above: Sequence[CellId]


class Rescue:
    """Watches for late letters.

    Invariants:
        1. Every letter of others that reaches a cell which we deleted stands in the notebook in the end.
        2. A document is copied only for a deletion, once for all deletions within ``FLIGHT`` seconds; a copy is kept
           for ``FLIGHT`` seconds of traffic after the last of them at most, and never by a replica that sleeps.
    """

    def __init__(self, replica: Replica, view: NotebookView, strokes: Strokes, clock: Clock) -> None:
        self._replica = replica
        self._view = view
        self._strokes = strokes
        self._clock = clock
        # The replica alone keeps a copy in memory, and lets go of it when it sleeps (invariant 2).
        self._latest: ReferenceType[_Watch] | None = None

    def watch(self, cell: CellId, written: str) -> None:
        """Remember the document as it is: our cell of that text is deleted by the very next stroke."""
        if not self._view.holds(cell):
            return
        now = self._clock.monotonic()
        watch = None if self._latest is None else self._latest()
        if watch is None or not watch.takes_more(now):
            watch = _Watch(self, _Copy(self._replica.diff(EMPTY_STATE)), now + FLIGHT)
            self._latest = ref(watch)
            self._replica.add_witness(watch)
        watch.begin(type_id(self._view.text_of(cell)), _Deleted(written, now + FLIGHT, cell))

    def now(self) -> float:
        """Seconds of the clock that times are told by here."""
        return self._clock.monotonic()

    def end(self, watch: _Watch) -> None:
        """Let go of a copy that is of no use any more."""
        self._replica.remove_witness(watch)

    def put_back(self, late: _Late) -> None:
        """Show the late letters: in the note that took the deleted one's place, or in a cell of their own."""
        home = late.cell.home
        if self._view.holds(home):
            self._strokes.put_back(home, min(late.start, len(self._view.cell_source(home))), late.letters)
            return
        above = next((at for cell in late.above if (at := self._view.index_of(cell)) is not None), -1)
        late.cell.home = self._strokes.insert_plain(above + 1, late.letters)


class _Watch:
    """Follows a replica in a copy of its document, for the cells that were deleted since."""

    def __init__(self, rescue: Rescue, copy: _Copy, until: float) -> None:
        self._rescue, self._copy, self._until = rescue, copy, until
        self._is_broken = self._deletion_comes = False

    def takes_more(self, now: float) -> bool:
        """Whether further deletions may share this copy."""
        return now <= self._until and not self._is_broken

    def begin(self, text: ItemId, cell: _Deleted) -> None:
        """The cell of that shared text is deleted by our next write."""
        self._copy.deleted[text] = cell
        self._deletion_comes = True

    def received(self, update: bytes) -> None:
        """Somebody wrote."""
        late: Sequence[_Late] = ()
        if self._is_wanted():
            late = self._take(update)
        for each in late:
            self._rescue.put_back(each)

    def written(self, update: bytes) -> None:
        """We wrote."""
        is_deletion = self._deletion_comes and update[0] == NO_STRUCTS
        self._deletion_comes = False
        if not is_deletion and self._is_wanted():
            self._take(update)

    def _is_wanted(self) -> bool:
        self._copy.forget(self._rescue.now())
        if self._is_broken or not self._copy.deleted:
            self._rescue.end(self)
            return False
        return True

    def _take(self, update: bytes) -> Sequence[_Late]:
        try:
            return self._copy.take(update)
        except (ValueError, RuntimeError):
            self._is_broken = True
        except BaseException as error:
            self._is_broken = True
            if not is_panic(error):
                raise
        return ()


class _Copy:
    """The document as it was before the first deletion, with all that was written since, but none of ``deleted`` gone.

    Invariants:
        1. An update that takes such a cell away (somebody passes our deletion on) is left out: letters of a third
           person may still come.
        2. No shared type is kept from one update to the next: pycrdt reads freed memory, and the process dies, when
           the type was deleted meanwhile. A cell is known by the id of its text.
    """

    def __init__(self, state: bytes) -> None:
        self.deleted: dict[ItemId, _Deleted] = {}
        self._updates = [state]
        self._doc = self._rebuilt()

    def forget(self, now: float) -> None:
        """Wait no longer for letters that would have come by now."""
        if self.deleted and next(iter(self.deleted.values())).until < now:
            self.deleted = {text: cell for text, cell in self.deleted.items() if cell.until >= now}

    def take(self, update: bytes) -> Sequence[_Late]:
        """Apply an update; what it brought into deleted cells.

        Raises:
            ValueError, RuntimeError, BaseException: the library could not, or panicked.
        """
        touched: list[int] = []
        removes = False

        def changed(events: list[Any]) -> None:
            nonlocal removes
            for event in events:
                path = event.path
                if type(event).__name__ == "TextEvent" and path[1:] == ["source"]:
                    touched.append(path[0])
                elif not path:
                    removes = removes or any("delete" in change for change in event.delta)
                elif len(path) == 1:
                    removes = removes or "source" in event.keys

        cells = self._cells()
        subscription = cells.integrated.observe_deep(changed)
        try:
            with self._doc.transaction(origin=REMOTE):
                self._doc.apply_update(update)
        finally:
            subscription.drop()  # without this the document is never freed
        if removes and not self.deleted.keys() <= self._texts():
            self._doc = self._rebuilt()
            return ()
        self._updates.append(update)
        return [late for index in touched if (late := self._late_at(index)) is not None]

    def _late_at(self, index: int) -> _Late | None:
        cells = self._cells()
        source = _text_of(cells[index])
        cell = None if source is None else self.deleted.get(type_id(source))
        if source is None or cell is None:
            return None
        arrived = str(source)
        start, letters = _inserted(cell.written, arrived)
        cell.written = arrived
        if not letters:
            return None
        return _Late(cell, start, letters, [self._home_of(each) for each in reversed(list(cells)[:index])])

    def _home_of(self, cell: object) -> CellId:
        """The cell itself; of a deleted one, the cell that has its late letters."""
        text = _text_of(cell)
        deleted = None if text is None else self.deleted.get(type_id(text))
        if deleted is not None:
            return deleted.home
        return CellId(str(cell.get("id")) if isinstance(cell, Map) else "")

    def _texts(self) -> set[ItemId]:
        return {type_id(text) for cell in self._cells() if (text := _text_of(cell)) is not None}

    def _rebuilt(self) -> Doc[Any]:
        doc: Doc[Any] = Doc()
        for update in self._updates:
            doc.apply_update(update)
        return doc

    def _cells(self) -> Array[Any]:
        cells: Array[Any] = self._doc.get("cells", type=Array)
        return cells


def _text_of(cell: object) -> Text | None:
    text = cell.get("source") if isinstance(cell, Map) else None
    return text if isinstance(text, Text) else None


def _inserted(before: str, after: str) -> tuple[int, str]:
    """Where the two texts begin to differ, and what the second holds there that the first does not."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    tail = 0
    while tail < min(len(before), len(after)) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return start, after[start : len(after) - tail]
