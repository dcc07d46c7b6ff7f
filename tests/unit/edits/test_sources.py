"""Typing in a cell is said in code points, with its author."""

from __future__ import annotations

import pytest

from ltt_collab.edits.splices import apply_splices, difference, utf8_splices
from ltt_collab.model.edits import SourceEdited, Splice
from ltt_collab.model.ids import CellId
from ltt_collab.model.presence import SERVER, UNKNOWN
from tests.unit.edits.session import ADA, AI, BOB, People, Session, code_cell

SUM = "x = 1\n"


@pytest.mark.proves("edits:positions-in-code-points")
def test_a_keystroke_names_its_cell_author_and_place() -> None:
    session = Session(code_cell("a", SUM), code_cell("b", "y"))
    session.ada.type(1, 1, "z")
    edited = session.only(SourceEdited)
    assert (edited.cell_id, edited.author, edited.splices) == (CellId("b"), ADA, (Splice(1, 0, "z"),))


@pytest.mark.proves("edits:positions-in-code-points")
def test_positions_after_emoji_and_accents_count_code_points() -> None:
    session = Session(code_cell("a", "é😀x"))
    session.ada.type(0, len("é😀".encode()), "漢")
    assert session.only(SourceEdited).splices == (Splice(2, 0, "漢"),)
    session.ada.erase(0, 0, len("é😀".encode()))
    assert session.only(SourceEdited).splices == (Splice(0, 2, ""),)


def test_a_cell_that_turns_ascii_again_is_still_followed() -> None:
    session = Session(code_cell("a", "é"))
    session.ada.erase(0, 0, 2)
    session.ada.type(0, 0, "plain")
    session.ada.type(0, 5, "é")
    session.ada.type(0, 7, "x")
    assert [e.splices[0].at for e in session.take() if isinstance(e, SourceEdited)] == [0, 0, 5, 6]


def test_replacing_everything_is_one_splice() -> None:
    session = Session(code_cell("a", SUM))
    with session.ada.transaction() as cells:
        text = cells[0]["source"]
        del text[0 : len(text)]
        text.insert(0, "y = 2")
    assert session.only(SourceEdited).splices == (Splice(0, len(SUM), "y = 2"),)


def test_several_places_in_one_transaction_apply_one_after_the_other() -> None:
    session = Session(code_cell("a", "abcdef"))
    with session.ada.transaction() as cells:
        text = cells[0]["source"]
        text.insert(0, "1")
        del text[3:5]
        text.insert(5, "é")
    splices = session.only(SourceEdited).splices
    assert len(splices) == 3
    assert apply_splices("abcdef", splices) == "1abefé"


def test_what_was_written_and_deleted_at_once_is_no_edit() -> None:
    session = Session(code_cell("a", SUM))
    with session.ada.transaction() as cells:
        text = cells[0]["source"]
        text.insert(0, "oops")
        del text[0:4]
    assert session.take() == []


@pytest.mark.proves("edits:author-of-a-deletion")
def test_a_bare_deletion_is_by_the_only_human_present() -> None:
    session = Session(code_cell("a", SUM), people=People(BOB))
    session.bob.erase(0, 0, 1)
    assert session.only(SourceEdited).author == BOB


@pytest.mark.proves("edits:author-of-a-deletion")
def test_a_bare_deletion_with_two_humans_present_is_by_nobody_known() -> None:
    session = Session(code_cell("a", SUM))
    session.bob.erase(0, 0, 1)
    assert session.only(SourceEdited).author == UNKNOWN


@pytest.mark.proves("edits:author-of-a-deletion")
def test_a_deletion_as_jupyterlab_sends_it_names_its_author() -> None:
    session = Session(code_cell("a", SUM))
    session.bob.erase(0, 0, 1, dirty=True)
    assert session.only(SourceEdited).author == BOB


@pytest.mark.proves("edits:our-writes-are-the-ais")
def test_what_our_writer_changes_is_said_as_the_ais() -> None:
    session = Session(code_cell("a", SUM))
    with session.replica.writing() as doc:
        doc["cells"][0]["source"].insert(0, "# hint\n")
    assert session.only(SourceEdited).author == AI


def test_what_the_server_writes_is_said_as_the_servers() -> None:
    session = Session(code_cell("a", SUM))
    session.server.type(0, 0, "# from disk\n")
    assert session.only(SourceEdited).author == SERVER


def test_typing_wakes_a_sleeping_room_and_is_told_exactly() -> None:
    session = Session(code_cell("a", "é" + SUM))
    session.replica.hibernate()
    session.ada.type(0, 2, "z")
    assert session.only(SourceEdited).splices == (Splice(1, 0, "z"),)


@pytest.mark.parametrize(
    ("old", "new"), [("", ""), ("a", ""), ("", "a"), ("aa", "aaa"), ("abcabc", "abc"), ("é😀", "😀é"), ("xay", "xby")]
)
def test_a_difference_makes_the_new_text_of_the_old(old: str, new: str) -> None:
    assert apply_splices(old, difference(old, new)) == new


def test_a_delta_that_cuts_a_character_is_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        utf8_splices([{"retain": 1}, {"insert": "x"}], "é".encode())
