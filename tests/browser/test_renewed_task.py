"""A course is published while its learner types in JupyterLab: the page shows the new text, and the typing goes on."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import anyio
import pytest

from ltt_collab.curriculum.folder import Folder
from ltt_collab.demo.places import COURSE
from tests.support.deadlines import eventually
from tests.support.jupyter import running_jupyter
from tests.support.lab import open_notebook, running_browser
from tests.support.service import running_service

pytestmark = [pytest.mark.browser, pytest.mark.jupyter, pytest.mark.timeout(180)]

URL = "/api/v1/courses/first-steps"
TITLE, NEW_TITLE, FIRST = "# Text and initials", "# Text, letters and initials", "Read this *first*."
WORK = "strings-work-1"
LETTERS = 40

ACTIVE = """
() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.isVisible && w.context);
  const active = panel.content.activeCell;
  return [active.model.id, panel.content.mode, active.node.contains(document.activeElement)];
}
"""


@pytest.fixture
def published(tmp_path: Path) -> dict[str, str]:
    """The demo's course with another title and a new text before it, as it is sent."""
    source = Path(shutil.copytree(COURSE, tmp_path / "course"))
    notebook = source / "tasks" / "strings" / "notebook.md"
    text = notebook.read_text().replace(TITLE, NEW_TITLE, 1)
    notebook.write_text(f"{FIRST}\n\n```python\ngiven = 1\n```\n\n{text}")
    return {path: base64.b64encode(content).decode() for path, content in Folder(source).files.items()}


@pytest.mark.proves("delivery:task-text-renewed", "delivery:learners-cells-left-alone")
@pytest.mark.soak
async def test_the_page_shows_the_new_text_and_the_learner_types_on(tmp_path: Path, published: dict[str, str]) -> None:
    settings = {"LTT_COURSE": str(COURSE), "LTT_INTRODUCE": "false", "LTT_CHAT": "off"}
    async with (
        running_jupyter(tmp_path / "jupyter") as jupyter,
        running_service(jupyter, tmp_path / "service", settings=settings) as service,
        running_browser() as browser,
    ):
        path = (await service.http.post(f"{URL}/tasks/strings/start", json={"learner": "ada"})).json()["path"]
        lab = await open_notebook(await browser.new_context(viewport={"width": 1280, "height": 900}), jupyter, path)
        await service.room(path)
        before = {cell["id"]: cell["source"] for cell in (await lab.model())["cells"]}
        assert before["strings-text-1"].startswith(TITLE)
        await lab.click_into(list(before).index(WORK))
        await lab.page.keyboard.press("Control+End")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: lab.type("e" * LETTERS, delay=50))
            answer = await service.http.put(URL, json={"files": published})
        assert answer.json()["changed"], answer.text

        await lab.page.wait_for_function(
            "title => [...document.querySelectorAll('.jp-MarkdownOutput h1')].some(h => h.innerText.startsWith(title))",
            arg=NEW_TITLE.removeprefix("# "),
        )
        await eventually(lambda: lab.page.get_by_text("Read this first.").is_visible(), what="the new text rendered")
        assert await lab.page.evaluate(ACTIVE) == [WORK, "edit", True]
        after = {cell["id"]: cell["source"] for cell in (await lab.model())["cells"]}
        assert list(after.values())[:2] == [FIRST, "given = 1"]
        title = before["strings-text-1"].replace(TITLE, NEW_TITLE)
        assert list(after.values())[2:] == [
            {"strings-text-1": title, WORK: before[WORK] + "e" * LETTERS}.get(cell, source)
            for cell, source in before.items()
        ]
        assert not (await lab.model())["pending"]
