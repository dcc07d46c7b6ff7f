"""The main job: a learner errs in a stock JupyterLab and is helped by a visible collaborator."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import BrowserContext

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.lab import open_notebook
from tests.support.service import running_service

WRONG = "total = 10\nprint(totl)"
RIGHT = "total = 10\nprint(total)"

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]


@pytest.mark.proves("main:error-to-note", "main:fixed-note-goes", "cursor:visible-while-writing")
async def test_an_error_brings_a_pointer_and_a_note_and_the_fix_takes_the_note_away(
    jupyter: Jupyter, learner_context: BrowserContext, tmp_path: Path
) -> None:
    jupyter.write_notebook("lesson.ipynb", code_cell("", "first"), code_cell("print('untouched')", "second"))
    async with running_service(jupyter, tmp_path / "service", settings={"LTT_INTRODUCE": "false"}) as service:
        lab = await open_notebook(learner_context, jupyter, "lesson.ipynb")
        await service.room("lesson.ipynb")
        await lab.click_into(0)
        await lab.type("total = 10\nprint(totl)", delay=15)
        await lab.run()

        await lab.page.wait_for_selector(".jp-remote-cursor, .jp-remote-selection", timeout=10_000)
        note = (await eventually(lab.owned_cells, within=10, what="a note of ours"))[0]
        assert note["type"] == "markdown"
        assert note["metadata"]["ltt"]["about"] == "first"

        async def complete_note() -> str:
            cells = await lab.owned_cells()
            return cells[0]["source"] if cells and cells[0]["rendered"] else ""

        text = await eventually(complete_note, within=5, what="the note complete and rendered")
        assert "totl" in text
        sources = await lab.sources()
        assert sources[0] == WRONG
        assert sources[1] == text, "the note stands directly below the cell it is about"
        assert sources[2] == "print('untouched')"

        await lab.replace_source(0, RIGHT)
        await lab.run()

        async def note_gone() -> bool:
            return not await lab.owned_cells()

        await eventually(note_gone, within=5, what="the note withdrawn")
        assert await lab.sources() == [RIGHT, "print('untouched')"]

        async def saved() -> bool:
            return jupyter.read_sources("lesson.ipynb") == [RIGHT, "print('untouched')"]

        await eventually(saved, within=10, what="the learner's text on disk")
