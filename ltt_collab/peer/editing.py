"""Writes for agents: cells of their own, undone as easily as written, each write in the audit."""

from __future__ import annotations

import hashlib
import secrets
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from ltt_collab.documents.writer_agents import AgentCell
from ltt_collab.model.cells import CellRole
from ltt_collab.model.errors import (
    CellOccupiedError,
    ConflictError,
    NotOursError,
    RoomReadOnlyError,
    TextTooLongError,
    UnknownCellError,
)
from ltt_collab.model.ids import CellId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.suggestions import Answer, Draft, Rejected
from ltt_collab.model.text import source_hash
from ltt_collab.peer.agent_audit import AgentAudit
from ltt_collab.peer.agent_leaks import Wish
from ltt_collab.peer.page import Page
from ltt_collab.peer.registry import Registry
from ltt_collab.peer.room import RoomPeer
from ltt_collab.ports.editing import NewCell, Written

MOST_CHARACTERS = 20_000
"""Of one cell that an agent writes: a long one of a course has 5,000. To compare so many with a task's solution takes a
thread 0.4 s, and nobody else waits for it."""

REMEMBERED = 1_000
"""Writes of one agent in one room that can be taken back; the oldest is forgotten first."""

NOBODY_THERE = "nobody is in this notebook; an agent writes and runs only while a human is there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write that can be taken back; ``before`` None: the cell was inserted.

    ``left``: hash of the text as the write left it, for a learner's cell; '' for one of the agent's own, whose mark
    knows.
    """

    cell: CellId
    before: str | None = None
    left: str = ""


def page_of(peer: RoomPeer) -> Page:
    """The page that may be written on for an agent now.

    Raises:
        RoomReadOnlyError
    """
    silent = peer.why_silent()
    page = peer.page
    if silent is not None or page is None or page.provider is None:
        raise RoomReadOnlyError(silent or "it is not joined yet; try again when its state is live")
    if not peer.people.humans():
        raise RoomReadOnlyError(NOBODY_THERE)
    return page


def _expect_bearable(source: str) -> None:
    if len(source) > MOST_CHARACTERS:
        raise TextTooLongError(len(source), MOST_CHARACTERS)


def expect_page(peer: RoomPeer, page: Page) -> None:
    """Go on only while that page, read before a wait, is the one that may be written on.

    Raises:
        RoomReadOnlyError
    """
    if page_of(peer) is not page:
        raise RoomReadOnlyError("it was joined anew a moment ago; read it again")


class AgentEditing:
    """Implements ``ports.editing.RoomEditing``.

    Invariants:
        1. Nothing is written where the tutor may not write, nor while no human is there.
        2. No text of a task's solution is written, also not in several pieces.
        3. A write with a key is made once, also over a restart of ours.
        4. What is looked up for a write is looked up in the writer's turn in which it is made.
    """

    def __init__(self, registry: Registry, audit: AgentAudit, *, learner_cells: bool = False) -> None:
        """``learner_cells``: the operator lets agents edit learners' cells."""
        self._registry, self._audit, self._learner_cells = registry, audit, learner_cells
        self._journals: WeakKeyDictionary[RoomPeer, dict[Username, deque[Write]]] = WeakKeyDictionary()

    async def insert(self, room: RoomId, new: NewCell, *, by: Username) -> Written:
        """Put a cell of the agent's into the notebook.

        Raises:
            UnknownRoomError, RoomReadOnlyError, UnknownCellError, ConflictError, LeakError, TextTooLongError
        """
        peer = self._registry.peer(room)
        _expect_bearable(new.source)
        page, suggestion = page_of(peer), _name(by, new.key)
        agents = page.writer.agents
        # What an index means is settled now: cells may come and go above while somebody else writes.
        place = agents.place_of(new.index) if new.after is None else new.after
        wish = Wish(author=by, text=new.source, place=place)
        await peer.leaks.look_ahead(peer, page, wish)
        async with agents.turn() as turn:  # nothing is awaited in it
            expect_page(peer, page)  # invariant 1
            standing = agents.find(suggestion) if new.key else None
            if standing is not None:  # invariant 3
                return _written(page, standing, fresh=False)
            about = new.about or new.after
            if about is not None:
                page.view.map_of(about)
            if new.about is not None and new.expected_hash is not None:
                turn.expect(new.about, new.expected_hash)
            expect_no_approval(peer, page, about)
            peer.leaks.expect_none(peer, page, wish)  # invariant 2
            cell = turn.insert(
                AgentCell(
                    suggestion=suggestion, author=by, type=new.type, source=new.source, place=place, about=new.about
                )
            )
            peer.leaks.inserted(peer, page, cell, wish)
            self._remember(peer, by, Write(cell=cell))
            written = _written(page, cell)
        await self._audit.note(peer, by, "agent.cell_inserted", f"cell {cell}, {len(new.source)} characters")
        return written

    async def rewrite(self, room: RoomId, cell: CellId, source: str, expected_hash: str, *, by: Username) -> Written:
        """Give a cell of the agent's own another source.

        Raises:
            UnknownRoomError, RoomReadOnlyError, UnknownCellError, ConflictError, NotOursError, CellOccupiedError,
            LeakError, TextTooLongError
        """
        peer = self._registry.peer(room)
        _expect_bearable(source)
        page = page_of(peer)
        wish = Wish(author=by, text=source, instead=cell)
        await peer.leaks.look_ahead(peer, page, wish)
        async with page.writer.agents.turn() as turn:
            expect_page(peer, page)
            expect_no_approval(peer, page, cell)
            turn.expect(cell, expected_hash)
            peer.leaks.expect_none(peer, page, wish)
            of_learner = self._learner_cells and page.view.ownership(cell) is None
            if of_learner:
                before = turn.rewrite_of_learner(cell, source, expected_hash)
                peer.leaks.rewritten(page, cell, by, source, before)
            else:
                before = turn.rewrite(cell, source, expected_hash, by)
            left = source_hash(source) if of_learner else ""
            self._remember(peer, by, Write(cell=cell, before=before, left=left))
            written = _written(page, cell)
        whose = "the learner's " if of_learner else ""
        await self._audit.note(peer, by, "agent.cell_edited", f"{whose}cell {cell}, {len(source)} characters")
        return written

    async def delete(self, room: RoomId, cell: CellId, *, by: Username) -> None:
        """Delete a cell of the agent's own.

        Raises:
            UnknownRoomError, RoomReadOnlyError, UnknownCellError, NotOursError, CellOccupiedError
        """
        peer = self._registry.peer(room)
        page = page_of(peer)
        async with page.writer.agents.turn() as turn:
            expect_page(peer, page)
            turn.delete(cell, by)
        await self._audit.note(peer, by, "agent.cell_deleted", f"cell {cell}")

    async def propose(self, room: RoomId, draft: Draft) -> Answer:
        """Put a draft of the agent's before the gate.

        Raises:
            UnknownRoomError, UnknownCellError
        """
        peer = self._registry.peer(room)
        answer = await peer.propose(draft)
        said = f"rejected ({answer.reason})" if isinstance(answer, Rejected) else type(answer).__name__.lower()
        detail = f"cell {draft.cell_id}, {len(draft.text)} characters, {said}"
        await self._audit.note(peer, draft.author, "agent.proposed", detail)
        return answer

    async def undo(self, room: RoomId, *, by: Username, most: int | None = None) -> Sequence[CellId]:
        """Take back the agent's latest writes; what somebody else changed since stays.

        Raises:
            UnknownRoomError, RoomReadOnlyError
        """
        peer = self._registry.peer(room)
        page = page_of(peer)
        journal = self._journal(peer, by)
        changed: list[CellId] = []
        tried: list[CellId] = []
        while most is None or len(changed) < most:
            write = journal.pop() if journal else _forgotten(page, by, tried)
            if write is None:
                break
            tried.append(write.cell)
            try:
                if await _take_back(peer, page, write, by):
                    changed.append(write.cell)
            except RoomReadOnlyError:
                journal.append(write)  # for when it may be written on again
                if not changed:
                    raise
                break
        if changed:
            await self._audit.note(peer, by, "agent.undone", f"{len(changed)} writes")
        return changed

    async def point(self, room: RoomId, cell: CellId, line: int, expected_hash: str, *, by: Username) -> None:
        """Select a line of a cell.

        Raises:
            UnknownRoomError, RoomReadOnlyError, UnknownCellError, ConflictError
        """
        peer = self._registry.peer(room)
        await page_of(peer).writer.point(cell, line, expected_hash)
        await self._audit.note(peer, by, "agent.pointed", f"cell {cell}, line {line}")

    def _journal(self, peer: RoomPeer, by: Username) -> deque[Write]:
        return self._journals.setdefault(peer, {}).setdefault(by, deque(maxlen=REMEMBERED))

    def _remember(self, peer: RoomPeer, by: Username, write: Write) -> None:
        self._journal(peer, by).append(write)


