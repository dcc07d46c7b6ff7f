"""JupyterLab in a real browser, spoken to as a learner would."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright

from tests.support.jupyter import Jupyter

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

LOAD_LIMIT = 60_000
"""Milliseconds JupyterLab may take to show a notebook on two busy cores."""

SHARED_MODEL = """
() => {
  const panel = [...window.jupyterapp.shell.widgets('main')]
    .find(w => w.isVisible && w.content && w.content.widgets && w.context);
  if (!panel) return null;
  const model = panel.content.model;
  const ydoc = model.sharedModel.ydoc;
  return {
    path: panel.context.path,
    active: panel.content.activeCellIndex,
    mode: panel.content.mode,
    pending: ydoc.store.pendingStructs ? [...ydoc.store.pendingStructs.missing] : [],
    cells: [...model.sharedModel.cells].map((c, i) => ({
      id: c.id, type: c.cell_type, source: c.getSource(), metadata: c.getMetadata(),
      rendered: panel.content.widgets[i] ? !!panel.content.widgets[i].rendered : null,
    })),
  };
}
"""


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """A headless Chromium: the system's where there is one, else Playwright's own."""
    async with async_playwright() as playwright:
        executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class LabNotebook:
    """One notebook open in one browser tab, in Lab's single-document layout."""

    page: Page
    path: str

    def cell(self, index: int) -> Locator:
        """The index-th cell of the notebook."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    async def click_into(self, index: int) -> None:
        """Put the caret into a cell's editor."""
        await self.cell(index).locator(".cm-content").click()

    async def type(self, text: str, *, delay: float = 0) -> None:
        """Type at the caret, as keys; ``delay`` in milliseconds between two of them."""
        await self.page.keyboard.type(text, delay=delay)

    async def replace_source(self, index: int, text: str) -> None:
        """Select all of a cell and type over it."""
        await self.click_into(index)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.insert_text(text)

    async def run(self) -> None:
        """Run the active cell and stay in it."""
        await self.page.keyboard.press("Control+Enter")

    async def model(self) -> dict[str, Any]:
        """The shared model as the page holds it: path, active, mode, pending, cells."""
        return dict(await self.page.evaluate(SHARED_MODEL) or {})

    async def sources(self) -> list[str]:
        """The source of every cell, as the page's CRDT holds it."""
        return [cell["source"] for cell in (await self.model()).get("cells", [])]

    async def owned_cells(self) -> list[dict[str, Any]]:
        """The cells that carry our ownership mark."""
        return [cell for cell in (await self.model()).get("cells", []) if "ltt" in cell["metadata"]]

    async def outputs(self, index: int) -> str:
        """The text of a cell's outputs as shown."""
        return "\n".join(await self.cell(index).locator(".jp-OutputArea-output").all_inner_texts())

    async def close(self) -> None:
        """Close the tab."""
        await self.page.close()


async def open_notebook(context: BrowserContext, jupyter: Jupyter, path: str) -> LabNotebook:
    """Open a notebook as a learner does, and wait until its cells and its kernel are there."""
    page = await context.new_page()
    await page.goto(f"{jupyter.url}lab/tree/{quote(path)}?token={jupyter.token}&reset", timeout=LOAD_LIMIT)
    await page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=LOAD_LIMIT)
    await page.wait_for_function(
        """() => { const w = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
                   return w && w.context.isReady && w.context.sessionContext.session?.kernel?.status === 'idle'; }""",
        timeout=LOAD_LIMIT,
    )
    return LabNotebook(page, path)
