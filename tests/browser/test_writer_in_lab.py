"""The writer as a learner sees it in a stock JupyterLab: notes come and go, and nothing of the learner's moves."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from playwright.async_api import BrowserContext

from ltt_collab.documents.writer_notes import Note, Removal
from ltt_collab.model.ids import CellId, SuggestionId
from ltt_collab.model.text import source_hash, utf16_length
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.lab import LabNotebook, open_notebook
from tests.support.writer_peer import WriterPeer, joined_writer

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]

SOURCE = "total = 0\nfor n in data:\n    total =+ n\n"
TEXT = "Look at **line 3** again: what does `=+` do to `total`, and what did you want it to do each time?"
ABOUT = CellId("c3")

LOOK = """
() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
  const notebook = panel.content;
  const active = notebook.activeCell;
  const focused = document.activeElement && document.activeElement.closest('.jp-Cell');
  const selection = active.editor ? active.editor.getSelection() : null;
  return {
    active: active.model.id,
    mode: notebook.mode,
    focused: focused ? notebook.widgets.find(w => w.node === focused)?.model.id : null,
    selection: selection ? [selection.start, selection.end] : null,
  };
}
"""
GROWING = """
() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
  const note = panel.content.widgets.find(w => w.model.type === 'markdown');
  if (!note) return null;
  const flags = [...document.querySelectorAll('.jp-remote-userFlag')].map(flag => flag.textContent);
  return {
    text: note.model.sharedModel.getSource(),
    rendered: note.rendered,
    caret: note.node.querySelector('.jp-remote-cursor') !== null,
    flag: flags.join(),
  };
}
"""
TOP = """
() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
  return Math.round(panel.content.activeCell.node.getBoundingClientRect().top);
}
"""
CARET = """
offset => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
  const view = panel.content.widgets[0].editor.editor;
  const drawn = document.querySelector('.jp-remote-cursor');
  if (!drawn) return null;
  const at = view.coordsAtPos(offset), is = drawn.getBoundingClientRect();
  return {dx: Math.abs(is.left - at.left), dy: Math.abs((is.top + is.bottom) / 2 - (at.top + at.bottom) / 2)};
}
"""
SELECTION = """
([start, end]) => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
  const view = panel.content.widgets[0].editor.editor;
  const drawn = document.querySelector('.jp-remote-selection').getBoundingClientRect();
  const first = view.coordsAtPos(start), last = view.coordsAtPos(end);
  return {left: Math.abs(drawn.left - first.left), right: Math.abs(drawn.right - last.left)};
}
"""
CARET_TOLERANCE = 4
"""Pixels between caret and letter: half a letter's width, far less than the next position."""


@asynccontextmanager
async def watching(look: Callable[[], Awaitable[Any]]) -> AsyncIterator[list[Any]]:
    """Look again and again, and keep each view that differs from the one before."""
    seen: list[Any] = []
    done = anyio.Event()

    async def watch() -> None:
        while not done.is_set():
            view = await look()
            if not seen or seen[-1] != view:
                seen.append(view)

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        await eventually(lambda: seen)
        yield seen
        await anyio.lowlevel.checkpoint()
        done.set()


def note(peer: WriterPeer, about: CellId = ABOUT, suggestion: str = "s1") -> Note:
    expected = peer.view.cell_hash(about)
    return Note(suggestion=SuggestionId(suggestion), about=about, expected_hash=expected, text=TEXT)


async def shows_rendered(lab: LabNotebook) -> bool:
    cells = await lab.owned_cells()
    return [(cell["source"], cell["rendered"]) for cell in cells] == [(TEXT, True)]


async def shows_no_note(lab: LabNotebook) -> bool:
    return not await lab.owned_cells()


