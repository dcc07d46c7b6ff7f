"""When a task is checked without anybody asking for it: after its learner ran one of its cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ltt_collab.model.causes import learner_key
from ltt_collab.model.commands import CheckTask, Command, Happening, RecordDecision, TimeElapsed
from ltt_collab.model.edits import CellRemoved, DocumentReloaded, RunFinished, RunOutcome
from ltt_collab.model.ids import CellId, TaskId
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.triggers.sheet import Sheet
from ltt_collab.triggers.typing import Typing

SETTLE = 0.7
"""Seconds after a run in which another may follow, as with Run All: the latest counts."""

LONGEST = 30.0
"""Seconds that a check waits for runs and for typing to end; then the next run has it checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    cell: CellId
    learner: Author
    since: float
    due: float
    because: str


class Checking:
    """Has tasks checked at boundaries.

    Invariants:
        1. Only a learner's own run that ended well has a task checked, and only of a cell that belongs to one.
        2. Nothing is checked while a cell runs or the learner types; of several runs the latest counts.
    """

    def __init__(self, sheet: Sheet, typing: Typing) -> None:
        self._sheet, self._typing = sheet, typing
        self._pending: dict[tuple[str, TaskId], _Pending] = {}
        self._failed: set[CellId] = set()

    @property
    def due(self) -> float | None:
        """When the first check is due."""
        return min((check.due for check in self._pending.values()), default=None)

    def handle(self, event: Happening) -> Iterator[Command]:
        """Checks that are due now; told of each event after the sheet and the typing were."""
        match event:
            case RunFinished() if event.author.kind is AuthorKind.LEARNER:
                self._ran(event)
            case CellRemoved(cell_id=cell):
                self._pending = {key: check for key, check in self._pending.items() if check.cell != cell}
                self._failed.discard(cell)
            case DocumentReloaded():
                self._pending.clear()
            case TimeElapsed(now=now):
                yield from self._ripe(now)
            case _:
                pass

    def done(self, learner: str, cell: CellId) -> None:
        """The learner has the task checked otherwise."""
        mark = self._sheet.task_of(cell)
        if mark is not None:
            self._pending.pop((learner, mark.task), None)

    def _ran(self, event: RunFinished) -> None:
        cell, mark = event.cell_id, self._sheet.task_of(event.cell_id)
        if event.outcome is not RunOutcome.OK:
            if event.outcome is RunOutcome.ERROR and mark is not None:
                self._failed.add(cell)
                self._pending.pop((learner_key(event.author), mark.task), None)
            return
        if mark is None:
            return
        fixed = cell in self._failed
        self._failed.discard(cell)
        self._pending[learner_key(event.author), mark.task] = _Pending(  # invariant 2: the latest
            cell=cell,
            learner=event.author,
            since=event.at,
            due=event.at + SETTLE,
            because="the learner fixed a cell of the task" if fixed else "the learner ran a cell of the task",
        )

    def _ripe(self, now: float) -> Iterator[Command]:
        for key, check in tuple(self._pending.items()):
            if now < check.due:
                continue
            until = self._typing.until(key[0], now) or (now + SETTLE if self._sheet.running else None)
            if until is not None and now - check.since < LONGEST:
                self._pending[key] = _Pending(
                    cell=check.cell, learner=check.learner, since=check.since, due=until, because=check.because
                )
                continue
            del self._pending[key]
            if until is not None:
                yield RecordDecision(about=check.cell, decision="did not check", because="no boundary came within 30 s")
                continue
            yield RecordDecision(about=check.cell, decision="had the task checked", because=check.because)
            yield CheckTask(cell_id=check.cell, learner=check.learner, because=check.because)
