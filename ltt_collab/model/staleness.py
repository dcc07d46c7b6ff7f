"""When a decision about a cell no longer stands: what it rested on has changed."""

from __future__ import annotations

from ltt_collab.model.edits import (
    CellRemoved,
    CellTypeChanged,
    DocumentReloaded,
    RoomEvent,
    RoomState,
    RoomStateChanged,
    RunFinished,
    RunOutcome,
    RunStarted,
    SourceEdited,
)
from ltt_collab.model.ids import CellId


def why_outdated(event: RoomEvent, cell_id: CellId, source_hash: str) -> str | None:
    """In words for people, why after ``event`` a decision about the cell with that source is void; None: it stands."""
    reason: str | None = None
    match event:
        case SourceEdited(cell_id=edited) if edited == cell_id:
            reason = "the cell's text changed in the meantime"
        case RunStarted(cell_id=run) if run == cell_id:
            reason = "the cell is being run again"
        case RunFinished(cell_id=run, outcome=outcome) if run == cell_id:
            reason = "it was fixed in the meantime" if outcome is RunOutcome.OK else "the cell was run again"
        case CellRemoved(cell_id=removed) if removed == cell_id:
            reason = "the cell was deleted"
        case CellTypeChanged(cell_id=changed) if changed == cell_id:
            reason = "the cell has another type now"
        case DocumentReloaded(cells=cells):
            now = next((cell for cell in cells if cell.id == cell_id), None)
            if now is None or now.hash != source_hash:
                reason = "the notebook was loaded anew and the cell is not the same"
        case RoomStateChanged(state=RoomState.LEFT):
            reason = "we left the room"
        case _:
            pass
    return reason
