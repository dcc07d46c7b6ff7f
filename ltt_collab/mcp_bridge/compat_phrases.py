"""Answers as jupyter-mcp-server 2.2.4 phrases and shapes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ltt_collab.mcp_bridge.answers import Image, Reply
from ltt_collab.mcp_bridge.telling import output_text, shares, texts_within
from ltt_collab.model.cells import Cell, Notebook

KINDS: Mapping[str, str] = {
    "use_notebook": "notebook.use",
    "unuse_notebook": "notebook.unuse",
    "list_notebooks": "notebooks.list",
    "list_kernels": "kernels.list",
    "list_files": "files.list",
    "connect_to_jupyter": "jupyter.connect",
    "restart_notebook": "notebook.restart",
    "read_notebook": "notebook.read",
    "read_cell": "cell.read",
    "insert_cell": "cell.insert",
    "insert_execute_code_cell": "cell.insert_execute",
    "execute_cell": "cell.execute",
    "execute_code": "code.execute",
    "overwrite_cell_source": "cell.overwrite",
    "edit_cell_source": "cell.edit",
    "delete_cell": "cell.delete",
    "move_cell": "cell.move",
    "clear_cell_output": "cell.clear_output",
}
"""The ``kind`` of each tool's structured answer."""


def said(text: str) -> Reply:
    """A text as that server answers it."""
    return Reply(texts=(text,), data={"result": text})


def put_out(outputs: Sequence[str], images: Sequence[Image] = ()) -> Reply:
    """Outputs as that server answers them: texts in order, then images."""
    listed, count = list(outputs), len(images)
    data = {"result": listed, "outputs": listed, "count": len(listed) + count, "images": count}
    return Reply(texts=tuple(listed), images=tuple(images), data=data)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Reply:
    """A listing as that server answers it."""
    text = _tsv(columns, rows)
    items = [dict(zip(columns, row, strict=True)) for row in rows]
    return Reply(texts=(text,), data={"result": text, "columns": list(columns), "items": items, "count": len(items)})


def ran(reply: Reply, *, skip: int = 0) -> Reply:
    """A run's answer as that server gives it."""
    outputs = list(reply.texts[skip:]) or ["[No output generated]"]
    found = put_out(outputs, reply.images)
    error = (reply.data or {}).get("error")
    data = dict(found.data or {}) | ({} if error is None else {"error": error})
    return replace(found, data=data, is_error=reply.is_error)


def whole(cell: Cell, index: int, characters: int | None) -> list[str]:
    """A cell as that server shows it, a text for each part; ``characters`` of outputs, None for none at all."""
    head = f"=====Cell {index} | type: {cell.type.value} | execution count: {_count(cell)}====="
    return [head, cell.source, *([] if characters is None else texts_within(cell.outputs, characters))]


def wholes(notebook: Notebook, start: int, stop: int, characters: int) -> str:
    """A page of cells; the characters are for the outputs of all of them together."""
    told = cells_of(notebook, start, stop)
    given = shares([sum(len(output_text(each)) for each in cell.outputs) for _, cell in told], characters)
    pairs = zip(told, given, strict=True)
    return "\n\n".join("\n".join(whole(cell, at, share)) for (at, cell), share in pairs)


def brief(notebook: Notebook, start: int, limit: int) -> str:
    rows = []
    for at, cell in cells_of(notebook, start, start + limit):
        lines = cell.source.split("\n")
        first = lines[0] + (f"...({len(lines) - 1} lines hidden)" if len(lines) > 1 else "")
        rows.append([str(at), cell.type.value, _count(cell), first])
    return _tsv(["Index", "Type", "Count", "First Line"], rows) if rows else "Notebook is empty"


def _count(cell: Cell) -> str:
    return str(cell.execution_count) if cell.execution_count else "N/A"


def cells_of(notebook: Notebook, start: int, stop: int) -> Sequence[tuple[int, Cell]]:
    return [(at, notebook.cells[at]) for at in range(start, min(stop, len(notebook.cells)))]


def _tsv(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("\t".join(each.replace("\t", " ") for each in row) for row in [headers, *rows])
