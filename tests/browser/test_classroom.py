"""A task in JupyterLab from its delivery to its last check, watched in its status cell."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext

from tests.support.deadlines import eventually
from tests.support.jupyter import Jupyter, running_jupyter
from tests.support.lab import LabNotebook, open_notebook, running_browser
from tests.support.service import Service, running_service

pytestmark = [
    pytest.mark.browser,
    pytest.mark.jupyter,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(240),
]

COURSE = Path(__file__).parents[2] / "ltt_collab" / "demo" / "course"
SETTINGS = {"LTT_INTRODUCE": "false", "LTT_COURSE": str(COURSE), "LTT_TUTOR_NAME": "Tutor"}
TASKS = "/api/v1/courses/first-steps/tasks"
NOBODY = "somebody"
"""On a server of one person whoever asks for a task gets it there; their name in the room comes from the server."""

SMALL = "def initials(name):\n    return ''.join(word[0] for word in name.split())"
FRUIT = 'apples = 3\npears = 4\nprint("Pieces of fruit:", apples + pears)'
SOLVED = "def initials(name):\n    return ''.join(word[0].upper() for word in name.split())"

WATCH = """
() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.isVisible && w.context);
  const awareness = panel.content.model.sharedModel.awareness;
  window.flags = [];
  awareness.on('change', () => {
    for (const state of awareness.getStates().values())
      if (state.user?.username === 'ltt-tutor') window.flags.push(state.user.display_name);
  });
}
"""
"""Keeps what the tutor's flag has said."""

PLACE = """
() => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.isVisible && w.context);
  const active = panel.content.activeCell;
  const selection = active.editor.editor.state.selection.main;
  const scroller = panel.content.node.querySelector('.jp-WindowedPanel-outer') || panel.content.node;
  return {
    cell: active.model.id, focused: active.node.contains(document.activeElement), mode: panel.content.mode,
    anchor: selection.anchor, head: selection.head,
    scrolled: scroller.scrollTop, top: Math.round(active.node.getBoundingClientRect().top),
  };
}
"""
"""Where the learner is: cell, focus, selection, and where that cell stands on the screen."""

RUN = """
async ([cell, source]) => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.isVisible && w.context);
  const found = panel.content.widgets.find(w => w.model.id === cell);
  found.model.sharedModel.setSource(source);
  const kernel = panel.context.sessionContext;
  const shared = found.model.sharedModel;
  shared.execution_count = null;
  shared.executionState = 'running';
  const reply = await kernel.session.kernel.requestExecute({ code: source }).done;
  shared.executionState = 'idle';
  shared.execution_count = reply.content.execution_count;
}
"""
"""Runs a cell with a source while the caret stays where it is, as another tab of the learner's would."""

EDIT = """
cell => {
  const panel = [...window.jupyterapp.shell.widgets('main')].find(w => w.isVisible && w.context);
  const index = panel.content.widgets.findIndex(w => w.model.id === cell);
  panel.content.activeCellIndex = index;
  panel.content.widgets[index].rendered = false;
  panel.content.mode = 'edit';
}
"""
"""Puts the caret into a Markdown cell, as a double click does: a hint that comes between moves no cell away here."""

_numbers = count(1)


@dataclass
class Room:
    """A JupyterLab with the service beside it."""

    jupyter: Jupyter
    service: Service

    async def start(self, task: str) -> str:
        """A task as the API delivers it; the notebook's path, a new one on each call."""
        answer = await self.service.http.post(f"{TASKS}/{task}/start", json={"learner": NOBODY})
        assert answer.status_code == 200, answer.text
        delivered = self.jupyter.root / answer.json()["path"]
        here = delivered.with_name(f"{task}-{next(_numbers)}.ipynb")
        here.write_bytes(delivered.read_bytes())
        return str(here.relative_to(self.jupyter.root))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def classroom(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Room]:
    async with (
        running_jupyter(tmp_path_factory.mktemp("jupyter")) as jupyter,
        running_service(jupyter, tmp_path_factory.mktemp("service"), settings=SETTINGS) as service,
    ):
        yield Room(jupyter, service)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with running_browser() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def tab(chromium: Browser) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    await context.close()


