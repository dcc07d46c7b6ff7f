"""What is made of the notes that an earlier life, or a lost connection, left in the document."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltt_collab.model.cells import Cell
from ltt_collab.model.suggestions import EndReason
from ltt_collab.model.text import source_hash
from ltt_collab.suggestions.stock import Marked, why_over
from tests.support.conversation import NAME_ERROR, code, note

WHOLE = "look at line 2"


def left(source: str) -> Marked:
    """A note that was to have the whole text, with what stands in it now."""
    cell: Cell = note(source=source, written=source_hash(WHOLE))
    assert cell.ownership is not None
    mark = replace(cell.ownership, writing=WHOLE)
    return Marked(replace(cell, ownership=mark), mark, True)


@pytest.mark.proves("suggestion:no-half-notes")
@pytest.mark.parametrize("source", ["", "look", "look at line "])
def test_half_a_note_is_withdrawn(source: str) -> None:
    assert why_over(left(source), code(error=NAME_ERROR, count=1), "") is EndReason.WITHDRAWN


@pytest.mark.proves("suggestion:no-half-notes")
@pytest.mark.parametrize("source", ["look!", "my look", "look at line 2, I see"])
def test_half_a_note_with_letters_of_a_learner_is_the_learners(source: str) -> None:
    assert why_over(left(source), code(error=NAME_ERROR, count=1), "") is EndReason.ADOPTED


def test_a_note_that_was_typed_to_its_end_goes_on() -> None:
    assert why_over(left(WHOLE), code(error=NAME_ERROR, count=1), "") is None
