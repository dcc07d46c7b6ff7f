"""One conversation: JupyterLab's chat in one page, the learner's workspace in another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.test_chat_in_lab import QUESTION, SETTINGS, WRONG, in_the_wrong_cell, open_chat, tutor_in_chat
from tests.support.axe import serious_violations
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.lab import open_notebook
from tests.support.service import running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter, pytest.mark.timeout(240)]

SOON = 20_000


@pytest.mark.proves("chat:one-conversation")
async def test_what_is_said_in_the_workspace_and_in_jupyterlab_is_one_conversation(
    jupyter: Jupyter, browser: Browser, learner_context: BrowserContext, tmp_path: Path
) -> None:
    jupyter.write_notebook("lesson.ipynb", code_cell(WRONG, "first"), code_cell("", "second"))
    async with running_service(jupyter, tmp_path / "service", settings=SETTINGS) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        await in_the_wrong_cell(lab, service)
        found = re.search(r"Learner's workspace, once: (\S+)", service.log.read_text())
        assert found is not None
        context = await browser.new_context(viewport={"width": 1400, "height": 900})
        learn = await context.new_page()
        await learn.goto(found.group(1))
        said = learn.locator("#chat .said")
        assert not (jupyter.root / "lesson.chat").exists(), "to look at a chat makes none"

        # Said in the workspace: the chat is made, and JupyterLab shows it under the learner's own name.
        await learn.locator("#say").fill(QUESTION)
        await learn.locator("#say").press("Enter")
        await expect(said.nth(2)).to_contain_text("tot", timeout=SOON)  # welcome, question, answer
        assert QUESTION in await said.nth(1).inner_text()
        chat = await open_chat(lab, "lesson.chat")
        await tutor_in_chat(lab)

        async def in_lab() -> list[str] | None:
            messages = await chat.messages()
            return messages if len(messages) >= 3 else None

        messages = await eventually(in_lab, within=15, what="the conversation in JupyterLab")
        assert messages is not None
        assert messages[1] == QUESTION
        who = (await service.rooms())[0]["learner"]

        async def theirs() -> bool:
            return f'"sender": "{who}"' in (jupyter.root / "lesson.chat").read_text()

        await eventually(theirs, within=15, what="the learner's own name under what they said, in the file")

        # Said in JupyterLab: the workspace shows it, and the answer as it grows.
        shown = await said.count()
        await chat.send("thank you, and where is it?")
        await expect(said.nth(shown)).to_contain_text("where is it?", timeout=SOON)
        await expect(said.nth(shown + 1)).to_have_class(re.compile("tutor"), timeout=SOON)
        assert await chat.messages(), "no message broke the chat in the browser"
        assert (await lab.sources())[0] == WRONG
        assert await serious_violations(learn) == []
        await context.close()