async def sit_down(classroom: Room, tab: BrowserContext, path: str) -> LabNotebook:
    """Open a notebook, and wait for the tutor."""
    lab = await open_notebook(tab, classroom.jupyter, path)
    await classroom.service.room(path)
    return lab


async def index_of(lab: LabNotebook, cell: str) -> int:
    return [each["id"] for each in (await lab.model())["cells"]].index(cell)


async def run_as(lab: LabNotebook, cell: str, source: str | None = None) -> None:
    """Run a cell, with another source if there is one, and stay in it."""
    index = await index_of(lab, cell)
    if source is None:
        await lab.click_into(index)
    else:
        await lab.replace_source(index, source)
    await lab.run()


async def statuses(lab: LabNotebook) -> list[dict[str, Any]]:
    return [cell for cell in await lab.owned_cells() if cell["metadata"]["ltt"]["role"] == "status"]


async def status_says(lab: LabNotebook, *words: str, within: float = 15) -> dict[str, Any]:
    """The one rendered status cell whose text has all these words, waited for."""

    async def look() -> dict[str, Any] | None:
        found = [cell for cell in await statuses(lab) if cell["rendered"]]
        return next((cell for cell in found if all(word in cell["source"] for word in words)), None)

    cell = await eventually(look, within=within, what=f"a status with {words}; {await statuses(lab)}")
    assert cell is not None
    return dict(cell)


async def own_sources(lab: LabNotebook) -> dict[str, str]:
    """The learner's cells: id to source."""
    return {cell["id"]: cell["source"] for cell in (await lab.model())["cells"] if "ltt" not in cell["metadata"]}


async def learners_cells_read(lab: LabNotebook, expected: dict[str, str]) -> None:
    assert await own_sources(lab) == expected


async def mode_dark(lab: LabNotebook) -> None:
    await lab.page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    await lab.page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    await lab.page.wait_for_function("!document.querySelector('#jupyterlab-splash')")


@pytest.mark.proves("classroom:solved-in-lab", "classroom:status-in-place")
async def test_a_task_is_solved_step_by_step_and_its_status_cell_tells(
    classroom: Room, tab: BrowserContext, tmp_path: Path
) -> None:
    lab = await sit_down(classroom, tab, await classroom.start("strings"))
    await lab.page.evaluate(WATCH)
    expected = await own_sources(lab)

    await run_as(lab, "strings-work-1")
    status = await status_says(lab, "0 of 3 checks pass", "`initials(\"Ada Lovelace\")` expected `'AL'`, got `''`")
    ids = [cell["id"] for cell in (await lab.model())["cells"]]
    assert "strings-text-3" not in ids[: ids.index(status["id"])], "it stands below the work cell"
    assert any("checking" in flag for flag in await lab.page.evaluate("window.flags"))
    await learners_cells_read(lab, expected)

    await lab.page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollTop = 130")
    for source, words in ((SMALL, "expected `'GBH'`, got `'gbh'`"), (SOLVED, "All 3 checks pass.** Well done.")):
        await run_as(lab, "strings-work-1", source)
        await lab.click_into(await index_of(lab, "strings-work-1"))
        await lab.page.keyboard.press("Shift+ArrowLeft")  # a selection that must stay
        place = await lab.page.evaluate(PLACE)
        told = await status_says(lab, words)
        await picture(lab, status["id"], tmp_path / f"{words[:3]}.png")
        assert told["id"] == status["id"], "updated in place"
        assert await lab.page.evaluate(PLACE) == place
        assert place["focused"]
        assert place["cell"] == "strings-work-1"
    assert told["source"].count("Well done") == 1
    assert "1 more check runs when you submit" in told["source"]
    await learners_cells_read(lab, {**expected, "strings-work-1": SOLVED})
    await mode_dark(lab)
    await picture(lab, status["id"], tmp_path / "dark.png")

    await run_as(lab, "strings-work-1")
    await checked_again(classroom, lab)
    assert [each["source"] for each in await statuses(lab)] == [told["source"]]


