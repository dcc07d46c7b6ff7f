"""Which failed runs count: a learner's own, of a cell that stood still."""

from __future__ import annotations

from ltt_collab.model.cells import Cell
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import CellRemoved, DocumentReloaded, RunFinished, RunOutcome, RunStarted, SourceEdited
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import AuthorKind

INTERRUPTION = "KeyboardInterrupt"
"""What a kernel calls a run that its user stopped."""


class FailedRuns:
    """Picks the runs that failed and are worth a thought.

    Invariants:
        1. Only a learner's own run counts.
        2. A run that was interrupted, or whose end was not seen, does not count.
        3. A cell that changed while it ran is not what failed, and does not count.
    """

    def __init__(self) -> None:
        self._changed: dict[CellId, bool] = {}

    def failed(self, event: Happening) -> RunFinished | None:
        """The run that failed with this event, if it counts."""
        match event:
            case RunFinished(outcome=RunOutcome.ERROR):
                return event if self.why_not(event) is None else None
            case _:
                return None

    def why_not(self, run: RunFinished) -> str | None:
        """In words for people, why a run that did not end well is none of our business; None: it is."""
        if run.author.kind is not AuthorKind.LEARNER:
            return "no learner ran it"  # invariant 1
        if run.outcome is RunOutcome.UNKNOWN:
            return "the end of the run was not seen"  # invariant 2
        if run.outcome is RunOutcome.INTERRUPTED or (run.error is not None and run.error.name == INTERRUPTION):
            return "the run was interrupted"  # invariant 2
        if self._changed.get(run.cell_id, False):
            return "the cell changed while it ran"  # invariant 3
        return None

    def handle(self, event: Happening) -> None:
        """Watch running cells; told of each event after it was judged."""
        match event:
            case RunStarted(cell_id=cell):
                self._changed[cell] = False
            case SourceEdited(cell_id=cell) if cell in self._changed:
                self._changed[cell] = True
            case RunFinished(cell_id=cell) | CellRemoved(cell_id=cell):
                self._changed.pop(cell, None)
            case DocumentReloaded(cells=cells):
                self._changed = {cell.id: self._changed.get(cell.id, False) for cell in cells if _runs(cell)}
            case _:
                pass


def _runs(cell: Cell) -> bool:
    return cell.running