def expect_no_approval(peer: RoomPeer, page: Page, cell: CellId | None) -> None:
    """Where people approve what the AI writes, an agent's own cells would go past them.

    Raises:
        RoomReadOnlyError
    """
    around = peer.around
    if not around.steering.orders():
        return
    at = None
    if around.checker is not None and cell is not None:
        at = around.checker.task_of(page.view.snapshot(Seq(0)), cell)
    for learner, course, task in peer.presences():
        if at is not None and task != at.task:
            continue
        steer = around.steering.for_learner(learner, course, task)
        if steer is not None and steer.approval:
            raise RoomReadOnlyError("an instructor approves what the AI writes here; propose it instead, and it waits")


def _forgotten(page: Page, by: Username, seen: Sequence[CellId]) -> Write | None:
    """A cell of the agent's that no journal knows: a proposal, or one from before a restart of ours."""
    for cell in reversed(page.view.cell_ids()):
        mark = page.view.ownership(cell) if cell and cell not in seen else None
        untouched = mark is not None and mark.written == page.view.cell_hash(cell)
        if mark is not None and untouched and mark.role is CellRole.PROPOSAL and mark.author == by:
            return Write(cell=cell)
    return None


async def _take_back(peer: RoomPeer, page: Page, write: Write, by: Username) -> bool:
    """Whether the write could be taken back.

    Raises:
        RoomReadOnlyError
    """
    async with page.writer.agents.turn() as turn:
        expect_page(peer, page)
        try:
            if write.before is None:
                turn.delete(write.cell, by)
            elif write.left:
                # Only while the text is what we left: whatever the learner typed since would go with it.
                turn.rewrite_of_learner(write.cell, write.before, write.left)
            else:
                turn.rewrite(write.cell, write.before, page.view.cell_hash(write.cell), by)
        except (UnknownCellError, NotOursError, CellOccupiedError, ConflictError):
            return False
    return True


def _name(by: Username, key: str) -> SuggestionId:
    """The name that a cell is written under: the same for the same key of the same agent."""
    if not key:
        return SuggestionId(f"a-{secrets.token_hex(6)}")
    return SuggestionId(f"a-{hashlib.blake2b(f'{by} {key}'.encode(), digest_size=8).hexdigest()}")


def _written(page: Page, cell: CellId, *, fresh: bool = True) -> Written:
    index = page.view.index_of(cell)
    source = page.view.cell_source(cell)
    return Written(cell_id=cell, index=-1 if index is None else index, hash=source_hash(source), fresh=fresh)
