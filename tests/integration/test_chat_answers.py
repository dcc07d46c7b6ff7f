"""Asking the tutor of `ltt serve`, rules only: in the chat and in a cell, with learners on real sockets."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from tests.support.chat import chatting
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell, running_jupyter
from tests.support.learner import learner_in
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.jupyter, pytest.mark.asyncio(loop_scope="module")]

WRONG = "total = 10\nprint(totl)"
QUESTION = "Why does this cell raise an error?"
SETTINGS = {"LTT_INTRODUCE": "false", "LTT_HINTS_PER_HOUR": "0"}
"""No unasked hint at all: asked help does not count against them."""
FIRST_WORDS = 1.0
"""Seconds from the question to the first words of the answer, with rules."""

_numbers = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jupyter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Jupyter]:
    async with running_jupyter(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(jupyter: Jupyter, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Service]:
    async with running_service(jupyter, tmp_path_factory.mktemp("service"), settings=SETTINGS) as running:
        yield running


@pytest.fixture
def stem(jupyter: Jupyter) -> str:
    name = f"lesson-{next(_numbers)}"
    jupyter.write_notebook(f"{name}.ipynb", code_cell("", "first"), code_cell("", "second"))
    return name


@pytest.mark.proves("chat:first-words-within-a-second")
@pytest.mark.alone
async def test_a_question_about_an_error_has_its_first_words_within_a_second(
    jupyter: Jupyter, stem: str, service: Service
) -> None:
    async with (
        learner_in(jupyter, f"{stem}.ipynb") as ada,
        chatting(jupyter, f"{stem}.chat", person=ada) as chat,
    ):
        await service.room(f"{stem}.ipynb")
        await eventually(chat.tutor, what="the tutor in the chat")
        await ada.type("first", WRONG)
        await ada.run("first")
        asked_at = time.monotonic()
        question = chat.post(QUESTION)
        await eventually(chat.answers, within=10, what="the first words")
        first_words = time.monotonic() - asked_at
        print(f"ask to first words: {first_words:.3f} s")
        answer = await chat.sees_answer(question)
        assert "totl" in answer["body"]
        assert first_words <= FIRST_WORDS
        assert ada.source("first") == WRONG


@pytest.mark.proves("chat:orders")
async def test_orders_in_the_chat_are_answered_even_when_they_change_nothing(
    jupyter: Jupyter, stem: str, service: Service
) -> None:
    async with (
        learner_in(jupyter, f"{stem}.ipynb") as ada,
        chatting(jupyter, f"{stem}.chat", person=ada) as chat,
    ):
        await service.room(f"{stem}.ipynb")
        await eventually(chat.tutor, what="the tutor in the chat")
        await ada.type("first", WRONG)
        assert "quiet" in (await chat.sees_answer(chat.post("@tutor mute")))["body"]
        assert "already" in (await chat.sees_answer(chat.post("@tutor mute")))["body"]
        assert "nothing runs" in (await chat.sees_answer(chat.post("@tutor interrupt")))["body"]
        assert "stay away" in (await chat.sees_answer(chat.post("@tutor leave")))["body"]
        await eventually(lambda: chat.tutor() is None and ada.tutor() is None, within=10, what="the tutor gone")


@pytest.mark.proves("chat:asked-in-a-cell", "chat:made-at-first-use")
async def test_a_question_in_a_cell_is_answered_below_it_beyond_the_budget_and_brings_a_chat(
    jupyter: Jupyter, stem: str, service: Service
) -> None:
    asked = f"{WRONG}\n# @tutor why does this fail?"
    async with (
        learner_in(jupyter, f"{stem}.ipynb") as ada,
    ):
        await service.room(f"{stem}.ipynb")
        await ada.type("first", asked)
        await ada.run("first")
        note = await ada.sees_note(about="first", rung=None, within=15)
        assert f"{stem}.chat" in note["source"]
        assert ada.source("first") == asked
        async with chatting(jupyter, f"{stem}.chat", person=ada) as chat:
            assert "Ask me here" in chat.messages()[0]["body"]
            answer = await chat.sees_answer(chat.post("And how do I find the right name?"), within=10)
            assert answer["body"]
            assert chat.are_shared_maps()


@pytest.mark.proves("chat:never-over-a-file")
async def test_a_file_that_lies_where_the_chat_would_is_left_as_it_is(
    jupyter: Jupyter, stem: str, service: Service
) -> None:
    theirs = jupyter.root / f"{stem}.chat"
    theirs.write_text('{"messages": [], "users": {}, "attachments": {}, "metadata": {"id": "mine"}}')
    before = theirs.read_bytes()
    async with (
        learner_in(jupyter, f"{stem}.ipynb") as ada,
    ):
        await service.room(f"{stem}.ipynb")
        await ada.type("first", f"{WRONG}\n# @tutor why does this fail?")
        note = await ada.sees_note(about="first", rung=None, within=15)
        assert ".chat" not in note["source"]
        assert theirs.read_bytes() == before
        assert [file.name for file in jupyter.root.glob(f"{stem}*.chat")] == [f"{stem}.chat"]
