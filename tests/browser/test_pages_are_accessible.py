"""Every page in light and dark, on a phone and a wide screen, by keyboard; and a wall of 300 that stays smooth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from ltt_collab.bench.wall import measure_wall
from ltt_collab.demo.places import COURSE
from tests.support.axe import serious_violations
from tests.support.jupyter import Jupyter, code_cell, markdown_cell, running_jupyter
from tests.support.lab import running_browser
from tests.support.learner import learner_in
from tests.support.service import Service, running_service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.jupyter,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
]

WRONG = "prices = {}\nprint(prices['tea'])"

OVERFLOWS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"

FOCUSED = """() => {
  const at = document.activeElement
  const style = getComputedStyle(at)
  return [at.tagName, at.textContent.trim().slice(0, 40), style.outlineStyle !== 'none' || at === document.body]
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with running_browser() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jupyter(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Jupyter]:
    async with running_jupyter(tmp_path_factory.mktemp("jupyter")) as server:
        yield server


async def looks_right(page: Page, where: str) -> None:
    """Nothing that axe calls serious, in light and dark; nothing is cut off on a phone or a wide screen."""
    for width in (390, 1600):
        await page.set_viewport_size({"width": width, "height": 900})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=_scheme(scheme), reduced_motion="reduce")
            assert await serious_violations(page) == [], f"{where}, {scheme}, {width} px"
        assert await page.evaluate(OVERFLOWS) <= 1, f"{where} is wider than {width} px"


def _scheme(name: str) -> Literal["light", "dark"]:
    return "dark" if name == "dark" else "light"


async def log_in(page: Page, service: Service, where: str) -> None:
    await page.goto(f"{service.url}/login?next={where}")
    await page.fill("input[name=token]", service.token)
    await page.keyboard.press("Enter")


@pytest.mark.proves("pages:accessible", "pages:keyboard")
async def test_every_page_is_accessible_in_light_and_dark_on_a_phone_and_a_wide_screen(
    jupyter: Jupyter, browser: Browser, tmp_path: Path
) -> None:
    jupyter.write_notebook(
        "lesson.ipynb", code_cell(WRONG, "first"), markdown_cell("# Prices\n\n[a](https://b)", "text")
    )
    settings = {"LTT_INTRODUCE": "false", "LTT_COURSE": str(COURSE)}
    async with (
        running_service(jupyter, tmp_path / "service", settings=settings) as service,
        learner_in(jupyter, "lesson.ipynb") as ada,
    ):
        room = (await service.room("lesson.ipynb"))["id"]
        await ada.run("first")
        await ada.sees_note(about="first")
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(f"{service.url}/login")
        await looks_right(page, "the login")
        await log_in(page, service, "/wall")
        await page.locator("#cards .card").first.wait_for()
        await looks_right(page, "the wall")

        # By keyboard alone: to the first card, its panel, and back into the page in sight.
        await page.set_viewport_size({"width": 1400, "height": 900})
        await page.locator("#cards .card .open").first.focus()
        await page.keyboard.press("Enter")
        await page.locator("#panel textarea").wait_for()
        for _ in range(4):
            await page.keyboard.press("Tab")
            tag, words, seen = await page.evaluate(FOCUSED)
            assert seen, f"nobody sees that {tag} {words!r} has the focus"
        await looks_right(page, "the wall with a panel")

        await page.goto(f"{service.url}/shadow/{room}")
        await page.locator(".cell .output-error").first.wait_for()
        await page.locator("#feed li").first.wait_for()
        await looks_right(page, "the shadow view")
        await page.goto(f"{service.url}/replay/{room}")
        await page.wait_for_selector("#replay[data-ready]")
        await page.locator("#moments button").first.focus()
        await page.keyboard.press("Enter")
        await page.locator(".cell .source").first.wait_for()
        await looks_right(page, "the replay")
        await page.goto(f"{service.url}/plots")
        await looks_right(page, "the plots")
        await page.goto(f"{service.url}/no/such/page")
        await looks_right(page, "the error")
        await context.close()


SMOOTH_MS = 50
"""Between two frames at the median: three of the screen's. On a busy machine others' work is in it too."""

PROMISED_MS = 300


@pytest.mark.proves("wall:smooth-with-300")
async def test_a_wall_of_three_hundred_stays_smooth_in_a_browser() -> None:
    report = await measure_wall(300, 4.0)
    print(report)
    assert report.frame_ms.p50 < SMOOTH_MS
    assert report.edit_to_card_ms.p50 < PROMISED_MS
