"""Where a learner was last: the cell that a question in the chat is about; and where that chat lies."""

from __future__ import annotations

import json

import pytest

from ltt_collab.model.edits import CellRemoved, CursorMoved, PeerJoined, RunStarted, SourceEdited
from ltt_collab.model.ids import CellId, ClientId, RoomId, Seq, Username
from ltt_collab.model.presence import Author, AuthorKind, Selection, User
from ltt_collab.model.reporting import ChatScope
from ltt_collab.peer.chat_files import chat_path, new_chat
from ltt_collab.peer.whereabouts import LEARNERS_KEPT, Whereabouts
from tests.support.room_scene import TUTOR

ROOM = RoomId("room")
ONE, TWO = CellId("one"), CellId("two")


def learner(name: str = "ada") -> Author:
    return Author(kind=AuthorKind.LEARNER, username=Username(name))


def edited(cell: CellId, at: float, author: Author) -> SourceEdited:
    return SourceEdited(room=ROOM, seq=Seq(1), at=at, author=author, cell_id=cell, splices=())


def moved(cell: CellId | None, at: float, author: Author) -> CursorMoved:
    selection = None if cell is None else Selection(cell_id=cell, anchor=0, head=0)
    return CursorMoved(room=ROOM, seq=Seq(1), at=at, author=author, selection=selection)


def cell_of(whereabouts: Whereabouts, name: str = "ada") -> CellId | None:
    last = whereabouts.of(Username(name))
    return None if last is None else last.cell_id


def test_the_last_caret_edit_or_run_counts_and_a_caret_taken_away_does_not() -> None:
    whereabouts = Whereabouts()
    assert cell_of(whereabouts) is None
    whereabouts.handle(edited(ONE, 1.0, learner()))
    whereabouts.handle(moved(TWO, 2.0, learner()))
    whereabouts.handle(moved(None, 3.0, learner()))
    assert cell_of(whereabouts) == TWO
    run = RunStarted(room=ROOM, seq=Seq(2), at=4.0, author=learner(), cell_id=ONE, source_hash="h")
    whereabouts.handle(run)
    assert cell_of(whereabouts) == ONE


def test_each_learner_is_somewhere_else_and_nobody_is_in_a_cell_that_is_gone() -> None:
    whereabouts = Whereabouts()
    whereabouts.handle(edited(ONE, 1.0, learner()))
    whereabouts.handle(edited(TWO, 2.0, learner("bob")))
    whereabouts.handle(edited(TWO, 3.0, Author(kind=AuthorKind.AI, username=Username("ada"))))
    assert (cell_of(whereabouts), cell_of(whereabouts, "bob")) == (ONE, TWO)
    whereabouts.handle(CellRemoved(room=ROOM, seq=Seq(3), at=4.0, author=learner("bob"), cell_id=ONE, index=0))
    assert (cell_of(whereabouts), cell_of(whereabouts, "bob")) == (None, TWO)


@pytest.mark.proves("trigger:a-name-told-later-counts")
def test_what_was_done_before_a_name_was_told_is_that_learners() -> None:
    whereabouts = Whereabouts()
    nameless = Author(kind=AuthorKind.LEARNER, client=ClientId(7))
    whereabouts.handle(edited(TWO, 1.0, nameless))
    assert cell_of(whereabouts) == TWO, "nobody else did anything here"
    ada = Author(kind=AuthorKind.LEARNER, username=Username("ada"), client=ClientId(7))
    user = User(username=Username("ada"), display_name="Ada")
    whereabouts.handle(PeerJoined(room=ROOM, seq=Seq(2), at=2.0, author=ada, user=user))
    assert (cell_of(whereabouts), cell_of(whereabouts, "bob")) == (TWO, None)
    whereabouts.handle(edited(ONE, 3.0, Author(kind=AuthorKind.LEARNER, client=ClientId(8))))
    assert cell_of(whereabouts, "bob") is None, "two did something, and it is not known who is who"


def test_only_so_many_learners_are_remembered() -> None:
    whereabouts = Whereabouts()
    for number in range(LEARNERS_KEPT + 1):
        whereabouts.handle(edited(ONE, float(number), learner(f"l{number}")))
    assert cell_of(whereabouts, "l0") is None
    assert cell_of(whereabouts, f"l{LEARNERS_KEPT}") == ONE


@pytest.mark.parametrize(
    ("scope", "path"),
    [(ChatScope.NOTEBOOK, "week 1/a.b.chat"), (ChatScope.COURSE, "week 1/tutor.chat"), (ChatScope.OFF, None)],
)
def test_a_chat_lies_beside_its_notebook_or_once_in_the_folder_or_nowhere(scope: ChatScope, path: str | None) -> None:
    assert chat_path("week 1/a.b.ipynb", scope) == path


@pytest.mark.proves("chat:never-ahead-of-the-server")
def test_a_new_chat_has_a_welcome_that_is_older_than_any_message_to_come() -> None:
    chat = json.loads(new_chat(TUTOR, notebook="week 1/loops.ipynb", about=ROOM, at=1_000.0))
    (welcome,) = chat["messages"]
    assert "`loops.ipynb`" in welcome["body"]
    assert (welcome["time"], welcome["raw_time"], welcome["sender"]) == (1_000.0, False, TUTOR.username)
    assert chat["users"][TUTOR.username]["bot"] is True
    assert chat["metadata"]["ltt"] == {"about": ROOM}
