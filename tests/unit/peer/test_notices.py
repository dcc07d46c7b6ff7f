"""A notice stands while it is true, once, and goes when it is not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from ltt_collab.documents.writer_notes import Note
from ltt_collab.model.cells import CellRole
from ltt_collab.model.errors import CellOccupiedError
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.peer.acts import Act, Acts
from ltt_collab.peer.notices import AGAIN, NoticeKind, Notices
from ltt_collab.peer.scene import Scene
from tests.unit.peer.test_stay import HandTimers


class Room:
    """A notebook of two cells; ``notes``: what we wrote, by suggestion."""

    def __init__(self) -> None:
        self.timers = HandTimers()
        self.around = SimpleNamespace(clock=self.timers, timers=self.timers)
        self.stamp = SimpleNamespace(room="r")
        self.notes: dict[str, str] = {}
        self.written: list[Note] = []
        self.unwritable: str | None = None
        self.silent: str | None = None
        self.caret_in_note = False
        self.caret = CellId("one")
        cells = [SimpleNamespace(id=CellId(name), hash="h", ownership=None) for name in ("one", "two")]
        view = SimpleNamespace(
            snapshot=lambda _seq: SimpleNamespace(cells=cells),
            cell=lambda name: next(cell for cell in cells if cell.id == name),
        )
        human = SimpleNamespace(selection=SimpleNamespace(cell_id=self.caret))
        provider = SimpleNamespace(presence=SimpleNamespace(humans=lambda: [human]))
        self.page = SimpleNamespace(view=view, writer=self, provider=provider)
        self.acts: list[Act] = []
        self.notices = Notices(cast("Scene", self), cast("Acts", SimpleNamespace(add=self.acts.append)))

    async def act(self) -> dict[str, str]:
        while self.acts:
            await self.acts.pop(0)()
        return self.notes

    def why_unwritable(self) -> str | None:
        return self.unwritable

    def why_silent(self) -> str | None:
        return self.unwritable or self.silent

    # The writer.

    def find_note(self, suggestion: SuggestionId) -> CellId | None:
        return CellId(suggestion) if suggestion in self.notes else None

    async def write_note(self, note: Note) -> None:
        self.written.append(note)
        self.notes[note.suggestion] = note.text

    async def rewrite_note(self, cell: CellId, text: str) -> None:
        self._expect_free(cell)
        self.notes[cell] = text

    async def remove_note(self, cell: CellId, _suggestion: SuggestionId) -> None:
        self._expect_free(cell)
        del self.notes[cell]

    def _expect_free(self, cell: CellId) -> None:
        if self.caret_in_note:
            raise CellOccupiedError(cell)


@pytest.fixture
def room() -> Room:
    return Room()


async def test_a_notice_stands_below_the_learners_cell_once_and_is_brought_up_to_date_in_place(room: Room) -> None:
    for text in ("stops at 10", "stops at 10", "stops at 11"):
        room.notices.show(NoticeKind.STOP, text)
        await room.act()
    assert room.notes == {"notice-stop": "stops at 11"}
    assert [(note.about, note.role) for note in room.written] == [("one", CellRole.STATUS)]


async def test_two_kinds_stand_beside_each_other_and_each_goes_by_itself(room: Room) -> None:
    room.notices.show(NoticeKind.STOP, "stops")
    room.notices.show(NoticeKind.SAVING, "not saved")
    assert len(await room.act()) == 2
    room.notices.take_back(NoticeKind.STOP)
    assert await room.act() == {"notice-saving": "not saved"}


async def test_what_an_earlier_life_left_is_taken_away_when_the_room_is_up(room: Room) -> None:
    room.notes["notice-stop"] = "stops at 9"
    room.notices.begin()
    assert await room.act() == {}


async def test_what_could_not_be_written_is_written_when_the_room_is_up_again(room: Room) -> None:
    room.unwritable = "reconnecting"
    room.notices.show(NoticeKind.SAVING, "not saved")
    assert await room.act() == {}
    room.unwritable = None
    room.notices.begin()
    assert await room.act() == {"notice-saving": "not saved"}


async def test_a_stop_of_the_ai_stops_notices_too_but_not_their_end(room: Room) -> None:
    room.notices.show(NoticeKind.SAVING, "not saved")
    await room.act()
    room.silent = "paused"
    room.notices.show(NoticeKind.STOP, "stops")
    assert list(await room.act()) == ["notice-saving"]
    room.notices.take_back(NoticeKind.SAVING)
    assert await room.act() == {}


async def test_a_notice_with_a_caret_in_it_goes_when_the_caret_has_left(room: Room) -> None:
    room.notices.show(NoticeKind.STOP, "stops")
    await room.act()
    room.caret_in_note = True
    room.notices.take_back(NoticeKind.STOP)
    assert len(await room.act()) == 1
    room.caret_in_note = False
    room.timers.pass_time(AGAIN + 0.1)
    assert await room.act() == {}


async def test_after_the_end_of_the_room_nothing_is_tried_again(room: Room) -> None:
    room.notices.show(NoticeKind.STOP, "stops")
    await room.act()
    room.caret_in_note = True
    room.notices.take_back(NoticeKind.STOP)
    await room.act()
    room.notices.end()
    assert room.timers.pending == {}
