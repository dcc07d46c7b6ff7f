"""The pages before a real JupyterLab: an instructor in one browser, a learner in another."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, FrameLocator, Page, Route, expect

from ltt_collab.demo.places import COURSE
from tests.support.axe import serious_violations
from tests.support.deadlines import eventually
from tests.support.jupyter import running_jupyter
from tests.support.service import Service, running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]

FRAMED = (
    '--ServerApp.tornado_settings={"headers":{"Content-Security-Policy":"frame-ancestors \'self\' http://127.0.0.1:*"}}'
)

LAB = 60_000
"""Milliseconds that JupyterLab may take to load in the frame on two busy cores."""

SOON = 15_000


@dataclass
class Class:
    """One instructor and one learner, each in a browser of their own."""

    wall: Page
    learn: Page
    service: Service
    complaints: list[str]

    @property
    def lab(self) -> FrameLocator:
        return self.learn.frame_locator("#lab")

    @property
    def card(self) -> Any:
        return self.wall.locator("#cards .card").first

    async def starts(self, title: str) -> None:
        """The learner starts a task; JupyterLab opens it beside the drawer."""
        await self.learn.locator(".task", has_text=title).get_by_role("button", name="Start").click()
        await self.lab.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=LAB)
        await self.lab.locator(".jp-NotebookPanel-toolbar .jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(
            timeout=LAB
        )
        await expect(self.learn.locator(".task.here")).to_contain_text(title, timeout=SOON)

    async def draws_anew_before(self, answer: str, **instead: Any) -> None:
        """Draw the drawer anew between a click and the answer of that path, as a stream's news may.

        ``instead``: an answer that did not come from the service.
        """

        async def held(route: Route) -> None:
            given = instead or {"response": await route.fetch()}
            # The same twice: whichever button was clicked is in the page no more.
            await self.learn.evaluate("document.getElementById('drawer').innerHTML += ''")
            await self.learn.evaluate("htmx.process(document.getElementById('drawer'))")
            await route.fulfill(**given)

        await self.learn.route(answer, held)

    async def runs(self, source: str) -> None:
        """The learner types over the first code cell and runs it."""
        await self.lab.locator(".jp-CodeCell .cm-content").first.click()
        await self.learn.keyboard.press("Control+A")
        await self.learn.keyboard.insert_text(source)
        await self.learn.keyboard.press("Control+Enter")

    async def note(self, text: str) -> None:
        """Wait until a note of that text is in the learner's notebook."""
        await expect(self.lab.locator(".jp-MarkdownCell", has_text=text).first).to_be_visible(timeout=SOON)


def link(service: Service, whose: str) -> str:
    """A link that the service printed when it started."""
    found = re.search(rf"{whose}, once: (\S+)", service.log.read_text())
    assert found is not None
    return found.group(1)


@asynccontextmanager
async def a_class(browser: Browser, home: Path, *options: str) -> AsyncIterator[Class]:
    settings = {"LTT_COURSE": str(COURSE), "LTT_INTRODUCE": "false"}
    async with (
        running_jupyter(home, options=options) as jupyter,
        running_service(jupyter, home / "service", settings=settings) as service,
    ):
        complaints: list[str] = []
        pages = []
        for whose in ("Instructor's wall", "Learner's workspace"):
            context = await browser.new_context(viewport={"width": 1400, "height": 900})
            page = await context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
            answer = await page.goto(link(service, whose))
            assert answer is not None
            assert answer.status == 200
            assert "code=" not in page.url, "no secret stays in the address"
            pages.append(page)
        yield Class(pages[0], pages[1], service, complaints)
        for page in pages:
            await page.context.close()


