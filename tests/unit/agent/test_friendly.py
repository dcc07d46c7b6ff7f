"""What is taken over from friendly-traceback, and what is not."""

from __future__ import annotations

import pytest

from agent.friendly import cause_in_words
from ltt_collab.model.edits import RunError

ERROR = RunError(name="ValueError", value="month must be in 1..12")
TOLD = "ValueError: month must be in 1..12\n\nI am guessing that you specify\nan invalid value.\n\nMore of it."


def test_the_cause_is_told_in_whole_sentences_and_not_in_the_first_person() -> None:
    assert cause_in_words(TOLD, ERROR) == "It seems that you specify an invalid value."


@pytest.mark.parametrize(
    "told",
    [
        "",
        TOLD.replace("month", "day"),
        "ValueError: month must be in 1..12\n\nNo information is known about this exception.\nPlease report it",
        "ValueError: month must be in 1..12\n\nSee https://example.org/ for it.",
        "ValueError: month must be in 1..12\n\n" + "word " * 80,
    ],
    ids=["nothing", "another error", "nothing known", "a link", "too long"],
)
def test_nothing_is_told_of_another_error_or_where_nothing_is_known(told: str) -> None:
    assert cause_in_words(told, ERROR) == ""
