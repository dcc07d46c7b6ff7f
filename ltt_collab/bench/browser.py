"""A learner in a real JupyterLab in Chromium, with clocks in the page."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING

import anyio.to_thread

from ltt_collab.bench.errors import BenchmarkError
from ltt_collab.bench.lab_server import LabServer

if TYPE_CHECKING:  # playwright is of the dev extra
    from playwright.async_api import Page, ViewportSize

FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")

LOAD_LIMIT = 60_000
"""Milliseconds JupyterLab may take to show a notebook on two busy cores."""

VIEW: ViewportSize = {"width": 1280, "height": 1600}
"""High enough for every cell: one that is off the screen is not drawn, and so never visible."""

HOW_TO_INSTALL = "pip install 'ltt-collab[dev]' && python -m playwright install chromium"

IS_IDLE = """() => {
  const notebook = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
  return notebook && notebook.context.isReady
    && notebook.context.sessionContext.session?.kernel?.status === 'idle';
}"""

CLOCKS = """() => {
  // A key's time is the browser's own stamp of the input, in the machine's time: the coarser clock only adds to it.
  window.benchKeys = [];
  document.addEventListener('keydown', event => {
    window.benchKeys.push((Date.now() - (performance.now() - event.timeStamp)) / 1000);
  }, true);
  // A note's first letter counts once it was drawn: in the frame after it came into the page.
  window.benchNotes = {};
  const notebook = [...window.jupyterapp.shell.widgets('main')].find(w => w.context).content;
  const look = () => {
    for (const cell of notebook.widgets) {
      const about = cell.model.sharedModel.getMetadata().ltt?.about;
      if (!about || about in window.benchNotes) continue;
      if (!cell.node.querySelector('.cm-content')?.textContent.trim()) continue;
      window.benchNotes[about] = null;
      requestAnimationFrame(() => setTimeout(() => { window.benchNotes[about] = Date.now() / 1000; }));
    }
  };
  new MutationObserver(look).observe(notebook.node, {subtree: true, childList: true, characterData: true});
}"""


class LearnerPage:
    """One notebook open in one tab."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def click_into(self, cell: int) -> None:
        """Put the caret into a code cell; 0 is the first one."""
        await self._page.locator(".jp-Notebook .jp-CodeCell").nth(cell).locator(".cm-content").click()

    async def type(self, text: str, rate: float) -> None:
        """Type so many keys a second."""
        await self._page.keyboard.type(text, delay=1000 / rate)

    async def type_at_the_end(self, text: str) -> None:
        """Go to the end of the cell with the caret and type there."""
        await self._page.keyboard.press("Control+End")
        await self._page.keyboard.type(text)

    async def run(self) -> None:
        """Run the cell with the caret."""
        await self._page.keyboard.press("Control+Enter")

    async def key_times(self) -> list[float]:
        """When each key went down since the last time this was asked, Unix time in seconds."""
        return list(await self._page.evaluate("() => window.benchKeys.splice(0)"))

    async def note_seen(self, about: str) -> float:
        """When the first letter of the note about a cell was drawn, waited for; Unix time in seconds."""
        await self._page.wait_for_function("about => window.benchNotes[about]", arg=about, timeout=20_000)
        return float(await self._page.evaluate("about => window.benchNotes[about]", about))


def require_browser() -> None:
    """Complain now, not after a minute of other work.

    Raises:
        BenchmarkError: Playwright is not installed.
    """
    try:
        import_module("playwright.async_api")
    except ImportError as error:
        reason = "Playwright is not installed, which drives the browser"
        raise BenchmarkError(f"{reason}; install it: {HOW_TO_INSTALL}") from error


@asynccontextmanager
async def browsing(lab: LabServer, path: str) -> AsyncIterator[LearnerPage]:
    """A learner who has that notebook open in a headless Chromium: the system's, else Playwright's own.

    Raises:
        BenchmarkError: Playwright or Chromium is missing, or JupyterLab did not show the notebook.
    """
    async with chromium_page() as page:
        await page.goto(f"{lab.url}lab/tree/{path}?token={lab.token}&reset", timeout=LOAD_LIMIT)
        await page.wait_for_selector(".jp-Notebook .jp-Cell .cm-content", timeout=LOAD_LIMIT)
        await page.wait_for_function(IS_IDLE, timeout=LOAD_LIMIT)
        await page.evaluate(CLOCKS)
        yield LearnerPage(page)


@asynccontextmanager
async def chromium_page() -> AsyncIterator[Page]:
    """An empty page in a headless Chromium; whatever goes wrong in it ends the benchmark.

    Raises:
        BenchmarkError
    """
    require_browser()
    from playwright.async_api import Error, async_playwright  # noqa: PLC0415 - of the dev extra

    system = await anyio.to_thread.run_sync(_system_browser)
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(executable_path=system, args=list(FLAGS))
        except Error as error:
            reason = str(error).splitlines()[0]
            raise BenchmarkError(f"Chromium did not start ({reason}); install it: {HOW_TO_INSTALL}") from error
        try:
            yield await browser.new_page(viewport=VIEW)
        except Error as error:
            raise BenchmarkError(f"the browser could not be driven: {str(error).splitlines()[0]}") from error
        finally:
            await browser.close()


def _system_browser() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name)) is not None), None)
