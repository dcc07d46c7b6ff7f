"""Talking with the tutor in a stock JupyterLab with jupyterlab-chat."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page

from ltt_collab.bench.model_server import ModelServer, Reply, running_model
from tests.support.deadlines import eventually
from tests.support.fake_model import MODEL
from tests.support.jupyter import Jupyter, code_cell
from tests.support.lab import LabNotebook, open_notebook
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]

WRONG = "total = 10\nprint(totl)"
QUESTION = "Why does this cell raise an error?"
NAME = "Ada the tutor"
SETTINGS = {"LTT_INTRODUCE": "false", "LTT_TUTOR_NAME": NAME}
FIRST_WORDS = 1.0
"""Seconds from the learner's Enter to the first words of the answer, with rules."""

OPEN_CHAT = """
async path => {
  const options = { mode: 'split-right' };
  await window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Chat', options });
}
"""
WATCH = """
() => {
  window.seen = { typing: false, words: 0, asked: 0 };
  const look = () => {
    const writers = document.querySelector('.jp-chat-writers');
    if (writers && writers.innerText.includes('typing')) window.seen.typing = window.seen.typing || writers.innerText;
    const said = [...document.querySelectorAll('.jp-chat-message')].filter(m => m.innerText.includes('NAME'));
    if (said.some(m => m.querySelector('.jp-chat-rendered-message')?.innerText.trim()) && !window.seen.words)
      window.seen.words = performance.now();
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  document.addEventListener('keydown', e => {
    if (e.key === 'Enter' && e.target.closest('.jp-chat-input-container')) window.seen.asked = performance.now();
  }, true);
}
""".replace("NAME", NAME)


class LabChat:
    """One chat open beside a notebook."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def box(self) -> Locator:
        """Where messages are typed."""
        return self.page.locator(".jp-chat-input-container textarea").first

    async def send(self, text: str) -> None:
        """Type a message and send it."""
        await self.box.focus()
        await self.page.keyboard.type(text)
        await self.page.keyboard.press("Enter")

    async def messages(self) -> list[str]:
        """What the messages say, as shown."""
        shown = await self.page.locator(".jp-chat-rendered-message").all_inner_texts()
        return [" ".join(text.split()) for text in shown]

    async def answer(self, after: int, *, within: float = 30.0) -> str:
        """The message behind the first ``after``, once nobody is typing any more."""

        seen: dict[str, Any] = {}

        async def whole() -> bool:
            seen["messages"] = await self.messages()
            seen["typing"] = " ".join(await self.page.locator(".jp-chat-writers").all_inner_texts())
            seen["unsent"] = await self.box.input_value()
            return len(seen["messages"]) > after and "typing" not in seen["typing"]

        try:
            await eventually(whole, within=within, what="the answer in the chat")
        except AssertionError as error:
            raise AssertionError(f"{error}; the chat: {seen}") from error
        return str(seen["messages"][after])


async def open_chat(lab: LabNotebook, path: str) -> LabChat:
    """Open a chat beside the notebook, and wait until it can be typed in."""
    await lab.page.evaluate(OPEN_CHAT, path)
    chat = LabChat(lab.page)
    await chat.box.wait_for(timeout=20_000)
    return chat


async def tutor_in_chat(lab: LabNotebook) -> None:
    """Return once the page sees us in the chat."""
    seen = f"""() => [...window.jupyterapp.shell.widgets('main')].some(w => w.context?.path?.endsWith('.chat') &&
      [...w.context.model.sharedModel.awareness.getStates().values()].some(s => s.user?.display_name === '{NAME}'))"""

    async def look() -> Any:
        return await lab.page.evaluate(seen)

    await eventually(look, within=15, what="the tutor in the chat")


async def in_the_wrong_cell(lab: LabNotebook, service: Service) -> None:
    """Run the failing cell, with the caret in it, and wait for what the tutor says of it unasked."""
    await service.room("lesson.ipynb")
    await lab.click_into(0)
    await lab.run()

    async def helped() -> bool:
        return bool(await lab.owned_cells())

    await eventually(helped, within=10, what="the note about the error")


@pytest.mark.proves("chat:seen-in-lab", "chat:first-words-within-a-second")
async def test_a_learner_asks_in_the_chat_sees_the_tutor_type_and_is_answered_by_its_name(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path
) -> None:
    jupyter.write_notebook("lesson.ipynb", code_cell(WRONG, "first"), code_cell("", "second"))
    (jupyter.root / "lesson.chat").write_text("")
    page_errors: list[str] = []
    learner_context.on("weberror", lambda error: page_errors.append(str(error.error)))
    async with running_service(jupyter, tmp_path / "service", settings=SETTINGS) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        await in_the_wrong_cell(lab, service)
        chat = await open_chat(lab, "lesson.chat")
        await tutor_in_chat(lab)
        await lab.page.evaluate(WATCH)

        await chat.send(QUESTION)

        answer = await chat.answer(after=1)
        assert "totl" in answer or "total" in answer, answer
        seen = await lab.page.evaluate("() => window.seen")
        assert NAME in str(seen["typing"]), seen
        first_words = (seen["words"] - seen["asked"]) / 1000
        print(f"ask to first words: {first_words:.3f} s")
        assert 0 < first_words <= FIRST_WORDS
        assert await lab.page.locator(".jp-chat-message-header", has_text=NAME).count() == 1
        assert (await chat.messages())[0] == QUESTION
        assert (await lab.sources())[0] == WRONG
        await lab.page.screenshot(path=tmp_path / "chat.png")
        assert page_errors == []


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with running_model(lambda _: Reply()) as server:
        yield server


@pytest.mark.proves("chat:model-streams-in-lab")
@pytest.mark.soak
async def test_the_first_sentence_of_a_model_is_read_in_jupyterlab_while_it_writes_the_others(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path, model: ModelServer
) -> None:
    go_on = threading.Event()
    hint = {"change": None, "line": 2, "hint": "Line 2 reads `totl`. Compare it with line 1."}
    model.behave = lambda _: Reply(text=json.dumps(hint), hold=("Compare", go_on))
    keys = {"LTT_MODEL": MODEL, "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-none"}
    jupyter.write_notebook("lesson.ipynb", code_cell(WRONG, "first"), code_cell("", "second"))
    (jupyter.root / "lesson.chat").write_text("")
    async with running_service(jupyter, tmp_path / "service", settings=SETTINGS | keys) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        await in_the_wrong_cell(lab, service)
        chat = await open_chat(lab, "lesson.chat")
        await tutor_in_chat(lab)
        await chat.send(QUESTION)

        async def begun() -> bool:
            return (await chat.messages())[1:] == ["Line 2 reads totl."]

        await eventually(begun, within=40, what="the first sentence, while the model holds the second back")
        go_on.set()
        assert await chat.answer(after=1) == "Line 2 reads totl. Compare it with line 1."
        assert len(await chat.messages()) == 2, "one message, which grew"
