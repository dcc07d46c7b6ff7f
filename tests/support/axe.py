"""axe-core in a page: what would keep people with disabilities from using it."""

from __future__ import annotations

from anyio import to_thread
from playwright.async_api import Page

from tests.support.node_packages import node_package

RUN = """
async () => {
  const found = await window.axe.run(document, { iframes: false })
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .flatMap(v => v.nodes.map(n => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary.slice(0, 200)}`))
}
"""


async def serious_violations(page: Page) -> list[str]:
    """Every serious or critical violation of the page as it is, frames aside."""
    axe = await to_thread.run_sync(node_package, "axe-core")
    # Beside the page's policy: a test's own script is no part of the page.
    await page.evaluate((axe / "axe.min.js").read_text())
    return list(await page.evaluate(RUN))
