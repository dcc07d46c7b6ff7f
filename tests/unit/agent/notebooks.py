"""Notebooks made of sources, as the rules read them."""

from __future__ import annotations

from ltt_collab.model.cells import Cell, CellType, Notebook, Output, OutputType
from ltt_collab.model.ids import CellId, RoomId


def code_cell(index: int, source: str, *, error: tuple[str, str, str] | None = None, count: int | None = -1) -> Cell:
    """A code cell ``c<index>``, run as number ``index + 1`` unless told; ``error``: name, value, traceback."""
    outputs: tuple[Output, ...] = ()
    if error is not None:
        outputs = (Output(type=OutputType.ERROR, error_name=error[0], error_value=error[1], text=error[2]),)
    number = index + 1 if count == -1 else count
    return Cell(id=CellId(f"c{index}"), type=CellType.CODE, source=source, execution_count=number, outputs=outputs)


def notebook_of(*cells: Cell | str, language: str = "python") -> Notebook:
    """A notebook; a plain text is a code cell that ran well."""
    made = tuple(cell if isinstance(cell, Cell) else code_cell(index, cell) for index, cell in enumerate(cells))
    return Notebook(room=RoomId("room"), path="a.ipynb", cells=made, language=language)


def raised(source: str, name: str, value: str, line: int = 1) -> Cell:
    """A first cell that raised at a line, with IPython 9's traceback."""
    shown = source.split("\n")[line - 1] if source else ""
    return code_cell(
        0, source, error=(name, value, f"Cell In[1], line {line}\n----> {line} {shown}\n\n{name}: {value}")
    )
