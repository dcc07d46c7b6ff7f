"""Letters that were under way into cells which we deleted, many at once: each stands in the notebook in the end."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from pycrdt import Doc

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer import Writer
from ltt_collab.documents.writer_agents import AgentCell
from ltt_collab.documents.writer_rescue import FLIGHT
from ltt_collab.model.cells import CellType
from ltt_collab.model.ids import CellId, RoomId, SuggestionId, Username
from tests.support.yjs_peers import YjsPeer, YjsPeers
from tests.unit.documents.scenes import RecordingPresence, SteppedClock

AGENT = Username("agent")
SOURCE = "total = 0"
AT_ONCE = 40


class Room:
    """Our writer and a learner in Node; what is written arrives when the test delivers it."""

    def __init__(self, learner: YjsPeer) -> None:
        self.sent: list[bytes] = []
        self.learner = learner
        self.replica = Replica(on_local_update=self.sent.append)
        self.view = NotebookView(self.replica, RoomId("room"))
        self.clock = SteppedClock()
        presence = RecordingPresence()
        self.writer = Writer(self.replica, self.view, presence=presence, clock=self.clock, author=Username("tutor"))
        learner.ask("addCell", index=0, cell="mine", source=SOURCE)
        self.deliver()

    def deliver(self) -> None:
        """Everything that is under way arrives, on both sides."""
        while (late := self.learner.take_outbox()) or self.sent:
            for update in late:
                self.replica.apply(update)
            while self.sent:
                self.learner.apply(self.sent.pop(0))

    async def insert(self, source: str) -> CellId:
        async with self.writer.agents.turn() as turn:
            new = AgentCell(suggestion=SuggestionId(source), author=AGENT, type=CellType.CODE, source=source)
            return turn.insert(new)

    async def delete(self, *cells: CellId) -> None:
        for cell in cells:
            async with self.writer.agents.turn() as turn:
                turn.delete(cell, AGENT)

    def types(self, cell: str, at: int, text: str) -> None:
        """The learner types, letter by letter."""
        for offset, letter in enumerate(text):
            self.learner.ask("insert", cell=cell, index=at + offset, text=letter)

    def sources(self) -> list[str]:
        """All cells' texts, the same on both sides."""
        ours = {cell: self.view.cell_source(cell) for cell in self.view.cell_ids()}
        assert self.learner.sources() == ours
        return list(ours.values())


@pytest.fixture
def room(yjs: YjsPeers) -> Room:
    return Room(yjs.open("learner"))


class Copies:
    """The documents that were copied for late letters."""

    def __init__(self) -> None:
        self.made = 0
        self._alive: weakref.WeakSet[Doc[Any]] = weakref.WeakSet()

    def make(self) -> Doc[Any]:
        doc: Doc[Any] = Doc()
        self.made += 1
        self._alive.add(doc)
        return doc

    def alive(self) -> int:
        gc.collect()
        return len(self._alive)


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Copies:
    counted = Copies()
    monkeypatch.setattr("ltt_collab.documents.writer_rescue.Doc", counted.make)
    return counted


@pytest.mark.proves("writer:late-letters-are-kept")
async def test_letters_typed_into_several_of_many_cells_that_go_at_once_are_kept(room: Room) -> None:
    cells = [await room.insert(f"n = {number}") for number in range(AT_ONCE)]
    room.deliver()
    await room.delete(*reversed(cells))
    room.types(cells[3], 0, "# why? 😀")
    room.types(cells[30], len("n = 30"), "0 + 漢字")
    room.types("mine", len(SOURCE), " + 1")
    room.deliver()
    assert room.sources() == [f"{SOURCE} + 1", "# why? 😀", "0 + 漢字"]


@pytest.mark.proves("writer:late-letters-are-kept")
async def test_letters_typed_into_cells_that_came_and_went_between_other_deletions_are_kept(room: Room) -> None:
    first = await room.insert("a = 1")
    room.deliver()
    await room.delete(first)
    second = await room.insert("b = 2")
    room.deliver()
    async with room.writer.agents.turn() as turn:
        turn.rewrite(second, "b = 3", room.view.cell_hash(second), AGENT)
    room.deliver()
    room.types("mine", 0, "grand_")
    room.deliver()
    await room.delete(second)
    room.types(second, len("b = 3"), "00  # mine")
    room.deliver()
    assert room.sources() == [f"grand_{SOURCE}", "00  # mine"]


@pytest.mark.proves("writer:late-letters-are-kept")
async def test_late_letters_are_kept_also_when_a_server_repeats_many_deletions_first(room: Room) -> None:
    cells = [await room.insert(f"n = {number}") for number in range(4)]
    room.deliver()
    await room.delete(*cells)
    room.replica.apply(room.replica.diff(room.replica.state()))
    room.types(cells[1], 0, "HEY")
    room.types(cells[2], 0, "HO")
    room.deliver()
    assert room.sources() == [SOURCE, "HEY", "HO"]


@pytest.mark.proves("writer:few-copies")
async def test_any_number_of_cells_that_go_at_once_costs_one_copy(room: Room, copies: Copies) -> None:
    cells = [await room.insert(f"n = {number}") for number in range(AT_ONCE)]
    room.deliver()
    await room.delete(*reversed(cells))
    room.types("mine", 0, "x")
    room.deliver()
    assert copies.made == 1


@pytest.mark.proves("writer:few-copies")
async def test_who_deletes_without_an_end_has_three_copies_at_most_and_none_is_kept_for_long(
    room: Room, copies: Copies
) -> None:
    most = 0
    for number in range(12):
        cell = await room.insert(f"n = {number}")
        room.deliver()
        await room.delete(cell)
        room.types("mine", 0, "x")
        room.deliver()
        most = max(most, copies.alive())
        room.clock.time += FLIGHT / 4
    assert 1 <= most <= 3
    room.clock.time += 2 * FLIGHT
    room.types("mine", 0, "x")
    room.deliver()
    assert copies.alive() == 0


@pytest.mark.proves("writer:few-copies")
async def test_a_replica_that_sleeps_keeps_no_copy_and_the_next_deletion_makes_one(room: Room, copies: Copies) -> None:
    cells = [await room.insert(f"n = {number}") for number in range(2)]
    room.deliver()
    await room.delete(cells[0])
    assert copies.alive() == 1
    room.replica.hibernate()
    assert copies.alive() == 0
    await room.delete(cells[1])
    room.types(cells[1], 0, "HEY")
    room.deliver()
    assert room.sources() == [SOURCE, "HEY"]
