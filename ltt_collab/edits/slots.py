"""What the decoder remembers of each cell: as little as turns pycrdt's deltas into our events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pycrdt import Array, Map, Text

from ltt_collab.model.cells import CellType
from ltt_collab.model.ids import CellId
from ltt_collab.model.reading import read_cell_type, read_text
from ltt_collab.model.text import utf8_length


class CellSlot:
    """One cell of the notebook, at its place in the order.

    ``length`` is the source's in pycrdt's own count (UTF-8 bytes). ``text`` is the source as UTF-8, kept only where
    bytes and code points differ; None for an ASCII source, which is nearly every one.
    """

    __slots__ = ("id", "length", "text", "type")

    def __init__(self, cell_id: CellId, cell_type: CellType, length: int, text: bytes | None) -> None:
        self.id = cell_id
        self.type = cell_type
        self.length = length
        self.text = text

    def remember(self, source: str, length: int) -> None:
        """Take ``source`` as what the cell holds now; ``length`` as pycrdt counts it."""
        self.length = length
        # Embedded objects count in deltas but not in the text: such a source is never treated as plain ASCII.
        self.text = None if source.isascii() and length == len(source) else source.encode(errors="replace")


def read_source(cell: object) -> tuple[str, int]:
    """A cell's source and its length as pycrdt counts it."""
    source = cell.get("source") if isinstance(cell, Map) else None
    if isinstance(source, Text):
        return str(source), len(source)
    text = read_text(source)
    return text, utf8_length(text)


def read_slot(cell: object) -> CellSlot:
    """Remember one element of the cells; what is no cell gets an empty id."""
    identifier = cell.get("id") if isinstance(cell, Map) else None
    cell_type = cell.get("cell_type") if isinstance(cell, Map) else None
    slot = CellSlot(CellId(identifier if isinstance(identifier, str) else ""), read_cell_type(cell_type), 0, None)
    slot.remember(*read_source(cell))
    return slot


def read_slots(cells: Array[Any]) -> list[CellSlot]:
    """Remember all cells, in order."""
    return [read_slot(cells[index]) for index in range(len(cells))]


def is_regular(slots: Iterable[CellSlot]) -> bool:
    """Whether every cell can be named: each has an id and no two the same."""
    ids = [slot.id for slot in slots]
    return all(ids) and len(set(ids)) == len(ids)
