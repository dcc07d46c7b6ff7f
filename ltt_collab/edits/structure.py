"""Changes of the order of cells: inserted, removed, moved, turned into another type.

JupyterLab moves a cell, and changes its type, by deleting it and inserting a clone with the same id in one
transaction. pycrdt tells only "deleted here, inserted there"; what belongs together is told by the ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pycrdt import Array, Map

from ltt_collab.edits.runs import OpenRun, OpenRuns
from ltt_collab.edits.scribe import Scribe
from ltt_collab.edits.shared import plain, shared_cell
from ltt_collab.edits.slots import CellSlot, is_regular, read_slot
from ltt_collab.model.cells import Cell, CellType, Ownership
from ltt_collab.model.courses import TaskMark
from ltt_collab.model.edits import CellInserted, CellMoved, CellRemoved, CellTypeChanged, MetadataChanged
from ltt_collab.model.ids import CellId
from ltt_collab.model.reading import read_tags


class Reordering:
    """Turns one change of the order of cells into events.

    Invariants:
        1. The events, applied one after the other, lead from the old order to the new one.
        2. A cell that was there before and after under one id is never said to be removed, unless its text changed
           on the way.
        3. The run of a cell that is moved goes on: JupyterLab's clone says so only some milliseconds later.
        4. Only cells that were inserted anew are said to move: what happened to the others is told besides.
    """

    def __init__(self, slots: list[CellSlot], cells: Array[Any], runs: OpenRuns, scribe: Scribe) -> None:
        self._cells = cells
        self._runs = runs
        self._scribe = scribe
        self._old = slots
        self._reborn: dict[CellId, CellSlot] = {}
        self.slots: list[CellSlot] = []
        self.inserted: set[CellId] = set()

    def read(self, delta: Sequence[Mapping[str, Any]]) -> bool:
        """Work out the new order; False when cells cannot be told apart in it by their ids."""
        removed: dict[CellId, CellSlot] = {}
        position = 0
        for part in delta:
            if "insert" in part:
                first = len(self.slots)
                added = [read_slot(self._cells[first + offset]) for offset in range(len(part["insert"]))]
                self.slots += added
                self.inserted.update(slot.id for slot in added)
            elif "delete" in part:
                gone = self._old[position : position + part["delete"]]
                removed.update((slot.id, slot) for slot in gone)
                position += part["delete"]
            else:
                self.slots += self._old[position : position + part["retain"]]
                position += part["retain"]
        self.slots += self._old[position:]
        self._reborn = {cell_id: slot for cell_id, slot in removed.items() if cell_id in self.inserted}
        return len(self.slots) == len(self._cells) and is_regular(self.slots)

    def write(self) -> None:
        """Emit the events (invariant 1)."""
        target = [slot.id for slot in self.slots]
        order = self._without_gone({slot.id: slot for slot in self.slots})
        present = set(order)
        moved: set[CellId] = set()
        index = 0
        while index < len(target):
            here, wanted = order[index] if index < len(order) else None, target[index]
            if wanted not in present:
                self._insert(index)
                order.insert(index, wanted)
                present.add(wanted)
            elif here is not None and here != wanted and wanted not in self._reborn:
                # What stands in front of a cell that stayed must go down, behind it at least (invariant 4).
                goal = target.index(here)
                self._move(order, index, min(max(goal, order.index(wanted)), len(order) - 1), goal)
                moved.add(here)
                continue
            elif here != wanted:
                self._move(order, order.index(wanted), index, index)
                moved.add(wanted)
            elif wanted in self._reborn and wanted not in moved:
                self._replace(index)
            index += 1

    def _without_gone(self, by_id: Mapping[CellId, CellSlot]) -> list[CellId]:
        order: list[CellId] = []
        for slot in self._old:
            now = by_id.get(slot.id)
            if now is not None and (now is slot or now.length == slot.length):
                order.append(slot.id)
                continue
            # Gone, or its text changed while it moved (invariant 2): equal length stands in for equal text here,
            # as the text of a deleted cell cannot be read any more.
            self._remove(slot.id, len(order))
        return order

    def _remove(self, cell_id: CellId, index: int) -> None:
        self._runs.pop(cell_id, None)
        self._scribe.add(CellRemoved(**self._scribe.head(), cell_id=cell_id, index=index))

    def _insert(self, index: int) -> None:
        cell = shared_cell(self._cells, index)
        if cell.running:
            self._runs[cell.id] = OpenRun(self._scribe.at, cell.hash)
        self._scribe.add(CellInserted(**self._scribe.head(), cell=cell, index=index))

    def _move(self, order: list[CellId], source: int, to: int, stands: int) -> None:
        order.insert(to, order.pop(source))
        cell = shared_cell(self._cells, stands)
        run = self._runs.pop(cell.id, None)
        if cell.running and run is None:
            self._runs[cell.id] = OpenRun(self._scribe.at, cell.hash)
        elif run is not None and cell.type is CellType.CODE and cell.execution_count is None:
            self._runs[cell.id] = replace(run, carried=not cell.running)  # invariant 3
        self._scribe.add(CellMoved(**self._scribe.head(), cell=cell, from_index=source, to_index=to))

    def _replace(self, index: int) -> None:
        cell = shared_cell(self._cells, index)
        if cell.type is self._reborn[cell.id].type:
            self._remove(cell.id, index)
            self._insert(index)
        else:
            turn_cell(self._scribe, cell, self._runs)


def turn_cell(scribe: Scribe, cell: Cell, runs: OpenRuns) -> None:
    """Say that a cell has another type now."""
    runs.pop(cell.id, None)
    if cell.running:
        runs[cell.id] = OpenRun(scribe.at, cell.hash)
    scribe.add(CellTypeChanged(**scribe.head(), cell_id=cell.id, cell_type=cell.type, cell=cell))


def write_metadata(scribe: Scribe, cell_id: CellId, shared: Map[Any], keys: set[str] | None) -> None:
    """Say that metadata of a cell changed: these keys, or all."""
    metadata = plain(shared.get("metadata"))
    metadata = metadata if isinstance(metadata, dict) else {}
    scribe.add(
        MetadataChanged(
            **scribe.head(),
            cell_id=cell_id,
            keys=tuple(sorted(metadata if keys is None else keys)),
            ownership=Ownership.from_metadata(metadata),
            tags=read_tags(metadata),
            task=TaskMark.from_metadata(metadata),
        )
    )
