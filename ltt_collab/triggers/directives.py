"""Obeys what learners tell the tutor, in their cells and in the chat (``grammar`` says what counts as telling)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ltt_collab.model.causes import learner_key
from ltt_collab.model.cells import Cell
from ltt_collab.model.commands import (
    CheckTask,
    Command,
    ControlKernel,
    Happening,
    LeaveLearner,
    MuteLearner,
    RecordDecision,
    WelcomeLearner,
)
from ltt_collab.model.edits import BurstEnded, CellInserted, CellRemoved, DocumentReloaded, MessagePosted, RunFinished
from ltt_collab.model.ids import CellId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.triggers.grammar import Directive, directive_in, directive_of
from ltt_collab.triggers.long_run import LongRun
from ltt_collab.triggers.sheet import Sheet

_PRESENCE = {Directive.LEAVE: "leaving", Directive.COME_BACK: "coming back"}
_VOICE = {Directive.MUTE: "gives asked help only", Directive.UNMUTE: "helps unasked again"}
_BY_RUNNING = frozenset({*_PRESENCE, *_VOICE, Directive.CHECK})
"""What running its cell says again. Never what stops a kernel: *Run All* would."""


class Directives:
    """Turns what learners write or run into commands.

    Invariants:
        1. Only a learner who can be named is obeyed, for that learner's own sake.
        2. A directive counts when it is new in its cell, or when its cell is run; a line that stood there before
           we came, or that stays while the learner edits around it, does not count again.
        3. Who said so last is not told twice.
        4. Our own cells say nothing.
        5. A kernel is touched only by a fresh word of a learner: a yes to our offer to that learner while it stands, or
           an order by name.
    """

    def __init__(self, sheet: Sheet | None = None, offers: LongRun | None = None) -> None:
        self._sheet = sheet or Sheet(lambda _cell: None)
        self._offers = offers
        self._standing: dict[CellId, Directive] = {}
        self._wishes: dict[str, Directive] = {}
        self._voices: dict[str, Directive] = {}

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

    def is_muted(self, learner: str) -> bool:
        """Whether this learner wants asked help only."""
        return self._voices.get(learner) is Directive.MUTE

    def mute(self, learner: str, *, muted: bool) -> None:
        """Take over what the learner wished earlier."""
        self._voices[learner] = Directive.MUTE if muted else Directive.UNMUTE

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
                if self._standing[cell] in _BY_RUNNING:
                    yield from self._obey(self._standing[cell], event.author, cell)
            case MessagePosted(author=author):
                found = directive_of(event.text) if author.kind is AuthorKind.LEARNER else None
                if found is not None:
                    cell_or_none = event.cell_id or self._sheet.whereabouts(author)
                    yield from self._obey(found, author, cell_or_none)
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

    def _obey(self, directive: Directive, author: Author, cell: CellId | None) -> Iterator[Command]:
        if author.kind is not AuthorKind.LEARNER or author.username is None:  # invariant 1
            because = f"'@tutor {directive}' was written, but it cannot be told by whom"
            yield RecordDecision(about=cell, decision="stayed as it was", because=because)
            return
        because = f"the learner wrote '@tutor {directive}'"
        if directive in _PRESENCE:
            yield from self._come_or_go(directive, author.username, learner_key(author), cell)
        elif directive in _VOICE:
            if self._voices.get(learner_key(author)) is not directive:  # invariant 3
                self._voices[learner_key(author)] = directive
                yield RecordDecision(about=cell, decision=_VOICE[directive], because=because)
                yield MuteLearner(username=author.username, muted=directive is Directive.MUTE)
        elif directive is Directive.CHECK:
            yield from self._check(author, cell, because)
        else:
            yield from self._control(directive, author, cell, because)

    def _come_or_go(
        self, directive: Directive, username: Username, learner: str, cell: CellId | None
    ) -> Iterator[Command]:
        if self._wishes.get(learner) is directive:  # invariant 3
            return
        self._wishes[learner] = directive
        because = f"the learner wrote '@tutor {directive}'"
        yield RecordDecision(about=cell, decision=_PRESENCE[directive], because=because)
        leaves = directive is Directive.LEAVE
        yield LeaveLearner(username=username) if leaves else WelcomeLearner(username=username)

    def _check(self, author: Author, cell: CellId | None, because: str) -> Iterator[Command]:
        place = cell
        if place is None or self._sheet.task_of(place) is None:
            # Said outside of any task: the one that the learner worked in last, else the notebook's first.
            latest = self._sheet.whereabouts(author)
            marked = latest is not None and self._sheet.task_of(latest) is not None
            place = latest if marked else next(iter(self._sheet.tasks().values()), place)
        if place is None:
            yield RecordDecision(about=None, decision="did not check", because="the notebook has no cells")
            return
        yield RecordDecision(about=place, decision="had the task checked", because=because)
        yield CheckTask(cell_id=place, learner=author, because=because, asked=True)

    def _control(
        self, directive: Directive, author: Author, cell: CellId | None, because: str
    ) -> Iterator[Command]:  # invariant 5
        offered = None if self._offers is None else self._offers.offer_to(learner_key(author))
        running = offered or next(iter(self._sheet.running), None)
        if directive is Directive.YES and offered is None:
            why_not = "the learner said yes, but no offer stands"
        elif directive is Directive.INTERRUPT and running is None:
            why_not = f"{because}, but nothing runs"
        else:
            target = running or cell
            if target is not None:
                restart = directive is Directive.RESTART
                decision = "restarts the kernel" if restart else "interrupts the kernel"
                yield RecordDecision(about=target, decision=decision, because=because)
                yield ControlKernel(cell_id=target, learner=author, restart=restart)
                return
            why_not = f"{because}, but the notebook has no cells"
        yield RecordDecision(about=cell, decision="left the kernel alone", because=why_not)
