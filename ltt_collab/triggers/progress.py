"""Whether a learner who fails gets on all the same."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ltt_collab.model.causes import cause_key, learner_key
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import CellRemoved, RunError, RunFinished, RunOutcome
from ltt_collab.model.ids import CellId
from ltt_collab.model.text import source_hash
from ltt_collab.triggers.sheet import SourceOf

MEMORY = 600.0
"""Seconds after which an older failure says nothing about how a learner gets on."""

_LINE = re.compile(r"(?:Cell In\[[^\]]*\],? line |\(\d+\.py, line |<ipython-input[^>]*>[^\n]*line |^ *line )(\d+)")
_ARROW = re.compile(r"^-+> ?(\d+) ")


def error_line(error: RunError | None) -> int | None:
    """The 1-based line of the cell at which a run failed: the first frame that is the cell's."""
    if error is None:
        return None
    for text in (*error.traceback[:40], error.value):
        found = _LINE.search(text) or _ARROW.match(text)
        if found:
            return int(found.group(1))
    return None


@dataclass(slots=True, kw_only=True)
class _Tries:
    key: str
    line: int | None
    text: str | None
    source: str
    at: float
    keys: set[str] = field(default_factory=set)
    without: int = 1
    furthest: int | None = None


class Progress:
    """Compares each failed run of a cell with those before it, until it runs well.

    Invariants:
        1. An error in a later line than before, or one that this cell has not met yet, is progress if the learner
           edited in between; the same error in the same place, or one that came back, is none.
    """

    def __init__(self, source_of: SourceOf) -> None:
        self._source_of = source_of
        self._tries: dict[tuple[str, CellId], _Tries] = {}

    def why_left_alone(self, run: RunFinished) -> str | None:
        """In words for people, how the learner gets on with this failed run; None: not at all, or it cannot be told."""
        last = self._tries.get((learner_key(run.author), run.cell_id))
        if last is None or run.at - last.at > MEMORY or run.source_hash == last.source:
            return None
        line, key = error_line(run.error), cause_key(run.author, run.cell_id, run.error)
        later = line is not None and last.line is not None and line > last.line
        if key == last.key:
            moved = later and self._text(run, line) != last.text
            return "the learner gets on: the same error, in a later line" if moved else None
        if key in last.keys or (line is not None and last.line is not None and line < last.line):
            return None
        return "the learner gets on: another error than before"

    def fruitless(self, run: RunFinished) -> int:
        """How many failed runs in a row, this one included, came no further down the cell."""
        tries = self._tries.get((learner_key(run.author), run.cell_id))
        if tries is None or run.at - tries.at > MEMORY:
            return 1
        return self._without(tries, error_line(run.error))

    def handle(self, event: Happening) -> None:
        """Remember how a run ended; told of each event after it was judged."""
        match event:
            case RunFinished(outcome=RunOutcome.ERROR):
                self._failed(event)
            case RunFinished(outcome=RunOutcome.OK, cell_id=cell) | CellRemoved(cell_id=cell):
                for key in [key for key in self._tries if key[1] == cell]:
                    del self._tries[key]
            case _:
                pass

    def _failed(self, run: RunFinished) -> None:
        who = (learner_key(run.author), run.cell_id)
        for old in [old for old, tries in self._tries.items() if run.at - tries.at > MEMORY]:
            del self._tries[old]
        key, line = cause_key(run.author, run.cell_id, run.error), error_line(run.error)
        text = self._text(run, line)
        before = self._tries.get(who)
        made = _Tries(key=key, line=line, text=text, source=run.source_hash, at=run.at, keys={key}, furthest=line)
        if before is not None:
            made.keys |= before.keys
            made.without = self._without(before, line)
            made.furthest = max((n for n in (before.furthest, line) if n is not None), default=None)
        self._tries[who] = made

    @staticmethod
    def _without(before: _Tries, line: int | None) -> int:
        if line is None or before.furthest is None or line > before.furthest:
            return 1
        return before.without + 1

    def _text(self, run: RunFinished, line: int | None) -> str | None:
        source = self._source_of(run.cell_id)
        if source is None or line is None or source_hash(source) != run.source_hash:
            return None
        lines = source.splitlines()
        return lines[line - 1].strip() if 0 < line <= len(lines) else None
