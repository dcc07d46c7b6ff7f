"""A notebook and an event give the next notebook: how a listener keeps its copy, and how a session is replayed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ltt_collab.edits.splices import apply_splices
from ltt_collab.model.cells import Cell, Notebook, Output
from ltt_collab.model.edits import (
    CellInserted,
    CellMoved,
    CellRemoved,
    CellTypeChanged,
    DocumentReloaded,
    DocumentRenamed,
    MetadataChanged,
    OutputsAppended,
    OutputsCleared,
    RoomEvent,
    RunFinished,
    RunStarted,
    SourceEdited,
)
from ltt_collab.model.reading import cap_text

CellEvent = (
    CellTypeChanged | SourceEdited | MetadataChanged | RunStarted | RunFinished | OutputsAppended | OutputsCleared
)
"""Events that change one cell in its place."""


def apply_all(notebook: Notebook, events: Iterable[RoomEvent]) -> Notebook:
    """The notebook after the events, which follow it without a gap."""
    for event in events:
        notebook = apply(notebook, event)
    return notebook


def apply(notebook: Notebook, event: RoomEvent) -> Notebook:
    """The notebook after the event; an event that changes no document changes ``seq`` only."""
    cells = list(notebook.cells)
    match event:
        case CellInserted(cell=cell, index=index):
            cells.insert(index, cell)
        case CellRemoved(index=index):
            del cells[index]
        case CellMoved(cell=cell, from_index=source, to_index=target):
            del cells[source]
            cells.insert(target, cell)
        case DocumentReloaded(cells=new):
            cells = list(new)
        case DocumentRenamed(path=path):
            notebook = replace(notebook, path=path)
        case (
            CellTypeChanged()
            | SourceEdited()
            | MetadataChanged()
            | RunStarted()
            | RunFinished()
            | OutputsAppended()
            | OutputsCleared()
        ):
            cells = [apply_to_cell(cell, event) if cell.id == event.cell_id else cell for cell in cells]
        case _:
            pass  # people, cursors, suggestions and the connection: no part of the document
    return replace(notebook, cells=tuple(cells), seq=event.seq)


def apply_to_cell(cell: Cell, event: CellEvent) -> Cell:  # noqa: PLR0911 - one line for each event
    """The cell after an event that names it."""
    match event:
        case SourceEdited(splices=splices):
            return replace(cell, source=apply_splices(cell.source, splices))
        case CellTypeChanged(cell_type=cell_type, cell=now):
            return replace(cell, type=cell_type) if now is None else now
        case MetadataChanged(ownership=ownership, tags=tags, task=task):
            return replace(cell, ownership=ownership, tags=tags, task=task)
        case RunStarted():
            return replace(cell, running=True, execution_count=None)
        case RunFinished(execution_count=count):
            return replace(cell, running=False, execution_count=count)
        case OutputsCleared(execution_count=count):
            return replace(cell, outputs=(), execution_count=count)
        case OutputsAppended(start=start, outputs=outputs):
            return replace(cell, outputs=append_outputs(cell.outputs, start, outputs))


def append_outputs(outputs: tuple[Output, ...], start: int, arrived: tuple[Output, ...]) -> tuple[Output, ...]:
    """The outputs after others arrived; what is at ``start`` already is a stream that grew by the first of them."""
    if start >= len(outputs):
        return outputs + arrived
    grown, growth = outputs[start], arrived[0]
    text, truncated = (grown.text, True) if grown.truncated else cap_text(grown.text + growth.text)
    longer = replace(grown, text=text, truncated=truncated or growth.truncated)
    return (*outputs[:start], longer, *outputs[start + 1 :], *arrived[1:])
