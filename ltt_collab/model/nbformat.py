"""Reads a notebook file (nbformat 4) into our values; no package, no schema, no I/O.

Lenient where editors differ (a source as text or as lines, no cell ids before 4.5), strict where guessing would
make a wrong notebook: a file is a person's choice, so what is wrong with it is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ltt_collab.model.cells import Cell, CellType, Notebook, OutputType
from ltt_collab.model.courses import TASK_KEY
from ltt_collab.model.errors import InvalidNotebookError
from ltt_collab.model.ids import CellId, RoomId
from ltt_collab.model.reading import read_cell

_MAJOR = 4
_PYTHON = frozenset({"python", "python3", "ipython", "ipython3"})


def read_notebook(data: bytes | str, path: str) -> Notebook:
    """The notebook in a file's content; ``path`` is for messages and becomes the notebook's path.

    A cell without an id (before nbformat 4.5), or with one that is taken, is named ``cell-<index>``, counted from 0.

    Raises:
        InvalidNotebookError: not JSON, not a notebook, nbformat 3 or earlier, or parts of the wrong type.
    """
    try:
        content = json.loads(data)
    except UnicodeDecodeError as error:
        raise InvalidNotebookError(path, "it is not text in UTF-8") from error
    except RecursionError as error:
        raise InvalidNotebookError(path, "its JSON is nested too deeply") from error
    except ValueError as error:
        raise InvalidNotebookError(path, f"it is not JSON ({error})") from error
    if reason := _why_no_notebook(content):
        raise InvalidNotebookError(path, reason)
    for index, cell in enumerate(content["cells"]):
        if reason := _why_no_cell(cell):
            raise InvalidNotebookError(path, f"cell {index} {reason}")
    metadata = content.get("metadata")
    return Notebook(
        room=RoomId(""),
        path=path,
        cells=_with_ids([read_cell(cell) for cell in content["cells"]]),
        language=_language(metadata if isinstance(metadata, Mapping) else {}),
    )


def _why_no_notebook(content: object) -> str | None:
    if not isinstance(content, Mapping):
        return "its JSON is not an object with cells"
    version = content.get("nbformat")
    major = version if isinstance(version, int) and not isinstance(version, bool) else None
    if "worksheets" in content or (major is not None and major < _MAJOR):
        return f"nbformat {version} is too old; open it in Jupyter and save it as nbformat {_MAJOR}"
    if major is None:
        return f"it has no nbformat version ('nbformat' is {version!r})"
    if major != _MAJOR:
        return f"nbformat {version} is newer than the nbformat {_MAJOR} that is known here"
    if not isinstance(content.get("cells"), list):
        return "it has no list of cells ('cells')"
    return None


def _why_no_cell(raw: object) -> str | None:
    if not isinstance(raw, Mapping):
        return "is not an object"
    if not any(raw.get("cell_type") == known.value for known in CellType):
        return f"has the unknown cell_type {raw.get('cell_type')!r}"
    if not _is_text(raw.get("source", "")):
        return "has a source that is neither a text nor a list of lines"
    if not isinstance(raw.get("metadata", {}), Mapping):
        return "has metadata that is not an object"
    return _why_no_run(raw) if raw["cell_type"] == CellType.CODE.value else None


def _why_no_run(raw: Mapping[str, Any]) -> str | None:
    count = raw.get("execution_count")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int | float)):
        return f"has an execution_count that is not a number: {count!r}"
    outputs = raw.get("outputs", [])
    if not isinstance(outputs, list):
        return "has outputs that are not a list"
    return next((reason for output in outputs if (reason := _why_no_output(output))), None)


def _why_no_output(raw: object) -> str | None:
    if not isinstance(raw, Mapping):
        return "has an output that is not an object"
    if not any(raw.get("output_type") == known.value for known in OutputType):
        return f"has the unknown output_type {raw.get('output_type')!r}"
    parts: Sequence[Any] = (raw.get("text", ""), raw.get("evalue", ""), raw.get("ename", ""), raw.get("traceback", []))
    if not all(_is_text(part) for part in parts) or not isinstance(raw.get("data", {}), Mapping):
        return f"has an output of type {raw['output_type']} with parts of the wrong type"
    return None


def _is_text(value: object) -> bool:
    """Whether it is nbformat's multi-line string."""
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(line, str) for line in value))


def _with_ids(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """The cells, each with an id that no other has."""
    taken: set[str] = {cell.id for cell in cells}
    seen: set[str] = set()
    named: list[Cell] = []
    for index, cell in enumerate(cells):
        identifier = cell.id
        if not identifier or identifier in seen:
            name = f"cell-{index}"
            while name in taken:
                name += "-again"
            identifier = CellId(name)
        seen.add(identifier)
        taken.add(identifier)
        named.append(cell if identifier == cell.id else replace(cell, id=identifier))
    return tuple(named)


def _language(metadata: Mapping[str, Any]) -> str:
    """The kernel's language as the file tells it; Python when it tells nothing."""
    for part, key in (("kernelspec", "language"), ("language_info", "name")):
        source = metadata.get(part)
        value = source.get(key) if isinstance(source, Mapping) else None
        if isinstance(value, str) and value:
            return "python" if value.lower() in _PYTHON else value.lower()
    return "python"


def write_notebook(notebook: Notebook) -> str:
    """The learners' cells as nbformat 4.5 JSON text: sources, ids, tags and task marks; no outputs."""
    cells = [_written(cell) for cell in notebook.cells if cell.ownership is None]
    content = {"cells": cells, "metadata": _kernel_metadata(notebook.language), "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, ensure_ascii=False)


def _written(cell: Cell) -> dict[str, Any]:
    metadata: dict[str, Any] = {} if cell.task is None else {TASK_KEY: cell.task.as_metadata()}
    if cell.tags:
        metadata["tags"] = list(cell.tags)
    written: dict[str, Any] = {
        "cell_type": cell.type.value,
        "id": cell.id,
        "metadata": metadata,
        "source": cell.source,
    }
    if cell.type is CellType.CODE:
        written |= {"execution_count": None, "outputs": []}
    return written


def _kernel_metadata(language: str) -> dict[str, Any]:
    return {"language_info": {"name": language}}
