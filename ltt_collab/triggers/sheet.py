"""What the triggers know of a notebook: its cells, their tasks, and what became of the last runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from ltt_collab.model.causes import learner_key
from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.commands import Happening
from ltt_collab.model.courses import TaskMark, TaskRole
from ltt_collab.model.edits import (
    BurstEnded,
    CellInserted,
    CellMoved,
    CellRemoved,
    CellTypeChanged,
    DocumentReloaded,
    MetadataChanged,
    PeerJoined,
    RunError,
    RunFinished,
    RunOutcome,
    RunStarted,
    SuggestionShown,
)
from ltt_collab.model.ids import CellId, TaskId
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.text import source_hash

SourceOf = Callable[[CellId], str | None]
"""A cell's text now, None when the cell is gone."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """A learner's cell. ``failed``: by whom it was run last, and its error, if that run raised."""

    type: CellType
    task: TaskMark | None = None
    failed: tuple[Author, RunError | None] | None = None
    touched: bool = False


@dataclass(slots=True)
class Sheet:
    """Follows the cells of one room, without their texts.

    Invariants:
        1. Cells of ours are in ``ours`` and nowhere else.
    """

    source_of: SourceOf
    ours: set[CellId] = field(default_factory=set)
    cells: dict[CellId, Seen] = field(default_factory=dict)
    running: set[CellId] = field(default_factory=set)
    _latest: dict[str, CellId] = field(default_factory=dict)

    def adopt(self, cells: Iterable[Cell]) -> None:
        """Take these cells in place of all others."""
        cells = tuple(cells)
        self.ours = {cell.id for cell in cells if cell.ownership is not None}
        former = self.cells
        self.cells = {}
        for cell in cells:
            self._add(cell, former.get(cell.id))
        self.running = {cell.id for cell in cells if cell.running}

    def hash_of(self, cell: CellId) -> str | None:
        """The fingerprint of a cell's text now."""
        source = self.source_of(cell)
        return None if source is None else source_hash(source)

    def task_of(self, cell: CellId) -> TaskMark | None:
        """The task that a cell belongs to."""
        seen = self.cells.get(cell)
        return None if seen is None else seen.task

    def tasks(self) -> dict[TaskId, CellId]:
        """The tasks of the notebook, each with its first cell."""
        found: dict[TaskId, CellId] = {}
        for cell, seen in self.cells.items():
            if seen.task is not None:
                found.setdefault(seen.task.task, cell)
        return found

    def work_cells(self, task: TaskId) -> Iterator[CellId]:
        """The code cells in which a task is worked on."""
        for cell, seen in self.cells.items():
            mark = seen.task
            if mark is not None and mark.task == task and mark.role is TaskRole.WORK and seen.type is CellType.CODE:
                yield cell

    def whereabouts(self, learner: Author) -> CellId | None:
        """The cell that a learner worked in last, else the first one."""
        latest = self._latest.get(learner_key(learner))
        return latest if latest in self.cells else next(iter(self.cells), None)

    def handle(self, event: Happening) -> None:
        """Learn from what happened."""
        match event:
            case BurstEnded(cell_id=cell, author=author):
                self._touch(cell, author)
            case RunStarted(cell_id=cell, author=author):
                self.running.add(cell)
                self._touch(cell, author)
            case RunFinished():
                self._ran(event)
            case SuggestionShown(note_cell=note) if note is not None:
                self._own(note)
            case DocumentReloaded(cells=cells):
                self.adopt(cells)
            case PeerJoined(author=author):
                self._name(author)
            case _:
                self._change(event)

    def _change(self, event: Happening) -> None:
        match event:
            case CellInserted(cell=cell) | CellMoved(cell=cell):
                if cell.ownership is not None:
                    self._own(cell.id)
                else:
                    self._add(cell, self.cells.get(cell.id))
            case CellRemoved(cell_id=cell):
                self.cells.pop(cell, None)
                self.running.discard(cell)
            case CellTypeChanged(cell_id=cell, cell_type=kind) if cell in self.cells:
                self.cells[cell].type = kind
            case MetadataChanged(cell_id=cell) if cell is not None:
                if event.ownership is not None:
                    return
                self.ours.discard(cell)
                if cell in self.cells:
                    self.cells[cell].task = event.task
            case _:
                pass

    def _own(self, cell: CellId) -> None:
        self.ours.add(cell)
        self.cells.pop(cell, None)  # invariant 1

    def _add(self, cell: Cell, former: Seen | None) -> None:
        if cell.ownership is not None:
            return
        failed, touched = (None, cell.execution_count is not None) if former is None else (former.failed, True)
        self.cells[cell.id] = Seen(type=cell.type, task=cell.task, failed=failed, touched=touched)

    def _ran(self, event: RunFinished) -> None:
        self.running.discard(event.cell_id)
        self._touch(event.cell_id, event.author)
        seen = self.cells.get(event.cell_id)
        if seen is not None:
            seen.failed = (event.author, event.error) if event.outcome is RunOutcome.ERROR else None

    def _name(self, learner: Author) -> None:
        """Take what a client did before its learner's name was told for that learner's."""
        nameless = learner_key(replace(learner, username=None))
        if nameless in self._latest:
            self._latest[learner_key(learner)] = self._latest.pop(nameless)
        for seen in self.cells.values():
            if seen.failed is not None and learner_key(seen.failed[0]) == nameless:
                seen.failed = (learner, seen.failed[1])

    def _touch(self, cell: CellId, author: Author) -> None:
        seen = self.cells.get(cell)
        if author.kind is not AuthorKind.LEARNER or cell in self.ours:
            return
        self._latest[learner_key(author)] = cell
        if seen is not None:
            seen.touched = True