@pytest.mark.proves("writer:learner-stays-put", "writer:note-live-then-rendered")
@pytest.mark.alone
async def test_a_note_comes_and_goes_and_the_learner_stays_where_they_are(
    jupyter: Jupyter, learner_context: BrowserContext
) -> None:
    jupyter.write_notebook("ex.ipynb", *(code_cell(SOURCE, f"c{number}") for number in range(20)))
    lab = await open_notebook(learner_context, jupyter, "ex.ipynb")
    errors: list[str] = []
    lab.page.on("pageerror", lambda error: errors.append(str(error)))
    async with joined_writer(jupyter, "ex.ipynb") as peer:
        for caret_in, command_mode in ((3, False), (3, True), (4, False), (4, True), (15, False), (1, False)):
            await lab.click_into(caret_in)
            await lab.page.keyboard.press("Control+Home")
            await lab.page.keyboard.press("Shift+End")
            if command_mode:
                await lab.page.keyboard.press("Escape")
            seen = await come_and_go(lab, peer, SuggestionId(f"{caret_in}-{command_mode}"))
            assert len(seen) == 1, seen
            assert seen[0]["focused"] == seen[0]["active"] == f"c{caret_in}"
    assert errors == []


async def come_and_go(lab: LabNotebook, peer: WriterPeer, suggestion: SuggestionId) -> list[Any]:
    """Write a note and remove it; the different views that the learner had meanwhile."""
    top = await lab.page.evaluate(TOP)
    async with watching(lambda: lab.page.evaluate(LOOK)) as seen:
        began = time.monotonic()
        cell = await peer.writer.write_note(note(peer, suggestion=suggestion))
        await eventually(lambda: shows_rendered(lab))
        assert time.monotonic() - began < 1.5 + 0.5  # the promise, and two looks of a slow page
        assert await peer.writer.remove_note(cell, suggestion) is Removal.REMOVED
        await eventually(lambda: shows_no_note(lab))
    assert await lab.page.evaluate(TOP) == top
    return seen


@pytest.mark.proves("writer:note-live-then-rendered", "writer:cursor-where-it-writes")
async def test_a_note_is_typed_before_the_learners_eyes(jupyter: Jupyter, learner_context: BrowserContext) -> None:
    jupyter.write_notebook("ex.ipynb", code_cell(SOURCE, "c3"), code_cell("", "c4"))
    lab = await open_notebook(learner_context, jupyter, "ex.ipynb")
    async with joined_writer(jupyter, "ex.ipynb") as peer:
        async with watching(lambda: lab.page.evaluate(GROWING)) as seen:
            await peer.writer.write_note(note(peer))
            await eventually(lambda: shows_rendered(lab))
        texts = [view["text"] for view in seen if view and not view["rendered"]]
        assert len(set(texts)) >= 5
        assert all(TEXT.startswith(text) for text in texts)
        assert any(view["caret"] for view in seen if view)
        assert any("typing" in view["flag"] for view in seen if view)


@pytest.mark.xfail(
    strict=True, reason="JupyterLab 4.6.6 drops the focus with a focused cell that another client removes"
)
async def test_the_keyboard_works_on_when_the_active_cell_was_our_note(
    jupyter: Jupyter, learner_context: BrowserContext
) -> None:
    """Shift+Enter makes the note the active cell, which awareness does not tell; docs/decisions/0006 says more."""
    jupyter.write_notebook("ex.ipynb", code_cell("x = 1", "c3"), code_cell("", "c4"))
    lab = await open_notebook(learner_context, jupyter, "ex.ipynb")
    async with joined_writer(jupyter, "ex.ipynb") as peer:
        cell = await peer.writer.write_note(note(peer))
        await eventually(lambda: shows_rendered(lab))
        await lab.click_into(0)
        await lab.page.keyboard.press("Shift+Enter")
        await eventually(lambda: is_active(lab, cell))
        await peer.writer.remove_note(cell, SuggestionId("s1"))
        await eventually(lambda: shows_no_note(lab))
        assert (await lab.page.evaluate(LOOK))["focused"] is not None


async def is_active(lab: LabNotebook, cell: CellId) -> bool:
    return bool((await lab.page.evaluate(LOOK))["active"] == cell)