async def picture(lab: LabNotebook, status: str, path: Path) -> None:
    """The work cell and the status cell below it, for a human to judge."""
    first = await lab.cell(await index_of(lab, "strings-work-1")).bounding_box()
    last = await lab.cell(await index_of(lab, status)).bounding_box()
    assert first is not None
    assert last is not None
    height = last["y"] + last["height"] - first["y"]
    await lab.page.screenshot(path=path, clip={"x": 300, "y": first["y"] - 8, "width": 934, "height": height + 12})


async def checked_again(classroom: Room, lab: LabNotebook, *, times: int = 4) -> None:
    """Wait until the open notebook has been checked that often."""
    room = await classroom.service.room(lab.path)

    async def checked() -> bool:
        decisions = (await classroom.service.http.get(f"/api/v1/rooms/{room['id']}/decisions")).json()
        return len([each for each in decisions if each["decision"].startswith("checked ")]) >= times

    await eventually(checked, within=15, what=f"{times} checks")


@pytest.mark.proves("classroom:status-waits-for-the-caret")
async def test_a_status_cell_with_the_learners_caret_in_it_waits(classroom: Room, tab: BrowserContext) -> None:
    lab = await sit_down(classroom, tab, await classroom.start("strings"))
    await run_as(lab, "strings-work-1", SMALL)
    status = await status_says(lab, "1 of 3 checks pass")
    await lab.page.evaluate(EDIT, status["id"])
    await lab.page.keyboard.press("ArrowRight")
    await lab.page.evaluate(RUN, ["strings-work-1", SOLVED])
    await checked_again(classroom, lab, times=2)
    assert [cell["source"] for cell in await statuses(lab)] == [status["source"]]
    assert (await lab.page.evaluate(PLACE))["cell"] == status["id"]

    await lab.click_into(await index_of(lab, "strings-work-1"))
    assert (await status_says(lab, "All 3 checks pass"))["id"] == status["id"]


@pytest.mark.proves("classroom:deleted-status-stays-away")
@pytest.mark.soak
async def test_a_deleted_status_cell_comes_back_only_when_asked_for(classroom: Room, tab: BrowserContext) -> None:
    lab = await sit_down(classroom, tab, await classroom.start("strings"))
    await run_as(lab, "strings-work-1")
    status = await status_says(lab, "0 of 3 checks pass")
    await lab.cell(await index_of(lab, status["id"])).click()
    await lab.page.keyboard.press("Escape")
    await lab.page.keyboard.press("d")
    await lab.page.keyboard.press("d")

    await run_as(lab, "strings-work-1", SMALL)
    await checked_again(classroom, lab, times=2)
    assert await statuses(lab) == []

    await lab.click_into(await index_of(lab, "strings-work-1"))
    await lab.page.keyboard.press("Control+End")
    await lab.type("\n# @tutor check")
    await status_says(lab, "1 of 3 checks pass")
    assert (await own_sources(lab))["strings-work-1"].startswith(SMALL)


@pytest.mark.proves("classroom:two-tasks-in-a-notebook", "classroom:run-all")
@pytest.mark.soak
async def test_two_tasks_in_one_notebook_are_each_checked_after_run_all(classroom: Room, tab: BrowserContext) -> None:
    path = await classroom.start("strings")
    welcome = json.loads((classroom.jupyter.root / await classroom.start("welcome")).read_text())
    whole = json.loads((classroom.jupyter.root / path).read_text())
    slow: dict[str, Any] = {"cell_type": "code", "id": "slow", "metadata": {}, "outputs": [], "execution_count": None}
    slow["source"] = "import time\ntime.sleep(3)"
    whole["cells"] = [*whole["cells"][3:4], *welcome["cells"][1:2], slow]
    (classroom.jupyter.root / path).write_text(json.dumps(whole))
    lab = await sit_down(classroom, tab, path)
    await lab.replace_source(0, SOLVED)
    await lab.replace_source(1, FRUIT)
    await lab.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")

    strings = await status_says(lab, "Text and initials: All 3 checks pass")
    fruit = await status_says(lab, "Welcome: All 2 checks pass")
    ids = [cell["id"] for cell in (await lab.model())["cells"]]
    assert ids == ["strings-work-1", strings["id"], "welcome-typo", fruit["id"], "slow"]
    assert await own_sources(lab) == {"strings-work-1": SOLVED, "welcome-typo": FRUIT, "slow": slow["source"]}
