"""axe-core in a page: what would keep people with disabilities from using it."""

from __future__ import annotations

import anyio
from playwright.async_api import Page

from tests.support.yjs_peers import NODE_HOME, node_program

AXE = NODE_HOME / "node_modules" / "axe-core" / "axe.min.js"

RUN = """
async () => {
  const found = await window.axe.run(document, { iframes: false })
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary.slice(0, 200)}`))
}
"""


async def serious_violations(page: Page) -> list[str]:
    """Every serious or critical violation of the page as it is, frames aside."""
    if not AXE.exists():
        command = [node_program("npm"), "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"]
        await anyio.run_process(command, cwd=NODE_HOME)
    # Beside the page's policy: a test's own script is no part of the page.
    await page.evaluate(AXE.read_text())
    return list(await page.evaluate(RUN))
