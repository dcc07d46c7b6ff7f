"""Texts are compared in a thread beforehand, and once."""

from __future__ import annotations

import threading

import pytest

from ltt_collab.peer import leak_looks
from ltt_collab.peer.leak_looks import LeakLooks, Question

MAIN = "MainThread"


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Which text was compared in which thread."""
    found: list[tuple[str, str]] = []

    def leaks(text: str, reference: str, _known: str) -> bool:
        found.append((text, threading.current_thread().name.partition("_")[0]))
        return text == reference

    monkeypatch.setattr(leak_looks, "leaks", leaks)
    return found


def question(text: str, known: str = "") -> Question:
    return Question(text, "secret", known)


@pytest.mark.proves("agents:looked-ahead")
async def test_what_was_looked_at_ahead_is_known_in_the_turn_though_the_learner_typed_since(
    looked: list[tuple[str, str]],
) -> None:
    looks = LeakLooks()
    await looks.ahead([question("secret"), question("harmless")])
    await looks.ahead([question("secret"), question("harmless")])
    assert looks.answer(question("secret", known="typed since"))
    assert not looks.answer(question("harmless"))
    assert looked == [("secret", "leaks"), ("harmless", "leaks")]


@pytest.mark.proves("agents:looked-ahead")
async def test_another_text_is_looked_at_in_the_turn_and_an_old_answer_is_none(
    looked: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = LeakLooks()
    await looks.ahead([question("half")])
    assert not looks.answer(question("half and half"))
    assert looked[-1] == ("half and half", MAIN), "a piece was written meanwhile"
    monkeypatch.setattr(leak_looks, "KEPT_SECONDS", 0.0)
    assert not looks.answer(question("half"))
    assert looked[-1] == ("half", MAIN)
