"""A cell used a name whose cell was not run, or was edited since it ran."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ltt_collab.model.causes import cause_key, learner_key
from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import CellRemoved, DocumentReloaded, HelpCause, RunError, RunFinished, RunOutcome
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import AuthorKind
from ltt_collab.model.text import source_hash
from ltt_collab.triggers.kinds import Limits, Want
from ltt_collab.triggers.met import MetCauses
from ltt_collab.triggers.names import Names, names_in
from ltt_collab.triggers.runs import FailedRuns
from ltt_collab.triggers.sheet import Sheet

CELLS_READ = 300
"""Cells of a notebook that are looked into at a run; beyond it is no learner's exercise."""

_UNDEFINED = re.compile(r"name '([^']+)' is not defined")


@dataclass(slots=True)
class _Read:
    """A cell's code as it was read last; ``source`` is its fingerprint."""

    source: str
    names: Names


class RunOrder:
    """Wants help when a run rests on a cell that is not what the learner sees.

    Invariants:
        1. A name is out of order only if every cell that makes it did not run, or reads otherwise than when it ran.
        2. Where a cell may make names that nobody can see, nothing is said about a run that ended well.
        3. A stale name is told once, until its cell was run.
        4. A kernel that counts from the start again has forgotten everything.
    """

    hears: tuple[type[Happening], ...] = (RunFinished, CellRemoved, DocumentReloaded)
    due: float | None = None

    def __init__(self, runs: FailedRuns, met: MetCauses, limits: Limits, sheet: Sheet) -> None:
        self._runs, self._met, self._limits, self._sheet = runs, met, limits, sheet
        self._read: dict[CellId, _Read] = {}
        self._ran: dict[CellId, str | None] = {}
        self._highest = 0
        self._told: set[tuple[CellId, str]] = set()
        self.language = "python"

    def adopt(self, cells: tuple[Cell, ...]) -> None:
        """Cells with a number ran some time; with which text is not known."""
        self._ran = {cell.id: "" for cell in cells if cell.execution_count is not None or cell.running}
        self._highest = max((cell.execution_count or 0 for cell in cells), default=0)
        self._read.clear()

    def notice(self, event: Happening) -> Want | None:
        """A want for a run that used a name out of order."""
        match event:
            case RunFinished(outcome=RunOutcome.ERROR | RunOutcome.OK) if self.language == "python":
                self._count(event)
                want = self._judge(event)
                self._note(event)
                return want
            case CellRemoved(cell_id=cell):
                self._read.pop(cell, None)
                self._ran.pop(cell, None)
            case DocumentReloaded(cells=cells):
                known = self._ran
                self.adopt(cells)
                self._ran |= {cell: ran for cell, ran in known.items() if cell in self._ran}
            case _:
                pass
        return None

    def _count(self, run: RunFinished) -> None:
        if run.execution_count is None:
            return
        if run.execution_count <= self._highest:  # invariant 4
            self._ran.clear()
            self._told.clear()
        self._highest = run.execution_count

    def _note(self, run: RunFinished) -> None:
        known = self._look_into(run.cell_id)
        same = known is not None and known.source == run.source_hash
        self._ran[run.cell_id] = known.names.code if known is not None and same else ""
        if known is not None:
            for name in known.names.made:
                self._told = {told for told in self._told if told[1] != name}  # invariant 3

    def _judge(self, run: RunFinished) -> Want | None:
        if run.author.kind is not AuthorKind.LEARNER:
            return None
        if run.outcome is RunOutcome.OK:
            return self._after_success(run)
        failed, error = self._runs.failed(run), run.error
        if failed is None or error is None or error.name != "NameError":
            return None
        found = _UNDEFINED.search(error.value)
        key = cause_key(run.author, run.cell_id, error)
        if found is None or key in self._met or self._limits.next_rung(key) != 1:
            return None
        story = self._out_of_order(found.group(1), run.cell_id)
        return None if story is None else self._want(run, key, error, f"the run needs a name {story}")

    def _after_success(self, run: RunFinished) -> Want | None:
        own = self._look_into(run.cell_id)
        if own is None or own.source != run.source_hash or not own.names.read:
            return None
        every = tuple(self._all())
        if any(read.names.dynamic for _, read in every):  # invariant 2
            return None
        makeable = frozenset().union(*(read.names.made for cell, read in every if cell != run.cell_id))
        for name in sorted((own.names.read - own.names.made) & makeable):
            story = self._out_of_order(name, run.cell_id)
            if story is None or (run.cell_id, name) in self._told:
                continue
            self._told.add((run.cell_id, name))
            digest = hashlib.blake2b(name.encode(), digest_size=6).hexdigest()
            key = f"{learner_key(run.author)}/{run.cell_id}/run order/{digest}"
            return self._want(run, key, None, f"the run used a name {story}")
        return None

    def _out_of_order(self, name: str, but: CellId) -> str | None:
        """What is wrong with the cells that make a name; None: nothing, or nobody makes it (invariant 1)."""
        story: str | None = None
        for cell, read in self._all():
            if cell == but or name not in read.names.made:
                continue
            ran = self._ran.get(cell)
            if ran is not None and ran in {"", read.names.code}:
                return None
            story = "whose cell was not run" if ran is None else "whose cell was edited since it ran"
        return story

    def _want(self, run: RunFinished, key: str, error: RunError | None, because: str) -> Want | None:
        rung = self._limits.next_rung(key)
        if rung is None:
            return None
        return Want(
            cell_id=run.cell_id,
            learner=run.author,
            cause=HelpCause.RUN_ORDER,
            cause_key=key,
            rung=rung,
            error=error,
            expected_hash=run.source_hash,
            because=because,
        )

    def _all(self) -> Iterator[tuple[CellId, _Read]]:
        codes = [cell for cell, seen in self._sheet.cells.items() if seen.type is CellType.CODE]
        for cell in codes[:CELLS_READ]:
            read = self._look_into(cell)
            if read is not None:
                yield cell, read

    def _look_into(self, cell: CellId) -> _Read | None:
        source = self._sheet.source_of(cell)
        if source is None:
            return None
        fingerprint = source_hash(source)
        known = self._read.get(cell)
        if known is None or known.source != fingerprint:
            known = self._read[cell] = _Read(fingerprint, names_in(source))
        return known
