"""What learners tell the tutor in their cells: ``@tutor leave`` and ``@tutor come back``.

Grammar: a directive is a line of its own, ``[#…] @tutor leave`` or ``[#…] @tutor come back``. Before it only spaces
and ``#`` may stand (a comment in code, a heading in Markdown), after it only spaces and one ``.`` or ``!``. Case does
not matter, nor how many spaces there are. Anything else on the line makes it ordinary text: ``# @tutor leaves``,
``# say @tutor leave``, ``print("@tutor leave")`` are none. The last directive of a cell counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from ltt_collab.model.causes import learner_key
from ltt_collab.model.cells import Cell
from ltt_collab.model.commands import Command, Happening, LeaveLearner, RecordDecision, WelcomeLearner
from ltt_collab.model.edits import BurstEnded, CellInserted, CellRemoved, DocumentReloaded, RunFinished
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import Author, AuthorKind

_ADDRESS = "@tutor"
_LINE = re.compile(r"^[ \t#]*@tutor[ \t]+(leave|come[ \t]+back)[ \t]*[.!]?[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


class Directive(StrEnum):
    """What a learner may tell the tutor."""

    LEAVE = "leave"
    COME_BACK = "come back"


def directive_in(source: str) -> Directive | None:
    """The last directive of a cell's source, None without one."""
    if _ADDRESS not in source.lower():
        return None
    found: str | None = None
    for match in _LINE.finditer(source):
        found = match.group(1)
    if found is None:
        return None
    return Directive.LEAVE if found.lower() == "leave" else Directive.COME_BACK


class Directives:
    """Turns what learners write or run into commands.

    Invariants:
        1. Only a learner who can be named is obeyed, for that learner's own sake.
        2. A directive counts when it is new in its cell, or when its cell is run; a line that stood there before
           we came, or that stays while the learner edits around it, does not count again.
        3. Who said so last is not told twice.
        4. Our own cells say nothing.
    """

    def __init__(self) -> None:
        self._standing: dict[CellId, Directive] = {}
        self._wishes: dict[str, Directive] = {}

    def adopt(self, cells: Iterable[Cell]) -> None:
        """Take what stands in the cells as said before."""
        self._standing = {
            cell.id: found
            for cell in cells
            if cell.ownership is None and (found := directive_in(cell.source)) is not None
        }

    def is_away(self, learner: str) -> bool:
        """Whether this learner told the tutor to leave, and not to come back."""
        return self._wishes.get(learner) is Directive.LEAVE

    def handle(self, event: Happening, ours: frozenset[CellId] | set[CellId] = frozenset()) -> Iterator[Command]:
        """Obey what is said with this event; ``ours`` are the cells that we own."""
        match event:
            case BurstEnded(cell_id=cell) if cell not in ours:  # invariant 4
                found = directive_in(event.source)
                new = found is not None and found is not self._standing.get(cell)
                self._stand(cell, found)
                if found is not None and new:  # invariant 2
                    yield from self._obey(found, event.author, cell)
            case RunFinished(cell_id=cell) if cell in self._standing and event.author.kind is AuthorKind.LEARNER:
                yield from self._obey(self._standing[cell], event.author, cell)
            case CellInserted(cell=cell) if cell.ownership is None:
                self._stand(cell.id, directive_in(cell.source))
            case CellRemoved(cell_id=cell):
                self._stand(cell, None)
            case DocumentReloaded(cells=cells):
                self.adopt(cells)
            case _:
                pass

    def _stand(self, cell: CellId, directive: Directive | None) -> None:
        if directive is None:
            self._standing.pop(cell, None)
        else:
            self._standing[cell] = directive

    def _obey(self, directive: Directive, author: Author, cell: CellId) -> Iterator[Command]:
        if author.kind is not AuthorKind.LEARNER or author.username is None:  # invariant 1
            because = f"'@tutor {directive}' was written, but it cannot be told by whom"
            yield RecordDecision(about=cell, decision="stayed as it was", because=because)
            return
        if self._wishes.get(learner_key(author)) is directive:  # invariant 3
            return
        self._wishes[learner_key(author)] = directive
        because = f"the learner wrote '@tutor {directive}'"
        if directive is Directive.LEAVE:
            yield RecordDecision(about=cell, decision="leaving", because=because)
            yield LeaveLearner(username=author.username)
        else:
            yield RecordDecision(about=cell, decision="coming back", because=because)
            yield WelcomeLearner(username=author.username)
