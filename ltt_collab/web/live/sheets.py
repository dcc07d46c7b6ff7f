"""The cells of one notebook as the wall needs them: their order and their tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.courses import TaskMark
from ltt_collab.model.edits import (
    CellInserted,
    CellMoved,
    CellRemoved,
    CellTypeChanged,
    DocumentReloaded,
    MetadataChanged,
    RoomEvent,
)
from ltt_collab.model.ids import CellId
from ltt_collab.ports.classroom import TaskAt

Resolve = Callable[[TaskMark], TaskAt | None]
"""A mark's task, if a course that is taught has it."""


class Sheet:
    """The cells in order. A cell that is ours counts in the order and has no task."""

    __slots__ = ("_cells", "_order")

    def __init__(self, cells: Iterable[Cell] = ()) -> None:
        self._cells: dict[CellId, Cell] = {}
        self._order: list[CellId] = []
        self._take(cells)

    def handle(self, event: RoomEvent) -> bool:
        """Follow the document; whether cells or their tasks changed."""
        match event:
            case CellInserted(cell=cell, index=index):
                self._forget(cell.id)
                self._order.insert(index, cell.id)
                self._cells[cell.id] = cell
            case CellRemoved(cell_id=cell_id):
                self._forget(cell_id)
            case CellMoved(cell=cell, to_index=index):
                self._forget(cell.id)
                self._order.insert(index, cell.id)
                self._cells[cell.id] = cell
            case CellTypeChanged(cell=Cell() as cell):
                self._cells[cell.id] = cell
            case MetadataChanged(cell_id=str() as cell_id, task=task):
                known = self._cells.get(cell_id)
                if known is None or known.task == task:
                    return False
                self._cells[cell_id] = _with_task(known, task)
            case DocumentReloaded(cells=cells):
                self._take(cells)
            case _:
                return False
        return True

    def number_of(self, cell: CellId | None) -> int | None:
        """The cell's place, from 1, as somebody who looks at the notebook counts; None when it is not there."""
        return self._order.index(cell) + 1 if cell is not None and cell in self._cells else None

    def task_of(self, cell: CellId | None, resolve: Resolve) -> TaskAt | None:
        """The cell's own task, else that of the nearest marked cell above it."""
        number = self.number_of(cell)
        if number is None:
            return None
        marks = (self._cells[each].task for each in reversed(self._order[:number]))
        return next((found for mark in marks if mark is not None and (found := resolve(mark)) is not None), None)

    def tasks(self, resolve: Resolve) -> list[TaskAt]:
        """Every task that the notebook holds, in the order of its cells."""
        found: dict[TaskAt, None] = {}
        for each in self._order:
            mark = self._cells[each].task
            at = None if mark is None else resolve(mark)
            if at is not None:
                found[at] = None
        return list(found)

    def cell_for(self, at: TaskAt, resolve: Resolve) -> CellId | None:
        """Where a learner works on that task: its first code cell, else its first cell."""
        cells = [self._cells[each] for each in self._order]
        marked = [cell for cell in cells if cell.task is not None and resolve(cell.task) == at]
        code = (cell.id for cell in marked if cell.type is CellType.CODE)
        return next(code, marked[0].id if marked else None)

    def _take(self, cells: Iterable[Cell]) -> None:
        self._cells = {cell.id: cell for cell in cells}
        self._order = list(self._cells)

    def _forget(self, cell: CellId) -> None:
        if self._cells.pop(cell, None) is not None:
            self._order.remove(cell)


def _with_task(cell: Cell, task: TaskMark | None) -> Cell:
    # Sources are not followed here: only what a mark needs is kept of a cell that changed.
    return Cell(id=cell.id, type=cell.type, source="", ownership=cell.ownership, task=task)
