"""A notebook as a whole: when a transaction is a file loaded anew, and what stands in it then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pycrdt import Array

from ltt_collab.edits.capture import ARRAY, Change
from ltt_collab.edits.cell_changes import METADATA
from ltt_collab.edits.faults import FaultCounter
from ltt_collab.edits.runs import OpenRun
from ltt_collab.edits.shared import shared_cell
from ltt_collab.edits.slots import CellSlot
from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.ids import CellId
from ltt_collab.model.reading import is_running, read_count

RELOAD_CHANGES = 20
"""Changed shared types in one transaction of the server from which on "the file was replaced" is the honest word."""


def is_replacement(changes: Sequence[Change], cells: int) -> bool:
    """Whether a transaction of the server is a file loaded anew rather than edits of it; ``cells``: how many it had."""
    replaced = sum(
        len(part["insert"]) if "insert" in part else part.get("delete", 0)
        for change in changes
        if not change.path and change.kind == ARRAY
        for part in change.detail
    )
    # Each load from disk also sets every cell's "trusted" anew: metadata do not count.
    edited = sum(1 for change in changes if METADATA not in change.path[1:2])
    return edited > RELOAD_CHANGES or replaced > max(2, cells)


def read_whole(cells: Array[Any], faults: FaultCounter) -> tuple[Cell, ...]:
    """All cells as values; what cannot be read as one is counted, and an empty cell without a name stands for it."""
    # One transaction around many reads: pycrdt would open one for each.
    with cells.doc.transaction():
        return tuple(_read(cells, index, faults) for index in range(len(cells)))


def running_now(cells: Array[Any], slots: Sequence[CellSlot]) -> Iterator[tuple[CellId, OpenRun]]:
    """The cells that run, each as a run whose begin nobody saw."""
    for index, slot in enumerate(slots):
        if slot.type is CellType.CODE:
            cell = cells[index]
            if is_running(cell.get("execution_state"), read_count(cell.get("execution_count"))):
                yield slot.id, OpenRun(None, shared_cell(cells, index).hash)


def _read(cells: Array[Any], index: int, faults: FaultCounter) -> Cell:
    with faults:
        return shared_cell(cells, index)
    return Cell(id=CellId(""), type=CellType.RAW, source="")
