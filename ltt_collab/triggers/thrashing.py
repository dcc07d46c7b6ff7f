"""A learner goes round in circles: the same lines back and forth, or run after run that comes no further."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ltt_collab.model.causes import cause_key, learner_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import BurstEnded, CellRemoved, HelpCause, RunError, RunFinished, RunOutcome
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.text import source_hash
from ltt_collab.triggers.kinds import Limits, Refusal, Want
from ltt_collab.triggers.progress import Progress
from ltt_collab.triggers.runs import FailedRuns
from ltt_collab.triggers.sheet import Sheet

RUNS = 4
"""Failed runs of a cell in a row that come no further: three tries are what a careful learner needs."""

RETURNS = 3
"""Times that a cell becomes again what it was: once is a change of mind, twice a comparison."""

WINDOW = 300.0
"""Seconds within which that counts."""

LONG_EDIT = 80
"""Characters that a cell grows by at once in work that gets on."""

_VERSIONS = 12


@dataclass(slots=True)
class _History:
    versions: deque[str] = field(default_factory=lambda: deque(maxlen=_VERSIONS))
    returns: deque[float] = field(default_factory=lambda: deque(maxlen=RETURNS))
    length: int = 0


class Thrashing:
    """Wants help for a learner who tries much and gets nowhere.

    Invariants:
        1. Spaces and blank lines make no other version; a long edit begins anew.
        2. After an occasion it is counted from nothing again.
    """

    hears: tuple[type[Happening], ...] = (BurstEnded, RunFinished, CellRemoved)
    due: float | None = None

    def __init__(self, runs: FailedRuns, limits: Limits, progress: Progress, sheet: Sheet) -> None:
        self._runs, self._limits, self._progress, self._sheet = runs, limits, progress, sheet
        self._histories: dict[tuple[str, CellId], _History] = {}
        self._credit: dict[tuple[str, CellId], int] = {}

    def asking(self, want: Want) -> None:
        """The tutor is being asked (invariant 2)."""
        history = self._histories.get((learner_key(want.learner), want.cell_id))
        if history is not None:
            history.returns.clear()

    def notice(self, event: Happening) -> Want | Refusal | None:
        """A want when it has gone round often enough."""
        match event:
            case BurstEnded(author=author) if (
                author.kind is AuthorKind.LEARNER and event.cell_id not in self._sheet.ours
            ):
                return self._edited(event)
            case RunFinished(author=author) if author.kind is AuthorKind.LEARNER:
                return self._ran(event)
            case CellRemoved(cell_id=cell):
                for key in [key for key in self._histories if key[1] == cell]:
                    del self._histories[key]
            case _:
                pass
        return None

    def _ran(self, event: RunFinished) -> Want | Refusal | None:
        run = self._runs.failed(event)
        who = (learner_key(event.author), event.cell_id)
        self._note_version(event)
        if run is None:
            self._credit.pop(who, None)
            return self._round(event, event.source_hash) if event.outcome is RunOutcome.OK else None
        count = self._progress.fruitless(run)
        if count == 1:
            self._credit.pop(who, None)
        if count - self._credit.get(who, 0) < RUNS:
            return None
        self._credit[who] = count  # invariant 2
        because = f"{count} failed runs in a row came no further"
        return self._want(run.author, run.cell_id, run.error, run.source_hash, because)

    def _edited(self, event: BurstEnded) -> Want | Refusal | None:
        who = (learner_key(event.author), event.cell_id)
        history = self._histories.setdefault(who, _History())
        text = _bare(event.source)
        version = source_hash(text)
        long, history.length = len(text) - history.length > LONG_EDIT, len(text)
        if history.versions and history.versions[-1] == version:
            return None
        if version not in history.versions:
            if long:  # invariant 1
                history.versions.clear()
                history.returns.clear()
            history.versions.append(version)
            return None
        history.versions.append(version)
        history.returns.append(event.at)
        return self._round(event, source_hash(event.source))

    def _note_version(self, run: RunFinished) -> None:
        """What was run is a version too, though it stood there from the beginning."""
        source = self._sheet.source_of(run.cell_id)
        if source is not None and source_hash(source) == run.source_hash:
            history = self._histories.setdefault((learner_key(run.author), run.cell_id), _History())
            text = _bare(source)
            version = source_hash(text)
            if version not in history.versions:
                history.versions.append(version)
                history.length = len(text)

    def _round(self, event: BurstEnded | RunFinished, text: str) -> Want | Refusal | None:
        """A want if the cell went round often enough; once more at a run, which ends what waits at an edit."""
        history = self._histories.get((learner_key(event.author), event.cell_id))
        if history is None or len(history.returns) < RETURNS or event.at - history.returns[0] > WINDOW:
            return None
        seen = self._sheet.cells.get(event.cell_id)
        failed = seen is not None and seen.failed is not None and seen.failed[0] == event.author
        error = seen.failed[1] if failed and seen is not None and seen.failed is not None else None
        because = "the cell was edited back and forth"
        return self._want(event.author, event.cell_id, error, text, because, failed=failed)

    def _want(
        self, learner: Author, cell: CellId, error: RunError | None, text: str, because: str, *, failed: bool = True
    ) -> Want | Refusal:
        # An error that stands there is what it is about: one ladder for it, whatever made us look.
        key = cause_key(learner, cell, error) if failed else f"{learner_key(learner)}/{cell}/thrashing"
        rung = self._limits.next_rung(key)
        if rung is None:
            return Refusal(about=cell, because=f"{because}, and the note says all it may for now")
        return Want(
            cell_id=cell,
            learner=learner,
            cause=HelpCause.THRASHING,
            cause_key=key,
            rung=rung,
            error=error,
            expected_hash=text,
            because=because,
        )


def _bare(source: str) -> str:
    return "\n".join(line.strip() for line in source.splitlines() if line.strip())
