"""What one transaction did to one cell, said in one order.

The order is that of life: the text was edited, old outputs went, the run began, new outputs came, the run ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pycrdt import Array, Map

from ltt_collab.edits.capture import ARRAY, MAP, SOURCE, TEXT, Change
from ltt_collab.edits.outputs import OutputChanges, shared_errors
from ltt_collab.edits.runs import OpenRun, OpenRuns
from ltt_collab.edits.scribe import Scribe
from ltt_collab.edits.shared import shared_cell
from ltt_collab.edits.slots import CellSlot, read_source
from ltt_collab.edits.splices import Delta, ascii_splices, follow
from ltt_collab.edits.structure import turn_cell, write_metadata
from ltt_collab.model.cells import CellType
from ltt_collab.model.edits import CellInserted, CellRemoved, RunFinished, RunStarted, SourceEdited
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.reading import is_running, read_count, read_error, read_outcome
from ltt_collab.model.text import source_hash

METADATA, OUTPUTS = "metadata", "outputs"
TYPE, STATE, COUNT = "cell_type", "execution_state", "execution_count"
RUN = frozenset({STATE, COUNT})
EXECUTION = frozenset({*RUN, OUTPUTS})
IDENTITY = frozenset({"id", SOURCE})
"""Keys that make another cell of it when they are set anew."""


class UntellableChangeError(Exception):
    """A change that our events cannot say: the document must be read anew."""


class CellChanges:
    """Collects the changes of one cell, then says them."""

    __slots__ = ("_outputs", "_outputs_changed", "keys", "metadata", "source")

    def __init__(self) -> None:
        self.source: Delta | None = None
        self.keys: Mapping[str, Any] = {}
        self.metadata: set[str] = set()
        self._outputs = OutputChanges()
        self._outputs_changed = False

    def take(self, change: Change, cell: object) -> None:
        """Take in one change at or below the cell (``path`` begins with the cell's index)."""
        kind, path, detail = change
        match path[1:]:
            case []:
                self.keys = detail if kind == MAP else {}
            case ["source"]:
                self.source = detail if kind == TEXT else None
            case ["metadata"]:
                self.metadata.update(map(str, detail))
            case ["metadata", key, *_]:
                self.metadata.add(str(key))
            case ["outputs"]:
                self._take_array(kind, detail)
            case ["outputs", int(index), "text"] if kind == TEXT:
                self._outputs_changed = True
                self._outputs.text_changed(index, detail, _output(cell, index))
            case ["outputs", *_]:
                self._outputs_changed = self._outputs.rewritten = True
            case _:
                pass  # attachments and what extensions put there: no event speaks of it

    def _take_array(self, kind: str, detail: Delta) -> None:
        self._outputs_changed = True
        if kind == ARRAY:
            self._outputs.array_changed(detail)
        else:
            self._outputs.rewritten = True

    def write(self, slot: CellSlot, index: int, cells: Array[Any], runs: OpenRuns, scribe: Scribe) -> None:
        """Say the changes; the slot follows.

        Raises:
            UntellableChangeError, EmbeddedObjectError
        """
        cell = cells[index]
        if self.keys and self._became_another(slot, index, cells, runs, scribe):
            return
        if self.source is not None:
            write_source(scribe, slot, self.source, cells, index)
        if METADATA in self.keys:
            write_metadata(scribe, slot.id, cell, None)
        elif self.metadata:
            write_metadata(scribe, slot.id, cell, self.metadata)
        executed = self._outputs_changed or not EXECUTION.isdisjoint(self.keys)
        if executed and slot.type is CellType.CODE:
            self._write_execution(slot, cell, runs, scribe)

    def _became_another(self, slot: CellSlot, index: int, cells: Array[Any], runs: OpenRuns, scribe: Scribe) -> bool:
        if IDENTITY.isdisjoint(self.keys) and TYPE not in self.keys:
            return False
        cell = shared_cell(cells, index)
        same = cell.id == slot.id and SOURCE not in self.keys
        if same and cell.type is slot.type:
            return False
        if not cell.id:
            raise UntellableChangeError
        if same and self.source is None:
            slot.type = cell.type
            turn_cell(scribe, cell, runs)
            return True
        scribe.add(CellRemoved(**scribe.head(), cell_id=slot.id, index=index))
        runs.pop(slot.id, None)
        slot.id, slot.type = cell.id, cell.type
        slot.remember(*read_source(cells[index]))
        if cell.running:
            runs[cell.id] = OpenRun(scribe.at, cell.hash)
        scribe.add(CellInserted(**scribe.head(), cell=cell, index=index))
        return True

    def _write_execution(self, slot: CellSlot, cell: Map[Any], runs: OpenRuns, scribe: Scribe) -> None:
        count = read_count(cell.get(COUNT))
        running = is_running(cell.get(STATE), count)
        run = runs.get(slot.id)
        numbered = COUNT in self.keys and count is not None
        if run is None and numbered and scribe.author.kind is AuthorKind.SERVER:
            raise UntellableChangeError  # a file run elsewhere was loaded: nothing ran here
        outputs = cell.get(OUTPUTS)
        if OUTPUTS in self.keys:
            self._outputs.rewritten = True
        if count is None and not running and run is None and not self._outputs.cleared and self._lost_number():
            self._outputs.rewritten = True  # the number went away by itself: said with the outputs that stay
        self._outputs.write(scribe, slot.id, outputs, count)
        if running and (run is None or run.carried):
            run = replace(run or OpenRun(scribe.at, source_hash(read_source(cell)[0])), carried=False)
            runs[slot.id] = run
            scribe.add(RunStarted(**scribe.head(), cell_id=slot.id, source_hash=run.source_hash))
        self._outputs.write_arrivals(scribe, slot.id, outputs)
        if not running and (numbered or (run is not None and not RUN.isdisjoint(self.keys))):
            write_finish(scribe, slot, cell, runs.pop(slot.id, None), count)

    def _lost_number(self) -> bool:
        change = self.keys.get(COUNT)
        return change is not None and change.get("oldValue") is not None


def write_source(scribe: Scribe, slot: CellSlot, delta: Delta, cells: Array[Any], index: int) -> None:
    """Say that the text of the cell at ``index`` changed.

    Raises:
        EmbeddedObjectError
    """
    if slot.text is not None:
        splices = follow(slot, delta, read_source(cells[index]))
    else:
        splices, grown, still_ascii = ascii_splices(delta)
        if still_ascii:
            slot.length += grown
        else:
            slot.remember(*read_source(cells[index]))
    if splices:
        scribe.add(SourceEdited(**scribe.head(), cell_id=slot.id, splices=splices))


def write_finish(scribe: Scribe, slot: CellSlot, cell: Map[Any], run: OpenRun | None, count: int | None) -> None:
    """Say that a run ended, with what it left in the document."""
    error = read_error(shared_errors(cell.get(OUTPUTS)))
    scribe.add(
        RunFinished(
            **scribe.head(),
            cell_id=slot.id,
            execution_count=count,
            outcome=read_outcome(count, error),
            error=error,
            duration=None if run is None else run.duration(scribe.at),
            source_hash=run.source_hash if run is not None else source_hash(read_source(cell)[0]),
        )
    )


def collect(changes: Iterable[Change], cells: Array[Any]) -> dict[int, CellChanges]:
    """The changes below the cells, by the index of the cell."""
    by_cell: dict[int, CellChanges] = {}
    for change in changes:
        if change.path and isinstance(change.path[0], int):
            index = change.path[0]
            by_cell.setdefault(index, CellChanges()).take(change, cells[index])
    return by_cell


def _output(cell: object, index: int) -> object:
    outputs = cell.get(OUTPUTS) if isinstance(cell, Map) else None
    return outputs[index] if isinstance(outputs, Array) and index < len(outputs) else None
