"""An instructor looks over a learner's shoulder: both in real browsers, JupyterLab and the service between them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell, markdown_cell
from tests.support.lab import open_notebook
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter, pytest.mark.timeout(240)]

TYPED = "total = 10\nprint(totl)"

PROMISED_MS = 300
"""From a key in the learner's browser to its letter in the instructor's."""

NOTE_KEYS = "() => { window.keys = []; window.addEventListener('keydown', () => window.keys.push(Date.now()), true) }"

NOTE_LETTERS = """() => {
  window.letters = []
  const source = document.querySelector('.cell .source')
  const look = () => {
    const length = document.querySelector('.cell .source').textContent.length
    while (window.letters.length < length) window.letters.push(Date.now())
  }
  new MutationObserver(look).observe(document.getElementById('notebook'),
    { subtree: true, childList: true, characterData: true })
}"""

FLAGS = """() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.isVisible && w.context)
  return [...panel.content.model.sharedModel.awareness.getStates().values()].map(s => s.user?.display_name || '')
}"""


async def log_in(page: Page, service: Service, where: str) -> None:
    """By the token of the API, as an operator would."""
    await page.goto(f"{service.url}/login?next={where}")
    await page.fill("input[name=token]", service.token)
    await page.click("form [type=submit], form button")


@pytest.mark.proves("shadow:within-300-ms", "shadow:watching-is-seen", "shadow:whisper-arrives")
async def test_an_instructor_sees_what_is_typed_and_the_tutor_s_note_and_whispers(
    jupyter: Jupyter, browser: Browser, learner_context: BrowserContext, tmp_path: Path
) -> None:
    jupyter.write_notebook("lesson.ipynb", code_cell("", "first"), markdown_cell("# Prices\n\n**bold**", "text"))
    async with running_service(jupyter, tmp_path / "service", settings={"LTT_INTRODUCE": "false"}) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        room = await service.room("lesson.ipynb")
        context = await browser.new_context(viewport={"width": 1400, "height": 900})
        page = await context.new_page()
        await log_in(page, service, f"/shadow/{room['id']}")
        await page.wait_for_selector(".cell .source")
        assert await page.locator(".cell .rendered h1").inner_text() == "Prices"

        async def watched() -> bool:
            return any("instructor watching" in name for name in await lab.page.evaluate(FLAGS))

        await eventually(watched, within=10, what="the flag that says that somebody watches")

        await lab.click_into(0)
        await lab.page.evaluate(NOTE_KEYS)
        await page.evaluate(NOTE_LETTERS)
        await lab.type(TYPED, delay=60)

        async def seen() -> bool:
            return str(await page.evaluate("document.querySelector('.cell .source').textContent")) == TYPED

        await eventually(seen, within=10, what="what was typed, in the shadow view")
        keys, letters = await lab.page.evaluate("window.keys"), await page.evaluate("window.letters")
        took = sorted(letter - key for key, letter in zip(keys, letters, strict=False))
        median = took[len(took) // 2]
        print(f"key to shadow: p50 {median} ms, p95 {took[int(len(took) * 0.95)]} ms, n={len(took)}")
        assert median < PROMISED_MS
        assert await page.locator(".cell .caret").count() >= 1, "the learner's caret"

        await lab.run()
        note = page.locator(".cell.ours")
        await note.first.wait_for(timeout=20_000)
        assert await page.locator(".output-error").first.inner_text()

        async def told() -> bool:
            kinds = await page.locator("#feed li").evaluate_all("lines => lines.map(line => line.dataset.kind)")
            return {"error", "asked", "hint", "decision"} <= set(kinds)

        await eventually(told, within=15, what="the error, the request, the hint and the decision in the feed")

        await page.fill("#whisper textarea", "Look at the name once more.")
        await page.click("#whisper button")

        async def whispered() -> bool:
            return any("Look at the name once more." in cell["source"] for cell in await lab.owned_cells())

        await eventually(whispered, within=15, what="the whisper in the learner's notebook")
        assert (await lab.sources())[0] == TYPED, "the learner's own text is as it was"

        await page.goto("about:blank")

        async def alone() -> bool:
            return not await watched()

        await eventually(alone, within=10, what="the end of the flag")

        await page.goto(f"{service.url}/replay/{room['id']}")
        await page.wait_for_selector("#replay[data-ready]")
        await page.click("#moments button")

        async def replayed() -> bool:
            sources = await page.locator(".cell .source").all_inner_texts()
            return bool(sources) and TYPED in sources[0]

        await eventually(replayed, within=10, what="the moment of the error in the replay")
        await context.close()
