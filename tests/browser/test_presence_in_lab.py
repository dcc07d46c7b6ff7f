"""What a learner sees of the tutor in a stock JupyterLab: where it looks, who it is, that it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell, markdown_cell
from tests.support.lab import open_notebook
from tests.support.service import running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]

SOURCE = "total = 10\nprint(totl)"
COLOR = "#b45309"
DRAWN_COLOR = "rgb(180, 83, 9)"
POINTING = """
([cell, start, end]) => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
  const widget = panel.content.widgets.find(w => w.model.id === cell);
  const drawn = widget.node.querySelector('.jp-remote-selection');
  const caret = widget.node.querySelector('.jp-remote-cursor');
  if (!drawn || !caret) return null;
  const view = widget.editor.editor, box = drawn.getBoundingClientRect(), style = getComputedStyle(drawn);
  const first = view.coordsAtPos(start), last = view.coordsAtPos(end);
  return {
    color: style.backgroundColor,
    caret: getComputedStyle(caret).borderLeftColor,
    off: Math.max(Math.abs(box.left - first.left), Math.abs(box.right - last.right), Math.abs(box.top - first.top)),
    letters: view.state.doc.toString(),
  };
}
"""
FLAGS = "() => [...document.querySelectorAll('.jp-remote-userFlag')].map(flag => flag.innerText)"
TOLERANCE = 4
"""Pixels between what is drawn and the letters: half a letter's width."""


@pytest.mark.proves("cursor:line-seen-in-lab", "presence:seen-in-lab")
async def test_the_learner_sees_where_the_tutor_looks_who_it_is_and_that_it_is_there(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path
) -> None:
    jupyter.write_notebook(
        "lesson.ipynb", markdown_cell("# Lesson", "title"), code_cell(SOURCE, "first"), code_cell("", "second")
    )
    page_errors: list[str] = []
    learner_context.on("weberror", lambda error: page_errors.append(str(error.error)))
    settings = {"LTT_INTRODUCE": "false", "LTT_TUTOR_COLOR": COLOR, "LTT_TUTOR_NAME": "Ada the tutor"}
    async with running_service(jupyter, tmp_path / "service", settings=settings) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        await service.room("lesson.ipynb")
        await lab.click_into(1)
        await lab.run()

        flags: set[str] = set()
        line = [SOURCE.index("print"), len(SOURCE)]

        async def points_and_is_done() -> dict[str, Any] | None:
            flags.update(" ".join(flag.split()) for flag in await lab.page.evaluate(FLAGS))
            owned = await lab.owned_cells()
            seen = await lab.page.evaluate(POINTING, ["first", *line])
            return dict(seen) if seen and owned and owned[0]["rendered"] else None

        pointing = await eventually(points_and_is_done, within=10, what="our selection beside the finished note")
        assert pointing is not None
        assert pointing["color"] == pointing["caret"] == DRAWN_COLOR
        assert pointing["off"] <= TOLERANCE, pointing
        assert pointing["letters"] == SOURCE
        assert flags, "no name flag was ever drawn"
        assert all("Ada the tutor" in flag for flag in flags)
        assert any("typing" in flag for flag in flags), flags

        await lab.page.evaluate("window.jupyterapp.shell.activateById('jp-collaboration-panel')")
        entry = lab.page.locator(".jp-CollaboratorsPanel .jp-Collaborator", has_text="Ada the tutor")
        await entry.wait_for(timeout=5_000)
        assert await lab.page.locator(".jp-CollaboratorsPanel .jp-Collaborator").count() == 1
        await entry.locator(".jp-CollaboratorHeader").click()
        await entry.get_by_text("lesson.ipynb").first.wait_for(timeout=5_000)

    async def says_goodbye() -> bool:
        return await entry.count() == 0 and not await lab.page.evaluate(FLAGS)

    await eventually(says_goodbye, within=5, what="the tutor's entry gone with the service")
    assert page_errors == [], "what we send about ourselves threw in the learner's page"
