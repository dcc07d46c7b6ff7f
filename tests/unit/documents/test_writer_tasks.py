"""A newer release of a task changes its instructions where they stand as they were delivered, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from pycrdt import Array, Map, Text

from ltt_collab.documents.notebook import NotebookView
from ltt_collab.documents.replica import Replica
from ltt_collab.documents.writer import Writer
from ltt_collab.documents.writer_notes import Note
from ltt_collab.documents.writer_tasks import Renewal
from ltt_collab.model.cells import CellRole, CellType
from ltt_collab.model.courses import TASK_KEY, TaskMark, TaskRole
from ltt_collab.model.ids import CellId, CourseId, RoomId, SuggestionId, TaskId, Username
from ltt_collab.model.tasks import DeliveredCell, ReleasedCell
from ltt_collab.model.text import source_hash, utf16_length
from tests.support.yjs_peers import YjsPeer, YjsPeers
from tests.unit.documents.scenes import RecordingPresence, SteppedClock

MARK = TaskMark(course=CourseId("basics"), task=TaskId("mean"), role=TaskRole.TASK)


def text(id: str, source: str) -> ReleasedCell:
    return ReleasedCell(id=CellId(id), type=CellType.MARKDOWN, role=TaskRole.TASK, source=source)


def work(id: str, source: str = "...") -> ReleasedCell:
    return ReleasedCell(id=CellId(id), type=CellType.CODE, role=TaskRole.WORK, source=source)


FIRST = [text("t1", "# Mean\n\nWrite 漢字 `mean`."), work("w1"), text("t2", "And the median."), work("w2")]


class Room:
    """Our writer and a Yjs learner in a notebook that was delivered with a release."""

    def __init__(self, learner: YjsPeer, release: Sequence[ReleasedCell] = FIRST) -> None:
        self.learner = learner
        self.to_learner: list[bytes] = []
        self.replica = Replica(on_local_update=self.to_learner.append)
        self.view = NotebookView(self.replica, RoomId("room"))
        self.presence = RecordingPresence()
        self.writer = Writer(
            self.replica, self.view, presence=self.presence, clock=SteppedClock(), author=Username("tutor")
        )
        cells: Array[Any] = self.replica.cells
        delivered = [DeliveredCell.of(cell).as_metadata() for cell in release]
        with self.replica.writing():
            self.replica.meta["metadata"] = Map({TASK_KEY: {"course": "basics", "task": "mean", "cells": delivered}})
            cells.extend([_shared(cell) for cell in release])
        self.deliver()

    def deliver(self) -> None:
        for update in self.learner.take_outbox():
            self.replica.apply(update)
        while self.to_learner:
            self.learner.apply(self.to_learner.pop(0))

    async def renew(self, *release: ReleasedCell) -> Renewal:
        return await self.writer.tasks.renew(release)

    def sources(self) -> list[str]:
        self.deliver()
        theirs = list(self.learner.sources().values())
        assert theirs == [self.view.cell_source(cell) for cell in self.view.cell_ids()]
        return theirs


def _shared(cell: ReleasedCell) -> Map[Any]:
    marked = Map({TASK_KEY: {**MARK.as_metadata(), "role": cell.role.value}})
    return Map({"id": cell.id, "cell_type": cell.type.value, "source": Text(cell.source), "metadata": marked})


@pytest.fixture
def room(yjs: YjsPeers, request: pytest.FixtureRequest) -> Room:
    return Room(yjs.open(request.node.name))


@pytest.mark.proves("delivery:task-text-renewed")
async def test_changed_instructions_change_and_every_place_to_work_stays(room: Room) -> None:
    room.learner.ask("insert", cell="w1", index=0, text="mine 😀")
    done = await room.renew(text("t1", "# Mean\n\nWrite 漢字 `mean` well."), work("w1", "new"), FIRST[2], work("w2"))
    assert done.changed == ["t1"]
    assert room.sources() == ["# Mean\n\nWrite 漢字 `mean` well.", "mine 😀...", "And the median.", "..."]
    again = await room.renew(text("t1", "# Mean\n\nWrite 漢字 `mean` well."), work("w1", "new"), FIRST[2], work("w2"))
    assert again.touched == 0
    assert not room.to_learner


@pytest.mark.proves("delivery:learners-cells-left-alone")
async def test_instructions_that_the_learner_edited_stay_theirs_in_this_release_and_the_next(room: Room) -> None:
    room.learner.ask("insert", cell="t1", index=0, text="My notes. ")
    room.deliver()
    for _ in range(2):
        done = await room.renew(text("t1", "Another text."), *FIRST[1:])
        await room.renew(text("t1", "And another."), *FIRST[1:])
    assert done.left == ["t1"]
    assert room.sources()[0] == "My notes. # Mean\n\nWrite 漢字 `mean`."


@pytest.mark.proves("delivery:learners-cells-left-alone")
async def test_instructions_that_the_learner_deleted_stay_deleted(room: Room) -> None:
    room.learner.ask("removeCell", cell="t1")
    room.deliver()
    await room.renew(text("t1", "Another text."), *FIRST[1:3], work("w2", "starter"))
    assert room.sources() == ["...", "And the median.", "..."]


@pytest.mark.proves("delivery:learners-cells-left-alone")
async def test_own_cells_and_our_status_cell_stay_where_they_are(room: Room) -> None:
    room.learner.ask("addCell", index=2, cell="own", source="scratch = 1")
    room.deliver()
    status = Note(
        suggestion=SuggestionId("t-basics-mean"), about=CellId("w2"), expected_hash=source_hash("..."),
        text="0 of 3 checks pass.", role=CellRole.STATUS,
    )  # fmt: skip
    await room.writer.write_note(status)
    await room.renew(FIRST[0], work("w1"), text("t1b", "A step more."), text("t2", "The median, then."), work("w2"))
    shown = ["# Mean\n\nWrite 漢字 `mean`.", "...", "scratch = 1", "A step more.", "The median, then.", "..."]
    assert room.sources() == [*shown, "0 of 3 checks pass."]


@pytest.mark.proves("delivery:task-text-renewed")
async def test_a_text_put_before_another_comes_before_it_though_the_ids_of_both_are_counted_anew(room: Room) -> None:
    """An author who names no cells has them counted: the old first text is the second one of the new release."""
    done = await room.renew(
        text("t1", "Read this first."), text("t2", FIRST[0].source), work("w1"), text("t3", "And the median."),
        work("w2"), text("t4", "Well done."),
    )  # fmt: skip
    assert (len(done.added), done.changed, done.removed) == (2, [], [])
    shown = ["Read this first.", FIRST[0].source, "...", "And the median.", "...", "Well done."]
    assert room.sources() == shown
    assert len(set(room.view.cell_ids())) == 6
    await room.renew(text("t1", "Read that first."), text("t2", FIRST[0].source), *FIRST[1:], text("t4", "Bravo."))
    assert room.sources() == ["Read that first.", *shown[1:5], "Bravo."]


@pytest.mark.proves("delivery:task-text-renewed")
async def test_a_text_that_is_no_more_goes_and_a_new_place_to_work_comes(room: Room) -> None:
    done = await room.renew(FIRST[0], work("w1"), work("w2"), work("w3", "def median(): ..."))
    assert (done.removed, done.added) == (["t2"], ["w3"])
    assert room.sources() == [FIRST[0].source, "...", "...", "def median(): ..."]
    cell = room.view.cell(CellId("w3"))
    assert cell.task is not None
    assert (cell.task.course, cell.task.task, cell.task.role) == ("basics", "mean", TaskRole.WORK)


@pytest.mark.proves("delivery:learners-cells-left-alone")
async def test_instructions_with_a_caret_in_them_wait_and_change_when_it_has_left(room: Room) -> None:
    room.presence.enter(CellId("t1"))
    release = [text("t1", "Another text."), FIRST[1], text("t2", "The median."), FIRST[3]]
    done = await room.renew(*release)
    assert (done.waiting, done.changed) == (True, ["t2"])
    room.presence.leave()
    done = await room.renew(*release)
    assert (done.waiting, done.changed) == (False, ["t1"])


async def test_a_notebook_that_no_task_was_delivered_with_stays_as_it_is(room: Room) -> None:
    with room.replica.writing():
        metadata = room.replica.meta["metadata"]
        metadata[TASK_KEY] = {"course": "basics", "task": "mean"}
    room.deliver()
    assert (await room.renew(text("t1", "Another text."))).touched == 0
    assert room.sources() == [cell.source for cell in FIRST]


class Typing:
    """The learner types at the same time: their letters reach us only after we have written."""

    def __init__(self, room: Room, dice: random.Random) -> None:
        self.room, self.dice = room, dice
        self.typed: list[str] = []

    def type(self) -> None:
        cells = self.room.learner.sources()
        cell = self.dice.choice(list(cells))
        letter = chr(ord("😀") + len(self.typed))
        self.typed.append(letter)
        at = self.dice.randint(0, len(cells[cell]))
        self.room.learner.ask("insert", cell=cell, index=utf16_length(cells[cell][:at]), text=letter)


@pytest.mark.proves("delivery:learners-cells-left-alone")
@pytest.mark.parametrize("seed", range(6))
async def test_every_letter_typed_at_the_same_time_stands_in_the_end(yjs: YjsPeers, seed: int) -> None:
    dice = random.Random(seed)
    room = Room(yjs.open(f"at-once-{seed}"))
    typing = Typing(room, dice)
    for number in range(4):
        for _ in range(dice.randint(1, 3)):
            typing.type()
        texts = [text(f"t{at}", f"Text {dice.randint(0, 9)} of release {number}.") for at in range(dice.randint(0, 3))]
        await room.renew(*texts[:1], work("w1"), *texts[1:], work("w2"))
        room.deliver()
    everything = "\n".join(room.sources())
    assert [letter for letter in typing.typed if everything.count(letter) != 1] == []
    assert not room.learner.ask("pending")
    assert {"w1", "w2"} <= set(room.view.cell_ids())
