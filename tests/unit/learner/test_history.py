"""A history is used only when two readers see the same text in it."""

from __future__ import annotations

import random
from typing import Any

import pytest
from ltt_learner.history import BrokenHistoryError, merge_whole
from pycrdt import Doc, Map, Text


def recorded_typing(client: int, text: str, start: Doc[Any] | None = None) -> list[bytes]:
    """The updates of a client that typed ``text`` letter by letter, after what ``start`` holds."""
    doc: Doc[Any] = Doc(client_id=client)
    updates: list[bytes] = []
    if start is not None:
        doc.apply_update(start.get_update())
        updates.append(start.get_update())
    target = doc.get("text", type=Text)
    watch = doc.observe(lambda event: updates.append(event.update))
    for letter in text:
        target.insert(0, letter)
    doc.unobserve(watch)
    return updates


def text_of(update: bytes) -> str:
    """What a Doc of this update holds."""
    doc: Doc[Any] = Doc()
    doc.apply_update(update)
    return str(doc.get("text", type=Text))


@pytest.mark.proves("learner:hole-detected")
def test_updates_without_a_gap_become_one_update_of_the_same_text() -> None:
    assert text_of(merge_whole(recorded_typing(7, "abc"))) == "cba"


@pytest.mark.proves("learner:hole-detected")
def test_a_missing_first_operation_of_a_client_is_a_hole() -> None:
    # As upstream leaves it: the room's own `state.path` is made before the store listens.
    room: Doc[Any] = Doc(client_id=7)
    state = room.get("state", type=Map)
    state["path"] = "a.ipynb"
    stored: list[bytes] = []
    watch = room.observe(lambda event: stored.append(event.update))
    state["dirty"] = False
    room.unobserve(watch)

    with pytest.raises(BrokenHistoryError, match="a hole in the operations of 1 client"):
        merge_whole(stored)


@pytest.mark.proves("learner:hole-detected")
@pytest.mark.parametrize("seed", range(20))
def test_any_lost_update_but_the_last_of_its_client_is_a_hole(seed: int) -> None:
    chance = random.Random(seed)
    updates = recorded_typing(1, "hello") + recorded_typing(2, "world")
    lost = chance.choice([index for index in range(len(updates)) if index not in {4, 9}])
    kept = [update for index, update in enumerate(updates) if index != lost]
    chance.shuffle(kept)

    with pytest.raises(BrokenHistoryError):
        merge_whole(kept)


@pytest.mark.proves("learner:hole-detected")
def test_deletions_and_repeated_updates_are_no_hole() -> None:
    doc: Doc[Any] = Doc(client_id=3)
    text = doc.get("text", type=Text)
    text += "some é😀 text"
    first = doc.get_update()
    del text[0:5]
    assert text_of(merge_whole([first, doc.get_update(), first])) == "é😀 text"


@pytest.mark.proves("learner:hole-detected")
@pytest.mark.parametrize("junk", [b"", b"\x01", b"\xff" * 40, b"not an update"])
def test_bytes_that_are_no_update_are_refused(junk: bytes) -> None:
    with pytest.raises(BrokenHistoryError):
        merge_whole([*recorded_typing(1, "a"), junk])
    with pytest.raises(BrokenHistoryError):
        merge_whole([junk])
