"""The instructions of a task: brought to a newer release where they stand as they were delivered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import anyio
from pycrdt import Map

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.renewal import Delivered, Step, steps
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer_cells import Strokes, change_text
from ltt_collab.documents.writer_rescue import Rescue
from ltt_collab.model.courses import TASK_KEY, TaskMark, TaskRole
from ltt_collab.model.ids import CellId
from ltt_collab.model.tasks import DeliveredCell, ReleasedCell
from ltt_collab.ports.presence import Presence


@dataclass(slots=True)
class Renewal:
    """What became of a task's cells. ``left``: theirs by now. ``waiting``: somebody's caret is in one; ask again."""

    changed: list[CellId] = field(default_factory=list)
    added: list[CellId] = field(default_factory=list)
    removed: list[CellId] = field(default_factory=list)
    left: list[CellId] = field(default_factory=list)
    waiting: bool = False

    @property
    def touched(self) -> int:
        """How many cells are others than before."""
        return len(self.changed) + len(self.added) + len(self.removed)


@dataclass(slots=True)
class _Plan:
    """The cells as the notebook will remember them; ``come``: of those, the new ones. ``texts``: changed ones."""

    known: list[DeliveredCell] = field(default_factory=list)
    come: dict[CellId, ReleasedCell] = field(default_factory=dict)
    texts: dict[CellId, str] = field(default_factory=dict)


class TaskCells:
    """The part of the one writer that keeps a task's text up to date.

    Invariants:
        1. It holds the writer's lock, and awaits nothing between look and change.
        2. Only instructions change, and only those whose text is what was delivered: what a learner edited is theirs,
           what they deleted stays deleted. Nothing changes in a cell with a human's caret in it.
        3. A learner's places to work never change; one that is new comes with the new release.
        4. The notebook remembers what was delivered in the same transaction in which that changes.
    """

    def __init__(
        self,
        replica: Replica,
        view: NotebookView,
        strokes: Strokes,
        rescue: Rescue,
        *,
        presence: Presence,
        lock: anyio.Lock,
    ) -> None:
        self._replica, self._view, self._strokes, self._rescue = replica, view, strokes, rescue
        self._presence, self._lock = presence, lock

    def delivered(self) -> Delivered | None:
        """The task that this notebook was delivered with; None for any other notebook."""
        return Delivered.from_metadata(self._view.metadata)

    async def renew(self, release: Sequence[ReleasedCell]) -> Renewal:
        """Bring the instructions to that release of the notebook's task."""
        async with self._lock:
            done = Renewal()
            before = self.delivered()
            if before is None or before.is_current(release) or not isinstance(self._replica.meta.get("metadata"), Map):
                return done
            plan = _Plan()
            for step in steps(before.cells, release):
                self._take(step, plan, done)
            self._write(replace(before, cells=tuple(plan.known)), plan)
            done.changed, done.added = list(plan.texts), list(plan.come)
            return done

    def _take(self, step: Step, plan: _Plan, done: Renewal) -> None:
        old, new = step.old, step.new
        if old is None:
            assert new is not None, "a step has one of the two"
            cell = self._strokes.free_id(new.id)
            plan.come[cell] = new
            plan.known.append(DeliveredCell.of(new, cell))
        elif new is not None and not step.is_change:
            plan.known.append(replace(DeliveredCell.of(new, old.id), hash=old.hash))
        elif new is None and old.role is TaskRole.WORK:  # invariant 3
            pass
        elif not self._may_change(old):  # invariant 2
            if self._view.holds(old.id):
                done.left.append(old.id)
            if new is not None:
                plan.known.append(DeliveredCell.of(new, old.id))
        elif self._is_occupied(old.id):
            done.waiting = True
            plan.known.append(old)
        elif new is not None:
            plan.texts[old.id] = new.source
            plan.known.append(DeliveredCell.of(new, old.id))
        else:
            self._remove(old.id)
            done.removed.append(old.id)

    def _may_change(self, cell: DeliveredCell) -> bool:
        view = self._view
        return view.holds(cell.id) and view.ownership(cell.id) is None and view.cell_hash(cell.id) == cell.hash

    def _is_occupied(self, cell: CellId) -> bool:
        humans = self._presence.humans()
        return any(human.selection is not None and human.selection.cell_id == cell for human in humans)

    def _remove(self, cell: CellId) -> None:
        # In a transaction of its own: with an insertion in the same one JupyterLab moves the learner's focus.
        self._rescue.watch(cell, self._view.cell_source(cell))
        index = self._view.index_of(cell)
        assert index is not None, "looked up right before, with no await in between"
        cells = self._replica.cells
        with self._replica.writing():
            del cells[index]

    def _write(self, delivered: Delivered, plan: _Plan) -> None:
        texts = {cell: self._view.text_of(cell) for cell in plan.texts}
        places = self._places(delivered.cells, plan)
        metadata = self._replica.meta["metadata"]
        mark = TaskMark(course=delivered.course, task=delivered.task, role=TaskRole.TASK)
        with self._replica.writing():
            for cell, source in plan.texts.items():
                change_text(texts[cell], source)
            for index, cell in reversed(places):
                new = plan.come[cell]
                marked = {TASK_KEY: replace(mark, role=new.role).as_metadata()}
                self._strokes.insert_delivered(index, cell, new, marked)
            metadata[TASK_KEY] = delivered.as_metadata()  # invariant 4

    def _places(self, known: Sequence[DeliveredCell], plan: _Plan) -> list[tuple[int, CellId]]:
        """Where the new cells go, as indices before any of them is there, in order.

        Right before the cell that follows in the release, so that what a learner put below a cell stays below it; the
        last ones below all that follows their predecessor and is no other task's.
        """
        ids = self._view.cell_ids()
        places: list[tuple[int, CellId]] = []
        following: int | None = None
        for at in range(len(known) - 1, -1, -1):
            cell = known[at].id
            if cell not in plan.come:
                following = ids.index(cell) if cell in ids else following
                continue
            index = following
            if index is None:
                index = self._end_of(known[:at], ids, plan)
            places.append((index, cell))
        return places[::-1]

    def _end_of(self, known: Sequence[DeliveredCell], ids: Sequence[CellId], plan: _Plan) -> int:
        before = [ids.index(cell.id) for cell in known if cell.id not in plan.come and cell.id in ids]
        if not before:
            return len(ids)
        end = max(before) + 1
        while end < len(ids) and ids[end] and self._view.cell(ids[end]).task is None:
            end += 1
        return end
