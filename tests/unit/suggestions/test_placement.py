"""Where a suggestion goes."""

from __future__ import annotations

from typing import Any

import pytest

from ltt_collab.model.cells import Notebook
from ltt_collab.model.ids import CellId, ClientId, Username
from ltt_collab.model.presence import Participant, Selection, User
from ltt_collab.model.suggestions import Draft, Placement
from ltt_collab.suggestions.placement import ExtendedNote, NewNote, Place, Wait, place, signed
from tests.support.conversation import NOTE, ROOM, A, B, code, note

NOTEBOOK = Notebook(room=ROOM, path="a.ipynb", cells=(code(A, "one\ntwo"), note(), code(B)))


def draft(**changes: Any) -> Draft:
    fields: dict[str, Any] = {
        "cell_id": A, "expected_hash": "0", "placement": Placement.NOTE, "text": "look", "line": 2,
        "idempotency_key": "k",
    }  # fmt: skip
    return Draft(**(fields | changes))


def human(cell: CellId | None) -> Participant:
    selection = None if cell is None else Selection(cell_id=cell, anchor=0, head=0)
    return Participant(client=ClientId(1), user=User(username=Username("ada"), display_name="Ada"), selection=selection)


def test_by_default_the_line_is_pointed_at_and_the_note_goes_directly_below() -> None:
    assert place(draft(), NOTEBOOK, [human(A)], None) == Place(line=2, note=NewNote(below=A))


def test_a_later_rung_is_added_to_the_note_that_stands_there() -> None:
    assert place(draft(), NOTEBOOK, [human(A), human(None)], NOTE) == Place(line=2, note=ExtendedNote(note_cell=NOTE))


def test_a_note_that_is_gone_is_written_anew() -> None:
    assert place(draft(), NOTEBOOK, [], CellId("gone")) == Place(line=2, note=NewNote(below=A))


def test_while_anybodys_cursor_is_in_the_note_nothing_is_added() -> None:
    assert place(draft(), NOTEBOOK, [human(A), human(NOTE)], NOTE) == Wait(because="somebody's cursor is in the note")


@pytest.mark.parametrize("change", [{"placement": Placement.POINTER}, {"text": " \n"}])
def test_a_draft_without_a_note_only_points(change: dict[str, Any]) -> None:
    assert place(draft(**change), NOTEBOOK, [human(NOTE)], NOTE) == Place(line=2, note=None)


@pytest.mark.parametrize(("line", "pointed"), [(None, None), (0, None), (1, 1), (2, 2), (3, None), (-1, None)])
def test_only_a_line_that_the_cell_has_is_pointed_at(line: int | None, pointed: int | None) -> None:
    placed = place(draft(line=line), NOTEBOOK, [], None)
    assert isinstance(placed, Place)
    assert placed.line == pointed


@pytest.mark.proves("suggestion:says-who-says-it")
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Look at **line 2**.", "**Tutor:** Look at **line 2**."),
        ("`x` is a number.", "**Tutor:** `x` is a number."),
        ("```\nx = 1\n```", "**Tutor:**\n\n```\nx = 1\n```"),
        ("- one\n- two", "**Tutor:**\n\n- one\n- two"),
        ("1. one", "**Tutor:**\n\n1. one"),
        ("> said", "**Tutor:**\n\n> said"),
        ("3 lines are missing", "**Tutor:** 3 lines are missing"),
    ],
)
def test_a_note_begins_with_who_says_it_and_keeps_its_blocks(text: str, written: str) -> None:
    assert signed(text, "Tutor") == written
