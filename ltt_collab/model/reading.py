"""A notebook's plain values read as ``Cell`` values, whatever they hold.

Plain values are what ``json.loads`` gives for a notebook file and what pycrdt's ``to_py()`` gives for a shared
notebook. They come from learners' browsers and may hold anything: reading never raises, an unreadable part is read
as empty. Every element of ``cells`` becomes exactly one ``Cell``, so an index counts the same everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ltt_collab.model.cells import Cell, CellType, Output, OutputType, Ownership
from ltt_collab.model.courses import TaskMark
from ltt_collab.model.edits import RunError, RunOutcome
from ltt_collab.model.ids import CellId

OUTPUT_TEXT_LIMIT = 64 * 1024
"""UTF-8 bytes of text kept of one output: several screens, and a flood of prints stays affordable."""

NAME_LIMIT = 256
"""Code points kept of a name that a notebook gives (exception, stream, MIME type)."""

RUNNING = "running"
"""``execution_state`` of a cell that runs, as JupyterLab writes it."""

_ANSI = re.compile(r"\x1b\[[0-9;:?]*[ -/]*[@-~]")


def read_cells(values: object) -> tuple[Cell, ...]:
    """Every element as a cell, in order."""
    return tuple(read_cell(value) for value in values) if isinstance(values, list | tuple) else ()


def read_cell(value: object) -> Cell:
    """One cell; what is no cell at all becomes an empty raw cell with an empty id."""
    if not isinstance(value, Mapping):
        return Cell(id=CellId(""), type=CellType.RAW, source="")
    identifier = value.get("id")
    metadata = value.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    cell_type = read_cell_type(value.get("cell_type"))
    is_code = cell_type is CellType.CODE
    count = read_count(value.get("execution_count")) if is_code else None
    return Cell(
        id=CellId(identifier if isinstance(identifier, str) else ""),
        type=cell_type,
        source=read_text(value.get("source")),
        execution_count=count,
        running=is_code and is_running(value.get("execution_state"), count),
        outputs=read_outputs(value.get("outputs")) if is_code else (),
        ownership=Ownership.from_metadata(metadata),
        tags=read_tags(metadata),
        task=TaskMark.from_metadata(metadata) if metadata else None,
    )


def read_cell_type(value: object) -> CellType:
    """The cell type; anything unknown is shown as it is, hence raw."""
    return next((known for known in CellType if known.value == value), CellType.RAW)


def is_running(state: object, execution_count: int | None) -> bool:
    """Whether a cell runs.

    JupyterLab 4.6 writes ``running`` for 30 ms into a code cell that was merely moved; its number stays there then,
    while a real run begins by clearing it.
    """
    return state == RUNNING and execution_count is None


def read_count(value: object) -> int | None:
    """An execution count; Y.js knows floats only."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value)


def read_tags(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    """The cell's tags."""
    tags = metadata.get("tags")
    return tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list | tuple) else ()


def read_text(value: object) -> str:
    """nbformat's multi-line string: a string, or a list of them."""
    if isinstance(value, str):
        return value
    return "".join(part for part in value if isinstance(part, str)) if isinstance(value, list | tuple) else ""


def read_outputs(values: object) -> tuple[Output, ...]:
    """Every element as an output, in order."""
    return tuple(read_output(value) for value in values) if isinstance(values, list | tuple) else ()


def read_output(value: object) -> Output:
    """One output, its text capped; what is no output at all becomes an empty display."""
    if not isinstance(value, Mapping):
        return Output(type=OutputType.DISPLAY_DATA)
    kind = next((known for known in OutputType if known.value == value.get("output_type")), OutputType.DISPLAY_DATA)
    if kind is OutputType.STREAM:
        text, truncated = cap_text(read_text(value.get("text")))
        return Output(type=kind, text=text, stream=_name(value.get("name")), truncated=truncated)
    if kind is OutputType.ERROR:
        text, truncated = cap_text("\n".join(_traceback_lines(value.get("traceback"))))
        message, _ = cap_text(read_text(value.get("evalue")))
        name = _name(value.get("ename"))
        return Output(type=kind, text=text, error_name=name, error_value=message, truncated=truncated)
    data = value.get("data")
    data = data if isinstance(data, Mapping) else {}
    text, truncated = cap_text(read_text(data.get("text/plain")))
    mime_types = tuple(_name(mime) for mime in data)
    return Output(type=kind, text=text, mime_types=mime_types, truncated=truncated)


def read_error(outputs: Iterable[Output]) -> RunError | None:
    """The exception among a run's outputs, if it raised."""
    for output in outputs:
        if output.type is OutputType.ERROR:
            lines = tuple(output.text.split("\n")) if output.text else ()
            return RunError(name=output.error_name, value=output.error_value, traceback=lines)
    return None


def read_outcome(execution_count: int | None, error: RunError | None) -> RunOutcome:
    """How a run ended, from what it left: no number and no error means that it never ran to its end."""
    if error is not None:
        return RunOutcome.INTERRUPTED if error.name == "KeyboardInterrupt" else RunOutcome.ERROR
    return RunOutcome.UNKNOWN if execution_count is None else RunOutcome.OK


def cap_text(text: str, room: int = OUTPUT_TEXT_LIMIT) -> tuple[str, bool]:
    """The first ``room`` UTF-8 bytes of the text in whole characters, and whether that cut something off."""
    if len(text) * 4 <= room:
        return text, False
    encoded = text.encode(errors="replace")
    if len(encoded) <= room:
        return text, False
    return encoded[: max(room, 0)].decode(errors="ignore"), True


def strip_ansi(text: str) -> str:
    """The text without terminal colour codes."""
    return _ANSI.sub("", text)


def _name(value: object) -> str:
    return value[:NAME_LIMIT] if isinstance(value, str) else ""


def _traceback_lines(value: object) -> list[str]:
    # IPython's entries hold several lines each; an entry of any length is cut before it is searched for codes.
    entries = value if isinstance(value, list | tuple) else [value]
    kept = [entry[:OUTPUT_TEXT_LIMIT] for entry in entries if isinstance(entry, str)]
    return strip_ansi("\n".join(kept)).split("\n") if kept else []
