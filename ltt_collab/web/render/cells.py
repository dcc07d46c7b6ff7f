"""One cell as the pieces of a page; each piece is sent anew only when it has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.ids import CellId
from ltt_collab.web.render.markup import markdown
from ltt_collab.web.render.outputs import Bundle, Pictures, nothing, outputs_html
from ltt_collab.web.render.source import SOURCE_LIMIT, highlighted
from ltt_collab.web.render.text import marked, utf16

CELLS_LIMIT = 2_000
"""Cells of a notebook that are shown."""

Piece = dict[str, object]
"""A JSON-ready part of a cell: ``source``, ``rendered`` and ``outputs`` are HTML, everything else is plain text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a cell's rendering needs beside the cell.

    ``bundle``: the MIME bundle of a cell's output, None where only text is at hand. ``version``: in the address of
    pictures, so that a browser does not take a new one for one that it has.
    """

    room: str
    language: str
    bundle: Callable[[CellId, int], Bundle] | None = None
    version: int = 0


def cell_piece(cell: Cell, setting: Setting) -> Piece:
    """A whole cell."""
    return {**_head(cell), **_source(cell, setting), "outputs": _outputs(cell, setting)}


def changed_piece(before: Cell, cell: Cell, setting: Setting) -> Piece:
    """What of a cell's pieces is another than before; nothing when all looks the same."""
    piece: Piece = {}
    if _head(before) != _head(cell):
        piece |= _head(cell)
    if before.source != cell.source or before.type is not cell.type:
        piece |= _source(cell, setting)
    if before.outputs is not cell.outputs:
        # Also where they look the same: the text of one plot is that of another.
        piece["outputs"] = _outputs(cell, setting)
    return piece


def shown_length(source: str) -> int:
    """The end of what is shown of a source, as JavaScript counts it."""
    return utf16(source, min(len(source), SOURCE_LIMIT))


def _head(cell: Cell) -> Piece:
    owned = cell.ownership
    return {
        "id": cell.id,
        "type": cell.type.value,
        "role": owned.role.value if owned is not None else "",
        "running": cell.running,
        "count": _count(cell),
        "failed": cell.error is not None,
        "task": cell.task.task if cell.task is not None else "",
    }


def _count(cell: Cell) -> str:
    if cell.type is not CellType.CODE:
        return ""
    if cell.running:
        return "[*]"
    return f"[{cell.execution_count}]" if cell.execution_count is not None else "[ ]"


def _source(cell: Cell, setting: Setting) -> Piece:
    """Markdown comes twice: as it reads, and as source for when somebody's caret is in it."""
    if cell.type is CellType.CODE:
        return {"source": highlighted(cell.source, setting.language), "rendered": ""}
    source = marked(cell.source[:SOURCE_LIMIT])
    return {"source": source, "rendered": markdown(cell.source) if cell.type is CellType.MARKDOWN else ""}


def _outputs(cell: Cell, setting: Setting) -> Markup:
    if setting.bundle is None:
        return outputs_html(cell.outputs, nothing, None)
    pictures = Pictures(room=setting.room, cell=cell.id, version=setting.version)
    return outputs_html(cell.outputs, partial(setting.bundle, cell.id), pictures)
