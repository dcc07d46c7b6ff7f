"""The learner asks: in the chat, or beside the line in the notebook."""

from __future__ import annotations

from dataclasses import replace

from ltt_collab.model.causes import cause_key, learner_key, question_key
from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.commands import Happening
from ltt_collab.model.edits import (
    BurstEnded,
    CellRemoved,
    DocumentReloaded,
    HelpCause,
    MessagePosted,
    PeerJoined,
    PeerLeft,
    RunError,
    RunFinished,
)
from ltt_collab.model.ids import CellId, ClientId
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.model.text import source_hash
from ltt_collab.triggers.grammar import directive_of, is_addressed, is_marked, question_of, questions_in
from ltt_collab.triggers.kinds import Limits, Refusal, Want
from ltt_collab.triggers.sheet import Sheet

UNFINISHED = 4.0
"""Seconds without a keystroke after which a question that ends with no mark is taken as it stands."""

_ENDS = (".", "?", "!")


class Asked:
    """Wants help for who asks for it.

    Invariants:
        1. A question in a cell is asked once, as long as it stands there; one that stood there before we came, never.
        2. Where several people talk, only a message that names the tutor is for it.
        3. Help that is asked for climbs by the ladder of the cell's problem, as any other.
    """

    hears: tuple[type[Happening], ...] = (
        MessagePosted,
        BurstEnded,
        RunFinished,
        PeerJoined,
        PeerLeft,
        CellRemoved,
        DocumentReloaded,
    )
    due: float | None = None

    def __init__(self, limits: Limits, sheet: Sheet) -> None:
        self._limits, self._sheet = limits, sheet
        self._answered: dict[CellId, set[str]] = {}
        self._people: dict[ClientId | None, str] = {}

    def adopt(self, cells: tuple[Cell, ...]) -> None:
        """Take what stands in the cells as asked before (invariant 1)."""
        for cell in cells:
            standing = questions_in(cell.source, prose=cell.type is not CellType.CODE)
            if standing and cell.ownership is None:
                self._answered.setdefault(cell.id, set()).update(standing)

    def asking(self, want: Want) -> None:
        """The tutor is being asked this."""
        if not want.chat:
            self._answered.setdefault(want.cell_id, set()).add(want.question)

    def notice(self, event: Happening) -> Want | Refusal | None:
        """A want for a new question."""
        match event:
            case MessagePosted(author=author) if author.kind is AuthorKind.LEARNER:
                return self._message(event)
            case BurstEnded(cell_id=cell) if cell not in self._sheet.ours:
                return self._standing(cell, event.source, event.author)
            case RunFinished(cell_id=cell, author=author) if cell not in self._sheet.ours:
                source = self._sheet.source_of(cell)
                return None if source is None else self._standing(cell, source, author)
            case PeerJoined(author=author) if author.kind is AuthorKind.LEARNER:
                self._people[author.client] = learner_key(author)
            case PeerLeft(author=author):
                self._people.pop(author.client, None)
            case CellRemoved(cell_id=cell):
                self._answered.pop(cell, None)
            case DocumentReloaded(cells=cells):
                self.adopt(cells)
            case _:
                pass
        return None

    def _message(self, event: MessagePosted) -> Want | Refusal | None:
        question = question_of(event.text)
        if directive_of(event.text) is not None or not question:
            return None
        if len(set(self._people.values())) > 1 and not is_addressed(event.text):  # invariant 2
            return Refusal(about=event.cell_id, because="several people talk, and the message does not name @tutor")
        cell = event.cell_id if event.cell_id in self._sheet.cells else self._sheet.whereabouts(event.author)
        source = None if cell is None else self._sheet.hash_of(cell)
        if cell is None or source is None:
            return Refusal(
                about=None, because="a question was asked, and the notebook has no cell that it could be about"
            )
        want = self._want(event.author, cell, source, question)
        return replace(want, because="the learner asked in the chat", chat=event.chat, reply_to=event.message)

    def _standing(self, cell: CellId, source: str, author: Author) -> Want | Refusal | None:
        seen = self._sheet.cells.get(cell)
        prose = seen is not None and seen.type is not CellType.CODE
        standing = questions_in(source, prose=prose)
        answered = self._answered.get(cell)
        if answered is not None:
            answered &= set(standing)
        new = [question for question in standing if answered is None or question not in answered]
        if not new:
            return None
        if author.kind is not AuthorKind.LEARNER:
            return Refusal(about=cell, because="a question was written, but it cannot be told by whom")
        question = new[-1]
        finished = question.endswith(_ENDS) or is_marked(source, question)
        want = self._want(author, cell, source_hash(source), question)
        return replace(want, settle=0.0 if finished else UNFINISHED)

    def _want(self, learner: Author, cell: CellId, source: str, question: str) -> Want:
        key, error = self._problem(learner, cell)
        return Want(
            cell_id=cell,
            learner=learner,
            cause=HelpCause.ASKED,
            cause_key=key,
            rung=self._limits.highest_rung(key),
            error=error,
            expected_hash=source,
            because="the learner asked in the cell",
            question=question,
        )

    def _problem(self, learner: Author, cell: CellId) -> tuple[str, RunError | None]:
        """The error that stands there, if it is this learner's, else the cell as such (invariant 3)."""
        seen = self._sheet.cells.get(cell)
        if seen is not None and seen.failed is not None and learner_key(seen.failed[0]) == learner_key(learner):
            return cause_key(learner, cell, seen.failed[1]), seen.failed[1]
        return question_key(learner, cell), None
