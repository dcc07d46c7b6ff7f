"""The note about a fixed error goes once the learner is seen elsewhere, and in any case soon."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from ltt_collab.model.cells import Cell, CellType
from ltt_collab.model.commands import EndSuggestion
from ltt_collab.model.edits import CellInserted, CursorMoved, RoomEvent, RunStarted, SourceEdited
from ltt_collab.model.ids import CellId, ClientId, RoomId, Seq, SuggestionId, Username
from ltt_collab.model.presence import Author, AuthorKind, Selection
from ltt_collab.model.suggestions import EndReason
from ltt_collab.peer.parting import LINGER, Parting
from ltt_collab.peer.scene import Scene
from tests.unit.peer.test_stay import HandTimers

ABOUT, NEXT = CellId("about"), CellId("next")
TAB = ClientId(1001)
ADA = Author(kind=AuthorKind.LEARNER, username=Username("ada"), client=TAB)
US = Author(kind=AuthorKind.AI, username=Username("ltt-tutor"))
FIXED = EndSuggestion(suggestion=SuggestionId("s1"), about=ABOUT, reason=EndReason.ACTED_ON, note_cell=CellId("note"))
IN_THE_LINE = Selection(cell_id=ABOUT, anchor=12, head=12)


class Room:
    """As much of a scene as parting needs; Ada's caret stands where she made the fix."""

    def __init__(self) -> None:
        self.timers = HandTimers()
        self.around = SimpleNamespace(clock=self.timers, timers=self.timers)
        humans = [SimpleNamespace(client=TAB, selection=IN_THE_LINE)]
        self.page = SimpleNamespace(provider=SimpleNamespace(presence=SimpleNamespace(humans=lambda: humans)))
        self.ended: list[EndSuggestion] = []
        self.parting = Parting(cast("Scene", self), self.ended.append)

    def tell(self, kind: type[RoomEvent], author: Author = ADA, **fields: Any) -> None:
        head = {"room": RoomId("r"), "seq": Seq(1), "at": self.timers.now(), "author": author}
        self.parting.handle(cast("Any", kind)(**head, **fields))


@pytest.fixture
def room() -> Room:
    fixed = Room()
    fixed.parting.hold(FIXED)
    return fixed


@pytest.mark.proves("writer:keyboard-survives-the-fixed-note")
def test_a_learner_who_does_nothing_has_the_note_for_a_moment(room: Room) -> None:
    room.timers.pass_time(LINGER - 0.01)
    assert room.ended == []
    room.timers.pass_time(0.02)
    assert room.ended == [FIXED]


@pytest.mark.proves("writer:keyboard-survives-the-fixed-note")
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (SourceEdited, {"cell_id": NEXT, "splices": ()}),
        (CursorMoved, {"selection": Selection(cell_id=NEXT, anchor=0, head=0)}),
        (CursorMoved, {"selection": Selection(cell_id=ABOUT, anchor=0, head=0)}),
        (RunStarted, {"cell_id": NEXT, "source_hash": "x"}),
        (CellInserted, {"cell": Cell(id=NEXT, type=CellType.CODE, source=""), "index": 2}),
    ],
)
def test_a_learner_seen_elsewhere_ends_it_once(room: Room, kind: type[RoomEvent], fields: dict[str, Any]) -> None:
    room.tell(kind, **fields)
    assert room.ended == [FIXED]
    room.timers.pass_time(LINGER)
    assert room.ended == [FIXED]


@pytest.mark.proves("writer:keyboard-survives-the-fixed-note")
def test_what_shows_nothing_of_the_active_cell_ends_nothing(room: Room) -> None:
    room.tell(CursorMoved, selection=IN_THE_LINE)
    room.tell(RunStarted, cell_id=ABOUT, source_hash="x")
    room.tell(CursorMoved, US, selection=Selection(cell_id=NEXT, anchor=0, head=0))
    assert room.ended == []


def test_hurry_ends_it_now_and_forgetting_never(room: Room) -> None:
    room.parting.hurry()
    assert room.ended == [FIXED]
    room.parting.hold(FIXED)
    room.parting.forget()
    room.timers.pass_time(LINGER)
    assert room.ended == [FIXED]
