"""In JupyterLab a cell keeps its task whatever is done to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import BrowserContext

from ltt_collab.curriculum.releases import marks
from ltt_collab.model.ids import TaskId
from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, code_cell
from tests.support.lab import LabNotebook, open_notebook

pytestmark = [pytest.mark.browser, pytest.mark.jupyter]

COMMAND = "name => window.jupyterapp.commands.execute(name)"

MARK = {"ltt_task": {"course": "basics", "task": "mean", "role": "work"}}


async def tasks(lab: LabNotebook) -> list[TaskId | None]:
    found = [marks(cell["metadata"]) for cell in (await lab.model()).get("cells", [])]
    return [None if mark is None else mark.task for mark in found]


@pytest.mark.proves("course:marks-survive")
async def test_copies_halves_and_merged_cells_keep_their_task(
    jupyter: Jupyter, learner_context: BrowserContext
) -> None:
    marked: dict[str, Any] = code_cell("one = 1\ntwo = 2", "mean-work") | {"metadata": MARK}
    tagged: dict[str, Any] = code_cell("tagged = 3", "tagged") | {"metadata": {"tags": ["ltt-task:mean"]}}
    jupyter.write_notebook("marks.ipynb", marked, tagged, code_cell("own = 4", "own"))
    lab = await open_notebook(learner_context, jupyter, "marks.ipynb")

    def has(wanted: list[str | None]) -> Callable[[], Awaitable[bool]]:
        async def look() -> bool:
            return await tasks(lab) == wanted

        return look

    async def command(name: str) -> None:
        await lab.page.evaluate(COMMAND, f"notebook:{name}")

    await eventually(has(["mean", "mean", None]), what="the marks")
    await lab.click_into(0)
    await lab.page.keyboard.press("Control+Home")
    await lab.page.keyboard.press("ArrowDown")
    await command("split-cell-at-cursor")
    await eventually(has(["mean", "mean", "mean", None]), what="both halves")
    assert len({cell["id"] for cell in (await lab.model())["cells"]}) == 4
    await command("merge-cell-above")
    await eventually(has(["mean", "mean", None]), what="the halves merged")
    await command("copy-cell")
    await command("paste-cell-below")
    await eventually(has(["mean", "mean", "mean", None]), what="the copy")
    first, second, *_ = await lab.sources()
    assert first == second
