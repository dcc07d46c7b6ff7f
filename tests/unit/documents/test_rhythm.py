"""A note is cut into frames of whole words, few enough for the promised time."""

from __future__ import annotations

import pytest

from ltt_collab.documents.rhythm import FRAME, MOST_FRAMES, frames_of
from ltt_collab.documents.writer_typing import LINGER

TEXTS = ["", " ", "one", "one two ", "  lead\n\n- a list\n- `of  code`\n", "漢字 😀 e\u0301", "word " * 400, "x" * 5000]


@pytest.mark.parametrize("text", TEXTS)
def test_the_frames_are_the_text_in_whole_words(text: str) -> None:
    frames = frames_of(text)
    assert "".join(frames) == text
    assert len(frames) <= MOST_FRAMES
    assert all(frame[:1].isspace() for frame in frames[1:])


def test_the_longest_note_is_typed_within_the_promise() -> None:
    assert MOST_FRAMES * FRAME + LINGER <= 1.5