@pytest.mark.proves("writer:undo-apart")
async def test_undo_takes_back_the_learners_own_letters_only(jupyter: Jupyter, learner_context: BrowserContext) -> None:
    jupyter.write_notebook("ex.ipynb", code_cell("", "c3"), code_cell("# below", "c4"))
    lab = await open_notebook(learner_context, jupyter, "ex.ipynb")
    async with joined_writer(jupyter, "ex.ipynb") as peer:
        await lab.click_into(0)
        await lab.type("mine = 1")
        await eventually(lambda: peer.view.cell_source(ABOUT) == "mine = 1")
        await peer.writer.write_note(note(peer))
        await eventually(lambda: shows_rendered(lab))
        for _ in range(4):
            await lab.page.keyboard.press("Control+Z")
        await eventually(lambda: peer.view.cell_source(ABOUT) == "")
        assert await lab.sources() == ["", TEXT, "# below"]
        for _ in range(4):
            await lab.page.keyboard.press("Control+Shift+Z")
        await eventually(lambda: peer.view.cell_source(ABOUT) == "mine = 1")
        assert await lab.sources() == ["mine = 1", TEXT, "# below"]


@pytest.mark.proves("writer:learner-text-is-sacred")
async def test_every_key_arrives_while_notes_come_grow_and_go(
    jupyter: Jupyter, learner_context: BrowserContext
) -> None:
    jupyter.write_notebook("ex.ipynb", code_cell("", "c2"), code_cell(SOURCE, "c3"), code_cell("", "c4"))
    lab = await open_notebook(learner_context, jupyter, "ex.ipynb")
    text = "".join(f"# {number} é😀 " for number in range(24))
    async with joined_writer(jupyter, "ex.ipynb") as peer:
        await lab.click_into(2)
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: lab.type(text, delay=25))
            for number in range(2):
                cell = await peer.writer.write_note(note(peer, suggestion=f"s{number}"))
                await peer.writer.extend_note(cell, "Or *this* way?", 2)
                await peer.writer.remove_note(cell, SuggestionId(f"s{number}"))
        await eventually(lambda: peer.view.cell_source(CellId("c4")) == text)
        assert await lab.sources() == ["", SOURCE, text]
        await eventually(lambda: jupyter.read_sources("ex.ipynb") == ["", SOURCE, text], within=15)


@pytest.mark.proves("writer:cursor-where-it-writes", "anchors:agree-with-yjs")
async def test_our_caret_is_drawn_at_the_very_letter(jupyter: Jupyter, learner_context: BrowserContext) -> None:
    start = "x = '😀é'\n"
    jupyter.write_notebook("ex.ipynb", code_cell(start, "c3"))
    lab = await open_notebook(learner_context, jupyter, "ex.ipynb")
    async with joined_writer(jupyter, "ex.ipynb") as peer:
        await lab.click_into(0)
        await lab.page.keyboard.press("Control+End")
        await lab.type("# 漢字")
        source = start + "# 漢字"
        await eventually(lambda: peer.view.cell_hash(ABOUT) == source_hash(source))
        positions = range(len(source) + 1)
        assert len(positions) >= 14
        for position in positions:
            peer.provider.presence.show_cursors([peer.view.cursor(ABOUT, position, position)])
            units = utf16_length(source[:position])

            async def is_drawn(units: int = units) -> bool:
                gap = await lab.page.evaluate(CARET, units)
                return gap is not None and gap["dx"] <= CARET_TOLERANCE and gap["dy"] <= CARET_TOLERANCE

            await eventually(is_drawn, within=3, what=f"the caret at {position} of {source!r}")


@pytest.mark.proves("writer:points-without-a-letter")
async def test_pointing_shows_a_selection_in_the_learners_cell(
    jupyter: Jupyter, learner_context: BrowserContext
) -> None:
    jupyter.write_notebook("ex.ipynb", code_cell(SOURCE, "c3"))
    lab = await open_notebook(learner_context, jupyter, "ex.ipynb")
    async with joined_writer(jupyter, "ex.ipynb") as peer:
        await peer.writer.point(ABOUT, 3, source_hash(SOURCE))
        selection = lab.page.locator(".jp-Cell .jp-remote-selection").first
        await selection.wait_for(timeout=5000)
        start = SOURCE.index("total =+ n")
        edges = await lab.page.evaluate(SELECTION, [start, start + len("total =+ n")])
        assert max(edges.values()) <= CARET_TOLERANCE, edges
        await peer.writer.rest()
        await selection.wait_for(state="detached", timeout=5000)
        assert await lab.sources() == [SOURCE]