@pytest.mark.proves("wall:live-card", "wall:acts-arrive", "learn:workspace", "pages:accessible", "tutor:kept-hints")
@pytest.mark.timeout(240)
async def test_an_instructor_watches_a_learner_and_steers_the_tutor(browser: Browser, tmp_path: Path) -> None:
    async with a_class(browser, tmp_path, FRAMED) as made:
        assert await serious_violations(made.learn) == []
        await made.starts("Text and initials")

        # Approve before send, with other words; the wall follows the learner, error and all.
        await made.card.locator(".open").click()
        await made.wall.locator("#panel").get_by_role("button", name="Approve before send").click()
        await expect(made.card).to_contain_text("AI needs approval", timeout=SOON)
        await made.runs("prices = {}\nprint(prices['tea'])")
        await expect(made.card).to_contain_text("KeyError: 'tea'", timeout=SOON)
        await expect(made.card).to_contain_text("Text and initials")
        await expect(made.card).to_contain_text("has an error")
        waiting = made.wall.locator("#queue textarea")
        await expect(waiting).to_have_count(1, timeout=SOON)
        await expect(made.card).to_contain_text("1 hint waits")
        await waiting.fill("Which keys does `prices` have?")
        await made.wall.locator("#queue").get_by_role("button", name="Approve and keep").click()
        await expect(made.wall.locator("#kept summary")).to_have_text("strings, level 1", timeout=SOON)
        await made.note("Which keys does prices have?")
        await expect(made.card).to_contain_text("1 shown", timeout=SOON)
        await made.wall.locator("#wall-heading").click()  # out of the queue: what somebody edits is not redrawn
        await expect(waiting).to_have_count(0, timeout=SOON)

        # Whisper.
        await made.wall.locator("#panel textarea").fill("Print the dictionary first.")
        await made.wall.get_by_role("button", name="Whisper").click()
        await made.note("Print the dictionary first.")
        assert await serious_violations(made.wall) == []

        # Pause: a new error gets no hint, and the wall says why.
        await made.wall.locator("#panel").get_by_role("button", name="Let it speak").click()
        await made.wall.locator("#panel").get_by_role("button", name="Pause").click()
        await expect(made.card).to_contain_text("AI paused", timeout=SOON)
        await expect(made.learn.locator("#drawer")).to_contain_text("paused the tutor", timeout=SOON)
        await made.runs("print(nam)")
        await expect(made.card).to_contain_text("name 'nam' is not defined", timeout=SOON)
        room = (await made.service.rooms())[0]["id"]

        async def refused() -> bool:
            said = (await made.service.http.get(f"/api/v1/rooms/{room}/decisions")).text
            return "paused" in said

        await eventually(refused, within=10, what="the decision not to help")
        assert await made.lab.locator(".jp-MarkdownCell", has_text="no such name").count() == 0
        assert made.complaints == []


@pytest.mark.proves("learn:workspace")
@pytest.mark.timeout(240)
async def test_a_learner_checks_hands_in_and_sees_it_in_the_drawer(browser: Browser, tmp_path: Path) -> None:
    async with a_class(browser, tmp_path, FRAMED) as made:
        await made.draws_anew_before("**/start")
        await made.starts("Text and initials")
        await made.runs("pass")
        task = made.learn.locator(".task.here")
        await task.get_by_role("button", name="Check").click()
        verdict = made.learn.locator("#verdict")
        await expect(verdict).to_contain_text("checks pass", timeout=30_000)
        await expect(task.locator(".checks .mark.failing").first).to_be_visible(timeout=SOON)
        await expect(made.card.locator(".mark.failing").first).to_be_visible(timeout=SOON)
        made.learn.on("dialog", lambda dialog: dialog.accept())
        await task.get_by_role("button", name="Submit").click()
        await expect(verdict).to_contain_text("Handed in", timeout=SOON)
        await expect(verdict).to_contain_text("checks pass", timeout=40_000)
        await made.draws_anew_before("**/check", status=503, content_type="text/plain", body="Not just now.")
        await task.get_by_role("button", name="Check").click()
        await expect(made.learn.locator("#said")).to_contain_text("Not just now.", timeout=SOON)
        assert made.complaints == []


@pytest.mark.proves("learn:workspace")
@pytest.mark.soak
async def test_a_server_that_forbids_framing_is_said_with_the_remedy(browser: Browser, tmp_path: Path) -> None:
    async with a_class(browser, tmp_path) as made:
        await expect(made.learn.locator(".lab")).to_contain_text("Its server forbids it")
        await expect(made.learn.locator(".lab pre")).to_contain_text("frame-ancestors 'self' http://127.0.0.1:")
        assert await made.learn.locator("#lab").count() == 0
