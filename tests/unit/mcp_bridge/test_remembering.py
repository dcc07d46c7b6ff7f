"""What is remembered for clients: cells as a session last saw them, answers by key."""

from __future__ import annotations

import pytest

from ltt_collab.mcp_bridge import remembering
from ltt_collab.mcp_bridge.answers import Reply
from ltt_collab.mcp_bridge.remembering import ANSWERS_OF_ONE, Answers, SessionState
from ltt_collab.model.cells import Cell, CellType, Notebook
from ltt_collab.model.ids import CellId, RoomId, Seq, Username
from ltt_collab.model.text import source_hash

ROOM = RoomId("room")
BUSY, QUIET = Username("busy"), Username("quiet")


def notebook(*cells: tuple[str, str]) -> Notebook:
    made = tuple(Cell(id=CellId(cell), type=CellType.CODE, source=source) for cell, source in cells)
    return Notebook(room=ROOM, path="a.ipynb", cells=made, seq=Seq(1))


def test_a_cell_that_moved_is_known_as_it_was_last_read() -> None:
    state = SessionState()
    state.remember(notebook(("a", "x = 1"), ("b", "y = 1")))
    later = notebook(("above", ""), ("a", "x = 2"), ("b", "y = 1"))
    state.remember(later, range(1, 2))
    assert state.hash_of(ROOM, CellId("a")) == source_hash("x = 2")
    assert state.read_at(ROOM, 1) == ("a", source_hash("x = 2"))


@pytest.mark.proves("mcp:by-index-conflict")
def test_what_a_client_did_itself_moves_cells_and_tells_it_nothing_new_of_them() -> None:
    state = SessionState()
    state.remember(notebook(("a", "x = 1"), ("b", "y = 1")))
    state.remember_cell(ROOM, 0, CellId("mine"), source_hash("z = 1"))
    state.follow(notebook(("mine", "z = 1"), ("a", "x = 999"), ("b", "y = 1"), ("new", "")))
    assert state.read_at(ROOM, 0) == ("mine", source_hash("z = 1"))
    assert state.read_at(ROOM, 1) == ("a", source_hash("x = 1")), "the learner's change was not read"
    assert state.read_at(ROOM, 2) == ("b", source_hash("y = 1"))
    assert state.read_at(ROOM, 3) is None


def test_what_is_gone_is_forgotten() -> None:
    state = SessionState()
    state.remember(notebook(("a", "x = 1"), ("b", "y = 1")))
    state.remember(notebook(("b", "y = 1")))
    assert state.hash_of(ROOM, CellId("a")) is None
    assert state.read_at(ROOM, 1) is None


async def answered(answers: Answers, who: Username, key: str, text: str) -> str:
    async def work() -> Reply:
        return Reply(texts=(text,))

    return (await answers.once(who, key, work)).texts[0]


@pytest.mark.proves("mcp:idempotent")
async def test_one_agents_answers_never_push_out_anothers() -> None:
    answers = Answers()
    await answered(answers, QUIET, "k", "first")
    for number in range(ANSWERS_OF_ONE + 1):
        await answered(answers, BUSY, str(number), "busy")
    assert await answered(answers, QUIET, "k", "again") == "first"
    assert await answered(answers, BUSY, str(ANSWERS_OF_ONE), "again") == "busy"
    assert await answered(answers, BUSY, "0", "again") == "again", "its own oldest is forgotten"


@pytest.mark.proves("mcp:run-once")
async def test_an_error_is_remembered_only_when_something_was_done_before_it() -> None:
    answers = Answers()
    replies = [Reply(texts=("busy",), is_error=True), Reply(texts=("late",), is_error=True, settled=True)]

    async def work() -> Reply:
        return replies.pop(0)

    assert [(await answers.once(BUSY, "k", work)).texts[0] for _ in range(3)] == ["busy", "late", "late"]


async def test_answers_take_no_more_than_their_share_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "TEXT_OF_ONE", 100)
    monkeypatch.setattr(remembering, "TEXT_OF_ALL", 150)
    answers = Answers()
    for key in ("old", "new"):
        await answered(answers, BUSY, key, key * 20)
    assert await answered(answers, BUSY, "old", "anew") == "anew"
    await answered(answers, QUIET, "k", "q" * 80)
    assert await answered(answers, BUSY, "old", "anew again") == "anew again", "who wrote longest ago is forgotten"
