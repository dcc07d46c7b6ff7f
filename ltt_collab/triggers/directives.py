"""Obeys what learners tell the tutor, in their cells and in the chat (``grammar`` says what counts as telling)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

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
from ltt_collab.model.edits import (
    BurstEnded,
    CellInserted,
    CellRemoved,
    DocumentReloaded,
    MessagePosted,
    PeerJoined,
    RunFinished,
)
from ltt_collab.model.ids import CellId, ClientId, Username
from ltt_collab.model.presence import Author, AuthorKind
from ltt_collab.triggers.grammar import Directive, directive_in, directive_of
from ltt_collab.triggers.long_run import LongRun
from ltt_collab.triggers.sheet import Sheet

_PRESENCE = {Directive.LEAVE: "leaving", Directive.COME_BACK: "coming back"}
_VOICE = {Directive.MUTE: "gives asked help only", Directive.UNMUTE: "helps unasked again"}
_BY_RUNNING = frozenset({*_PRESENCE, *_VOICE, Directive.CHECK})
"""What running its cell says again. Never what stops a kernel: *Run All* would."""
_CAN_WAIT = frozenset({*_BY_RUNNING})
"""What is as true when its author's name is told, within 15 s. What stops a kernel would stop another run then."""

UNNAMED_KEPT = 50
"""Clients without a name whose words are kept; the one that spoke first is forgotten first."""


class Directives:
    """Turns what learners write or run into commands.

    Invariants:
        1. Only a learner who can be named is obeyed, for that learner's own sake; one who shows up later (awareness
           names who sits still after 15 s only) is obeyed then, and is muted or left alone here at once.
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
        self._unnamed: dict[ClientId, dict[Directive, CellId | None]] = {}

    def adopt(self, cells: Iterable[Cell]) -> None:
        """Take what stands in the cells as said before."""
        self._standing = {
            cell.id: found
            for cell in cells
            if cell.ownership is None and (found := directive_in(cell.source)) is not None
        }

    def is_away(self, learner: str) -> bool:
        """Whether this learner told the tutor to leave, and not to come back."""
        return self._latest(self._wishes, _PRESENCE, learner) is Directive.LEAVE

    def is_muted(self, learner: str) -> bool:
        """Whether this learner wants asked help only."""
        return self._latest(self._voices, _VOICE, learner) is Directive.MUTE

    def _latest(self, named: Mapping[str, Directive], kind: Container[Directive], learner: str) -> Directive | None:
        return next((said for said in self._said_unnamed(learner) if said in kind), named.get(learner))

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
            case MessagePosted():
                yield from self._hear(event)
            case PeerJoined(author=author) if author.client in self._unnamed:
                yield from self._catch_up(author)
            case CellInserted(cell=cell) if cell.ownership is None:
                self._stand(cell.id, directive_in(cell.source))
            case CellRemoved(cell_id=cell):
                self._stand(cell, None)
            case DocumentReloaded(cells=cells):
                self.adopt(cells)
            case _:
                pass

    def _hear(self, said: MessagePosted) -> Iterator[Command]:
        found = directive_of(said.text) if said.author.kind is AuthorKind.LEARNER else None
        if found is not None:
            yield from self._obey(found, said.author, said.cell_id or self._sheet.whereabouts(said.author))

    def _stand(self, cell: CellId, directive: Directive | None) -> None:
        if directive is None:
            self._standing.pop(cell, None)
        else:
            self._standing[cell] = directive

    def _obey(self, directive: Directive, author: Author, cell: CellId | None) -> Iterator[Command]:
        if author.kind is not AuthorKind.LEARNER or author.username is None:  # invariant 1
            yield self._wait_for_name(directive, author, cell)
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

    def _wait_for_name(self, directive: Directive, author: Author, cell: CellId | None) -> RecordDecision:
        because = f"'@tutor {directive}' was written, but it cannot be told by whom"
        if author.kind is not AuthorKind.LEARNER or author.client is None or directive not in _CAN_WAIT:
            return RecordDecision(about=cell, decision="stayed as it was", because=because)
        said = self._unnamed.setdefault(author.client, {})
        said.pop(directive, None)
        said[directive] = cell  # the last one of a kind stands last, and so wins
        while len(self._unnamed) > UNNAMED_KEPT:
            del self._unnamed[next(iter(self._unnamed))]
        return RecordDecision(about=cell, decision="waiting for a name", because=f"{because} yet")

    def _catch_up(self, author: Author) -> Iterator[Command]:
        """Obey what a client said before it was known whose it is."""
        said = {} if author.client is None else self._unnamed.pop(author.client, {})
        for directive, cell in said.items():
            yield from self._obey(directive, author, cell)

    def _said_unnamed(self, learner: str) -> Iterator[Directive]:
        """What somebody without a name has said, by ``learner_key``, the last first."""
        for client, said in self._unnamed.items():
            if learner == learner_key(Author(kind=AuthorKind.LEARNER, client=client)):
                yield from reversed(said)

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
