"""Nothing that a notebook holds runs in an instructor's browser, and nothing leaves it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from playwright.async_api import Browser, Page, Request, Route

from ltt_collab.model.cells import Cell, CellType, Output, OutputType
from ltt_collab.model.edits import (
    DocumentReloaded,
    MessagePosted,
    PeerJoined,
    ReloadCause,
    RunError,
    RunFinished,
    RunOutcome,
    SuggestionShown,
)
from ltt_collab.model.ids import CellId, ClientId, Seq, SuggestionId, Username
from ltt_collab.model.presence import Author, AuthorKind, Participant, Selection, User
from ltt_collab.model.suggestions import Placement
from ltt_collab.ports.directory import Decision
from tests.support.deadlines import eventually
from tests.support.directory import ADA, MemoryDirectory, MemoryRoom, code
from tests.support.hostile import PAYLOADS, Payload
from tests.support.pages import Pages, running_pages

pytestmark = [pytest.mark.browser]

LOAD = 20_000
"""Milliseconds for a page on two busy cores."""

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def of(place: str) -> Sequence[Payload]:
    return [payload for payload in PAYLOADS if payload.place == place]


@dataclass
class Watched:
    """A page whose every request, dialog, error and popup is kept."""

    page: Page
    url: str
    foreign: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    popups: list[str] = field(default_factory=list)
    acts: list[str] = field(default_factory=list)

    def heard(self, request: Request) -> None:
        if request.method != "GET" or "/logout" in request.url:
            self.acts.append(f"{request.method} {request.url}")

    async def expect_harmless(self) -> None:
        assert await self.page.evaluate("window.__ran") is None, "something of the notebook ran"
        for frame in self.page.frames[1:]:
            raise AssertionError(f"a frame: {frame.url}")
        assert self.foreign == [], "something left the page"
        assert (self.dialogs, self.popups, self.acts) == ([], [], [])
        assert self.errors == [], "our own page broke"
        assert await self.page.evaluate("document.querySelectorAll('#notebook script, #feed script').length") == 0
        assert await self.page.evaluate(ACTIVE) == []
        assert self.page.url.startswith(self.url)


ACTIVE = """() => [...document.querySelectorAll('#notebook *, #feed *, .people *, h1 *, .path *')].flatMap(e =>
  e.getAttributeNames().filter(n => n.startsWith('on') || n.includes('hx-') || n === 'srcset' || n === 'ping'
    || n === 'formaction' || (n === 'style' && e.closest('.carets') === null)
    || (n === 'href' && !/^(https?:|mailto:)/.test(e.getAttribute(n)))
    || (n === 'src' && !e.getAttribute(n).startsWith('/shadow/')))
  .map(n => `${e.tagName} ${n}=${e.getAttribute(n)}`))"""


@asynccontextmanager
async def watched(browser: Browser, pages: Pages, path: str) -> AsyncIterator[Watched]:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    seen = Watched(page, pages.url)

    async def let_ours_pass(route: Route, request: Request) -> None:
        # What the policy forbids is reported as a request too, but never gets here: here it would leave.
        if request.url.startswith(pages.url):
            await route.continue_()
        else:
            seen.foreign.append(request.url)
            await route.abort()

    await context.route("**/*", let_ours_pass)
    context.on("request", seen.heard)
    page.on("dialog", lambda dialog: seen.dialogs.append(dialog.message))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("popup", lambda popup: seen.popups.append(popup.url))
    await page.goto(f"{pages.url}{path}", timeout=LOAD)
    try:
        yield seen
    finally:
        await context.close()


async def until(page: Page, expression: str) -> None:
    """Wait for it by asking: Playwright's own way evaluates strings in the page, which our policy forbids."""

    async def holds() -> bool:
        return bool(await page.evaluate(expression))

    await eventually(holds, within=20, what=expression)


def display(cell: str, mime: str, text: str = "") -> Cell:
    """A code cell with one display."""
    output = Output(type=OutputType.DISPLAY_DATA, text=text, mime_types=(mime,))
    return replace(code(cell, "1"), outputs=(output,))


def shown_cells(pages: Pages) -> list[Cell]:
    """A notebook with every payload in its place."""
    cells: list[Cell] = []
    for payload in PAYLOADS:
        name = f"{payload.place}-{payload.name}"
        match payload.place:
            case "html" | "svg":
                mime = "text/html" if payload.place == "html" else "image/svg+xml"
                cells.append(display(name, mime))
                pages.watching.bundles[name, 0] = {mime: payload.text}
            case "markdown":
                cells.append(Cell(id=CellId(name), type=CellType.MARKDOWN, source=payload.text))
            case "source":
                cells.append(code(name, payload.text))
            case "stream":
                output = Output(type=OutputType.STREAM, stream=payload.text[:200], text=payload.text)
                cells.append(replace(code(name, "1"), outputs=(output,)))
            case "error":
                error = Output(
                    type=OutputType.ERROR, text=payload.text, error_name=payload.text[:256], error_value=payload.text
                )
                cells.append(replace(code(name, "1"), outputs=(error,)))
            case "mime":
                cells.append(display(name, payload.text, payload.text))
            case "cell_id":
                cells.append(replace(display(payload.text, "image/png"), id=CellId(payload.text)))
                pages.watching.bundles[payload.text, 0] = {"image/png": base64.b64encode(PNG).decode()}
            case _:
                pass
    return cells


