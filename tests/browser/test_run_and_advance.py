"""Shift+Enter after a fix makes our note the active cell; it goes without taking the keyboard along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.lab import LabNotebook, open_notebook
from tests.support.service import running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]

WRONG, RIGHT = "total = 10\nprint(totl)", "total = 10\nprint(total)"
ACTIVE = """
() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.context);
  const active = panel.content.activeCell;
  return {cell: active.model.id, focused: active.node.contains(document.activeElement)};
}
"""


@pytest.mark.proves("writer:keyboard-survives-the-fixed-note")
async def test_after_a_fix_by_shift_enter_the_keyboard_goes_on_below_and_the_note_goes(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path
) -> None:
    jupyter.write_notebook("lesson.ipynb", code_cell(WRONG, "first"), code_cell("", "second"))
    async with running_service(jupyter, tmp_path / "service", settings={"LTT_INTRODUCE": "false"}) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        await service.room("lesson.ipynb")
        await lab.click_into(0)
        await lab.page.keyboard.press("Shift+Enter")
        note = await eventually(lambda: finished_note(lab), within=10, what="the note")
        assert note is not None

        await lab.replace_source(0, RIGHT)
        await lab.page.keyboard.press("Shift+Enter")
        await eventually(lambda: is_active(lab, note["id"]), within=3, what="our note the active cell")
        await eventually(lambda: ran_well(lab), within=5, what="the output of the right line")
        assert (await lab.page.evaluate(ACTIVE))["focused"]
        await lab.page.keyboard.press("ArrowDown")
        await lab.page.keyboard.press("Enter")
        await lab.type("mine = 1", delay=20)

        await eventually(lambda: shows(lab, [RIGHT, "mine = 1"]), within=2, what="the note gone, the letters below")
        assert await lab.page.evaluate(ACTIVE) == {"cell": "second", "focused": True}


async def finished_note(lab: LabNotebook) -> dict[str, Any] | None:
    cells = await lab.owned_cells()
    return cells[0] if cells and cells[0]["rendered"] else None


async def is_active(lab: LabNotebook, cell: str) -> bool:
    return bool((await lab.page.evaluate(ACTIVE))["cell"] == cell)


async def ran_well(lab: LabNotebook) -> bool:
    return "10" in (await lab.outputs(0)).split()


async def shows(lab: LabNotebook, sources: list[str]) -> bool:
    return await lab.sources() == sources
