"""Whether an agent's cell gives a task's solution away, read off the notebook as it was last read if it still is so."""

from __future__ import annotations

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from ltt_collab.model.cells import Cell, CellRole, Notebook
from ltt_collab.model.errors import LeakError
from ltt_collab.model.ids import CellId, Seq, Username
from ltt_collab.peer.page import Page
from ltt_collab.peer.room import RoomPeer
from ltt_collab.tutoring.leak import leaks


@dataclass(slots=True)
class _Read:
    """A notebook as of the event ``seq``, without the cells that agents have ``added`` since: author and source."""

    seq: Seq
    notebook: Notebook
    added: list[tuple[CellId, Username, str]] = field(default_factory=list)


class AgentLeaks:
    """Refuses what agents would give away.

    Invariants:
        1. No text of a task's solution is written, also not in several pieces.
        2. A notebook is taken for what it was only while no event came since but those of inserts told here.
    """

    def __init__(self) -> None:
        self._read: WeakKeyDictionary[Page, _Read] = WeakKeyDictionary()

    def expect_none(self, peer: RoomPeer, page: Page, text: str, cell: CellId | None, by: Username) -> None:
        """Let nothing pass that gives a solution away (invariant 1); ``cell``: in whose place the text will stand.

        Raises:
            LeakError
        """
        checker = peer.around.checker
        if checker is None:
            return
        read = self._now(peer, page)
        learners = [each for each in read.notebook.cells if each.ownership is None]
        if all(each.task is None for each in read.notebook.cells):
            return
        pieces = [each.source for each in read.notebook.cells if _is_piece(each, by) and each.id != cell]
        pieces += [source for added, author, source in read.added if author == by and added != cell]
        known = "\n".join(each.source for each in learners)
        for at in {at for each in learners if (at := checker.task_of(read.notebook, each.id)) is not None}:
            reference = checker.reference(at)
            if reference and any(leaks(each, reference, known) for each in (text, "\n".join([*pieces, text]))):
                raise LeakError

    def inserted(self, peer: RoomPeer, page: Page, cell: CellId, by: Username, source: str) -> None:
        """An agent's cell was put there a moment ago, after ``expect_none`` let it."""
        read = self._read.get(page)
        if read is not None and peer.stamp.last_seq == read.seq + 1:
            read.seq = peer.stamp.last_seq
            read.added.append((cell, by, source))

    def _now(self, peer: RoomPeer, page: Page) -> _Read:
        read = self._read.get(page)
        if read is None or read.seq != peer.stamp.last_seq or not page.is_followed:  # invariant 2
            read = self._read[page] = _Read(peer.stamp.last_seq, page.view.snapshot(Seq(0)))
        return read


def _is_piece(cell: Cell, by: Username) -> bool:
    mark = cell.ownership
    return mark is not None and mark.role is CellRole.PROPOSAL and mark.author == by
