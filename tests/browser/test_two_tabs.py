"""One learner with the same notebook in two tabs, and what Ctrl+Z takes back after a note came and went."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.lab import LabNotebook, open_notebook
from tests.support.service import running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter, pytest.mark.timeout(120)]

WRONG, RIGHT = "total = 10\nprint(totl)", "total = 10\nprint(total)"
QUIET = {"LTT_INTRODUCE": "false"}


@pytest.mark.proves("main:one-note-for-two-tabs", "writer:learner-text-is-sacred")
async def test_a_learner_with_two_tabs_gets_one_note_and_types_on_in_the_other(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path
) -> None:
    jupyter.write_notebook("lesson.ipynb", code_cell(WRONG, "first"), code_cell("", "second"))
    async with running_service(jupyter, tmp_path / "service", settings=QUIET) as service:
        erring = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        typing = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        await service.room("lesson.ipynb")
        await typing.click_into(1)
        await erring.click_into(0)
        await erring.run()
        text = "".join(f"letters {number} " for number in range(10))
        await typing.type(text, delay=30)

        note = await eventually(lambda: finished_note(erring), within=10, what="the note in the tab that erred")
        assert note == await eventually(lambda: finished_note(typing), within=5, what="the note in the other tab")
        for tab in (erring, typing):
            assert await tab.sources() == [WRONG, note, text]

        await typing.replace_source(0, RIGHT)
        await typing.run()
        for tab in (erring, typing):
            await eventually(partial(shows, tab, [RIGHT, text]), within=6, what="the note gone from both tabs")
        assert len(await service.rooms()) == 1


@pytest.mark.proves("writer:undo-apart")
@pytest.mark.soak
async def test_undo_after_a_note_came_and_went_takes_back_the_learners_own_letters_only(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path
) -> None:
    jupyter.write_notebook("lesson.ipynb", code_cell("", "first"), code_cell("# below", "second"))
    async with running_service(jupyter, tmp_path / "service", settings=QUIET) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        await service.room("lesson.ipynb")
        await lab.click_into(0)
        await lab.type(WRONG, delay=15)
        await lab.run()
        await eventually(lambda: finished_note(lab), within=10, what="the note")
        await lab.replace_source(0, RIGHT)
        await lab.run()
        await eventually(lambda: shows(lab, [RIGHT, "# below"]), within=6, what="the note withdrawn")

        await lab.click_into(0)
        await lab.page.keyboard.press("Control+Z")
        await eventually(lambda: shows_another(lab, RIGHT), within=3, what="the learner's own last act undone")
        before = await states_while(lab, "Control+Z", until="")
        after = await states_while(lab, "Control+Shift+Z", until=RIGHT)
        assert all(cells[1:] == ["# below"] for cells in (*before, *after)), (before, after)
        assert await lab.owned_cells() == []


async def finished_note(lab: LabNotebook) -> str:
    """The text of our one note once it is rendered; never two."""
    cells: list[dict[str, Any]] = await lab.owned_cells()
    assert len(cells) <= 1, cells
    return str(cells[0]["source"]) if cells and cells[0]["rendered"] else ""


async def states_while(lab: LabNotebook, key: str, until: str) -> list[list[str]]:
    """Press a key until the first cell holds ``until``; the sources after each press."""
    seen: list[list[str]] = []

    async def pressed() -> bool:
        await lab.page.keyboard.press(key)
        seen.append(await lab.sources())
        return seen[-1][0] == until

    await eventually(pressed, within=5, what=f"{until!r} by {key}")
    return seen


async def shows(lab: LabNotebook, sources: list[str]) -> bool:
    return await lab.sources() == sources


async def shows_another(lab: LabNotebook, source: str) -> bool:
    return (await lab.sources())[0] != source
