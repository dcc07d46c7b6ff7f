"""Whether an agent's cell gives a task's solution away, read off the notebook as it was last read if it still is so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from weakref import WeakKeyDictionary

from ltt_collab.documents.writer_agents import Edge, Place
from ltt_collab.model.cells import CellRole, Notebook
from ltt_collab.model.errors import LeakError
from ltt_collab.model.ids import CellId, Seq, Username
from ltt_collab.peer.leak_looks import Question
from ltt_collab.peer.page import Page
from ltt_collab.peer.scene import Scene

MOST_GIVEN = 1_000
"""Learners' cells of which it is remembered that an agent wrote them; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A text that ``author`` wishes to stand at ``place``; ``instead``: in place of that cell's text."""

    author: Username
    text: str
    place: Place = Edge.BOTTOM
    instead: CellId | None = None


@dataclass(frozen=True, slots=True)
class _Given:
    """What an agent wrote into a learner's cell, and what the learner had there."""

    author: Username
    text: str
    before: str


@dataclass(slots=True)
class _Read:
    """A notebook as of the event ``seq``; ``order`` and ``written`` (author and source) know also what came since.

    ``known``: what learners wrote themselves, no secret to them.
    """

    seq: Seq
    notebook: Notebook
    given: InitVar[Mapping[CellId, _Given]]
    order: list[CellId] = field(default_factory=list)
    written: dict[CellId, tuple[Username, str]] = field(default_factory=dict)
    known: str = ""

    def __post_init__(self, given: Mapping[CellId, _Given]) -> None:
        known = []
        for cell in self.notebook.cells:
            self.order.append(cell.id)
            mark, theirs = cell.ownership, given.get(cell.id)
            if mark is not None:
                if mark.role is CellRole.PROPOSAL:
                    self.written[cell.id] = mark.author, cell.source
            elif theirs is not None and theirs.text == cell.source:
                self.written[cell.id] = theirs.author, theirs.text
                known.append(theirs.before)
            else:
                known.append(cell.source)
        self.known = "\n".join(known)


class AgentLeaks:
    """Refuses what agents would give away in one room.

    Invariants:
        1. No text of a task's solution is written, also not in several pieces: neither as they stand below each
           other, nor in the order in which they were written. Only the text that is replaced does not count. What an
           agent wrote into a learner's cell is the agent's until somebody changes it.
        2. A notebook is taken for what it was only while no event came since but those of inserts told here.
    """

    def __init__(self) -> None:
        self._read: WeakKeyDictionary[Page, _Read] = WeakKeyDictionary()
        self._given: dict[CellId, _Given] = {}

    async def look_ahead(self, scene: Scene, page: Page, wish: Wish) -> None:
        """Compare beforehand, while others go on, what ``expect_none`` will want to know if nothing changes."""
        await scene.mind.looks.ahead(self._questions(scene, page, wish))

    def expect_none(self, scene: Scene, page: Page, wish: Wish) -> None:
        """Let nothing pass that gives a solution away (invariant 1); ask in the turn in which it is written.

        Raises:
            LeakError
        """
        if any(scene.mind.looks.answer(question) for question in self._questions(scene, page, wish)):
            raise LeakError

    def inserted(self, scene: Scene, page: Page, cell: CellId, wish: Wish) -> None:
        """An agent's cell was put there just now, after ``expect_none`` let it."""
        read = self._read.get(page)
        if read is None or scene.stamp.last_seq != read.seq + 1:
            return
        read.seq = scene.stamp.last_seq
        read.written[cell] = wish.author, wish.text
        match wish.place:
            case Edge.TOP:
                read.order.insert(0, cell)
            case Edge.BOTTOM:
                read.order.append(cell)
            case _:
                read.order.insert(read.order.index(wish.place) + 1, cell)

    def rewritten(self, page: Page, cell: CellId, by: Username, text: str, before: str) -> None:
        """An agent gave a learner's cell another text just now."""
        self._read.pop(page, None)
        earlier = self._given.pop(cell, None)
        if earlier is not None and earlier.text == before:
            before = earlier.before
        self._given[cell] = _Given(by, text, before)
        while len(self._given) > MOST_GIVEN:
            del self._given[next(iter(self._given))]

    def _questions(self, scene: Scene, page: Page, wish: Wish) -> list[Question]:
        checker = scene.around.checker
        if checker is None:
            return []
        read = self._now(scene, page)
        if all(each.task is None for each in read.notebook.cells):
            return []
        learners = [each for each in read.notebook.cells if each.ownership is None]
        tasks = {at for each in learners if (at := checker.task_of(read.notebook, each.id)) is not None}
        references = [reference for at in tasks if (reference := checker.reference(at))]
        readings = dict.fromkeys(_readings(read, wish))
        return [Question(text, reference, read.known) for reference in references for text in readings]

    def _now(self, scene: Scene, page: Page) -> _Read:
        read = self._read.get(page)
        if read is None or read.seq != scene.stamp.last_seq or not page.is_followed:  # invariant 2
            read = self._read[page] = _Read(scene.stamp.last_seq, page.view.snapshot(Seq(0)), self._given)
        return read


def _readings(read: _Read, wish: Wish) -> Iterator[str]:
    """The text alone, with the author's other cells as all of them would stand, and after those there are."""
    above, below = list[str](), list[str]()
    pieces = above if wish.instead is not None or wish.place is not Edge.TOP else below
    for cell in read.order:
        author, source = read.written.get(cell, (None, ""))
        if author == wish.author and cell != wish.instead:
            pieces.append(source)
        if cell in {wish.instead, wish.place}:
            pieces = below
    yield wish.text
    yield "\n".join([*above, wish.text, *below])
    yield "\n".join([*above, *below, wish.text])