def add_people(pages: Pages, cells: Sequence[Cell]) -> None:
    """A person for every hostile name, with a caret somewhere; the first is us."""
    pages.watching.people.append(Participant(client=ClientId(1), user=User(username=Username("t"), display_name="T")))
    for number, payload in enumerate(of("name")):
        user = User(
            username=Username(payload.text), display_name=payload.text, color=payload.text, avatar_url=payload.text
        )
        at = Selection(cell_id=cells[number].id, anchor=0, head=10**9)
        pages.watching.people.append(Participant(client=ClientId(number + 2), user=user, selection=at))


def tell(room: MemoryRoom) -> None:
    """Everything hostile that comes as an event or a decision."""
    author = Author(kind=AuthorKind.LEARNER, username=Username(of("name")[0].text), client=ClientId(7))
    for payload in of("chat"):
        common = {"room": room.id, "seq": Seq(0), "at": 2.0, "author": author}
        text, cell = payload.text, CellId(payload.text)
        room.emit(MessagePosted(**common, chat=text, message=text, text=text, cell_id=cell))  # type: ignore[arg-type]
        room.emit(
            SuggestionShown(
                **common,  # type: ignore[arg-type]
                suggestion=SuggestionId(text),
                about=cell,
                placement=Placement.NOTE,
                rung=1,
                text=text,
                note_cell=None,
            )
        )
        error = RunError(name=text, value=text)
        room.emit(
            RunFinished(
                **common,  # type: ignore[arg-type]
                cell_id=cell,
                execution_count=1,
                outcome=RunOutcome.ERROR,
                error=error,
                duration=1.0,
                source_hash="",
            )
        )
        user = User(username=Username(text), display_name=text)
        room.emit(PeerJoined(**common, user=user))  # type: ignore[arg-type]
    room.decisions = [
        Decision(at=3.0, about=CellId(each.text), decision=each.text, because=each.text) for each in of("decision")
    ]


@pytest.mark.proves("web:hostile-content")
async def test_nothing_of_a_hostile_notebook_runs_loads_or_leaves_in_the_shadow_view(browser: Browser) -> None:
    assert len(PAYLOADS) >= 60
    directory = MemoryDirectory()
    async with running_pages(directory) as pages:
        cells = shown_cells(pages)
        room = directory.open(of("path")[0].text + of("path")[3].text, *cells, learner=of("name")[1].text)
        add_people(pages, cells)
        async with watched(browser, pages, f"/shadow/{room.id}") as seen:
            page = seen.page
            await until(page, f"document.querySelectorAll('.cell').length === {len(cells)}")
            tell(room)
            entries = 4 * len(of("chat")) + len(of("decision"))
            await until(page, f"document.querySelectorAll('#feed li').length >= {entries}")
            await _touch_everything(page)
            await seen.expect_harmless()
            for payload in of("html"):
                if "shown" in payload.text:
                    cell = page.locator(".cell").nth([each.id for each in cells].index(CellId(f"html-{payload.name}")))
                    assert "shown" in await cell.locator(".outputs").inner_text(), payload.name
            assert await page.evaluate("document.querySelector('.caret').offsetHeight") > 5
            await seen.expect_harmless()


async def _touch_everything(page: Page) -> None:
    """Scroll it all past, hover and click what invites to it."""
    await page.evaluate(
        """async () => {
          for (const cell of document.querySelectorAll('.cell')) cell.scrollIntoView()
          for (const e of document.querySelectorAll('#notebook *, #feed *')) {
            for (const kind of ['mouseover', 'mouseenter', 'focus', 'toggle'])
              e.dispatchEvent(new Event(kind, { bubbles: true }))
            if (e.matches('button, summary')) e.click()
          }
          await new Promise(requestAnimationFrame)
        }"""
    )


@pytest.mark.proves("web:hostile-content")
async def test_nothing_of_a_hostile_record_runs_loads_or_leaves_in_the_replay(browser: Browser) -> None:
    directory = MemoryDirectory()
    async with running_pages(directory) as pages:
        cells = shown_cells(pages)
        room = directory.open("lesson.ipynb", code("a", "1"))
        loaded = DocumentReloaded(
            room=room.id, seq=Seq(0), at=1.0, author=ADA, cause=ReloadCause.JOINED, cells=tuple(cells)
        )
        room.emit(loaded)
        tell(room)
        await pages.stores.rooms.save(room.id, room.info.server, of("path")[0].text)
        await pages.stores.events.append(list(room.log))
        async with watched(browser, pages, f"/replay/{room.id}") as seen:
            await seen.page.wait_for_selector("#replay[data-ready]", timeout=LOAD)
            await seen.page.click("#replay-forward")
            await until(seen.page, "document.querySelectorAll('#feed li').length > 10")
            await _touch_everything(seen.page)

            async def whole() -> bool:
                return bool(await seen.page.locator(".cell").count() == len(cells))

            await eventually(whole, within=10, what="every cell of the record")
            await seen.expect_harmless()


@pytest.mark.proves("web:hostile-content")
async def test_a_hostile_picture_opened_by_itself_does_nothing_either(browser: Browser) -> None:
    directory = MemoryDirectory()
    async with running_pages(directory) as pages:
        room = directory.open("lesson.ipynb", display("a", "image/svg+xml"))
        for index, payload in enumerate(of("svg")):
            pages.watching.bundles["a", index] = {"image/svg+xml": payload.text}
        async with watched(browser, pages, f"/shadow/{room.id}/picture?cell=a&index=0") as seen:
            for index, payload in enumerate(of("svg")):
                await seen.page.goto(f"{pages.url}/shadow/{room.id}/picture?cell=a&index={index}")
                assert await seen.page.evaluate("window.__ran") is None, payload.name
                assert (seen.foreign, seen.dialogs, seen.popups) == ([], [], []), payload.name
